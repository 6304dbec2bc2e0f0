"""The personal order of a search or a shelf: said on the page, off at a press, never for who has paused it."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.factories import ShopClient, make_event, make_product, make_user
from webapp.actors import Actor
from webapp.errors import RecsUnavailable
from webapp.picks import Ask, NullRecs, Pick, Picks, RecsState
from webapp.services.browsing import personal_order
from webapp.store import users
from webapp.store.tx import unit_of_work

SAID = "Ordered for you"


class Backwards(NullRecs):
    """A recommender to whom the last product made is the best; some are near every search."""

    def __init__(self, *near: int) -> None:
        self.near, self.asked = near, list[Ask]()

    def state(self) -> RecsState:
        """Serve."""
        return RecsState("ok", "v1")

    def search_text(self, text: str, *, k: int) -> Picks:
        """Name what is near."""
        return Picks(tuple(Pick(product_id, rank, 0.9) for rank, product_id in enumerate(self.near, 1)))

    def order(self, ask: Ask) -> Picks:
        """Put the newest first."""
        self.asked.append(ask)
        ids = sorted(ask.product_ids, reverse=True)
        return Picks(tuple(Pick(product_id, rank, -float(rank)) for rank, product_id in enumerate(ids, 1)))


class Ill(NullRecs):
    """A recommender that is too slow, or broken."""

    def order(self, ask: Ask) -> Picks:
        """Fail."""
        raise RecsUnavailable("slow")


@pytest.fixture
def lanterns(app: Flask) -> list[int]:
    """Sixty lanterns, the first ones the most popular, and one look of Ana's at something else."""
    with unit_of_work() as tx:
        ids = [make_product(tx, name="Lantern", popularity=float(100 - number)) for number in range(60)]
        ana = Actor(user_id=make_user(tx, "ana@example.com"))
        make_event(tx, ana, make_product(tx, name="Vase"))
    app.extensions["recs"] = Backwards()
    return ids


@pytest.fixture
def ana(app: Flask, lanterns: list[int]) -> ShopClient:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    return client


def page_of(client: ShopClient, path: str = "/search?q=lantern") -> tuple[list[int], str]:
    page = client.get(path).get_data(as_text=True)
    return [int(number) for number in re.findall(r'data-card="(\d+)"', page)], page


def test_the_first_fifty_are_ordered_for_the_visitor_and_the_page_says_so(
    app: Flask, ana: ShopClient, lanterns: list[int]
) -> None:
    """Places in the search and in the visitor's order count alike, so the two ends of the fifty meet."""
    ids, page = page_of(ana)
    assert SAID in page
    assert set(ids[:2]) == {lanterns[0], lanterns[49]}
    pages = [page_of(ana, f"/search?q=lantern&page={number}")[0] for number in (1, 2, 3)]
    shown = [product_id for part in pages for product_id in part]
    assert sorted(shown) == lanterns
    assert shown[50:] == lanterns[50:]
    assert "Ordered for you" in page_of(ana, "/search?q=lantern&page=3")[1]
    asked = app.extensions["recs"].asked[0]
    assert (asked.context, set(asked.product_ids)) == ("search", set(lanterns[:50]))
    assert len(asked.history) == 1


def test_it_is_switched_off_by_a_button_and_stays_off_until_switched_on(ana: ShopClient, lanterns: list[int]) -> None:
    sent = ana.send("/search/order", {"order": "plain", "next": "/search?q=lantern"})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/search?q=lantern")
    for _again in range(2):
        ids, page = page_of(ana)
        assert ids == lanterns[:24]
        assert SAID not in page
        assert "Order it for me" in page
    ana.send("/search/order", {"order": "personal", "next": "/search?q=lantern"})
    assert SAID in page_of(ana)[1]
    ana.send("/search/order", {"order": "upside-down", "next": "/search?q=lantern"})
    assert SAID in page_of(ana)[1]


def test_an_address_says_the_order_of_its_own_page_alone(ana: ShopClient, lanterns: list[int]) -> None:
    ids, page = page_of(ana, "/search?q=lantern&order=plain")
    assert ids == lanterns[:24]
    assert 'name="order" value="plain"' in page  # filters and sorting go on in it
    assert "order=plain&amp;page=2" in page
    assert SAID in page_of(ana)[1]


def test_filters_go_together_with_the_personal_order(ana: ShopClient, lanterns: list[int]) -> None:
    ids, page = page_of(ana, "/search?q=lantern&in_stock=1&sort=relevance")
    assert SAID in page
    assert ids[0] in (lanterns[0], lanterns[49])


@pytest.mark.parametrize("path", ["/search?q=lantern&sort=price", "/search?in_stock=1", "/c/lamps"])
def test_a_chosen_order_and_a_shelf_stay_as_they_are(app: Flask, ana: ShopClient, path: str) -> None:
    _ids, page = page_of(ana, path)
    assert app.extensions["recs"].asked == []
    assert SAID not in page


def test_nobody_who_paused_is_given_a_personal_order(app: Flask, ana: ShopClient, lanterns: list[int]) -> None:
    with unit_of_work() as tx:
        user = users.by_email(tx, "ana@example.com")
        assert user is not None
        users.set_personalised(tx, Actor(user_id=user.user_id), on=False)
    ids, page = page_of(ana, "/search?q=lantern&order=personal")
    assert ids == lanterns[:24]
    assert app.extensions["recs"].asked == []
    assert SAID not in page
    assert "Order it for me" not in page


def test_a_visitor_nothing_is_known_of_is_told_nothing(app: Flask, lanterns: list[int]) -> None:
    ids, page = page_of(app.test_client())
    assert ids == lanterns[:24]
    assert "/search/order" not in page


@pytest.mark.parametrize("recs", [NullRecs(), Ill()], ids=["none", "ill"])
def test_without_the_recommender_the_order_is_plain(
    app: Flask, ana: ShopClient, lanterns: list[int], recs: NullRecs
) -> None:
    app.extensions["recs"] = recs
    ids, page = page_of(ana)
    assert ids == lanterns[:24]
    assert SAID not in page


def test_sold_out_stays_last_and_what_holds_the_words_first(app: Flask, ana: ShopClient) -> None:
    with unit_of_work() as tx:
        there = [make_product(tx, name="Brass beacon"), make_product(tx, name="Brass beacon")]
        near = [make_product(tx, name="Lighthouse"), make_product(tx, name="Torch")]
        gone = make_product(tx, name="Brass beacon", stock=0)
    app.extensions["recs"] = Backwards(*near)
    ids, _page = page_of(ana, "/search?q=beacon")
    assert set(ids[:2]) == set(there)
    assert set(ids[2:4]) == set(near)
    assert ids[4] == gone


def test_a_product_the_model_does_not_know_keeps_its_place(app: Flask) -> None:
    class Knows(NullRecs):
        def order(self, ask: Ask) -> Picks:
            return Picks((Pick(4, 1, 1.0), Pick(1, 2, 0.5)))

    hits = [(number, True) for number in (1, 2, 3, 4)]
    found = personal_order.first_for(Actor(user_id=1), hits, (), Knows(), now=None)  # type: ignore[arg-type]
    assert found == (1, 2, 4, 3)


def test_the_page_needs_few_statements(ana: ShopClient, count_sql: Callable) -> None:
    for path in ("/search?q=lantern", "/search?q=lantren", "/search?q=lantern&page=3&in_stock=1"):
        with count_sql() as n:
            page_of(ana, path)
        assert n() <= 12, path


# A shelf


def sorts_of(page: str) -> dict[str, bool]:
    """Return the orders a list offers and whether each is the present one."""
    part = page.split('<select class="input" id="sort"')[1].split("</select>")[0]
    return {value: bool(chosen) for value, chosen in re.findall(r'<option value="([\w-]+)"( selected)?>', part)}


def test_a_shelf_is_ordered_for_a_visitor_who_asks_for_it_and_says_how(
    app: Flask, ana: ShopClient, lanterns: list[int]
) -> None:
    before, page = page_of(ana, "/c/lamps")
    assert sorts_of(page)["for-you"] is False
    assert "Ordered for you" not in page
    assert app.extensions["recs"].asked == []
    ids, page = page_of(ana, "/c/lamps?sort=for-you")
    assert sorts_of(page)["for-you"] is True
    assert "Ordered for you: the first 50" in page
    assert ids != before
    (asked,) = app.extensions["recs"].asked
    assert len(asked.product_ids) == 50
    assert len(asked.history) == 1
    assert '<a href="/c/lamps">Switch off</a>' in page


def test_the_pages_of_a_shelf_hold_everything_once_in_a_visitors_order(ana: ShopClient, lanterns: list[int]) -> None:
    pages = [page_of(ana, f"/c/lamps?sort=for-you&page={number}") for number in (1, 2, 3)]
    shown = [product_id for ids, _page in pages for product_id in ids]
    assert len(shown) == len(set(shown)) == len(lanterns) + 1
    assert all("Ordered for you" in page for _ids, page in pages)
    assert "sort=for-you&amp;page=2" in pages[0][1]


def test_a_page_behind_the_first_fifty_says_that_they_are_ordered_only_while_a_model_orders_them(
    app: Flask, ana: ShopClient, lanterns: list[int]
) -> None:
    with unit_of_work() as tx:
        for number in range(20):
            make_product(tx, name="Lantern", popularity=float(20 - number))
    for path in ("/c/lamps?sort=for-you&page=4", "/search?q=lantern&page=4"):
        app.extensions["recs"] = Backwards()
        ids, page = page_of(ana, path)
        assert SAID in page
        app.extensions["recs"] = NullRecs()
        plain, page = page_of(ana, path)
        assert SAID not in page
        assert plain == ids != []


def test_filters_keep_a_visitors_order_of_a_shelf(ana: ShopClient) -> None:
    _ids, page = page_of(ana, "/c/lamps?sort=for-you&in_stock=1")
    assert '<input type="hidden" name="sort" value="for-you">' in page
    assert 'href="/c/lamps?in_stock=1">Switch off</a>' in page


def is_plain(client: ShopClient) -> bool:
    ids, page = page_of(client, "/c/lamps?sort=for-you")
    chosen = [value for value, is_chosen in sorts_of(page).items() if is_chosen]
    return "Ordered for you" not in page and chosen == ["popular"] and ids == page_of(client, "/c/lamps")[0]


def test_nobody_unknown_or_paused_is_offered_an_order_of_their_own(
    app: Flask, ana: ShopClient, lanterns: list[int]
) -> None:
    stranger: ShopClient = app.test_client()
    assert is_plain(stranger)
    assert "for-you" not in sorts_of(page_of(stranger, "/c/lamps")[1])
    with unit_of_work() as tx:
        make_user(tx, "new@example.com")
        user = users.by_email(tx, "ana@example.com")
        assert user is not None
        users.set_personalised(tx, Actor(user_id=user.user_id), on=False)
    new: ShopClient = app.test_client()
    new.sign_in("new@example.com")
    for client in (new, ana):
        assert is_plain(client)
        assert "for-you" not in sorts_of(page_of(client, "/c/lamps")[1])
    assert app.extensions["recs"].asked == []


@pytest.mark.parametrize("recs", [NullRecs(), Ill()], ids=["none", "ill"])
def test_a_shelf_is_plain_without_the_recommender(app: Flask, ana: ShopClient, recs: NullRecs) -> None:
    app.extensions["recs"] = recs
    assert is_plain(ana)


def test_a_search_has_no_such_order_in_its_address(ana: ShopClient, lanterns: list[int]) -> None:
    _ids, page = page_of(ana, "/search?q=lantern&sort=for-you")
    assert sorts_of(page)["relevance"] is True
    assert "for-you" not in sorts_of(page)
    assert 'name="sort" value="for-you"' not in page


def test_a_shelf_in_a_visitors_order_needs_few_statements(ana: ShopClient, count_sql: Callable) -> None:
    for path in ("/c/lamps", "/c/lamps?sort=for-you", "/c/lamps?sort=for-you&in_stock=1&brand=alder&f-colour=moss"):
        with count_sql() as n:
            page_of(ana, path)
        assert n() <= 12, path
