"""The one door to ``recommender/``: the shop's words on this side, the library's on that one.

A page never waits long for the recommender and never breaks because of it: a call has a time budget, failures in a row
open a circuit breaker, and whoever asked gets :class:`RecsUnavailable` and fills the page by other means.

The library is imported where it is used, because reading it takes a second that `flask db` need not wait for.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as CallTimeout
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pandas as pd
from flask import current_app

from config import Config
from webapp.errors import RecsUnavailable
from webapp.picks import Ask, Pick, PickReason, Picks, Recs, RecsState
from webapp.store.rows import HistoryRow

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Progress = Callable[[str, float], None]
POLL_SECONDS = 1.0
FAILURES_TO_OPEN = 3
OPEN_SECONDS = 15.0
CALL_THREADS = 4


class Feed(Protocol):
    """Where a live model learns of new events and products."""

    def events_after(self, last_id: int) -> tuple[pd.DataFrame, int]:
        """Return new events and the id of the last."""

    def items_since(self, since: datetime | None) -> tuple[pd.DataFrame, datetime | None]:
        """Return products added or changed since a moment, and the moment of the last."""


@dataclass(frozen=True, slots=True)
class _Live:
    """A loaded model and its name."""

    model: Any
    version: str


@dataclass
class _Reading:
    """How far the live model has read."""

    event_id: int = 0
    items_at: datetime | None = None


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
    background : bool
        Look for news in a thread of its own; tests call :meth:`refresh` instead.
    """

    def __init__(
        self, root: Path, *, feed: Feed | None = None, budget_ms: float = 150, background: bool = True
    ) -> None:
        self.root = root
        self.feed = feed
        self.budget_s = budget_ms / 1000
        self.background = background
        self._live: _Live | None = None
        self._reading = _Reading()
        self._bad: tuple[str, float] = ("", 0.0)
        self._problem = ""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._n_calls = self._n_failures = self._in_a_row = 0
        self._open_until = 0.0

    def for_user(self, ask: Ask) -> Picks:
        """Recommend to one visitor with the events known so far; nothing is refitted."""
        options = {
            "history": to_events(ask.history),
            "replace_history": True,
            "exclude": {str(product_id) for product_id in ask.exclude},
            "strategy": ask.strategy,
            "context": ask.context,
            "item_ids": [str(product_id) for product_id in ask.product_ids],
            "category": ask.category,
            "now": int(ask.now.timestamp()) if ask.now else None,
        }
        return self._picks(lambda model: model.recommend(ask.user, ask.k, **options), ask.strategy)

    def similar(self, product_id: int, *, k: int, space: str = "combined") -> Picks:
        """Name alternatives to a product."""
        return self._picks(lambda model: model.similar(str(product_id), k, space=space), "similar")

    def goes_with(self, product_ids: Sequence[int], *, k: int) -> Picks:
        """Name what is bought together with some products."""
        ids = [str(product_id) for product_id in product_ids]
        return self._picks(lambda model: model.goes_with(ids, k), "goes_with")

    def stars(self, user: str, product_id: int, history: Sequence[HistoryRow]) -> float | None:
        """Forecast somebody's stars."""
        events = to_events(history)
        return self._call(lambda live: float(live.model.predict_rating(user, str(product_id), history=events)))

    def strategies(self) -> tuple[str, ...]:
        """Name the strategies of the live model."""
        live = self._live
        return tuple(live.model.strategies) if live else ()

    def state(self) -> RecsState:
        """Tell which model is live and how the calls went."""
        self._ensure()
        live, is_open = self._live, time.monotonic() < self._open_until
        state = "ok" if live and not is_open else "fallback"
        version = live.version if live else ""
        return RecsState(state, version, self._n_calls, self._n_failures, is_open, self._problem)

    def _picks(self, ask: Callable[[Any], Sequence[Any]], strategy: str | None) -> Picks:
        began = time.perf_counter()

        def answer(live: _Live) -> Picks:
            items = tuple(to_pick(found) for found in ask(live.model))
            name = strategy or str(live.model.info.get("strategy", "hybrid"))
            return Picks(items, live.version, name, (time.perf_counter() - began) * 1000)

        return self._call(answer)

    def _call(self, ask: Callable[[_Live], Answer]) -> Answer:
        """Run one call on one model within the budget; count what goes wrong."""
        self._ensure()
        live = self._live
        if live is None:
            raise RecsUnavailable("no model")
        if time.monotonic() < self._open_until:
            raise RecsUnavailable("resting after failures")
        self._n_calls += 1
        try:
            answer = self._threads().submit(ask, live).result(timeout=self.budget_s)
        except CallTimeout:
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
            with self._lock:
                self._pool = self._pool or ThreadPoolExecutor(CALL_THREADS, thread_name_prefix="recs")
        return self._pool

    def _ensure(self) -> None:
        """Load at the first call of a process (after any fork) and start looking for news."""
        if self._thread is not None or not self.background:
            return
        with self._lock:
            if self._thread is None:
                self._refresh()
                self._thread = threading.Thread(target=self._watch, name="recs-watch", daemon=True)
                self._thread.start()

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
        if self._live is not None and self.feed is not None:
            self._reading = self._read_on(self._live, self._reading)

    def _published(self) -> str | None:
        from recommender.artifacts import current_version

        from recommender import ArtifactError

        try:
            return current_version(self.root)
        except (ArtifactError, OSError, ValueError) as error:
            self._problem = str(error)
            return None

    def _take(self, version: str) -> None:
        """Load a version beside the live one and swap; a bad one is left alone for a while."""
        from recommender import load

        mark = f"{version}:{_changed_at(self.root / version)}"
        if self._bad[0] == mark and time.monotonic() < self._bad[1]:
            return
        try:
            model = load(self.root / version)
        except Exception as error:  # whatever is wrong with the files, the live model goes on serving
            self._bad, self._problem = (mark, time.monotonic() + 30), str(error)
            log.exception("model_refused", extra={"version": version})
            return
        fresh = _Live(model, version)
        reading = _Reading(event_id=read_note(self.root, version).get("last_event_id", 0))
        self._reading = self._read_on(fresh, reading) if self.feed is not None else reading
        self._live, self._problem = fresh, ""
        log.info("model_taken_up", extra={"version": version})

    def _read_on(self, live: _Live, reading: _Reading) -> _Reading:
        """Tell a model of new products and events; what it cannot use it skips."""
        if self.feed is None:
            return reading
        items, items_at = self.feed.items_since(reading.items_at)
        if len(items):
            live.model.add_items(items)
        events, event_id = self.feed.events_after(reading.event_id)
        while len(events):
            live.model.absorb(events)
            events, event_id = self.feed.events_after(event_id)
        return _Reading(event_id, items_at)


def _changed_at(folder: Path) -> float:
    try:
        return max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)
    except OSError:
        return 0.0


def to_events(history: Sequence[HistoryRow]) -> list[Any]:
    """Turn a shopper's events into the library's, oldest first."""
    from recommender import Event

    return [Event(str(row.product_id), row.kind, int(row.at.timestamp()), row.value) for row in history]


def to_pick(found: Any) -> Pick:
    """Turn one recommendation of the library into the shop's words."""
    reasons = tuple(PickReason(reason.kind, _number(reason.item_id), float(reason.share)) for reason in found.reasons)
    return Pick(int(found.item_id), int(found.rank), float(found.score), reasons, found.source)


def _number(item_id: str | None) -> int | None:
    return int(item_id) if item_id is not None and item_id.isdigit() else None


def recs_from_config(config: Config, feed: Feed | None = None) -> Recs:
    """Return the recommender of this process."""
    return LocalRecs(config.instance / "models", feed=feed, budget_ms=config["RECS_BUDGET_MS"])


def get_recs() -> Recs:
    """Return the present application's recommender."""
    return current_app.extensions["recs"]  # type: ignore[no-any-return]  # Flask's extensions are untyped


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the gate."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Trained:
    """A trained model with its figures; ``model`` is opaque to the shop."""

    model: Any
    parameters: dict[str, Any]
    metrics: dict[str, dict[str, float]]
    passed: bool
    checks: tuple[Check, ...]
    seconds: float
    n_events: int
    n_users: int
    n_items: int
    notes: dict[str, Any] = field(default_factory=dict)


class TrainingError(Exception):
    """The library could not train on what it was given; the message says why."""


def train(
    events: pd.DataFrame,
    items: pd.DataFrame,
    *,
    strategy: str = "hybrid",
    live_parameters: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train and judge a model: the library splits by time, fits, evaluates, asks the gate and refits on everything."""
    from recommender import DataError, training

    try:
        result = training.train(
            events, items, strategy=strategy, live_params=dict(live_parameters or {}) or None, progress=progress
        )
    except (DataError, OSError, ArithmeticError) as error:
        raise TrainingError(str(error)) from error
    checks = tuple(Check(check.name, bool(check.passed), check.detail) for check in result.gate.checks)
    return Trained(
        result.model,
        dict(result.params),
        {name: dict(values) for name, values in result.metrics.items()},
        bool(result.gate.passed),
        checks,
        float(result.seconds),
        int(result.n_events),
        int(events["user_id"].nunique()),
        len(items),
    )


def save(trained: Trained, root: Path, version: str, note: Mapping[str, Any]) -> None:
    """Write a trained model into its own folder, with a note of the shop's beside it. Nothing is published yet."""
    trained.model.save(root / version)
    (root / f"{version}.json").write_text(json.dumps(dict(note)), encoding="utf-8")


def publish(root: Path, version: str) -> None:
    """Make a saved version the live one, atomically."""
    from recommender import ArtifactError, artifacts

    try:
        artifacts.publish(root, version)
    except (ArtifactError, OSError) as error:
        raise TrainingError(str(error)) from error


def versions(root: Path) -> list[str]:
    """Return the saved versions, oldest first."""
    from recommender import artifacts

    return list(artifacts.versions(root))


def current_version(root: Path) -> str | None:
    """Return the published version."""
    from recommender import ArtifactError, artifacts

    try:
        return artifacts.current_version(root)
    except (ArtifactError, OSError, ValueError):
        return None


def read_note(root: Path, version: str) -> dict[str, Any]:
    """Return the shop's note beside a version; empty when there is none."""
    try:
        return dict(json.loads((root / f"{version}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


@dataclass(frozen=True)
class FilePart:
    """A part of a file in the library's columns, with the rows that were left out and why."""

    frame: pd.DataFrame
    rejects: list[tuple[int, str]]
    n_rows: int
    mapping: str


class UnreadableFileError(Exception):
    """A file no mapping fits; the message says what it has and what is known."""


def read_parts(kind: str, path: Path, mapping: str | None, progress: Progress | None = None) -> Iterator[FilePart]:
    """Read a file of products ("catalogue") or events ("interactions") part by part.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read or fits no known schema.
    """
    from recommender import DataError, readers

    read: Any = readers.iter_catalogue if kind == "catalogue" else readers.iter_interactions
    options = {"progress": progress} if progress else {}
    try:
        for part in read(path, mapping, **options):
            reject_rows = part.rejects[["row", "reason", "column", "value"]].itertuples(index=False)
            rejects = [(int(row), reject_sentence(reason, column, value)) for row, reason, column, value in reject_rows]
            yield FilePart(part.frame, rejects, part.n_rows, part.mapping_name)
    except (DataError, OSError) as error:
        raise UnreadableFileError(str(error)) from error


def reject_sentence(reason: str, column: str, value: str) -> str:
    """Say in one line why a row was left out."""
    return f"{reason} ({column}={value!r})" if column else str(reason)
