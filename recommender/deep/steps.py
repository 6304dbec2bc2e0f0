"""What the networks learn from: each user's steps, and the last ones of some users held back to judge by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.base import SourceUnavailableError
from recommender.training_data import Sequences
from recommender.types import AnyArray, FloatVector, Rows

# Judges among the users: a fifth of them, but enough for a figure to mean something and no more than it takes.
JUDGE_SHARE, MIN_JUDGES, MAX_JUDGES = 0.2, 30, 1_000
_FEWEST_STEPS = 3


@dataclass(frozen=True)
class Steps:
    """Steps of all users, one user after the other, in time order.

    Attributes
    ----------
    item_rows : ndarray of shape (n_steps,)
    weights : ndarray of shape (n_steps,)
        Evidence of the step, > 0.
    starts : ndarray of shape (n_steps,)
        Position at which the steps of the same user begin.
    n_items : int
    """

    item_rows: Rows
    weights: FloatVector
    starts: Rows
    n_items: int

    @classmethod
    def of(cls, sequences: Sequences, n_items: int) -> Steps:
        """The steps of the training data."""
        users = sequences.user_rows
        is_first = np.r_[True, users[1:] != users[:-1]] if len(users) else np.zeros(0, dtype=bool)
        starts = np.maximum.accumulate(np.where(is_first, np.arange(len(users)), 0))
        return cls(sequences.item_rows, sequences.weights, starts.astype(np.int64), n_items)

    def __len__(self) -> int:
        return len(self.item_rows)

    @property
    def targets(self) -> Rows:
        """Positions of the steps that something comes before."""
        return np.flatnonzero(np.arange(len(self)) > self.starts)

    @property
    def lasts(self) -> Rows:
        """Position of the last step of each user."""
        return np.flatnonzero(np.r_[self.starts[1:] == np.arange(1, len(self)), True]) if len(self) else self.starts

    def without(self, positions: Rows) -> Steps:
        """The steps that are left when those at the positions, each the last of its user, are taken away."""
        kept = np.ones(len(self), dtype=bool)
        kept[positions] = False
        moved = np.cumsum(kept) - 1
        first_kept = moved[self.starts[kept]]
        return Steps(self.item_rows[kept], self.weights[kept], first_kept, self.n_items)

    def counts(self) -> Rows:
        """How often each item is stepped to, shape (n_items,)."""
        return np.bincount(self.item_rows, minlength=self.n_items)

    def before(self, positions: Rows, length: int) -> tuple[Rows, FloatVector]:
        """Items and evidence of the steps before some positions, the latest first, both (n_positions, length).

        Where a user has fewer steps the evidence is 0 and the item is row 0.
        """
        places = positions[:, None] - 1 - np.arange(length)
        there = places >= self.starts[positions][:, None]
        places = np.where(there, places, 0)
        weights = np.where(there, self.weights[places], 0.0)
        return np.where(there, self.item_rows[places], 0), weights.astype(np.float32)


@dataclass(frozen=True)
class Judges:
    """Users whose last step is held back: what came before, the latest first, and what they chose."""

    histories: list[Rows]
    weights: list[FloatVector]
    chosen: Rows

    def __len__(self) -> int:
        return len(self.chosen)


def hold_back(steps: Steps, length: int, rng: np.random.Generator) -> tuple[Steps, Judges]:
    """Steps to learn from, and judges drawn from the users with at least three steps; none where there are too few.

    Raises
    ------
    SourceUnavailableError
        When nobody made a second step: there is nothing to foretell.
    """
    if not len(steps.targets):
        raise SourceUnavailableError("nobody came from one item to another, so there is no step to learn from")
    lasts = steps.lasts
    able = lasts[lasts - steps.starts[lasts] + 1 >= _FEWEST_STEPS]
    wanted = int(np.clip(len(able) * JUDGE_SHARE, MIN_JUDGES, MAX_JUDGES))
    if len(able) < 2 * wanted:
        return steps, Judges([], [], np.empty(0, dtype=np.int64))
    held = np.sort(rng.choice(able, wanted, replace=False))
    sizes = np.minimum(held - steps.starts[held], length)
    rows, weights = steps.before(held, length)
    judges = Judges(
        [row[:size] for row, size in zip(rows, sizes, strict=True)],
        [weight[:size] for weight, size in zip(weights, sizes, strict=True)],
        steps.item_rows[held],
    )
    return steps.without(held), judges


def windows(steps: Steps, length: int) -> tuple[Rows, Rows, FloatVector]:
    """Users' steps cut into windows from the end: items before each step, the steps, and their evidence.

    All three have shape (n_windows, length) and stand at the right end; the item before is -1 and the evidence 0 where
    a window is not full. Every step but the first of a user is foretold in exactly one window.
    """
    lasts = steps.lasts
    ends = [np.arange(last, start, -length) for last, start in zip(lasts, steps.starts[lasts], strict=True)]
    end = np.concatenate([np.empty(0, dtype=np.int64), *ends])
    places = end[:, None] - np.arange(length)[::-1]
    there = places > steps.starts[end][:, None]
    safe = np.where(there, places, 1)
    earlier = np.where(there, steps.item_rows[safe - 1], -1)
    weights = np.where(there, steps.weights[safe], 0.0).astype(np.float32)
    return earlier, np.where(there, steps.item_rows[safe], 0), weights


def place_of(scores: AnyArray, history: Rows, chosen: int) -> int:
    """Place, from 0, of the chosen item among all that is not in the history, the last one where it has no score.

    Ties count half against it.
    """
    own = scores[chosen]
    allowed = np.ones(len(scores), dtype=bool)
    allowed[history] = False
    allowed[chosen] = False
    others = scores[allowed]
    if np.isnan(own):
        return len(others)
    return int((others > own).sum() + (others == own).sum() / 2)
