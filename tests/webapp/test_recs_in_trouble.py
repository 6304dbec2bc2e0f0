"""A recommender in trouble: never slow, never a broken page, whatever lies in the model folder."""

import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from tests.factories import ShopClient
from tests.webapp.live import local, looked_at, publish
from webapp.errors import RecsUnavailable
from webapp.picks import Ask
from webapp.recs import LocalRecs
from webapp.recs.serving import FAILURES_TO_OPEN


def test_warming_up_without_a_model_or_with_a_broken_one_is_no_trouble(app: Flask, models: Path) -> None:
    LocalRecs(models).warm_up()
    recs = LocalRecs(models, background=False)
    recs._live = SimpleNamespace(model=SimpleNamespace(), version="v1")  # type: ignore[assignment]  # broken on purpose
    recs.warm_up()


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


def test_r16_a_slow_recommender_costs_a_page_its_budget_and_no_more(app: Flask, models: Path) -> None:
    publish_nothing = LocalRecs(models, budget_ms=50, background=False)
    slow = SimpleNamespace(prepare=lambda *_a, **_k: time.sleep(2), info={}, strategies=())
    publish_nothing._live = SimpleNamespace(model=slow, version="slow")
    began = time.perf_counter()
    with pytest.raises(RecsUnavailable, match="slow"):
        publish_nothing.for_user(Ask("x"))
    assert time.perf_counter() - began < 1


def test_r16_failures_in_a_row_open_the_breaker_and_are_counted(app: Flask, models: Path) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise IndexError("the files lie")

    recs = LocalRecs(models, budget_ms=5000, background=False)
    broken = SimpleNamespace(prepare=fail, info={}, strategies=())
    recs._live = SimpleNamespace(model=broken, version="broken")
    for _call in range(FAILURES_TO_OPEN):
        with pytest.raises(RecsUnavailable, match="the files lie"):
            recs.for_user(Ask("x"))
    with pytest.raises(RecsUnavailable, match="resting"):
        recs.for_user(Ask("x"))
    state = recs.state()
    assert (state.state, state.is_open, state.n_failures) == ("fallback", True, FAILURES_TO_OPEN)
