"""A made-up shop of any size, for measuring speed and memory only; no quality claim rests on it.

What matters for speed is made to look like a shop: few items draw most events (Zipf), people keep to a handful of
categories and brands, an item tends to be followed by the same few others, histories hold 20 to 50 events in visits of
a few steps each, and every item has a title, a description, a category path, a brand, a price and a colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

END = 1_767_225_600  # the start of 2026, UTC
DAY = 86_400
SPAN_DAYS = 540
ITEMS_PER_LEAF = 250
LEAVES_PER_DEPARTMENT = 8
ITEMS_PER_BRAND = 60
ZIPF = 1.0
SUCCESSORS = 8
TASTES = 4
# Shares of the steps of a visit: to one of the usual successors, within the category, to anything popular.
FOLLOWS, STAYS = 0.4, 0.5
NEW_VISIT = 0.25
KINDS = ("view", "click", "cart", "wishlist", "purchase", "rating")
KIND_SHARES = (0.62, 0.08, 0.10, 0.03, 0.10, 0.07)
COLOURS = ("black", "white", "grey", "red", "green", "blue", "brown", "yellow")
SYLLABLES = ("ka", "lo", "mi", "ren", "tu", "sa", "vel", "no", "pi", "dor", "e", "han", "ju", "ster", "ba", "fy")


@dataclass(frozen=True)
class Scale:
    """How much to make.

    Attributes
    ----------
    n_items, n_users : int
    min_events, max_events : int
        Bounds of a history's length, drawn evenly.
    seed : int
    """

    n_items: int
    n_users: int
    min_events: int = 20
    max_events: int = 50
    seed: int = 0

    @classmethod
    def of_events(cls, n_items: int, n_events: int, seed: int = 0) -> Scale:
        """About ``n_events`` events in histories of 20 to 50."""
        return cls(n_items, max(2, round(n_events / 35)), seed=seed)


@dataclass(frozen=True)
class World:
    """The frames that :class:`recommender.Interactions` and :class:`recommender.ItemCatalogue` take."""

    events: pd.DataFrame
    items: pd.DataFrame


@dataclass(frozen=True)
class _Items:
    """Items sorted by leaf category; ``leaf_starts`` has shape (n_leaves + 1,), the rest (n_items,)."""

    leaf: Ints
    leaf_starts: Ints
    appeal: Floats
    brand: Ints

    @property
    def n_leaves(self) -> int:
        return len(self.leaf_starts) - 1


def make_world(scale: Scale) -> World:
    """Make catalogue and events; the same scale gives the same world."""
    rng = np.random.default_rng(scale.seed)
    items = _draw_items(scale.n_items, rng)
    return World(_events_frame(scale, items, rng), _items_frame(items, rng))


def item_ids(n: int) -> list[str]:
    """Ids of a catalogue of that size."""
    return [f"i{row:07d}" for row in range(n)]


def user_ids(n: int) -> list[str]:
    """Ids of that many users."""
    return [f"u{row:07d}" for row in range(n)]


def _draw_items(n: int, rng: np.random.Generator) -> _Items:
    n_leaves = max(2, round(n / ITEMS_PER_LEAF))
    leaf = np.sort(rng.choice(n_leaves, n, p=_zipf(n_leaves, 0.5)))
    starts = np.searchsorted(leaf, np.arange(n_leaves + 1))
    appeal = rng.permutation(_zipf(n, ZIPF))
    n_brands = max(2, round(n / ITEMS_PER_BRAND))
    brand = (leaf * 7 + rng.choice(n_brands, n, p=_zipf(n_brands, 1.0))) % n_brands
    return _Items(leaf, starts.astype(np.int64), appeal, brand.astype(np.int64))


def _zipf(n: int, exponent: float) -> Floats:
    shares = np.arange(1, n + 1, dtype=np.float64) ** -exponent
    return shares / shares.sum()


def _items_frame(items: _Items, rng: np.random.Generator) -> pd.DataFrame:
    n = len(items.leaf)
    leaf_names = _names(items.n_leaves, rng)
    department = items.leaf // LEAVES_PER_DEPARTMENT
    department_names = _names(int(department.max()) + 1, rng)
    brand_names = _names(int(items.brand.max()) + 1, rng)
    words = np.array(_names(4_000, rng), dtype=object)
    # A leaf has forty words of its own and its department sixty; the rest of a description is anybody's.
    own = words[(items.leaf[:, None] * 37 + rng.integers(0, 40, (n, 5))) % len(words)]
    shared = words[(department[:, None] * 101 + rng.integers(0, 60, (n, 4))) % len(words)]
    common = words[rng.integers(0, len(words), (n, 4))]
    level = rng.normal(3.0, 0.8, items.n_leaves)[items.leaf] + rng.normal(0.0, 0.3, items.brand.max() + 1)[items.brand]
    brands, leaves = brand_names[items.brand], leaf_names[items.leaf]
    return pd.DataFrame(
        {
            "item_id": item_ids(n),
            "title": [f"{b} {a} {w}" for b, a, w in zip(brands, leaves, own[:, 0], strict=True)],
            "description": [" ".join(row) for row in np.concatenate([own, shared, common], axis=1).tolist()],
            "category": department_names[department] + " > " + leaves,
            "brand": brands,
            "price": np.round(np.exp(level + rng.normal(0.0, 0.3, n)), 2),
            "colours": np.array(COLOURS, dtype=object)[rng.integers(0, len(COLOURS), n)],
        }
    )


def _names(n: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """Distinct pronounceable words."""
    syllables = np.array(SYLLABLES, dtype=object)
    drawn = syllables[rng.integers(0, len(syllables), (n, 3))].sum(axis=1)
    tags = [_letters(row) for row in range(n)]
    return np.array([f"{word}{tag}" for word, tag in zip(drawn, tags, strict=True)], dtype=object)


def _letters(number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    text = letters[number % 26]
    while number >= 26:
        number //= 26
        text += letters[number % 26]
    return text


def _events_frame(scale: Scale, items: _Items, rng: np.random.Generator) -> pd.DataFrame:
    lengths = rng.integers(scale.min_events, scale.max_events + 1, scale.n_users)
    chosen, visits = _walk(items, lengths, rng)
    keep = np.arange(chosen.shape[1])[None, :] < lengths[:, None]
    users = np.repeat(np.arange(scale.n_users), lengths)
    kinds = rng.choice(len(KINDS), len(users), p=KIND_SHARES)
    return pd.DataFrame(
        {
            "user_id": np.array(user_ids(scale.n_users), dtype=object)[users],
            "item_id": np.array(item_ids(scale.n_items), dtype=object)[chosen[keep]],
            "kind": np.array(KINDS, dtype=object)[kinds],
            "value": _values(kinds, rng),
            "timestamp": _times(visits, rng)[keep],
        }
    )


def _values(kinds: Ints, rng: np.random.Generator) -> Floats:
    stars = rng.choice([1.0, 2.0, 3.0, 4.0, 5.0], len(kinds), p=[0.05, 0.05, 0.12, 0.28, 0.5])
    values = np.where(kinds == KINDS.index("rating"), stars, np.nan)
    return np.where(kinds == KINDS.index("purchase"), 1.0, values)


def _walk(items: _Items, lengths: Ints, rng: np.random.Generator) -> tuple[Ints, NDArray[np.bool_]]:
    """Items of every user step by step, all users at once; shapes (n_users, longest), and where a visit begins."""
    n_users, longest = len(lengths), int(lengths.max())
    tastes = rng.choice(items.n_leaves, (n_users, TASTES), p=_zipf(items.n_leaves, 0.5))
    ladder = np.concatenate([[0.0], np.cumsum(items.appeal)])
    follow = _successors(items, rng)
    chosen = np.zeros((n_users, longest), dtype=np.int64)
    visits = rng.random((n_users, longest)) < NEW_VISIT
    visits[:, 0] = True
    leaf = tastes[:, 0]
    for step in range(longest):
        wanted = tastes[np.arange(n_users), rng.integers(0, TASTES, n_users)]
        leaf = np.where(visits[:, step], wanted, leaf)
        draw = rng.random(n_users)
        within = _by_appeal(ladder, items.leaf_starts[leaf], items.leaf_starts[leaf + 1], rng)
        anywhere = _by_appeal(ladder, np.zeros(n_users, dtype=np.int64), np.full(n_users, len(items.leaf)), rng)
        picked = np.where(draw < FOLLOWS + STAYS, within, anywhere)
        if step:
            usual = follow[chosen[:, step - 1], rng.choice(SUCCESSORS, n_users, p=_zipf(SUCCESSORS, 1.0))]
            picked = np.where((draw < FOLLOWS) & ~visits[:, step], usual, picked)
        chosen[:, step] = picked
    return chosen, visits


def _successors(items: _Items, rng: np.random.Generator) -> Ints:
    """What usually comes next: six of the same leaf, two of the neighbouring one; shape (n_items, SUCCESSORS)."""
    n = len(items.leaf)
    leaves = np.repeat(items.leaf[:, None], SUCCESSORS, axis=1)
    leaves[:, -2:] = (leaves[:, -2:] + 1) % items.n_leaves
    flat = leaves.ravel()
    # Even draws within the leaf, so that the long tail is somebody's successor too.
    starts, ends = items.leaf_starts[flat], items.leaf_starts[flat + 1]
    empty = ends <= starts
    drawn = starts + (rng.random(len(flat)) * np.maximum(ends - starts, 1)).astype(np.int64)
    return np.where(empty, rng.integers(0, n, len(flat)), np.minimum(drawn, n - 1)).reshape(n, SUCCESSORS)


def _by_appeal(ladder: Floats, starts: Ints, ends: Ints, rng: np.random.Generator) -> Ints:
    """One item per span, the appealing ones more often; any item where the span is empty."""
    low, high = ladder[starts], ladder[ends]
    empty = ends <= starts
    low, high = np.where(empty, 0.0, low), np.where(empty, ladder[-1], high)
    place = np.searchsorted(ladder, low + rng.random(len(starts)) * (high - low), side="right") - 1
    return np.clip(place, 0, len(ladder) - 2).astype(np.int64)


def _times(visits: NDArray[np.bool_], rng: np.random.Generator) -> Ints:
    """UTC seconds per step: minutes within a visit, days between visits, all before ``END``."""
    pauses = np.where(visits, rng.exponential(6.0 * DAY, visits.shape), rng.exponential(90.0, visits.shape) + 5.0)
    passed = np.cumsum(pauses, axis=1)
    room = np.maximum(SPAN_DAYS * DAY - passed[:, -1], 0.0)
    scale = np.minimum(1.0, SPAN_DAYS * DAY / passed[:, -1])[:, None]
    begin = END - SPAN_DAYS * DAY + rng.random(len(visits)) * room
    return (begin[:, None] + passed * scale - 1).astype(np.int64)


def clustered_vectors(n: int, n_dims: int, *, seed: int = 0, spread: float = 0.5) -> NDArray[np.float32]:
    """Unit vectors in clusters within clusters, with noise in every direction, shape (n, n_dims).

    Real item vectors lie in clumps: categories and, inside them, kinds of product. Evenly scattered ones would make
    approximate search look worse than it is, and clumps without noise would make it look better.
    """
    rng = np.random.default_rng(seed)
    n_coarse, n_fine = max(2, round(n**0.5 / 4)), max(4, round(n / 50))
    coarse = rng.standard_normal((n_coarse, n_dims)).astype(np.float32)
    fine = coarse[rng.integers(0, n_coarse, n_fine)] + rng.standard_normal((n_fine, n_dims)).astype(np.float32) * 0.7
    own = fine[rng.choice(n_fine, n, p=_zipf(n_fine, 0.5))]
    noisy = own + rng.standard_normal((n, n_dims)).astype(np.float32) * np.float32(spread)
    return (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)


def describe(world: World) -> dict[str, Any]:
    """Facts about a world for the report: counts, lengths, and how uneven the demand is."""
    per_item = world.events["item_id"].value_counts().to_numpy()
    head = per_item[: max(1, len(world.items) // 100)].sum() / per_item.sum()
    per_user = world.events["user_id"].value_counts()
    return {
        "items": len(world.items),
        "items_with_events": len(per_item),
        "users": len(per_user),
        "events": len(world.events),
        "events_per_user": [int(per_user.min()), float(per_user.mean()), int(per_user.max())],
        "share_of_events_on_top_1_percent": round(float(head), 4),
    }
