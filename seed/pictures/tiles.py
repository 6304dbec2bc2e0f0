"""Patterns and textures as small repeating tiles, axis-parallel: turned ones cost ten times as much to raster."""

from __future__ import annotations

from collections.abc import Callable

Tile = tuple[float, float, str]


def _stripe(ink: str, s: float) -> Tile:
    return 40, 22 * s, f'<path d="M0 0H40V{9 * s:.1f}H0z" fill="{ink}"/>'


def _pinstripe(ink: str, s: float) -> Tile:
    return 15 * s, 40, f'<path d="M0 0H{4.5 * s:.1f}V40H0z" fill="{ink}"/>'


def _check(ink: str, s: float) -> Tile:
    a, b = 30 * s, 11 * s
    return (
        a,
        a,
        f'<path d="M0 0H{a:.1f}V{b:.1f}H0z" fill="{ink}" fill-opacity=".55"/>'
        f'<path d="M0 0H{b:.1f}V{a:.1f}H0z" fill="{ink}" fill-opacity=".55"/>',
    )


def _dot(ink: str, s: float) -> Tile:
    a, r = 30 * s, 4.6 * s
    return (
        a,
        a,
        f'<circle cx="{a / 4:.1f}" cy="{a / 4:.1f}" r="{r:.1f}" fill="{ink}"/>'
        f'<circle cx="{a * 3 / 4:.1f}" cy="{a * 3 / 4:.1f}" r="{r:.1f}" fill="{ink}"/>',
    )


def _leaf(ink: str, s: float) -> Tile:
    sprig = "M0 13C-8 6-8-4 0-14C8-4 8 6 0 13z"
    places = ((13, 17, -35), (41, 13, 40), (28, 42, 10), (55, 40, -60), (10, 54, 70))
    leaves = "".join(
        f'<path transform="translate({x * s:.1f} {y * s:.1f}) rotate({turn}) scale({0.62 * s:.2f})" d="{sprig}"/>'
        for x, y, turn in places
    )
    return 64 * s, 66 * s, f'<g fill="{ink}">{leaves}</g>'


def _wave(ink: str, s: float) -> Tile:
    a, h = 36 * s, 20 * s
    q, m = a / 4, h / 2
    curve = f"M{-q:.1f} {m:.1f}q{q / 2:.1f}{-0.8 * m:.1f} {q:.1f} 0t{q:.1f} 0t{q:.1f} 0t{q:.1f} 0t{q:.1f} 0t{q:.1f} 0"
    return a / 2, h, f'<path d="{curve}" fill="none" stroke="{ink}" stroke-width="{4.2 * s:.1f}"/>'


PATTERN_TILES: dict[str, Callable[[str, float], Tile]] = {
    "stripe": _stripe,
    "pinstripe": _pinstripe,
    "check": _check,
    "dot": _dot,
    "leaf": _leaf,
    "wave": _wave,
}

_THIN = 'fill="none" stroke="{ink}" stroke-opacity="{o}" stroke-width="1"'

TEXTURE_TILES: dict[str, Tile] = {
    "slub": (
        71,
        53,
        '<path d="M3 7H34M40 16H66M12 29H52M30 44H71M22 3V19M58 22V47M9 36V50" '
        + _THIN.format(ink="{ink}", o=".09")
        + "/>",
    ),
    "twill": (6, 6, '<path d="M-1 7L7-1M-1 1L1-1M5 7L7 5" ' + _THIN.format(ink="{ink}", o=".22") + "/>"),
    "cord": (7, 40, '<path d="M1.5 0V40" fill="none" stroke="{ink}" stroke-opacity=".26" stroke-width="2"/>'),
    "weave": (6, 6, '<path d="M0 1.5H3M3 4.5H6M1.5 3V6M4.5 0V3" ' + _THIN.format(ink="{ink}", o=".16") + "/>"),
    "stitch": (8, 7, '<path d="M0 1L4 5L8 1" ' + _THIN.format(ink="{ink}", o=".20") + "/>"),
    "rib": (9, 40, '<path d="M2 0V40" fill="none" stroke="{ink}" stroke-opacity=".24" stroke-width="2.4"/>'),
}


def tile_markup(name: str, tile: Tile, *, dx: float = 0.0, dy: float = 0.0, turn: float = 0.0) -> str:
    """Return the ``<pattern>`` element for a tile."""
    width, height, body = tile
    place = f' patternTransform="translate({dx:g} {dy:g}) rotate({turn:g})"' if turn else ""
    start = f' x="{dx:g}" y="{dy:g}"' if (dx or dy) and not turn else ""
    return (
        f'<pattern id="{name}" width="{width:g}" height="{height:g}"{start} patternUnits="userSpaceOnUse"{place}>'
        f"{body}</pattern>"
    )
