"""S17: nobody moves what others are shown by repeating themselves."""

from flask import Flask
from sqlalchemy import select

from tests.factories import ShopClient, make_event, make_guest, make_product, make_user
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.store import popularity, products
from webapp.store.models import Product
from webapp.store.tx import read_unit, unit_of_work

N_REPEATS = 1000


def best() -> list[int]:
    with unit_of_work() as tx:
        popularity.refresh(tx, now=utc_now())
    with read_unit() as tx:
        return [row.product_id for row in products.best_sellers(tx, limit=20)]


def test_a_thousand_events_of_one_person_count_as_one(app: Flask) -> None:
    with unit_of_work() as tx:
        ids = [make_product(tx) for _product in range(10)]
        for place, product_id in enumerate(ids):
            for _person in range(10 - place):
                make_event(tx, make_guest(tx), product_id, at=utc_now())
    before = best()
    assert before == ids
    events = [{"event": "click", "product_id": ids[-1], "event_id": f"e{n}"} for n in range(N_REPEATS)]
    flood: ShopClient = app.test_client()
    assert flood.send("/api/events", json={"events": events}).status_code == 200
    after = best()
    assert after[:-3] == before[:-3]  # one click more weighs as much as one more visitor
    assert after.index(ids[-1]) >= before.index(ids[-1]) - 2


def test_a_claimed_purchase_of_a_million_pieces_weighs_as_one_purchase(app: Flask) -> None:
    with unit_of_work() as tx:
        wanted, pushed = make_product(tx), make_product(tx)
        for _person in range(2):
            make_event(tx, make_guest(tx), wanted, "purchase", value=1.0, at=utc_now())
    claim = {"event": "purchase", "product_id": pushed, "event_id": "e1", "value": 1_000_000}
    app.test_client().send("/api/events", json={"events": [claim]})
    assert best()[0] == wanted
    with read_unit() as tx:
        assert tx.scalar(select(Product.sold_count).where(Product.id == pushed)) == 1


def test_stars_of_one_person_count_once(app: Flask) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
        make_user(tx, "ana@example.com")
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    for stars in (1, 1, 5, 5, 5):
        client.send(f"/p/{lamp}/rate", {"rating": str(stars)})
    with read_unit() as tx:
        row = products.cards(tx, [lamp])[lamp]
    assert (row.rating_count, row.rating_sum) == (1, 5)


def test_somebody_elses_history_is_not_written(app: Flask) -> None:
    with unit_of_work() as tx:
        lamp, ana = make_product(tx), make_user(tx, "ana@example.com")
    stranger: ShopClient = app.test_client()
    stranger.get("/")
    body = {"user_id": str(ana), "product_id": lamp, "rating": 1}
    assert stranger.send("/api/feedback", json=body).status_code in {401, 403}
    with read_unit() as tx:
        assert products.cards(tx, [lamp], Actor(user_id=ana))[lamp].your_stars == 0
