"""A shop stocked, opened and trained by its own commands, with nothing put in the place of anything."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from config import ROOT, TestConfig
from tests.factories import PASSWORD, ShopClient
from webapp import create_app
from webapp.extensions import allow_migrations, db

OWNER = "owner@example.com"
SHELVES = {
    "Lamps": "Brass and glass, a warm light.",
    "Mugs": "Stoneware with a thick glaze, for tea.",
    "Scarves": "Soft wool for the winter.",
    "Boots": "Leather and a sole for the rain.",
    "Notebooks": "Ruled paper, bound by hand.",
}
N_PER_SHELF, N_PEOPLE, N_STEPS = 12, 80, 6
DAY = 86_400
GOODS_MAP = "item_id=sku,title=title,category=category,description=text,price=price"
EVENTS_MAP = "user_id=who,item_id=what,kind=kind,timestamp=when"
# A page waits for the recommender however busy the machine is: what is tested is what it answers.
SETTINGS = {"RECS_BUDGET_MS": "10000", "LOG_LEVEL": "ERROR"}


def sku(shelf: str, number: int) -> str:
    return f"{shelf[:2].upper()}-{number:02}"


def goods() -> list[dict[str, str]]:
    """Five shelves of twelve things."""
    return [
        {
            "sku": sku(shelf, number),
            "title": f"{shelf[:-1]} {number}",
            "category": f"Home > {shelf}",
            "text": text,
            "price": "19.00",
        }
        for shelf, text in SHELVES.items()
        for number in range(N_PER_SHELF)
    ]


def history() -> list[dict[str, str]]:
    """People who each walk along one shelf in its order, over the last two months."""
    draw, now, rows = np.random.default_rng(4), int(time.time()), []
    for person in range(N_PEOPLE):
        shelf, first = list(SHELVES)[person % len(SHELVES)], int(draw.integers(0, N_PER_SHELF - N_STEPS + 1))
        for step in range(N_STEPS):
            kind = "purchase" if step % 3 == 2 else "view"
            when = now - (60 - 11 * step) * DAY - 700 * person
            rows.append({"who": f"p{person}", "what": sku(shelf, first + step), "kind": kind, "when": str(when)})
    return rows


def write(path: Path, rows: list[dict[str, str]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


@dataclass(frozen=True)
class OpenShop:
    """A shop that is open, seen from the street."""

    app: Flask

    def visitor(self) -> ShopClient:
        """Return somebody who has not been here before."""
        client = self.app.test_client()
        assert isinstance(client, ShopClient)
        return client

    def owner(self) -> ShopClient:
        """Return the owner, signed in."""
        client = self.visitor()
        client.sign_in(OWNER)
        return client

    def flask(self, *arguments: str) -> None:
        """Run one of the shop's commands."""
        done = self.app.test_cli_runner().invoke(args=list(arguments))
        assert done.exit_code == 0, done.output

    def flask_elsewhere(self, *arguments: str) -> None:
        """Run one of the shop's commands in a process of its own, as the worker does."""
        shop = self.app.config["SHOP"]
        same = {"INSTANCE_PATH": str(shop.instance), "DATABASE_URL": shop.database_url, "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | SETTINGS | same, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShop]:
    """The shop with its first trained model live."""
    folder = tmp_path_factory.mktemp("journey-shop")
    app = create_app(TestConfig.under(folder / "instance", **SETTINGS))
    allow_migrations(app)
    app.test_client_class = ShopClient
    opened = OpenShop(app)
    opened.flask("db", "upgrade")
    opened.flask("import-catalog", write(folder / "goods.csv", goods()), "--map", GOODS_MAP)
    opened.flask("import-interactions", write(folder / "history.csv", history()), "--map", EVENTS_MAP)
    opened.flask("create-admin", "--email", OWNER, "--password", PASSWORD)
    opened.flask("retrain", "--if-none")
    yield opened
    app.extensions["recs"].feed = None  # the watch goes on as long as the process; it finds nothing to read any more
    with app.app_context():
        db.engine.dispose()
