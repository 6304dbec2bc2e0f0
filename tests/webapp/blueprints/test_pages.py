"""The pages one browses: there for everybody, few statements, honest when there is nothing to show."""

import errno
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.conftest import NOW
from tests.factories import ShopClient, make_category, make_event, make_product, make_user
from webapp.actors import Actor
from webapp.services.upkeep import media
from webapp.store import catalogue, interactions, products, taste
from webapp.store.tx import read_unit, unit_of_work
from webapp.viewbuilders.links import product_url

CountSql = Callable[[], AbstractContextManager[Callable[[], int]]]
MOST_STATEMENTS = 12


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    with unit_of_work() as tx:
        return [make_product(tx, name=f"Lamp {n}", popularity=float(n), picture=f"lamp-{n}") for n in range(30)]


def url_of(app: Flask, product_id: int) -> str:
    with read_unit() as tx:
        row = products.cards(tx, [product_id])[product_id]
    with app.test_request_context():
        return product_url(row.product_id, row.slug)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/c/lamps",
        "/c/home?sort=price&in_stock=1&brand=alder&rating=4&price_from=10&price_to=90&page=2&f-colour=moss",
        "/search",
        "/search?q=lamp",
        "/search?q=lmap",
        "/search?q=zzzzzz",
        "/search/suggest?q=la",
        "/search/suggest?q=",
        "/rails?context=home",
        "/rails?context=cart",
        "/cart",
        "/account/sign-in",
        "/account/register",
        "/wishlist",
        "/your-recommendations",
        "/about-the-demo",
        "/api/docs",
        "/healthz",
        "/readyz",
    ],
)
@pytest.mark.parametrize("is_full", [True, False])
def test_every_page_is_there_in_a_full_and_in_an_empty_shop(
    app: Flask, client: ShopClient, path: str, is_full: bool
) -> None:
    if is_full:
        with unit_of_work() as tx:
            for number in range(30):
                make_product(tx, name=f"Lamp {number}")
    else:
        with unit_of_work() as tx:
            make_category(tx, "Home > Lamps")
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[-800:]


@pytest.mark.parametrize("n_products", [20, 200])
def test_pages_need_few_statements_at_any_size(app: Flask, count_sql: CountSql, n_products: int) -> None:
    with unit_of_work() as tx:
        ids = [make_product(tx, name=f"Lamp {n}", picture=f"lamp-{n}") for n in range(n_products)]
        member = Actor(user_id=make_user(tx, "ana@example.com"))
        for product_id in ids[:10]:
            make_event(tx, member, product_id)
            taste.set_stars(tx, member, product_id, 4, now=NOW)
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    paths = ["/", "/c/lamps", "/search?q=lamp", url_of(app, ids[0]), url_of(app, ids[12]), "/cart", "/wishlist"]
    paths += ["/your-recommendations", "/account", "/account/orders", "/account/reviews", "/account/alerts"]
    paths += ["/rails?context=home"]
    for path in paths:
        with count_sql() as n:
            assert client.get(path).status_code == 200
        assert n() <= MOST_STATEMENTS, path


def test_the_first_look_of_somebody_new_is_cheap_too(app: Flask, shelf: list[int], count_sql: CountSql) -> None:
    with count_sql() as n:
        app.test_client().get(url_of(app, shelf[0]))
    assert n() <= MOST_STATEMENTS + 1


def test_a_product_has_one_address(client: ShopClient, app: Flask, shelf: list[int]) -> None:
    answer = client.get(f"/p/{shelf[0]}-old-name?variant=7")
    assert answer.status_code == 301
    assert answer.headers["Location"] == url_of(app, shelf[0]) + "?variant=7"


@pytest.mark.parametrize("path", ["/p/999999", "/c/nothing", "/nothing", "/media/../secret_key", "/media/x-100.webp"])
def test_what_is_not_there_is_404(client: ShopClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_address_that_is_gone_goes_on_with_a_rail(client: ShopClient, shelf: list[int]) -> None:
    assert 'data-rails="/rails?context=search" data-later' in client.get("/p/999999").get_data(as_text=True)
    assert 'data-rail="popular"' in client.get("/rails?context=search").get_data(as_text=True)


def test_a_hidden_product_answers_like_a_missing_one(app: Flask, client: ShopClient) -> None:
    with unit_of_work() as tx:
        hidden = make_product(tx, is_visible=False)
    bodies = []
    for path in (f"/p/{hidden}", "/p/999999"):
        answer = client.get(path, headers={"Accept": "application/json"})
        bodies.append({k: v for k, v in answer.get_json().items() if k != "request_id"})
    assert bodies[0] == bodies[1]


def test_a_view_is_written_down_once_within_half_an_hour(app: Flask, client: ShopClient, shelf: list[int]) -> None:
    for _look in range(3):
        client.get(url_of(app, shelf[0]))
    page = client.get("/your-recommendations").get_data(as_text=True)
    assert page.count("Lamp 0") >= 1
    with read_unit() as tx:
        assert interactions.count(tx) == 1


def test_the_home_page_goes_on_where_a_guest_left_off(app: Flask, client: ShopClient, shelf: list[int]) -> None:
    before = client.get("/").get_data(as_text=True)
    client.get(url_of(app, shelf[3]))
    after = client.get("/").get_data(as_text=True)
    assert 'data-rail="recent"' not in before
    assert 'data-rail="recent"' in after


def test_nothing_stands_twice_on_the_home_page(app: Flask, client: ShopClient, shelf: list[int]) -> None:
    client.get(url_of(app, shelf[29]))
    page = client.get("/").get_data(as_text=True)
    rails = page[page.index('class="rails"') :]
    shown = re.findall(r'data-card="(\d+)"', rails)
    assert len(shown) == len(set(shown)) > 20


def test_what_a_newcomer_is_asked_to_rate_stands_in_no_rail(client: ShopClient) -> None:
    with unit_of_work() as tx:
        for number in range(30):
            make_product(tx, category=f"Home > Shelf {number % 6}", popularity=float(number))
    page = client.get("/").get_data(as_text=True)
    asked = set(re.findall(r'data-rate="(\d+)"', page))
    assert len(asked) == 5
    assert not asked & set(re.findall(r'data-card="(\d+)"', page))


def test_a_small_shop_asks_for_stars_and_fills_its_rails_all_the_same(client: ShopClient) -> None:
    with unit_of_work() as tx:
        for number in range(6):
            make_product(tx, popularity=float(number))
    page = client.get("/").get_data(as_text=True)
    assert 'data-rate="' in page
    assert 'data-rail="popular"' in page


def test_sizes_stand_in_their_own_order(client: ShopClient) -> None:
    with unit_of_work() as tx:
        for number, size in enumerate(["L", "M", "S", "XL", "XS", "36-40", "41", "9", "moss"]):
            name = "Size" if len(size) < 3 and size.isalpha() else "Length" if size[0].isdigit() else "Colour"
            for _piece in range(1 + number % 3):
                make_product(tx, attributes={name: size})
    page = client.get("/c/lamps").get_data(as_text=True)
    assert re.findall(r'name="f-size" value="(\w+)"', page) == ["XS", "S", "M", "L", "XL"]
    assert re.findall(r'name="f-length" value="([\w-]+)"', page) == ["9", "36-40", "41"]


def test_sold_out_and_hidden_things_are_in_no_rail(app: Flask, client: ShopClient, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        gone = make_product(tx, stock=0, popularity=1000.0, name="Gone lamp")
        secret = make_product(tx, is_visible=False, popularity=1000.0, name="Secret lamp")
    page = client.get("/rails?context=home").get_data(as_text=True)
    assert f'data-card="{gone}"' not in page
    assert f'data-card="{secret}"' not in page


def test_an_empty_list_says_what_dropping_a_filter_yields(client: ShopClient, shelf: list[int]) -> None:
    page = client.get("/c/lamps?price_to=1&brand=alder&brand=nobody&in_stock=1").get_data(as_text=True)
    ways = re.findall(r'<a class="chip" href="[^"]*">(without [^<]*)(?: <span class="muted">(\d+)</span>)?</a>', page)
    assert ways == [("without “Alder”", ""), ("without “nobody”", ""), ("without “up to €1.00”", "30")]


def test_what_is_chosen_has_its_own_name_where_nothing_is_found(client: ShopClient, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        make_product(tx, brand="Lumen House", category="Table > Mugs", attributes={"Lamp_holder": "E27"})
    page = client.get("/c/lamps?brand=lumen-house&f-lamp-holder=E27").get_data(as_text=True)
    chips = re.findall(r'<a class="chip on" href="[^"]*">([^<]*)<', page)
    assert chips == ["Lumen House", "E27"]
    assert "lumen-house</" not in page
    assert '<span id="facet-f-lamp-holder">Lamp holder</span>' in page
    found = client.get("/search?brand=lumen-house&price_to=1").get_data(as_text=True)
    assert "<h1>Lumen House</h1>" in found


def test_an_article_number_leads_to_its_product(app: Flask, client: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, variants=[{"sku": "LA-77"}])
    assert client.get("/search?q=LA-77").headers["Location"] == url_of(app, lamp)


def test_options_name_what_is_not_made_or_sold_out(app: Flask, client: ShopClient) -> None:
    variants = [
        {"options": {"Colour": "moss", "Size": "S"}, "name": "moss, S"},
        {"options": {"Colour": "moss", "Size": "M"}, "name": "moss, M", "stock": 0},
        {"options": {"Colour": "ink", "Size": "S"}, "name": "ink, S"},
    ]
    with unit_of_work() as tx:
        shirt = make_product(tx, variants=variants)
        ids = {row.name: row.variant_id for row in products.variants_of(tx, [shirt])}
    page = client.get(url_of(app, shirt)).get_data(as_text=True)
    assert f"variant={ids['ink, S']}" in page
    assert "sold out" in page
    ink = client.get(f"{url_of(app, shirt)}?variant={ids['ink, S']}").get_data(as_text=True)
    assert "not made in ink" in ink


def test_a_picture_is_drawn_when_it_is_first_asked_for(app: Flask, client: ShopClient) -> None:
    spec = {
        "kind": "lamp",
        "cut": "desk",
        "colour": "moss",
        "second_colour": "sand",
        "pattern": "plain",
        "material": "brass",
        "detail": "plain",
    }
    with unit_of_work() as tx:
        lamp = make_product(tx)
        row = {"stem": media.stem_of(spec), "spec": spec, "position": 0, "width": 960, "height": 1200, "alt": "A lamp"}
        catalogue.set_pictures(tx, lamp, [row])
    name = f"{media.stem_of(spec)}-640.webp"
    answer = client.get(f"/media/{name}")
    assert answer.status_code == 200
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert (Path(app.instance_path) / "media" / name).exists()
    answer.close()


@pytest.mark.parametrize("step", ["fdopen", "replace"])
def test_a_picture_is_shown_though_the_disk_cannot_take_it(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Every look at it ended in an error and left a piece of it behind, in what little room there was."""
    spec = {"kind": "lamp", "cut": "desk", "colour": "sand", "second_colour": "moss"}
    spec |= {"pattern": "plain", "material": "brass", "detail": "plain"}
    with unit_of_work() as tx:
        row = {"stem": media.stem_of(spec), "spec": spec, "position": 0, "width": 960, "height": 1200, "alt": "A lamp"}
        catalogue.set_pictures(tx, make_product(tx), [row])
    name, folder = f"{media.stem_of(spec)}-320.webp", Path(app.instance_path) / "media"
    (folder / name).unlink(missing_ok=True)

    def fail(*_given: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(media.os, step, fail)
        answer = client.get(f"/media/{name}")
    assert (answer.status_code, answer.mimetype, answer.data[8:12]) == (200, "image/webp", b"WEBP")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert [path.name for path in folder.iterdir() if name in path.name] == []
    kept = client.get(f"/media/{name}")
    assert "immutable" in kept.headers["Cache-Control"]
    assert kept.data == answer.data
    kept.close()


def test_readiness_names_what_is_wrong(app: Flask, client: ShopClient) -> None:
    assert client.get("/readyz").get_json()["database"] == "ok"
    downgrade()
    late = client.get("/readyz")
    assert late.status_code == 503
    assert "flask db upgrade" in late.get_json()["database"]
    upgrade()


def test_files_whose_address_follows_their_content_are_kept_for_good(client: ShopClient) -> None:
    page = client.get("/").get_data(as_text=True)
    found = re.search(r'href="(/static/css/tokens\+[a-z+]+\.css\?v=\w+)"', page)
    assert found
    with client.get(found[1]) as kept, client.get("/static/css/tokens.css") as asked_again:
        assert "immutable" in kept.headers["Cache-Control"]
        assert "immutable" not in asked_again.headers.get("Cache-Control", "")


@pytest.mark.parametrize("path", ["/static/nothing.css?v=1", "/static/css/nothing.css?v=1", "/static/img/?v=1"])
def test_an_error_at_an_address_of_a_file_is_kept_by_nobody(client: ShopClient, path: str) -> None:
    """Its page holds the visitor's name and token, and may bring a session along."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/search/suggest?q=lamp", "/rails", "/healthz"])
def test_what_is_no_page_is_kept_for_nobody_else_either(client: ShopClient, path: str) -> None:
    """Suggestions hold the visitor's own searches."""
    assert client.get(path).headers["Cache-Control"] == "private, no-cache"


def test_the_header_of_a_shop_with_hundreds_of_categories_stays_short(app: Flask, client: ShopClient) -> None:
    """The categories of an imported file are often one flat list; on a wide screen it filled the whole window."""
    with unit_of_work() as tx:
        for number in range(40):
            for _thing in range(2 if number % 10 == 9 else 1):
                make_product(tx, category=f"Shelf {number:02}")
    page = client.get("/c/shelf-20").get_data(as_text=True)
    header, drawer = page.split('class="shelves"')[1].split('id="drawer"')
    header = header.split("</nav>")[0]
    named = re.findall(r">(Shelf \d\d)<", header)
    assert len(named) == 8
    assert named == sorted(named)
    assert {"Shelf 09", "Shelf 19", "Shelf 20", "Shelf 29", "Shelf 39"} <= set(named)
    assert 'aria-current="true">Shelf 20<' in header
    assert re.search(r'<button type="button" popovertarget="drawer">\s*All shelves', header)
    assert len(re.findall(r">(Shelf \d\d)<", drawer.split("</nav>")[0])) == 40
