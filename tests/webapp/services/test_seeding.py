"""The demo in the database: whole, the same for the same number, and its accounts work."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from recommender import Interactions, ItemCatalogue
from seed.shop import generate
from tests.conftest import NOW
from tests.factories import ShopClient, make_product
from webapp import jobs
from webapp.errors import Conflict
from webapp.services.upkeep import media, schedule, seeding
from webapp.store import catalogue, interactions, operations, orders, products
from webapp.store.models import Interaction, Order, OrderLine, Product, StarRating
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]


def silent(_stage: str, _done: float) -> None:
    """Show nothing."""


@pytest.fixture
def demo(app: Flask) -> list[dict[str, str]]:
    instance = Path(app.instance_path)
    shop = generate(size="small", random_seed=7, now=NOW)
    seeding.write(instance, shop, size="small", random_seed=7, now=NOW, progress=silent)
    return seeding.read_accounts(instance)


def test_the_accounts_open_and_are_kept_private(app: Flask, demo: list[dict[str, str]]) -> None:
    assert [account["role"] for account in demo] == ["owner", "shopper", "shopper"]
    kept = Path(app.instance_path) / seeding.ACCOUNTS_FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text(encoding="utf-8")) == demo
    for account in demo:
        client: ShopClient = app.test_client()
        client.sign_in(account["email"], account["password"])
        if account["role"] == "shopper":
            known = client.get(f"/api/recommendations?user_id={account['user_id']}")
            assert known.status_code == 200
        assert client.get("/admin/").status_code == (200 if account["role"] == "owner" else 404)


def test_sums_agree_with_the_rows_they_come_from(app: Flask, demo: list[dict[str, str]]) -> None:
    with read_unit() as tx:
        votes = {
            row[0]: (row[1], row[2])
            for row in tx.rows(
                select(StarRating.product_id, func.count(), func.sum(StarRating.stars)).group_by(StarRating.product_id)
            )
        }
        for product_id, count, total in tx.rows(select(Product.id, Product.rating_count, Product.rating_sum)):
            assert (count, total) == votes.get(product_id, (0, 0))
        bought = tx.rows(select(Interaction.order_ref, Interaction.product_id).where(Interaction.kind == "purchase"))
        lines = tx.rows(select(Order.number, OrderLine.product_id).join(Order, Order.id == OrderLine.order_id))
    assert {tuple(row) for row in bought} == {tuple(row) for row in lines}


def test_the_shop_is_full_and_says_that_it_is_a_demo(app: Flask, demo: list[dict[str, str]]) -> None:
    page = app.test_client().get("/").get_data(as_text=True)
    assert "demonstration shop" in page
    assert page.count("data-card=") >= 20
    about = app.test_client().get("/about-the-demo").get_data(as_text=True)
    assert demo[1]["email"] in about
    assert demo[0]["password"] not in about


def test_the_figures_of_the_demo_are_written_as_its_reader_writes_them(app: Flask, demo: list[dict[str, str]]) -> None:
    with read_unit() as tx:
        n_events = tx.scalar(select(func.count()).select_from(Interaction))
    assert n_events > 1000
    for language, between in (("en", ","), ("de", ".")):
        about = app.test_client().get("/about-the-demo", headers={"Accept-Language": language}).get_data(as_text=True)
        assert f">{n_events // 1000}{between}{n_events % 1000:03}<" in about, language


def test_the_training_frames_are_what_the_library_reads(app: Flask, demo: list[dict[str, str]]) -> None:
    with read_unit() as tx:
        events, items = interactions.training_frame(tx), catalogue.item_frame(tx)
    assert len(Interactions.from_frame(events)) > 1000
    assert len(ItemCatalogue.from_frame(items)) == 60
    assert items["colours"].str.contains(r"\|").any()
    assert items["category"].str.contains(" > ").all()


def test_a_shop_with_other_products_is_left_alone(app: Flask) -> None:
    with unit_of_work() as tx:
        make_product(tx)
    with pytest.raises(Conflict):
        seeding.seed_shop(Path(app.instance_path), size="small", random_seed=7, now=NOW, progress=silent)
    with read_unit() as tx:
        assert products.count(tx) == 1
        assert orders.counts_by_state(tx) == {}


def test_seeding_twice_is_seeding_once(app: Flask, demo: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding.media, "draw_all", lambda *_a, **_k: 0)
    again = seeding.seed_shop(Path(app.instance_path), size="small", random_seed=7, now=NOW, progress=silent)
    assert again.n_products == 60
    assert seeding.read_accounts(Path(app.instance_path)) == demo


def test_pictures_are_drawn_once_and_whole(tmp_path: Path) -> None:
    specs = [product.variants[0].picture.to_dict() for product in generate("small", now=NOW).products[:3]]
    wanted = [(media.stem_of(spec), spec) for spec in specs]
    assert media.draw_all(tmp_path, wanted, processes=1) == 3
    assert media.draw_all(tmp_path, wanted, processes=1) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{stem}-320.webp" for stem, _spec in wanted)


DRAWING = """
import sys
from multiprocessing import active_children
from pathlib import Path
from webapp.services.upkeep import media

def tell(_stage, _done):
    print(*(child.pid for child in active_children()), flush=True)

if __name__ == "__main__":
    spec = {"kind": "lamp", "cut": "desk", "colour": "moss", "second_colour": "sand", "pattern": "plain",
            "material": "brass", "detail": "plain"}
    pictures = [(f"lamp-{n:016}", spec) for n in range(3000)]
    media.draw_all(Path(sys.argv[1]), pictures, processes=2, progress=tell)
"""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_nobody_goes_on_drawing_for_one_who_was_killed(tmp_path: Path, end: signal.Signals) -> None:
    script = tmp_path / "drawing.py"
    script.write_text(DRAWING)
    command = [sys.executable, str(script), str(tmp_path / "media")]
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings) as main:
        assert main.stdout is not None
        helpers = [int(pid) for pid in main.stdout.readline().split()]
        main.send_signal(end)
    assert len(helpers) == 2
    deadline = time.monotonic() + 15
    while any(is_running(pid) for pid in helpers) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [pid for pid in helpers if is_running(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that ended may wait for whoever inherited it to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_worker_draws_what_the_first_pages_do_not_show(
    app: Flask, demo: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(app.instance_path) / "media"
    monkeypatch.setattr(seeding, "DRAWN_AT_ONCE", 5)
    monkeypatch.setattr(jobs, "PICTURES_A_TURN", 20)
    seeding.seed_shop(Path(app.instance_path), size="small", random_seed=7, now=NOW, progress=silent)
    with read_unit() as tx:
        wanted = [stem for stem, _spec in catalogue.first_pictures(tx)]
    shown = {path.name for path in folder.glob("*-320.webp")}
    assert {f"{stem}-320.webp" for stem in wanted[:5]} <= shown
    assert jobs.run_due_jobs() == -(-(len(wanted) - 5) // 20)
    assert all((folder / f"{stem}-320.webp").exists() for stem in wanted)
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.RETRAIN, ("queued",))  # the model has not seen those pictures
