"""What a member rated and reviewed, in their account: all of it, nobody else's, changed and taken back from there."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from tests.conftest import NOW
from tests.factories import ShopClient, make_product, make_user, put_in_cart, ready_to_pay
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.services.browsing import reviews as reviews_service
from webapp.services.buying import checkout
from webapp.store import orders, reviews, taste
from webapp.store.models import Product, Review
from webapp.store.tx import Tx, read_unit, unit_of_work

PAGE = "/account/reviews"


@pytest.fixture
def ana(app: Flask) -> Actor:
    with unit_of_work() as tx:
        return Actor(user_id=make_user(tx, "ana@example.com"))


@pytest.fixture
def browser(app: Flask, ana: Actor) -> ShopClient:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    return client


def rated(tx: Tx, who: Actor, name: str, stars: int = 4, *, words: str = "", days: int = 0) -> int:
    """Rate, and review where there are words, a new product so many days after the beginning."""
    product_id, at = make_product(tx, name=name, picture=name.lower()), NOW + timedelta(days=days)
    taste.set_stars(tx, who, product_id, stars, now=at)
    if words:
        reviews.put(tx, who.user_id or 0, product_id, title=f"On {name}", text=words, is_verified=False, now=at)
    return product_id


def delivered(app: Flask, who: Actor, name: str, *, state: str = "delivered") -> int:
    with unit_of_work() as tx:
        product_id = make_product(tx, name=name)
        put_in_cart(tx, who, product_id)
    with app.test_request_context():
        order = checkout.place(who, ready_to_pay(who), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now())
    with unit_of_work() as tx:
        orders.move(tx, order.order_id, from_states=("placed",), to_state=state, paid_at=utc_now())
    return product_id


def read(client: ShopClient, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def shown(page: str) -> list[str]:
    return re.findall(r'class="own-item">.*?<h2>(?:<a [^>]*>)?([^<]*)<', page, re.DOTALL)


def asked(page: str) -> list[str]:
    return re.findall(r'action="/p/\d+/rate".*?data-name="([^"]*)"', page)


def test_stars_and_words_stand_there_newest_first(browser: ShopClient, ana: Actor) -> None:
    with unit_of_work() as tx:
        lamp = rated(tx, ana, "Lamp", 5, words="Bright.")
        rated(tx, ana, "Vase", 2, days=1)
    page = read(browser)
    assert shown(page) == ["Vase", "Lamp"]
    assert f'<a href="/p/{lamp}-lamp#reviews">Lamp</a>' in page
    assert "/media/lamp-320.webp" in page
    for words in (
        "5 stars of five",
        "2 stars of five",
        "On Lamp",
        "Bright.",
        'datetime="2026-11-20T',
        "Shown with the product",
    ):
        assert words in page
    assert page.count("Shown with the product") == 1


def test_nobody_sees_what_others_rated(app: Flask, browser: ShopClient) -> None:
    with unit_of_work() as tx:
        rated(tx, Actor(user_id=make_user(tx, "ben@example.com")), "Lamp", words="Bright.")
    assert shown(read(browser)) == []
    assert "Bright." not in read(browser)


def test_who_is_signed_out_is_asked_to_sign_in(client: ShopClient) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 401
    assert "/account/sign-in?next=/account/reviews" in answer.get_data(as_text=True)


def test_words_that_are_hidden_are_said_to_be_and_what_is_off_the_shelves_has_no_link(
    browser: ShopClient, ana: Actor
) -> None:
    with unit_of_work() as tx:
        lamp, vase = rated(tx, ana, "Lamp", words="Bright."), rated(tx, ana, "Vase", words="Tall.")
        tx.change(update(Review).where(Review.product_id == lamp).values(state="hidden"))
        tx.change(update(Product).where(Product.id == vase).values(is_visible=False))
    page = read(browser)
    assert "Your words are not shown" in page
    assert "Not on the shelves any more." in page
    assert "Shown with the product" not in page
    assert f"/p/{vase}" not in page


def test_taking_back_takes_the_stars_and_words_of_one_product_and_nothing_else(browser: ShopClient, ana: Actor) -> None:
    with unit_of_work() as tx:
        lamp, vase = rated(tx, ana, "Lamp", words="Bright."), rated(tx, ana, "Vase", words="Tall.")
        taste.wish(tx, ana, lamp, now=NOW)
    action = f"/your-recommendations/forget?product_id={lamp}&amp;scope=rating"
    assert action in read(browser)
    answer = browser.send(action.replace("&amp;", "&"), {"next": PAGE})
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    page = read(browser)
    assert shown(page) == ["Vase"]
    assert "Taken back." in page
    with read_unit() as tx:
        assert taste.stars_by(tx, ana) == {vase: 4}
        assert taste.n_wishes(tx, ana) == 1
        assert reviews.histogram(tx, lamp) == {}


def test_nobody_takes_back_what_others_rated(app: Flask, browser: ShopClient) -> None:
    with unit_of_work() as tx:
        ben = Actor(user_id=make_user(tx, "ben@example.com"))
        lamp = rated(tx, ben, "Lamp", words="Bright.")
    browser.send("/your-recommendations/forget", {"product_id": str(lamp), "scope": "rating"})
    with read_unit() as tx:
        assert taste.stars_by(tx, ben) == {lamp: 4}


def test_what_was_delivered_waits_for_its_stars(app: Flask, browser: ShopClient, ana: Actor) -> None:
    mug, _sent = delivered(app, ana, "Mug"), delivered(app, ana, "Boot", state="shipped")
    page = read(browser)
    assert asked(page) == ["Mug"]
    assert "One press on a star is enough." in page
    assert browser.send(f"/p/{mug}/rate", {"rating": "4", "next": PAGE}).headers["Location"] == PAGE
    page = read(browser)
    assert (asked(page), shown(page)) == ([], ["Mug"])


def test_who_has_rated_nothing_is_shown_the_way_to_the_shelves(browser: ShopClient) -> None:
    page = read(browser)
    assert "Nothing rated yet" in page
    assert '<a class="button" href="/">Look around</a>' in page


def test_many_ratings_stand_on_numbered_pages(
    app: Flask, browser: ShopClient, ana: Actor, count_sql: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews_service, "OWN_PAGE_SIZE", 2)
    delivered(app, ana, "Mug")
    with unit_of_work() as tx:
        for number in range(5):
            rated(tx, ana, f"Lamp {number}", words="Bright.", days=number)
    found, counts = [], []
    for page in ("1", "2", "3", "99"):
        with count_sql() as n:
            html = read(browser, f"{PAGE}?page={page}")
        found.append(shown(html))
        counts.append(n())
        assert asked(html) == (["Mug"] if page == "1" else [])
    assert found == [["Lamp 4", "Lamp 3"], ["Lamp 2", "Lamp 1"], ["Lamp 0"], ["Lamp 0"]]
    assert max(counts) <= 12


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999"])
def test_a_page_that_is_not_there_shows_one_that_is(browser: ShopClient, ana: Actor, page: str) -> None:
    with unit_of_work() as tx:
        rated(tx, ana, "Lamp")
    assert shown(read(browser, f"{PAGE}?page={page}")) == ["Lamp"]


def test_the_overview_leads_there(browser: ShopClient) -> None:
    page = read(browser, "/account")
    assert page.count('href="/account/reviews"') == 2
