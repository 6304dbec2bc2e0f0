"""What is one of its kind for a member, or in the shop, stays one when two processes write at the same moment."""

from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.databases import POSTGRESQL
from tests.factories import ADDRESS, make_user
from tests.webapp.reliability.test_votes_at_once import meanwhile
from webapp.store import users
from webapp.store.tx import Tx, read_unit, unit_of_work

pytestmark = [pytest.mark.service, pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)]


def add_usual(tx: Tx, user_id: int, street: str) -> None:
    values: dict[str, Any] = {name: value for name, value in ADDRESS.items() if name != "method"}
    users.save_address(tx, user_id, values | {"line1": street, "is_default": True}, address_id=None, now=NOW)


def test_of_two_usual_addresses_added_at_once_one_is_the_usual_one(app: Flask) -> None:
    with unit_of_work() as tx:
        ana = make_user(tx)
    with meanwhile(app, lambda tx: add_usual(tx, ana, "Second Street 2")) as tx:
        add_usual(tx, ana, "First Street 1")
    with read_unit() as tx:
        assert [(row.line1, row.is_default) for row in users.addresses(tx, ana)] == [
            ("Second Street 2", True),
            ("First Street 1", False),
        ]


def test_an_address_that_two_confirm_at_once_is_given_to_one(app: Flask) -> None:
    given: list[bool] = []
    with unit_of_work() as tx:
        ana, ben = make_user(tx), make_user(tx)
    with meanwhile(app, lambda tx: given.append(users.change_email(tx, ben, "new@example.com"))) as tx:
        given.append(users.change_email(tx, ana, "new@example.com"))
    assert given == [True, False]
    with read_unit() as tx:
        found = users.by_email(tx, "new@example.com")
    assert found is not None
    assert found.user_id == ana
