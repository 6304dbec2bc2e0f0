"""Boosted trees that are only asked: LightGBM's own library, without the Python package that grows them.

That package reads pandas and scikit-learn at import, 70 MB that a process which answers requests has no use for.
"""

from __future__ import annotations

import ctypes
import weakref
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from recommender.types import AnyArray, FloatMatrix, FloatVector

# Names and numbers of LightGBM's C interface, include/LightGBM/c_api.h.
FLOAT32, ROW_MAJOR, NORMAL, GAIN, ALL_ROUNDS = 0, 1, 0, 1, -1
ONE_THREAD = b"num_threads=1"
LAST_LINE = "\nend of trees\n"  # LightGBM ends the whole process over a text that is cut off before


class Trees:
    """Trees in LightGBM's text format, ready to be asked.

    Parameters
    ----------
    text : str
        What ``lightgbm.Booster.model_to_string`` wrote.

    Raises
    ------
    ValueError
        When LightGBM cannot read the text.
    """

    def __init__(self, text: str) -> None:
        if LAST_LINE not in text:
            raise ValueError("the text of the trees is cut off")
        self.text = text
        self._handle = ctypes.c_void_p()
        self.n_rounds = self._opened()
        weakref.finalize(self, _library().LGBM_BoosterFree, self._handle)
        self.n_features = self._n_features()

    def _opened(self) -> int:
        n_rounds = ctypes.c_int()
        text = self.text.encode()
        _succeed(_library().LGBM_BoosterLoadModelFromString(text, ctypes.byref(n_rounds), ctypes.byref(self._handle)))
        return n_rounds.value

    def _n_features(self) -> int:
        n_features = ctypes.c_int()
        _succeed(_library().LGBM_BoosterGetNumFeature(self._handle, ctypes.byref(n_features)))
        return n_features.value

    def predict(self, features: FloatMatrix, *, first: int = 0, rounds: int = ALL_ROUNDS) -> FloatVector:
        """Sum of the trees from number ``first`` on, ``rounds`` of them or all, in one thread.

        Parameters
        ----------
        features : ndarray of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows,)

        Raises
        ------
        ValueError
            When the rows have another number of features than the trees know.
        """
        rows = np.ascontiguousarray(features, dtype=np.float32)
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        scores, n_scores = np.empty(len(rows)), ctypes.c_int64()
        status = _library().LGBM_BoosterPredictForMat(
            self._handle,
            _address(rows),
            FLOAT32,
            *rows.shape,
            ROW_MAJOR,
            NORMAL,
            first,
            rounds,
            ONE_THREAD,
            ctypes.byref(n_scores),
            _address(scores),
        )
        _succeed(status)
        return scores.astype(np.float32)

    def gains(self) -> FloatVector:
        """What each feature gained over all splits by it, shape (n_features,)."""
        found = np.zeros(self.n_features)
        _succeed(_library().LGBM_BoosterFeatureImportance(self._handle, ALL_ROUNDS, GAIN, _address(found)))
        return found


def _address(array: AnyArray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _succeed(status: int) -> None:
    if status:
        raise ValueError(f"the trees: {_library().LGBM_GetLastError().decode()}")


@cache
def _library() -> ctypes.CDLL:
    """LightGBM's library, from the folder of its package; the package itself is not imported."""
    package = find_spec("lightgbm")
    folders = (package.submodule_search_locations or []) if package else []
    for path in sorted(path for folder in folders for path in Path(folder).rglob("lib_lightgbm.*")):
        library = ctypes.CDLL(str(path))
        library.LGBM_GetLastError.restype = ctypes.c_char_p
        return library
    raise ImportError("LightGBM's library was not found; pip install lightgbm brings it")
