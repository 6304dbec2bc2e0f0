"""The pictures: every one can be drawn, is small, is safe to embed, and shows what the row says."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seed.pictures import (
    COLOURS,
    DRAWERS,
    EMPTY_STATES,
    KINDS,
    MATERIALS,
    PATTERNS,
    PictureSpec,
    draw_empty_state,
    draw_favicon,
    draw_hero,
    draw_mark,
    draw_svg,
    render,
    render_widths,
    swatch,
)
from seed.pictures.__main__ import export
from seed.pictures.colours import ground, lch, rgb, tones
from seed.pictures.paths import backwards, blade, box, mirrored, moved, oval, segments, smooth, symmetric, tidy, turned

LARGEST_SVG = 24_000
TYPICAL_SVG = 22_000
SILHOUETTES = [(kind, cut) for kind, words in KINDS.items() for cut in words.cuts]
MATERIAL_OF = {"glasses": "acetate", "watch": "steel", "lamp": "aluminium", "chair": "oak", "candle": "soy wax"}

specs = st.sampled_from(SILHOUETTES).flatmap(
    lambda pair: st.builds(
        PictureSpec,
        kind=st.just(pair[0]),
        cut=st.just(pair[1]),
        colour=st.sampled_from(sorted(COLOURS)),
        second_colour=st.sampled_from(sorted(COLOURS)),
        pattern=st.sampled_from(PATTERNS),
        material=st.sampled_from(sorted(MATERIALS)),
        detail=st.sampled_from(KINDS[pair[0]].details),
    )
)


def spec_of(kind: str, cut: str, colour: str = "rust", pattern: str = "plain") -> PictureSpec:
    second = "oat" if colour != "oat" else "ink"
    material = MATERIAL_OF.get(kind, "cotton")
    return PictureSpec(kind, cut, colour, second, pattern, material, KINDS[kind].details[0])


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # we wrote it ourselves a moment ago


def pixels(spec: PictureSpec, width: int = 80) -> np.ndarray:
    """Raster a picture small and return its pixels in OKLab."""
    with Image.open(io.BytesIO(render(draw_svg(spec), width, width * 5 // 4))) as image:
        flat = np.asarray(image.convert("RGB")).reshape(-1, 3)
    return oklab(flat)


def oklab(colours: np.ndarray) -> np.ndarray:
    found, inverse = np.unique(colours, axis=0, return_inverse=True)
    polar = np.array([lch(*colour) for colour in found.tolist()])
    hue = np.deg2rad(polar[:, 2])
    flat = np.column_stack([polar[:, 0], polar[:, 1] * np.cos(hue), polar[:, 1] * np.sin(hue)])
    return flat[np.ravel(inverse)]


def lab_of(text: str) -> np.ndarray:
    return oklab(np.array([[int(text[place : place + 2], 16) for place in (1, 3, 5)]]))[0]


def test_every_kind_has_a_drawing():
    assert set(DRAWERS) == set(KINDS)
    assert len(KINDS) >= 20
    assert all(len(words.cuts) >= 2 for words in KINDS.values())


@given(specs)
def test_a_spec_comes_back_from_its_words(spec):
    assert PictureSpec.from_dict(spec.to_dict()) == spec
    assert re.fullmatch(r"[a-z0-9_-]+", spec.slug)


@given(specs, specs)
def test_different_specs_have_different_slugs(one, other):
    assert (one.slug == other.slug) == (one == other)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"kind": "tee"}, "incomplete"),
        ({"kind": "tee", "cut": "crew", "colour": "ink", "second_colour": "oat", "size": "M"}, "unknown.*size"),
        ({"kind": "tee", "cut": "crew", "colour": "ink", "second_colour": None}, "strings: second_colour"),
    ],
)
def test_wrong_words_are_named(words, sentence):
    with pytest.raises(ValueError, match=sentence):
        PictureSpec.from_dict(words)


@given(specs)
def test_any_spec_makes_small_and_harmless_svg(spec):
    svg = draw_svg(spec)
    assert draw_svg(spec) == svg
    assert len(svg) < LARGEST_SVG
    root = parsed(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    known = {"svg", "g", "path", "circle", "defs", "pattern", "stop", "linearGradient", "radialGradient"}
    assert tags <= known
    assert not re.search(r"\bon\w+=|href|http(?!://www\.w3\.org/2000/svg)|nan|inf\b", svg)
    used, named = set(re.findall(r"url\(#(\w+)\)", svg)), set(re.findall(r'id="(\w+)"', svg))
    assert used <= named


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "cut"), SILHOUETTES)
def test_every_silhouette_takes_every_pattern_and_detail(kind, cut):
    """Each one rasters, is not empty, and the thing fills a fair part of its tile without running over the edge."""
    bare = spec_of(kind, cut)
    sizes = []
    for pattern in PATTERNS if KINDS[kind].patterned else ("plain",):
        for detail in KINDS[kind].details:
            spec = replace(bare, pattern=pattern, detail=detail)
            svg = draw_svg(spec)
            sizes.append(len(svg))
            with Image.open(io.BytesIO(render(svg, 40, 50))) as image:
                assert image.size == (40, 50)
                assert image.format == "WEBP"
    assert max(sizes) < LARGEST_SVG
    assert np.median(sizes) < TYPICAL_SVG


@pytest.mark.parametrize(("kind", "cut"), SILHOUETTES)
def test_the_thing_fills_its_tile(kind, cut):
    """Its box covers most of the tile's width or height and keeps away from the sides."""
    spec = spec_of(kind, cut, "plum")
    picture = pixels(spec).reshape(100, 80, 3)
    seen = np.linalg.norm(picture - lab_of(ground("plum")), axis=2) > 0.08
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert max(height / 100, width / 80) > 0.6
    assert seen.mean() > 0.05
    assert rows[-1] <= 98
    assert columns[0] >= 0
    assert abs((columns[0] + columns[-1]) / 2 - 39.5) < 9


ALL_OF_ONE_COLOUR = [
    (kind, cut)
    for kind, cut in SILHOUETTES
    if kind
    not in ("plant", "glasses", "watch", "chair", "candle", "tin", "coffee", "bottle", "soap", "lamp", "sneaker")
]


@pytest.mark.parametrize("colour", ["rust", "ink", "sage", "honey", "plum"])
@pytest.mark.parametrize(("kind", "cut"), ALL_OF_ONE_COLOUR)
def test_the_mean_colour_of_the_thing_is_the_named_one(kind, cut, colour):
    spec = spec_of(kind, cut, colour)
    picture = pixels(spec)
    thing = picture[np.linalg.norm(picture - lab_of(ground(colour)), axis=1) > 0.06]
    assert np.linalg.norm(thing.mean(axis=0) - lab_of(swatch(colour))) < 0.15


@pytest.mark.parametrize("colour", ["rust", "denim", "berry"])
@pytest.mark.parametrize(("kind", "cut"), SILHOUETTES)
def test_the_named_colour_is_there_and_another_is_not(kind, cut, colour):
    """Holds for things with labels, soles and leaves too: the colour's own pixels come and go with its name."""
    other = {"rust": "denim", "denim": "berry", "berry": "denim"}[colour]
    with_it, without = pixels(spec_of(kind, cut, colour)), pixels(spec_of(kind, cut, other))

    def share(picture: np.ndarray) -> float:
        away = (picture - lab_of(swatch(colour))) * np.array([0.6, 1.0, 1.0])
        return float((np.linalg.norm(away, axis=1) < 0.09).mean())

    assert share(with_it) > 0.02
    assert share(with_it) > 4 * share(without)


@pytest.mark.parametrize("pattern", [name for name in PATTERNS if name != "plain"])
@pytest.mark.parametrize("kind", ["tee", "knit", "dress", "mug", "cushion", "vase", "notebook", "bag", "tin"])
def test_a_pattern_brings_the_second_colour(kind, pattern):
    def share_of_second(picture: np.ndarray) -> float:
        away = (picture - lab_of(swatch("coral"))) * np.array([0.6, 1.0, 1.0])
        return float((np.linalg.norm(away, axis=1) < 0.10).mean())

    plain = replace(spec_of(kind, KINDS[kind].cuts[0], "ink"), second_colour="coral", detail="plain")
    if plain.detail not in KINDS[kind].details:
        plain = replace(plain, detail=KINDS[kind].details[0])
    assert share_of_second(pixels(replace(plain, pattern=pattern), 160)) > share_of_second(pixels(plain, 160)) + 0.008


@pytest.mark.parametrize("name", sorted(COLOURS))
def test_a_colour_keeps_its_name_and_order_of_tones(name):
    assert all(0 <= channel <= 255 for channel in rgb(COLOURS[name]))
    back = lch(*rgb(COLOURS[name]))
    assert back[0] == pytest.approx(COLOURS[name][0], abs=0.01)
    assert back[1] == pytest.approx(COLOURS[name][1], abs=0.012)
    own = tones(name)
    lightness = [lab_of(tone)[0] for tone in (own.gleam, own.lit, own.base, own.shade, own.deep, own.line)]
    assert lightness == sorted(lightness, reverse=True)


def test_first_letters_of_colours_tell_skus_apart():
    assert len({name[:3] for name in COLOURS}) == len(COLOURS)


def test_the_tile_is_the_pale_complement():
    for name, (_, chroma, hue) in COLOURS.items():
        tile = lch(*(int(ground(name)[place : place + 2], 16) for place in (1, 3, 5)))
        assert tile[0] > 0.86
        assert tile[1] < 0.03
        if chroma > 0.05:
            assert abs((tile[2] - hue) % 360 - 180) < 25


def test_three_widths_come_from_one_raster():
    copies = render_widths(draw_svg(spec_of("mug", "round")), (80, 160, 240))
    for width, content in copies.items():
        with Image.open(io.BytesIO(content)) as image:
            assert image.size == (width, width * 5 // 4)
    with (
        Image.open(io.BytesIO(copies[80])) as small,
        Image.open(io.BytesIO(render(draw_svg(spec_of("mug", "round")), 80, 100))) as direct,
    ):
        apart = np.asarray(small.convert("RGB")).astype(int) - np.asarray(direct.convert("RGB")).astype(int)
    assert np.abs(apart).mean() < 4


def test_render_refuses_what_is_no_svg():
    with pytest.raises(ValueError, match=r".+"):
        render("<p>not a picture</p>", 40, 50)


@pytest.mark.parametrize("name", sorted(EMPTY_STATES))
def test_empty_states_are_small_and_have_no_ground(name):
    svg = draw_empty_state(name)
    parsed(svg)
    assert len(svg) < 4_000
    assert "rect" not in svg
    assert render(svg, 120, 90)


def test_an_unknown_empty_state_is_named():
    with pytest.raises(ValueError, match="must be one of cart, orders, search, wishlist, error"):
        draw_empty_state("lost")


def test_hero_and_marks_are_light_enough_for_a_first_page():
    assert len(draw_hero().encode()) <= 40_000
    names = re.findall(r' id="(\w+)"', draw_hero())
    assert len(names) == len(set(names))
    for svg in (draw_hero(), draw_mark(), draw_favicon()):
        parsed(svg)
    assert len(draw_mark()) < 1_000
    assert len(draw_favicon()) < 1_000


def test_export_writes_what_the_functions_draw(tmp_path):
    paths = {path.name: path.read_text() for path in export(tmp_path / "new")}
    assert paths["hero.svg"] == draw_hero()
    assert set(paths) == {"mark.svg", "favicon.svg", "hero.svg", *(f"empty-{name}.svg" for name in EMPTY_STATES)}


coordinates = st.floats(-50, 450).map(lambda value: round(value, 1))
points = st.tuples(coordinates, coordinates)


@given(st.lists(points, min_size=2, max_size=8))
def test_a_smooth_path_passes_through_its_points(through):
    ends = [part[1][-1] for part in segments(smooth(through))]
    assert np.allclose(ends, through, atol=0.06)


@given(st.lists(points, min_size=2, max_size=6))
def test_a_mirror_seen_in_a_mirror_is_the_thing(through):
    path = smooth(through)
    assert np.allclose(
        [point for _, points_ in segments(mirrored(mirrored(path))) for point in points_],
        [point for _, points_ in segments(path) for point in points_],
        atol=0.11,
    )


@given(st.lists(points, min_size=2, max_size=6))
def test_a_path_run_backwards_ends_where_it_began(through):
    path = smooth(through)
    assert backwards(path)[-1][1][-1] == pytest.approx(segments(path)[0][1][0])


def test_symmetric_outlines_are_closed_and_even():
    outline = symmetric("M200 10 C240 10 300 60 300 120 L200 130")
    xs = [x for _, found in segments(outline) for x, _ in found]
    assert min(xs) == pytest.approx(400 - max(xs))
    assert outline.endswith("Z")


def test_paths_say_no_more_than_they_must():
    assert tidy("M 10.04 20.000 L -3.26  4.5 Z") == "M10 20L-3.3 4.5Z"
    assert box(0, 0, 10, 20) == "M0 0L10 0L10 20L0 20Z"
    assert moved("M0 0L10 0", dx=5, dy=1, scale=2, about=(0, 0)) == "M5 1L25 1"
    assert segments(oval(0, 0, 10))[0] == ("M", [(-10.0, 0.0)])
    assert segments(blade((0, 0), (5, 5), (10, 0), 2))[-1][0] == "Z"
    assert segments(turned([(10, 0), (20, 50)]))[0] == ("M", [(190.0, 0.0)])


def test_a_path_that_ends_early_is_refused():
    with pytest.raises(ValueError, match="ends early"):
        segments("M0 0C1 1 2")
