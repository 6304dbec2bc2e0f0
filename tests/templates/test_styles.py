"""The tokens can be read by everybody, and style sheets and scripts stay small."""

from __future__ import annotations

import gzip
import math
import re

import pytest

from .gallery import SCENES, Scene
from .site import ROOT, make_app, render

APP = make_app()

CSS = ROOT / "static" / "css"
JS = ROOT / "static" / "js"
TEXT_PAIRS = [
    (text, ground) for text in ("ink", "muted", "accent", "sale", "trouble") for ground in ("paper", "raised", "sunken")
] + [
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("paper", "ink"),
    ("accent-strong", "accent-wash"),
    ("ink", "accent-wash"),
    ("ink", "warm-wash"),
    ("sale", "warm-wash"),
    ("ink", "trouble-wash"),
    ("trouble", "trouble-wash"),
    ("ink", "ground"),
    ("muted", "ground"),
]
CONTROL_PAIRS = [(part, ground) for part in ("edge", "warm", "accent") for ground in ("paper", "raised", "sunken")]


def colours(theme: int) -> dict[str, tuple[float, float, float]]:
    """Return the tokens that are colours as (lightness, chroma, hue) in the light (0) or dark (1) theme."""
    source = (CSS / "tokens.css").read_text(encoding="utf-8")
    number = r"([\d.]+)%\s+([\d.]+)\s+([\d.]+)"
    pattern = rf"--([a-z-]+):\s*light-dark\(oklch\({number}\),\s*oklch\({number}\)\)"
    return {
        name: (float(values[3 * theme]) / 100, float(values[3 * theme + 1]), float(values[3 * theme + 2]))
        for name, *values in re.findall(pattern, source)
    }


def luminance(colour: tuple[float, float, float]) -> float:
    """Return the relative luminance of an oklch colour (Ottosson 2020; WCAG 2.2)."""
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    clipped = [min(1.0, max(0.0, part)) for part in (red, green, blue)]
    return 0.2126 * clipped[0] + 0.7152 * clipped[1] + 0.0722 * clipped[2]


def contrast(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_worked_out_rightly() -> None:
    assert contrast((1.0, 0.0, 0.0), (0.0, 0.0, 0.0)) == pytest.approx(21, abs=0.01)
    assert contrast((1.0, 0.0, 0.0), (1.0, 0.0, 0.0)) == pytest.approx(1)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read(theme: int, text: str, ground: str) -> None:
    known = colours(theme)
    assert contrast(known[text], known[ground]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("part", "ground"), CONTROL_PAIRS)
def test_controls_can_be_seen(theme: int, part: str, ground: str) -> None:
    known = colours(theme)
    assert contrast(known[part], known[ground]) >= 3


def packed(paths) -> int:
    """Return the size of the files together, each compressed as it is sent."""
    return sum(len(gzip.compress(path.read_bytes())) for path in paths)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_style_sheets_of_a_page_stay_within_their_budget(scene: Scene) -> None:
    html = render(APP, scene.template, scene.page, scene.chrome, scene.path)
    together = re.findall(r'href="/static/css/([a-z+]+)\.css', html)
    names = [name for one in together for name in one.split("+")]
    assert names[0] == "tokens"
    assert packed(CSS / f"{name}.css" for name in names) <= 25_000
    assert len(together) <= 3, "those of every page, those of this kind of page, and those of paper"


def test_scripts_stay_within_their_budget() -> None:
    assert packed(JS.glob("*.js")) <= 30_000


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_colours_come_from_the_tokens(path) -> None:
    """Only the token file and paper name a colour; everything else uses a name, and nothing loads from elsewhere."""
    source = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "http" not in source
    if path.name not in {"tokens.css", "print.css"}:
        assert not re.search(r"#[0-9a-f]{3,8}\b|\brgb|\bhsl|oklch\(\d", source)


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_names_that_are_used_are_defined(path) -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", "".join(p.read_text(encoding="utf-8") for p in CSS.glob("*.css"))))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", path.read_text(encoding="utf-8"))) <= defined


@pytest.mark.parametrize("path", sorted((ROOT / "static" / "img").glob("*.svg")), ids=lambda path: path.name)
def test_drawings_are_plain(path) -> None:
    """A drawing holds no script, no style sheet and loads nothing."""
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<script|<style|\son\w+=|href=\"(?!#)|<foreignObject", source)
