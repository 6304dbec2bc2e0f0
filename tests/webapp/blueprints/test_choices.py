"""When somebody paused their picks or turned them on is kept with the account."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import PASSWORD, ShopClient, make_guest, make_user
from webapp.actors import Actor
from webapp.services.people import accounts
from webapp.store import choices, users
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases
PAUSE = "/your-recommendations/pause"


@pytest.fixture
def ana(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_user(tx, "ana@example.com")


def chosen(user_id: int) -> list[bool]:
    """What a member chose, the latest first."""
    with read_unit() as tx:
        return [choice.is_on for choice in choices.of_user(tx, user_id)]


def sign_in(app: Flask, guest: Actor) -> None:
    with app.test_request_context():
        accounts.sign_in(
            email="ana@example.com", password=PASSWORD, address="10.0.0.1", guest_id=guest.guest_id, now=NOW
        )


def test_each_choice_of_a_member_is_kept_with_its_moment(app: Flask, ana: int, client: ShopClient) -> None:
    client.sign_in("ana@example.com")
    client.send(PAUSE, {"paused": "1"})
    client.send(PAUSE, {"paused": "0"})
    assert chosen(ana) == [True, False]
    with read_unit() as tx:
        later, earlier = choices.of_user(tx, ana)
    assert later.at >= earlier.at


def test_the_same_again_is_no_other_choice(app: Flask, ana: int, client: ShopClient) -> None:
    client.sign_in("ana@example.com")
    for _press in range(2):
        client.send(PAUSE, {"paused": "1"})
    assert chosen(ana) == [False]


def test_what_a_guest_chose_is_kept_with_the_account_they_sign_in_to(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        choices.choose(tx, guest, True, now=NOW)
    sign_in(app, guest)
    with read_unit() as tx:
        assert choices.of_user(tx, ana) == [choices.Choice(True, NOW)]


def test_a_guest_who_said_no_says_it_for_the_account(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        choices.choose(tx, Actor(user_id=ana), True, now=NOW)
        choices.choose(tx, guest, False, now=NOW)
    sign_in(app, guest)
    assert chosen(ana) == [False, True]


def test_a_member_who_said_no_is_not_overruled_by_what_a_guest_said(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        choices.choose(tx, Actor(user_id=ana), False, now=NOW)
        choices.choose(tx, guest, True, now=NOW)
    sign_in(app, guest)
    assert chosen(ana) == [False]
    with read_unit() as tx:
        assert users.is_personalised(tx, Actor(user_id=ana)) is False


def test_a_guest_who_chose_nothing_chooses_nothing_for_the_account(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
    sign_in(app, guest)
    assert chosen(ana) == []
