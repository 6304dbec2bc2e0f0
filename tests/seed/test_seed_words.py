"""Names, descriptions and reviews read like a catalogue."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed.catalogue.drafts import draw_up
from seed.catalogue.names import slug_of
from seed.catalogue.prices import rounded
from seed.catalogue.products import subject_of
from seed.catalogue.shelves import SHELVES
from seed.catalogue.things import SIZE_RUNS, THINGS
from seed.pictures import KINDS, MATERIALS, PATTERNS
from seed.shoppers.calendar import SEASONS
from seed.tables import read_phrases
from seed.words.describe import POOLS, Subject, describe, fill, usable
from seed.words.reviews import write_review

SHIRT = Subject(
    brand="Saltmarsh",
    style="quiet",
    shelf="shirts",
    kind="shirt",
    cut="overshirt",
    noun="overshirt",
    plural=False,
    colour="moss",
    second="oat",
    pattern="stripe",
    material="linen",
    detail="pocket",
)
TROUSERS = replace(SHIRT, noun="wide trousers", plural=True)


@pytest.mark.parametrize(
    ("phrase", "one", "many"),
    [
        ("[A|] {noun} to keep.", "An overshirt to keep.", "Wide trousers to keep."),
        ("[It is|They are] easy.", "It is easy.", "They are easy."),
        ("A {second} dot on {colour}.", "An oat dot on moss.", "An oat dot on moss."),
        ("{colour} above.", "Moss above.", "Moss above."),
        ("[It stay|They stay][s|].", "It stays.", "They stay."),
    ],
)
def test_number_and_article_agree(phrase, one, many):
    assert fill(phrase, SHIRT) == one
    assert fill(phrase, TROUSERS) == many


def every_phrase() -> list[str]:
    books = ("openings", "openings_home", "cuts", "materials", "details", "patterns", "places", "care", "reviews")
    return [phrase for book in books for pool in read_phrases(f"words/{book}.txt").values() for phrase in pool]


@pytest.mark.parametrize("subject", [SHIRT, TROUSERS], ids=["one", "many"])
def test_every_phrase_comes_out_as_plain_text(subject):
    for phrase in every_phrase():
        text = fill(phrase, subject)
        assert not re.search(r"[{}\[\]|]|  | [.,;]", text), text
        assert text[0].isupper() or not text[0].isalpha()
        assert not re.search(r"\b[Aa] (?=[aeio])(?!one)", text), text


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: f"{thing.kind}-{thing.cut}")
def test_a_thing_of_the_table_can_be_named_drawn_and_described(thing):
    kind = KINDS[thing.kind]
    assert thing.cut in kind.cuts
    assert set(thing.details) <= set(kind.details)
    assert set(thing.patterns) <= set(PATTERNS)
    assert set(thing.materials) <= set(MATERIALS)
    assert thing.shelf in SHELVES
    assert thing.sizes in SIZE_RUNS
    assert thing.season in SEASONS
    for material in thing.materials:
        subject = replace(SHIRT, shelf=thing.shelf, kind=thing.kind, cut=thing.cut, material=material)
        assert all(POOLS[part](subject) for part in ("opening", "cut", "material", "place", "care"))
    for detail in set(thing.details) - {"plain"}:
        assert POOLS["detail"](replace(SHIRT, kind=thing.kind, detail=detail))


def test_descriptions_are_not_one_template(small_shop):
    texts = [product.description for product in small_shop.products]
    assert len(set(texts)) == len(texts)
    assert len({text.split(".")[0] for text in texts}) > 0.7 * len(texts)
    assert all(90 < len(text) < 620 for text in texts), sorted(len(text) for text in texts)


@pytest.mark.slow
def test_descriptions_of_the_demo_repeat_rarely(demo_shop):
    texts = [product.description for product in demo_shop.products]
    assert len(set(texts)) > 0.985 * len(texts)


def test_names_say_what_the_row_says():
    for draft in draw_up(400, 3):
        if draft.pattern == "stripe" and draft.thing.kind == "tee":
            assert "striped" in draft.name
        if draft.material in ("linen", "merino", "stoneware") and draft.thing.kind in ("shirt", "knit", "mug"):
            assert draft.material in draft.name
        if draft.detail == "tinted" and "glasses" in draft.name:
            assert "sunglasses" in draft.name


def test_attributes_agree_with_the_pictures(small_shop):
    for product in small_shop.products:
        pictures = list(dict.fromkeys(variant.picture for variant in product.variants))
        assert product.attributes["colour"].split("|") == [picture.colour for picture in pictures]
        for picture in pictures:
            assert product.attributes["pattern"] == picture.pattern
            assert product.attributes["material"] == picture.material
        for variant in product.variants:
            assert variant.options["Colour"] == variant.picture.colour


@given(st.text(max_size=60))
def test_slugs_are_safe_in_an_address(text):
    slug = slug_of(text)
    assert re.fullmatch(r"[a-z0-9]*(-[a-z0-9]+)*", slug)
    assert slug_of(slug) == slug


@given(st.floats(0.01, 5_000))
def test_price_tags_are_round_and_near(euros):
    cents = rounded(euros)
    assert cents >= 100
    assert cents % 50 == 0
    assert abs(cents / 100 - euros) <= max(1.0, 2.51)


@pytest.mark.parametrize("stars", [1, 2, 3, 4, 5])
def test_a_review_agrees_with_its_stars(stars):
    book = read_phrases("words/reviews.txt")
    complaints = {fill(phrase, SHIRT) for key, pool in book.items() if key.endswith(" -") for phrase in pool}
    rng = np.random.default_rng(0)
    reviews = [write_review(SHIRT, stars, rng.random(8)) for _ in range(60)]
    assert {title for title, _ in reviews} <= {fill(title, SHIRT) for title in book[f"title {stars}"]}
    complaining = sum(any(complaint in text for complaint in complaints) for _, text in reviews)
    assert complaining == 0 if stars == 5 else complaining > 0
    assert stars > 2 or complaining == len(reviews)


@pytest.mark.slow
def test_reviews_vary(demo_shop):
    texts = [review.text for review in demo_shop.reviews]
    assert len(set(texts)) > 0.6 * len(texts)


def test_subject_speaks_of_the_first_colour():
    draft = draw_up(60, 7)[0]
    assert subject_of(draft).colour == draft.pairs[0][0]


@pytest.mark.parametrize("place", range(40))
def test_texts_of_a_product_in_several_colours_name_none_of_them(place):
    """What is said holds for every variant, and there is always something to say."""
    subject = replace(SHIRT, one_colour=False)
    rng = np.random.default_rng(place)
    texts = [describe(subject, rng), *write_review(subject, 1 + place % 5, rng.random(8))]
    assert not re.search(r"\b(moss|oat)\b", " ".join(texts), re.IGNORECASE)


def test_every_pattern_and_detail_can_be_told_without_colours():
    several = replace(SHIRT, one_colour=False)
    for book in ("patterns", "details", "reviews"):
        for key, pool in read_phrases(f"words/{book}.txt").items():
            assert usable(pool, several), (book, key)
