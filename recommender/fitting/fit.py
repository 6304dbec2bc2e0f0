"""Fitting a whole model: sources, the lists they give, and the ranker learned from those."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from recommender.base import SourceUnavailableError
from recommender.data.arguments import is_collection, require_text
from recommender.data.catalogue import ItemCatalogue
from recommender.data.impressions import Impressions
from recommender.data.interactions import Interactions
from recommender.data.validation import DataReport, shortened
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.features.combine import Networks
from recommender.fitting.suiting import suited
from recommender.model import FittedModel
from recommender.ranking.lists import training_lists
from recommender.ranking.momentblend import MIN_GROUPS
from recommender.ranking.pipeline import Pipeline
from recommender.ranking.ranker import Ranker
from recommender.retrievers.content import Content
from recommender.retrievers.svd import Svd, last_ratings
from recommender.retrievers.svd_content import SvdContent
from recommender.sources import (
    DEEP_SOURCES,
    HYBRID_SOURCES,
    SOURCES,
    FittedSources,
    SourceSpec,
    fit_sources,
    make_source,
)
from recommender.stars.forecast import StarForecast
from recommender.stars.raters import Ratings
from recommender.training_data import TrainingData
from recommender.types import FloatVector, Progress, Rows

if TYPE_CHECKING:
    import pandas as pd

EXTRA_SOURCES = ("svd", "bought_together", "buy_again", "recently_viewed")
EFFORTS = ("full", "quick")
MANY_RATINGS = 200_000
FALLBACKS = ("trending", "popular")


def fit_model(
    events: Interactions,
    items: ItemCatalogue | None,
    *,
    strategy: str,
    weights: EventWeights,
    source_params: Mapping[str, Mapping[str, Any]],
    joining: Sequence[str],
    effort: str,
    networks: Networks,
    random_state: int,
    progress: Progress,
    logged: pd.DataFrame | None = None,
) -> FittedModel:
    """Fit what the strategy needs, with the sources that join the blend; see :meth:`HybridRecommender.fit`."""
    if effort not in EFFORTS:
        raise DataError(f"effort must be one of {', '.join(EFFORTS)}, not {effort!r}")
    data = TrainingData.build(events, items, weights, networks=networks, random_state=random_state)
    shown = Impressions.from_frame(logged, events.users, data.catalogue.items) if logged is not None else None
    blend, extras = specs_for(strategy, source_params, joining)
    blend = suited(blend, data, random_state)
    sources = fit_sources(data, blend, random_state=random_state, progress=progress)
    if strategy != "hybrid" and strategy not in sources.retrievers:
        raise DataError(f"strategy {strategy!r} cannot be fitted on this data: {sources.skipped[strategy]}")
    extra_sources = fit_sources(data, extras, random_state=random_state, progress=progress)
    ranker = _learn_order(data, blend, shown, effort, random_state, progress) if strategy == "hybrid" else None
    model = FittedModel(
        users=events.users,
        items=data.catalogue.items,
        histories=data.histories,
        weights=weights,
        pipeline=Pipeline.of(data, sources),
        extras=extra_sources,
        spaces=data.spaces,
        families=data.families,
        ranker=ranker,
        specs=blend | extras,
        category_paths=data.catalogue.fields["category"],
        brands=data.catalogue.fields["brand"],
        family_names=data.family_names,
    )
    if strategy == "hybrid" and effort == "full":
        progress("star forecast", 0.0)
        model.stars = _forecast_stars(model, data, random_state)
    model.info = _describe(model, data, strategy)
    return model


def model_of_source(model: FittedModel, source: str, random_state: int) -> FittedModel:
    """The model for answers of one source alone; see :meth:`HybridRecommender.asking`."""
    held = model.sources
    svd, content = held.get("svd"), held.get("content")
    if source in held:
        found = held[source]
    elif source == SvdContent.name and isinstance(svd, Svd):
        found = SvdContent.of(svd, content if isinstance(content, Content) else None, random_state)
    else:
        reason = (model.pipeline.sources.skipped | model.extras.skipped).get(source, "it is no source of this model")
        raise DataError(f"strategy {source!r} cannot be asked: {reason}")
    extras = FittedSources({**model.extras.retrievers, source: found}, model.extras.skipped)
    specs = {source: SourceSpec(source)} | model.specs  # how to open it again, where it was put together just now
    return replace(model, extras=extras, specs=specs, stars=None, info=model.info | {"strategy": source})


def strategy_of(model: str) -> tuple[str, tuple[str, ...]]:
    """Strategy and joining sources of a model by its name: "hybrid+sasrec" is the blend with that source in it."""
    strategy, *joining = model.split("+")
    return strategy, tuple(joining)


def check_models(names: Iterable[str]) -> None:
    """Raise DataError where one of the names is no model."""
    if isinstance(names, (str, bytes)) or not is_collection(names):
        raise DataError(f"models must be a list of names such as ['popular', 'hybrid'], not {shortened(names)}")
    for name in names:
        require_text(name, "each of models")
        strategy, joining = strategy_of(name)
        specs_for(strategy, {}, joining)


def specs_for(
    strategy: str, source_params: Mapping[str, Mapping[str, Any]], joining: Sequence[str] = ()
) -> tuple[dict[str, SourceSpec], dict[str, SourceSpec]]:
    """Sources inside and outside the blend for a strategy, with the given parameters over the defaults."""
    _check_joining(strategy, joining)
    if strategy == "hybrid":
        blend = HYBRID_SOURCES | {name: SourceSpec(name) for name in joining}
        extras = {name: SourceSpec(name) for name in EXTRA_SOURCES}
    elif strategy in SOURCES:
        blend = {name: SourceSpec(name) for name in dict.fromkeys((strategy, *FALLBACKS))}
        extras = {}
    else:
        raise DataError(f"there is no strategy {strategy!r}; known are hybrid, {', '.join(SOURCES)}")
    unknown = set(source_params) - set(blend) - set(extras)
    if unknown:
        raise DataError(f"source_params: {sorted(unknown)[0]!r} is no source of strategy {strategy!r}")
    return _over(blend, source_params), _over(extras, source_params)


def _check_joining(strategy: str, joining: Sequence[str]) -> None:
    strange = [name for name in joining if name not in DEEP_SOURCES]
    if strange:
        raise DataError(f"{strange[0]!r} cannot join the blend; what can is {', '.join(DEEP_SOURCES)}")
    if joining and strategy != "hybrid":
        raise DataError(f"{joining[0]!r} can join the strategy 'hybrid' alone, not {strategy!r}")


def _over(specs: dict[str, SourceSpec], params: Mapping[str, Mapping[str, Any]]) -> dict[str, SourceSpec]:
    return {n: SourceSpec(s.kind, {**s.params, **params.get(n, {})}) for n, s in specs.items()}


def _learn_order(
    data: TrainingData,
    specs: Mapping[str, SourceSpec],
    shown: Impressions | None,
    effort: str,
    random_state: int,
    progress: Progress,
) -> Ranker | None:
    def fit(part: TrainingData) -> FittedSources:
        return fit_sources(part, specs, random_state=random_state)

    has_trees = effort != "quick"
    learned_from = shown if has_trees else None  # nothing but trees learns from what was shown
    groups, names = training_lists(
        data, fit, shown=learned_from, effort=effort, random_state=random_state, progress=progress
    )
    if groups is None or (~groups.are_shown).sum() < MIN_GROUPS:
        return None
    progress("ranker", 0.0)
    rounds = Ranker.max_rounds if has_trees else 0
    return Ranker(max_rounds=rounds, random_state=random_state).fit(groups, names)


def _forecast_stars(model: FittedModel, data: TrainingData, random_state: int) -> StarForecast | None:
    """Learn to join the star forecasts; None where there are too few ratings."""
    fitted = model.extras.retrievers.get("svd")
    if not isinstance(fitted, Svd):
        return None
    of_users, of_items = fitted.shrinkage_

    def fit_svd(users: Rows, items: Rows, stars: FloatVector) -> Callable[[Rows, Rows], FloatVector]:
        svd = make_source(model.specs["svd"], random_state)
        assert isinstance(svd, Svd)  # noqa: S101  the source of that name
        svd.set_params(user_shrinkage=of_users, item_shrinkage=of_items)  # chosen once, for all folds
        return svd.fit_ratings(users, items, stars, data.n_users, data.n_items).predict_pairs

    ratings = Ratings(*last_ratings(data))
    forecast = StarForecast(n_folds=5 if len(ratings) <= MANY_RATINGS else 2, random_state=random_state)
    try:
        return forecast.fit(ratings, model.pipeline.columns, data.n_users, fit_svd)
    except SourceUnavailableError:
        return None


def _report(data: TrainingData) -> DataReport:
    """What was read of the events, and what was mended of them and of the catalogue."""
    of_events, of_items = data.events.report, data.catalogue.report.repairs
    told = {f"catalogue, {repair}": n for repair, n in of_items.items()}
    return replace(of_events, repairs=of_events.repairs | told)


def _describe(model: FittedModel, data: TrainingData, strategy: str) -> dict[str, Any]:
    ranker = model.ranker
    return {
        "strategy": strategy,
        "n_users": data.n_users,
        "n_items": data.n_items,
        "n_events": len(data.events),
        "data_until": data.now,
        "data": asdict(_report(data)),
        "spaces": list(model.spaces.names),
        "encoders": model.spaces.encoders.to_info(),
        "sources": list(model.pipeline.sources.retrievers),
        "extras": list(model.extras.retrievers),
        "skipped": model.pipeline.sources.skipped | model.extras.skipped,
        "notes": model.pipeline.sources.notes() | model.extras.notes(),
        "ranker": None if ranker is None else ranker.report | {"importance": ranker.importance()},
    }
