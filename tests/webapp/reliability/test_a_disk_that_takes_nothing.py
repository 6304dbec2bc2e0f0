"""A disk that is full or read-only while the shop serves: it is looked at as ever, and says what it cannot do."""

import logging
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import ShopClient, make_event, make_product, make_user
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.errors import Unwritable
from webapp.extensions import db, prepare_engine
from webapp.services.people import api_keys
from webapp.store import popularity, products
from webapp.store.tx import Tx, read_unit, run_unit, unit_of_work

pytestmark = pytest.mark.both_databases
LOOKED_AT = ("/", "/p/{id}", "/search?q=lamp", "/rails?context=search", "/cart", "/your-recommendations")
ASKED = ("/api/recommendations?k=3", "/api/products", "/readyz")


@pytest.fixture
def lamp(app: Flask) -> int:
    """A lamp that sells, and ana who has looked at another one."""
    with unit_of_work() as tx:
        made, seen = make_product(tx, name="Oslo lamp"), make_product(tx, name="Rom lamp")
        ana = Actor(user_id=make_user(tx, "ana@example.com"))
        make_event(tx, ana, seen, at=utc_now())
        popularity.refresh(tx, now=utc_now())
    return made


@pytest.fixture
def ana(app: Flask, lamp: int) -> ShopClient:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    client.token()
    return client


class Disk:
    """The disk of the database, which can stop taking anything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        url = db.engine.url
        if url.get_backend_name() == "sqlite":
            self.engine = sa.create_engine(f"sqlite:///file:{url.database}?mode=ro&uri=true")
        else:
            self.engine = sa.create_engine(url)
            sa.event.listen(self.engine, "begin", lambda one: one.exec_driver_sql("SET TRANSACTION READ ONLY"))
        prepare_engine(self.engine)
        self.patch = monkeypatch

    def fail(self) -> None:
        """Take nothing from now on."""
        self.patch.setitem(db.engines, None, self.engine)

    def mend(self) -> None:
        """Take everything again."""
        self.patch.undo()
        self.engine.dispose()


@pytest.fixture
def disk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk(monkeypatch)
    yield disk
    disk.mend()


@pytest.mark.parametrize("path", LOOKED_AT + ASKED)
def test_the_shop_can_be_looked_at(
    ana: ShopClient, app: Flask, lamp: int, path: str, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is told that nothing was noted: it costs them nothing."""
    disk.fail()
    for client in (ana, app.test_client()):
        assert client.get(path.format(id=lamp), follow_redirects=True).status_code == 200
    assert not [record for record in caplog.records if record.exc_info], "it is known what is wrong"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/cart/add", {"product_id": "{id}", "quantity": "1"}),
        ("/p/{id}/rate", {"rating": "4"}),
        ("/p/{id}/review", {"rating": "4", "title": "Good", "text": "It stands and it shines."}),
        ("/wishlist/{id}", {"wished": "1"}),
        ("/account/sign-out", {}),
    ],
)
def test_what_cannot_be_written_is_said(
    ana: ShopClient,
    lamp: int,
    path: str,
    sent: dict[str, str],
    disk: Disk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = ana.token()
    disk.fail()
    form = {name: value.format(id=lamp) for name, value in sent.items()} | {"csrf_token": token}
    with caplog.at_level(logging.WARNING, logger="webapp"):
        answer = ana.post(path.format(id=lamp), data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 503, page[:1000]
    assert int(answer.headers["Retry-After"]) > 0
    assert "Nothing can be written down right now" in page
    assert not [record for record in caplog.records if record.exc_info]


def test_programs_are_told_in_json(ana: ShopClient, lamp: int, disk: Disk) -> None:
    token = ana.token()
    disk.fail()
    click = {"product_id": lamp, "event": "click", "event_id": "one"}
    told = ana.post("/api/feedback", json=click, headers={"X-CSRFToken": token})
    assert (told.status_code, told.get_json()["type"]) == (503, "/problems/unwritable")


def test_a_key_opens_though_its_use_cannot_be_noted(app: Flask, lamp: int, disk: Disk) -> None:
    key = api_keys.create("till", ["recommendations:read"], now=utc_now())
    disk.fail()
    headers = {"Authorization": f"Bearer {key}"}
    assert app.test_client().get("/api/recommendations?user_id=1&k=2", headers=headers).status_code == 200


def test_a_visitor_whose_form_could_not_be_kept_is_told_why(app: Flask, lamp: int, disk: Disk) -> None:
    """Loading the page again, which a form from elsewhere would need, changes nothing."""
    disk.fail()
    client: ShopClient = app.test_client()
    client.get("/account/sign-in")
    told = client.post("/account/sign-in", data={"email": "ana@example.com", "password": "x", "csrf_token": "x"})
    assert told.status_code == 503
    assert "Nothing can be written down right now" in told.get_data(as_text=True)


def test_nobody_is_told_to_be_signed_out_who_is_not(app: Flask, ana: ShopClient, disk: Disk) -> None:
    token = ana.token()
    disk.fail()
    assert ana.post("/account/sign-out", data={"csrf_token": token}).status_code == 503
    disk.mend()
    assert ana.get("/account").status_code == 200
    assert ana.send("/account/sign-out").status_code == 303
    assert ana.get("/account").status_code != 200


def test_it_is_not_tried_again(app: Flask, disk: Disk) -> None:
    """Trying again helps against a lock, not against a full disk."""
    tries = []

    def work(tx: Tx) -> None:
        tries.append(1)
        make_product(tx)

    disk.fail()
    with pytest.raises(Unwritable):
        run_unit(work)
    assert len(tries) == 1
    with read_unit() as tx:
        assert products.count(tx) == 0


def test_commands_say_it_with_the_reason(app: Flask, disk: Disk) -> None:
    disk.fail()
    told = app.test_cli_runner().invoke(args=["api-key", "create", "till"])
    assert told.exit_code == 1
    assert told.output.startswith("Error: The database cannot be used: ")
    assert "read" in told.output
