"""The recommender: the order of the steps, no maths of its own."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from recommender import artifacts, modelcard
from recommender.answer import Answerer, Ask
from recommender.base import Estimator, require_fitted
from recommender.catalogue import ItemCatalogue
from recommender.errors import ArtifactError, DataError
from recommender.eventworth import learn_weights
from recommender.exploration import Exploration, Prepared, Shows
from recommender.features.combine import Networks
from recommender.features.pictures import Picture
from recommender.fitting import fit_model, model_of_source, specs_for
from recommender.idmap import IdMap
from recommender.interactions import Interactions
from recommender.itemsearch import ItemSearch
from recommender.live import LiveUpdates
from recommender.model import FittedModel
from recommender.preferences import NEUTRAL, Preferences
from recommender.state import EventLog
from recommender.types import KIND_CODE, Event, FloatMatrix, FloatVector, Progress, Recommendation, no_progress
from recommender.validation import DataReport
from recommender.weights import EventWeights


class HybridRecommender(Estimator):
    """Recommends items from events and a catalogue; any single source can stand in for the whole blend.

    Parameters
    ----------
    strategy : str
        "hybrid" or the name of a source, such as "itemseq", "ease" or "content".
    random_state : int
        Seed of every random draw: same data and seed, same lists.
    weights : EventWeights, optional
        How much each kind of event says.
    source_params : mapping, optional
        Parameters per source name, over the defaults.
    extra_sources : sequence of str
        Of "two_tower" and "sasrec", those that may join the strategy "hybrid".
    extra_check : bool
        True lets them join only if the blend is surely better with them on the end of the log; False in any case.
    diversity : float
        0 keeps the order of the ranker; towards 1 likeness within a list costs more (MMR).
    max_per_family : int
        Most items of one variant family in a list.
    dislike : float
        How far items much like a disliked or dismissed one are pushed down, in widths of the list's scores.
    effort : {"full", "quick"}
        "quick" learns the order from far fewer lists: for a first start, until the nightly training.
    text_encoder, image_encoder : str
        Paths of pretrained ONNX models on this machine; "" for the built-in encoders. A text encoder is a folder with
        ``model.onnx`` and ``tokenizer.json``, or the ``.onnx`` file beside that tokenizer.
    learn_weights : bool
        Learn from the training events how much a view, a click, a cart and a wish say; see
        :func:`recommender.eventworth.learn_weights`. A kind whose weight was set stays as it was set.
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
        dislike: float = 0.3,
        effort: str = "full",
        text_encoder: str = "",
        image_encoder: str = "",
        learn_weights: bool = False,
    ) -> None:
        self.strategy = strategy
        self.random_state = random_state
        self.weights = weights
        self.source_params = source_params
        self.extra_sources = extra_sources
        self.extra_check = extra_check
        self.diversity = diversity
        self.max_per_family = max_per_family
        self.dislike = dislike
        self.effort = effort
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.learn_weights = learn_weights

    def fit(
        self, events: Interactions, items: ItemCatalogue | None = None, *, progress: Progress = no_progress
    ) -> Self:
        """Learn from events and, where there is one, a catalogue; forgets any earlier fit.

        Parameters
        ----------
        events : Interactions
        items : ItemCatalogue, optional
        progress : callable
            Called with the name of the stage and the share of it that is done.

        Raises
        ------
        DataError
            When there is nothing to learn from, the strategy needs data or a package that is not there, or a named
            encoder cannot be opened.
        """
        started = time.perf_counter()
        weights = self.weights or EventWeights()
        learned = learn_weights(events, weights) if self.learn_weights else None
        joining, comparison = self._joining(events, items, progress)
        model = fit_model(
            events,
            items,
            strategy=self.strategy,
            weights=learned.weights if learned else weights,
            source_params=self._params_but(set(self.extra_sources) - set(joining)),
            joining=joining,
            effort=self.effort,
            networks=Networks.open(self.text_encoder, self.image_encoder),
            random_state=self.random_state,
            progress=progress,
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
        specs_for(self.strategy, self.source_params or {}, wanted)
        if not wanted or not self.extra_check:
            return wanted, None
        from recommender.joining import compare  # it judges whole recommenders

        found = compare(self, events, items, progress=progress)
        return (wanted if found.is_better else ()), found.to_json()

    def _params_but(self, left_out: Collection[str]) -> dict[str, Mapping[str, Any]]:
        return {name: params for name, params in (self.source_params or {}).items() if name not in left_out}

    def _serve(self, model: FittedModel) -> Self:
        self.model_ = model
        self._live = LiveUpdates(model)
        self._search = ItemSearch(model, self._live)
        self._answerer = Answerer(
            model,
            self._live,
            strategy=self.strategy,
            diversity=self.diversity,
            max_per_family=self.max_per_family,
            dislike=self.dislike,
        )
        return self

    def recommend(
        self,
        user_id: str,
        k: int = 10,
        *,
        history: Sequence[Event] | None = None,
        replace_history: bool = False,
        exclude: Collection[str] = (),
        strategy: str | None = None,
        context: str = "home",
        item_ids: Sequence[str] = (),
        category: str | None = None,
        now: int | None = None,
        preferences: Preferences = NEUTRAL,
        with_reasons: bool = True,
        explore: Exploration | None = None,
    ) -> list[Recommendation]:
        """The ``k`` best items for a user, best first.

        Parameters
        ----------
        user_id : str
            Anybody; somebody unknown gets what is popular, or what fits ``history``.
        k : int
        history : sequence of Event, optional
            Events since the training. They are folded in; nothing is refitted.
        replace_history : bool
            True when ``history`` is all there is to know, instead of an addition to the events of the training.
        exclude : collection of str
            Items not to show.
        strategy : str, optional
            Another source of this model than its own.
        context : {"home", "product", "cart", "search"}
        item_ids : sequence of str
            Items the page is about; they steer the answer and are not in it.
        category : str, optional
            Only items of this category or below it.
        now : int, optional
            Time of the request, UTC seconds; the time of the training data by default.
        preferences : Preferences
            What the user set. What is never wanted is left out; the rest moves the finished order.
        with_reasons : bool
            False saves the time of proving reasons.
        explore : Exploration, optional
            Leave some places to chance, among items that are new or were little shown; the ``propensity`` of what
            stands there is its chance. By default nothing is left to chance.

        Raises
        ------
        NotFittedError
        DataError
            For ``k`` below 1 or a strategy that this model does not hold.
        """
        prepared = self.prepare(
            user_id,
            k,
            history=history,
            replace_history=replace_history,
            exclude=exclude,
            strategy=strategy,
            context=context,
            item_ids=item_ids,
            category=category,
            now=now,
            preferences=preferences,
            with_reasons=with_reasons,
            explore=explore,
        )
        return prepared.drawn(explore.seed if explore else "")

    def prepare(
        self,
        user_id: str,
        k: int = 10,
        *,
        history: Sequence[Event] | None = None,
        replace_history: bool = False,
        exclude: Collection[str] = (),
        strategy: str | None = None,
        context: str = "home",
        item_ids: Sequence[str] = (),
        category: str | None = None,
        now: int | None = None,
        preferences: Preferences = NEUTRAL,
        with_reasons: bool = True,
        explore: Exploration | None = None,
    ) -> Prepared:
        """An answer with its draws still open: :meth:`Prepared.drawn` with the seed of a request gives the list.

        Whoever asks the same again and again keeps this and draws anew each time. Parameters and errors are those of
        :meth:`recommend`; the seed of ``explore`` is not used.
        """
        ask = self._ask(
            user_id,
            k,
            history,
            replace_history,
            exclude=exclude,
            strategy=strategy,
            context=context,
            item_ids=item_ids,
            category=category,
            now=now,
            preferences=preferences,
            with_reasons=with_reasons,
        )
        if explore is None:
            return Prepared(tuple(self._answerer.recommend(ask)))
        return self._answerer.prepare(ask, explore, salt=f"{self.random_state}/{user_id}")

    def order(
        self,
        user_id: str,
        item_ids: Sequence[str],
        *,
        history: Sequence[Event] | None = None,
        replace_history: bool = False,
        strategy: str | None = None,
        now: int | None = None,
    ) -> list[Recommendation]:
        """The given items in the order a user would like them, best first; items unknown to the model are left out.

        The same scores as those of :meth:`recommend`, over a list that something else found: the results of a search,
        for instance. Nothing is added, excluded or collapsed.

        Parameters
        ----------
        user_id, history, replace_history, strategy, now
            As for :meth:`recommend`.
        item_ids : sequence of str
            The items to order; their present order does not matter.
        """
        ask = self._ask(
            user_id, 1, history, replace_history, item_ids=item_ids, context="search", strategy=strategy, now=now
        )
        return self._answerer.order(ask)

    def _ask(
        self,
        user_id: str,
        k: int,
        history: Sequence[Event] | None,
        replace_history: bool,
        *,
        exclude: Collection[str] = (),
        strategy: str | None = None,
        context: str = "home",
        item_ids: Sequence[str] = (),
        category: str | None = None,
        now: int | None = None,
        preferences: Preferences = NEUTRAL,
        with_reasons: bool = False,
    ) -> Ask:
        """What is asked, in rows where possible."""
        require_fitted(self, "model_")
        return Ask(
            k=_positive(k),
            log=self._log(user_id, history, replace_history),
            user_row=self.model_.users.row(user_id),
            exclude=frozenset(exclude).union(
                self._known_to_the_user_alone(history), () if replace_history else self._live.newer_items_of(user_id)
            ),
            strategy=strategy or self.strategy,
            context=context,
            item_ids=tuple(item_ids),
            category=category,
            now=now,
            with_reasons=with_reasons,
            preferences=preferences,
        )

    def recommend_batch(self, user_ids: Sequence[str], k: int = 10) -> pd.DataFrame:
        """Lists of many users: columns user_id, item_id, rank, score. The same numbers as one call each."""
        lists = [(user_id, self.recommend(user_id, k, with_reasons=False)) for user_id in user_ids]
        rows = [(user_id, r.item_id, r.rank, r.score) for user_id, found in lists for r in found]
        return pd.DataFrame(rows, columns=["user_id", "item_id", "rank", "score"])

    def similar(
        self, item_id: str, k: int = 10, *, space: str = "combined", exclude: Collection[str] = ()
    ) -> list[Recommendation]:
        """Items like the given one; empty for an item without a vector in the space.

        Parameters
        ----------
        item_id : str
        k : int
        space : {"text", "image", "attributes", "behaviour", "combined"}
        exclude : collection of str
        """
        require_fitted(self, "model_")
        return self._answerer.similar(item_id, _positive(k), space, frozenset(exclude))

    def search_text(self, text: str, k: int = 10) -> list[Recommendation]:
        """Items whose texts are near a free text in meaning; the score is the cosine, less what it does not understand.

        The text is encoded by the encoder that encoded the items, so a paraphrase finds what shares no word with it as
        long as the encoder knows its words. Empty for a text without a known word, or a model without a text space.

        Parameters
        ----------
        text : str
        k : int
        """
        require_fitted(self, "model_")
        return self._search.by_text(text, _positive(k))

    def search_image(self, picture: Picture, k: int = 10) -> list[Recommendation]:
        """Items whose pictures look like the given one; the score is the cosine. Empty without an image space.

        Parameters
        ----------
        picture : str, Path or binary file
        k : int

        Raises
        ------
        DataError
            When the picture cannot be read.
        """
        require_fitted(self, "model_")
        return self._search.by_picture(picture, _positive(k))

    def goes_with(self, item_ids: Sequence[str], k: int = 10, *, exclude: Collection[str] = ()) -> list[Recommendation]:
        """Complements of the given items from common orders; empty where the orders do not tell."""
        require_fitted(self, "model_")
        return self._answerer.goes_with(item_ids, _positive(k), frozenset(exclude))

    def predict_rating(self, user_id: str, item_id: str, *, history: Sequence[Event] | None = None) -> float:
        """Stars, 1 to 5, that the user would give the item; the mean of all ratings where nothing is known.

        Raises
        ------
        DataError
            When the model was trained without any rating.
        """
        require_fitted(self, "model_")
        return self._answerer.forecast_stars(
            self.model_.users.row(user_id),
            self.model_.items.row(item_id),
            None if history is None else self._log(user_id, history, replace=False),
        )

    def event_weights(self, history: Sequence[Event]) -> FloatVector:
        """How much each event says about a taste, shape (n_events,), a purchase being 1; a dismissal says 0."""
        require_fitted(self, "model_")
        kinds = np.array([KIND_CODE[event.kind] for event in history], dtype=np.int64)
        values = np.array([np.nan if event.value is None else event.value for event in history], dtype=np.float32)
        return self.model_.weights.of(kinds, values)

    def absorb(self, frame: pd.DataFrame) -> int:
        """Count new events into the item-side counts and the users' histories; nothing is refitted.

        An event that is known already counts for nothing. Returns the number of new events with a known item; raises
        DataError as :meth:`Interactions.from_frame`.
        """
        require_fitted(self, "model_")
        return self._live.absorb(frame)

    def add_items(self, frame: pd.DataFrame) -> int:
        """Make products newer than the model recommendable through their content; returns how many were taken."""
        require_fitted(self, "model_")
        return self._live.add_items(ItemCatalogue.from_frame(frame))

    def count_shows(self, frame: pd.DataFrame) -> int:
        """Say how often items were shown and clicked, for the places left to chance; replaces what was said before.

        Columns ``item_id``, ``n_shown`` and ``n_clicked``, one row an item, which may be newer than the model. Returns
        the number of items; raises DataError as :meth:`Shows.from_frame`.
        """
        require_fitted(self, "model_")
        self._live.shows = Shows.from_frame(frame)
        return len(frame)

    @property
    def known_users(self) -> IdMap:
        """Ids of the training users."""
        require_fitted(self, "model_")
        return self.model_.users

    @property
    def item_ids(self) -> IdMap:
        """Ids of the items of the model."""
        require_fitted(self, "model_")
        return self.model_.items

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names that ``strategy=`` of :meth:`recommend` takes."""
        require_fitted(self, "model_")
        return self._answerer.strategies

    def item_vectors(self, item_ids: Sequence[str], space: str = "combined") -> FloatMatrix | None:
        """Vectors of items in a space of the catalogue, zeros for unknown ones; None where there is no such space."""
        require_fitted(self, "model_")
        vectors = self.model_.spaces.vectors.get(space)
        if vectors is None:
            return None
        rows = self.model_.items.rows(list(item_ids))
        return np.where((rows >= 0)[:, None], np.asarray(vectors)[np.maximum(rows, 0)], np.float32(0.0))

    def asking(self, source: str) -> Self:
        """The same fitted model, answering with one of its sources alone; nothing is fitted.

        ``svd_content`` is put together where the model has its two halves.

        Raises
        ------
        DataError
            When the model does not hold the source.
        """
        require_fitted(self, "model_")
        model = model_of_source(self.model_, source, self.random_state)
        return type(self)(**{**self.get_params(), "strategy": source})._serve(model)

    @property
    def data_report(self) -> DataReport:
        """What was mended in the training data."""
        require_fitted(self, "model_")
        return DataReport(**self.model_.info["data"])

    @property
    def info(self) -> dict[str, Any]:
        """Facts about the model, ready for JSON."""
        require_fitted(self, "model_")
        return dict(self.model_.info)

    def save(self, path: Path | str) -> None:
        """Write the model to a new folder: arrays, JSON, LightGBM text, a model card and a manifest of checksums."""
        require_fitted(self, "model_")
        params = {n: v for n, v in self.get_params().items() if n != "weights"}
        data = self.model_.to_json() | {"params": params}
        texts = self.model_.to_texts() | {artifacts.CARD: modelcard.model_card(self.model_)}
        artifacts.write_folder(Path(path), data=data, arrays=self.model_.to_arrays(), texts=texts)

    def _known_to_the_user_alone(self, history: Sequence[Event] | None) -> list[str]:
        """Items of a history that are newer than the model: touched, so not to be recommended as new."""
        touched = [event.item_id for event in history or ()]
        return [item_id for item_id, row in zip(touched, self.model_.items.rows(touched), strict=True) if row < 0]

    def _log(self, user_id: str, history: Sequence[Event] | None, replace: bool) -> EventLog:
        given = EventLog.empty()
        if history:
            given = EventLog.from_events(history, self.model_.items.rows([e.item_id for e in history]))
        return given if replace else self._live.log_of(user_id).then(given)


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
        recommender = HybridRecommender(**data["params"])
        model = FittedModel.from_parts(data, arrays, texts, recommender.random_state)
        recommender.weights = model.weights
    except (KeyError, TypeError, ValueError, DataError) as error:
        raise ArtifactError(folder.name, folder, f"the parts do not fit together: {error}") from error
    return recommender._serve(model)


def _positive(k: int) -> int:
    if not isinstance(k, (int, np.integer)) or isinstance(k, bool) or k < 1:
        raise DataError(f"k must be a whole number of at least 1, not {k!r}")
    return int(k)
