"""Everything a fitted recommender consists of, and turning it into arrays and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from recommender.arrays.neighbours import row_type
from recommender.base import Retriever
from recommender.data.idmap import IdMap
from recommender.data.state import EventLog, Histories
from recommender.data.weights import EventWeights
from recommender.features.combine import ItemSpaces
from recommender.features.families import FamilyNames
from recommender.ranking.features import ItemColumns
from recommender.ranking.pipeline import Pipeline
from recommender.ranking.ranker import Ranker
from recommender.sources import FittedSources, SourceSpec, make_source
from recommender.stars.forecast import StarForecast
from recommender.types import AnyArray, Rows

Thing = TypeVar("Thing")


@dataclass
class FittedModel:
    """Parts of a fitted recommender.

    Attributes
    ----------
    users, items : IdMap
    histories : Histories
        Event logs of the training users.
    weights : EventWeights
    pipeline : Pipeline
    extras : FittedSources
        Sources outside the blend: star forecasts, complements, repurchases.
    spaces : ItemSpaces
    families : ndarray of shape (n_items,)
        Variant family per item, -1 for none.
    ranker : Ranker or None
        None where there was too little to learn an order from.
    specs : dict of str to SourceSpec
        How each source was made.
    category_paths, brands : ndarray of shape (n_items,)
        Text, "" where unknown.
    stars : StarForecast or None
        None where there are too few ratings; the SVD then forecasts alone.
    family_names : FamilyNames
        What the catalogue calls the families that it names; none in a model that was saved before they were kept.
    info : dict
        Facts for people: times, counts, repairs, notes.
    """

    users: IdMap
    items: IdMap
    histories: Histories
    weights: EventWeights
    pipeline: Pipeline
    extras: FittedSources
    spaces: ItemSpaces
    families: Rows
    ranker: Ranker | None
    specs: dict[str, SourceSpec]
    category_paths: AnyArray
    brands: AnyArray
    stars: StarForecast | None = None
    family_names: FamilyNames = field(default_factory=FamilyNames.none)
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, Retriever]:
        """Every source of the model, in the blend or beside it."""
        return self.extras.retrievers | self.pipeline.sources.retrievers

    def to_arrays(self) -> dict[str, AnyArray]:
        """All arrays by path-like name."""
        log = self.histories.log
        arrays: dict[str, AnyArray] = {
            "history/starts": self.histories.starts,
            "history/item_rows": log.item_rows.astype(row_type(len(self.items))),
            "history/kinds": log.kinds,
            "history/values": log.values,
            "history/timestamps": log.timestamps,
            "items/families": self.families,
            "items/family_keys": self.family_names.keys,
            "items/family_numbers": self.family_names.numbers,
            "items/category_paths": _encode_text(self.category_paths),
            "items/brands": _encode_text(self.brands),
        }
        arrays |= _prefixed("users", self.users.to_arrays()) | _prefixed("items", self.items.to_arrays())
        arrays |= _prefixed("columns", self.pipeline.columns.to_arrays())
        arrays |= _prefixed("spaces", self.spaces.to_arrays())
        for group, sources in (("sources", self.pipeline.sources), ("extras", self.extras)):
            for name, retriever in sources.retrievers.items():
                arrays |= _prefixed(f"{group}/{name}", self._without_shared(retriever.state_arrays()))
        if self.ranker is not None:
            arrays |= _prefixed("ranker", self.ranker.linear_.to_arrays())
        if self.stars is not None:
            arrays |= _prefixed("stars", self.stars.to_arrays())
        return arrays

    def _without_shared(self, arrays: dict[str, AnyArray]) -> dict[str, AnyArray]:
        """Item vectors are stored once, with the spaces; sources that use them store only their name."""
        shared = {id(v): name for name, v in self.spaces.vectors.items()}
        return {f"{k}@{shared[id(v)]}" if id(v) in shared else k: _or_mark(v, shared) for k, v in arrays.items()}

    def to_json(self) -> dict[str, Any]:
        """What the arrays do not hold."""
        return {
            "weights": self.weights.to_dict(),
            "spaces": self.spaces.to_json(),
            "specs": {name: {"kind": s.kind, "params": dict(s.params)} for name, s in self.specs.items()},
            "sources": list(self.pipeline.sources.retrievers),
            "extras": list(self.extras.retrievers),
            "skipped": self.pipeline.sources.skipped | self.extras.skipped,
            "ranker": {"names": list(self.ranker.names), "report": self.ranker.report} if self.ranker else None,
            "info": self.info,
        }

    def to_texts(self) -> dict[str, str]:
        """Text files of the model: the trees of the ranker and of the star forecast."""
        texts = {"ranker/trees.txt": self.ranker.to_text() if self.ranker else ""}
        texts["stars/trees.txt"] = self.stars.to_text() if self.stars else ""
        return {name: text for name, text in texts.items() if text}

    def to_files(self) -> dict[str, Callable[[Path], None]]:
        """Files of the sources that write themselves, by path-like name."""
        groups = (("sources", self.pipeline.sources), ("extras", self.extras))
        return {
            f"{group}/{name}/{file}": write
            for group, sources in groups
            for name, retriever in sources.retrievers.items()
            for file, write in retriever.state_files().items()
        }

    @classmethod
    def from_parts(
        cls,
        data: Mapping[str, Any],
        arrays: Mapping[str, AnyArray],
        texts: Mapping[str, str],
        files: Mapping[str, Path],
        random_state: int,
    ) -> FittedModel:
        """Rebuild from :meth:`to_json`, :meth:`to_arrays`, :meth:`to_texts` and the places of :meth:`to_files`."""
        spaces = ItemSpaces.from_parts(data["spaces"], _part(arrays, "spaces/"))
        specs = {name: SourceSpec(s["kind"], s["params"]) for name, s in data["specs"].items()}

        def sources(group: str) -> FittedSources:
            loaded = {
                name: make_source(specs[name], random_state)
                .load_arrays(_with_shared(_part(arrays, f"{group}/{name}/"), spaces))
                .load_files(_part(files, f"{group}/{name}/"))
                for name in data[group]
            }
            return FittedSources(loaded, dict(data["skipped"]))

        log = EventLog(*(arrays[f"history/{n}"] for n in ("item_rows", "kinds", "values", "timestamps")))
        columns = ItemColumns.from_arrays(_part(arrays, "columns/"))
        ranker = None
        if data["ranker"]:
            described = data["ranker"]
            ranker = Ranker.from_parts(
                described["names"], described["report"], _part(arrays, "ranker/"), texts.get("ranker/trees.txt", "")
            )
        star_arrays, star_trees = _part(arrays, "stars/"), texts.get("stars/trees.txt", "")
        stars = StarForecast.from_parts(star_arrays, star_trees, columns) if star_arrays else None
        pipeline = Pipeline(sources("sources"), columns)
        if ranker is not None and tuple(ranker.names) != tuple(pipeline.builder.names):
            raise ValueError("its order was learned over other features than this version of the library makes")
        return cls(
            users=IdMap.from_arrays(_part(arrays, "users/")),
            items=IdMap.from_arrays(_part(arrays, "items/")),
            histories=Histories(arrays["history/starts"], log),
            weights=EventWeights.from_dict(data["weights"]),
            pipeline=pipeline,
            extras=sources("extras"),
            spaces=spaces,
            families=arrays["items/families"],
            ranker=ranker,
            specs=specs,
            category_paths=_decode_text(arrays["items/category_paths"]),
            brands=_decode_text(arrays["items/brands"]),
            stars=stars,
            family_names=_family_names(arrays),
            info=dict(data["info"]),
        )


def _family_names(arrays: Mapping[str, AnyArray]) -> FamilyNames:
    if "items/family_keys" not in arrays:
        return FamilyNames.none()
    return FamilyNames(arrays["items/family_keys"], arrays["items/family_numbers"])


def _prefixed(prefix: str, arrays: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def _part(things: Mapping[str, Thing], prefix: str) -> dict[str, Thing]:
    return {k.removeprefix(prefix): v for k, v in things.items() if k.startswith(prefix)}


def _or_mark(array: AnyArray, shared: Mapping[int, str]) -> AnyArray:
    return np.empty(0, dtype=np.float32) if id(array) in shared else array


def _with_shared(arrays: dict[str, AnyArray], spaces: ItemSpaces) -> dict[str, AnyArray]:
    return {k.split("@")[0]: spaces.vectors[k.split("@")[1]] if "@" in k else v for k, v in arrays.items()}


def _encode_text(values: AnyArray) -> AnyArray:
    """Text cells as UTF-8 joined by line breaks; the cells themselves hold none."""
    return np.frombuffer("\n".join(v.replace("\n", " ") for v in values).encode(), dtype=np.uint8)


def _decode_text(raw: AnyArray) -> AnyArray:
    """The cells again; equal ones are one string, as no process shares them and thousands of items have the same."""
    known: dict[str, str] = {}
    return np.array([known.setdefault(cell, cell) for cell in raw.tobytes().decode().split("\n")], dtype=object)
