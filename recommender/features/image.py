"""Item vectors from pictures, with a built-in descriptor that needs no trained network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from recommender.arrays.vectorindex import normalise, principal_axes
from recommender.features.networks import ImageNetwork
from recommender.features.pictures import Picture, read_rgb
from recommender.types import AnyArray, BoolMask, FloatMatrix, FloatVector

SIDE = 96
GRID = 4
ORIENTATIONS = 8
_COLOUR_BINS = (4, 6, 6)
_BLOCK_WEIGHTS = {"colour": 0.45, "layout": 0.25, "edges": 0.30}


def read_picture(source: Picture) -> FloatMatrix | None:
    """Pixels in Lab, shape (SIDE, SIDE, 3), or None when the file is no readable picture of bearable size."""
    rgb = read_rgb(source, SIDE)
    return None if rgb is None else _to_lab(rgb)


def describe(lab: FloatMatrix) -> FloatVector:
    """Colour histogram, colour layout and edge orientations of one picture, each block of length 1."""
    blocks = {"colour": _colour_histogram(lab), "layout": _layout(lab), "edges": _edges(lab[..., 0])}
    return np.concatenate([np.sqrt(_BLOCK_WEIGHTS[n]) * normalise(b) for n, b in blocks.items()]).astype(np.float32)


@dataclass(frozen=True)
class ImageEncoder:
    """Principal components over a catalogue of the built-in descriptor, or of what a network sees.

    Attributes
    ----------
    mean : ndarray of shape (n_raw,)
    projection : ndarray of shape (n_raw, n_dims)
    network : ImageNetwork, optional
        What describes pictures instead of the built-in descriptor.
    """

    mean: FloatVector
    projection: FloatMatrix
    network: ImageNetwork | None = None

    @classmethod
    def fit(cls, descriptors: FloatMatrix, *, n_dims: int = 64, network: ImageNetwork | None = None) -> ImageEncoder:
        """Principal axes of the given descriptors, shape (n_pictures, n_raw)."""
        return cls(*principal_axes(descriptors, n_dims), network)

    @property
    def name(self) -> str:
        """Name for people."""
        return self.network.name if self.network else "colours, layout and edges"

    @property
    def is_ready(self) -> bool:
        """Whether other pictures can be encoded now."""
        return self.network is None or self.network.is_ready

    def describe(self, pictures: Sequence[Picture]) -> tuple[FloatMatrix, BoolMask]:
        """What :meth:`encode` takes; see :func:`describe_files`."""
        if not self.is_ready:
            return np.zeros((len(pictures), len(self.mean)), dtype=np.float32), np.zeros(len(pictures), dtype=bool)
        return describe_pictures(pictures, self.network)

    def encode(self, descriptors: FloatMatrix) -> FloatMatrix:
        """Unit vectors, shape (n_pictures, n_dims)."""
        return normalise((descriptors - self.mean) @ self.projection)

    def encode_readable(self, descriptors: FloatMatrix, readable: BoolMask) -> FloatMatrix:
        """Unit vectors of what :func:`describe_files` gave; zeros for a picture that could not be read."""
        vectors = np.zeros((len(readable), self.projection.shape[1]), dtype=np.float32)
        if readable.any():
            vectors[readable] = self.encode(descriptors[readable])
        return vectors

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact."""
        return {"mean": self.mean, "projection": self.projection}

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray], network: ImageNetwork | None = None) -> ImageEncoder:
        """Rebuild from :meth:`to_arrays` and the network, if there was one."""
        return cls(arrays["mean"], arrays["projection"], network)


def describe_pictures(
    pictures: Sequence[Picture], network: ImageNetwork | None, *, remember: bool = False
) -> tuple[FloatMatrix, BoolMask]:
    """Describe pictures with a network, which may remember them, or without one as :func:`describe_files`."""
    return describe_files(pictures) if network is None else network.describe(pictures, remember=remember)


def describe_files(pictures: Sequence[Picture]) -> tuple[FloatMatrix, BoolMask]:
    """Descriptors of many files and a mask of those that could be read.

    Returns
    -------
    descriptors : ndarray of shape (n_pictures, n_raw)
        Zeros where a file is missing or broken: such an item has no vector and matches nothing.
    readable : ndarray of shape (n_pictures,)
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        described = pool.map(_describe_file, [picture for picture in pictures if picture != ""])
        found = [None if picture == "" else next(described) for picture in pictures]
    readable = np.array([f is not None for f in found], dtype=bool)
    length = next((len(f) for f in found if f is not None), 1)
    rows = [np.zeros(length, dtype=np.float32) if f is None else f for f in found]
    return (np.stack(rows) if rows else np.zeros((0, length), dtype=np.float32)), readable


def _describe_file(picture: Picture) -> FloatVector | None:
    lab = read_picture(picture)
    return None if lab is None else describe(lab)


def _to_lab(rgb: FloatMatrix) -> FloatMatrix:
    """CIE Lab under D65, scaled to about 0..1 (L) and -1..1 (a, b)."""
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lightness, a, b = 1.16 * f[..., 1] - 0.16, 5 * (f[..., 0] - f[..., 1]), 2 * (f[..., 1] - f[..., 2])
    return np.stack([lightness, a, b], axis=-1).astype(np.float32)


def _colour_histogram(lab: FloatMatrix) -> FloatVector:
    """Joint histogram with the middle of the picture counting more than its border."""
    scaled = np.stack([lab[..., 0], (lab[..., 1] + 1) / 2, (lab[..., 2] + 1) / 2], axis=-1).reshape(-1, 3)
    bins = np.clip((scaled * _COLOUR_BINS).astype(np.int64), 0, np.array(_COLOUR_BINS) - 1)
    code = (bins[:, 0] * _COLOUR_BINS[1] + bins[:, 1]) * _COLOUR_BINS[2] + bins[:, 2]
    axis = np.hanning(SIDE + 2)[1:-1]
    weights = np.outer(axis, axis).ravel()
    return np.sqrt(np.bincount(code, weights=weights, minlength=int(np.prod(_COLOUR_BINS)))).astype(np.float32)


def _layout(lab: FloatMatrix) -> FloatVector:
    cells = lab.reshape(GRID, SIDE // GRID, GRID, SIDE // GRID, 3).mean(axis=(1, 3))
    return (cells - np.array([0.5, 0.0, 0.0], dtype=np.float32)).ravel().astype(np.float32)


def _edges(lightness: FloatMatrix) -> FloatVector:
    """Histograms of gradient orientation per cell (Dalal and Triggs 2005, without block overlap)."""
    down, right = np.gradient(lightness)
    strength = np.hypot(down, right)
    angle = np.mod(np.arctan2(down, right), np.pi) / np.pi * ORIENTATIONS
    orientation = np.minimum(angle.astype(np.int64), ORIENTATIONS - 1)
    cell = np.arange(SIDE) * GRID // SIDE
    code = (cell[:, None] * GRID + cell[None, :]) * ORIENTATIONS + orientation
    histogram = np.bincount(code.ravel(), weights=strength.ravel(), minlength=GRID * GRID * ORIENTATIONS)
    return np.sqrt(histogram).astype(np.float32)
