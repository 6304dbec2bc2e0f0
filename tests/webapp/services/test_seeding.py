"""The demo in the database: whole, the same for the same number, and its accounts work."""

import json
import stat
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
from webapp.services import media, schedule, seeding
from webapp.store import catalogue, interactions, operations, orders, products
from webapp.store.models import Interaction, Order, OrderLine, Product, StarRating
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.slow


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
