"""Filters: OR inside one, AND across, and every count says exactly what ticking the value would give."""

from dataclasses import replace

import pytest

from tests.conftest import NOW
from tests.factories import make_brand, make_product, make_user
from webapp.actors import NOBODY, Actor
from webapp.store import catalogue, leftout, listings, products, rules, search, taste
from webapp.store.listings import ListingQuery
from webapp.store.tx import Tx

pytestmark = pytest.mark.both_databases

COLOURS = ("moss", "ink", "sand")


@pytest.fixture
def shelf(tx: Tx) -> list[int]:
    """Twelve products: three colours, two brands, prices 10 to 120, every third sold out."""
    return [
        make_product(
            tx,
            name=f"Thing {number:02}",
            price_cents=1000 * (number + 1),
            brand="Alder" if number % 2 else "Birch",
            stock=0 if number % 3 == 0 else 5,
            attributes={"Colour": COLOURS[number % 3], "Material": "wool" if number < 6 else "linen"},
            rating_count=number,
            rating_sum=number * 4 if number % 2 else number * 2,
            popularity=float(number),
        )
        for number in range(12)
    ]


def found(tx: Tx, query: ListingQuery) -> list[int]:
    return [row.product_id for row in listings.page_of(tx, replace(query, page_size=100), NOBODY)]


def test_each_count_is_what_ticking_the_value_gives(tx: Tx, shelf: list[int]) -> None:
    """The counts of every facet are compared with lists really asked for, under three different filters."""
    bases = (
        ListingQuery(),
        ListingQuery(attributes={"Colour": ("moss",)}, price_to=9000),
        ListingQuery(brands=("alder",), in_stock=True, attributes={"Material": ("wool", "linen")}),
    )
    for base in bases:
        counts = listings.count_facets(tx, base)
        assert counts.total == len(found(tx, base))
        for slug, (_name, n) in counts.brands.items():
            assert n == len(found(tx, replace(base, brands=(slug,))))
        for name, values in counts.attributes.items():
            for value, n in values.items():
                assert n == len(found(tx, replace(base, attributes={**base.attributes, name: (value,)})))
        for stars, n in counts.ratings.items():
            assert n == len(found(tx, replace(base, min_rating=stars)))


def test_values_of_one_filter_are_alternatives(tx: Tx, shelf: list[int]) -> None:
    both = found(tx, ListingQuery(attributes={"Colour": ("moss", "ink")}))
    assert len(both) == len(found(tx, ListingQuery(attributes={"Colour": ("moss",)}))) + len(
        found(tx, ListingQuery(attributes={"Colour": ("ink",)}))
    )


def test_what_is_sold_out_is_left_out_where_that_is_asked_for(tx: Tx, shelf: list[int]) -> None:
    query = ListingQuery(in_stock=True)
    assert set(found(tx, query)) == set(shelf) - set(shelf[0::3])
    assert listings.count_facets(tx, query).total == 8


def test_the_price_bounds_leave_the_price_filter_out(tx: Tx, shelf: list[int]) -> None:
    counts = listings.count_facets(tx, ListingQuery(price_from=5000, price_to=6000))
    assert (counts.total, counts.lowest_cents, counts.highest_cents) == (2, 1000, 12000)


def test_a_list_knows_the_price_of_what_can_be_bought(tx: Tx) -> None:
    """What is sold out or no longer made has a price nobody can pay, so no card, order or filter goes by it."""
    sizes = [
        {"name": "250 g", "price_cents": 800, "stock": 0},
        {"name": "500 g", "price_cents": 900, "is_active": False},
        {"name": "1 kg", "price_cents": 2700, "stock": 4},
        {"name": "2 kg", "price_cents": 5000, "stock": 4},
    ]
    coffee = make_product(tx, price_cents=800, old_price_cents=1000, variants=sizes)
    tea = make_product(tx, price_cents=2000)

    card = products.cards(tx, [coffee])[coffee]
    assert (card.price_cents, card.old_price_cents, card.has_dearer) == (2700, None, True)
    assert found(tx, ListingQuery(sort="price")) == [tea, coffee]
    assert found(tx, ListingQuery(sort="price-desc")) == [coffee, tea]
    assert found(tx, ListingQuery(price_to=1000)) == []
    assert found(tx, ListingQuery(price_from=2500, price_to=3000)) == [coffee]
    counts = listings.count_facets(tx, ListingQuery(price_to=2100))
    assert (counts.total, counts.lowest_cents, counts.highest_cents) == (1, 2000, 2700)


def test_what_is_sold_out_altogether_keeps_its_lowest_price(tx: Tx) -> None:
    sizes = [{"name": "A5", "price_cents": 700, "stock": 0}, {"name": "A6", "price_cents": 550, "stock": 0}]
    card = next(iter(products.cards(tx, [make_product(tx, price_cents=550, variants=sizes)]).values()))
    assert (card.price_cents, card.has_dearer) == (550, False)


def test_a_rule_about_prices_goes_by_what_the_list_says(tx: Tx) -> None:
    sizes = [{"name": "250 g", "price_cents": 800, "stock": 0}, {"name": "1 kg", "price_cents": 2700}]
    coffee = make_product(tx, price_cents=800, variants=sizes)
    tea = make_product(tx, price_cents=900)
    rules.add(tx, {"action": "exclude", "price_from_cents": 2500, "changed_at": NOW})
    dear = rules.current(tx, now=NOW)
    assert leftout.ids(tx, dear) == {coffee}
    assert [row.product_id for row in products.best_sellers(tx, limit=9, book=dear)] == [tea]


@pytest.mark.parametrize(("sort", "first", "last"), [("price", 0, 11), ("price-desc", 11, 0), ("popular", 11, 0)])
def test_order_is_made_in_the_database(tx: Tx, shelf: list[int], sort: str, first: int, last: int) -> None:
    ordered = found(tx, ListingQuery(sort=sort))
    assert (ordered[0], ordered[-1]) == (shelf[first], shelf[last])


def test_pages_neither_overlap_nor_lose_anything(tx: Tx) -> None:
    ids = {make_product(tx, price_cents=100) for _ in range(11)}
    pages = [
        [row.product_id for row in listings.page_of(tx, ListingQuery(sort="price", page=page, page_size=4), NOBODY)]
        for page in (1, 2, 3)
    ]
    seen = [product for page in pages for product in page]
    assert len(seen) == len(set(seen)) == 11
    assert set(seen) == ids


def test_few_votes_do_not_beat_many(tx: Tx) -> None:
    one_vote = make_product(tx, rating_count=1, rating_sum=5)
    many = make_product(tx, rating_count=200, rating_sum=940)
    assert found(tx, ListingQuery(sort="rating"))[:2] == [many, one_vote]


def test_a_search_is_filtered_and_counted_like_a_category(tx: Tx, shelf: list[int]) -> None:
    make_product(tx, name="Other lamp")
    query = ListingQuery(words=("thing",), brands=("birch",), sort="relevance")
    counts = listings.count_facets(tx, query)
    assert counts.total == 6 == len(found(tx, query))
    assert counts.brands == {"birch": ("Birch", 6), "alder": ("Alder", 6)}


def test_a_search_puts_what_is_sold_out_last(tx: Tx) -> None:
    gone = make_product(tx, name="Brass lamp", popularity=9.0, stock=0)
    there = make_product(tx, name="Reading lamp for a brass shelf", popularity=1.0)
    query = ListingQuery(words=("brass", "lamp"), sort="relevance")
    assert found(tx, query) == [there, gone]
    assert listings.first_hits(tx, query, limit=9) == [(there, True), (gone, True)]


def test_brands_with_equal_names_keep_apart_slugs(tx: Tx) -> None:
    assert make_brand(tx, "Fjord & Field") != make_brand(tx, "Fjord Field")


def test_a_members_own_marks_are_on_the_cards(tx: Tx) -> None:
    ana, lamp = Actor(user_id=make_user(tx)), make_product(tx)
    taste.wish(tx, ana, lamp, now=NOW)
    taste.set_stars(tx, ana, lamp, 4, now=NOW)
    mine = listings.page_of(tx, ListingQuery(), ana)[0]
    theirs = listings.page_of(tx, ListingQuery(), NOBODY)[0]
    assert (mine.is_wished, mine.your_stars) == (True, 4)
    assert (theirs.is_wished, theirs.your_stars) == (False, 0)


def test_what_holds_the_words_stands_before_what_is_only_near(tx: Tx) -> None:
    far = [make_product(tx, name=f"Vase {number}", category="Home > Vases") for number in range(3)]
    held = [make_product(tx, name=f"Brass lantern {number}", category="Home > Lights") for number in range(2)]
    query = ListingQuery(words=("lantern",), near=(far[0], held[1], far[1]), sort="relevance")
    assert found(tx, query) == [held[1], held[0], far[0], far[1]]
    assert found(tx, replace(query, words=())) == [far[0], held[1], far[1]]


def test_a_joined_search_is_counted_filtered_sorted_and_paged_exactly(tx: Tx, shelf: list[int]) -> None:
    """Words find the even things, nearness three of the odd ones and one of the even: every list and count agrees."""
    for number in range(0, 12, 2):
        catalogue.change_product(tx, shelf[number], name=f"Brass thing {number:02}")
    search.reindex(tx, shelf)
    query = ListingQuery(words=("brass",), near=(shelf[1], shelf[0], shelf[3], shelf[5]), sort="relevance")
    wanted = {*shelf[0::2], shelf[1], shelf[3], shelf[5]}
    counts = listings.count_facets(tx, query)
    assert counts.total == listings.total_of(tx, query) == 9
    assert set(found(tx, query)) == wanted
    for slug, (_name, n) in counts.brands.items():
        assert n == len(found(tx, replace(query, brands=(slug,)))) == (3 if slug == "alder" else 6)
    assert found(tx, replace(query, sort="price")) == sorted(wanted)
    pages = [
        row.product_id
        for page in (1, 2, 3)
        for row in listings.page_of(tx, replace(query, page=page, page_size=4), NOBODY)
    ]
    assert pages == found(tx, query)


def test_what_is_near_but_hidden_or_gone_is_not_found(tx: Tx) -> None:
    hidden, there = make_product(tx, is_visible=False), make_product(tx)
    query = ListingQuery(words=("lantern",), near=(hidden, 999_999, there), sort="relevance")
    assert found(tx, query) == [there]
    assert listings.count_facets(tx, query).total == 1


def test_what_is_near_but_sold_out_stands_last(tx: Tx) -> None:
    gone, there = make_product(tx, stock=0), make_product(tx)
    assert found(tx, ListingQuery(near=(gone, there), sort="relevance")) == [there, gone]


def test_it_is_known_what_dropping_a_filter_would_give(tx: Tx, shelf: list[int]) -> None:
    query = ListingQuery(
        brands=("alder",), attributes={"Colour": ("moss",)}, price_from=1, price_to=2000, in_stock=True
    )
    without = listings.count_facets(tx, query).without
    dropped = {
        "brand": replace(query, brands=()),
        "f.Colour": replace(query, attributes={}),
        "price": replace(query, price_from=None, price_to=None),
        "stock": replace(query, in_stock=False),
    }
    assert without == {name: len(found(tx, other)) for name, other in dropped.items()}
    assert any(without.values())
