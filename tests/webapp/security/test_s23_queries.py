"""S23: what is typed into a search is words, never a query of the database."""

import pytest
from flask import Flask

from tests.factories import ShopClient, make_product
from webapp.store import products
from webapp.store.tx import read_unit, unit_of_work

ODD = [
    '"',
    "*",
    "' OR '1'='1",
    "lamp' --",
    "NEAR(a b)",
    "^lamp",
    "name:lamp",
    "{a b}",
    "-",
    "a AND",
    "%",
    "_",
    "\\",
]


@pytest.mark.parametrize("query", [*ODD, " ".join(ODD), "'; DROP TABLE products; --", "😀" * 99, "lamp " * 400])
def test_s23_any_query_is_answered(app: Flask, client: ShopClient, query: str) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    assert client.get("/search", query_string={"q": query, "sort": query, "page": query}).status_code == 200
    assert client.get("/search/suggest", query_string={"q": query}).status_code == 200
    assert client.get("/api/search", query_string={"q": query[:200]}).status_code == 200
    assert client.get("/api/search", query_string={"q": query[:200], "page": query}).status_code == 422
    assert client.get("/c/lamps", query_string={"brand": query, "price_min": query, "sort": query}).status_code == 200
    with read_unit() as tx:
        assert products.known_ids(tx, [lamp]) == {lamp}
