"""Training, judging and publishing models: the library's own work behind the shop's names."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


log = logging.getLogger(__name__)
Progress = Callable[[str, float], None]
ENCODERS = ("text_encoder", "image_encoder")
# The library keeps a trace of what somebody rated low, because it was chosen all the same. A shop that went by it would
# fill the page with more of what a shopper has just turned down.
STAR_WEIGHTS = (0.0, 0.0, 0.6, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the gate; only one of the level "must" refuses, a "warning" or "note" only tells."""

    name: str
    passed: bool
    detail: str
    level: str = "must"

    @property
    def refuses(self) -> bool:
        """Whether the model may not be published because of this."""
        return self.level == "must" and not self.passed


@dataclass(frozen=True)
class Surroundings:
    """What the gate should know beside events and products.

    ``rows_before`` are the events of the training before, ``may_be_known`` the ids of people whom a model may hold, and
    ``logged`` what was shown: the rails that chance filled a part of, and those from which something was clicked, which
    the order learns from, too.
    """

    now: datetime
    rows_before: int | None
    may_be_known: Collection[str]
    logged: pd.DataFrame


@dataclass(frozen=True)
class Trained:
    """A trained model with its figures; ``model`` and ``result`` are opaque to the shop."""

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
    result: Any = None


@dataclass(frozen=True, slots=True)
class SearchOrder:
    """A search for better parameters before a training: how long it may take, and the file of its trials."""

    seconds: float
    trials: Path


class TrainingError(Exception):
    """The library could not train on what it was given; the message says why."""


def train(
    events: pd.DataFrame,
    items: pd.DataFrame,
    *,
    strategy: str = "hybrid",
    with_evaluation: bool = True,
    encoders: Mapping[str, str] | None = None,
    learn_weights: bool = True,
    live_parameters: Mapping[str, Any] | None = None,
    kept: Path | None = None,
    search: SearchOrder | None = None,
    surroundings: Surroundings | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train and judge a model: the library splits by time, fits, evaluates, asks the gate and refits on everything.

    Events that the library refuses are left out, counted and told beside the checks of the gate.
    Without evaluation somebody waits for a first model, so the order is learned from fewer lists, too. ``kept`` names a
    file of parameters to begin with, where there is one; a ``search`` looks for better ones first.
    ``encoders`` names pretrained encoders by path, as ``text_encoder`` and ``image_encoder``; "" is the built-in one.

    Raises
    ------
    TrainingError
        If there is nothing to learn from, or the file of parameters or a named encoder cannot be used.
    """
    from recommender import DataError, training
    from recommender.data.validation import usable_events
    from recommender.tuning import Budget

    events, left_out = usable_events(events)
    named = {name: path for name, path in (encoders or {}).items() if path}
    try:
        settings = _settings(strategy, kept) | named
        if not with_evaluation:
            settings["effort"] = "quick"
        settings["learn_weights"] = learn_weights
        result = training.train(
            events,
            items,
            strategy=strategy,
            live_params=_still_there(live_parameters, named) if live_parameters else None,
            with_evaluation=with_evaluation,
            settings=settings,
            around=_around(surroundings) if surroundings else None,
            search=training.Search(Budget(trials=0, seconds=search.seconds), search.trials) if search else None,
            progress=progress or _silent,
        )
    except (DataError, OSError, ArithmeticError) as error:
        raise TrainingError(str(error)) from error
    checks = tuple(Check(check.name, bool(check.passed), check.detail, check.level) for check in result.gate.checks)
    if left_out:
        log.warning("training_rows_left_out", extra={"n": sum(left_out.values()), "reason": "; ".join(left_out)})
        told = "; ".join(f"{n}: {why}" for why, n in left_out.items())
        checks += (Check("events left out", True, told, "note"),)
    return Trained(
        result.model,
        dict(result.params),
        {name: dict(values) for name, values in result.metrics.items()},
        bool(result.gate.passed),
        checks,
        float(result.seconds),
        int(result.n_events),
        int(result.n_users),
        int(result.n_items),
        dict(result.notes) | {"left_out": left_out},
        result,
    )


def tell_tracker(trained: Trained, name: str) -> None:
    """Tell the tracking server of a training, where one is named; trouble with it is logged and stops nothing."""
    from recommender.training import tracking

    try:
        run_id = tracking.track(tracking.of_training(trained.result, name))
    except tracking.TrackingError as error:
        log.warning("training_not_tracked", extra={"reason": str(error)})
    else:
        if run_id is not None:
            log.info("training_tracked", extra={"tracking_run": run_id})


def _settings(strategy: str, kept: Path | None) -> dict[str, Any]:
    """Parameters of the model: the shop's, and over them those of a file."""
    from recommender.data.weights import EventWeights
    from recommender.parameters import Parameters

    found = Parameters.read(kept).settings_for(strategy) if kept is not None and kept.exists() else {}
    weights = found.pop("weights", EventWeights(stars=STAR_WEIGHTS))
    return {"weights": weights.to_dict(), **found}


def keep_parameters(trained: Trained, path: Path) -> None:
    """Write what a search found into a file, for the trainings to come; nothing where nothing better was found.

    What the file holds about sources that this strategy does not ask stays.

    Raises
    ------
    TrainingError
        If a file that is there already cannot be used.
    """
    from recommender import DataError
    from recommender.parameters import Parameters

    tuned = trained.result.tuned
    if tuned is None or not tuned.parameters.about["taken"]:
        return
    found = tuned.parameters
    try:
        before = Parameters.read(path) if path.exists() else Parameters()
    except DataError as error:
        raise TrainingError(str(error)) from error
    are_found = "weights" in found.about["taken"] or before.weights is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    sources = {**before.source_params, **found.source_params}
    replace(found, source_params=sources, weights=found.weights if are_found else None).write(path)


def _still_there(parameters: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """Let live parameters name the encoders of today where the files of their own are gone."""
    gone = [name for name in ENCODERS if parameters.get(name) and not Path(parameters[name]).exists()]
    kept = {name: value for name, value in parameters.items() if name not in gone}
    return kept | {name: named[name] for name in gone if name in named}


def _around(found: Surroundings) -> Any:
    from recommender.data.validation import usable_places
    from recommender.training import Around

    logged, left_out = usable_places(found.logged)
    if left_out:  # shown under a clock that was ahead
        log.warning("training_places_left_out", extra={"n": sum(left_out.values()), "reason": "; ".join(left_out)})
    return Around(
        now=int(found.now.timestamp()),
        rows_before=found.rows_before,
        may_be_known=found.may_be_known,
        logged=logged,
    )


def _silent(_stage: str, _done: float) -> None:
    """Show nothing."""


def evaluate(
    events: pd.DataFrame,
    items: pd.DataFrame,
    *,
    models: Sequence[str],
    split: str,
    k: int,
    progress: Progress | None = None,
) -> tuple[str, dict[str, Any]]:
    """Judge strategies on held-out events; return a table for people and the figures for programs.

    Raises
    ------
    TrainingError
        If the events leave nothing to judge, or a strategy is unknown.
    """
    from recommender import DataError, evaluation
    from recommender.data.validation import usable_events
    from recommender.evaluation import report

    events, _left_out = usable_events(events)
    judge: Any = evaluation.evaluate
    try:
        found = judge(events, items, models=list(models), split=split, k=k, progress=progress or _silent)
    except DataError as error:
        raise TrainingError(str(error)) from error
    return report.as_table(found), report.as_json(found)


def save(trained: Trained, root: Path, version: str, note: Mapping[str, Any]) -> None:
    """Write a trained model into its own folder, with a note of the shop's beside it. Nothing is published yet."""
    beside = root / f"{version}.json"
    root.mkdir(parents=True, exist_ok=True)
    try:
        beside.write_text(json.dumps(dict(note)), encoding="utf-8")
        trained.model.save(root / version)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def publish(root: Path, version: str) -> None:
    """Make a saved version the live one, atomically."""
    from recommender import ArtifactError, artifacts

    try:
        artifacts.publish(root, version)
    except (ArtifactError, OSError) as error:
        raise TrainingError(str(error)) from error


@contextmanager
def held(root: Path) -> Iterator[None]:
    """Keep everybody from publishing and removing models meanwhile, as for a copy of them that agrees with itself."""
    from recommender import artifacts

    with artifacts.held(root):
        yield


def versions(root: Path) -> list[str]:
    """Return the saved versions in the order of their names."""
    from recommender import artifacts

    return list(artifacts.versions(root))


def usable_versions(root: Path) -> list[str]:
    """Return the saved versions that are of this program's kind; after an upgrade earlier ones may not be."""
    from recommender import ArtifactError, artifacts

    def is_of_our_kind(version: str) -> bool:
        try:
            artifacts.read_manifest(root / version)
        except ArtifactError:
            return False
        return True

    return [version for version in versions(root) if is_of_our_kind(version)]


def model_card(root: Path, version: str) -> str | None:
    """Return what a saved version says about itself, in Markdown; None where there is no such version."""
    from recommender import artifacts

    return artifacts.model_card(root, version)


def prune(root: Path, keep: int, age: Callable[[str], Any]) -> list[str]:
    """Remove the oldest versions beyond the ``keep`` newest, never the live one, and what killed trainings left."""
    from recommender import artifacts

    return artifacts.prune(root, keep, age=age)


def remove(root: Path, names: Collection[str]) -> list[str]:
    """Remove versions by name, never the live one; returns those that were there."""
    from recommender import artifacts

    return artifacts.remove(root, names)


def current_version(root: Path) -> str | None:
    """Return the published version."""
    from recommender import ArtifactError, artifacts

    try:
        return artifacts.current_version(root)
    except (ArtifactError, OSError, ValueError):
        return None


def prepare() -> None:
    """Load the library, for a process that is about to part into several."""
    import recommender  # noqa: F401


def can_open(root: Path) -> bool:
    """Whether there is a published version and it can be opened; if not, the log says why."""
    from recommender import ArtifactError, load

    version = current_version(root)
    if version is None:
        return False
    try:
        load(root / version)
    except ArtifactError as error:
        log.warning("model_unusable", extra={"version": version, "problem": str(error)})
        return False
    return True


def read_note(root: Path, version: str) -> dict[str, Any]:
    """Return the shop's note beside a version; empty when there is none."""
    try:
        return dict(json.loads((root / f"{version}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
