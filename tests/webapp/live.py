"""A small shop with a model of its own, for tests of what a live recommender does."""

from datetime import timedelta
from pathlib import Path

import numpy as np
from flask import Flask

from recommender import HybridRecommender, Interactions, ItemCatalogue, artifacts
from tests.conftest import NOW
from tests.factories import make_event, make_product, make_user
from webapp.actors import Actor
from webapp.recs import LocalRecs
from webapp.services.picks.feed import DatabaseFeed
from webapp.store import catalogue, interactions, popularity
from webapp.store.rows import HistoryRow
from webapp.store.tx import read_unit, unit_of_work

SHELVES = ("Home > Lamps", "Table > Mugs", "Clothing > Scarves")


def stock_shop() -> list[int]:
    """Three shelves of eight products and twenty members who each keep to one shelf."""
    draw = np.random.default_rng(3)
    with unit_of_work() as tx:
        ids = [
            make_product(
                tx,
                name=f"{shelf.split(' > ')[1][:-1]} {number}",
                category=shelf,
                description=f"Made for the {shelf.lower()} shelf.",
                picture=f"{shelf[:3].lower()}-{number}",
            )
            for shelf in SHELVES
            for number in range(8)
        ]
        for person in range(20):
            member = Actor(user_id=make_user(tx, f"person-{person}@example.com"))
            shelf = ids[8 * (person % 3) : 8 * (person % 3) + 8]
            for step, product in enumerate(draw.permutation(shelf)[:6]):
                kind = "purchase" if step % 3 == 2 else "view"
                make_event(tx, member, int(product), kind, at=NOW - timedelta(days=60 - step, minutes=person))
        popularity.refresh(tx, now=NOW)
    return ids


def publish(app: Flask, version: str, strategy: str = "hybrid") -> Path:
    """Fit a model on the shop's tables and publish it."""
    with read_unit() as tx:
        events, items = interactions.training_frame(tx), catalogue.item_frame(tx)
    model = HybridRecommender(strategy=strategy, random_state=0)
    model.fit(Interactions.from_frame(events), ItemCatalogue.from_frame(items))
    root = Path(app.instance_path) / "models"
    model.save(root / version)
    artifacts.publish(root, version)
    return root


def local(app: Flask, **options: object) -> LocalRecs:
    """A recommender that looks for news when told, with time enough for a busy machine."""
    values: dict = {"feed": DatabaseFeed(app), "budget_ms": 5000, "background": False} | options
    recs = LocalRecs(Path(app.instance_path) / "models", **values)
    recs.refresh()
    return recs


def looked_at(product_id: int, kind: str = "view", value: float | None = None) -> list[HistoryRow]:
    return [HistoryRow(product_id, kind, value, NOW)]
