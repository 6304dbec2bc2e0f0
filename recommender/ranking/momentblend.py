"""Linear blends of the sources, one per moment of a visit, learned from lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.ranking.features import (
    AFFINITY_COLUMNS,
    DAY_SECONDS,
    GAP_COLUMN,
    IDLE_COLUMN,
    ITEM_COLUMNS,
    LENGTH_COLUMN,
)
from recommender.ranking.groups import RankGroups
from recommender.ranking.moment import Moment, are_newcomers, moments
from recommender.ranking.returning import ReturnChance
from recommender.types import AnyArray, BoolMask, FloatMatrix, FloatVector, Rows

MIN_GROUPS = 30
# So few lists bear neither trees nor weights of any size.
FEW_LISTS = 200
LINEAR_L2 = 5.0
STRONGER_L2 = (20.0, 80.0, 320.0)
PENALTY_FOLDS = 4
# Few lists are about one moment: a lower penalty found less on held-out parts of most logs.
MOVING_L2 = 100.0
RETURNS = "returns"


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

    def unlikelihood(self, groups: RankGroups) -> float:
        """Minus the log likelihood of what was chosen from some lists, summed over them."""
        standard = (groups.features[:, self.columns].astype(np.float64) - self.mean) / self.scale
        mean_loss, _ = _softmax_loss(self.weights.astype(np.float64), standard, groups, l2=0.0)
        return mean_loss * len(groups.sizes)

    def predict(self, features: FloatMatrix) -> FloatVector:
        """Scores of rows, shape (n_rows,)."""
        standard = (features[:, self.columns] - self.mean) / self.scale
        # Not a product of matrices: there the place of a row may change the last bit of its sum.
        scores: FloatVector = (standard * self.weights).sum(axis=1)
        return scores


@dataclass(frozen=True)
class MomentBlend:
    """A linear blend per moment of a visit; where a moment is rare in the lists, the general one serves it too.

    Where the time of a request is not told, its moment is not known: the scores lie between those of the general blend,
    which goes on from the history, and those of a visit after the end of the log, at the chance of the latter.

    Attributes
    ----------
    clock : tuple of int
        Columns that tell the moment: the logs of the times from the latest event to the request, NaN when not told, and
        to the end of the log, and of the length of the history.
    blends : dict of Moment to LinearBlend
    returns : ReturnChance or None
        None where too few lists are of visits after the end of the log: a request without a time is then none.
    """

    clock: tuple[int, int, int]
    blends: dict[Moment, LinearBlend]
    returns: ReturnChance | None

    @classmethod
    def fit(cls, groups: RankGroups, names: Sequence[str]) -> MomentBlend:
        """Fit the general blend on all lists but visits after the end of the log, and one for each moment that is told.

        The blend for new visits after the end of the log is the one for all new visits, moved some way to just those,
        and that for newcomers among them is moved on from there.
        """
        columns, clock = linear_columns(names), _clock_of(names)
        l2 = penalty_for(groups, columns)
        first = groups.features[groups.starts]
        of_group = _moments_of(first, clock)
        is_live = groups.cuts >= 0
        general = _fitted_on(groups, ~is_live, columns, l2) or LinearBlend.fit(groups, columns, l2=l2)
        session = _fitted_on(groups, of_group == Moment.SESSION, columns, l2) or general
        visit = _fitted_on(groups, of_group >= Moment.RETURN, columns, l2) or general
        live = _moved_to(groups, is_live, visit)
        newcomer = _moved_to(groups, is_live & are_newcomers(np.expm1(first[:, clock[2]])), live)
        blends = dict(zip(Moment, (general, session, visit, live, newcomer), strict=True))
        return cls(clock, blends, _return_chance(first, is_live, clock))

    def predict(self, features: FloatMatrix) -> FloatVector:
        """Scores of rows, shape (n_rows,)."""
        return self._by_moment(features, _moments_of(features, self.clock))

    def are_live(self, features: FloatMatrix) -> BoolMask:
        """Which rows are of a visit that is told to be after the end of the log, shape (n_rows,)."""
        return _moments_of(features, self.clock) >= Moment.LIVE

    def _by_moment(self, features: FloatMatrix, of_row: Rows) -> FloatVector:
        scores = np.zeros(len(features), dtype=np.float32)
        for moment in Moment:
            own = of_row == moment
            score = self._untold if moment is Moment.UNKNOWN else self.blends[moment].predict
            if own.all():  # as in every single request
                return score(features)
            scores[own] = score(features[own])
        return scores

    def _untold(self, features: FloatMatrix) -> FloatVector:
        going_on = self.blends[Moment.UNKNOWN].predict(features)
        _, idle, length = self.clock
        # Whose latest event is not older than the end of the log has not been away since.
        was_away = features[:, idle] > 0
        if self.returns is None or not was_away.any():
            return going_on
        chance = np.where(was_away, self.returns.predict(features[:, idle], features[:, length]), 0.0)
        newcomers = are_newcomers(np.expm1(features[:, length]))
        coming_back = self._by_moment(features, np.where(newcomers, Moment.NEWCOMER, Moment.LIVE))
        return (going_on + chance * (coming_back - going_on)).astype(np.float32)

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact, a row per moment."""
        blends = [self.blends[moment] for moment in Moment]
        arrays = {
            "columns": blends[0].columns,
            "mean": np.stack([b.mean for b in blends]),
            "scale": np.stack([b.scale for b in blends]),
            "weights": np.stack([b.weights for b in blends]),
        }
        chance = self.returns.to_arrays() if self.returns else {}
        return arrays | {f"{RETURNS}_{name}": array for name, array in chance.items()}

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray], names: Sequence[str]) -> MomentBlend:
        """Rebuild from :meth:`to_arrays`."""
        parts = zip(arrays["mean"], arrays["scale"], arrays["weights"], strict=True)
        blends = [LinearBlend(arrays["columns"], *part) for part in parts]
        chance = {n.removeprefix(f"{RETURNS}_"): array for n, array in arrays.items() if n.startswith(f"{RETURNS}_")}
        returns = ReturnChance.from_arrays(chance) if chance else None
        return cls(_clock_of(names), dict(zip(Moment, blends, strict=True)), returns)


def _clock_of(names: Sequence[str]) -> tuple[int, int, int]:
    gap, idle, length = (list(names).index(column) for column in (GAP_COLUMN, IDLE_COLUMN, LENGTH_COLUMN))
    return gap, idle, length


def _moments_of(features: FloatMatrix, clock: tuple[int, int, int]) -> Rows:
    gap, idle, length = (np.expm1(features[:, column]) for column in clock)
    return moments(gap, idle * DAY_SECONDS, length)


def _return_chance(first: FloatMatrix, is_live: BoolMask, clock: tuple[int, int, int]) -> ReturnChance | None:
    """Learned from the first rows of all lists; None where one kind of request is too rare in them."""
    if min(is_live.sum(), (~is_live).sum()) < MIN_GROUPS:
        return None
    _, idle, length = clock
    return ReturnChance.fit(first[:, idle], first[:, length], is_live)


def _moved_to(groups: RankGroups, chosen: AnyArray, blend: LinearBlend) -> LinearBlend:
    """The blend moved to the chosen lists; as it is where they are too few."""
    return blend.moved_to(groups.select(chosen)) if chosen.sum() >= MIN_GROUPS else blend


def _fitted_on(groups: RankGroups, chosen: AnyArray, columns: Rows, l2: float) -> LinearBlend | None:
    """A blend of the chosen lists; None where they are too few."""
    return LinearBlend.fit(groups.select(chosen), columns, l2=l2) if chosen.sum() >= MIN_GROUPS else None


def penalty_for(groups: RankGroups, columns: Rows) -> float:
    """The L2 penalty of a blend: of few lists the one under which people kept out choose most likely what they chose.

    References
    ----------
    Stone (1974), Cross-Validatory Choice and Assessment of Statistical Predictions.
    """
    if len(groups.sizes) >= FEW_LISTS:
        return LINEAR_L2
    penalties = (LINEAR_L2, *STRONGER_L2)
    return min(penalties, key=lambda l2: _unlikelihood_of_others(groups, columns, l2))


def _unlikelihood_of_others(groups: RankGroups, columns: Rows, l2: float) -> float:
    """What blends miss of the people whom they were not fitted to, summed over all lists."""
    fold = groups.users % PENALTY_FOLDS
    parts = [(groups.select(fold != number), groups.select(fold == number)) for number in np.unique(fold)]
    return sum(LinearBlend.fit(train, columns, l2=l2).unlikelihood(held) for train, held in parts if len(train.sizes))


def _likeliest(standard: AnyArray, groups: RankGroups, l2: float, centre: AnyArray) -> AnyArray:
    """The weights under which the choices are most likely, with an L2 penalty on the distance from ``centre``."""
    from scipy import optimize  # serving needs none of it

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


def linear_columns(names: Sequence[str]) -> Rows:
    """Columns of the linear blend: shares and ranks of the signals, facts about the item, and what it has in common."""
    facts = {*ITEM_COLUMNS, *AFFINITY_COLUMNS}
    wanted = [n for n, name in enumerate(names) if name.endswith(("_share", "_rank")) or name in facts]
    return np.array(wanted, dtype=np.int64)
