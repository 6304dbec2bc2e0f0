"""Near-duplicate listings: the same thing twice is one thing in a list, things that only sound alike are not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import HybridRecommender, Interactions, ItemCatalogue
from recommender.features.duplicates import BOILERPLATE, duplicate_groups, join_families

KETTLE = {
    "title": "Copper stove kettle 2 litres",
    "description": "Holds eight cups and whistles when the water boils. The handle stays cool, the spout pours well.",
    "brand": "Alder",
}
CARE = (
    "Wash by hand with mild soap and dry at once. Free delivery from forty euros, returns within thirty days. "
    "Made in small batches by people who like what they do, and mended by us for as long as you own it."
)


def groups(*rows: dict[str, str]) -> list[int]:
    frame = pd.DataFrame([{"item_id": f"i{number:03}"} | row for number, row in enumerate(rows)])
    return duplicate_groups(ItemCatalogue.from_frame(frame)).tolist()


def test_the_same_listing_under_another_id_is_one_thing() -> None:
    other = {
        "title": "Oak desk lamp",
        "description": "For long evenings, with a shade of linen.",
        "brand": "Birch",
    }
    assert groups(KETTLE, other, KETTLE, KETTLE) == [0, 1, 0, 0]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "COPPER stove kettle, 2 litres!"},
        {"description": KETTLE["description"].replace("eight cups", "8 cups")},
        {"description": KETTLE["description"] + " New!"},
        {"brand": " alder "},
    ],
    ids=["spelling", "a word", "a word more", "spelling of the brand"],
)
def test_small_changes_of_wording_make_no_other_thing(change: dict[str, str]) -> None:
    assert groups(KETTLE, KETTLE | change) == [0, 0]


@pytest.mark.parametrize(
    "change",
    [
        {"brand": "Birch"},
        {"brand": ""},
        {"title": "Copper stove kettle 3 litres"},
        {"title": "Steel stove pan 2 litres"},
        {"description": "Looks old and is new: an electric base keeps the water as hot as you like."},
    ],
    ids=["another brand", "no brand", "another number", "another title", "another text"],
)
def test_what_differs_in_kind_stays_apart(change: dict[str, str]) -> None:
    assert groups(KETTLE, KETTLE | change) == [0, 1]


@pytest.mark.parametrize(("one", "other"), [("5 mm", "5.5 mm"), ("1.5 mm", "5.1 mm"), ("2,2 Ah", "2 Ah")])
def test_a_decimal_is_one_number(one: str, other: str) -> None:
    """A drill bit of 5 mm is not the one of 5.5 mm, although no digit stands in one title alone."""
    titles = [f"Copper drill bit for stove plates {size}" for size in (one, other)]
    assert groups(*(KETTLE | {"title": title} for title in titles)) == [0, 1]


def test_a_decimal_may_be_written_with_a_comma() -> None:
    titles = [f"Copper drill bit for stove plates, {size} mm" for size in ("5.5", "5,5")]
    assert groups(*(KETTLE | {"title": title} for title in titles)) == [0, 0]


def test_different_products_with_the_same_boiler_plate_stay_apart() -> None:
    """Sixty things of a brand whose text is the same to the letter; only one of them is listed twice."""
    things = ["jug", "bowl", "plate", "vase", "mug", "lamp", "tray", "pot", "cup", "dish"]
    glazes = ["sage", "ink", "sand", "moss", "clay", "snow"]
    rows = [
        {"title": f"Stoneware {thing} in {glaze} glaze", "description": CARE, "brand": "Alder"}
        for thing in things
        for glaze in glazes
    ]
    assert len(rows) > BOILERPLATE
    assert groups(*rows) == list(range(60))
    few = rows[: BOILERPLATE // 2]  # too few to be known as boiler-plate: the titles tell them apart
    assert groups(*few) == list(range(len(few)))
    own = "Thrown on the wheel by Ada, with a thumb print at the foot and a rim as thin as a leaf in autumn light."
    assert groups(*rows, {**rows[3], "description": f"{own} {CARE}"}, {**rows[3], "description": f"{own} {CARE}"})[
        -2:
    ] == [60, 60]


def test_what_stands_in_every_listing_makes_no_two_of_them_alike() -> None:
    """Sixty things with the same long text, and titles that differ in one word of nine: the text tells nothing."""
    things = ["jug", "bowl", "plate", "vase", "mug", "lamp", "tray", "pot", "cup", "dish"]
    glazes = ["sage", "ink", "sand", "moss", "clay", "snow"]
    titles = [f"Stoneware {thing} with a wide handle in {glaze} glaze" for thing in things for glaze in glazes]
    assert groups(*({"title": title, "description": CARE, "brand": "Alder"} for title in titles)) == list(range(60))


def test_copies_are_one_thing_however_many_there_are() -> None:
    """None of their words counted any more, as in boiler-plate, and each of them was a thing of its own."""
    other = KETTLE | {"title": "Steel stove pan 2 litres"}
    many = BOILERPLATE + 10
    assert groups(*[KETTLE] * many, other) == [*[0] * many, many]
    reworded = KETTLE | {"title": "COPPER stove kettle, 2 litres!"}
    assert groups(*[KETTLE] * many, reworded) == [0] * (many + 1)


@pytest.mark.parametrize(
    "told", [{"image": "{}.jpg"}, {"price": "{}"}, {"colours": "shade {}"}, {"category": "Home > {}"}], ids=str
)
def test_many_listings_that_differ_in_any_field_are_no_copies(told: dict[str, str]) -> None:
    """Prints of a shop that gives all of them the same words: what tells them apart is the picture."""
    ((field, text),) = told.items()
    many = BOILERPLATE + 10
    rows = [KETTLE | {field: text.format(number + 1)} for number in range(many)]
    assert groups(*rows) == list(range(many))


def test_many_copies_of_what_is_too_short_to_tell_stay_apart() -> None:
    many = BOILERPLATE + 10
    assert groups(*[{"title": "Gift card"}] * many) == list(range(many))
    assert groups(*[{"description": CARE}] * many) == list(range(many))


def test_what_is_too_short_to_tell_stays_apart() -> None:
    assert groups({"title": "Gift card"}, {"title": "Gift card"}, {"description": CARE}, {"description": CARE}) == [
        0,
        1,
        2,
        3,
    ]


@settings(max_examples=30)
@given(st.permutations(range(6)))
def test_the_order_of_the_rows_does_not_matter(order: list[int]) -> None:
    rows = [
        KETTLE,
        KETTLE,
        KETTLE | {"brand": "Birch"},
        KETTLE | {"brand": "Birch"},
        {"title": "Lamp"},
        {"title": "Jug"},
    ]
    found = groups(*(rows[place] for place in order))
    same = {tuple(sorted(order[at] for at in np.flatnonzero(np.array(found) == group))) for group in set(found)}
    assert same == {(0, 1), (2, 3), (4,), (5,)}


def test_duplicates_join_the_families_they_touch() -> None:
    """Rows 0 and 1 are a family, 2 is listed like 1, 3 stands alone in its family, 4 and 5 are alike, 6 is alone."""
    families = np.array([7, 7, -1, 3, -1, -1, -1])
    assert join_families(families, np.array([0, 1, 1, 3, 4, 4, 6])).tolist() == [0, 0, 0, 3, 4, 4, -1]


def test_a_list_holds_one_of_two_equal_listings() -> None:
    rows = [{"item_id": "kettle-a", **KETTLE}, {"item_id": "kettle-b", **KETTLE}]
    rows += [{"item_id": f"lamp-{n}", "title": f"Lamp number {n}", "brand": "Birch"} for n in range(6)]
    items = pd.DataFrame(rows)
    events = pd.DataFrame(
        [(f"u{user}", item, "view", 1000 * user + at) for user in range(8) for at, item in enumerate(items["item_id"])],
        columns=["user_id", "item_id", "kind", "timestamp"],
    )
    model = HybridRecommender("popular").fit(Interactions.from_frame(events), ItemCatalogue.from_frame(items))
    shown = [item.item_id for item in model.recommend("somebody new", k=8)]
    assert len({"kettle-a", "kettle-b"} & set(shown)) == 1
    assert len(shown) == 7
    assert "kettle-b" not in {item.item_id for item in model.similar("kettle-a", k=8)}
