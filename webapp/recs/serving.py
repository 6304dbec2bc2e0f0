"""The recommender in this process: answers within a budget, takes up new models and new events by itself.

A page never waits long for the recommender and never breaks because of it: a call has a time budget, failures in a row
open a circuit breaker, and whoever asked gets :class:`RecsUnavailable` and fills the page by other means.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as CallTimeout
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from webapp.clock import utc_now
from webapp.errors import RecsUnavailable
from webapp.numbers import is_quantity
from webapp.picks import Ask, Chance, Pick, PickReason, Picks, Preferences, RecsState
from webapp.recent import RecentAnswers
from webapp.recs.library import read_note
from webapp.recs.reading import Feed, Reading, read_on, since_training
from webapp.store.rows import HistoryRow

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
POLL_SECONDS = 1.0
FAILURES_TO_OPEN = 3
OPEN_SECONDS = 15.0
CALL_THREADS = 4
PATIENCE = 0.5  # of the longest wait: then a list goes on without the sources that were not asked yet
OPENING_SECONDS = 10.0  # as long a first visitor waits for the model; then pages do without until it is open
MIN_STARS, MAX_STARS = 1, 5


@dataclass(frozen=True, slots=True)
class _Live:
    """A loaded model and its name."""

    model: Any
    version: str


class LocalRecs:
    """The recommender in this process, read from ``root/<version>`` as ``root/CURRENT`` names it.

    Parameters
    ----------
    root : Path
        Folder of model versions.
    feed : Feed, optional
        New events and products for the live model; without it the model stays as it was trained.
    budget_ms : float
        Longest wait for an answer.
    max_per_brand : int
        Most products of one brand among ten in a row, as long as there are others; 0 for no cap.
    background : bool
        Look for news in a thread of its own; tests call :meth:`refresh` instead.
    """

    def __init__(
        self,
        root: Path,
        *,
        feed: Feed | None = None,
        budget_ms: float = 150,
        max_per_brand: int = 0,
        background: bool = True,
    ) -> None:
        self.root = root
        self.feed = feed
        self.budget_s = budget_ms / 1000
        self.max_per_brand = max_per_brand
        self.background = background
        self._live: _Live | None = None
        self._reading = Reading()
        self._bad: tuple[str, float] = ("", 0.0)
        self._problem = ""
        self._answers: RecentAnswers[Answered] = RecentAnswers()
        self._lock = threading.Lock()  # held as long as news are read
        self._starting = threading.Lock()
        self._opened = threading.Event()
        self._began = 0.0
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._n_calls = self._n_failures = self._in_a_row = 0
        self._open_until = 0.0

    def for_user(self, ask: Ask) -> Picks:
        """Recommend to one visitor with the events known so far; nothing is refitted."""
        self._ensure()
        key = self._question(ask)
        seed = ask.chance.seed if ask.chance else ""
        kept = self._answers.get(key)
        if kept is not None:
            return kept.drawn(seed)
        options = {
            "history": to_events(ask.history, ask.now),
            "replace_history": True,
            "exclude": {str(product_id) for product_id in ask.exclude},
            "strategy": ask.strategy,
            "context": ask.context,
            "item_ids": [str(product_id) for product_id in ask.product_ids],
            "category": ask.category,
            "now": int(ask.now.timestamp()) if ask.now else None,
            "preferences": to_preferences(ask.preferences),
            "explore": _exploration(ask.chance),
        }
        began = time.perf_counter()

        def answer(live: _Live) -> Answered:
            model = live.model if ask.wait_s is None else live.model.with_patience(ask.wait_s * PATIENCE)
            prepared = model.prepare(ask.user, ask.k, **options)
            picks = self._as_picks(live, prepared.answer, ask.strategy, began)
            return Answered(picks, prepared if prepared.draws else None)

        found = self._call(answer, ask.wait_s)
        self._answers.keep(key, found)
        return found.drawn(seed)

    def order(self, ask: Ask) -> Picks:
        """Put products in the order one visitor would like them."""
        ids = [str(product_id) for product_id in ask.product_ids]
        options = {
            "history": to_events(ask.history, ask.now),
            "replace_history": True,
            "strategy": ask.strategy,
            "now": int(ask.now.timestamp()) if ask.now else None,
        }
        return self._picks(lambda model: model.order(ask.user, ids, **options), ask.strategy, ask.wait_s)

    def _question(self, ask: Ask) -> Hashable:
        """All that an answer depends on: who asks for what, the model, what it has read since, and the minute.

        The seed of a draw is not among it: what is kept has its draws still open.
        """
        minute = int(ask.now.timestamp()) // 60 if ask.now else None
        left_open = (ask.chance.places, ask.chance.within) if ask.chance else None
        asked = (ask.user, ask.k, ask.context, ask.category, ask.strategy, minute, ask.preferences, left_open)
        about = (tuple(ask.history), frozenset(ask.exclude), tuple(ask.product_ids))
        return (*self.marks(), asked, about)

    def similar(self, product_id: int, *, k: int, space: str = "combined") -> Picks:
        """Name alternatives to a product."""
        return self._picks(lambda model: model.similar(str(product_id), k, space=space), "similar")

    def search_text(self, text: str, *, k: int) -> Picks:
        """Name products near a text in meaning."""
        return self._picks(lambda model: model.search_text(text, k), "search_text")

    def search_photo(self, picture: bytes, *, k: int) -> Picks:
        """Name products that look like a picture."""
        return self._picks(lambda model: model.search_image(io.BytesIO(picture), k), "search_photo")

    def goes_with(self, product_ids: Sequence[int], *, k: int) -> Picks:
        """Name what is bought together with some products."""
        ids = [str(product_id) for product_id in product_ids]
        return self._picks(lambda model: model.goes_with(ids, k), "goes_with")

    def weights(self, history: Sequence[HistoryRow]) -> tuple[float, ...]:
        """Tell how much each event counts beside an order; nothing while no model is live."""
        if not history:
            return ()
        events = to_events(history)
        try:
            found = self._call(lambda live: [float(weight) for weight in live.model.event_weights(events)])
        except RecsUnavailable:
            return ()
        weights = iter(found)
        return tuple(next(weights) if is_usable(row) else 0.0 for row in history)

    def marks(self) -> tuple[Hashable, ...]:
        """Return the name of the live model and how far it has read."""
        self._ensure()
        return (self._live.version if self._live else "", *self._reading.marks)

    def strategies(self) -> tuple[str, ...]:
        """Name the strategies of the live model."""
        self._ensure()
        live = self._live
        return tuple(live.model.strategies) if live else ()

    def state(self) -> RecsState:
        """Tell which model is live and how the calls went."""
        self._ensure()
        live, is_open = self._live, time.monotonic() < self._open_until
        state = "ok" if live and not is_open else "fallback"
        version = live.version if live else ""
        left_out = live.model.left_out if live else {}
        return RecsState(state, version, self._n_calls, self._n_failures, is_open, self._problem, left_out)

    def warm_up(self) -> None:
        """Open the live model, so that the first visitor does not wait for what is loaded late."""
        self._ensure()
        if self.background:
            self._opened.wait()

    def _picks(self, ask: Callable[[Any], Sequence[Any]], strategy: str | None, wait_s: float | None = None) -> Picks:
        began = time.perf_counter()

        def answer(live: _Live) -> Picks:
            return self._as_picks(live, ask(live.model), strategy, began)

        return self._call(answer, wait_s)

    def _as_picks(self, live: _Live, found: Sequence[Any], strategy: str | None, began: float) -> Picks:
        items = tuple(to_pick(one) for one in found)
        name = strategy or str(live.model.info.get("strategy", "hybrid"))
        return Picks(items, live.version, name, (time.perf_counter() - began) * 1000, self.max_per_brand)

    def _call(self, ask: Callable[[_Live], Answer], wait_s: float | None = None) -> Answer:
        """Run one call on one model within the budget; count what goes wrong."""
        self._ensure()
        live = self._live
        if live is None:
            raise RecsUnavailable("no model")
        if time.monotonic() < self._open_until:
            raise RecsUnavailable("resting after failures")
        self._n_calls += 1
        call = self._threads().submit(ask, live)
        try:
            answer = call.result(timeout=self.budget_s if wait_s is None else wait_s)
        except CallTimeout:
            call.cancel()  # if it has not begun, nobody needs it any more
            self._failed("slow")
            raise RecsUnavailable("slow") from None
        except Exception as error:  # a model whose files lie may break anywhere; it must not break a page
            self._failed(type(error).__name__)
            log.warning("recommender_failed", exc_info=True)
            raise RecsUnavailable(str(error)) from error
        self._in_a_row = 0
        return answer

    def _failed(self, why: str) -> None:
        self._n_failures += 1
        self._in_a_row += 1
        log.warning("recommender_call_lost", extra={"reason": why, "in_a_row": self._in_a_row})
        if self._in_a_row >= FAILURES_TO_OPEN:
            self._open_until = time.monotonic() + OPEN_SECONDS
            self._in_a_row = 0

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            with self._starting:
                self._pool = self._pool or ThreadPoolExecutor(CALL_THREADS, thread_name_prefix="recs")
        return self._pool

    def _ensure(self) -> None:
        """Load at the first call of a process (after any fork) and go on looking for news, in a thread of its own."""
        if self._opened.is_set() or not self.background:
            return
        with self._starting:
            if self._thread is None:
                self._began = time.monotonic()
                self._thread = threading.Thread(target=self._serve, name="recs-watch", daemon=True)
                self._thread.start()
        self._opened.wait(max(0.0, self._began + OPENING_SECONDS - time.monotonic()))

    def _serve(self) -> None:
        try:
            self.refresh()
        except Exception as error:  # the page does without; the watch tries again in a second
            self._problem = str(error)
            log.exception("recommender_start_failed")
        finally:
            self._opened.set()
        self._watch()

    def _watch(self) -> None:
        while True:
            time.sleep(POLL_SECONDS)
            try:
                self.refresh()
            except Exception:  # the watch must outlive whatever went wrong; the live model keeps serving
                log.exception("recommender_watch_failed")

    def refresh(self) -> None:
        """Take up a newly published model and what happened since."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        version = self._published()
        if version and (self._live is None or self._live.version != version):
            self._take(version)
        elif version:  # what was wrong with another one is over
            self._problem = ""
        if self._live is not None and self.feed is not None:
            self._reading = read_on(self._live.model, self.feed, self._reading)

    def _published(self) -> str | None:
        from recommender import ArtifactError
        from recommender.artifacts import current_version

        try:
            return current_version(self.root)
        except (ArtifactError, OSError, ValueError) as error:
            self._problem = str(error)
            return None

    def _take(self, version: str) -> None:
        """Load a version beside the live one and swap; a bad one is left alone for a while."""
        from recommender import ArtifactError, load

        mark = f"{version}:{_changed_at(self.root / version)}"
        if self._bad[0] == mark and time.monotonic() < self._bad[1]:
            return
        note = read_note(self.root, version)  # before the folder, as both may be cleared away, the folder first
        try:
            model = load(self.root / version).for_serving(
                max_per_brand=self.max_per_brand, patience_s=self.budget_s * PATIENCE
            )
            if self._live is not None:
                _ask_once(model)
        except Exception as error:  # whatever is wrong with it, the live model goes on serving
            self._bad, self._problem = (mark, time.monotonic() + 30), str(error)
            told = {"version": version, "reason": str(error)}
            log.error("model_refused", extra=told, exc_info=not isinstance(error, ArtifactError))
            return
        fresh = _Live(model, version)
        reading = since_training(note, model.info["data_until"])
        _warm(model)
        if self._live is None:  # what came since the training may take longer to read than anybody waits
            self._live = fresh
        self._reading = read_on(model, self.feed, reading) if self.feed is not None else reading
        self._live, self._problem = fresh, ""
        log.info("model_taken_up", extra={"version": version})


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it is kept: the picks, and the library's form of it where draws are still open."""

    picks: Picks
    prepared: Any = None

    def drawn(self, seed: str) -> Picks:
        """Return the answer of one request."""
        if self.prepared is None:
            return self.picks
        return replace(self.picks, items=tuple(to_pick(found) for found in self.prepared.drawn(seed)))


def _exploration(chance: Chance | None) -> Any:
    from recommender import Exploration

    return Exploration(places=chance.places, within=chance.within) if chance and chance.places else None


def _changed_at(folder: Path) -> float:
    try:
        return max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)
    except OSError:
        return 0.0


def to_events(history: Sequence[HistoryRow], now: datetime | None = None) -> list[Any]:
    """Turn a shopper's events into the library's, oldest first, without those that it refuses.

    What lies ahead of the clock was noted by one that was ahead, and counts as done now.
    """
    from recommender import Event

    latest = max([utc_now(), *([now] if now else [])])
    usable = [(row, min(row.at, latest)) for row in history if is_usable(row)]
    return [Event(str(row.product_id), _kind(row), int(at.timestamp()), row.value) for row, at in usable]


def is_usable(row: HistoryRow) -> bool:
    """Whether the library takes an event: rows of earlier times may say of no pieces that they were bought."""
    if row.kind == "rating":
        return row.value is not None and MIN_STARS <= row.value <= MAX_STARS
    return row.kind != "purchase" or row.value is None or is_quantity(row.value)


def _kind(row: HistoryRow) -> str:
    """What came first in a search was looked at, though only in passing."""
    return "view" if row.kind == "search" else row.kind


def to_preferences(preferences: Preferences) -> Any:
    """Put what a visitor set into the library's words."""
    from recommender import Preferences as LibraryPreferences

    return LibraryPreferences(**{field.name: getattr(preferences, field.name) for field in fields(preferences)})


def _ask_once(model: Any) -> None:
    """Ask a model for a list; what it raises is raised."""
    from recommender import Event

    look = Event(next(iter(model.item_ids)), "view", model.info["data_until"])
    model.recommend("", 1, history=[look])


def _warm(model: Any) -> None:
    """Let a model load now what it loads late; one that breaks here breaks no page, for those have fallbacks."""
    try:
        _ask_once(model)
        model.search_text("something", 1)
    except Exception:
        log.warning("recommender_not_warm", exc_info=True)


def to_pick(found: Any) -> Pick:
    """Turn one recommendation of the library into the shop's words."""
    reasons = tuple(PickReason(reason.kind, _number(reason.item_id), float(reason.share)) for reason in found.reasons)
    rank, score, propensity = int(found.rank), float(found.score), float(found.propensity)
    return Pick(int(found.item_id), rank, score, reasons, found.source, propensity)


def _number(item_id: str | None) -> int | None:
    return int(item_id) if item_id is not None and item_id.isdigit() else None
