"""A recommender in trouble: never slow, never a broken page, whatever lies in the model folder."""

import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

import recommender
from recommender.retrievers.ease import Ease
from recommender.retrievers.ials import Ials
from tests.factories import ShopClient, make_event, make_guest, make_user
from tests.webapp.live import local, looked_at, publish
from webapp.clock import utc_now
from webapp.errors import RecsUnavailable
from webapp.logs import ShopFormatter
from webapp.picks import Ask
from webapp.recs import LocalRecs, reading, serving
from webapp.recs.serving import FAILURES_TO_OPEN
from webapp.services.picks.feed import DatabaseFeed
from webapp.store.rows import EventRow, ReadTo
from webapp.store.tx import unit_of_work


def test_warming_up_without_a_model_or_with_a_broken_one_is_no_trouble(app: Flask, models: Path) -> None:
    LocalRecs(models).warm_up()
    recs = LocalRecs(models, background=False)
    recs._live = SimpleNamespace(model=SimpleNamespace(), version="v1")  # type: ignore[assignment]  # broken on purpose
    recs.warm_up()


def test_a_source_that_fails_costs_a_list_only_what_it_would_have_said(
    app: Flask, trained: list[int], client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_args: object) -> None:
        raise ZeroDivisionError("a broken source")

    monkeypatch.setattr(Ials, "scored", breaks)
    picks = app.extensions["recs"].for_user(Ask("nobody", looked_at(trained[0]), k=5, now=utc_now()))
    assert (len(picks.items), picks.strategy) == (5, "hybrid")
    ready = client.get("/readyz").get_json()
    assert (ready["recommender"], ready["recommender_failures"]) == ("ok", 0)
    assert ready["recommender_left_out"] == {"failed": {"ials": 1}}
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner")
    client.sign_in("owner@example.com")
    told = "Lists are made without parts of the model that fail: ials. The log says why."
    assert told in client.get("/admin/").get_data(as_text=True)


@pytest.mark.parametrize(("wait_s", "is_whole"), [(None, False), (20.0, True)])
def test_whoever_waits_longer_than_a_page_gets_the_whole_list(
    app: Flask, trained: list[int], monkeypatch: pytest.MonkeyPatch, wait_s: float | None, is_whole: bool
) -> None:
    asked = Ease.strengths

    def slow(*args: Any) -> Any:
        time.sleep(0.3)
        return asked(*args)

    recs = local(app, budget_ms=500)
    monkeypatch.setattr(Ease, "strengths", slow)
    picks = recs.for_user(Ask("nobody", looked_at(trained[0]), k=5, now=utc_now(), wait_s=wait_s))
    assert len(picks.items) == 5
    assert (recs.state().left_out == {}) == is_whole


def damage(folder: Path, how: str) -> None:
    """Break a model folder in one of the ways disks and people do."""
    arrays = sorted(path for path in folder.rglob("*.npy"))
    biggest = max(arrays, key=lambda path: path.stat().st_size)
    if how == "missing":
        shutil.rmtree(folder)
    elif how == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    elif how == "truncated":
        biggest.write_bytes(biggest.read_bytes()[:-7])
    elif how == "one byte":
        content = bytearray(biggest.read_bytes())
        content[-1] ^= 0xFF
        biggest.write_bytes(bytes(content))
    elif how == "manifest":
        (folder / "manifest.json").write_text("{", encoding="utf-8")
    elif how == "schema":
        text = (folder / "manifest.json").read_text(encoding="utf-8")
        (folder / "manifest.json").write_text(text.replace('"schema": ', '"schema": 99'), encoding="utf-8")
    elif how == "pointer":
        (folder.parent / "CURRENT").write_text("../../etc", encoding="utf-8")


DAMAGES = ("missing", "empty", "truncated", "one byte", "manifest", "schema", "pointer")


@pytest.mark.parametrize("how", DAMAGES)
def test_r15_a_damaged_folder_gives_the_honest_fallback_on_every_page(
    app: Flask, models: Path, shelf: list[int], how: str
) -> None:
    publish(app, "v1", "content")
    damage(models / "v1", how)
    app.extensions["recs"] = recs = local(app)
    assert recs.state().state == "fallback"
    with pytest.raises(RecsUnavailable):
        recs.for_user(Ask("x", k=3))
    client: ShopClient = app.test_client()
    client.get(f"/p/{shelf[0]}", follow_redirects=True)
    for path in ("/", f"/p/{shelf[0]}", "/cart", "/c/lamps", "/your-recommendations", "/rails?context=home"):
        assert client.get(path, follow_redirects=True).status_code == 200, path
    page = client.get(f"/p/{shelf[0]}", follow_redirects=True).get_data(as_text=True)
    assert "Popular in Lamps" in page
    body = client.get("/api/recommendations?k=5").get_json()
    assert (len(body["items"]), body["model_version"]) == (5, None)
    assert client.get("/readyz").get_json()["recommender"] == "fallback"


@pytest.mark.parametrize("how", ["truncated", "one byte", "manifest"])
def test_r13_a_bad_new_version_leaves_the_old_one_serving(app: Flask, models: Path, shelf: list[int], how: str) -> None:
    publish(app, "v1", "content")
    recs = local(app)
    publish(app, "v2", "content")
    damage(models / "v2", how)
    recs.refresh()
    assert recs.for_user(Ask("x", looked_at(shelf[0]), k=3)).model_version == "v1"
    assert recs.state().problem


@pytest.mark.parametrize("how", ["schema", "truncated", "missing"])
def test_a_model_that_cannot_be_opened_takes_a_line_of_the_log(
    app: Flask, models: Path, shelf: list[int], caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """After an upgrade that is how things are; every start and `flask recommend` showed a page of Python."""
    publish(app, "v1", "content")
    damage(models / "v1", how)
    local(app)
    (line,) = ShopFormatter("plain").format(caplog.records[-1]).splitlines()
    assert "model_refused version=v1 reason=model version v1: " in line


@pytest.mark.parametrize("path", ["/admin/", "/admin/models"])
def test_the_office_says_which_version_serves_and_why(
    app: Flask, models: Path, shelf: list[int], client: ShopClient, path: str
) -> None:
    """The page of the recommender went by what was published, and called a damaged version live."""
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner")
    client.sign_in("owner@example.com")
    publish(app, "v1", "content")
    app.extensions["recs"] = recs = local(app)
    publish(app, "v2", "content")
    damage(models / "v2", "manifest")
    recs.refresh()
    told = "The newest version cannot be used, so version v1 serves on."
    assert told in client.get(path).get_data(as_text=True)
    (models / "CURRENT").write_text("v1", encoding="utf-8")
    recs.refresh()
    assert told not in client.get(path).get_data(as_text=True)
    damage(models / "v1", "manifest")
    app.extensions["recs"] = local(app)
    assert "No model serves just now." in client.get(path).get_data(as_text=True)


def test_a_new_version_that_cannot_answer_leaves_the_old_one_serving(
    app: Flask, models: Path, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files were whole, so it took over, and every page fell back to best sellers."""

    def breaks(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("a broken model")

    publish(app, "v1", "content")
    recs = local(app)
    publish(app, "v2", "popular")
    with monkeypatch.context() as patched:
        patched.setattr(recommender.HybridRecommender, "recommend", breaks)
        recs.refresh()
        assert recs.state().version == "v1"
        assert recs.state().problem == "a broken model"
    assert recs.for_user(Ask("x", k=3)).model_version == "v1"


def test_r16_a_slow_recommender_costs_a_page_its_budget_and_no_more(app: Flask, models: Path) -> None:
    publish_nothing = LocalRecs(models, budget_ms=50, background=False)
    slow = SimpleNamespace(prepare=lambda *_a, **_k: time.sleep(2), info={}, strategies=())
    publish_nothing._live = SimpleNamespace(model=slow, version="slow")
    began = time.perf_counter()
    with pytest.raises(RecsUnavailable, match="slow"):
        publish_nothing.for_user(Ask("x"))
    assert time.perf_counter() - began < 1


def test_r16_what_nobody_waits_for_any_more_is_not_begun(
    app: Flask, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "FAILURES_TO_OPEN", 100)
    recs, may_end, begun = LocalRecs(models, budget_ms=50, background=False), threading.Event(), list[int]()

    def prepare(*_arguments: object, **_options: object) -> None:
        begun.append(1)
        may_end.wait(5)

    recs._live = SimpleNamespace(model=SimpleNamespace(prepare=prepare, info={}, strategies=()), version="slow")

    def ask(number: int) -> None:
        with pytest.raises(RecsUnavailable, match="slow"):
            recs.for_user(Ask(f"visitor {number}"))

    visitors = [threading.Thread(target=ask, args=(number,)) for number in range(3 * serving.CALL_THREADS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    may_end.set()
    recs._threads().shutdown(wait=True)
    assert len(begun) == serving.CALL_THREADS


def test_a_version_cleared_away_while_it_is_opened_is_read_on_from_its_training(
    app: Flask, models: Path, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first event of the shop it would take minutes, in which no other version is looked for."""
    publish(app, "v1", "popular")
    note, opened = models / "v1.json", recommender.load
    note.write_text('{"last_event_id": 7}', encoding="utf-8")

    def load(path: Path) -> object:
        model = opened(path)
        note.unlink()
        return model

    monkeypatch.setattr(recommender, "load", load)
    recs = LocalRecs(models, background=False)
    recs.refresh()
    assert recs._reading.events.last_id == 7


def test_r16_failures_in_a_row_open_the_breaker_and_are_counted(app: Flask, models: Path) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise IndexError("the files lie")

    recs = LocalRecs(models, budget_ms=5000, background=False)
    broken = SimpleNamespace(prepare=fail, info={}, strategies=(), left_out={})
    recs._live = SimpleNamespace(model=broken, version="broken")
    for _call in range(FAILURES_TO_OPEN):
        with pytest.raises(RecsUnavailable, match="the files lie"):
            recs.for_user(Ask("x"))
    with pytest.raises(RecsUnavailable, match="resting"):
        recs.for_user(Ask("x"))
    state = recs.state()
    assert (state.state, state.is_open, state.n_failures) == ("fallback", True, FAILURES_TO_OPEN)


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recommender that loads at the first call and leaves no thread behind that looks for news."""
    monkeypatch.setattr(LocalRecs, "_watch", lambda _recs: None)


UNUSABLE = (0.0, 1e-50)  # quantities that the library refuses; shops may hold such rows from earlier times


@pytest.mark.both_databases
@pytest.mark.parametrize("quantity", UNUSABLE)
def test_an_event_that_cannot_be_used_keeps_back_no_other(
    app: Flask, models: Path, shelf: list[int], quantity: float
) -> None:
    publish(app, "v1", "popular")
    recs = local(app)
    quiet = recs.for_user(Ask("x", k=24)).product_ids[-1]
    with unit_of_work() as tx:
        make_event(tx, make_guest(tx), shelf[0], "purchase", value=quantity, at=utc_now())
        for _person in range(60):
            make_event(tx, make_guest(tx), quiet, "purchase", at=utc_now())
    recs.refresh()
    assert recs.for_user(Ask("x", k=3, now=utc_now())).product_ids[0] == quiet


@pytest.mark.usefixtures("unwatched")
@pytest.mark.parametrize("quantity", UNUSABLE)
def test_a_process_that_starts_beside_an_unusable_event_answers_at_once(
    app: Flask, models: Path, shelf: list[int], quantity: float
) -> None:
    publish(app, "v1", "popular")
    with unit_of_work() as tx:
        make_event(tx, make_guest(tx), shelf[0], "purchase", value=quantity, at=utc_now())
    app.extensions["recs"] = recs = LocalRecs(models, feed=DatabaseFeed(app), budget_ms=5000)
    assert recs.state().state == "ok"
    client: ShopClient = app.test_client()
    for path in ("/", f"/p/{shelf[0]}", "/search?q=lamp", "/readyz"):
        assert client.get(path, follow_redirects=True).status_code == 200, path


class Slow(DatabaseFeed):
    """A feed with so much in it that nobody waits until it is read."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.may_end = threading.Event()

    def events_after(self, read: ReadTo) -> tuple[list[EventRow], ReadTo]:
        self.may_end.wait()
        return super().events_after(read)


@pytest.mark.usefixtures("unwatched")
def test_a_process_that_starts_behind_a_long_day_serves_while_it_reads(
    app: Flask, models: Path, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "OPENING_SECONDS", 2.0)
    publish(app, "v1", "popular")
    feed = Slow(app)
    recs, asked = LocalRecs(models, feed=feed, budget_ms=5000), list[str]()
    visitor = threading.Thread(target=lambda: asked.append(recs.for_user(Ask("x", k=3)).model_version), daemon=True)
    visitor.start()
    visitor.join(8)
    answered = list(asked)
    feed.may_end.set()
    recs.warm_up()
    assert answered == ["v1"]


@pytest.mark.usefixtures("unwatched")
def test_pages_do_without_a_model_that_takes_long_to_open(
    app: Flask, models: Path, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "OPENING_SECONDS", 0.05)
    publish(app, "v1", "popular")
    may_open, take = threading.Event(), LocalRecs._take

    def open_slowly(recs: LocalRecs, version: str) -> None:
        may_open.wait(5)
        take(recs, version)

    monkeypatch.setattr(LocalRecs, "_take", open_slowly)
    recs = LocalRecs(models, budget_ms=5000)
    began = time.monotonic()
    with pytest.raises(RecsUnavailable, match="no model"):
        recs.for_user(Ask("x", k=3))
    assert time.monotonic() - began < 4
    may_open.set()
    recs.warm_up()
    assert recs.for_user(Ask("x", k=3)).model_version == "v1"


@pytest.mark.parametrize("quantity", UNUSABLE)
def test_who_has_an_unusable_event_is_recommended_to_by_the_others(
    app: Flask, models: Path, shelf: list[int], quantity: float
) -> None:
    publish(app, "v1", "content")
    recs = local(app)
    history = [*looked_at(shelf[12], "purchase", quantity), *looked_at(shelf[0])]
    assert set(recs.for_user(Ask("x", history, k=5)).product_ids) <= set(shelf[:8])
    assert recs.order(Ask("x", history, product_ids=tuple(shelf[:3]))).items
    weights = recs.weights(history)
    assert (len(weights), weights[0]) == (2, 0.0)
    assert weights[1] > 0
    assert recs.state().n_failures == 0


def test_what_a_model_stumbles_over_is_left_out_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    lines: list[dict] = []
    monkeypatch.setattr(reading.log, "warning", lambda event, extra: lines.append({"event": event} | extra))

    def listen(rows: Sequence[int]) -> None:
        if 3 in rows:
            raise KeyError("three")
        heard.extend(rows)

    assert reading.tell(listen, range(10), "events") == 1
    assert sorted(heard) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert lines == [{"event": "recommender_rows_left_out", "what": "events", "n": 1, "reason": "KeyError: 'three'"}]


def test_a_model_that_stumbles_over_everything_is_not_told_forever() -> None:
    calls = []

    def fail(rows: Sequence[int]) -> None:
        calls.append(len(rows))
        raise KeyError("broken")

    assert reading.tell(fail, range(5000), "events") == 5000
    assert len(calls) < 500


class Unreachable(DatabaseFeed):
    """A feed whose database is away."""

    def events_after(self, read: ReadTo) -> tuple[list[EventRow], ReadTo]:
        raise OSError("the database is away")


@pytest.mark.usefixtures("unwatched")
@pytest.mark.parametrize("background", [True, False], ids=["at the first call", "in the watch"])
def test_a_model_serves_though_what_is_new_cannot_be_read(
    app: Flask, models: Path, shelf: list[int], *, background: bool
) -> None:
    publish(app, "v1", "popular")
    recs = LocalRecs(models, feed=Unreachable(app), budget_ms=5000, background=background)
    if not background:
        recs.refresh()
    assert recs.for_user(Ask("x", k=3)).model_version == "v1"


@pytest.mark.usefixtures("unwatched")
def test_whatever_breaks_at_the_first_call_breaks_no_page(
    app: Flask, models: Path, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(app, "v1", "popular")
    recs = LocalRecs(models, budget_ms=5000)
    monkeypatch.setattr(recs, "_take", lambda _version: 1 / 0)
    with pytest.raises(RecsUnavailable):
        recs.for_user(Ask("x", k=3))
    assert recs.state().problem
