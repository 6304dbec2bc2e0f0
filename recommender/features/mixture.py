"""How much each block counts in the combined space: learned from what users came to next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from recommender.arrays.vectorindex import normalise
from recommender.features.combine import BLOCKS, DEFAULT_BLOCK_WEIGHTS, combine
from recommender.types import FloatMatrix, FloatVector, Rows

STEPS = 4
MAX_USERS, MIN_USERS = 400, 50
MAX_ITEMS = 20_000
PROFILE_ITEMS = 20
RECENCY = 0.7


def learn_mixture(
    blocks: Mapping[str, FloatMatrix], user_rows: Rows, item_rows: Rows, *, random_state: int = 0
) -> dict[str, float]:
    """Weights of the blocks under which the next item is nearest to what the user touched before.

    Each of some users' last item is looked for among the others, with a profile of the items before it. Of a grid over
    all mixtures the one with the largest mean of ``1 / log2(place + 1)`` is taken; a tie, and too few users, leave the
    default.

    Parameters
    ----------
    blocks : mapping of str to ndarray of shape (n_items, n_dims)
        Unit vectors per block; a zero row where an item has none.
    user_rows, item_rows : ndarray of shape (n_steps,)
        Users' items in time order, users one after the other.
    random_state : int
        Draws the users and, in a large catalogue, the items they are judged on.

    Returns
    -------
    dict of str to float
        Sums to 1.
    """
    names = [name for name in BLOCKS if name in blocks]
    usual = _shares(np.array([DEFAULT_BLOCK_WEIGHTS[name] for name in names]), names)
    described = np.any([blocks[name].any(axis=1) for name in names], axis=0)
    questions = list(_questions(user_rows, item_rows, described, np.random.default_rng(random_state)))
    if len(names) < 2 or len(questions) < MIN_USERS:
        return usual
    rows, questions = _narrowed(questions, len(described), np.random.default_rng(random_state))
    part = {name: np.asarray(blocks[name][rows]) for name in names}
    mixtures = [usual, *(_shares(point, names) for point in _simplex(len(names)))]
    quality = [_quality(combine(part, mixture), questions) for mixture in mixtures]
    return mixtures[int(np.argmax(quality))]


def _shares(weights: FloatVector, names: list[str]) -> dict[str, float]:
    return dict(zip(names, (weights / weights.sum()).tolist(), strict=True))


def _simplex(n: int) -> Iterator[FloatVector]:
    """Every mixture of ``n`` blocks in ``STEPS`` equal parts, no block left out altogether."""
    for point in np.ndindex(*(STEPS + 1,) * n):
        if sum(point) == STEPS:
            yield np.maximum(np.array(point, dtype=np.float64), 0.2)


def _questions(
    user_rows: Rows, item_rows: Rows, described: FloatVector, rng: np.random.Generator
) -> Iterator[tuple[Rows, int]]:
    """Described items before the last one of a user, the latest first, and the last one."""
    keep = described[item_rows]
    users, items = user_rows[keep], item_rows[keep]
    ends = np.flatnonzero(np.r_[users[1:] != users[:-1], True]) if len(users) else np.empty(0, dtype=np.int64)
    starts = np.r_[0, ends[:-1] + 1]
    long_enough = np.flatnonzero(ends - starts >= 2)
    for place in np.sort(rng.permutation(long_enough)[:MAX_USERS]):
        begin, end = int(starts[place]), int(ends[place])
        before = items[begin:end][::-1]
        if items[end] not in before:
            yield before[:PROFILE_ITEMS], int(items[end])


def _narrowed(
    questions: list[tuple[Rows, int]], n_items: int, rng: np.random.Generator
) -> tuple[Rows, list[tuple[Rows, int]]]:
    """Items to judge on, all that the questions name among them, and the questions in those rows."""
    named = np.unique(np.concatenate([np.r_[before, target] for before, target in questions]))
    others = np.setdiff1d(np.arange(n_items), named, assume_unique=True)
    rows = np.union1d(named, rng.permutation(others)[: max(0, MAX_ITEMS - len(named))])
    moved = [(np.searchsorted(rows, before), int(np.searchsorted(rows, target))) for before, target in questions]
    return rows, moved


def _quality(vectors: FloatMatrix, questions: list[tuple[Rows, int]]) -> float:
    profiles = normalise(np.stack([_profile(vectors[before]) for before, _ in questions]))
    likeness = profiles @ vectors.T
    for number, (before, _) in enumerate(questions):
        likeness[number, before] = -np.inf
    targets = np.array([target for _, target in questions])
    own = likeness[np.arange(len(targets)), targets][:, None]
    places = (likeness > own).sum(axis=1) + (likeness == own).sum(axis=1) / 2
    return float((1.0 / np.log2(places + 1.5)).mean())


def _profile(vectors: FloatMatrix) -> FloatVector:
    recency = np.arange(1, len(vectors) + 1, dtype=np.float32) ** np.float32(-RECENCY)
    profile: FloatVector = recency @ vectors
    return profile
