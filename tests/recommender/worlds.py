"""Small invented shops in which the right answer is known, because it was planted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from recommender.base import Query
from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.data.state import EventLog, build_state
from recommender.training_data import TrainingData
from recommender.types import KIND_CODE, Event, Recommendation

DAY = 86_400
START = 1_700_000_000
SHELVES = ("kitchen", "garden")
ON_A_SHELF = 20
# What is planted in ``two_shelves``; the same numbers on both shelves.
REFILL = 7
LAMP, BULB = 4, 12
FAMILY = (18, 19)
LEAVES = {"kitchen": ("Cups", "Pans"), "garden": ("Tools", "Seeds")}
COLOURS = ("red", "green", "blue", "white")


def thing(shelf: str, number: int) -> str:
    """Id of an item of ``two_shelves``."""
    return f"{shelf}-{number % ON_A_SHELF:02d}"


def shelf_of(item_id: str) -> str:
    return item_id.split("-")[0]


def family_of(item_id: str) -> str:
    """The family of a variant, the id of anything else."""
    return shelf_of(item_id) if int(item_id[-2:]) in FAMILY else item_id


def frame_of(*rows: Sequence[Any]) -> pd.DataFrame:
    """An event frame from rows (user, item, kind, timestamp[, value[, order]])."""
    filled = [(*row, *(None,) * (6 - len(row))) for row in rows]
    frame = pd.DataFrame(filled, columns=["user_id", "item_id", "kind", "timestamp", "value", "order_id"])
    return frame.astype({"value": "float64"})


def purchases(baskets: dict[str, Sequence[str]], *, step: int = DAY) -> pd.DataFrame:
    """Each user's items bought one after the other, a day apart."""
    return frame_of(
        *((user, item, "purchase", START + n * step) for user, items in baskets.items() for n, item in enumerate(items))
    )


def data_of(frame: pd.DataFrame, items: pd.DataFrame | None = None) -> TrainingData:
    catalogue = None if items is None else ItemCatalogue.from_frame(items)
    return TrainingData.build(Interactions.from_frame(frame), catalogue)


def query(
    data: TrainingData,
    history: Sequence[str | tuple[str, str] | Event] = (),
    *,
    now: int | None = None,
    context: Sequence[str] = (),
) -> Query:
    """A request of somebody with a history of item ids (purchases), (item, kind) pairs or events, oldest first."""
    start = data.now - DAY * len(history)
    events = [_event(entry, start + n * DAY) for n, entry in enumerate(history)]
    items = data.catalogue.items
    log = EventLog.from_events(events, items.rows([e.item_id for e in events]))
    rows = items.rows(list(context))
    return Query(build_state(log, data.weights), data.now if now is None else now, rows[rows >= 0])


def _event(entry: str | tuple[str, str] | Event, timestamp: int) -> Event:
    if isinstance(entry, Event):
        return entry
    item, kind = (entry, "purchase") if isinstance(entry, str) else entry
    return Event(item, kind, timestamp)


def named(data: TrainingData, rows: Any) -> list[str]:
    return data.catalogue.items.take(np.asarray(rows))


def ids(found: Sequence[Recommendation]) -> list[str]:
    return [r.item_id for r in found]


def same_bytes(left: Any, right: Any) -> bool:
    """Equal to the last bit, NaN included."""
    left, right = np.asarray(left), np.asarray(right)
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


def ring_walks(n_users: int = 100, n_items: int = 15, random_state: int = 5) -> pd.DataFrame:
    """Users who go round a ring of items, from one to the next four times in five and else anywhere."""
    rng = np.random.default_rng(random_state)
    rows = []
    for user in range(n_users):
        place = int(rng.integers(n_items))
        for step in range(8):
            rows.append((f"u{user:03d}", f"ring-{place:02d}", "purchase", START + user * DAY + step * 3600))
            place = (place + 1 if rng.random() < 0.8 else int(rng.integers(n_items))) % n_items
    return frame_of(*sorted(rows, key=lambda row: row[3]))


def two_shelves(n_users: int = 60, random_state: int = 3) -> pd.DataFrame:
    """A log of two circles of users who never look at each other's shelf.

    Planted per shelf: after item n mostly comes n + 1; a lamp is bought together with its bulb; a refill is bought
    again every 30 days; items with an even number get many stars and odd ones few.
    """
    rng = np.random.default_rng(random_state)
    rows: list[tuple[Any, ...]] = []
    for number in range(n_users):
        shelf = SHELVES[number % 2]
        rows += _walk(f"u{number:02d}", shelf, rng)
    return frame_of(*sorted(rows, key=lambda row: (row[3], row[0])))


def _walk(user: str, shelf: str, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    number, time = int(rng.integers(ON_A_SHELF)), START + int(rng.integers(200)) * DAY
    rows: list[tuple[Any, ...]] = []
    seen: set[int] = set()
    for _ in range(int(rng.integers(7, 12))):
        time += int(rng.integers(DAY // 2, 3 * DAY))
        if number not in seen:
            rows += _visit(user, shelf, number, time, rng)
        seen.add(number)
        number = (number + 1 if rng.random() < 0.75 else int(rng.integers(ON_A_SHELF))) % ON_A_SHELF
    if rng.random() < 0.5:
        begin = START + int(rng.integers(100)) * DAY
        rows += [
            (user, thing(shelf, REFILL), "purchase", begin + n * 30 * DAY, 1.0, f"{user}-refill-{n}") for n in range(4)
        ]
    return rows


def _visit(user: str, shelf: str, number: int, time: int, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    item, order = thing(shelf, number), f"{user}-{time}"
    kind = str(rng.choice(["purchase", "view", "cart", "wishlist", "click"], p=[0.6, 0.2, 0.1, 0.05, 0.05]))
    if number == LAMP:
        kind = "purchase"
    rows: list[tuple[Any, ...]] = [(user, item, kind, time, *((1.0, order) if kind == "purchase" else ()))]
    if number == LAMP and rng.random() < 0.9:
        rows.append((user, thing(shelf, BULB), "purchase", time, 1.0, order))
    if kind == "purchase" and rng.random() < 0.6:
        stars = float(rng.integers(4, 6)) if number % 2 == 0 else float(rng.integers(1, 3))
        rows.append((user, item, "rating", time + 3600, stars))
    if kind == "view" and rng.random() < 0.1:
        rows.append((user, item, "dismiss", time + 60))
    return rows


def shelf_items(pictures: Path | None = None) -> pd.DataFrame:
    """The catalogue of ``two_shelves``; with a folder, a drawn picture for each item."""
    rows = []
    for shelf in SHELVES:
        for number in range(ON_A_SHELF):
            leaf = LEAVES[shelf][number >= ON_A_SHELF // 2]
            colour = COLOURS[number % len(COLOURS)]
            item = thing(shelf, number)
            rows.append(
                {
                    "item_id": item,
                    "title": f"{colour} {leaf.lower()} for the {shelf}",
                    "description": f"made for the {shelf}, model {'abcdefghij'[number % 10] * 3}",
                    "category": f"{shelf.title()} > {leaf}",
                    "brand": f"{shelf} maker {number % 3}",
                    "price": 5.0 + number + (100 if shelf == "garden" else 0),
                    "image": draw(pictures / f"{item}.png", shelf, number) if pictures else "",
                    "colours": colour,
                    "family": f"{shelf} pair" if number in FAMILY else "",
                }
            )
    return pd.DataFrame(rows)


def draw(path: Path, shelf: str, number: int) -> str:
    """A small picture: the kitchen is warm and round, the garden is cold and striped."""
    picture = Image.new("RGB", (48, 60), "white")
    pen = ImageDraw.Draw(picture)
    shade = 80 + number * 8
    if shelf == "kitchen":
        pen.ellipse((8, 10, 40, 50), fill=(shade, 40, 20))
    else:
        for left in range(4, 44, 10):
            pen.rectangle((left, 6, left + 4, 54), fill=(20, 60, shade))
    picture.save(path)
    return str(path)


def event(item_id: str, kind: str = "purchase", *, days: float = 0.0, value: float | None = None) -> Event:
    """An event some days after ``two_shelves`` ended."""
    return Event(item_id, kind, START + 330 * DAY + int(days * DAY), value)


def kind_code(kind: str) -> int:
    return KIND_CODE[kind]
