"""A shop with hundreds of shelves: the page about one's picks stays small, and every shelf can be reached from it."""

import re
from html import unescape

import pytest
from flask import Flask

from tests.factories import ShopClient, make_category, make_product
from webapp.services.picks.taste_pages import MOST_FOUND, MOST_SHELVES
from webapp.store.tx import unit_of_work

PAGE = "/your-recommendations"


@pytest.fixture
def many(app: Flask) -> int:
    """Three hundred shelves in thirty departments; returns a product on the last one."""
    with unit_of_work() as tx:
        for n in range(270):
            make_category(tx, f"Area {n % 30} > Shelf {n}")
        return make_product(tx, category="Area 29 > Shelf 269")


def page_of(client: ShopClient, path: str = PAGE) -> str:
    return client.get(path).get_data(as_text=True)


def wishes(page: str) -> dict[str, str]:
    """Return what the form says of each shelf that it lists."""
    rows = re.findall(r'<select[^>]* name="category-([^"]+)".*?<option value="(\w+)" selected', page, re.DOTALL)
    return dict(rows)


def told(page: str) -> str:
    found = re.search(r'id="tune-found"[^>]*>([^<]*)<', page)
    return unescape(found[1]) if found else ""


def test_a_few_of_many_shelves_are_listed(client: ShopClient, many: int) -> None:
    page = page_of(client)
    assert 30 <= len(wishes(page)) <= MOST_SHELVES
    assert "area-29" in wishes(page)
    assert "shelf-269" not in wishes(page)
    assert "Find a shelf" in page


def test_the_shelves_below_one_alone_are_listed(client: ShopClient) -> None:
    with unit_of_work() as tx:
        for n in range(100):
            make_category(tx, f"Shop > Area {n % 10} > Shelf {n}")
    assert set(wishes(page_of(client))) == {"shop", *(f"area-{n}" for n in range(10))}


def test_a_shelf_that_was_looked_at_is_listed(client: ShopClient, many: int) -> None:
    client.get(f"/p/{many}", follow_redirects=True)
    assert wishes(page_of(client))["shelf-269"] == "same"


def test_a_shelf_is_found_by_its_name_and_stays_when_it_is_set(client: ShopClient, many: int) -> None:
    shown = client.send(f"{PAGE}/tune", {"preview": "1", "shelf": "shelf 26", "category-shelf-7": "less"})
    assert shown.headers["Location"].endswith("#tune")
    page = page_of(client, shown.headers["Location"].removesuffix("#tune"))
    found = {f"shelf-{n}" for n in (26, *range(260, 270))}
    assert set(wishes(page)) == found | {"shelf-7"} | {f"area-{n}" for n in (7, 26, *range(20, 30))}
    assert wishes(page)["shelf-7"] == "less"
    assert told(page) == "11 shelves fit."
    assert re.search(r'<details class="tune-below" id="tune-below-area-26" open>', page)
    client.send(f"{PAGE}/tune", wishes_as_form(page) | {"category-shelf-265": "never"})
    kept = {slug: wish for slug, wish in wishes(page_of(client)).items() if wish != "same"}
    assert kept == {"shelf-7": "less", "shelf-265": "never"}
    client.send(f"{PAGE}/tune", wishes_as_form(page_of(client, f"{PAGE}?shelf=shelf+1")))
    assert {slug: wish for slug, wish in wishes(page_of(client)).items() if wish != "same"} == kept


def wishes_as_form(page: str) -> dict[str, str]:
    return {f"category-{slug}": wish for slug, wish in wishes(page).items()}


def test_too_many_and_no_hits_are_said(client: ShopClient, many: int) -> None:
    page = page_of(client, f"{PAGE}?shelf=shelf")
    assert told(page) == f"270 shelves fit; {MOST_FOUND} of them are here. More letters leave fewer."
    assert len(wishes(page)) <= MOST_FOUND + 30
    assert "shelf-7" in wishes(page)  # the shortest names are the nearest
    assert told(page_of(client, f"{PAGE}?shelf=rocket")) == "No shelf is called so."


def test_all_that_is_set_is_listed_however_much_it_is(client: ShopClient, many: int) -> None:
    form = {f"category-shelf-{n}": "less" for n in range(2 * MOST_SHELVES)}
    client.send(f"{PAGE}/tune", form)
    assert {slug for slug, wish in wishes(page_of(client)).items() if wish == "less"} == {
        name.removeprefix("category-") for name in form
    }


def test_a_shop_with_a_few_shelves_lists_all_of_them(client: ShopClient) -> None:
    with unit_of_work() as tx:
        for n in range(20):
            make_category(tx, f"Area {n % 4} > Shelf {n}")
    page = page_of(client, f"{PAGE}?shelf=shelf+1")
    assert len(wishes(page)) == 24
    assert "Find a shelf" not in page


@pytest.mark.parametrize("name", ["endpoint", "_anchor", "_external", "nonsense"])
def test_a_try_takes_along_what_it_knows_alone(client: ShopClient, many: int, name: str) -> None:
    answer = client.send(f"{PAGE}/tune", {"preview": "1", "variety": "75", name: "1"})
    assert answer.headers["Location"] == f"{PAGE}?preview=1&variety=75"
