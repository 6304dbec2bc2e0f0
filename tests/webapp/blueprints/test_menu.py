"""The menu of shelves in every page: whole in a small shop, the biggest shelves and ways to all in a large one."""

import re
from html import unescape

import pytest
from flask import Flask

from tests.factories import ShopClient
from webapp.store import products
from webapp.store.rows import CategoryRow

MOST_BYTES = 16_000
SHAPES = {
    "three levels": (20, 16, 4),
    "two wide levels": (40, 39, 0),
    "a flat list": (1600, 0, 0),
    "one department": (1, 1599, 0),
}


def tree(tops: int, below: int, lowest: int) -> list[CategoryRow]:
    """Make a tree in which each shelf has a thing; later ones on a level have more."""
    rows: list[CategoryRow] = []

    def add(parent: CategoryRow | None, number: int) -> CategoryRow:
        name = f"{parent.name if parent else 'Shelf with goods'} {number}"
        rows.append(
            CategoryRow(
                len(rows) + 1, parent and parent.category_id, name.lower().replace(" ", "-"), name, "", 0, number + 1
            )
        )
        return rows[-1]

    for top in range(tops):
        department = add(None, top)
        for inner in range(below):
            area = add(department, inner)
            for last in range(lowest):
                add(area, last)
    return rows


def set_shelves(monkeypatch: pytest.MonkeyPatch, rows: list[CategoryRow]) -> None:
    monkeypatch.setattr(products, "categories", lambda _tx: rows)


def navigation(page: str) -> list[str]:
    return re.findall(r"<nav.*?</nav>", page, re.DOTALL)


def drawer(page: str) -> list[tuple[str, str]]:
    """Return address and words of every link of the drawer."""
    (menu,) = [nav for nav in navigation(page) if 'aria-label="All shelves"' in nav]
    return [(url, unescape(words)) for url, words in re.findall(r'<a href="([^"]+)">([^<]+)</a>', menu)]


def page_of(client: ShopClient, path: str = "/cart") -> str:
    return client.get(path).get_data(as_text=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_menus_of_1600_shelves_are_small(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    set_shelves(monkeypatch, tree(*SHAPES[shape]))
    assert sum(len(nav.encode()) for nav in navigation(page_of(client))) <= MOST_BYTES


def test_the_menu_of_a_small_shop_names_all_of_two_levels(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_shelves(monkeypatch, tree(10, 11, 2))
    links = drawer(page_of(client))
    assert len(links) == 10 + 10 * 11 + 1
    assert links[-1][1] == "Your recommendations"


def test_a_large_shop_names_the_biggest_shelves_below_each_and_leads_to_the_rest(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_shelves(monkeypatch, tree(20, 16, 4))
    links = drawer(page_of(client))
    assert links[:7] == [
        ("/c/shelf-with-goods-0", "Shelf with goods 0"),
        *((f"/c/shelf-with-goods-0-{n}", f"Shelf with goods 0 {n}") for n in range(11, 16)),
        ("/c/shelf-with-goods-0", "All of Shelf with goods 0"),
    ]
    assert len(links) == 20 * 7 + 1


def test_what_one_department_leaves_free_is_given_to_others(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = [row for row in tree(3, 200, 0) if row.category_id <= 201 or row.parent_id is None]
    set_shelves(monkeypatch, large)
    assert len(drawer(page_of(client))) == 120 + 1 + 1


def test_the_shelf_one_is_in_is_among_those_named(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_shelves(monkeypatch, tree(20, 16, 4))
    links = drawer(page_of(client, "/c/shelf-with-goods-3-2-1"))
    assert ("/c/shelf-with-goods-3-2", "Shelf with goods 3 2") in links


def test_many_departments_are_named_without_what_is_below(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One or two of dozens below each would say nothing of what is there."""
    set_shelves(monkeypatch, tree(50, 30, 0))
    links = drawer(page_of(client))
    assert [words for _url, words in links] == [
        *(f"Shelf with goods {n}" for n in range(50)),
        "Your recommendations",
    ]


def test_a_flat_list_of_hundreds_names_the_biggest_and_leads_to_all(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_shelves(monkeypatch, tree(300, 0, 0))
    links = drawer(page_of(client))
    assert links[0] == ("/c/shelf-with-goods-180", "Shelf with goods 180")
    assert links[119:] == [
        ("/c/shelf-with-goods-299", "Shelf with goods 299"),
        ("/#shelves", "All shelves"),
        ("/your-recommendations", "Your recommendations"),
    ]
    assert 'id="shelves"' in page_of(client, "/")


def shelves_of_home(client: ShopClient) -> tuple[list[str], list[str]]:
    """Return the names on the first page that stand below pictures, and those that stand after them."""
    section = page_of(client, "/").split('<h2 id="shelves">')[1].split("</section>")[0]
    return re.findall(r'class="card-link"[^>]*>([^<]+)<', section), re.findall(r'class="chip"[^>]*>([^<]+)<', section)


def test_the_first_page_pictures_the_biggest_departments_and_names_the_others(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_shelves(monkeypatch, tree(1600, 0, 0))
    assert len(page_of(client, "/").encode()) <= 250_000
    pictured, others = shelves_of_home(client)
    assert pictured == [f"Shelf with goods {n}" for n in range(1540, 1600)]
    assert others == [f"Shelf with goods {n}" for n in range(1540)]


def test_the_first_page_of_a_small_shop_pictures_all_departments(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_shelves(monkeypatch, tree(60, 1, 0))
    pictured, others = shelves_of_home(client)
    assert (len(pictured), others) == (60, [])
