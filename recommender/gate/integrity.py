"""Whether the model is whole: numbers everywhere, every item has its row, and the saved model is the fitted one."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from recommender.data.idmap import IdMap
from recommender.errors import RecommenderError
from recommender.gate.report import Check, note, warning
from recommender.hybrid import HybridRecommender, load

PROBES = 20
PROBE_K = 10
MAX_LOAD_SECONDS = 10.0
MAX_MODEL_MB = 1_000.0
# A view has no value and many an item no price; every other number of a model must be one.
MAY_BE_EMPTY = ("history/values", "columns/")
Answer = list[tuple[str, float]]


def check_integrity(model: HybridRecommender, described: IdMap | None = None) -> list[Check]:
    """Look at a fitted model; it is saved to a temporary folder and opened again.

    Parameters
    ----------
    model : HybridRecommender
        The model that is to be published.
    described : IdMap, optional
        Items of the catalogue, each of which the model must be able to show.
    """
    checks = [_numbers(model), _ids(model)]
    if described is not None:
        checks.append(_scorable(model, described))
    return [*checks, *_saved(model)]


def check_policy(model: HybridRecommender, may_be_known: Collection[str] | None) -> Check:
    """Nobody is in the model who is gone or does not want to be known; without a list everybody may be."""
    if may_be_known is None:
        return note("policy", "not judged: nobody said who may be known")
    strangers = len(set(model.known_users) - set(may_be_known))
    detail = f"{strangers} of {len(model.known_users)} people in the model must not be known to it"
    return Check("policy", not strangers, detail)


def _numbers(model: HybridRecommender) -> Check:
    arrays = model.model_.to_arrays()
    broken = [
        name
        for name, array in arrays.items()
        if array.dtype.kind == "f" and not name.startswith(MAY_BE_EMPTY) and not np.isfinite(array).all()
    ]
    detail = f"{broken[0]} holds something that is no number" if broken else f"all numbers of {len(arrays)} arrays"
    return Check("numbers", not broken, detail)


def _ids(model: HybridRecommender) -> Check:
    """Every row leads to an id that leads back to it."""
    wrong = [name for name, ids in (("users", model.known_users), ("items", model.item_ids)) if not _is_bijection(ids)]
    n = len(model.known_users) + len(model.item_ids)
    return Check(
        "ids", not wrong, f"the rows of the {wrong[0]} are mixed up" if wrong else f"{n} ids lead back to their rows"
    )


def _is_bijection(ids: IdMap) -> bool:
    return bool((ids.rows(list(ids)) == np.arange(len(ids))).all())


def _scorable(model: HybridRecommender, described: IdMap) -> Check:
    missing = [item for item, row in zip(described, model.item_ids.rows(list(described)), strict=True) if row < 0]
    detail = f"{missing[0]} cannot be shown" if missing else f"all {len(described)} items can be shown"
    return Check("every item", not missing, detail)


def _saved(model: HybridRecommender) -> list[Check]:
    """Ask for the same lists again, and once more after saving and loading."""
    asked = _probes(model)
    lists = _lists(model, asked)
    checks = [Check("repeatable", _lists(model, asked) == lists, f"{len(asked)} lists asked for twice")]
    checks.append(_sound(model, dict(zip(asked, lists, strict=True))))
    try:
        same, seconds, megabytes = _reopened(model, asked, lists)
    except (RecommenderError, OSError) as error:
        return [*checks, Check("saved model", False, str(error))]
    return [
        *checks,
        Check("saved model", same, f"{len(asked)} lists of the saved model against those of the fitted one"),
        warning("size", megabytes <= MAX_MODEL_MB, f"{megabytes:.1f} MB in files, {MAX_MODEL_MB:g} MB at most"),
        Check("load time", seconds < MAX_LOAD_SECONDS, f"{seconds:.1f} s, {MAX_LOAD_SECONDS:g} s at most"),
    ]


def _sound(model: HybridRecommender, lists: Mapping[str, Answer]) -> Check:
    """Lists hold something, with scores that are numbers; of the blend all but those of who touched everything."""
    filled = sum(map(bool, lists.values()))
    wanting = [user for user, found in lists.items() if not found and not _knows_everything(model, user)]
    finite = all(math.isfinite(score) for found in lists.values() for _, score in found)
    detail = f"{filled} of {len(lists)} lists hold something" + ("" if finite else ", and a score that is no number")
    is_full = filled > 0 and not (wanting and model.strategy == "hybrid")
    if wanting and not is_full:
        detail += f"; {wanting[0]} could be shown more than nothing"
    return Check("lists", is_full and finite, detail)


def _knows_everything(model: HybridRecommender, user: str) -> bool:
    touched = model.model_.histories.of(model.known_users.row(user)).item_rows
    return len(np.unique(touched)) >= len(model.item_ids)


def _probes(model: HybridRecommender) -> list[str]:
    """People from all over the model, and somebody it does not know."""
    n = len(model.known_users)
    rows = np.unique(np.linspace(0, n - 1, min(PROBES, n)).astype(np.int64)) if n else np.zeros(0, np.int64)
    return [*model.known_users.take(rows), "somebody whom no model knows"]


def _lists(model: HybridRecommender, users: Sequence[str]) -> list[Answer]:
    found = (model.recommend(user, PROBE_K, with_reasons=False) for user in users)
    return [[(r.item_id, r.score) for r in one] for one in found]


def _reopened(model: HybridRecommender, users: Sequence[str], lists: list[Answer]) -> tuple[bool, float, float]:
    """Whether the saved model gives the same lists, seconds until its first answer, and megabytes of its files."""
    with tempfile.TemporaryDirectory(prefix="kindred-gate-") as folder:
        path = Path(folder) / "model"
        model.save(path)
        megabytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
        began = time.perf_counter()
        opened = load(path)
        _lists(opened, users[-1:])
        seconds = time.perf_counter() - began
        return _lists(opened, users) == lists, seconds, megabytes
