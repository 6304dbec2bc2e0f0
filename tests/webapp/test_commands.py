"""The commands: each does one thing, says what it did, and fails in one sentence."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.factories import PASSWORD, ShopClient, make_event, make_product, make_user
from webapp import worker
from webapp.actors import Actor
from webapp.extensions import db
from webapp.progress import ProgressLine
from webapp.services.upkeep import backups
from webapp.store import products
from webapp.store.tx import read_unit, unit_of_work

NO_TEXT = "\udcff"  # how Python hands over a byte of the command line that is no UTF-8


@pytest.fixture
def flask(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_an_owner_is_made_and_made_again(app: Flask, flask: FlaskCliRunner) -> None:
    for password in (PASSWORD, "another good one"):
        made = flask.invoke(args=["create-admin", "--email", "Owner@Example.com", "--password", password])
        assert made.exit_code == 0, made.output
    client: ShopClient = app.test_client()
    client.sign_in("owner@example.com", "another good one")
    assert client.get("/admin/").status_code == 200


def test_staff_work_in_the_office_but_train_nothing(app: Flask, flask: FlaskCliRunner) -> None:
    arguments = ["create-admin", "--email", "till@example.com", "--role", "staff", "--password", PASSWORD]
    made = flask.invoke(args=arguments)
    assert made.exit_code == 0, made.output
    client: ShopClient = app.test_client()
    client.sign_in("till@example.com", PASSWORD)
    assert client.get("/admin/orders").status_code == 200
    assert client.send("/admin/models/retrain").status_code == 404


def test_the_only_owner_stays_one(app: Flask, flask: FlaskCliRunner) -> None:
    def make(email: str, role: str) -> Result:
        return flask.invoke(args=["create-admin", "--email", email, "--role", role, "--password", PASSWORD])

    assert make("a@example.com", "owner").exit_code == 0
    refused = make("a@example.com", "staff")
    assert refused.exit_code == 1
    assert "only owner" in refused.output
    client: ShopClient = app.test_client()
    client.sign_in("a@example.com", PASSWORD)
    assert client.send("/admin/models/retrain").status_code != 404
    assert make("b@example.com", "owner").exit_code == 0
    assert make("a@example.com", "staff").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["create-admin", "--email", "nobody", "--password", PASSWORD], "email"),
        (["create-admin", "--email", "a@example.com", "--password", "short"], "password"),
        (["api-key", "revoke", "7"], "no key"),
        (["api-key", "create", ""], "name"),
        (["api-key", "create", "x" * 81], "name"),
        (["api-key", "create", "till\n   9  kd_forged"], "name"),
        (["api-key", "create", "till\x1b[2K"], "name"),
        (["rollback"], "no version"),
        (["rollback", "--version", "20200101-000000-1"], "no such version"),
        (["evaluate", "--models", " , "], "strategy"),
        (["evaluate", "--json", "no-such-folder/figures.json"], "no-such-folder"),
        (["voucher", "create", "X", "--kind", "percent", "--value", "200"], "code"),
        (["voucher", "create", "SPRING", "--kind", "percent", "--value", "200"], "value"),
        (["voucher", "stop", "NONE"], "no voucher"),
        (["import-catalog", "no-such-file.csv"], "no-such-file.csv"),
        (["import-data", "no-such-set"], "no-such-set"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(flask: FlaskCliRunner, arguments: list[str], word: str) -> None:
    told = flask.invoke(args=arguments)
    assert told.exit_code == 1
    assert word in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999"])
def test_a_number_that_no_key_can_have_is_a_wrong_option(flask: FlaskCliRunner, number: str) -> None:
    told = flask.invoke(args=["api-key", "revoke", "--", number])
    assert told.exit_code == 2
    assert "range" in told.output


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["recommend", "--user-id", NO_TEXT], "--user-id"),
        (["create-admin", "--email", "a@example.com", "--name", NO_TEXT, "--password", PASSWORD], "--name"),
        (["create-admin", "--email", f"a{NO_TEXT}@example.com", "--password", PASSWORD], "--email"),
        (["create-admin", "--email", "a@example.com", "--password", PASSWORD + NO_TEXT], "--password"),
        (["import-catalog", "goods.csv", "--map", NO_TEXT], "--map"),
        (["retrain", "--strategy", NO_TEXT], "--strategy"),
        (["voucher", "stop", NO_TEXT], "CODE"),
    ],
)
def test_bytes_that_are_no_text_are_a_wrong_option(flask: FlaskCliRunner, arguments: list[str], name: str) -> None:
    told = flask.invoke(args=arguments)
    assert told.exit_code == 2, told.output
    assert f"Invalid value for '{name}': write text in UTF-8" in told.output


@pytest.mark.parametrize("seconds", ["nan", "inf"])
def test_a_search_without_an_end_is_a_wrong_option(flask: FlaskCliRunner, seconds: str) -> None:
    told = flask.invoke(args=["retrain", "--search-seconds", seconds])
    assert told.exit_code == 2, told.output
    assert "--search-seconds" in told.output


def test_a_key_is_made_listed_and_revoked(app: Flask, flask: FlaskCliRunner) -> None:
    with unit_of_work() as tx:
        ana = make_user(tx)
    token = flask.invoke(args=["api-key", "create", "till", "--scope", "recommendations:read"]).output.strip()
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client()
    assert client.get(f"/api/recommendations?user_id={ana}", headers=headers).status_code == 200
    listed = flask.invoke(args=["api-key", "list"]).output
    assert "till" in listed
    assert token not in listed
    assert flask.invoke(args=["api-key", "revoke", listed.split()[0]]).exit_code == 0
    assert client.get(f"/api/recommendations?user_id={ana}", headers=headers).status_code == 401


def test_recommendations_are_printed_with_their_reasons(app: Flask, flask: FlaskCliRunner) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, name="Oslo lamp", popularity=2.0, picture="lamp-1")
        ana = make_user(tx, external_ref="A2XYZ")
        make_event(tx, Actor(user_id=ana), lamp)
    for name in (str(ana), "A2XYZ", "nobody"):
        told = flask.invoke(args=["recommend", "--user-id", name, "--k", "3"])
        assert told.exit_code == 0, told.output
        assert "Oslo lamp  (popular)" in told.output


def test_a_file_goes_in_by_command(app: Flask, flask: FlaskCliRunner, tmp_path: Path) -> None:
    path = tmp_path / "goods.csv"
    path.write_text("sku,title,price\nL1,Oslo lamp,49\n,Nameless,5\n", encoding="utf-8")
    mapping = "item_id=sku,title=title,price=price"
    rehearsed = flask.invoke(args=["import-catalog", str(path), "--map", mapping, "--dry-run"])
    assert "1 would be added" in rehearsed.output
    done = flask.invoke(args=["import-catalog", str(path), "--map", mapping, "--rejects", str(tmp_path / "out.csv")])
    assert done.exit_code == 0, done.output
    assert "1 were added" in done.output
    assert "1 left out" in done.output
    assert (tmp_path / "out.csv").exists()
    with read_unit() as tx:
        assert products.count(tx) == 1


@pytest.mark.parametrize(
    ("currency", "written", "cents"),
    [("EUR", "12,50", 1250), ("EUR", "12.50", 1250), ("JPY", "500", 500), ("JPY", None, 999)],
)
def test_a_default_price_is_read_as_the_currency_has_it(
    app: Flask,
    flask: FlaskCliRunner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    currency: str,
    written: str | None,
    cents: int,
) -> None:
    """A shop in yen asked a hundred times as much as its owner had written."""
    monkeypatch.setitem(app.config["SHOP"].values, "CURRENCY", currency)
    (tmp_path / "goods.csv").write_text("item_id,title\nk1,Kettle\n", encoding="utf-8")
    option = ["--default-price", written] if written else []
    done = flask.invoke(args=["import-catalog", str(tmp_path / "goods.csv"), *option])
    assert done.exit_code == 0, done.output
    with read_unit() as tx:
        assert products.cards(tx, [1])[1].price_cents == cents


def test_a_default_price_that_is_none_is_refused_with_one_that_is(flask: FlaskCliRunner) -> None:
    told = flask.invoke(args=["import-catalog", "goods.csv", "--default-price", "much"])
    assert told.exit_code == 2
    assert "Write a price such as 9.99." in told.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["create-admin", "--email", "a@example.com", "--password", PASSWORD],
        ["api-key", "list"],
        ["recommend", "--user-id", "1"],
        ["import-catalog", "goods.csv"],
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("damaged.db").write_bytes(b"no database" * 100)
    Path("goods.csv").write_text("item_id,title\nk1,Kettle\n")
    with app.app_context():
        monkeypatch.setitem(db.engines, None, sa.create_engine("sqlite:///damaged.db"))
    told = flask.invoke(args=arguments)
    assert told.exit_code == 1
    assert told.output.splitlines()[-1] == "Error: The database cannot be used: file is not a database."


def test_a_disk_that_is_full_is_one_sentence(flask: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device", "backup.tar.gz")

    monkeypatch.setattr(backups, "backup", fail)
    told = flask.invoke(args=["backup", "backup.tar.gz"])
    assert told.exit_code == 1
    assert told.output == "Error: backup.tar.gz: No space left on device.\n"


def test_a_worker_that_cannot_make_its_queue_says_why(
    app: Flask, flask: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.delitem(app.extensions, "queue", raising=False)
    monkeypatch.setattr(worker, "SqliteHuey", fail)
    told = flask.invoke(args=["worker"])
    assert (told.exit_code, told.output) == (1, "Error: The database cannot be used: database or disk is full.\n")


def test_a_file_may_have_any_name(flask: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / f"goods-{NO_TEXT}.csv"
    file.write_text("item_id,title,price\nk1,Kettle,39.00\n")
    done = flask.invoke(args=["import-catalog", str(file)])
    assert done.exit_code == 0, done.output
    assert "1 were added" in done.output


def test_progress_is_plain_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    with (tmp_path / "out.txt").open("w", encoding="utf-8") as out:
        line = ProgressLine(out)
        for step in range(101):
            line("reading", step / 100)
        line("writing", 0.5)
        line.close()
    told = (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines()
    assert [row.split(":")[0] for row in told] == ["reading", "writing"]


def test_every_command_of_the_design_is_there(app: Flask) -> None:
    assert {
        "db",
        "seed",
        "import-catalog",
        "import-interactions",
        "retrain",
        "recommend",
        "evaluate",
        "rollback",
        "worker",
        "create-admin",
        "api-key",
    } <= set(app.cli.commands)


def test_a_voucher_is_made_listed_and_stopped(app: Flask, flask: FlaskCliRunner) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    options = ["--kind", "amount", "--value", "5", "--max-uses", "3", "--member", "ana@example.com"]
    made = flask.invoke(args=["voucher", "create", "spring", *options])
    assert (made.exit_code, made.output) == (0, "The voucher SPRING counts from now on.\n")
    later = ["voucher", "create", "later", "--kind", "free_delivery", "--starts", "2099-12-01"]
    assert flask.invoke(args=later).output == "The voucher LATER counts from its first day on.\n"
    assert flask.invoke(args=["voucher", "stop", "later"]).exit_code == 0
    again = flask.invoke(args=["voucher", "create", "spring", *options])
    assert again.exit_code == 1
    assert ["SPRING", "amount", "500", "used", "0", "of", "3"] in [
        line.split() for line in flask.invoke(args=["voucher", "list"]).output.splitlines()
    ]
    assert flask.invoke(args=["voucher", "stop", "spring"]).exit_code == 0
    assert flask.invoke(args=["voucher", "list"]).output.rstrip().endswith("off")
