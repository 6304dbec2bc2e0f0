"""What a fitted recommender answers, without what it takes to fit one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.base import Estimator, require_fitted
from recommender.data.arguments import (
    CONTEXTS,
    events_of,
    id_of,
    ids_of,
    latest_moment,
    moment_of,
    require_file,
    require_text,
    require_unicode,
)
from recommender.data.catalogue import ItemCatalogue, one_path
from recommender.data.idmap import IdMap
from recommender.data.state import EventLog
from recommender.data.validation import DataReport, is_number, shortened
from recommender.errors import DataError
from recommender.features.pictures import Picture
from recommender.model import FittedModel
from recommender.reranking.exploration import Exploration, Prepared, Shows
from recommender.reranking.preferences import NEUTRAL, Preferences
from recommender.serving.answer import Answerer, Ask
from recommender.serving.itemsearch import ItemSearch
from recommender.serving.live import LiveUpdates
from recommender.serving.related import RelatedItems
from recommender.serving.stars import forecast_stars
from recommender.types import KIND_CODE, Event, FloatMatrix, FloatVector, Recommendation, Rows

if TYPE_CHECKING:
    import pandas as pd

# Whole numbers are ids as well: their digits are the text.
Id = str | int | np.integer[Any]


class ServingRecommender(Estimator):
    """Answers with a fitted model; ``model_`` and its helpers are set by the class that fits or loads it."""

    strategy: str
    random_state: int
    model_: FittedModel
    _live: LiveUpdates
    _answerer: Answerer
    _related: RelatedItems
    _search: ItemSearch

    def recommend(
        self,
        user_id: Id,
        k: int = 10,
        *,
        history: Iterable[Event] | None = None,
        replace_history: bool = False,
        exclude: Iterable[Id] = (),
        strategy: str | None = None,
        context: str = "home",
        item_ids: Iterable[Id] = (),
        category: str | None = None,
        now: int | None = None,
        preferences: Preferences = NEUTRAL,
        with_reasons: bool = True,
        explore: Exploration | None = None,
    ) -> list[Recommendation]:
        """The ``k`` best items for a user, best first.

        Parameters
        ----------
        user_id : str or int
            Anybody; somebody unknown gets what is popular, or what fits ``history``.
        k : int
        history : iterable of Event, optional
            Events since the training. They are folded in; nothing is refitted.
        replace_history : bool
            True when ``history`` is all there is to know, instead of an addition to the events of the training.
        exclude : iterable of str or int
            Items not to show.
        strategy : str, optional
            Another source of this model than its own.
        context : {"home", "product", "cart", "search"}
        item_ids : iterable of str or int
            Items the page is about; they steer the answer and are not in it.
        category : str, optional
            Only items of this category or below it: a path such as "Home > Lamps" or "Home>Lamps"; "" is any.
        now : int, optional
            Time of the request, UTC seconds. Tell it where it is known: without it the list lies between what comes
            next in the history and what is wanted after the end of the training data, by how likely either is.
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
            For ``k`` below 1, a strategy that this model does not hold, an unknown context, an id that is neither text
            nor a whole number, a single text where a collection belongs, or a history that
            :meth:`Interactions.from_frame` would not take.
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
        user_id: Id,
        k: int = 10,
        *,
        history: Iterable[Event] | None = None,
        replace_history: bool = False,
        exclude: Iterable[Id] = (),
        strategy: str | None = None,
        context: str = "home",
        item_ids: Iterable[Id] = (),
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
            explore=explore,
        )
        if explore is None:
            return Prepared(tuple(self._answerer.recommend(ask)))
        return self._answerer.prepare(ask, explore, salt=f"{self.random_state}/{id_of(user_id, 'user_id')}")

    def order(
        self,
        user_id: Id,
        item_ids: Iterable[Id],
        *,
        history: Iterable[Event] | None = None,
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
        item_ids : iterable of str or int
            The items to order; their present order does not matter.
        """
        ask = self._ask(
            user_id, 1, history, replace_history, item_ids=item_ids, context="search", strategy=strategy, now=now
        )
        return self._answerer.order(ask)

    def _ask(
        self,
        user_id: Id,
        k: int,
        history: Iterable[Event] | None,
        replace_history: bool,
        *,
        exclude: Iterable[Id] = (),
        strategy: str | None = None,
        context: str = "home",
        item_ids: Iterable[Id] = (),
        category: str | None = None,
        now: int | None = None,
        preferences: Preferences = NEUTRAL,
        with_reasons: bool = False,
        explore: Exploration | None = None,
    ) -> Ask:
        """What is asked, checked and in rows where possible."""
        require_fitted(self, "model_")
        user_id, now = id_of(user_id, "user_id"), moment_of(now)
        _require_known(strategy, context, category, preferences, explore)
        told = self._told(history, now)
        rows = self.model_.items.rows([event.item_id for event in told])
        touched_since = [event.item_id for event, row in zip(told, rows, strict=True) if row < 0]
        newer = () if replace_history else self._live.newer_items_of(user_id)
        return Ask(
            k=_positive(k),
            log=self._log(user_id, told, rows, replace=replace_history),
            user_row=self.model_.users.row(user_id),
            exclude=frozenset(ids_of(exclude, "exclude")).union(touched_since, newer),
            strategy=strategy or self.strategy,
            context=context,
            item_ids=tuple(ids_of(item_ids, "item_ids")),
            category=category and one_path(category),
            now=now,
            with_reasons=with_reasons,
            preferences=preferences,
        )

    def recommend_batch(self, user_ids: Iterable[Id], k: int = 10, *, now: int | None = None) -> pd.DataFrame:
        """Lists of many users: columns user_id (text), item_id, rank, score. The same numbers as one call each.

        ``now`` is the time at which all of them ask, as in :meth:`recommend`.
        """
        import pandas as pd

        asking = ids_of(user_ids, "user_ids")
        for user_id in asking:
            require_unicode(user_id, "each id of user_ids")
        lists = [(u, self.recommend(u, k, now=now, with_reasons=False)) for u in asking]
        rows = [(user_id, r.item_id, r.rank, r.score) for user_id, found in lists for r in found]
        return pd.DataFrame(rows, columns=["user_id", "item_id", "rank", "score"])

    def similar(
        self, item_id: Id, k: int = 10, *, space: str = "combined", exclude: Iterable[Id] = ()
    ) -> list[Recommendation]:
        """Items like the given one; empty for an item without a vector in the space.

        Parameters
        ----------
        item_id : str or int
        k : int
        space : {"text", "image", "attributes", "behaviour", "combined"}
        exclude : iterable of str or int
        """
        require_fitted(self, "model_")
        return self._related.similar(
            id_of(item_id, "item_id"), _positive(k), space, frozenset(ids_of(exclude, "exclude"))
        )

    def search_text(self, text: str, k: int = 10) -> list[Recommendation]:
        """Items whose texts are near a free text in meaning; the score is the cosine, less what it does not understand.

        The text is encoded by the encoder that encoded the items, so a paraphrase finds what shares no word with it as
        long as the encoder knows its words. Empty for a text without a known word, or a model without a text space.

        Parameters
        ----------
        text : str
        k : int

        Raises
        ------
        DataError
            When ``text`` is no text.
        """
        require_fitted(self, "model_")
        require_text(text, "text")
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
            When the picture is neither a path nor a file, or cannot be read.
        """
        require_fitted(self, "model_")
        require_file(picture, "picture")
        return self._search.by_picture(picture, _positive(k))

    def goes_with(self, item_ids: Iterable[Id], k: int = 10, *, exclude: Iterable[Id] = ()) -> list[Recommendation]:
        """Complements of the given items from common orders; empty where the orders do not tell."""
        require_fitted(self, "model_")
        return self._related.goes_with(
            ids_of(item_ids, "item_ids"), _positive(k), frozenset(ids_of(exclude, "exclude"))
        )

    def predict_rating(self, user_id: Id, item_id: Id, *, history: Iterable[Event] | None = None) -> float:
        """Stars, 1 to 5, that the user would give the item; the mean of all ratings where nothing is known.

        Events that were absorbed count as those of ``history`` do; a history without a new rating changes nothing.

        Raises
        ------
        DataError
            When the model was trained without any rating, or for what :meth:`recommend` would not take either.
        """
        require_fitted(self, "model_")
        user_id = id_of(user_id, "user_id")
        row = self.model_.users.row(user_id)
        beyond = self._beyond_training(user_id, self._told(history))
        return forecast_stars(self.model_, row, self.model_.items.row(id_of(item_id, "item_id")), beyond)

    def event_weights(self, history: Iterable[Event]) -> FloatVector:
        """How much each event says about a taste, shape (n_events,), a purchase being 1; a dismissal says 0."""
        require_fitted(self, "model_")
        told = self._told(history)
        kinds = np.array([KIND_CODE[event.kind] for event in told], dtype=np.int64)
        values = np.array([np.nan if event.value is None else event.value for event in told], dtype=np.float32)
        return self.model_.weights.of(kinds, values)

    def absorb(self, frame: pd.DataFrame) -> int:
        """Count new events into the item-side counts and the users' histories; nothing is refitted.

        Each event needs its ``timestamp``, UTC seconds; a model whose training data had no clock takes numbers above
        ``info["data_until"]``. An event that is known already, or stands in the frame twice, counts once: it has the
        same user, item, kind, time and value. Returns the number of new events with a known item; raises DataError as
        :meth:`Interactions.from_frame`, and where there are no times.
        """
        require_fitted(self, "model_")
        return self._live.absorb(frame)

    def absorb_events(self, events: Iterable[tuple[Id, Event]]) -> int:
        """What :meth:`absorb` does, for events one by one, each beside the id of its user: no frame, and no pandas.

        Raises DataError for what is no such pair or no event, as a history in :meth:`recommend` does.
        """
        require_fitted(self, "model_")
        return self._live.absorb_events(events)

    def add_items(self, items: pd.DataFrame | Iterable[Mapping[str, object]]) -> int:
        """Make products newer than the model recommendable through their content; returns how many were taken.

        A catalogue frame, or a mapping for each product, for which pandas is not read. A new product that is told again
        is replaced as a whole: a field that is not told then is unknown. Raises DataError as :meth:`ItemCatalogue.of`.
        """
        require_fitted(self, "model_")
        return self._live.add_items(ItemCatalogue.of(items))

    def count_shows(self, shows: pd.DataFrame | Mapping[str, tuple[float, float]]) -> int:
        """Say how often items were shown and clicked, for the places left to chance; replaces what was said before.

        A frame with the columns ``item_id``, ``n_shown`` and ``n_clicked``, one row an item, or a mapping of each item
        to both numbers. Items may be newer than the model. Returns how many there are; raises DataError as
        :meth:`Shows.from_frame` and :meth:`Shows.of`.
        """
        require_fitted(self, "model_")
        self._live.shows = Shows.of(shows) if isinstance(shows, Mapping) else Shows.from_frame(shows)
        return len(shows)

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

    def item_vectors(self, item_ids: Iterable[Id], space: str = "combined") -> FloatMatrix | None:
        """Vectors of items in a space of the catalogue, zeros for unknown ones; None where there is no such space."""
        require_fitted(self, "model_")
        require_text(space, "space")
        vectors = self.model_.spaces.vectors.get(space)
        if vectors is None:
            return None
        rows = self.model_.items.rows(ids_of(item_ids, "item_ids"))
        return np.where((rows >= 0)[:, None], np.asarray(vectors)[np.maximum(rows, 0)], np.float32(0.0))

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

    def _told(self, history: Iterable[Event] | None, now: int | None = None) -> list[Event]:
        """The checked events of a history: none may be later than the clock, the request and the training data."""
        return events_of(history, latest_moment(now, self.model_.pipeline.columns.now))

    def _log(self, user_id: str, told: Sequence[Event], rows: Rows, *, replace: bool) -> EventLog:
        given = EventLog.from_events(told, rows) if told else EventLog.empty()
        return given if replace else self._live.log_of(user_id).then(given)

    def _beyond_training(self, user_id: str, told: Sequence[Event]) -> EventLog | None:
        """The whole log of a user, None where its ratings are those of the training: nothing else holds stars."""
        log = self._log(user_id, told, self.model_.items.rows([event.item_id for event in told]), replace=False)
        trained = self.model_.histories.of(self.model_.users.row(user_id))
        return None if log.ratings().same_as(trained.ratings()) else log


def _require_known(
    strategy: str | None, context: str, category: str | None, preferences: Preferences, explore: Exploration | None
) -> None:
    if strategy is not None:
        require_text(strategy, "strategy")
    if not isinstance(context, str) or context not in CONTEXTS:
        raise DataError(f"context must be one of {', '.join(CONTEXTS)}, not {shortened(context)}")
    if category is not None and not (isinstance(category, str) and (one_path(category) or not category)):
        raise DataError(f"category must be a path such as 'Home > Lamps' or None, not {shortened(category)}")
    if not isinstance(preferences, Preferences):
        raise DataError(f"preferences must be Preferences(...), not {shortened(preferences)}")
    if explore is not None and not isinstance(explore, Exploration):
        raise DataError(f"explore must be Exploration(...) or None, not {shortened(explore)}")


def _positive(k: int) -> int:
    if not is_number(k) or not isinstance(k, (int, np.integer)) or k < 1:
        raise DataError(f"k must be a whole number of at least 1, not {shortened(k)}")
    return int(k)
