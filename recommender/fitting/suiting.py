"""Settings of sources that no default suits everywhere: chosen by what the log shows, ahead of the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from recommender.base import Query, SourceUnavailableError
from recommender.data.state import UserState, build_state
from recommender.fitting.ordersignal import order_tells
from recommender.metrics import paired_bootstrap
from recommender.retrievers.ials import Ials
from recommender.sources import SourceSpec
from recommender.training_data import TrainingData
from recommender.types import FloatVector, Rows

# How far factors are held back must fit the log: a shop of few items for many people wants little trust in each event,
# one with long histories of looks wants many factors, nearly free. Either may be worth half of what iALS finds.
IALS_SETTINGS: tuple[dict[str, Any], ...] = ({}, {"alpha": 1.0, "reg": 50.0}, {"n_factors": 128, "reg": 5.0})
# Where order says nothing, nothing is weighed by it.
ORDERLESS_SETTINGS: dict[str, dict[str, Any]] = {
    "itemseq": {"backward": 1.0, "history_decay": 1.0},
    "ease": {"recency": 0.0, "history_length": 400},
}
# What is gained must be sure, and worth more than the luck of who was asked: less than this share is left alone.
LEAST_GAIN = 0.2
FEWEST_USERS, MOST_USERS = 100, 1_000
FEWEST_ITEMS = 3
MOST_EVENTS, MOST_ITEMS = 100_000, 100_000
PLACES = 10
# A direction of the log that is no stronger (the singular value of its confidences) than the penalty comes out of
# the factors as nothing. The strongest of a few events is; at twice the penalty it stands.
LEAST_STRENGTH = 2.0
_ROUNDS = 500
_STEPS_TO_STRENGTH = 30


class _Held(NamedTuple):
    """What a user had done, and the item that came next."""

    state: UserState
    chosen: int


def suited(specs: Mapping[str, SourceSpec], data: TrainingData, random_state: int) -> dict[str, SourceSpec]:
    """The sources with settings that suit the log; parameters that are given stay.

    ``itemseq`` and ``ease`` do not weigh by order where it says nothing; see
    :func:`recommender.fitting.ordersignal.order_tells`. For ``ials``, if it was given none, the last new item of up to
    ``MOST_USERS`` users is held back; settings are taken whose NDCG@10 is surely better than that of the defaults, by
    at least ``LEAST_GAIN`` of it (lower end of the 95 % interval of the paired difference). Of a large log a part of
    the users is looked at, and a very large catalogue keeps the defaults of ``ials``. Where nothing was taken and the
    events are so few that all factors would fall to nothing, they are held back less.
    """
    rng = np.random.default_rng(random_state)
    part = _some_users(data, rng)
    found: dict[str, dict[str, Any]] = {}
    open_to_order = {n for n in specs.keys() & ORDERLESS_SETTINGS if ORDERLESS_SETTINGS[n].keys() - specs[n].params}
    if open_to_order and not order_tells(part, random_state):
        found |= ORDERLESS_SETTINGS
    if "ials" in specs and not specs["ials"].params and data.n_items <= MOST_ITEMS:
        found["ials"] = _ials_settings(*_held_back(part, rng), random_state) or _settings_of_a_few(data)
    return {name: SourceSpec(spec.kind, {**found.get(name, {}), **spec.params}) for name, spec in specs.items()}


def _ials_settings(part: TrainingData, held: list[_Held], random_state: int) -> dict[str, Any]:
    if len(held) < FEWEST_USERS:
        return {}
    try:
        found = [_quality(Ials(random_state=random_state, **settings).fit(part), held) for settings in IALS_SETTINGS]
    except SourceUnavailableError:
        return {}
    best = int(np.argmax([quality.mean() for quality in found]))
    gain = paired_bootstrap(found[best], found[0], _ROUNDS)
    return IALS_SETTINGS[best] if gain.low > LEAST_GAIN * found[0].mean() else {}


def _settings_of_a_few(data: TrainingData) -> dict[str, Any]:
    """A milder penalty for a log of so few events that the default would leave nothing of them; else nothing."""
    default = Ials()
    most = _strength(data, default.alpha) / LEAST_STRENGTH
    return {"reg": round(most, 2)} if 0 < most < default.reg else {}


def _strength(data: TrainingData, alpha: float) -> float:
    """The largest singular value of the confidences of the events, by the power method; 0 without events."""
    confidence = data.matrix.astype(np.float64)
    confidence.data = 1.0 + alpha * confidence.data
    vector = np.ones(confidence.shape[1])
    strength = 0.0
    for _ in range(_STEPS_TO_STRENGTH if confidence.nnz else 0):
        vector /= np.linalg.norm(vector)
        image = confidence @ vector
        strength = float(np.linalg.norm(image))
        vector = confidence.T @ image
    return strength


def _some_users(data: TrainingData, rng: np.random.Generator) -> TrainingData:
    """All events, or, of a large log, those of as many users as have ``MOST_EVENTS`` together."""
    events = data.events
    if len(events) <= MOST_EVENTS:
        return data
    drawn = rng.permutation(events.n_users)
    counts = np.bincount(events.user_rows, minlength=events.n_users)
    taken = np.zeros(events.n_users, dtype=bool)
    taken[drawn[np.cumsum(counts[drawn]) <= MOST_EVENTS]] = True
    return data.with_events(events.select(taken[events.user_rows]))


def _held_back(data: TrainingData, rng: np.random.Generator) -> tuple[TrainingData, list[_Held]]:
    """The events without the last new item of each drawn user and what came after it."""
    users, keep = data.events.user_rows, np.ones(len(data.events), dtype=bool)
    order = np.argsort(users, kind="stable")
    bounds = np.searchsorted(users[order], np.arange(data.n_users + 1))
    held: list[_Held] = []
    for user in rng.permutation(data.n_users):
        own = order[bounds[user] : bounds[user + 1]]
        items, first = np.unique(data.events.item_rows[own], return_index=True)
        chosen = first[data.event_weights[own[first]] > 0]  # nobody chose what they dismissed at first sight
        if len(items) < FEWEST_ITEMS or not len(chosen):
            continue
        moment = int(chosen.max())
        state = build_state(data.histories.of(int(user)).take(np.arange(moment)), data.weights)
        if state.is_cold:
            continue
        keep[own[moment:]] = False
        held.append(_Held(state, int(data.events.item_rows[own[moment]])))
        if len(held) == MOST_USERS:
            break
    return data.with_events(data.events.select(keep)), held


def _quality(source: Ials, held: list[_Held]) -> FloatVector:
    """NDCG@10 per user, shape (len(held),): all items ranked but those seen."""
    none: Rows = np.empty(0, dtype=np.int64)
    found = np.zeros(len(held))
    for number, (state, chosen) in enumerate(held):
        scores = source.score(Query(state, 0, none))
        wanted = scores[chosen]
        scores[state.seen] = -np.inf
        place = int((scores > wanted).sum())
        found[number] = 1.0 / np.log2(place + 2.0) if place < PLACES else 0.0
    return found
