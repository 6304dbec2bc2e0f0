"""What search engines and feed readers are told: only what is there, and the same that people see."""

import json
import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import NOW
from tests.factories import ShopClient, make_category, make_product, make_user
from tests.templates.markup import Markup
from webapp.actors import Actor
from webapp.services.browsing import indexes
from webapp.store import interactions, taste
from webapp.store.models import Guest
from webapp.store.tx import read_unit, unit_of_work

SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def page_of(client: ShopClient, product_id: int, query: str = "") -> str:
    return client.get(f"/p/{product_id}{query}", follow_redirects=True).get_data(as_text=True)


def described(page: str, kind: str) -> dict[str, Any]:
    """Return the one JSON-LD object of a kind."""
    blocks = [json.loads(raw) for raw in re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page)]
    found = [block for block in blocks if block["@type"] == kind]
    assert len(found) == 1
    return found[0]


def addresses(client: ShopClient, path: str) -> list[str]:
    """Return the addresses of a site map as paths."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "application/xml"
    tree = ElementTree.fromstring(answer.get_data())  # noqa: S314 - our own answer
    return [str(node.text).removeprefix("http://localhost") for node in tree.iterfind(".//s:loc", SITEMAP)]


STATES = {
    "plain": ({}, None),
    "on sale": ({"price_cents": 3900, "old_price_cents": 4900}, 4),
    "sold out": ({"stock": 0}, 2),
    "dear": ({"price_cents": 123_456_789}, None),
    "few left": ({"stock": 2}, 5),
}


@pytest.mark.parametrize("state", STATES)
def test_f20_price_stock_and_stars_are_those_of_the_page(client: ShopClient, state: str) -> None:
    over, stars = STATES[state]
    with unit_of_work() as tx:
        lamp = make_product(tx, **over)  # type: ignore[arg-type]
        for _vote in range(2 if stars else 0):
            taste.set_stars(tx, Actor(user_id=make_user(tx)), lamp, stars or 0, now=NOW)
    page = page_of(client, lamp)
    told = described(page, "Product")
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page[page.index('class="product-price"') :])))
    shown = re.search(r"€([\d,]+\.\d\d)", text)
    assert shown
    assert told["offers"]["price"] == shown[1].replace(",", "")
    assert told["offers"]["priceCurrency"] == "EUR"
    is_out = "Sold out at the moment" in page
    assert told["offers"]["availability"].endswith("/OutOfStock" if is_out else "/InStock")
    rating = re.search(r'aria-label="Rated ([\d.]+) of 5 by (\d+) people"', page)
    expected = {"@type": "AggregateRating", "ratingValue": rating[1], "ratingCount": int(rating[2])} if rating else None
    assert told.get("aggregateRating") == expected
    assert (rating is None) == (stars is None)


def test_f20_a_variant_tells_its_own_price(app: Flask, client: ShopClient) -> None:
    variants = [{"name": "small", "sku": "S-1"}, {"name": "large", "sku": "L-1", "price_cents": 6900, "stock": 0}]
    with unit_of_work() as tx:
        lamp = make_product(tx, variants=variants)
    with app.test_request_context():
        chosen = re.search(r'name="variant_id" value="(\d+)"', page_of(client, lamp))
    assert chosen
    told = described(page_of(client, lamp, f"?variant={int(chosen[1]) + 1}"), "Product")
    assert (told["sku"], told["offers"]["price"]) == ("L-1", "69.00")
    assert told["offers"]["availability"].endswith("/OutOfStock")


def test_f20_the_breadcrumb_is_told_as_it_is_shown(client: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, name="Reading lamp", category="Home > Lamps")
    for page in (page_of(client, lamp), client.get("/c/lamps").get_data(as_text=True)):
        trail = next(nav for nav in Markup(page).all("nav") if nav.attributes.get("class") == "crumbs")
        shown = [line.strip() for line in trail.text.split("\n") if line.strip()]
        items = described(page, "BreadcrumbList")["itemListElement"]
        assert [item["name"] for item in items] == shown
        assert shown[:3] == ["Kindred", "Home", "Lamps"]  # the first page is not called like a department
        assert [item["position"] for item in items] == list(range(1, len(shown) + 1))


def test_f20_the_home_page_says_who_runs_the_shop(app: Flask, client: ShopClient) -> None:
    app.config["SELLER"] = ("Kindred Ltd", "1 Paper Street", "10115 Berlin")
    told = described(client.get("/").get_data(as_text=True), "Organization")
    assert (told["name"], told["legalName"], told["address"]) == (
        "Kindred",
        "Kindred Ltd",
        "1 Paper Street, 10115 Berlin",
    )
    assert told["url"] == "http://localhost/"


def test_s22_nothing_in_the_data_ends_the_script(client: ShopClient) -> None:
    evil = "</script><script>alert(1)</script><!--"
    with unit_of_work() as tx:
        lamp = make_product(tx, name=f"Lamp {evil}", description=evil, brand=evil)
    page = page_of(client, lamp)
    for raw in re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.DOTALL):
        assert "<" not in raw
    assert described(page, "Product")["name"] == f"Lamp {evil}"


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("/c/lamps", "/c/lamps"),
        ("/c/lamps?page=2", "/c/lamps?page=2"),
        ("/c/lamps?sort=price&in_stock=1", "/c/lamps"),
        ("/about-the-demo", "/about-the-demo"),
    ],
)
def test_a_page_names_its_one_address(client: ShopClient, path: str, canonical: str) -> None:
    with unit_of_work() as tx:
        for _product in range(30):
            make_product(tx)
    page = client.get(path).get_data(as_text=True)
    assert f'<link rel="canonical" href="http://localhost{canonical}">' in page
    assert f'<meta property="og:url" content="http://localhost{canonical}">' in page


@pytest.mark.parametrize("path", ["/c/lamps?in_stock=1", "/search?q=lamp", "/cart", "/account/sign-in", "/nothing"])
def test_what_belongs_in_no_index_says_so(client: ShopClient, path: str) -> None:
    with unit_of_work() as tx:
        make_product(tx)
    assert '<meta name="robots" content="noindex">' in client.get(path).get_data(as_text=True)


def test_the_site_map_lists_what_can_be_seen_and_nothing_else(client: ShopClient) -> None:
    with unit_of_work() as tx:
        shown = [make_product(tx, name=f"Lamp {n}") for n in range(3)]
        sold_out = make_product(tx, name="Rare lamp", stock=0)
        make_product(tx, name="Secret lamp", is_visible=False, category="Cellar")
        make_category(tx, "Empty shelf")
    assert addresses(client, "/sitemap.xml") == ["/sitemap-0.xml", "/sitemap-1.xml"]
    assert set(addresses(client, "/sitemap-0.xml")) == {"/", "/c/home", "/c/lamps"}
    products = addresses(client, "/sitemap-1.xml")
    assert {int(path.removeprefix("/p/").split("-")[0]) for path in products} == {*shown, sold_out}
    for path in products:
        assert client.get(path).status_code == 200
    assert client.get("/sitemap-2.xml").status_code == 404


def test_a_long_site_map_has_several_parts(client: ShopClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "PART_SIZE", 4)
    with unit_of_work() as tx:
        ids = {make_product(tx) for _product in range(9)}
    parts = addresses(client, "/sitemap.xml")
    assert len(parts) == 4
    found = [path for part in parts[1:] for path in addresses(client, part)]
    assert len(found) == 9
    assert {int(path.removeprefix("/p/").split("-")[0]) for path in found} == ids


def test_robots_are_told_where_to_look(client: ShopClient) -> None:
    text = client.get("/robots.txt").get_data(as_text=True)
    assert "Sitemap: http://localhost/sitemap.xml" in text
    for path in ("/account", "/cart", "/checkout", "/admin", "/search"):
        assert f"Disallow: {path}\n" in text


def test_new_products_are_a_feed(client: ShopClient) -> None:
    with unit_of_work() as tx:
        make_product(tx, name="Old lamp")
        make_product(tx, name="New <b> lamp", created_at=NOW, updated_at=NOW)
        make_product(tx, name="Secret lamp", is_visible=False, created_at=NOW)
    assert 'type="application/atom+xml" href="/feed.xml"' in client.get("/").get_data(as_text=True)
    answer = client.get("/feed.xml")
    assert answer.mimetype == "application/atom+xml"
    tree = ElementTree.fromstring(answer.get_data())  # noqa: S314 - our own answer
    titles = [node.findtext("a:title", namespaces=ATOM) for node in tree.iterfind("a:entry", ATOM)]
    assert titles == ["New <b> lamp", "Old lamp"]
    assert tree.findtext("a:updated", namespaces=ATOM) == NOW.isoformat()


def test_a_character_that_xml_does_not_know_stops_no_feed(client: ShopClient) -> None:
    """Catalogues of old programs hold some: one product would make the whole feed unreadable."""
    with unit_of_work() as tx:
        make_product(tx, name="Br\x08ass\ufffe lamp \N{ELECTRIC LIGHT BULB}", description="Warm\x1b light\x0b\nfor all")
    tree = ElementTree.fromstring(client.get("/feed.xml").get_data())  # noqa: S314 - our own answer
    entry = tree.find("a:entry", ATOM)
    assert entry is not None
    assert entry.findtext("a:title", namespaces=ATOM) == "Brass lamp \N{ELECTRIC LIGHT BULB}"
    assert entry.findtext("a:summary", namespaces=ATOM) == "Warm light\nfor all"


def test_an_empty_shop_has_an_empty_feed_and_a_short_site_map(client: ShopClient) -> None:
    assert client.get("/feed.xml").status_code == 200
    assert addresses(client, "/sitemap.xml") == ["/sitemap-0.xml"]
    assert addresses(client, "/sitemap-0.xml") == ["/"]


def test_browsers_find_the_icon_where_they_look_for_it_by_themselves(client: ShopClient) -> None:
    with client.get("/favicon.ico") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/vnd.microsoft.icon")
        assert answer.data.startswith(bytes((0, 0, 1, 0)))
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert "Set-Cookie" not in answer.headers
    with client.get("/favicon.ico", headers={"If-None-Match": answer.headers["ETag"]}) as again:
        assert again.status_code == 304


MACHINES = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/140.0 Safari/537.36",
    "Mozilla/5.0 (compatible; Baiduspider/2.0)",
    "Mozilla/5.0 (compatible; Yahoo! Slurp)",
    "facebookexternalhit/1.1",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.24 A",
]
PEOPLE = [
    "Mozilla/5.0 (Linux; Android 15; CUBOT KINGKONG X) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "",
]


def people_and_looks() -> tuple[int, int]:
    with read_unit() as tx:
        return int(tx.scalar(select(func.count()).select_from(Guest)) or 0), interactions.count(tx)


@pytest.mark.parametrize("agent", MACHINES)
def test_a_machine_that_reads_a_product_is_nobody_who_looked_at_it(client: ShopClient, lamp: int, agent: str) -> None:
    """It keeps no cookie, so each page that it read counted as the look of one more person."""
    for _page in range(3):
        client.delete_cookie("kindred_session")
        assert client.get(f"/p/{lamp}", headers={"User-Agent": agent}, follow_redirects=True).status_code == 200
    assert people_and_looks() == (0, 0)


def test_asking_for_the_head_of_a_product_is_no_look_at_it(client: ShopClient, lamp: int) -> None:
    assert client.head(f"/p/{lamp}", follow_redirects=True).status_code == 200
    assert people_and_looks() == (0, 0)


@pytest.mark.parametrize("agent", PEOPLE)
def test_whoever_is_no_machine_has_looked_at_the_product(client: ShopClient, lamp: int, agent: str) -> None:
    client.get(f"/p/{lamp}", headers={"User-Agent": agent}, follow_redirects=True)
    assert people_and_looks() == (1, 1)
