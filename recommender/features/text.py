"""Item vectors from words: TF-IDF reduced by truncated SVD."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy import sparse

from recommender.arrays.vectorindex import normalise, principal_axes
from recommender.features.networks import TextNetwork
from recommender.types import AnyArray, FloatMatrix, FloatVector

# Han, Hiragana and Katakana: one character of these can be a whole word, where one letter of others says nothing.
_WORD = re.compile(
    r"[^\W_]{2,}|[\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
)
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
MAX_TERMS = 30_000
MAX_FIT_TEXTS = 200_000


def words(text: str) -> list[str]:
    """Lower-case words of two characters or more, entities resolved and accents removed.

    A single character is a word where it can be one by itself: in Chinese, Japanese and Korean.

    Every mark goes as accents do, the vowel signs of Hindi or Thai too: left in, they would break words into letters.
    """
    plain = unicodedata.normalize("NFKD", html.unescape(text)).lower()
    if not plain.isascii():
        plain = "".join(c for c in plain if c != _SOFT_HYPHEN and not unicodedata.category(c).startswith("M"))
    return _WORD.findall(plain)


@dataclass(frozen=True)
class TextEncoder:
    """A fitted TF-IDF vocabulary and the projection of its truncated SVD.

    Plain arrays, so that a new product can be encoded while serving without importing scikit-learn.

    Attributes
    ----------
    terms : tuple of str
    idf : ndarray of shape (n_terms,)
    projection : ndarray of shape (n_terms, n_dims)
    """

    terms: tuple[str, ...]
    idf: FloatVector
    projection: FloatMatrix
    name: ClassVar[str] = "words by TF-IDF and truncated SVD"
    is_ready: ClassVar[bool] = True

    @classmethod
    def fit(cls, texts: Sequence[str], *, n_dims: int = 128, random_state: int = 0) -> TextEncoder:
        """Learn the vocabulary and the projection; an encoder without terms when no word occurs twice."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        filled = [t for t in texts if t][:MAX_FIT_TEXTS]
        vectorizer = TfidfVectorizer(
            analyzer=words, min_df=2 if len(filled) > 50 else 1, max_df=0.5, max_features=MAX_TERMS, sublinear_tf=True
        )
        try:
            weighted = vectorizer.fit_transform(filled)
        except ValueError:
            return cls((), np.empty(0, dtype=np.float32), np.empty((0, n_dims), dtype=np.float32))
        terms = tuple(vectorizer.get_feature_names_out().tolist())
        projection = _projection(TruncatedSVD, weighted, min(n_dims, len(terms)), random_state)
        return cls(terms, vectorizer.idf_.astype(np.float32), projection)

    def encode(self, texts: Sequence[str]) -> FloatMatrix:
        """Unit vectors of shape (len(texts), n_dims); zeros for a text without a known word."""
        if not self.terms:
            return np.zeros((len(texts), self.projection.shape[1]), dtype=np.float32)
        weighted = _tf_idf([Counter(words(t)) for t in texts], self._places, self.idf)
        return normalise(np.asarray(weighted @ self.projection, dtype=np.float32))

    def known_share(self, text: str) -> float:
        """Cosine between a text and what is left of it without its unknown words, 0 to 1.

        A word that the encoder never saw weighs as much as the rarest one that it did. A text that is half unknown is
        near nothing, however much the other half says.
        """
        counted = Counter(words(text))
        rarest = float(self.idf.max(initial=1.0))
        places = [self._places.get(term, -1) for term in counted]
        weights = np.array([self.idf[place] if place >= 0 else rarest for place in places], dtype=np.float64)
        weights *= 1.0 + np.log(np.array(list(counted.values()), dtype=np.float64))
        known = weights * (np.array(places) >= 0)
        return float(np.linalg.norm(known)) / max(float(np.linalg.norm(weights)), 1e-9)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.terms)}

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact; terms as UTF-8 bytes joined by line breaks."""
        joined = np.frombuffer("\n".join(self.terms).encode(), dtype=np.uint8)
        return {"terms": joined, "idf": self.idf, "projection": self.projection}

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray]) -> TextEncoder:
        """Rebuild from :meth:`to_arrays`."""
        text = arrays["terms"].tobytes().decode()
        return cls(tuple(text.split("\n")) if text else (), arrays["idf"], arrays["projection"])


@dataclass(frozen=True)
class SentenceEncoder:
    """Sentences through a network, on the principal axes of a catalogue's texts.

    Attributes
    ----------
    network : TextNetwork
    mean : ndarray of shape (n_raw,)
    projection : ndarray of shape (n_raw, n_dims)
    """

    network: TextNetwork
    mean: FloatVector
    projection: FloatMatrix

    @classmethod
    def fit(cls, texts: Sequence[str], network: TextNetwork, *, n_dims: int = 128) -> SentenceEncoder:
        """Principal axes of what the network makes of the texts that are not empty."""
        described = network.describe([text for text in texts if words(text)], remember=True)
        return cls(network, *principal_axes(described, n_dims))

    @property
    def name(self) -> str:
        """Name for people."""
        return self.network.name

    @property
    def is_ready(self) -> bool:
        """Whether other texts can be encoded now."""
        return self.network.is_ready

    def encode(self, texts: Sequence[str]) -> FloatMatrix:
        """Unit vectors of shape (len(texts), n_dims); zeros for an empty text, and while the network is missing."""
        vectors = np.zeros((len(texts), self.projection.shape[1]), dtype=np.float32)
        filled = [place for place, text in enumerate(texts) if words(text)]
        if filled and self.is_ready:
            described = self.network.describe([texts[place] for place in filled])
            vectors[filled] = normalise((described - self.mean) @ self.projection)
        return vectors

    def known_share(self, text: str) -> float:
        """Share of a text that is understood: all of it, for a network reads parts of words."""
        return 1.0

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact."""
        return {"mean": self.mean, "projection": self.projection}

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray], network: TextNetwork) -> SentenceEncoder:
        """Rebuild from :meth:`to_arrays` and the network."""
        return cls(network, arrays["mean"], arrays["projection"])


def _projection(svd_class: type, weighted: sparse.csr_matrix, n_dims: int, random_state: int) -> FloatMatrix:
    if n_dims >= min(weighted.shape) - 1:
        return np.eye(weighted.shape[1], dtype=np.float32) if weighted.shape[1] <= 512 else _dense_svd(weighted, n_dims)
    svd = svd_class(n_components=n_dims, random_state=random_state).fit(weighted)
    return np.ascontiguousarray(svd.components_.T, dtype=np.float32)


def _dense_svd(weighted: sparse.csr_matrix, n_dims: int) -> FloatMatrix:
    _, _, components = np.linalg.svd(weighted.toarray(), full_matrices=False)
    return np.ascontiguousarray(components[:n_dims].T, dtype=np.float32)


def _tf_idf(counts: list[Counter[str]], places: dict[str, int], idf: FloatVector) -> sparse.csr_matrix:
    """The same weighting as the fitted vectorizer: ``(1 + ln tf) * idf``, rows of length 1."""
    rows, columns, values = [], [], []
    for row, counted in enumerate(counts):
        for term, count in counted.items():
            place = places.get(term)
            if place is not None:
                rows.append(row)
                columns.append(place)
                values.append((1.0 + np.log(count)) * idf[place])
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(counts), len(idf)), dtype=np.float32)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.diags(1.0 / np.where(lengths > 0, lengths, 1.0)) @ matrix
