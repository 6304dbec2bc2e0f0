"""Lists for a ranker with a planted order in them."""

from __future__ import annotations

import numpy as np

from recommender.ranking.groups import RankGroups
from recommender.ranking.ranker import ndcg_of_groups

# "ease", a bare score, is no column of the blend: what it says can only be learned by trees.
NAMES = ("itemseq_share", "ease_share", "stars", "ease", "log_gap", "user_idle", "history_length")
SHARE, NOISE, STARS, BARE, GAP, IDLE, LENGTH = range(len(NAMES))
PER_LIST = 12
LONG_AGO = float(np.log1p(3650.0))


def groups_of(*lists: list[tuple[float, int]], users: list[int] | None = None) -> RankGroups:
    """Lists of (feature, grade) rows with a single feature."""
    rows = [row for one in lists for row in one]
    return RankGroups(
        features=np.array([[feature] for feature, _ in rows], dtype=np.float32),
        grades=np.array([grade for _, grade in rows], dtype=np.int32),
        sizes=np.array([len(one) for one in lists], dtype=np.int64),
        users=np.array(users or range(len(lists)), dtype=np.int64),
        cuts=np.full(len(lists), -1, dtype=np.int64),
        places=np.zeros(len(rows), dtype=np.int64),
    )


def planted(
    n_lists: int = 400,
    seed: int = 0,
    *,
    bare: float = 0.0,
    gap: float = np.nan,
    idle: float = LONG_AGO,
    n_items: int = 9,
    turn: int = 1,
    cut: int = -1,
) -> RankGroups:
    """Lists in which the share (times ``turn``) decides what is chosen, and a middling ``bare`` where that counts too.

    ``gap`` is the log of the seconds between the user's latest event and the request, ``idle`` that of the days to the
    end of the log, ``n_items`` the length of the user's history.
    """
    rng = np.random.default_rng(seed)
    features = rng.random((n_lists, PER_LIST, len(NAMES)), dtype=np.float32)
    features[:, :, [GAP, IDLE, LENGTH]] = gap, idle, np.log1p(n_items)
    wanted = turn * features[:, :, SHARE] + bare * (np.abs(features[:, :, BARE] - 0.5) < 0.15)
    chosen = (wanted + rng.gumbel(0, 0.05, wanted.shape)).argmax(axis=1)
    grades = np.zeros((n_lists, PER_LIST), dtype=np.int32)
    grades[np.arange(n_lists), chosen] = rng.integers(1, 4, n_lists)
    sizes = np.full(n_lists, PER_LIST, dtype=np.int64)
    users, cuts = np.arange(n_lists) // 2, np.full(n_lists, cut, dtype=np.int64)
    places = np.zeros(grades.size, dtype=np.int64)
    return RankGroups(features.reshape(-1, len(NAMES)), grades.ravel(), sizes, users, cuts, places)


def quality(groups: RankGroups, scores: np.ndarray) -> float:
    return float(ndcg_of_groups(groups, scores).mean())
