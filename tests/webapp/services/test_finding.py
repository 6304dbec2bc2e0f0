"""Search by meaning: a paraphrase finds the product in the generated shop, and words alone go on without a model."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from seed.shop import generate
from tests.conftest import NOW
from tests.factories import ShopClient, make_product
from tests.webapp.live import local, publish
from webapp.errors import RecsUnavailable
from webapp.picks import NullRecs, Pick, Picks
from webapp.services.browsing import finding
from webapp.services.upkeep import seeding
from webapp.store import products, search
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases


class Near(NullRecs):
    """A recommender to whom the given products are near whatever is searched for."""

    def __init__(self, *likeness: tuple[int, float]) -> None:
        self.likeness, self.asked = likeness, ""

    def search_text(self, text: str, *, k: int) -> Picks:
        """Name them."""
        self.asked = text
        return Picks(tuple(Pick(product, rank, score) for rank, (product, score) in enumerate(self.likeness, 1)))


class Ill(NullRecs):
    """A recommender that is too slow, or broken."""

    def search_text(self, text: str, *, k: int) -> Picks:
        """Fail."""
        raise RecsUnavailable("slow")


PARAPHRASES = {
    "footwear for rain": "Boots",
    "something to light my desk in the evening": "Lamps",
    "where to put flowers": "Vases & plants",
    "gift for a coffee drinker": "Tea & coffee",
}


@pytest.fixture
def demo(app: Flask, models: Path) -> Flask:
    """The generated catalogue with a model of its texts; of the history as much as a model needs to be fitted."""
    whole = generate(size="demo", random_seed=7, now=NOW)
    shop = dataclasses.replace(whole, orders=[], reviews=[], events=whole.events.head(500))
    seeding.write(
        Path(app.instance_path), shop, size="demo", random_seed=7, now=NOW, progress=lambda _stage, _done: None
    )
    publish(app, "v1", "content_text")
    app.extensions["recs"] = local(app)
    return app


def cards_of(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-card="(\d+)"', page)]


@pytest.mark.slow
def test_a_paraphrase_finds_the_product_and_exact_words_still_come_first(demo: Flask) -> None:
    """No product holds all words of a paraphrase; what it finds stands on the right shelf, under whatever name."""
    client: ShopClient = demo.test_client()
    for paraphrase, shelf in PARAPHRASES.items():
        with read_unit() as tx:
            assert not search.has_hits(tx, search.parse_words(paraphrase))
        answer = client.get("/api/search", query_string={"q": paraphrase, "per_page": 5}).get_json()
        ids = [item["product_id"] for item in answer["items"]]
        with read_unit() as tx:
            rows = products.cards(tx, ids)
        assert len(ids) == 5
        assert {row.category for row in rows.values()} == {shelf}, paraphrase
        page = client.get("/search", query_string={"q": paraphrase}).get_data(as_text=True)
        assert cards_of(page)[:5] == ids
        assert "these come nearest in meaning" in page or "Did you mean" in page
    nameless = client.get("/api/search?q=where+to+put+flowers").get_json()["items"][0]["name"]
    assert not {"where", "to", "put", "flower", "flowers"} & set(search.parse_all(nameless))
    with read_unit() as tx:
        holding = {row.product_id for row in tx.rows(search.found(tx, ["wool", "scarf"]))}
    found = client.get("/api/search?q=wool+scarf&per_page=100").get_json()
    exact = [item["product_id"] in holding for item in found["items"] if item["in_stock"]]
    assert exact == sorted(exact, reverse=True)
    assert found["total"] > len(holding) > 0


def test_what_is_found_for_other_words_than_were_typed_says_so(client: ShopClient) -> None:
    with unit_of_work() as tx:
        make_product(tx, name="Wool scarf")
    page = client.get("/search?q=wool+scraf").get_data(as_text=True)
    assert "Results for “wool scarf”" in page
    assert "Nothing holds “wool scraf”. Did you mean" in page


def test_a_misspelt_search_is_near_what_was_meant(app: Flask) -> None:
    with unit_of_work() as tx:
        scarf, shawl = make_product(tx, name="Wool scarf"), make_product(tx, name="Woven shawl")
    recs = Near((shawl, 0.8))
    meant = finding.understand("wool scraf", recs)
    assert (meant.mended, meant.near, meant.is_near_only) == ("wool scarf", (shawl,), False)
    assert recs.asked == "wool scarf"
    app.extensions["recs"] = recs
    assert cards_of(app.test_client().get("/search?q=wool+scraf").get_data(as_text=True)) == [scarf, shawl]


def test_what_is_hardly_alike_is_left_out(app: Flask) -> None:
    with unit_of_work() as tx:
        ids = [make_product(tx, name=f"Thing {number}") for number in range(4)]
    near = Near((ids[0], 0.6), (ids[1], 0.5), (ids[2], 0.44), (ids[3], 0.1))
    assert finding.understand("lantern", near).near == (ids[0], ids[1])
    assert finding.understand("lantern", Near((ids[0], 0.1))).near == ()


@pytest.mark.parametrize("recs", [NullRecs(), Ill()], ids=["none", "ill"])
def test_without_the_recommender_words_are_searched_alone(app: Flask, recs: NullRecs) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, name="Brass lantern")
        make_product(tx, name="Vase")
    app.extensions["recs"] = recs
    assert cards_of(app.test_client().get("/search?q=lantern").get_data(as_text=True)) == [lamp]
    assert app.test_client().get("/api/search?q=zeppelin").get_json()["total"] == 0


def test_the_page_of_a_joined_search_needs_few_statements(app: Flask, count_sql: Callable) -> None:
    with unit_of_work() as tx:
        ids = [make_product(tx, name=f"Lantern {number}") for number in range(40)]
    app.extensions["recs"] = Near(*((product_id, 0.9) for product_id in ids[::2]))
    for query in ("lantern", "lantren", "zeppelin flight"):
        with count_sql() as n:
            assert app.test_client().get("/search", query_string={"q": query}).status_code == 200
        assert n() <= 12, query
