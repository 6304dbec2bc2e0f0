"""A file of parameters: what a search found, and what a training or an evaluation takes instead of the defaults."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recommender.data.limits import SOURCE_CHOICES, SOURCE_LIMITS, plain, require_within
from recommender.data.validation import is_number, shortened
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.fitting.fit import specs_for, strategy_of
from recommender.sources import HYBRID_SOURCES, SOURCES, SourceSpec, make_source

SCHEMA = 1


@dataclass(frozen=True)
class Parameters:
    """Parameters over the defaults.

    Attributes
    ----------
    source_params : dict of str to dict
        Parameters per source of the blend (or beside it, such as "svd").
    weights : EventWeights or None
        None leaves the weights of the events as they are.
    about : dict
        How they were found; for people.
    """

    source_params: dict[str, dict[str, Any]] = field(default_factory=dict)
    weights: EventWeights | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, params in self.source_params.items():
            check_source_params(name, params)

    def settings_for(self, model: str) -> dict[str, Any]:
        """Keywords of :class:`HybridRecommender` for a strategy, or one like "hybrid+sasrec".

        Parameters of sources that it does not ask are left out.
        """
        strategy, joining = strategy_of(model)
        blend, extras = specs_for(strategy, {}, joining)
        own = {name: dict(params) for name, params in self.source_params.items() if name in blend or name in extras}
        settings: dict[str, Any] = {"source_params": own} if own else {}
        return settings | ({"weights": self.weights} if self.weights is not None else {})

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        facts: dict[str, Any] = {"schema": SCHEMA, "source_params": plain(self.source_params), "about": self.about}
        return facts | ({"weights": self.weights.to_dict()} if self.weights is not None else {})

    @classmethod
    def from_json(cls, data: Any, where: str = "parameters") -> Parameters:
        """Rebuild from :meth:`to_json`.

        Raises
        ------
        DataError
            For another schema, an unknown source or parameter, or weights that cannot be used.
        """
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            raise DataError(f"{where}: this is no file of parameters that this version reads (schema {SCHEMA})")
        sources, weights, about = data.get("source_params", {}), data.get("weights"), data.get("about") or {}
        if not isinstance(sources, Mapping) or not all(isinstance(params, Mapping) for params in sources.values()):
            raise DataError(f"{where}: source_params must be a mapping of sources to their parameters")
        if not isinstance(about, Mapping):
            raise DataError(f"{where}: about must be a mapping of what people should know, not {shortened(about)}")
        try:
            found = None if weights is None else EventWeights.from_dict(weights)
            return cls({n: dict(p) for n, p in sources.items()}, found, dict(about))
        except (DataError, TypeError, ValueError) as error:
            raise DataError(f"{where}: {error}") from error

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write(json.dumps(self.to_json(), indent=1, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name with nothing in it
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> Parameters:
        """Read a file; DataError with one sentence when it cannot be used."""
        try:
            data = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise DataError(f"{path}: the file of parameters cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: the file of parameters is not JSON") from error
        return cls.from_json(data, str(path))


def check_source_params(name: str, params: Mapping[str, Any]) -> None:
    """Check the parameters of one source.

    Raises
    ------
    DataError
        For an unknown source or parameter, and for a value that a parameter cannot have, with the values it can have.
    """
    defaults = make_source(spec_of(name, {})).get_params()
    make_source(spec_of(name, params))
    for key, value in params.items():
        if value is not None or defaults[key] is not None:
            _check(f"{name}: {key}", key, value, defaults[key])


def _check(called: str, key: str, value: object, default: object) -> None:
    choices, limits = SOURCE_CHOICES.get(key), SOURCE_LIMITS.get(key)
    if isinstance(default, bool) and not isinstance(value, (bool, np.bool_)):
        raise DataError(f"{called} must be true or false, not {value!r}")
    if choices and value not in choices:
        raise DataError(f"{called} must be one of {', '.join(choices)}, not {value!r}")
    if limits:
        if not is_number(value) or not -math.inf < value < math.inf:
            raise DataError(f"{called} must be a number, not {value!r}")
        require_within(limits, value, called)


def spec_of(name: str, params: Mapping[str, Any]) -> SourceSpec:
    """A source by the name under which a model knows it, with parameters over its defaults."""
    if name not in HYBRID_SOURCES and name not in SOURCES:
        raise DataError(
            f"there is no source {name!r}; known are {', '.join(dict.fromkeys((*HYBRID_SOURCES, *SOURCES)))}"
        )
    base = HYBRID_SOURCES.get(name, SourceSpec(name))
    return SourceSpec(base.kind, {**base.params, **params})
