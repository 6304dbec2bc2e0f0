"""The sources by name, and fitting several of them on one body of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recommender.base import Query, Retriever, SourceUnavailableError
from recommender.errors import DataError
from recommender.retrievers.bought_together import BoughtTogether
from recommender.retrievers.content import Content, ContentAttributes, ContentImage, ContentText
from recommender.retrievers.ease import Ease
from recommender.retrievers.ials import Ials
from recommender.retrievers.itemknn import ItemKNN
from recommender.retrievers.itemseq import ItemSeq
from recommender.retrievers.own_history import BuyAgain, RecentlyViewed
from recommender.retrievers.popular import Popular, Trending
from recommender.retrievers.rp3beta import RP3Beta
from recommender.retrievers.sasrec import SasRec
from recommender.retrievers.svd import Svd
from recommender.retrievers.svd_content import SvdContent
from recommender.retrievers.two_tower import TwoTower
from recommender.training_data import TrainingData
from recommender.types import Progress, no_progress

SOURCES: dict[str, type[Retriever]] = {
    cls.name: cls
    for cls in (
        Popular,
        Trending,
        ItemSeq,
        ItemKNN,
        RP3Beta,
        Ease,
        Ials,
        Svd,
        ContentText,
        ContentImage,
        ContentAttributes,
        Content,
        SvdContent,
        BoughtTogether,
        BuyAgain,
        RecentlyViewed,
        TwoTower,
        SasRec,
    )
}
# Networks: an optional extra to train, minutes instead of seconds; the blend takes them in where that pays.
DEEP_SOURCES = (TwoTower.name, SasRec.name)
# A slower itemseq beside the quick one: long memories and single sessions both find their items.
LONG_ITEMSEQ = {"history_decay": 0.9, "backward": 1.0}


@dataclass(frozen=True)
class SourceSpec:
    """A source under the name by which a model knows it: class name and parameters."""

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)


HYBRID_SOURCES: dict[str, SourceSpec] = {
    "itemseq": SourceSpec("itemseq"),
    "itemseq_long": SourceSpec("itemseq", LONG_ITEMSEQ),
    "itemknn": SourceSpec("itemknn"),
    "rp3beta": SourceSpec("rp3beta"),
    "ease": SourceSpec("ease"),
    "ials": SourceSpec("ials"),
    "trending": SourceSpec("trending"),
    "popular": SourceSpec("popular"),
    "content": SourceSpec("content"),
}


@dataclass(frozen=True)
class Signal:
    """A score per item that the ranker sees: a source, asked with the whole history or with its latest item only."""

    name: str
    source: str
    last_only: bool = False


HYBRID_SIGNALS: tuple[Signal, ...] = (
    *(Signal(name, name) for name in HYBRID_SOURCES),
    Signal("itemseq_last", "itemseq", last_only=True),
    Signal("itemknn_last", "itemknn", last_only=True),
    Signal("ease_last", "ease", last_only=True),
    *(Signal(name, name) for name in DEEP_SOURCES),
)


@dataclass(frozen=True)
class FittedSources:
    """Fitted sources by name, and those left out with the reason."""

    retrievers: dict[str, Retriever]
    skipped: dict[str, str]

    def signals(self) -> tuple[Signal, ...]:
        """The signals whose source was fitted."""
        return tuple(s for s in HYBRID_SIGNALS if s.source in self.retrievers)

    def notes(self) -> dict[str, Any]:
        """What the sources have to say about their fit."""
        return {name: notes for name, r in self.retrievers.items() if (notes := r.notes())}


def make_source(spec: SourceSpec, random_state: int = 0) -> Retriever:
    """An unfitted source; ``random_state`` is handed on where the class takes one.

    Raises
    ------
    DataError
        For an unknown source name or parameter.
    """
    if spec.kind not in SOURCES:
        raise DataError(f"there is no strategy {spec.kind!r}; known are hybrid, {', '.join(SOURCES)}")
    source = SOURCES[spec.kind]()
    if "random_state" in source.get_params():
        source.set_params(random_state=random_state)
    try:
        return source.set_params(**spec.params)
    except ValueError as error:
        raise DataError(str(error)) from error


def fit_sources(
    data: TrainingData,
    specs: Mapping[str, SourceSpec],
    *,
    random_state: int = 0,
    progress: Progress = no_progress,
) -> FittedSources:
    """Fit every source that the data can feed; the others are left out and say why."""
    fitted: dict[str, Retriever] = {}
    skipped: dict[str, str] = {}
    for number, (name, spec) in enumerate(specs.items()):
        progress(name, number / len(specs))
        try:
            fitted[name] = make_source(spec, random_state).fit(data)
        except SourceUnavailableError as error:
            skipped[name] = str(error)
    return FittedSources(fitted, skipped)


def askable(sources: FittedSources, signals: Sequence[Signal], query: Query) -> list[tuple[Signal, Retriever, Query]]:
    """Signals that can say something about the request, each with its source and the query to ask it."""
    head = replace(query, state=query.state.head(1)) if any(s.last_only for s in signals) else query
    asked = [(s, sources.retrievers[s.source], head if s.last_only else query) for s in signals]
    return [(signal, source, question) for signal, source, question in asked if source.usable(question)]
