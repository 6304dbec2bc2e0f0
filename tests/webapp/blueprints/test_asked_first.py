"""Where the owner wants people to be asked, nothing is read or noted for picks before somebody has said yes."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import NOW
from tests.factories import PASSWORD, ShopClient, make_event, make_guest, make_product, make_user
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.services.people import accounts, api_keys
from webapp.store import choices, interactions, popularity, users
from webapp.store.models import Guest, Interaction, Product
from webapp.store.tx import read_unit, unit_of_work
from webapp.tuning import Tuning

pytestmark = pytest.mark.both_databases
PAUSE = "/your-recommendations/pause"
YES, NO = {"paused": "0"}, {"paused": "1"}
TUNED = Tuning(variety=75)


@pytest.fixture(autouse=True)
def asking(app: Flask) -> None:
    app.config["ASK_BEFORE_PICKS"] = True


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, name="Lamp")


@pytest.fixture
def ana(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_user(tx, "ana@example.com")


def noted(actor: Actor | None = None) -> int:
    with read_unit() as tx:
        return interactions.count(tx) if actor is None else interactions.n_of(tx, actor)


def is_on(actor: Actor) -> bool:
    with read_unit() as tx:
        return users.is_personalised(tx, actor)


def test_s32_who_looks_around_unasked_is_no_guest(client: ShopClient, lamp: int) -> None:
    assert client.get(f"/p/{lamp}", follow_redirects=True).status_code == 200
    with read_unit() as tx:
        assert tx.scalar(select(func.count()).select_from(Guest)) == 0
    assert noted() == 0


@pytest.mark.parametrize("who", ["guest", "member"])
def test_a_yes_counts_from_the_next_look_on(client: ShopClient, ana: int, lamp: int, who: str) -> None:
    if who == "member":
        client.sign_in("ana@example.com")
    client.get(f"/p/{lamp}", follow_redirects=True)
    assert noted() == 0
    client.send(PAUSE, YES)
    client.get(f"/p/{lamp}", follow_redirects=True)
    assert noted() == 1
    assert client.get("/api/recommendations?k=5").get_json()["cold_start"] is False


@pytest.mark.parametrize("who", ["guest", "member"])
def test_a_no_stays_a_no(client: ShopClient, ana: int, lamp: int, who: str) -> None:
    if who == "member":
        client.sign_in("ana@example.com")
    client.send(PAUSE, NO)
    client.get(f"/p/{lamp}", follow_redirects=True)
    assert noted() == 0


def test_a_yes_is_taken_back_where_picks_are_paused(client: ShopClient, lamp: int) -> None:
    client.send(PAUSE, YES)
    client.send(PAUSE, NO)
    client.get(f"/p/{lamp}", follow_redirects=True)
    assert noted() == 0


def test_s32_what_is_known_of_an_account_is_not_read_before_its_yes(app: Flask, ana: int, lamp: int) -> None:
    with unit_of_work() as tx:
        make_event(tx, Actor(user_id=ana), lamp)
        users.change(tx, ana, tuning=TUNED.to_json())
    with read_unit() as tx:
        assert users.with_settings(tx, Actor(user_id=ana)) == Actor(user_id=ana, is_personalised=False)
    with unit_of_work() as tx:
        choices.choose(tx, Actor(user_id=ana), True, now=NOW)
    with read_unit() as tx:
        assert users.with_settings(tx, Actor(user_id=ana)) == Actor(user_id=ana, tuning=TUNED)


def test_s32_neither_training_nor_best_sellers_count_who_has_not_said_yes(app: Flask, ana: int, lamp: int) -> None:
    with unit_of_work() as tx:
        said_yes, guest = Actor(user_id=make_user(tx)), make_guest(tx)
        choices.choose(tx, said_yes, True, now=NOW)
        for actor in (Actor(user_id=ana), said_yes, guest):
            make_event(tx, actor, lamp, at=NOW)
        popularity.refresh(tx, now=NOW)
    with read_unit() as tx:
        assert interactions.may_be_known(tx) == {said_yes.ref}
        assert set(interactions.training_frame(tx)["user_id"]) == {said_yes.ref}
        assert tx.scalar(select(Product.popularity).where(Product.id == lamp)) == popularity.KIND_WEIGHTS["view"]


def test_people_of_an_imported_history_who_cannot_be_asked_count(app: Flask, lamp: int) -> None:
    """They have no password, so they never come here; whether their history may be used is the owner's to know."""
    with unit_of_work() as tx:
        known = Actor(user_id=make_user(tx, password_hash=None, external_ref="till-7"))
        make_event(tx, known, lamp)
    with read_unit() as tx:
        assert interactions.may_be_known(tx) == {known.ref}
        assert users.known_as(tx, "till-7") == known


def test_with_the_setting_off_nobody_has_to_say_anything(app: Flask, client: ShopClient, ana: int, lamp: int) -> None:
    app.config["ASK_BEFORE_PICKS"] = False
    client.get(f"/p/{lamp}", follow_redirects=True)
    assert noted() == 1
    assert is_on(Actor(user_id=ana))


def test_a_page_of_a_member_who_has_not_chosen_is_answered_as_while_paused(
    client: ShopClient, ana: int, lamp: int
) -> None:
    client.sign_in("ana@example.com")
    answer = client.send("/api/feedback", json={"product_id": lamp, "rating": 4})
    assert (answer.status_code, answer.get_json()["recommendations_changed"]) == (201, False)
    assert client.get("/api/recommendations?k=5").get_json()["cold_start"] is True
    assert noted() == 0


def test_a_program_notes_nothing_of_a_member_who_has_not_chosen(app: Flask, ana: int, lamp: int) -> None:
    with unit_of_work() as tx:
        make_user(tx, password_hash=None, external_ref="till-7")
    with app.test_request_context():
        key = api_keys.create("till", ["feedback:write"], now=utc_now())
    sent = {"Authorization": f"Bearer {key}"}
    changed = {
        ref: app.test_client()
        .post("/api/feedback", json={"user_id": ref, "product_id": lamp, "event": "view"}, headers=sent)
        .get_json()["recommendations_changed"]
        for ref in (str(ana), "till-7")
    }
    assert changed == {str(ana): False, "till-7": True}
    with read_unit() as tx:
        assert tx.scalar(select(func.count()).where(Interaction.user_id == ana)) == 0


def sign_in(app: Flask, guest: Actor) -> None:
    with app.test_request_context():
        accounts.sign_in(
            email="ana@example.com", password=PASSWORD, address="10.0.0.1", guest_id=guest.guest_id, now=NOW
        )


def test_the_yes_of_a_guest_and_what_came_of_it_go_along_at_sign_in(app: Flask, ana: int, lamp: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        choices.choose(tx, guest, True, now=NOW)
        make_event(tx, guest, lamp)
    sign_in(app, guest)
    assert is_on(Actor(user_id=ana))
    assert noted(Actor(user_id=ana)) == 1


def test_the_no_of_a_guest_goes_along_at_sign_in(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        choices.choose(tx, guest, False, now=NOW)
    sign_in(app, guest)
    with read_unit() as tx:
        assert [choice.is_on for choice in choices.of_user(tx, ana)] == [False]


def test_a_guest_who_has_not_chosen_takes_nothing_from_the_yes_of_a_member(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        choices.choose(tx, Actor(user_id=ana), True, now=NOW)
    sign_in(app, guest)
    assert is_on(Actor(user_id=ana))
