"""The page that confirms an order: what goes with what was bought, by the order alone, whoever has the link."""

import re
from collections.abc import Callable, Sequence

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from tests.factories import ADDRESS, ShopClient, make_brand, make_category, make_product, make_user
from webapp.actors import Actor
from webapp.errors import RecsUnavailable
from webapp.picks import NullRecs, Pick, PickReason, Picks
from webapp.services.picks import taste
from webapp.store import catalogue
from webapp.store.models import Impression, Variant
from webapp.store.tx import read_unit, unit_of_work
from webapp.tuning import Tuning

LAMP, CAP = 0, 1


class Beside(NullRecs):
    """A recommender that names some products beside any order and keeps what it was asked about."""

    def __init__(self, product_ids: Sequence[int]) -> None:
        self.product_ids = list(product_ids)
        self.asked: list[list[int]] = []

    def goes_with(self, product_ids: Sequence[int], *, k: int) -> Picks:
        self.asked.append(list(product_ids))
        reason = (PickReason("goes_with", product_ids[0], 1.0),)
        items = (Pick(one, rank, 1 / rank, reason, "bought_together") for rank, one in enumerate(self.product_ids, 1))
        return Picks(tuple(items), "v3", "goes_with")


class Silent(NullRecs):
    """A recommender in trouble."""

    def goes_with(self, product_ids: Sequence[int], *, k: int) -> Picks:
        raise RecsUnavailable("too late")


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    """A lamp and a cap to buy, and what a recommender may name beside them."""
    with unit_of_work() as tx:
        return [make_product(tx, name=name, stock=9) for name in ("Lamp", "Cap", *(f"Bulb {n}" for n in range(7)))]


@pytest.fixture
def recs(app: Flask, shelf: list[int]) -> Beside:
    app.extensions["recs"] = found = Beside(shelf)
    return found


@pytest.fixture
def member(app: Flask) -> ShopClient:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    return client


def buy(client: ShopClient, *product_ids: int, outcome: str = "success") -> str:
    """Buy some products, one of each, and return the address of the confirmation."""
    for product_id in product_ids:
        client.send("/cart/add", {"product_id": str(product_id)})
    client.send("/checkout/contact", {"email": "ana@example.com"})
    client.send("/checkout/delivery", ADDRESS)
    client.send("/checkout/payment", {"method": "test"})
    page = client.get("/checkout/review").get_data(as_text=True)
    fields = {
        name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("idempotency_key", "total_cents")
    }
    placed = client.send("/checkout/place", fields)
    return client.send(placed.headers["Location"], {"outcome": outcome}).headers["Location"]


def shown(answer: TestResponse) -> list[int]:
    assert answer.status_code == 200
    return [int(found) for found in re.findall(r'data-card="(\d+)"', answer.get_data(as_text=True))]


def n_noted() -> int:
    with read_unit() as tx:
        return int(tx.scalar(select(func.count()).select_from(Impression)))


def test_four_things_at_most_that_can_be_sold_and_were_not_bought(
    client: ShopClient, shelf: list[int], recs: Beside
) -> None:
    done = buy(client, shelf[LAMP], shelf[CAP])
    with unit_of_work() as tx:
        catalogue.change_product(tx, shelf[2], is_visible=False)
        tx.execute(update(Variant).where(Variant.product_id == shelf[4]).values(stock=0))
    page = client.get(done)
    assert shown(page) == [shelf[3], shelf[5], shelf[6], shelf[7]]
    assert "Goes with what you bought" in page.get_data(as_text=True)
    assert sorted(recs.asked[-1]) == shelf[: CAP + 1]


def test_what_waits_for_the_bank_has_it_as_well(client: ShopClient, shelf: list[int], recs: Beside) -> None:
    page = client.get(buy(client, shelf[LAMP], outcome="silent"))
    assert "We are waiting for the bank" in page.get_data(as_text=True)
    assert shown(page) == shelf[1:5]


@pytest.mark.parametrize("trouble", [NullRecs(), Silent(), Beside([])], ids=["no model", "late", "knows nothing"])
def test_where_nothing_is_said_the_page_does_without(
    app: Flask, client: ShopClient, shelf: list[int], trouble: NullRecs
) -> None:
    app.extensions["recs"] = trouble
    page = client.get(buy(client, shelf[LAMP]))
    assert shown(page) == []
    assert "data-rail=" not in page.get_data(as_text=True)


def test_nothing_is_put_in_the_place_of_what_is_left_out(client: ShopClient, shelf: list[int], recs: Beside) -> None:
    recs.product_ids = [shelf[LAMP], shelf[5]]
    assert shown(client.get(buy(client, shelf[LAMP]))) == [shelf[5]]


def test_it_is_noted_under_what_made_it(client: ShopClient, shelf: list[int], recs: Beside) -> None:
    done = buy(client, shelf[LAMP])
    with unit_of_work() as tx:
        tx.execute(Impression.__table__.delete())
    page = client.get(done)
    columns = (Impression.slot, Impression.product_id, Impression.strategy, Impression.model_version)
    with read_unit() as tx:
        noted = [tuple(row) for row in tx.rows(select(*columns).order_by(Impression.position))]
    assert noted == [("goes_with", one, "goes_with", "v3") for one in shown(page)]


@pytest.mark.parametrize("why", ["paused", "not chosen"])
def test_s32_who_has_no_picks_sees_it_and_nothing_is_noted(
    app: Flask, client: ShopClient, shelf: list[int], recs: Beside, why: str
) -> None:
    if why == "paused":
        client.send("/your-recommendations/pause", {"paused": "1"})
    app.config["ASK_BEFORE_PICKS"] = why == "not chosen"
    assert shown(client.get(buy(client, shelf[LAMP]))) == shelf[1:5]
    assert n_noted() == 0


def test_a_stranger_with_the_link_sees_what_goes_with_the_order_and_nothing_of_the_buyers_taste(
    app: Flask, member: ShopClient, shelf: list[int], recs: Beside
) -> None:
    """What the buyer turned down stays away from the buyer alone; a look of either changes nothing for the other."""
    done = buy(member, shelf[LAMP])
    member.send("/your-recommendations/feedback", {"product_id": str(shelf[3]), "kind": "dismiss"})
    member.send("/wishlist/add", {"product_id": str(shelf[2])})
    before = n_noted()
    stranger: ShopClient = app.test_client()
    first, again = stranger.get(done), stranger.get(done)
    assert shown(first) == shown(again) == shelf[1:5]
    assert n_noted() == before, "a stranger nothing is known of"
    assert shown(member.get(done)) == [shelf[1], shelf[2], shelf[4], shelf[5]]
    assert recs.asked[-3:] == [[shelf[LAMP]]] * 3


@pytest.mark.parametrize("outcome", ["success", "silent"])
@pytest.mark.parametrize("n_bought", [1, 5])
def test_it_needs_few_statements(
    member: ShopClient, shelf: list[int], recs: Beside, count_sql: Callable, n_bought: int, outcome: str
) -> None:
    """Also for somebody whose settings have to be read, because they never want something."""
    with unit_of_work() as tx:
        refused = make_category(tx, "Home > Rugs"), make_brand(tx, "Tide")
    done = buy(member, *shelf[:n_bought], outcome=outcome)
    taste.tune(Actor(user_id=1), Tuning(categories=((refused[0], "never"),), never_brands=refused[1:]))
    for _look in range(2):
        with count_sql() as n:
            assert len(shown(member.get(done))) == 4
        assert n() <= 12
