"""Answering a request with a fitted model: candidates, order, variety, reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from recommender.arrays.onethread import one_thread
from recommender.arrays.topn import top_rows
from recommender.base import Candidates, Query, Retriever
from recommender.data.state import EventLog, UserState, build_state, looked_at
from recommender.errors import DataError
from recommender.model import FittedModel
from recommender.ranking.blend import fuse_ranks, ranks_from_features
from recommender.ranking.coldstart import evidence_of
from recommender.ranking.features import DAY_SECONDS
from recommender.ranking.pipeline import MAX_CANDIDATES, CandidateSet, all_but
from recommender.ranking.troubles import NO_TROUBLES, Troubles
from recommender.reranking.brandcaps import WINDOW, BrandCaps
from recommender.reranking.exploration import Draw, Exploration, Prepared, deal, little_shown, options
from recommender.reranking.preferences import NEUTRAL, PreferenceRules, Preferences
from recommender.reranking.reranker import POOL, collapse, maximal_marginal_relevance, push_down, room_behind
from recommender.retrievers.content import Content
from recommender.retrievers.own_history import OwnHistory
from recommender.serving.closeup import CloseUp
from recommender.serving.explain import RowReason, crowd_reason, named_signals
from recommender.serving.live import LiveUpdates
from recommender.types import (
    AnyArray,
    BoolMask,
    FloatMatrix,
    FloatVector,
    Reason,
    Recommendation,
    Rows,
)

# Source of items that fill a list although nobody ever touched them; there is no reason to give for those.
REST = "catalogue"
FRESH_EVERY = 10
# "Not interested" is a wish; few stars are a verdict on one thing, and people go on to its like: pushed down as far as
# after a dismissal, lists of MovieLens found 5 % less of what came next.
LOW_STARS_SHARE = 1 / 3


@dataclass(frozen=True)
class Ask:
    """A request in rows where possible; see :meth:`HybridRecommender.recommend`."""

    k: int
    log: EventLog
    user_row: int
    exclude: frozenset[str]
    strategy: str
    context: str
    item_ids: tuple[str, ...]
    category: str | None
    now: int | None
    with_reasons: bool
    preferences: Preferences = NEUTRAL


@dataclass(frozen=True)
class Ordered:
    """A list in the making: rows best first, their scores, and the source that found each."""

    rows: Rows
    scores: FloatVector
    found_by: AnyArray

    @classmethod
    def by(cls, source: str, rows: Rows, scores: FloatVector) -> Ordered:
        """A list found by one source."""
        return cls(rows, scores, np.full(len(rows), source, dtype=object))

    def take(self, positions: Rows) -> Ordered:
        """The entries at the given positions."""
        return Ordered(self.rows[positions], self.scores[positions], self.found_by[positions])

    def moved(self, positions: Rows) -> Ordered:
        """The entries in another order than that of their scores: none has more than the one before it."""
        moved = self.take(positions)
        return replace(moved, scores=np.minimum.accumulate(moved.scores))


class _Newer(NamedTuple):
    """What counts beside the likeness of a product newer than the model: its family's number, its brand as compared."""

    family: int
    brand: str


@dataclass(frozen=True)
class _Made:
    """A list with what it was made from: the query, all candidates best first, and the rows of the list."""

    query: Query
    candidates: Rows
    rows: Rows
    answer: list[Recommendation]


class Answerer:
    """Answers requests; holds no state of any request."""

    def __init__(
        self,
        model: FittedModel,
        live: LiveUpdates,
        *,
        strategy: str,
        diversity: float,
        max_per_family: int,
        max_per_brand: int,
        dislike: float,
        troubles: Troubles = NO_TROUBLES,
    ) -> None:
        self.model, self.live = model, live
        self.strategy, self.diversity, self.troubles = strategy, diversity, troubles
        self.max_per_family, self.dislike = max_per_family, dislike
        self._sources = model.sources
        self._vectors = model.spaces.vectors.get("combined")
        self._found_by = np.array([signal.source for signal in model.pipeline.signals], dtype=object)
        self._has_families = bool((model.families >= 0).any())
        self._brands = BrandCaps(model.brands, max_per_brand)
        self._rules = PreferenceRules(model.pipeline.columns, model.category_paths, model.brands)

    @property
    def strategies(self) -> tuple[str, ...]:
        """Strategies that this model can answer with."""
        return tuple(dict.fromkeys((self.strategy, *self._sources)))

    def state_of(self, log: EventLog, user_row: int = -1) -> UserState:
        """Condensed state of a log."""
        return build_state(log, self.model.weights, user_row=user_row)

    @one_thread
    def recommend(self, ask: Ask) -> list[Recommendation]:
        """See :meth:`HybridRecommender.recommend`."""
        made = self._made(ask)
        return self._with_fresh(made, ask)

    @one_thread
    def prepare(self, ask: Ask, explore: Exploration, salt: str) -> Prepared:
        """See :meth:`HybridRecommender.prepare`: what is new competes for the places that are left to chance."""
        made = self._made(ask)
        places = explore.drawn_places(len(made.answer))
        if not places:
            return Prepared(tuple(self._with_fresh(made, ask)), (), salt)
        hands = deal(self._worth_a_try(made, ask, explore, len(places)), places, explore.pool)
        draws = tuple(Draw(place, options(hand, self.live.shows)) for place, hand in hands)
        return Prepared(tuple(made.answer), draws, salt, room=ask.k - len(made.answer))

    def _made(self, ask: Ask) -> _Made:
        self._require(ask.strategy)
        query = self._query(ask)
        allowed = self._allowed(ask, query)
        candidates, found = self._ordered(ask, query, allowed)
        candidates = self._preferred(candidates, ask, query.state)
        ordered = self._varied(candidates, ask)
        ordered = self._topped_up(ordered, query, allowed, ask)
        reasons = self._reasons(ask, query, ordered, found)
        answer = [
            Recommendation(self.model.items[int(row)], rank, float(score), reason, source)
            for rank, (row, score, reason, source) in enumerate(
                zip(ordered.rows, ordered.scores, reasons, ordered.found_by, strict=True), start=1
            )
        ]
        return _Made(query, candidates.rows, ordered.rows, answer)

    def _worth_a_try(self, made: _Made, ask: Ask, explore: Exploration, n_places: int) -> list[str]:
        """Items for the places left to chance, none of them in the part of the list that is seen or at its end.

        The last items, one for each place, fill the gaps that the draws leave. First what is newer than the model and
        like the history, then candidates that are young and were little shown.
        """
        head, tail = made.rows[: explore.within], made.rows[len(made.rows) - n_places :]
        n = explore.pool * explore.places
        beside = made.rows[: len(head) + WINDOW]
        full = self._brands.without_room([self._brands.of(row) for row in beside.tolist()], n_places)
        fresh = {
            item_id: newer
            for item_id, newer in self._fresh_for(ask, made.query, n, np.union1d(head, tail)).items()
            if self.live.shows.shown(item_id) < explore.max_shown and newer.brand not in full
        }
        oldest = made.query.now - explore.max_age_days * DAY_SECONDS
        young = made.candidates[self.model.pipeline.columns.new_since(oldest, made.candidates)]
        young = young[~np.isin(young, np.concatenate([head, tail]))]
        families = self.model.families
        taken = np.concatenate([families[head], np.array([newer.family for newer in fresh.values()], dtype=np.int64)])
        young = young[room_behind(taken, families[young], self.max_per_family)]
        young = young[[self._brands.of(row) not in full for row in young.tolist()]] if full else young
        young = little_shown(young, self.model.items.take(young), self.live.shows, explore.max_shown)
        return [*fresh, *self.model.items.take(young[:n])][:n]

    def _require(self, strategy: str) -> None:
        if strategy not in self.strategies:
            raise DataError(f"this model has no strategy {strategy!r}; it has {', '.join(self.strategies)}")

    @one_thread
    def order(self, ask: Ask) -> list[Recommendation]:
        """See :meth:`HybridRecommender.order`."""
        self._require(ask.strategy)
        rows = self.model.items.rows(list(ask.item_ids))
        rows = np.unique(rows[rows >= 0])
        query = self._query(replace(ask, item_ids=()))
        if not len(rows):
            return []
        scores = self._scores_of(ask.strategy, query, rows)
        best_first = np.lexsort((rows, -scores))
        return [
            Recommendation(self.model.items[int(rows[at])], rank, float(scores[at]), (), ask.strategy)
            for rank, at in enumerate(best_first.tolist(), start=1)
        ]

    def _scores_of(self, strategy: str, query: Query, rows: Rows) -> FloatVector:
        """Scores of given rows, whether or not any source would have found them."""
        if strategy != "hybrid":
            source = self._sources[strategy]
            known = source.score_rows(query, rows) if source.usable(query) else np.zeros(len(rows), dtype=np.float32)
            return np.nan_to_num(known, nan=0.0)
        nowhere = np.zeros(len(rows), dtype=np.int64)
        found = CandidateSet(rows, nowhere, self.model.pipeline.scores(query, rows, self.troubles))
        return self._less_disliked(self._scored(query, found), rows, query.state)

    def _query(self, ask: Ask) -> Query:
        latest = max(ask.log.timestamps.max(initial=0).item(), self.model.pipeline.columns.now)
        now = latest if ask.now is None else ask.now
        context = self.model.items.rows(list(ask.item_ids))
        context = context[context >= 0]
        log = ask.log
        if len(context):  # nothing that is told comes after this look
            log = log.then(looked_at(context, max(latest, now), kind="cart" if ask.context == "cart" else "click"))
        return Query(self.state_of(log, ask.user_row), now, context, knows_time=ask.now is not None)

    def _allowed(self, ask: Ask, query: Query) -> BoolMask:
        hidden = self.model.items.rows(list(ask.exclude)) if ask.exclude else np.empty(0, dtype=np.int64)
        seen = query.state.item_rows[query.state.dismissed] if self._is_own_history(ask) else query.state.seen
        allowed = all_but(len(self.model.items), np.concatenate([hidden[hidden >= 0], seen, query.context_rows]))
        if ask.category:
            allowed &= self._rules.below(ask.category)
        if ask.preferences.hides:
            allowed &= self._rules.wanted(ask.preferences)
        return allowed

    def _ordered(self, ask: Ask, query: Query, allowed: BoolMask) -> tuple[Ordered, CandidateSet | None]:
        if ask.strategy != "hybrid":
            source = self._sources[ask.strategy]
            if not source.usable(query):
                return Ordered.by(ask.strategy, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)), None
            return Ordered.by(ask.strategy, *self._found_alone(source, query, allowed, ask.k)), None
        found = self.model.pipeline.candidates(query, allowed, self._rules.sought(ask.preferences), self.troubles)
        scores = self._scored(query, found)
        scores = self._less_disliked(scores, found.rows, query.state)
        order = np.lexsort((found.rows, -scores))
        return Ordered(found.rows[order], scores[order], self._found_by[found.found_by[order]]), found

    def _found_alone(self, source: Retriever, query: Query, allowed: BoolMask, k: int) -> Candidates:
        """What one source finds, more than a list; read on while most of it are variants of each other."""
        n = max(k * 3, MAX_CANDIDATES if self._brands else 0)
        found = source.retrieve(query, n, allowed)
        while self._has_families and len(found.rows) == n and len(self._within_caps(found.rows[:0], found.rows)) < k:
            n *= 4
            found = source.retrieve(query, n, allowed)
        return found

    def _scored(self, query: Query, found: CandidateSet) -> FloatVector:
        features = self.model.pipeline.features(query, found)
        scores = None
        if self.model.ranker is not None and not query.state.is_cold:
            scores = self.troubles.spared("ranker", partial(self.model.ranker.predict_best, features))
        return self._fused(features, query.state) if scores is None else scores

    def _scores_each(self, features: FloatMatrix, state: UserState) -> FloatMatrix:
        """Scores of the same items under parts of a state that is not cold, shape (n_parts, n_rows)."""
        if self.model.ranker is not None:
            return self.model.ranker.predict_each(features)
        return np.stack([self._fused(rows, state) for rows in features])

    def _fused(self, features: FloatMatrix, state: UserState) -> FloatVector:
        pipeline = self.model.pipeline
        ranks = ranks_from_features(features, pipeline.builder.names)
        return fuse_ranks(ranks, pipeline.signals, evidence_of(state))

    def _less_disliked(self, scores: FloatVector, rows: Rows, state: UserState) -> FloatVector:
        if self._vectors is None:
            return scores
        disliked, shares = _disliked(state)
        return push_down(scores, rows, self._vectors, disliked, self.dislike * shares)

    def _preferred(self, ordered: Ordered, ask: Ask, state: UserState) -> Ordered:
        """The order after what the user set; a list of the own history stays as it happened."""
        if not ask.preferences.moves_scores or self._is_own_history(ask):
            return ordered
        scores = self._rules.scores(ask.preferences, state, ordered.rows, ordered.scores)
        order = np.lexsort((ordered.rows, -scores))
        return replace(ordered, scores=scores).take(order)

    def _diversity(self, ask: Ask) -> float:
        return 0.0 if self._is_own_history(ask) else ask.preferences.diversity(self.diversity)

    def _is_own_history(self, ask: Ask) -> bool:
        return isinstance(self._sources.get(ask.strategy), OwnHistory)

    def _varied(self, ordered: Ordered, ask: Ask) -> Ordered:
        diversity, is_capped = self._diversity(ask), self._has_caps_for(ask)
        if self._has_families:
            ordered = ordered.take(collapse(ordered.rows, self.model.families, self.max_per_family))
        if diversity != 0 and self._vectors is not None:
            n = max(ask.k, POOL) if is_capped else ask.k
            varied = maximal_marginal_relevance(ordered.rows, ordered.scores, self._vectors, n, diversity)
            ordered = ordered.moved(varied)
        return self._spread(ordered, ask.k) if is_capped else ordered.take(np.arange(min(ask.k, len(ordered.rows))))

    def _has_caps_for(self, ask: Ask) -> bool:
        return bool(self._brands) and not self._is_own_history(ask)

    def _spread(self, ordered: Ordered, k: int) -> Ordered:
        return ordered.moved(self._brands.spread(ordered.rows, k))

    def _topped_up(self, ordered: Ordered, query: Query, allowed: BoolMask, ask: Ask) -> Ordered:
        """Fill a short list with what is trending, then popular, then anything that may be shown and is not known."""
        k = ask.k
        if len(ordered.rows) >= k:
            return ordered
        allowed = allowed & all_but(len(allowed), query.state.seen)
        for name in ("trending", "popular", REST):
            while len(ordered.rows) < k:
                free = allowed & self._with_room(ordered.rows) & all_but(len(allowed), ordered.rows)
                rows = self._within_caps(ordered.rows, self._more(name, query, k - len(ordered.rows), free))
                if not len(rows):
                    break
                ordered = _append(ordered, rows, name)
        return self._spread(ordered, k) if self._has_caps_for(ask) else ordered

    def _more(self, name: str, query: Query, n: int, free: BoolMask) -> Rows:
        source = self._sources.get(name)
        if name == REST:
            return top_rows(np.where(free, 0.0, -np.inf), n)
        found = None if source is None else self.troubles.spared(name, partial(source.retrieve, query, n, free))
        return np.empty(0, dtype=np.int64) if found is None else found.rows

    def _with_room(self, rows: Rows) -> BoolMask:
        """False for items of a variant family that stands in the list as often as it may."""
        families = self.model.families
        if not self._has_families:
            return np.ones(len(families), dtype=bool)
        known, counts = np.unique(families[rows], return_counts=True)
        return ~np.isin(families, known[(known >= 0) & (counts >= self.max_per_family)])

    def _within_caps(self, before: Rows, rows: Rows) -> Rows:
        """The new rows that a list may take behind those before."""
        families = self.model.families
        return rows[room_behind(families[before], families[rows], self.max_per_family)]

    def _reasons(
        self, ask: Ask, query: Query, ordered: Ordered, found: CandidateSet | None
    ) -> list[tuple[Reason, ...]]:
        if not ask.with_reasons:
            return [()] * len(ordered.rows)
        named: list[tuple[RowReason, ...]] = [()] * len(ordered.rows)
        if found is not None and not query.state.is_cold:
            named = self.troubles.spared("reasons", partial(self._named, query, ordered, found)) or named
        chosen = [
            reasons or (() if source == REST else (crowd_reason(self._sources, source),))
            for reasons, source in zip(named, ordered.found_by, strict=True)
        ]
        return [tuple(self._public(reason) for reason in reasons) for reasons in chosen]

    def _named(self, query: Query, ordered: Ordered, found: CandidateSet) -> list[tuple[RowReason, ...]]:
        position = np.searchsorted(found.rows, ordered.rows)
        position = np.minimum(position, max(len(found.rows) - 1, 0))
        ours = np.flatnonzero(found.rows[position] == ordered.rows) if len(found.rows) else position[:0]
        picked = position[ours]

        closeup = CloseUp(self.model.pipeline, query.state, found.rows, found.near, found.scores)

        def rescore(states: Sequence[UserState]) -> FloatMatrix:
            asked = [replace(query, state=state) for state in states]
            features = self.model.pipeline.builder.build_each(asked, closeup.scores_each(asked), found.rows, picked)
            return self._scores_each(features, query.state)

        reasons = named_signals(closeup, query.state, picked, rescore)
        named: list[tuple[RowReason, ...]] = [()] * len(ordered.rows)
        for place, own in zip(ours.tolist(), reasons, strict=True):
            named[place] = own
        return named

    def _public(self, reason: RowReason) -> Reason:
        item_id = self.model.items[reason.row] if reason.row >= 0 else None
        return Reason(reason.kind, item_id, round(reason.share, 4))

    def _with_fresh(self, made: _Made, ask: Ask) -> list[Recommendation]:
        """One place in ten may go to a product newer than the model that is like the user's history."""
        answer = made.answer
        usable = self._fresh_for(ask, made.query, ask.k, made.rows)
        if not usable:
            return answer
        brands = [self._brands.of(row) for row in made.rows.tolist()]
        for place in range(FRESH_EVERY // 2 - 1, len(answer), FRESH_EVERY):
            full = self._brands.without_room(brands[max(0, place - WINDOW + 1) : place + WINDOW - 1])
            item_id = next((item_id for item_id, newer in usable.items() if newer.brand not in full), None)
            if item_id is None:
                continue
            brands.insert(place, usable.pop(item_id).brand)
            above = answer[place - 1].score if place else answer[0].score
            answer.insert(place, Recommendation(item_id, 0, above, (Reason("new"),), "new"))
        return [replace(r, rank=rank) for rank, r in enumerate(answer[: ask.k], start=1)]

    def _fresh_for(self, ask: Ask, query: Query, n: int, beside: Rows) -> dict[str, _Newer]:
        """Up to ``n`` products newer than the model that are like the user's history, the most alike first.

        Of a family there are not too many together with those ``beside``.
        """
        content, newer = self._sources.get("content"), self.live.fresh
        if not len(newer) or ask.strategy != "hybrid" or query.state.is_cold:
            return {}
        if not isinstance(content, Content):
            return {}
        hidden = ask.exclude.union(ask.item_ids)
        taste = self.troubles.spared("content", partial(content.profile, query.state))
        if taste is None:
            return {}
        families = self.model.families[beside]
        found = newer.to_the_taste(
            taste, n, hidden, ask.category, ask.preferences, per_family=self.max_per_family, before=families
        )
        return {item_id: _Newer(newer.family_of(item_id), newer.brands[item_id].casefold()) for item_id in found}


def _disliked(state: UserState) -> tuple[Rows, FloatVector]:
    """Items dismissed or rated one or two stars, and how much of a dislike each is."""
    shares = np.where(state.dismissed, 1.0, LOW_STARS_SHARE)
    disliked = state.dismissed | (state.stars <= 2)
    return state.item_rows[disliked], shares[disliked].astype(np.float32)


def _append(ordered: Ordered, rows: Rows, source: str) -> Ordered:
    """More rows behind a list; their scores fall below its last one so that rank and score agree."""
    last = float(ordered.scores[-1]) if len(ordered.scores) else 0.0
    scores = last - 1e-3 * np.arange(1, len(rows) + 1, dtype=np.float32)
    return Ordered(
        np.concatenate([ordered.rows, rows]),
        np.concatenate([ordered.scores, scores]).astype(np.float32),
        np.concatenate([ordered.found_by, np.full(len(rows), source, dtype=object)]),
    )
