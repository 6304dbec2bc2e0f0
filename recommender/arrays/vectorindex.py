"""Nearest vectors by cosine: an exact scan, or Annoy where a catalogue outgrows it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from recommender.arrays.topn import top_rows
from recommender.errors import ArtifactError
from recommender.types import BoolMask, FloatMatrix, FloatVector, Rows

EXACT_LIMIT = 200_000
# Annoy's own default finds 70-90 % of the true neighbours; at 5,000 inspected nodes it is above 98 %.
ANNOY_TREES = 50
ANNOY_SEARCH_K = 5_000


class Neighbours(NamedTuple):
    """Rows and cosine similarities, best first."""

    rows: Rows
    similarities: FloatVector


class VectorIndex(Protocol):
    """Search over unit vectors."""

    method: str

    def search(self, vector: FloatVector, n: int, allowed: BoolMask | None = None) -> Neighbours:
        """The ``n`` rows with the highest cosine similarity to ``vector``, best first."""
        ...


def normalise(vectors: FloatMatrix) -> FloatMatrix:
    """Rows scaled to length 1; rows of length 0 stay 0."""
    vectors = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)


def principal_axes(vectors: FloatMatrix, n_dims: int) -> tuple[FloatVector, FloatMatrix]:
    """Mean of vectors of shape (n, n_raw), and their ``n_dims`` principal axes as columns, their signs fixed."""
    mean = vectors.mean(axis=0)
    centred = (vectors - mean).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    kept = axes[:, ::-1][:, : min(n_dims, max(1, len(vectors) - 1))]
    signs = np.where(kept[np.abs(kept).argmax(axis=0), np.arange(kept.shape[1])] < 0, -1.0, 1.0)
    return mean.astype(np.float32), np.ascontiguousarray(kept * signs, dtype=np.float32)


class ExactIndex:
    """One matrix-vector product and a partial sort.

    Parameters
    ----------
    vectors : ndarray of shape (n_items, n_dims)
        Unit rows; a zero row marks an item without a vector, which is never found.
    """

    method = "exact"

    def __init__(self, vectors: FloatMatrix) -> None:
        self.vectors = vectors
        self._present = np.asarray(np.abs(vectors).sum(axis=1) > 0) if len(vectors) else np.zeros(0, dtype=bool)

    def similarities(self, vector: FloatVector) -> FloatVector:
        """Cosine similarity to every row, shape (n_items,); NaN for rows without a vector."""
        scores = self.vectors @ normalise(vector)
        return np.where(self._present, scores, np.nan).astype(np.float32)

    def similarities_of(self, rows: Rows, vector: FloatVector) -> FloatVector:
        """Cosine similarity to some rows, shape (len(rows),); NaN for rows without a vector."""
        scores = np.asarray(self.vectors[rows]) @ normalise(vector)
        return np.where(self._present[rows], scores, np.nan).astype(np.float32)

    def search(self, vector: FloatVector, n: int, allowed: BoolMask | None = None) -> Neighbours:
        """See :class:`VectorIndex`."""
        scores = self.similarities(vector)
        if allowed is not None:
            scores = np.where(allowed, scores, np.nan)
        rows = top_rows(scores, n)
        return Neighbours(rows, scores[rows])


def rows_with_vector(vectors: FloatMatrix) -> Rows:
    """Rows that are not all zeros."""
    return np.flatnonzero(np.abs(vectors).sum(axis=1) > 0)


class AnnoyIndex:
    """Annoy's forest of random projections over unit vectors.

    Annoy knows neither filters nor deletions, so a search under a mask asks for more and drops what is not allowed.
    Built with one thread: only that repeats byte for byte.

    Parameters
    ----------
    n_dims : int
    rows : ndarray of shape (n_indexed,)
        Item row of each of Annoy's own dense numbers.
    """

    method = "annoy"
    _WIDEN = 5

    def __init__(self, n_dims: int, rows: Rows) -> None:
        from annoy import AnnoyIndex as Forest

        self._forest = Forest(n_dims, "angular")
        self.rows = rows

    @classmethod
    def build(cls, vectors: FloatMatrix, *, seed: int = 0, trees: int = ANNOY_TREES) -> AnnoyIndex:
        """Index all rows that have a vector."""
        rows = rows_with_vector(vectors)
        self = cls(vectors.shape[1], rows)
        self._forest.set_seed(seed)
        for number, row in enumerate(rows.tolist()):
            self._forest.add_item(number, vectors[row])
        self._forest.build(trees, n_jobs=1)
        return self

    @classmethod
    def load(cls, path: Path, n_dims: int, rows: Rows) -> AnnoyIndex:
        """Memory-map a saved forest; ArtifactError when it does not fit."""
        self = cls(n_dims, rows)
        try:
            self._forest.load(str(path))
        except OSError as error:
            raise ArtifactError("", path, f"the Annoy file cannot be read: {error}") from error
        if self._forest.get_n_items() != len(rows):
            raise ArtifactError("", path, f"the Annoy file has {self._forest.get_n_items()} items, not {len(rows)}")
        return self

    def save(self, path: Path) -> None:
        """Write the forest to a file."""
        self._forest.save(str(path))

    def search(
        self, vector: FloatVector, n: int, allowed: BoolMask | None = None, *, search_k: int = ANNOY_SEARCH_K
    ) -> Neighbours:
        """See :class:`VectorIndex`; from the angular distance ``d`` the similarity is ``1 - d * d / 2``."""
        wanted = min(len(self.rows), n if allowed is None else n * self._WIDEN)
        numbers, distances = self._forest.get_nns_by_vector(
            normalise(vector), wanted, search_k=max(search_k, 2 * wanted), include_distances=True
        )
        rows = self.rows[np.array(numbers, dtype=np.int64)]
        similarities = (1.0 - np.square(distances) / 2.0).astype(np.float32)
        if allowed is not None:
            keep = allowed[rows]
            rows, similarities = rows[keep], similarities[keep]
        order = np.lexsort((rows, -similarities))[:n]
        return Neighbours(rows[order], similarities[order])


def is_large(n_vectors: int, backend: str = "auto") -> bool:
    """Whether to search with Annoy: from ``EXACT_LIMIT`` vectors on; ``backend`` "exact" or "annoy" decides by hand."""
    return backend == "annoy" or (backend == "auto" and n_vectors >= EXACT_LIMIT)
