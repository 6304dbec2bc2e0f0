"""The same question is answered the same as long as nothing the answer rests on has changed, and then anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from tests.conftest import NOW
from tests.databases import POSTGRESQL
from tests.factories import ShopClient, make_event, make_guest, make_product, make_user, put_in_cart, ready_to_pay
from tests.webapp.live import local, publish
from webapp.actors import Actor
from webapp.auth import READ
from webapp.blueprints import api
from webapp.extensions import db
from webapp.picks import Ask, NullRecs, Pick, Picks
from webapp.recent import RecentAnswers
from webapp.services.buying import checkout
from webapp.services.people import accounts, api_keys
from webapp.store import catalogue, interactions, operations, rules, searches, stock, taste, users
from webapp.store.models import Exclusion, Impression, Interaction, Product, Reservation, Variant
from webapp.store.tx import Tx, read_unit, unit_of_work
from webapp.tuning import Tuning

ANSWER = "/api/recommendations?k=3"
# Time goes on from one example to the next, as it does in a shop.
LATER = (NOW + timedelta(seconds=number) for number in count(1))
Change = Callable[[Flask, Actor, list[int]], None]


@pytest.fixture
def ana(app: Flask) -> Actor:
    with unit_of_work() as tx:
        return Actor(user_id=make_user(tx, "ana@example.com"))


@pytest.fixture
def signed_in(client: ShopClient, ana: Actor) -> ShopClient:
    client.sign_in("ana@example.com")
    return client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time of the API: the only entry."""
    time = [NOW + timedelta(days=1)]
    monkeypatch.setattr(api, "utc_now", lambda: time[0])
    return time


@pytest.fixture
def known(app: Flask, ana: Actor, models: Path, shelf: list[int], clock: list[datetime]) -> list[int]:
    """A shop with a live model, and a shopper it knows something of."""
    with unit_of_work() as tx:
        make_event(tx, ana, shelf[0])
        make_event(tx, ana, shelf[1], at=NOW)
    publish(app, "v1", "popular")
    app.extensions["recs"] = local(app)
    return shelf


def shown() -> int:
    with read_unit() as tx:
        return int(tx.scalar(select(func.count()).select_from(Impression)))


def test_the_same_question_gets_the_same_answer_and_is_noted_once(app, signed_in, known) -> None:
    first = signed_in.get(ANSWER)
    calls, noted = app.extensions["recs"].state().n_calls, shown()
    again = signed_in.get(ANSWER)
    assert len(first.get_json()["items"]) == noted == 3
    assert again.data == first.data
    assert again.headers["Cache-Control"] == "private, no-store"
    assert (app.extensions["recs"].state().n_calls, shown()) == (calls, noted)


def does(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        make_event(tx, ana, shelf[2], at=NOW)


def takes_back(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        tx.change(delete(Interaction).where(Interaction.user_id == ana.user_id, Interaction.product_id == shelf[1]))


def does_something_else_instead(app: Flask, ana: Actor, shelf: list[int]) -> None:
    """The new row may get the id of the one that went."""
    with unit_of_work() as tx:
        tx.change(delete(Interaction).where(Interaction.user_id == ana.user_id, Interaction.product_id == shelf[2]))
        make_event(tx, ana, shelf[3], at=NOW + timedelta(hours=1))


def has_something_old_instead(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        tx.change(delete(Interaction).where(Interaction.user_id == ana.user_id, Interaction.product_id == shelf[0]))
        make_event(tx, ana, shelf[4], at=NOW - timedelta(days=30))


def excludes(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        taste.exclude(tx, ana, shelf[4], "gift", now=NOW)


def searches_for(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        searches.add(tx, ana, "mug", shelf[8:10], now=NOW)


def tunes(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        taste.set_tuning(tx, ana, Tuning(variety=90))


def pauses(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        users.set_personalised(tx, ana, False)


def reprices(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        catalogue.change_product(tx, shelf[5], price_cents=999, updated_at=NOW + timedelta(hours=1))


def buries(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        buried(tx, shelf[2], NOW)


def buried(tx: Tx, product_id: int, at: datetime) -> int:
    """Save a rule."""
    about = {"action": "bury", "product_id": product_id, "category_id": None, "brand_id": None, "place": 1}
    when = {"starts_at": None, "ends_at": None, "note": "", "changed_by": None, "changed_at": at}
    return rules.add(tx, about | when)


def sells(app: Flask, ana: Actor, shelf: list[int]) -> None:
    """Somebody else is about to buy, so that pieces are held."""
    with unit_of_work() as tx:
        ben = users.by_email(tx, "person-0@example.com")
        assert ben is not None
        buyer = Actor(user_id=ben.user_id)
        put_in_cart(tx, buyer, shelf[9])
    checkout.place(buyer, ready_to_pay(buyer), currency="EUR", hold_for=timedelta(minutes=30), now=NOW)


def sets_the_shop(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        operations.put_setting(tx, "picks", {"explore_places": 1}, now=NOW)


def publishes(app: Flask, ana: Actor, shelf: list[int]) -> None:
    publish(app, "v2", "itemseq")
    app.extensions["recs"].refresh()


def others_do(app: Flask, ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        ben = users.by_email(tx, "person-0@example.com")
        assert ben is not None
        make_event(tx, Actor(user_id=ben.user_id), shelf[2], at=NOW)
    app.extensions["recs"].refresh()


CHANGES: tuple[Change, ...] = (
    does,
    does_something_else_instead,
    has_something_old_instead,
    takes_back,
    excludes,
    searches_for,
    tunes,
    reprices,
    buries,
    sells,
    sets_the_shop,
    publishes,
    others_do,
    pauses,
)


@pytest.mark.both_databases
def test_after_every_change_the_answer_is_made_anew(app, signed_in, ana, known) -> None:
    """One change after the other; between two of them the answer stays."""
    before = signed_in.get(ANSWER).get_json()
    for change in CHANGES:
        change(app, ana, known)
        after = signed_in.get(ANSWER).get_json()
        assert after["request_id"] != before["request_id"], change.__name__
        assert signed_in.get(ANSWER).get_json() == after, change.__name__
        before = after


@pytest.mark.both_databases
def test_something_else_at_the_same_time_is_not_what_was_forgotten(signed_in, ana, known) -> None:
    """Neither the newest moment nor the number of events says that one went and another came."""
    an_hour_ago = NOW - timedelta(hours=1)
    _views(ana, known[6], an_hour_ago)
    before = signed_in.get(ANSWER).get_json()
    _forgets(ana, known[6], an_hour_ago)
    _views(ana, known[7], an_hour_ago)
    assert signed_in.get(ANSWER).get_json()["request_id"] != before["request_id"]


@pytest.mark.both_databases
def test_what_a_guest_did_counts_when_it_comes_to_the_member_in_place_of_something_forgotten(
    app, signed_in, ana, known
) -> None:
    """The row of the guest is as old as the one that goes, and the newest is the same as before."""
    with unit_of_work() as tx:
        guest = make_guest(tx)
        first = make_event(tx, ana, known[6], at=NOW - timedelta(hours=1))
        make_event(tx, guest, known[7], at=NOW - timedelta(hours=1))
        make_event(tx, ana, known[8], at=NOW)
    before = signed_in.get(ANSWER).get_json()
    with unit_of_work() as tx:
        interactions.remove(tx, ana, signal_id=first)
        users.move_guest(tx, guest.guest_id or 0, ana.user_id or 0)
        interactions.move_to_member(tx, guest.guest_id or 0, ana.user_id or 0)
    assert signed_in.get(ANSWER).get_json()["request_id"] != before["request_id"]


@pytest.mark.both_databases
def test_pieces_held_again_for_a_late_payment_count_as_held(app, signed_in, ana, known) -> None:
    sells(app, ana, known)
    with unit_of_work() as tx:
        order, variant = tx.row(select(Reservation.order_id, Reservation.variant_id))
        stock.release_held(tx, order)
    before = signed_in.get(ANSWER).get_json()
    with unit_of_work() as tx:
        stock.reserve(tx, variant, 1)
        stock.hold_again(tx, order, {variant: 1}, until=NOW + timedelta(hours=1))
    assert signed_in.get(ANSWER).get_json()["request_id"] != before["request_id"]


@contextmanager
def later(how: Callable[[Tx], object]) -> Iterator[None]:
    """Somebody else begins to write something before the block and commits it after."""
    with db.engine.connect() as connection, connection.begin():
        how(Tx(connection))
        yield


@pytest.mark.both_databases
def test_a_rule_that_is_saved_with_an_earlier_time_than_another_counts_at_once(app, signed_in, ana, known) -> None:
    """Another process has another clock, or began to save before."""
    with unit_of_work() as tx:
        rule, other = buried(tx, known[2], NOW), buried(tx, known[3], NOW)
        rules.change(tx, other, {"strength": 60, "changed_at": NOW + timedelta(minutes=1)})
    before = signed_in.get(ANSWER).get_json()
    with unit_of_work() as tx:
        rules.change(tx, rule, {"strength": 60, "changed_at": NOW + timedelta(seconds=59)})
    assert signed_in.get(ANSWER).get_json()["request_id"] != before["request_id"]


@pytest.mark.service
@pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)
def test_an_order_that_is_committed_after_a_later_one_counts_as_held(app, signed_in, ana, known) -> None:
    sells(app, ana, known)
    with unit_of_work() as tx:
        order, first, until = tx.row(select(Reservation.order_id, Reservation.variant_id, Reservation.expires_at))
        others = tx.scalars(select(Variant.id).where(Variant.id != first).limit(2))
    with later(lambda tx: stock.hold(tx, order, {others[0]: 1}, until=until)):
        with unit_of_work() as tx:
            stock.hold(tx, order, {others[1]: 1}, until=until)
        before = signed_in.get(ANSWER).get_json()
    assert signed_in.get(ANSWER).get_json()["request_id"] != before["request_id"]


def test_feedback_counts_in_the_very_next_answer(signed_in, known) -> None:
    before = signed_in.get(ANSWER).get_json()["items"]
    gone = before[0]["product_id"]
    assert signed_in.send("/api/feedback", json={"product_id": gone, "event": "dismiss"}).status_code == 201
    assert gone not in [item["product_id"] for item in signed_in.get(ANSWER).get_json()["items"]]


def test_another_question_another_person_and_another_minute_get_their_own_answer(app, signed_in, known, clock) -> None:
    first = signed_in.get(ANSWER).get_json()["request_id"]
    other: ShopClient = app.test_client()
    other.sign_in("person-0@example.com")
    clock[0] += timedelta(seconds=60)
    found = [first, signed_in.get(ANSWER).get_json()["request_id"]]
    found += [
        client.get(path).get_json()["request_id"] for client, path in ((other, ANSWER), (signed_in, f"{ANSWER}0"))
    ]
    assert len(set(found)) == 4


def test_links_lead_to_the_address_that_was_asked(app, signed_in, known, monkeypatch) -> None:
    def link() -> str:
        return str(signed_in.get(ANSWER).get_json()["items"][0]["url"])

    assert link().startswith("http://localhost/")
    monkeypatch.setitem(app.config, "SITE_URL", "https://shop.example")
    assert link().startswith("https://shop.example/")


def test_a_key_that_was_revoked_gets_no_answer_though_one_is_kept(app, client, ana, known) -> None:
    token = api_keys.create("till", (READ,), now=NOW)
    ask = {"path": f"{ANSWER}&user_id={ana.user_id}", "headers": {"Authorization": f"Bearer {token}"}}
    assert client.get(**ask).data == client.get(**ask).data
    api_keys.revoke(api_keys.every()[0].key_id, now=NOW)
    assert client.get(**ask).status_code == 401


def test_somebody_unknown_may_be_known_a_moment_later(app, client, known, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "DEMO_OPEN_READS", True)
    ask = f"{ANSWER}&user_id=A77"
    assert client.get(ask).get_json()["cold_start"]
    with unit_of_work() as tx:
        make_event(tx, Actor(user_id=make_user(tx, external_ref="A77")), known[2])
    assert not client.get(ask).get_json()["cold_start"]


def test_settings_that_change_while_somebody_is_looked_up_count_in_the_next_answer(
    app, client, ana, known, monkeypatch
):
    monkeypatch.setitem(app.config, "DEMO_OPEN_READS", True)
    look_up, n_found = accounts.find_actor, count()

    def find(ref: str | None) -> Actor:
        found = look_up(ref)
        if next(n_found) == 0:
            tunes(app, found, known)
        return found

    monkeypatch.setattr(accounts, "find_actor", find)
    ask = f"{ANSWER}&user_id={ana.user_id}"
    assert client.get(ask).get_json()["request_id"] != client.get(ask).get_json()["request_id"]


class Interrupted(NullRecs):
    """A recommender while whose first answer is made the product it picks is repriced."""

    def __init__(self, product_id: int) -> None:
        self.product_id, self.n_asked = product_id, 0

    def for_user(self, ask: Ask) -> Picks:
        self.n_asked += 1
        if self.n_asked == 1:
            with unit_of_work() as tx:
                catalogue.change_product(tx, self.product_id, price_cents=777, updated_at=NOW + timedelta(days=2))
        return Picks((Pick(self.product_id, 1, 0.5),), "v1", "hybrid")


def test_an_answer_that_crosses_a_change_is_not_given_again(app, signed_in, ana) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    app.extensions["recs"] = Interrupted(lamp)
    first, second = signed_in.get(ANSWER).get_json(), signed_in.get(ANSWER).get_json()
    assert first["request_id"] != second["request_id"]
    with read_unit() as tx:
        assert tx.scalar(select(Product.price_cents)) == 777


def test_what_stands_in_for_a_model_is_not_kept(app, signed_in, ana) -> None:
    with unit_of_work() as tx:
        make_product(tx)
    app.extensions["recs"] = NullRecs()
    found = {signed_in.get(ANSWER).get_json()["request_id"] for _ in range(3)}
    assert len(found) == 3


def _views(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        make_event(tx, ana, product, at=at)


def _forgets(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        tx.change(delete(Interaction).where(Interaction.user_id == ana.user_id, Interaction.product_id == product))


def _excludes(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        taste.exclude(tx, ana, product, ("gift", "dismiss", "own")[product % 3], now=at)


def _allows(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        tx.change(delete(Exclusion).where(Exclusion.user_id == ana.user_id, Exclusion.product_id == product))


def _searches(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        searches.add(tx, ana, f"words {product % 3}", [product], now=at)


def _tunes(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        taste.set_tuning(tx, ana, Tuning(variety=10 * (product % 10), uses_searches=product % 2 == 0))


def _pauses(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        users.set_personalised(tx, ana, product % 2 == 0)


def _reprices(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        catalogue.change_product(tx, product, price_cents=1_000 + at.second, updated_at=at)


def _hides(ana: Actor, product: int, at: datetime) -> None:
    with unit_of_work() as tx:
        catalogue.change_product(tx, product, is_visible=at.second % 2 == 0, updated_at=at)


DEEDS = {
    deed.__name__: deed
    for deed in (_views, _forgets, _excludes, _allows, _searches, _tunes, _pauses, _reprices, _hides)
}


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 5)), min_size=1, max_size=12))
def test_whatever_happens_an_answer_is_that_of_now(app, signed_in, ana, known, steps) -> None:
    """Beside the list that may be a repeat one is made anew, and they are the same but for their names."""
    _answer_of(signed_in)
    for name, place in steps:
        DEEDS[name](ana, known[place], next(LATER))
        told = _answer_of(signed_in)
        kept = app.extensions["given_answers"]
        app.extensions["given_answers"] = RecentAnswers(size=0)
        assert told == _answer_of(signed_in), name
        app.extensions["given_answers"] = kept


def _answer_of(client: ShopClient) -> dict[str, object]:
    body = client.get(ANSWER).get_json()
    return {name: value for name, value in body.items() if name not in {"request_id", "took_ms"}}
