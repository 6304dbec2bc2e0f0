"""The reviews on a product's page: filtered by stars and put in order by links, each an address."""

import re
from html import unescape

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import ShopClient, make_product, make_user
from webapp.actors import Actor
from webapp.store import products, reviews, taste
from webapp.store.tx import read_unit, unit_of_work

ORDERS = ["Newest first", "Most stars first", "Fewest stars first"]


@pytest.fixture
def lamp(app: Flask) -> str:
    """A lamp with six reviews: two of five stars, then four of one to four; its address."""
    with unit_of_work() as tx:
        made = make_product(tx, name="Lamp")
        for stars in (5, 5, 1, 2, 3, 4):
            review(tx, made, stars)
    return f"/p/{made}-lamp"


def review(tx, product_id: int, stars: int) -> None:
    user_id = make_user(tx)
    taste.set_stars(tx, Actor(user_id=user_id), product_id, stars, now=NOW)
    reviews.put(tx, user_id, product_id, title=f"Title {stars}", text="Words.", is_verified=False, now=NOW)


def links(page: str) -> dict[str, tuple[str, bool]]:
    """Return the orders on offer: words, address, whether it is the present one."""
    if 'aria-label="Order of the reviews"' not in page:
        return {}
    part = page.split('aria-label="Order of the reviews"')[1].split("</nav>")[0]
    found = re.findall(r'<a class="chip" href="([^"]*)"( aria-current="true")?>([^<]*)</a>', part)
    return {label: (unescape(url), bool(current)) for url, current, label in found}


def shown(page: str) -> list[int]:
    return [int(stars) for stars in re.findall(r"<strong>Title (\d)</strong>", page)]


def read(client: ShopClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_order_of_reviews_is_chosen_by_links(client: ShopClient, lamp: str) -> None:
    page = read(client, lamp)
    assert list(links(page)) == ORDERS
    assert links(page)["Newest first"] == (f"{lamp}#reviews", True)
    url, is_current = links(page)["Most stars first"]
    assert (url, is_current) == (f"{lamp}?reviews=best#reviews", False)
    best = read(client, url)
    assert shown(best) == sorted(shown(best), reverse=True)
    assert [label for label, (_url, current) in links(best).items() if current] == ["Most stars first"]


def test_variant_stars_and_order_stay_together(app: Flask, client: ShopClient, lamp: str) -> None:
    with read_unit() as tx:
        variant = products.variants_of(tx, [int(lamp.split("/")[2].split("-")[0])])[0].variant_id
    page = read(client, f"{lamp}?variant={variant}&stars=5&reviews=worst")
    assert links(page)["Most stars first"][0] == f"{lamp}?variant={variant}&stars=5&reviews=best#reviews"
    assert shown(page) == [5, 5]
    hrefs = [unescape(url) for url in re.findall(r'href="([^"]*#reviews)"', page)]
    assert f"{lamp}?variant={variant}&stars=4&reviews=worst#reviews" in hrefs  # another bar of the histogram
    assert f"{lamp}?variant={variant}&reviews=worst#reviews" in hrefs  # all stars again


def test_one_review_needs_no_order(client: ShopClient, lamp: str) -> None:
    assert links(read(client, f"{lamp}?stars=4")) == {}
    with unit_of_work() as tx:
        other = make_product(tx, name="Vase")
    assert links(read(client, f"/p/{other}-vase")) == {}


def test_an_order_nobody_knows_is_the_usual_one(client: ShopClient, lamp: str) -> None:
    assert links(read(client, f"{lamp}?reviews=loudest"))["Newest first"][1]


@pytest.mark.parametrize("name", ["דנה לוי", "Eve \u202e"], ids=["Hebrew", "turned round"])
def test_the_date_reads_the_same_whichever_way_the_name_is_written(app: Flask, client: ShopClient, name: str) -> None:
    """After such a name "29. November" began with the month, or the whole date stood mirrored."""
    with unit_of_work() as tx:
        made, user_id = make_product(tx, name="Lamp"), make_user(tx, name=name)
        taste.set_stars(tx, Actor(user_id=user_id), made, 5, now=NOW)
        reviews.put(tx, user_id, made, title="", text="Words.", is_verified=False, now=NOW)
    shown_name = re.search(r"<bdi>([^<]*)</bdi>, <time", read(client, f"/p/{made}-lamp"))
    assert shown_name is not None
    assert shown_name[1].split()[0] == name.split()[0]
