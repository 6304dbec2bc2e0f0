"""S4 to the moment: whatever an old password began before it was changed ends with it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.factories import PASSWORD, ShopClient, make_user
from tests.webapp.blueprints.test_recovery import letters, link_in
from webapp import passwords
from webapp.clock import utc_now
from webapp.services.people import accounts, recovery
from webapp.store import tokens
from webapp.store.tx import unit_of_work

pytestmark = pytest.mark.both_databases
NEW = "another good one"


@pytest.fixture
def ana(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_user(tx, "ana@example.com")


def change(user_id: int, new: str = NEW) -> None:
    accounts.change_password(user_id, current=PASSWORD, new=new, keep_session="", now=utc_now())


def then(done: Callable[..., Any], meanwhile: Callable[[], None]) -> Callable[..., Any]:
    """Do ``done`` as before; the first time something else happens behind it."""
    left = [meanwhile]

    def both(*args: Any, **named: Any) -> Any:
        result = done(*args, **named)
        if left:
            left.pop()()
        return result

    return both


def try_to_sign_in(client: ShopClient, password: str = PASSWORD) -> int:
    return client.send("/account/sign-in", {"email": "ana@example.com", "password": password}).status_code


@pytest.mark.parametrize(("module", "step"), [(passwords, "verify"), (accounts, "sign_in")])
def test_s4_a_sign_in_that_a_new_password_overtakes_is_refused(
    client: ShopClient, ana: int, monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    monkeypatch.setattr(module, step, then(getattr(module, step), lambda: change(ana)))
    assert try_to_sign_in(client) == 422
    assert client.get("/account").status_code == 401
    assert try_to_sign_in(client, NEW) == 303
    assert client.get("/account").status_code == 200


def test_s4_a_sign_in_waits_for_the_change_that_has_begun(
    app: Flask, client: ShopClient, ana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    token, form = client.token(), {"email": "ana@example.com", "password": PASSWORD}
    send = lambda: client.post("/account/sign-in", data=form, headers={"X-CSRFToken": token})  # noqa: E731
    signing_in = threading.Thread(target=lambda: codes.append(send().status_code))

    def meanwhile() -> None:  # the sessions are ended and nothing is committed yet
        signing_in.start()
        time.sleep(0.5)

    monkeypatch.setattr(tokens, "drop", then(tokens.drop, meanwhile))
    change(ana)
    signing_in.join()
    assert codes == [422]
    assert client.get("/account").status_code == 401


def test_s4_a_password_hashed_anew_while_it_is_changed_does_not_come_back(
    client: ShopClient, ana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "is_outdated", then(lambda _stored: True, lambda: change(ana)))
    assert try_to_sign_in(client) == 422
    monkeypatch.undo()
    assert try_to_sign_in(client) == 422
    assert try_to_sign_in(client, NEW) == 303


def test_s4_of_two_changes_at_once_the_first_counts(client: ShopClient, ana: int, monkeypatch: Any) -> None:
    client.sign_in("ana@example.com")
    monkeypatch.setattr(passwords, "verify", then(passwords.verify, lambda: change(ana)))
    form = {"current_password": PASSWORD, "new_password": "the choice of somebody else"}
    assert client.send("/account/security", form).status_code == 422
    assert client.get("/account").status_code == 401
    assert try_to_sign_in(client, NEW) == 303


def test_s4_an_ended_session_is_not_renewed(app: Flask, client: ShopClient, ana: int, monkeypatch: Any) -> None:
    client.sign_in("ana@example.com")
    end = lambda: accounts.end_sessions(ana, keep="")  # noqa: E731
    monkeypatch.setattr(recovery, "confirm_email", then(lambda *_args, **_named: ana, end))
    assert client.send("/account/email/anything").status_code == 401
    assert client.get("/account").status_code == 401


def test_s4_another_address_asked_for_with_the_old_password_is_not_confirmed(client: ShopClient, ana: int) -> None:
    client.sign_in("ana@example.com")
    assert client.send("/account/email", {"new_email": "evil@example.com", "password": PASSWORD}).status_code == 303
    change(ana)
    assert list(letters()) == ["ana@example.com"]


def test_s4_another_address_is_not_asked_for_while_the_password_changes(
    client: ShopClient, ana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.sign_in("ana@example.com")
    monkeypatch.setattr(passwords, "verify", then(passwords.verify, lambda: change(ana)))
    client.send("/account/email", {"new_email": "evil@example.com", "password": PASSWORD})
    assert list(letters()) == ["ana@example.com"]


def test_s4_whoever_becomes_owner_by_command_keeps_no_link_of_an_account_that_was_there(
    client: ShopClient, ana: int
) -> None:
    """Anybody can make an account with somebody else's address, and ask for another one before the owner is made."""
    client.sign_in("ana@example.com")
    client.send("/account/email", {"new_email": "evil@example.com", "password": PASSWORD})
    link = link_in(letters()["evil@example.com"])
    accounts.create_office_account(email="ana@example.com", name="Ana", password=NEW, now=utc_now())
    assert client.get(link).status_code == 410
    assert client.send(link).status_code == 410
    assert try_to_sign_in(client, NEW) == 303


def test_s4_an_owner_made_by_command_does_not_wait_for_the_failures_of_others(client: ShopClient, ana: int) -> None:
    for _try in range(accounts.ACCOUNT_FAILURES):
        try_to_sign_in(client, "not the password")
    accounts.create_office_account(email="ana@example.com", name="Ana", password=NEW, now=utc_now())
    assert try_to_sign_in(client, NEW) == 303
