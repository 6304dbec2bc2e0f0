"""Item vectors: words, pictures, attributes, and the one block map that joins them."""

from __future__ import annotations

import unicodedata
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from recommender.arrays.vectorindex import normalise
from recommender.data.catalogue import ItemCatalogue
from recommender.features.attributes import AttributeEncoder, category_nodes, split_colours
from recommender.features.combine import BLOCKS, ItemSpaces, build_spaces, combine
from recommender.features.image import ImageEncoder, describe, describe_files, read_picture
from recommender.features.text import TextEncoder, words
from tests.recommender.worlds import draw, same_bytes


def catalogue(*rows: dict) -> ItemCatalogue:
    return ItemCatalogue.from_frame(pd.DataFrame([{"item_id": f"i{n}"} | row for n, row in enumerate(rows)]))


def cosine(left, right) -> float:
    return float(normalise(left) @ normalise(right))


# Words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A Crème &amp; brûlée-SET, 2x!", ["creme", "brulee", "set", "2x"]),
        ("", []),
        ("x y z", []),
        ("snake_case", ["snake", "case"]),
        ("日本茶", ["日本茶"]),
        ("茶", ["茶"]),
        ("日本 茶 a é я अ 5 ー", ["日本", "茶"]),
        ("あ ｱ 㐀 𠀀", ["あ", "ア", "㐀", "𠀀"]),
        ("한", [unicodedata.normalize("NFKD", "한")]),
        ("हिन्दी किताब", ["हनद", "कतब"]),
        ("Schreib&shy;tisch", ["schreibtisch"]),
        ("❤️ rot❤️gold", ["rot", "gold"]),
    ],
)
def test_words_are_plain_and_of_two_letters_or_more(text, found):
    assert words(text) == found


@given(st.text(st.characters(max_codepoint=0x0DFF)))
def test_in_scripts_with_letters_a_word_has_two_letters_or_more(drawn):
    """Latin, Greek, Cyrillic, Devanagari and what else stands before the scripts of characters."""
    assert all(len(word) >= 2 for word in words(drawn))


def test_a_search_for_one_character_finds_what_holds_it():
    encoder = TextEncoder.fit(["日本 茶", "red cotton shirt", "steel frying pan"])
    found = encoder.encode(["茶"])[0] @ encoder.encode(["日本 茶", "red cotton shirt", "steel frying pan"]).T
    assert found[0] > 0.5
    assert found[1:] == pytest.approx([0, 0], abs=1e-6)
    assert encoder.known_share("茶") == pytest.approx(1)


@pytest.mark.parametrize("title", ["हिन्दी की किताब", "កៅអីឈើ"])
def test_a_title_in_another_script_is_known_by_its_words(title):
    """Vowel signs are marks, and marks are no letters: a word broken at each of them could not be found."""
    encoder = TextEncoder.fit([title, "red cotton shirt", "steel frying pan"])
    found = encoder.encode([title])[0] @ encoder.encode([title, "red cotton shirt", "steel frying pan"]).T
    assert found == pytest.approx([1, 0, 0], abs=1e-6)


TEXTS = ["red cotton shirt", "blue cotton shirt", "steel frying pan", "cast iron pan", "linen summer shirt", ""]


def test_texts_that_share_words_are_near():
    vectors = TextEncoder.fit(TEXTS).encode(TEXTS)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[3]
    assert vectors[2] @ vectors[3] > vectors[2] @ vectors[0]
    assert np.linalg.norm(vectors[:5], axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_without_a_known_word_has_no_vector():
    encoder = TextEncoder.fit(TEXTS)
    assert not encoder.encode(["", "unheard of"]).any()


def test_a_new_product_is_encoded_as_the_old_ones_were():
    encoder = TextEncoder.fit(TEXTS)
    assert encoder.encode([TEXTS[2]])[0] == pytest.approx(encoder.encode(TEXTS)[2], abs=1e-6)


def test_many_texts_are_reduced_to_few_dimensions_that_keep_who_is_near():
    rng = np.random.default_rng(0)
    themes = [[f"{theme}{n}" for n in range(12)] for theme in ("tea", "bike", "lamp")]
    texts = [" ".join(rng.choice(themes[n % 3], 6)) for n in range(90)]
    encoder = TextEncoder.fit(texts, n_dims=8)
    vectors = encoder.encode(texts)
    assert vectors.shape == (90, 8)
    likeness = vectors @ vectors.T
    same = np.equal.outer(np.arange(90) % 3, np.arange(90) % 3)
    assert likeness[same].mean() > 0.4 + likeness[~same].mean()


def test_words_survive_as_arrays():
    encoder = TextEncoder.fit(TEXTS)
    again = TextEncoder.from_arrays(encoder.to_arrays())
    assert again.terms == encoder.terms
    assert same_bytes(again.encode(TEXTS), encoder.encode(TEXTS))


@pytest.mark.parametrize("texts", [["x"], ["a b c"], ["same same", "same same"]])
def test_texts_without_a_telling_word_make_an_encoder_that_knows_nothing(texts):
    encoder = TextEncoder.fit(texts)
    assert not encoder.encode(texts).any() or len(encoder.terms) > 0


# Pictures


def test_pictures_of_like_colour_and_shape_are_near(tmp_path):
    paths = [draw(tmp_path / f"{shelf}{n}.png", shelf, n) for shelf in ("kitchen", "garden") for n in (0, 1, 18)]
    descriptors, readable = describe_files(paths)
    assert readable.all()
    vectors = ImageEncoder.fit(descriptors).encode(descriptors)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] > vectors[0] @ vectors[4]


def test_what_is_no_picture_has_no_vector(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (tmp_path / "note.txt").write_text("not a picture")
    good = draw(tmp_path / "good.png", "kitchen", 3)
    paths = ["", str(tmp_path / "absent.png"), str(tmp_path / "broken.png"), str(tmp_path / "note.txt"), good]
    descriptors, readable = describe_files(paths)
    assert readable.tolist() == [False, False, False, False, True]
    assert not descriptors[:4].any()


def test_a_picture_far_too_large_is_not_opened(monkeypatch, tmp_path):
    monkeypatch.setattr("recommender.features.pictures.MAX_PIXELS", 100)
    assert read_picture(tmp_path / draw(tmp_path / "large.png", "kitchen", 3)) is None


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "CMYK"])
def test_pictures_of_any_mode_are_read(mode):
    file = BytesIO()
    Image.new(mode, (40, 30)).save(file, "JPEG" if mode == "CMYK" else "PNG")
    lab = read_picture(file)
    assert lab is not None
    assert np.isfinite(describe(lab)).all()


def seen(image: Image.Image, form: str = "PNG", **how: object) -> np.ndarray:
    file = BytesIO()
    image.save(file, form, **how)
    lab = read_picture(file)
    assert lab is not None
    return describe(lab)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_shines_through_is_white_and_not_black(mode):
    cut_out, on_white = Image.new("RGBA", (60, 60)), Image.new("RGB", (60, 60), "white")
    for image in (cut_out, on_white):
        image.paste("gray", (20, 20, 40, 40))
    saved = cut_out.quantize(4) if mode == "P" else cut_out.convert(mode)
    assert seen(saved) @ seen(on_white) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_upright_as_its_camera_says(form):
    upright = Image.new("RGB", (200, 400), "white")
    upright.paste("navy", (0, 0, 200, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    lying = upright.rotate(90, expand=True)
    turned, left_lying = seen(lying, form, exif=exif), seen(lying, form)
    assert turned @ seen(upright, form) > 0.97 > 0.75 > left_lying @ seen(upright, form)


def test_a_picture_with_damaged_words_of_its_camera_is_read():
    assert np.isfinite(seen(Image.new("RGB", (60, 60), "navy"), "JPEG", exif=b"Exif\0\0II*\0\xff\xff")).all()


def test_white_is_light_and_red_is_red():
    file = BytesIO()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(file, "PNG")
    lightness, a, b = read_picture(file).mean(axis=(0, 1))
    assert lightness == pytest.approx(0.53, abs=0.01)
    assert a > 0.3
    assert b > 0.3


def test_principal_axes_are_repeatable_and_survive_as_arrays(tmp_path):
    paths = [draw(tmp_path / f"{n}.png", "garden", n) for n in range(6)]
    descriptors, _ = describe_files(paths)
    encoder, twin = ImageEncoder.fit(descriptors), ImageEncoder.fit(descriptors)
    again = ImageEncoder.from_arrays(encoder.to_arrays())
    for other in (twin, again):
        assert same_bytes(other.encode(descriptors), encoder.encode(descriptors))


# Attributes


def test_a_category_path_gives_its_prefixes():
    assert category_nodes(" Home > Kitchen>  Cups ") == ["Home", "Home > Kitchen", "Home > Kitchen > Cups"]
    assert category_nodes("") == []
    assert category_nodes(" > ") == []


def test_colours_are_split_and_plain():
    assert split_colours("Black| white |") == ["black", "white"]
    assert split_colours("red|Black | red|black") == ["red", "black"]


def attribute_likeness(*rows: dict) -> np.ndarray:
    items = catalogue(*rows)
    vectors = AttributeEncoder.fit(items).encode(items)
    return vectors @ vectors.T


def test_a_missing_attribute_is_never_a_shared_attribute():
    """Two products of unknown brand have nothing in common by that."""
    likeness = attribute_likeness(
        {"category": "A > B", "brand": ""},
        {"category": "C > D", "brand": ""},
        {"category": "", "brand": "x"},
        {"category": "", "brand": "y"},
        {"category": "", "brand": ""},
    )
    assert likeness[0, 1] == pytest.approx(0, abs=1e-6)
    assert likeness[2, 3] == pytest.approx(0, abs=1e-6)
    assert not likeness[4].any()


blank = st.sampled_from(["", "u"])


@settings(max_examples=60)
@given(st.lists(st.tuples(blank, blank, blank, st.sampled_from([None, 10.0])), min_size=2, max_size=5))
def test_items_are_alike_only_through_what_both_state(rows):
    """Whatever is missing: the likeness is zero exactly where two items state nothing in common."""
    names = ("category", "brand", "colours")
    filled = [dict(zip((*names, "price"), row, strict=True)) for row in rows]
    likeness = attribute_likeness(*filled, {"brand": "other", "category": "other", "price": 5.0})
    for i, left in enumerate(filled):
        for j, right in enumerate(filled):
            share = any(left[n] and right[n] for n in names) or (left["price"] and right["price"])
            assert (likeness[i, j] > 1e-6) == bool(share)


def test_near_categories_are_nearer_than_far_ones():
    likeness = attribute_likeness(
        {"category": "Home > Kitchen > Cups"},
        {"category": "Home > Kitchen > Pans"},
        {"category": "Home > Garden"},
        {"category": "Clothes"},
    )
    assert 1 > likeness[0, 1] > likeness[0, 2] > likeness[0, 3] == pytest.approx(0, abs=1e-6)


def test_brand_and_colour_do_not_mind_the_case():
    likeness = attribute_likeness({"brand": "Oak", "colours": "Red|Blue"}, {"brand": "oak ", "colours": "blue|red"})
    assert likeness[0, 1] == pytest.approx(1, abs=1e-5)


def test_prices_are_near_within_their_category_whatever_the_currency():
    def likeness(factor: float) -> np.ndarray:
        return attribute_likeness(
            *({"category": "Cups", "price": factor * p} for p in (4, 5, 6, 8, 20)),
            *({"category": "Sofas", "price": factor * p} for p in (400, 500, 600, 800, 2000)),
        )

    plain = likeness(1)
    assert plain[0, 1] > plain[0, 3] > plain[0, 4]
    assert plain == pytest.approx(likeness(130), abs=1e-3)
    items = catalogue(
        *({"category": "Cups", "price": p} for p in (4, 5, 6, 8, 20)),
        *({"category": "Sofas", "price": p} for p in (400, 500, 600, 800, 2000)),
    )
    standard = AttributeEncoder.fit(items).standard_prices(items)
    assert standard[:5] == pytest.approx(standard[5:], abs=1e-3)


def test_each_department_has_its_own_prices_and_a_small_one_those_of_all():
    rng = np.random.default_rng(0)
    tops, prices = rng.choice(["A", "B", "C > D", ""], 80), rng.integers(1, 900, 80).astype(float)
    tops[:3] = "Small"
    items = catalogue(*({"category": top, "price": price} for top, price in zip(tops, prices, strict=True)))
    encoder, logs = AttributeEncoder.fit(items), np.log(items.prices.astype(np.float64))
    assert encoder.price_mean.keys() == {"", "A", "B", "C"}
    for top, rows in {"": tops == tops, "B": tops == "B", "C": tops == "C > D"}.items():
        assert encoder.price_mean[top] == pytest.approx(logs[rows].mean())
        assert encoder.price_scale[top] == pytest.approx(logs[rows].std())


def test_however_dear_a_thing_is_its_price_is_like_that_of_the_dearest():
    """A sofa for a million, a slip of the hand perhaps, keeps a price: it does not become one of unknown price."""
    known = catalogue(*({"category": "Sofas", "price": p} for p in (400, 500, 600, 800, 2000)))
    encoder = AttributeEncoder.fit(known)
    dear = catalogue(*({"category": "Sofas", "price": p} for p in (2_000, 1_000_000, 1e30)))
    assert encoder.standard_prices(dear)[1:].tolist() == [2.0, 2.0]
    vectors = encoder.encode(dear)
    assert vectors[1] == pytest.approx(vectors[2], abs=1e-6)
    assert vectors[1] @ vectors[0] > vectors[1] @ encoder.encode(known)[0]


def test_prices_that_are_all_equal_or_unknown_break_nothing():
    likeness = attribute_likeness(*({"category": "Cups", "price": 5.0} for _ in range(6)), {"category": "Cups"})
    assert np.isfinite(likeness).all()


def test_attributes_survive_as_json_and_an_array(shop_data):
    encoder = AttributeEncoder.fit(shop_data.catalogue)
    again = AttributeEncoder.from_json(encoder.to_json(), encoder.projection)
    assert same_bytes(again.encode(shop_data.catalogue), encoder.encode(shop_data.catalogue))


def test_a_brand_nobody_knew_is_like_no_known_one(shop_data):
    encoder = AttributeEncoder.fit(catalogue({"brand": "a"}, {"brand": "b"}))
    assert not encoder.encode(catalogue({"brand": "c"})).any()


# All together


def test_the_combined_cosine_is_the_weighted_mean_of_the_blocks(shop_data):
    spaces = shop_data.spaces
    expected = sum(spaces.block_weights[b] * spaces.vectors[b] @ spaces.vectors[b].T for b in BLOCKS)
    combined = spaces.vectors["combined"] @ spaces.vectors["combined"].T
    assert combined == pytest.approx(expected, abs=1e-4)


def test_all_spaces_have_a_unit_vector_for_every_described_item(shop_data):
    assert set(shop_data.spaces.names) == {*BLOCKS, "combined"}
    for vectors in shop_data.spaces.vectors.values():
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_product_added_later_gets_the_vectors_it_would_have_had(shop_data):
    """One code and one block map for the catalogue and for what comes after it."""
    rows = np.array([3, 30])
    frame = pd.DataFrame({name: values[rows] for name, values in shop_data.catalogue.fields.items()})
    frame = frame.assign(item_id=["new a", "new b"], price=shop_data.catalogue.prices[rows])
    vectors = shop_data.spaces.encode(ItemCatalogue.from_frame(frame))
    for space, expected in shop_data.spaces.vectors.items():
        assert vectors[space] == pytest.approx(expected[rows], abs=1e-5)


def test_another_mixture_changes_only_the_combined_space(shop_data):
    only_text = shop_data.spaces.reweighted({"text": 1.0, "image": 0.0, "attributes": 0.0})
    left, right = only_text.vectors["combined"], only_text.vectors["text"]
    assert left @ left.T == pytest.approx(right @ right.T, abs=1e-5)
    assert only_text.vectors["text"] is shop_data.spaces.vectors["text"]


@pytest.mark.parametrize(
    ("rows", "spaces"),
    [
        ([{}, {}], set()),
        ([{"title": "a red cup"}, {"title": "a blue pan"}], {"text", "combined"}),
        ([{"category": "Home"}, {"category": "Garden"}], {"text", "attributes", "combined"}),
        ([{"price": 3.0}, {"price": 4.0}], {"attributes", "combined"}),
        ([{"image": "nowhere.png"}, {}], set()),
    ],
)
def test_a_space_exists_only_where_the_catalogue_says_something(rows, spaces):
    assert set(build_spaces(catalogue(*rows)).names) == spaces


def test_an_item_without_a_block_is_compared_by_the_others():
    blocks = {"text": np.array([[1, 0], [1, 0], [0, 0]], np.float32), "attributes": np.eye(3, dtype=np.float32)}
    joined = combine(blocks, {"text": 0.5, "attributes": 0.5})
    assert joined[0] @ joined[1] == pytest.approx(0.5)
    assert joined[0] @ joined[2] == pytest.approx(0)
    assert np.linalg.norm(joined, axis=1) == pytest.approx(1)


def test_spaces_survive_as_arrays_and_json(shop_data):
    spaces = shop_data.spaces
    again = ItemSpaces.from_parts(spaces.to_json(), spaces.to_arrays())
    assert again.block_weights == spaces.block_weights
    encoded, expected = again.encode(shop_data.catalogue), spaces.encode(shop_data.catalogue)
    for name, vectors in expected.items():
        assert same_bytes(encoded[name], vectors)


def test_items_without_a_picture_cost_no_turn_of_a_thread(monkeypatch):
    """Handing 300,000 empty paths out to threads took 6 s, three quarters of the fit of what is popular."""
    asked = []
    monkeypatch.setattr("recommender.features.image._describe_file", asked.append)
    descriptors, readable = describe_files(["", "missing.png", ""])
    assert asked == ["missing.png"]
    assert descriptors.shape == (3, 1)
    assert readable.tolist() == [False, False, False]
