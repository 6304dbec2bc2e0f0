"""Item vectors from what the catalogue states: brand, category path, price within the category, colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from recommender.arrays.vectorindex import normalise
from recommender.data.catalogue import ItemCatalogue, distinct_texts
from recommender.types import FloatMatrix, FloatVector

PRICE_CENTRES = np.linspace(-2.0, 2.0, 9, dtype=np.float32)
PRICE_WIDTH = 0.6
BLOCK_WEIGHTS = {"brand": 0.25, "category": 0.45, "price": 0.15, "colours": 0.15}


@dataclass(frozen=True)
class AttributeEncoder:
    """Blocks of attributes, each of length 1 where known and 0 where missing, projected to few dimensions.

    A missing attribute is never the same as another missing one: its block is all zeros and matches nothing. Prices
    are logarithms standardised inside the top-level category and spread over soft bins, so currency units do not
    matter and near prices are similar.

    Attributes
    ----------
    brands, nodes, colours : tuple of str
        Known values; ``nodes`` are the prefixes of category paths ("A", "A > B").
    price_mean, price_scale : dict of str to float
        Mean and standard deviation of log prices per top-level category, "" for all items.
    projection : ndarray of shape (n_columns, n_dims)
    """

    brands: tuple[str, ...]
    nodes: tuple[str, ...]
    colours: tuple[str, ...]
    price_mean: dict[str, float]
    price_scale: dict[str, float]
    projection: FloatMatrix

    @classmethod
    def fit(cls, catalogue: ItemCatalogue, *, n_dims: int = 64, random_state: int = 0) -> AttributeEncoder:
        """Learn the values in use and a projection that keeps their similarities."""
        brands = tuple(sorted({_plain(b) for b in catalogue.fields["brand"]} - {""}))
        nodes = tuple(sorted({n for c in catalogue.fields["category"] for n in category_nodes(c)}))
        colours = tuple(sorted({c for cell in catalogue.fields["colours"] for c in split_colours(cell)}))
        means, scales = _price_statistics(catalogue)
        bare = cls(brands, nodes, colours, means, scales, np.empty((0, 0), dtype=np.float32))
        return cls(brands, nodes, colours, means, scales, _fit_projection(bare.blocks(catalogue), n_dims, random_state))

    def blocks(self, catalogue: ItemCatalogue) -> sparse.csr_matrix:
        """Weighted blocks side by side, shape (n_items, n_columns)."""
        fields = catalogue.fields
        parts = {
            "brand": _one_hot([[_plain(b)] for b in fields["brand"]], self.brands),
            "category": _one_hot([category_nodes(c) for c in fields["category"]], self.nodes),
            "price": sparse.csr_matrix(self._price_bins(catalogue)),
            "colours": _one_hot([split_colours(c) for c in fields["colours"]], self.colours),
        }
        return sparse.hstack([np.sqrt(BLOCK_WEIGHTS[name]) * part for name, part in parts.items()]).tocsr()

    def encode(self, catalogue: ItemCatalogue) -> FloatMatrix:
        """Unit vectors of shape (n_items, n_dims); zeros for an item without a known attribute."""
        return normalise(np.asarray(self.blocks(catalogue) @ self.projection, dtype=np.float32))

    def _price_bins(self, catalogue: ItemCatalogue) -> FloatMatrix:
        standard = self.standard_prices(catalogue)
        distance = (standard[:, None] - PRICE_CENTRES[None, :]) / PRICE_WIDTH
        bins = np.where(np.isnan(distance), 0.0, np.exp(-0.5 * distance**2))
        return normalise(bins.astype(np.float32))

    def standard_prices(self, catalogue: ItemCatalogue) -> FloatVector:
        """Log prices in standard deviations within the top-level category, clipped to +-2; NaN when unknown."""
        tops = [_top(c) for c in catalogue.fields["category"]]
        mean = np.array([self.price_mean.get(t, self.price_mean.get("", 0.0)) for t in tops], dtype=np.float32)
        scale = np.array([self.price_scale.get(t, self.price_scale.get("", 1.0)) for t in tops], dtype=np.float32)
        standard = (np.log(catalogue.prices) - mean) / scale
        clipped: FloatVector = np.clip(standard, -2.0, 2.0)
        return clipped

    def to_json(self) -> dict[str, object]:
        """Everything but the projection."""
        return {
            "brands": list(self.brands),
            "nodes": list(self.nodes),
            "colours": list(self.colours),
            "price_mean": self.price_mean,
            "price_scale": self.price_scale,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], projection: FloatMatrix) -> AttributeEncoder:
        """Rebuild from :meth:`to_json` and the projection."""
        return cls(
            tuple(data["brands"]),
            tuple(data["nodes"]),
            tuple(data["colours"]),
            dict(data["price_mean"]),
            dict(data["price_scale"]),
            projection,
        )


def category_nodes(path: str) -> list[str]:
    """Prefixes of a category path: "A > B" gives ["A", "A > B"]."""
    parts = [p.strip() for p in path.split(">") if p.strip()]
    return [" > ".join(parts[: i + 1]) for i in range(len(parts))]


def split_colours(cell: str) -> list[str]:
    """Colours of a cell such as "black|white", lower case and each once."""
    return list(dict.fromkeys(c.strip().lower() for c in cell.split("|") if c.strip()))


def _plain(text: str) -> str:
    return text.strip().casefold()


def _top(path: str) -> str:
    nodes = category_nodes(path)
    return nodes[0] if nodes else ""


def _one_hot(cells: list[list[str]], known: tuple[str, ...]) -> sparse.csr_matrix:
    places = {value: place for place, value in enumerate(known)}
    found = [[places[v] for v in cell if v in places] for cell in cells]
    lengths = np.array([len(f) for f in found], dtype=np.int64)
    columns = np.array([c for f in found for c in f], dtype=np.int64)
    values = np.repeat(1.0 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_matrix((values, columns, starts), shape=(len(cells), len(known)))


def _price_statistics(catalogue: ItemCatalogue) -> tuple[dict[str, float], dict[str, float]]:
    logs = np.log(catalogue.prices.astype(np.float64))
    known = np.flatnonzero(~np.isnan(logs))
    if not len(known):
        return {}, {}
    tops, top_of = distinct_texts([_top(c) for c in catalogue.fields["category"][known]])
    by_top = known[np.argsort(top_of, kind="stable")]
    groups = np.split(logs[by_top], np.cumsum(np.bincount(top_of))[:-1])
    own = {top: prices for top, prices in zip(tops.tolist(), groups, strict=True) if top and len(prices) >= 5}
    own = {"": logs[known]} | own
    means = {top: float(prices.mean()) for top, prices in own.items()}
    return means, {top: float(max(prices.std(), 0.1)) for top, prices in own.items()}


def _fit_projection(blocks: sparse.csr_matrix, n_dims: int, random_state: int) -> FloatMatrix:
    if blocks.shape[1] <= n_dims or min(blocks.shape) <= n_dims + 1:
        return np.eye(blocks.shape[1], dtype=np.float32)
    from sklearn.decomposition import TruncatedSVD

    svd = TruncatedSVD(n_components=n_dims, random_state=random_state).fit(blocks)
    return np.ascontiguousarray(svd.components_.T, dtype=np.float32)
