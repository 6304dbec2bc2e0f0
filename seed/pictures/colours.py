"""Named colours and the tones a drawing needs of each, computed in OKLCH so that steps look even.

References
----------
Ottosson (2020), A perceptual color space for image processing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import atan2, cos, degrees, hypot, radians, sin

Lch = tuple[float, float, float]

COLOURS: dict[str, Lch] = {
    "chalk": (0.955, 0.010, 90),
    "oat": (0.885, 0.030, 82),
    "sand": (0.815, 0.045, 80),
    "stone": (0.730, 0.018, 80),
    "fog": (0.790, 0.014, 235),
    "graphite": (0.430, 0.010, 260),
    "coal": (0.285, 0.008, 270),
    "camel": (0.700, 0.078, 70),
    "chestnut": (0.460, 0.075, 45),
    "walnut": (0.375, 0.042, 55),
    "clay": (0.660, 0.090, 45),
    "rust": (0.560, 0.125, 42),
    "brick": (0.490, 0.125, 28),
    "coral": (0.725, 0.125, 33),
    "rose": (0.775, 0.065, 12),
    "blush": (0.880, 0.032, 30),
    "berry": (0.420, 0.115, 5),
    "plum": (0.370, 0.075, 335),
    "heather": (0.620, 0.055, 310),
    "lilac": (0.790, 0.058, 303),
    "mustard": (0.745, 0.130, 84),
    "honey": (0.810, 0.105, 78),
    "butter": (0.915, 0.070, 97),
    "olive": (0.500, 0.062, 112),
    "moss": (0.560, 0.078, 125),
    "sage": (0.760, 0.042, 140),
    "mint": (0.885, 0.045, 162),
    "forest": (0.390, 0.058, 155),
    "teal": (0.470, 0.072, 198),
    "sea": (0.640, 0.070, 195),
    "sky": (0.790, 0.062, 238),
    "denim": (0.510, 0.075, 255),
    "indigo": (0.370, 0.085, 272),
    "ink": (0.300, 0.042, 262),
}


@dataclass(frozen=True, slots=True)
class Tones:
    """One colour under the light from the upper left, as hex strings from bright to dark."""

    gleam: str
    lit: str
    base: str
    shade: str
    deep: str
    line: str


def _channel(value: float) -> int:
    value = min(max(value, 0.0), 1.0)
    curved = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(255 * curved)


def rgb(lch: Lch) -> tuple[int, int, int]:
    """Convert OKLCH (lightness 0-1, chroma, hue in degrees) to sRGB bytes; out-of-gamut channels are clipped."""
    lightness, chroma, hue = lch
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _channel(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _channel(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _channel(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def _linear(byte: float) -> float:
    value = byte / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def lch(red: float, green: float, blue: float) -> Lch:
    """Convert sRGB bytes to OKLCH: the inverse of :func:`rgb` inside the gamut."""
    r, g, b = _linear(red), _linear(green), _linear(blue)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b_axis = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, hypot(a, b_axis), degrees(atan2(b_axis, a)) % 360


def hex_of(colour: Lch) -> str:
    """Return "#rrggbb" for an OKLCH colour."""
    return "#{:02x}{:02x}{:02x}".format(*rgb(colour))


def swatch(name: str) -> str:
    """Return the hex value of a named colour, for swatches on a page.

    Raises
    ------
    KeyError
        If the name is not in :data:`COLOURS`.
    """
    return hex_of(COLOURS[name])


def tones_of(colour: Lch) -> Tones:
    """Return the tones of any OKLCH colour; shades turn a little cooler, lights a little warmer and paler."""
    lightness, chroma, hue = colour

    def tone(new_lightness: float, saturation: float) -> str:
        return hex_of((min(new_lightness, 0.985), chroma * saturation, hue))

    return Tones(
        gleam=tone(lightness + 0.55 * (1 - lightness), 0.5),
        lit=tone(lightness + min(0.135 - 0.10 * lightness, 0.45 * (1 - lightness)), 0.94),
        base=tone(lightness, 1.0),
        shade=tone(0.865 * lightness - 0.012, 1.06),
        deep=tone(0.70 * lightness - 0.015, 1.08),
        line=tone(0.54 * lightness - 0.01, 1.0),
    )


@lru_cache(maxsize=128)
def tones(name: str) -> Tones:
    """Return the tones of a named colour."""
    return tones_of(COLOURS[name])


def ground(name: str) -> str:
    """Return the tile behind an object: the complement of its colour, pale and all but grey.

    Very light things get a slightly deeper ground, so that their edge can be seen.
    """
    lightness, chroma, hue = COLOURS[name]
    pale = 0.927 if lightness < 0.84 else 0.885
    return hex_of((pale, 0.008 + 0.10 * min(chroma, 0.12), (hue + 180) % 360))
