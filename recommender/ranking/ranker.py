"""The learned order of candidates: a linear blend of the sources, refined by boosted trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from recommender.ranking.features import GAP_COLUMN
from recommender.ranking.groups import RankGroups
from recommender.ranking.moment import Moment
from recommender.ranking.momentblend import FEW_LISTS, MomentBlend
from recommender.ranking.trees import Trees
from recommender.types import AnyArray, FloatMatrix, FloatVector

CUTOFF = 10
TREE_PARAMS: dict[str, Any] = {
    "objective": "lambdarank",
    "num_leaves": 7,
    "learning_rate": 0.03,
    "lambdarank_truncation_level": 20,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 20.0,
    "max_bin": 63,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
    # One thread: the number of threads decides the order of sums, so it is fixed for "same seed, same trees", and on a
    # busy machine two threads that wait for each other at every split are many times slower than one.
    "num_threads": 1,
}
# So many lists bear trees that reach further; on fewer of them such trees find less.
MANY_LISTS = 5_000
FURTHER: dict[str, Any] = {"num_leaves": 15, "learning_rate": 0.06}
ROUND_STEP = 50
# A list counts at most so many times to make up for how rare its like are.
MOST_WEIGHT = 4.0
HELD_SHARE = 1 / 3
# Of fewer lists of visits after the end of the log the best number of trees is a throw of dice.
ENOUGH_LIVE = 100
TREES_LOOK_AT = 80


@dataclass
class Ranker:
    """Linear blends, one per moment of a visit, plus LightGBM lambdarank trees that start from them.

    The number of trees is chosen on users kept out of the training: as many as are not surely worse than fewer. It may
    be zero, and is where there are fewer than ``FEW_LISTS`` lists: the blend then stands alone. On visits after the end
    of the log, where trees may have learned what passed, as many of them speak as served such visits of those users
    best. Lists that somebody was shown teach the trees alone: while they grow, every place has a share of its own in
    the score, so that what was clicked because it stood first is not taken for better. Nothing of it is left when they
    are asked.

    Parameters
    ----------
    max_rounds : int
        Most trees to consider; 0 leaves the blends alone and skips the validation.
    random_state : int

    References
    ----------
    Burges (2010), From RankNet to LambdaRank to LambdaMART; Ke et al. (2017), LightGBM. The places: Zhao et al. (2019),
    Recommending What Video to Watch Next, section 4.3, as LightGBM's ``position``.
    """

    max_rounds: int = 150
    random_state: int = 0
    names: tuple[str, ...] = ()
    report: dict[str, Any] = field(default_factory=dict)

    def fit(self, groups: RankGroups, names: Sequence[str]) -> Self:
        """Learn from lists; ``names`` are the feature names in column order."""
        self.names = tuple(names)
        self.report = {"rounds": 0, "live_rounds": 0, "shown_lists": 0}
        if self.max_rounds and len(groups.sizes) >= FEW_LISTS:
            self._choose_rounds(groups)
        self.linear_ = self._blend(groups)
        grown = max(self.report["rounds"], self.report["live_rounds"])
        self.trees_ = self._grow(groups, self.linear_, grown, tree_params(groups)) if grown else None
        self.report["shown_lists"] = int(groups.are_shown.sum()) if grown else 0
        return self

    def _choose_rounds(self, groups: RankGroups) -> None:
        """Set how many trees speak, in general and on visits after the end of the log."""
        steps = list(range(0, self.max_rounds + 1, ROUND_STEP))
        draw = np.random.default_rng(self.random_state).random(int(groups.users.max()) + 1)
        is_held = draw[groups.users] < HELD_SHARE
        if not (is_held & ~groups.are_shown).any() or not (~is_held & ~groups.are_shown).any():
            return
        train, held = groups.select(~is_held), groups.select(is_held & ~groups.are_shown)
        gains = self._validate(train, held, steps, tree_params(groups))
        rounds, live = steps[last_of_the_best(gains)], gains[:, held.cuts >= 0]
        live_rounds = steps[int(live.mean(axis=1).argmax())] if live.shape[1] >= ENOUGH_LIVE else rounds
        means = {str(step): float(gain) for step, gain in zip(steps, gains.mean(axis=1), strict=True)}
        self.report |= {"rounds": rounds, "live_rounds": live_rounds, "validation_ndcg@10": means}

    def _validate(self, train: RankGroups, held: RankGroups, steps: list[int], params: dict[str, Any]) -> FloatMatrix:
        """NDCG of held lists by so many trees, shape (n_steps, n_lists)."""
        linear = self._blend(train)
        trees = self._grow(train, linear, steps[-1], params)
        scores = linear.predict(held.features)
        gains = [ndcg_of_groups(held, scores)]
        for done in steps[:-1]:
            scores = scores + trees.predict(held.features, first=done, rounds=ROUND_STEP)
            gains.append(ndcg_of_groups(held, scores))
        return np.stack(gains)

    def _blend(self, groups: RankGroups) -> MomentBlend:
        are_shown = groups.are_shown
        return MomentBlend.fit(groups.select(~are_shown) if are_shown.any() else groups, self.names)

    def _grow(self, groups: RankGroups, linear: MomentBlend, rounds: int, params: dict[str, Any]) -> Trees:
        import lightgbm

        dataset = lightgbm.Dataset(
            groups.features,
            groups.grades,
            group=groups.sizes,
            weight=_weights(groups, self.names),
            init_score=linear.predict(groups.features),
            position=groups.places if groups.are_shown.any() else None,
            feature_name=list(self.names),
        )
        booster = lightgbm.train(params | {"seed": self.random_state}, dataset, rounds)
        return Trees(booster.model_to_string())

    def predict(self, features: FloatMatrix) -> FloatVector:
        """Scores of rows, shape (n_rows,); higher is better."""
        scores = self.linear_.predict(features)
        return scores if self.trees_ is None else scores + self._of_trees(features)

    def _of_trees(self, features: FloatMatrix) -> FloatVector:
        """What the trees add, as many of them as speak at the moment of each row."""
        assert self.trees_ is not None  # noqa: S101  narrowed by the caller
        in_general = self.report["rounds"]
        on_visits = self.report.get("live_rounds", in_general)  # models of before know one number
        if in_general == on_visits:
            return self.trees_.predict(features)
        is_live = self.linear_.are_live(features)
        scores = np.zeros(len(features), dtype=np.float32)
        for own, rounds in ((~is_live, in_general), (is_live, on_visits)):
            if rounds and own.any():
                scores[own] = self.trees_.predict(features[own], rounds=rounds)
        return scores

    def predict_each(self, features: FloatMatrix) -> FloatMatrix:
        """:meth:`predict` for several requests, shape (n_queries, n_rows) from (n_queries, n_rows, n_features)."""
        return self.predict(features.reshape(-1, features.shape[-1])).reshape(features.shape[:2])

    def predict_best(self, features: FloatMatrix, n: int = TREES_LOOK_AT) -> FloatVector:
        """Scores of one request's candidates, shape (n_candidates,): the trees look at the ``n`` best of the blend.

        The others keep their order behind those. A list is far shorter than ``n``, and the trees are most of the cost.
        """
        scores = self.linear_.predict(features)
        if self.trees_ is None or len(scores) <= n:
            return scores if self.trees_ is None else scores + self._of_trees(features)
        order = np.lexsort((np.arange(len(scores)), -scores))
        best, rest = order[:n], order[n:]
        scores[best] += self._of_trees(features[best])
        last = scores[best].min()
        behind = np.nextafter(last, np.float32(-np.inf))  # equal scores would go by row
        scores[rest] = np.minimum(scores[rest] - max(0.0, float(scores[rest[0]] - last)), behind)
        return scores

    def importance(self) -> dict[str, float]:
        """Share of the trees' gain per feature, largest first; shares of the blend's absolute weights without trees."""
        if self.trees_ is not None:
            raw = self.trees_.gains()
        else:
            raw = np.zeros(len(self.names))
            general = self.linear_.blends[Moment.UNKNOWN]
            raw[general.columns] = np.abs(general.weights)
        order = np.argsort(-raw, kind="stable")
        total = raw.sum() or 1.0
        return {self.names[i]: float(raw[i] / total) for i in order if raw[i] > 0}

    def to_text(self) -> str:
        """The trees in LightGBM's own text format; empty without trees."""
        return self.trees_.text if self.trees_ is not None else ""

    @classmethod
    def from_parts(cls, names: Sequence[str], report: dict[str, Any], linear: dict[str, AnyArray], trees: str) -> Self:
        """Rebuild from an artifact."""
        self = cls(names=tuple(names), report=report)
        self.linear_ = MomentBlend.from_arrays(linear, self.names)
        self.trees_ = Trees(trees) if trees else None
        return self


def tree_params(groups: RankGroups) -> dict[str, Any]:
    """LightGBM's parameters for trees that so many lists can bear."""
    return TREE_PARAMS | FURTHER if len(groups.sizes) >= MANY_LISTS else TREE_PARAMS


def last_of_the_best(gains: FloatMatrix) -> int:
    """The last step that is not behind the best one by more than a standard error; the first where all are alike.

    A few hundred held lists cannot tell 50 trees from 150: the best of them by a hair was chosen by chance, and where
    that meant fewer trees, later lists were worse for it.

    Parameters
    ----------
    gains : ndarray of shape (n_steps, n_lists)

    References
    ----------
    Breiman, Friedman, Olshen, Stone (1984), Classification and Regression Trees, section 3.4.3, whose rule of one
    standard error prefers the small model where this prefers the large one: boosting in small steps seldom overfits.
    """
    behind = gains[int(np.argmax(gains.mean(axis=1)))] - gains
    if not behind.any():
        return 0
    error = behind.std(axis=1) / np.sqrt(gains.shape[1])
    return int(np.flatnonzero(behind.mean(axis=1) <= error)[-1])


def _weights(groups: RankGroups, names: Sequence[str]) -> FloatVector:
    """Weight of each row: of lists whose time is not told, those of visits after the end of the log weigh as much.

    They are fewer than the others, and which of both a request is cannot be seen.
    """
    untold = np.isnan(groups.features[groups.starts, list(names).index(GAP_COLUMN)])
    live = untold & (groups.cuts >= 0)
    rarity = float((untold & ~live).sum()) / max(float(live.sum()), 1.0)
    of_list = np.where(live, np.clip(rarity, 1.0, MOST_WEIGHT), 1.0)
    return np.repeat(of_list, groups.sizes).astype(np.float32)


def ndcg_of_groups(groups: RankGroups, scores: FloatVector, k: int = CUTOFF) -> FloatVector:
    """NDCG@k per list with gains 0 or 1, shape (n_groups,); ties in row order."""
    order = np.lexsort((np.arange(len(scores)), -scores, groups.owner))
    place = np.arange(len(scores)) - np.repeat(groups.starts, groups.sizes)
    discount = np.where(place < k, 1.0 / np.log2(place + 2.0), 0.0)
    hits = groups.grades[order] > 0
    gained = np.add.reduceat(hits * discount, groups.starts)
    n_hits = np.add.reduceat(hits.astype(np.int64), groups.starts)
    ideal = np.cumsum(1.0 / np.log2(np.arange(k) + 2.0))[np.clip(n_hits, 1, k) - 1]
    return (gained / ideal).astype(np.float32)
