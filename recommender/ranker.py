"""The learned order of candidates: a linear blend of the sources, refined by boosted trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import optimize

from recommender.moment import Moment, are_newcomers, moments
from recommender.rankfeatures import AFFINITY_COLUMNS, DAY_SECONDS, GAP_COLUMN, IDLE_COLUMN, ITEM_COLUMNS, LENGTH_COLUMN
from recommender.types import AnyArray, BoolMask, FloatMatrix, FloatVector, Rows

if TYPE_CHECKING:
    import lightgbm

MIN_GROUPS = 30
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
ROUND_STEP = 50
LINEAR_L2 = 5.0
# Few lists are about one moment: a lower penalty found less on held-out parts of most logs.
MOVING_L2 = 100.0
HELD_SHARE = 1 / 3
TREES_LOOK_AT = 80


@dataclass(frozen=True)
class RankGroups:
    """Training lists of the ranker, one after the other.

    Attributes
    ----------
    features : ndarray of shape (n_rows, n_features)
    grades : ndarray of shape (n_rows,)
        0 for what was not chosen, else 1 to 3 by how much the choice says.
    sizes : ndarray of shape (n_groups,)
        Rows per list.
    users : ndarray of shape (n_groups,)
        User of each list; folds never divide a user.
    cuts : ndarray of shape (n_groups,)
        For a new visit after the end of the log that its sources were fitted on, the number of that end; -1 for others.
    places : ndarray of shape (n_rows,)
        Where the item stood, from 1, in lists that somebody was shown; 0 in lists made from what people did.
    """

    features: FloatMatrix
    grades: AnyArray
    sizes: Rows
    users: Rows
    cuts: Rows
    places: Rows

    @property
    def starts(self) -> Rows:
        """First row of each list."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)

    @property
    def owner(self) -> Rows:
        """List number of each row."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def are_shown(self) -> BoolMask:
        """Which lists somebody was shown, shape (n_groups,)."""
        return self.places[self.starts] > 0

    def select(self, groups: AnyArray) -> RankGroups:
        """The chosen lists, given a mask over lists."""
        rows = np.repeat(groups, self.sizes)
        return RankGroups(
            self.features[rows],
            self.grades[rows],
            self.sizes[groups],
            self.users[groups],
            self.cuts[groups],
            self.places[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence[RankGroups]) -> RankGroups:
        """Several sets of lists as one."""
        return cls(
            np.concatenate([p.features for p in parts]),
            np.concatenate([p.grades for p in parts]),
            np.concatenate([p.sizes for p in parts]),
            np.concatenate([p.users for p in parts]),
            np.concatenate([p.cuts for p in parts]),
            np.concatenate([p.places for p in parts]),
        )


@dataclass(frozen=True)
class LinearBlend:
    """A weighted sum of standardised features, fitted by the listwise softmax loss.

    References
    ----------
    Cao, Qin, Liu, Tsai, Li (2007), Learning to Rank: From Pairwise Approach to Listwise Approach.
    """

    columns: Rows
    mean: FloatVector
    scale: FloatVector
    weights: FloatVector

    @classmethod
    def fit(cls, groups: RankGroups, columns: Rows, *, l2: float = LINEAR_L2) -> LinearBlend:
        """Maximise the likelihood of the chosen items within their lists, with an L2 penalty."""
        features = groups.features[:, columns].astype(np.float64)
        mean, deviation = features.mean(axis=0), features.std(axis=0)
        varies = deviation > 1e-8
        scale = np.where(varies, deviation, 1.0)
        standard = (features - mean) / scale * varies
        weights = _likeliest(standard, groups, l2, np.zeros(len(columns))) * varies
        return cls(columns, mean.astype(np.float32), scale.astype(np.float32), weights.astype(np.float32))

    def moved_to(self, groups: RankGroups, *, l2: float = MOVING_L2) -> LinearBlend:
        """The blend fitted to other lists, with the L2 penalty on how far its weights go from these.

        References
        ----------
        Evgeniou, Pontil (2004), Regularized Multi-Task Learning.
        """
        standard = (groups.features[:, self.columns].astype(np.float64) - self.mean) / self.scale
        weights = _likeliest(standard, groups, l2, self.weights.astype(np.float64))
        return replace(self, weights=weights.astype(np.float32))

    def predict(self, features: FloatMatrix) -> FloatVector:
        """Scores of rows, shape (n_rows,)."""
        standard = (features[:, self.columns] - self.mean) / self.scale
        # Not a product of matrices: there the place of a row may change the last bit of its sum.
        scores: FloatVector = (standard * self.weights).sum(axis=1)
        return scores


@dataclass(frozen=True)
class MomentBlend:
    """A linear blend per moment of a visit; where a moment is rare in the lists, the general one serves it too.

    Attributes
    ----------
    clock : tuple of int
        Columns that tell the moment: the logs of the times from the latest event to the request, NaN when not told, and
        to the end of the log, and of the length of the history.
    blends : dict of Moment to LinearBlend
    """

    clock: tuple[int, int, int]
    blends: dict[Moment, LinearBlend]

    @classmethod
    def fit(cls, groups: RankGroups, names: Sequence[str]) -> MomentBlend:
        """Fit the general blend on the lists whose time is not told, and one for each other moment.

        The blend for new visits after the end of the log is the one for all new visits, moved some way to just those,
        and that for newcomers among them is moved on from there.
        """
        columns, clock = linear_columns(names), _clock_of(names)
        of_group = _moments_of(groups.features[groups.starts], clock)
        general = _fitted_on(groups, of_group == Moment.UNKNOWN, columns) or LinearBlend.fit(groups, columns)
        session = _fitted_on(groups, of_group == Moment.SESSION, columns) or general
        visit = _fitted_on(groups, of_group >= Moment.RETURN, columns) or general
        is_live = groups.cuts >= 0
        live = _moved_to(groups, is_live, visit)
        of_newcomers = are_newcomers(np.expm1(groups.features[groups.starts, clock[2]]))
        newcomer = _moved_to(groups, is_live & of_newcomers, live)
        return cls(clock, dict(zip(Moment, (general, session, visit, live, newcomer), strict=True)))

    def predict(self, features: FloatMatrix) -> FloatVector:
        """Scores of rows, shape (n_rows,)."""
        of_row = _moments_of(features, self.clock)
        scores = np.zeros(len(features), dtype=np.float32)
        for moment, blend in self.blends.items():
            own = of_row == moment
            if own.all():  # as in every single request
                return blend.predict(features)
            scores[own] = blend.predict(features[own])
        return scores

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact, a row per moment."""
        blends = [self.blends[moment] for moment in Moment]
        return {
            "columns": blends[0].columns,
            "mean": np.stack([b.mean for b in blends]),
            "scale": np.stack([b.scale for b in blends]),
            "weights": np.stack([b.weights for b in blends]),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray], names: Sequence[str]) -> MomentBlend:
        """Rebuild from :meth:`to_arrays`."""
        parts = zip(arrays["mean"], arrays["scale"], arrays["weights"], strict=True)
        blends = [LinearBlend(arrays["columns"], *part) for part in parts]
        return cls(_clock_of(names), dict(zip(Moment, blends, strict=True)))


def _clock_of(names: Sequence[str]) -> tuple[int, int, int]:
    gap, idle, length = (list(names).index(column) for column in (GAP_COLUMN, IDLE_COLUMN, LENGTH_COLUMN))
    return gap, idle, length


def _moments_of(features: FloatMatrix, clock: tuple[int, int, int]) -> Rows:
    gap, idle, length = (np.expm1(features[:, column]) for column in clock)
    return moments(gap, idle * DAY_SECONDS, length)


def _moved_to(groups: RankGroups, chosen: AnyArray, blend: LinearBlend) -> LinearBlend:
    """The blend moved to the chosen lists; as it is where they are too few."""
    return blend.moved_to(groups.select(chosen)) if chosen.sum() >= MIN_GROUPS else blend


def _fitted_on(groups: RankGroups, chosen: AnyArray, columns: Rows) -> LinearBlend | None:
    """A blend of the chosen lists; None where they are too few."""
    return LinearBlend.fit(groups.select(chosen), columns) if chosen.sum() >= MIN_GROUPS else None


def _likeliest(standard: AnyArray, groups: RankGroups, l2: float, centre: AnyArray) -> AnyArray:
    """The weights under which the choices are most likely, with an L2 penalty on the distance from ``centre``."""
    result = optimize.minimize(
        _softmax_loss,
        centre,
        args=(standard, groups, l2, centre),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 200},
    )
    return np.asarray(result.x)


def _softmax_loss(
    weights: AnyArray, standard: AnyArray, groups: RankGroups, l2: float, centre: AnyArray | float = 0.0
) -> tuple[float, AnyArray]:
    starts, owner = groups.starts, groups.owner
    logits = standard @ weights
    logits -= np.maximum.reduceat(logits, starts)[owner]
    exponentials = np.exp(logits)
    totals = np.add.reduceat(exponentials, starts)
    targets = groups.grades / np.maximum(np.add.reduceat(groups.grades.astype(np.float64), starts), 1e-9)[owner]
    n_groups = len(groups.sizes)
    away = weights - centre
    loss = -(targets * (logits - np.log(totals)[owner])).sum() / n_groups + l2 * (away @ away) / n_groups
    gradient = standard.T @ (exponentials / totals[owner] - targets) / n_groups + 2 * l2 * away / n_groups
    return float(loss), gradient


@dataclass
class Ranker:
    """Linear blends, one per moment of a visit, plus LightGBM lambdarank trees that start from them.

    The number of trees is chosen on users kept out of the training; it may be zero: the blend then stands alone. Lists
    that somebody was shown teach the trees alone: while they grow, every place has a share of its own in the score, so
    that what was clicked because it stood first is not taken for better. Nothing of it is left when they are asked.

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
        rounds = self._choose_rounds(groups) if self.max_rounds else 0
        self.linear_ = self._blend(groups)
        self.booster_ = self._grow(groups, self.linear_, rounds) if rounds else None
        self.report |= {"rounds": rounds, "shown_lists": int(groups.are_shown.sum()) if rounds else 0}
        return self

    def _choose_rounds(self, groups: RankGroups) -> int:
        steps = list(range(0, self.max_rounds + 1, ROUND_STEP))
        draw = np.random.default_rng(self.random_state).random(int(groups.users.max()) + 1)
        is_held = draw[groups.users] < HELD_SHARE
        if not (is_held & ~groups.are_shown).any() or not (~is_held & ~groups.are_shown).any():
            return 0
        gains = self._validate(groups.select(~is_held), groups.select(is_held & ~groups.are_shown), steps)
        self.report |= {"validation_ndcg@10": {str(s): float(g) for s, g in zip(steps, gains, strict=True)}}
        return steps[int(np.argmax(gains))]

    def _validate(self, train: RankGroups, held: RankGroups, steps: list[int]) -> AnyArray:
        linear = self._blend(train)
        booster = self._grow(train, linear, steps[-1])
        scores = linear.predict(held.features)
        quality = [float(ndcg_of_groups(held, scores).mean())]
        for done in steps[:-1]:
            scores = scores + _trees(booster, held.features, first=done, rounds=ROUND_STEP)
            quality.append(float(ndcg_of_groups(held, scores).mean()))
        return np.array(quality)

    def _blend(self, groups: RankGroups) -> MomentBlend:
        are_shown = groups.are_shown
        return MomentBlend.fit(groups.select(~are_shown) if are_shown.any() else groups, self.names)

    def _grow(self, groups: RankGroups, linear: MomentBlend, rounds: int) -> lightgbm.Booster:
        import lightgbm

        dataset = lightgbm.Dataset(
            groups.features,
            groups.grades,
            group=groups.sizes,
            init_score=linear.predict(groups.features),
            position=groups.places if groups.are_shown.any() else None,
            feature_name=list(self.names),
        )
        return lightgbm.train(TREE_PARAMS | {"seed": self.random_state}, dataset, rounds)

    def predict(self, features: FloatMatrix) -> FloatVector:
        """Scores of rows, shape (n_rows,); higher is better."""
        scores = self.linear_.predict(features)
        return scores if self.booster_ is None else scores + _trees(self.booster_, features)

    def predict_each(self, features: FloatMatrix) -> FloatMatrix:
        """:meth:`predict` for several requests, shape (n_queries, n_rows) from (n_queries, n_rows, n_features)."""
        return self.predict(features.reshape(-1, features.shape[-1])).reshape(features.shape[:2])

    def predict_best(self, features: FloatMatrix, n: int = TREES_LOOK_AT) -> FloatVector:
        """Scores of one request's candidates, shape (n_candidates,): the trees look at the ``n`` best of the blend.

        The others keep their order behind those. A list is far shorter than ``n``, and the trees are most of the cost.
        """
        scores = self.linear_.predict(features)
        if self.booster_ is None or len(scores) <= n:
            return scores if self.booster_ is None else scores + _trees(self.booster_, features)
        order = np.lexsort((np.arange(len(scores)), -scores))
        best, rest = order[:n], order[n:]
        scores[best] += _trees(self.booster_, features[best])
        last = scores[best].min()
        behind = np.nextafter(last, np.float32(-np.inf))  # equal scores would go by row
        scores[rest] = np.minimum(scores[rest] - max(0.0, float(scores[rest[0]] - last)), behind)
        return scores

    def importance(self) -> dict[str, float]:
        """Share of the trees' gain per feature, largest first; shares of the blend's absolute weights without trees."""
        if self.booster_ is not None:
            raw = self.booster_.feature_importance("gain").astype(np.float64)
        else:
            raw = np.zeros(len(self.names))
            general = self.linear_.blends[Moment.UNKNOWN]
            raw[general.columns] = np.abs(general.weights)
        order = np.argsort(-raw, kind="stable")
        total = raw.sum() or 1.0
        return {self.names[i]: float(raw[i] / total) for i in order if raw[i] > 0}

    def to_text(self) -> str:
        """The trees in LightGBM's own text format; empty without trees."""
        return self.booster_.model_to_string() if self.booster_ is not None else ""

    @classmethod
    def from_parts(cls, names: Sequence[str], report: dict[str, Any], linear: dict[str, AnyArray], trees: str) -> Self:
        """Rebuild from an artifact."""
        self = cls(names=tuple(names), report=report)
        self.linear_ = MomentBlend.from_arrays(linear, self.names)
        self.booster_ = None
        if trees:
            import lightgbm

            self.booster_ = lightgbm.Booster(model_str=trees)
        return self


def linear_columns(names: Sequence[str]) -> Rows:
    """Columns of the linear blend: shares and ranks of the signals, facts about the item, and what it has in common."""
    facts = {*ITEM_COLUMNS, *AFFINITY_COLUMNS}
    wanted = [n for n, name in enumerate(names) if name.endswith(("_share", "_rank")) or name in facts]
    return np.array(wanted, dtype=np.int64)


def _trees(booster: lightgbm.Booster, features: FloatMatrix, *, first: int = 0, rounds: int = -1) -> FloatVector:
    """Sum of the trees from number ``first`` on, ``rounds`` of them, or all."""
    if not len(features):
        return np.zeros(0, dtype=np.float32)
    predicted = booster.predict(features, start_iteration=first, num_iteration=rounds, num_threads=1)
    return np.asarray(predicted, dtype=np.float32)


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
