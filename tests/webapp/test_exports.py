"""What the shop knows leaves it as files that the library's command line judges and trains on."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select, update

from recommender import __main__ as library
from recommender.evaluation.logged import read_logged
from recommender.readers.files import read_chunks
from tests.factories import ShopClient, make_event, make_product, make_user
from tests.webapp.live import local, publish, stock_shop
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.services.upkeep import exports
from webapp.store import interactions, users
from webapp.store.models import Impression, Interaction
from webapp.store.scope import owner_values
from webapp.store.tx import Tx, read_unit, unit_of_work

ENDINGS = ("csv", "csv.gz", "parquet")


@pytest.fixture
def flask(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def show(tx: Tx, actor: Actor, request: str, products: list[int], *, days: int = 0, chance: float = 0.25) -> None:
    """Note a rail whose last place was left to chance."""
    rows = [
        {
            "request_id": request,
            "slot": "for_you",
            "position": position,
            "product_id": product,
            "propensity": chance if position == len(products) else 1.0,
            "at": utc_now() - timedelta(days=days, minutes=1),
        }
        | owner_values(actor)
        for position, product in enumerate(products, 1)
    ]
    interactions.add_impressions(tx, rows)


def fill() -> tuple[Actor, list[int]]:
    """A member and one who has paused, each of whom was shown two lists and clicked in one."""
    with unit_of_work() as tx:
        products = [make_product(tx) for _product in range(3)]
        ana, paused = (Actor(user_id=make_user(tx)) for _member in range(2))
        for actor in (ana, paused):
            show(tx, actor, f"now-{actor.user_id}", products)
            show(tx, actor, f"then-{actor.user_id}", products, days=40)
            make_event(tx, actor, products[2], "click", request_id=f"now-{actor.user_id}", at=utc_now())
        users.set_personalised(tx, paused, on=False)
    return ana, products


@pytest.mark.both_databases
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_shown_is_written_as_the_library_reads_it(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, ending: str
) -> None:
    ana, products = fill()
    file = tmp_path / f"shown.{ending}"
    done = flask.invoke(args=["export-shown", str(file)])
    assert (done.exit_code, done.stdout) == (0, f"{file}: 6 places\n"), done.output
    found = read_logged(file)
    assert set(found["user_id"]) == {str(ana.user_id)}, "who has paused is not in the file"
    assert found["item_id"].tolist() == [str(product) for product in products] * 2
    assert found["propensity"].tolist() == [1.0, 1.0, 0.25] * 2
    assert found["reward"].tolist() == [0, 0, 1, 0, 0, 0]
    with read_unit() as tx:
        assert len(interactions.logged_places(tx)) == 6, "the nightly training reads the same"
    assert file.stat().st_mode & 0o777 == 0o600
    flask.invoke(args=["export-shown", str(file), "--since", "30"])
    assert set(read_logged(file)["request_id"]) == {f"now-{ana.user_id}/for_you"}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("ending", ENDINGS)
def test_events_and_products_are_written_as_the_library_reads_them(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    ana, products = fill()
    with unit_of_work() as tx:
        make_event(tx, ana, products[0], "purchase", value=2.0, order_ref="2026-A", at=utc_now())
        make_event(tx, ana, products[1], "rating", value=4.0, at=utc_now())
    events, items = tmp_path / f"events.{ending}", tmp_path / f"items.{ending}"
    assert flask.invoke(args=["export-interactions", str(events)]).stdout == f"{events}: 3 events\n"
    assert flask.invoke(args=["export-catalog", str(items)]).stdout == f"{items}: 3 products\n"
    (chunk,) = read_chunks(events)
    assert chunk.frame["kind"].tolist() == ["click", "purchase", "rating"]
    assert pd.to_numeric(chunk.frame["value"]).dropna().tolist() == [2.0, 4.0]
    (chunk,) = read_chunks(items)
    assert chunk.frame["item_id"].astype(str).tolist() == [str(product) for product in products]


def break_after(n_rows: int) -> Callable[..., object]:
    def rows(*_arguments: object, **_options: object) -> object:
        yield from [("r/for_you", "1", "1", place + 1, 1.0, 0, 1) for place in range(n_rows)]
        raise OSError(28, "No space left on device")

    return rows


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_not_whole_leaves_nothing_and_the_file_before_as_it_was(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    file = tmp_path / f"shown.{ending}"
    file.write_text("of last week")
    monkeypatch.setattr(interactions, "logged_rows", break_after(3))
    done = flask.invoke(args=["export-shown", str(file)])
    assert done.exit_code == 1
    assert "No space left on device" in done.output
    assert file.read_text() == "of last week"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("shown.txt", "the name must end in .csv, .csv.gz or .parquet."),
        ("nowhere/shown.csv", "There is no folder"),
        ("folder.csv", "is a folder."),
        ("shown.csv", "There is nothing to write"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    done = flask.invoke(args=["export-shown", str(tmp_path / name)])
    assert done.exit_code == 1
    assert reason in done.output
    assert "Traceback" not in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_text_of_several_lines_is_read_as_it_was_written(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, ending: str
) -> None:
    """A carriage return alone, as old files have it, ended the row for who reads the file."""
    texts = ['A "lamp", small;\nblue', "Warm\rand small", "Warm\r\nand small", "NA"]
    with unit_of_work() as tx:
        for text in texts:
            make_product(tx, description=text)
    file = tmp_path / f"items.{ending}"
    flask.invoke(args=["export-catalog", str(file)])
    (chunk,) = read_chunks(file)
    assert chunk.frame["description"].tolist() == texts
    assert chunk.rejects.empty


@pytest.mark.slow
def test_models_are_judged_by_what_a_shop_showed(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From visits with a place left to chance over the files to a value for other lists."""
    shelf = stock_shop()
    with unit_of_work() as tx:
        for number, row in enumerate(tx.rows(select(Interaction.id).order_by(Interaction.id))):
            at = utc_now() - timedelta(days=60, minutes=-number)
            tx.change(update(Interaction).where(Interaction.id == row.id).values(at=at))
    publish(app, "v1")
    with unit_of_work() as tx:
        for number in range(4):
            make_product(tx, name=f"New lamp {number}", updated_at=utc_now(), created_at=utc_now())
    app.extensions["recs"] = local(app)
    for number in range(6):
        client: ShopClient = app.test_client()
        client.get(f"/p/{shelf[number]}", follow_redirects=True)
        for _visit in range(3):
            assert client.get("/").status_code == 200
    with read_unit() as tx:
        drawn = tx.rows(
            select(Impression.guest_id, Impression.product_id, Impression.request_id).where(Impression.propensity < 1)
        )
    assert len(drawn) == 18
    with unit_of_work() as tx:
        # Models are told what was done in the seconds before a request, and all of this was done in one or two.
        looked = Interaction.guest_id.is_not(None)
        tx.change(update(Interaction).where(looked).values(at=utc_now() - timedelta(minutes=5)))
        for guest, product, request in drawn[::2]:
            make_event(tx, Actor(guest_id=guest), product, "click", request_id=request, at=utc_now())
    names = ("shown.csv", "events.parquet", "items.csv.gz", "result.json")
    shown, events, items, result = (str(tmp_path / name) for name in names)
    for command, file in (("shown", shown), ("interactions", events), ("catalog", items)):
        done = flask.invoke(args=[f"export-{command}", file])
        assert done.exit_code == 0, done.output
    options = ["--interactions", events, "--items", items, "--logged", shown, "--models", "content", "--json", result]
    assert library.main(["evaluate", *options]) == 0
    assert "content" in capsys.readouterr().out
    judged = json.loads(Path(result).read_text())
    assert judged["n_chance"] == len(drawn)
    assert judged["models"]["content"]["snips"] is not None
    assert judged["shown"]["value"] == pytest.approx(0.5)
