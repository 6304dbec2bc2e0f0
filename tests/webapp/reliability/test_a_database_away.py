"""A database that is stopped and started while the shop serves: said as what it is, and over by itself."""

import logging
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.databases import END_OTHERS, POSTGRESQL, run_plain
from tests.factories import ShopClient, make_product, make_user
from tests.servers import free_port
from webapp.errors import Away
from webapp.extensions import db, prepare_engine
from webapp.services.upkeep import outbox
from webapp.store import operations, products
from webapp.store.tx import Tx, read_unit, run_unit, unit_of_work

pytestmark = [pytest.mark.service, pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)]
PAGES = ("/", "/search?q=lamp", "/cart", "/api/recommendations?k=3", "/api/products")


@pytest.fixture
def nowhere(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop whose database does not answer."""
    gone = sa.create_engine(db.engine.url.set(host="127.0.0.1", port=free_port()), hide_parameters=True)
    prepare_engine(gone)
    monkeypatch.setitem(db.engines, None, gone)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_when_to_come_back(client: ShopClient, path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="webapp"):
        answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "away" in answer.get_data(as_text=True)
    assert not [record for record in caplog.records if record.exc_info], "it is known what is wrong"
    assert not [record for record in caplog.records if "\n" in str(vars(record).get("reason", ""))]


@pytest.fixture
def mute(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A shop whose database takes a call and says nothing, as a machine in trouble does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = sa.create_engine(db.engine.url.set(host="127.0.0.1", port=listener.getsockname()[1]))
        prepare_engine(silent)
        monkeypatch.setitem(db.engines, None, silent)
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("mute")
def test_nobody_waits_long_for_a_database_that_says_nothing(client: ShopClient) -> None:
    """It was more than two minutes, and eight such visitors kept everybody else out."""
    began = time.monotonic()
    assert client.get("/api/products").status_code == 503
    assert time.monotonic() - began < 40


def test_a_line_that_is_cut_is_noticed(app: Flask) -> None:
    """Else a question waits a quarter of an hour for a machine that has lost its current."""
    with db.engine.connect() as connection:
        given = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr]
    assert int(given["tcp_user_timeout"]) <= 15_000
    assert int(given["keepalives_idle"]) + int(given["keepalives_interval"]) * int(given["keepalives_count"]) <= 40


def test_the_address_of_the_database_may_say_otherwise(app: Flask) -> None:
    other = sa.create_engine(db.engine.url.update_query_dict({"connect_timeout": "33"}))
    prepare_engine(other)
    with other.connect() as connection:
        given = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr]
    other.dispose()
    assert given["connect_timeout"] == "33"


@pytest.mark.parametrize("path", PAGES)
def test_pages_come_back_by_themselves(client: ShopClient, path: str) -> None:
    with unit_of_work() as tx:
        make_product(tx)
    assert client.get(path).status_code == 200
    end_connections()
    found = [client.get(path).status_code for _time in range(3)]
    assert found[0] in {200, 503}
    assert found[1:] == [200, 200]


def test_what_may_have_been_written_is_not_written_again(app: Flask) -> None:
    """The answer to a commit can be lost on the way."""
    tries = []

    def work(tx: Tx) -> None:
        tries.append(1)
        make_product(tx)
        end_connections()

    with pytest.raises(Away):
        run_unit(work)
    assert len(tries) == 1
    with read_unit() as tx:
        assert products.count(tx) == 0


def end_connections() -> None:
    """As the server does when it is stopped."""
    run_plain(db.engine.url, END_OTHERS)


def test_a_letter_that_is_on_its_way_meanwhile_is_sent_once(app: Flask) -> None:
    """The mail server has it; that this could not be noted at once made it go out again a minute later."""
    sent: list[str] = []

    def send(_mail: EmailMessage, name: str) -> None:
        sent.append(name)
        end_connections()

    with unit_of_work() as tx:
        operations.add_message(tx, "mail.welcome", {"email": "ana@example.com"}, now=NOW)
    with app.test_request_context():
        assert outbox.drain(send, now=NOW) == 1
        assert outbox.drain(send, now=NOW + timedelta(hours=1)) == 0
    assert len(sent) == 1


@pytest.mark.parametrize("path", ["/", "/cart", "/api/session"])
def test_nobody_is_signed_out_by_a_database_that_was_away(client: ShopClient, path: str) -> None:
    """The session is what a request reads first; who came without one would be given a new one, and an empty cart."""
    with unit_of_work() as tx:
        make_product(tx)
        make_user(tx, "ana@example.com")
    client.sign_in("ana@example.com")
    end_connections()
    client.get(path)
    assert client.get("/account").status_code == 200


def test_a_form_that_meets_it_is_not_taken_for_somebody_elses(client: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    token = client.token()
    end_connections()
    sent = {"product_id": str(lamp), "quantity": "1", "csrf_token": token}
    assert client.post("/cart/add", data=sent).status_code == 503
    assert client.post("/cart/add", data=sent).status_code == 303


@pytest.mark.usefixtures("nowhere")
def test_a_command_says_it_in_one_sentence(app: Flask) -> None:
    told = app.test_cli_runner().invoke(args=["api-key", "list"])
    assert told.exit_code == 1
    assert "Error: The database cannot be used: " in told.output
    assert "Traceback" not in told.output
