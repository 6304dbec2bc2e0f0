"""The recommender: the order of the steps, no maths of its own."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from threadpoolctl import threadpool_limits

from recommender import artifacts, modelcard
from recommender.arrays.onethread import one_thread
from recommender.base import require_fitted
from recommender.data.arguments import require_text
from recommender.data.catalogue import ItemCatalogue
from recommender.data.eventworth import learn_weights
from recommender.data.interactions import Interactions
from recommender.data.limits import check_data, check_settings, plain
from recommender.data.weights import EventWeights
from recommender.errors import ArtifactError, DataError
from recommender.features.combine import Networks
from recommender.fitting.fit import fit_model, model_of_source, specs_for
from recommender.model import FittedModel
from recommender.parameters import check_source_params
from recommender.ranking.troubles import NO_TROUBLES, Troubles
from recommender.serving.answer import Answerer
from recommender.serving.itemsearch import ItemSearch
from recommender.serving.live import LiveUpdates
from recommender.serving.recommender import ServingRecommender
from recommender.serving.related import RelatedItems
from recommender.types import Progress, no_progress

if TYPE_CHECKING:
    import pandas as pd


class HybridRecommender(ServingRecommender):
    """Recommends items from events and a catalogue; any single source can stand in for the whole blend.

    Parameters
    ----------
    strategy : str
        "hybrid" or the name of a source, such as "itemseq", "ease" or "content".
    random_state : int
        Seed of every random draw, from 0 to 2**32 - 1: same data and seed, same lists, on any number of threads.
    weights : EventWeights, optional
        How much each kind of event says.
    source_params : mapping, optional
        Parameters per source name, over the defaults.
    extra_sources : sequence of str
        Of "two_tower" and "sasrec", those that may join the strategy "hybrid".
    extra_check : bool
        True lets them join only if the blend is surely better with them on the end of the log; False in any case.
    diversity : float
        From -1 to 1: 0 keeps the order of the ranker; above it likeness within a list costs score (MMR), below it
        likeness earns some.
    max_per_family : int
        Most items of one variant family in a list, at least 1.
    max_per_brand : int
        Most items of one brand among any ten places in a row, as long as there are others to show; 0 for no cap.
    dislike : float
        How far items much like a dismissed one are pushed down, in widths of the list's scores, >= 0; a third of that
        for likeness to what got one or two stars.
    effort : {"full", "quick"}
        "quick" learns the order from far fewer lists: for a first start, until the nightly training.
    text_encoder, image_encoder : str
        Paths of pretrained ONNX models on this machine; "" for the built-in encoders. A text encoder is a folder with
        ``model.onnx`` and ``tokenizer.json``, or the ``.onnx`` file beside that tokenizer.
    learn_weights : bool
        Learn from the training events how much a view, a click, a cart and a wish say; see
        :func:`recommender.data.eventworth.learn_weights`. A kind whose weight was set stays as it was set. False
        takes the weights as they are.
    """

    def __init__(
        self,
        strategy: str = "hybrid",
        random_state: int = 0,
        weights: EventWeights | None = None,
        source_params: Mapping[str, Mapping[str, Any]] | None = None,
        extra_sources: Sequence[str] = (),
        extra_check: bool = True,
        diversity: float = 0.0,
        max_per_family: int = 1,
        max_per_brand: int = 0,
        dislike: float = 0.3,
        effort: str = "full",
        text_encoder: str = "",
        image_encoder: str = "",
        learn_weights: bool = True,
    ) -> None:
        self.strategy = strategy
        self.random_state = random_state
        self.weights = weights
        self.source_params = source_params
        self.extra_sources = extra_sources
        self.extra_check = extra_check
        self.diversity = diversity
        self.max_per_family = max_per_family
        self.max_per_brand = max_per_brand
        self.dislike = dislike
        self.effort = effort
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.learn_weights = learn_weights

    def fit(
        self,
        events: Interactions,
        items: ItemCatalogue | None = None,
        *,
        logged: pd.DataFrame | None = None,
        progress: Progress = no_progress,
    ) -> Self:
        """Learn from events and, where there is one, a catalogue; forgets any earlier fit.

        Parameters
        ----------
        events : Interactions
        items : ItemCatalogue, optional
        logged : DataFrame, optional
            Places that people were shown, as :func:`recommender.data.impressions.clean_logged` takes them, with
            ``timestamp``: the strategy "hybrid" learns from what was clicked, wherever on the list it stood.
        progress : callable
            Called with the name of the stage and the share of it that is done.

        Raises
        ------
        DataError
            When a parameter of the recommender cannot be what it is, ``events`` or ``items`` are plain frames, there is
            nothing to learn from, the strategy needs data or a package that is not there, a named
            encoder cannot be opened, or a column of ``logged`` holds what it must not.
        """
        self._check(events, items, logged)
        # The number of threads decides in which order sums are made, and so their last bits.
        # Twice, because a fit may be the first to read a library with threads of its own.
        with one_thread, threadpool_limits(1, "blas"):
            return self._fit(events, items, logged, progress)

    def _check(self, events: Interactions, items: ItemCatalogue | None, logged: pd.DataFrame | None) -> None:
        """Refuse parameters and data that no fit takes, before any time is spent."""
        check_settings(self.get_params())
        check_data(events, items, logged)
        specs_for(self.strategy, self.source_params or {}, tuple(self.extra_sources))
        for name, params in (self.source_params or {}).items():
            check_source_params(name, params)

    def _fit(
        self, events: Interactions, items: ItemCatalogue | None, logged: pd.DataFrame | None, progress: Progress
    ) -> Self:
        started = time.perf_counter()
        if logged is None:  # what was shown has times of its own, which are to be compared with those of the events
            events = events.with_steps_for_counted_rows()
        weights = self.weights or EventWeights()
        learned = learn_weights(events, weights) if self.learn_weights else None
        joining, comparison = self._joining(events, items, progress)
        model = fit_model(
            events,
            items,
            strategy=self.strategy,
            weights=(learned.weights if learned else weights).for_log(events.kinds),
            source_params=self._params_but(set(self.extra_sources) - set(joining)),
            joining=joining,
            effort=self.effort,
            networks=Networks.open(fspath(self.text_encoder), fspath(self.image_encoder)),
            random_state=int(self.random_state),
            progress=progress,
            logged=logged,
        )
        if learned:
            model.info["event_weights"] = learned.to_dict()
        model.info |= {"fit_seconds": round(time.perf_counter() - started, 3), "extra_sources": comparison}
        return self._serve(model)

    def _joining(
        self, events: Interactions, items: ItemCatalogue | None, progress: Progress
    ) -> tuple[tuple[str, ...], dict[str, Any] | None]:
        """The extra sources that join, and what the comparison showed, where there was one."""
        wanted = tuple(self.extra_sources)
        if not wanted or not self.extra_check:
            return wanted, None
        from recommender.training.extrasources import compare  # it judges whole recommenders

        found = compare(self, events, items, progress=progress)
        return (wanted if found.is_better else ()), found.to_json()

    def _params_but(self, left_out: Collection[str]) -> dict[str, Mapping[str, Any]]:
        given: dict[str, Mapping[str, Any]] = plain(self.source_params or {})
        return {name: params for name, params in given.items() if name not in left_out}

    def _serve(self, model: FittedModel, troubles: Troubles = NO_TROUBLES) -> Self:
        self.model_ = model
        self._live = LiveUpdates(model)
        self._search = ItemSearch(model, self._live)
        self._related = RelatedItems(model, self._live, max_per_family=self.max_per_family)
        self._answerer = Answerer(
            model,
            self._live,
            strategy=self.strategy,
            diversity=self.diversity,
            max_per_family=self.max_per_family,
            max_per_brand=self.max_per_brand,
            dislike=self.dislike,
            troubles=troubles,
        )
        return self

    def asking(self, source: str) -> Self:
        """The same fitted model, answering with one of its sources alone; nothing is fitted.

        ``svd_content`` is put together where the model has its two halves.

        Raises
        ------
        DataError
            When the model does not hold the source.
        """
        require_fitted(self, "model_")
        require_text(source, "source")
        model = model_of_source(self.model_, source, self.random_state)
        return type(self)(**{**self.get_params(), "strategy": source})._serve(model)

    def for_serving(self, *, max_per_brand: int | None = None, patience_s: float = math.inf) -> Self:
        """The same fitted model as a shop asks it: a list goes on without a source that fails. Nothing is fitted.

        What was left out is counted in :attr:`left_out`. A recommender as it was fitted or loaded raises what a source
        raises, so that a training or an evaluation cannot pass over it.

        Parameters
        ----------
        max_per_brand : int, optional
            Another cap than that of the constructor.
        patience_s : float
            Seconds after which a list goes on without the sources that were not asked yet; with a bound, the same
            question may be answered otherwise on a slow machine.

        Raises
        ------
        DataError
            When no cap can be so, or ``patience_s`` is no number.
        """
        require_fitted(self, "model_")
        params = self.get_params() | ({} if max_per_brand is None else {"max_per_brand": max_per_brand})
        check_settings(params)
        return type(self)(**params)._serve(self.model_, Troubles(patience_s))

    def with_patience(self, patience_s: float) -> Self:
        """This recommender for whoever waits longer or shorter; events, products and counts are those of both."""
        require_fitted(self, "model_")
        other = copy(self)
        other._answerer = copy(self._answerer)
        other._answerer.troubles = self._answerer.troubles.with_patience(patience_s)
        return other

    @property
    def left_out(self) -> Mapping[str, Mapping[str, int]]:
        """What lists were made without since the model is served: ``{"failed": {"ease": 2}}``."""
        require_fitted(self, "model_")
        return self._answerer.troubles.counts()

    def save(self, path: Path | str) -> None:
        """Write the model to a new folder: arrays, JSON, LightGBM text, a model card and a manifest of checksums."""
        require_fitted(self, "model_")
        params = {n: v for n, v in self.get_params().items() if n != "weights"}
        data = plain(self.model_.to_json() | {"params": params})
        texts = self.model_.to_texts() | {artifacts.CARD: modelcard.model_card(self.model_)}
        arrays, files = self.model_.to_arrays(), self.model_.to_files()
        artifacts.write_folder(Path(path), data=data, arrays=arrays, texts=texts, files=files)


def load(path: Path | str) -> HybridRecommender:
    """Open a saved model; arrays are memory-mapped, so workers share them.

    Raises
    ------
    ArtifactError
        When the folder is missing, incomplete, tampered with or of another schema.
    """
    folder = Path(path)
    data, arrays, texts = artifacts.read_folder(folder)
    try:
        params = data["params"]
        recommender = HybridRecommender(**{**params, "extra_sources": tuple(params["extra_sources"])})
        files = {str(file.relative_to(folder)): file for file in folder.rglob("*.ann")}
        model = FittedModel.from_parts(data, arrays, texts, files, recommender.random_state)
        recommender.weights = model.weights
    except (LookupError, AttributeError, TypeError, ValueError, DataError) as error:
        raise ArtifactError(folder.name, folder, f"the parts do not fit together: {error}") from error
    return recommender._serve(model)
