"""Which products stand in which row of a page."""

from collections import Counter

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_product
from webapp.picks import Pick, PickReason, Picks
from webapp.store import products
from webapp.store.rows import CardRow, HistoryRow
from webapp.store.tx import unit_of_work
from webapp.viewbuilders.cards import pick_card
from webapp.viewbuilders.rails import OF_ONE_KIND, RAIL_LENGTH, Shelf


def looked_at_one_thing(app: Flask, n_socks: int, n_lamps: int) -> tuple[Shelf, dict[int, CardRow]]:
    """The page of somebody who looked at one pair of socks: socks are picked first, lamps after them."""
    with unit_of_work() as tx:
        seen = make_product(tx, category="Clothing > Socks")
        socks = [make_product(tx, category="Clothing > Socks") for _ in range(n_socks)]
        lamps = [make_product(tx, category="Home > Lamps") for _ in range(n_lamps)]
        rows = products.cards(tx, [seen, *socks, *lamps])
    reason = (PickReason("because_viewed", seen, 1.0),)
    picks = Picks(tuple(Pick(item, rank, 1.0 / rank, reason) for rank, item in enumerate([*socks, *lamps], start=1)))
    shelf = Shelf(NOW, "home")
    with app.test_request_context():
        shelf.add_personal(picks, rows, [HistoryRow(seen, "view", None, NOW)])
    return shelf, rows


def kinds(shelf: Shelf, rows: dict[int, CardRow], key: str) -> list[str]:
    return [rows[card.product_id].category_slug for rail in shelf.rails if rail.key == key for card in rail.cards]


def test_one_look_fills_no_rail_with_one_kind_of_thing(app: Flask) -> None:
    shelf, rows = looked_at_one_thing(app, n_socks=12, n_lamps=12)
    found = kinds(shelf, rows, "for_you")
    assert len(found) == RAIL_LENGTH
    assert Counter(found).most_common(1)[0][1] <= RAIL_LENGTH - OF_ONE_KIND
    assert found[0] == kinds(shelf, rows, "because_1")[0]


def test_where_there_is_one_kind_only_the_rail_is_full_all_the_same(app: Flask) -> None:
    shelf, rows = looked_at_one_thing(app, n_socks=12, n_lamps=0)
    assert len(kinds(shelf, rows, "for_you")) == RAIL_LENGTH


@pytest.mark.parametrize(("max_per_brand", "most"), [(0, 10), (4, 4)])
def test_a_rail_that_is_mixed_keeps_the_cap_on_brands_of_the_list_it_is_taken_from(
    app: Flask, max_per_brand: int, most: int
) -> None:
    """Of each ten products four are of one brand; a rail that takes few of a kind brings theirs together."""
    with unit_of_work() as tx:
        seen = make_product(tx)
        ids = [
            make_product(tx, category=f"Kind {ten}", brand="Bolt" if number < 4 else f"Other {ten}-{number}")
            for ten in range(4)
            for number in range(10)
        ]
        rows = products.cards(tx, [seen, *ids])
    reason = (PickReason("because_viewed", seen, 1.0),)
    found = tuple(Pick(item, rank, 1.0 / rank, reason) for rank, item in enumerate(ids, start=1))
    shelf = Shelf(NOW, "home")
    with app.test_request_context():
        picks = Picks(found, max_per_brand=max_per_brand)
        shelf.add_personal(picks, rows, [HistoryRow(seen, "view", None, NOW)])
    brands = [[rows[card.product_id].brand for card in rail.cards] for rail in shelf.rails]
    assert [len(found) for found in brands] == [RAIL_LENGTH] * 2
    assert max(found.count("Bolt") for found in brands) == most


def test_nothing_stands_twice_on_the_page(app: Flask) -> None:
    shelf, _rows = looked_at_one_thing(app, n_socks=14, n_lamps=14)
    shown = [card.product_id for rail in shelf.rails for card in rail.cards]
    assert len(shown) == len(set(shown))


def test_a_search_is_named_once_with_all_that_it_says(app: Flask) -> None:
    with unit_of_work() as tx:
        ids = [make_product(tx) for _ in range(5)]
        rows = products.cards(tx, ids)
    lamp, *found, seen = ids
    history = [HistoryRow(item, "search", None, NOW, "a lamp", 7) for item in found]
    history.append(HistoryRow(seen, "view", None, NOW))
    shares = zip([seen, *found], (0.4, 0.3, 0.2, 0.1), strict=True)
    pick = Pick(lamp, 1, 1.0, tuple(PickReason("because_viewed", item, share) for item, share in shares))
    reasons = pick_card(pick, rows, history, now=NOW).reasons
    assert [(reason.kind, reason.search_id, round(reason.share, 6)) for reason in reasons] == [
        ("because_searched", 7, 0.6),
        ("because_viewed", None, 0.4),
    ]
