"""Encoders that somebody trained elsewhere, as ONNX files on this machine: sentences and pictures into vectors.

The only importer of onnxruntime and tokenizers, which are an extra. Files are opened at the start of a training, and
again when a saved model first needs them; a model whose files are gone by then answers without them.
"""

from __future__ import annotations

import hashlib
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from recommender.arrays.vectorindex import normalise
from recommender.data.validation import is_number
from recommender.errors import DataError
from recommender.features.pictures import Picture, read_rgb
from recommender.types import BoolMask, FloatMatrix

log = logging.getLogger(__name__)
EXTRA = "install the packages of requirements-onnx.txt"
MAX_TOKENS = 256
BATCH = 32
MAX_REMEMBERED = 2**28
MAX_SIZE = 2_048  # a batch of pictures has to fit into memory
# What pretrained image models expect unless they say otherwise: pixels of 0..1 in the statistics of ImageNet.
IMAGENET: dict[str, Any] = {"size": 224, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


@dataclass(frozen=True)
class Network(ABC):
    """An ONNX file on this machine.

    Attributes
    ----------
    path : str
        Absolute path of the ``.onnx`` file.
    sha256 : str
        Its checksum at the training: another file under the same name is another encoder.
    beside : str
        That of the file beside it, without which the model says something else; "" in models saved before it was kept.
    """

    path: str
    sha256: str
    beside: str = ""

    @property
    def name(self) -> str:
        """Name for people: the file or its folder, and the beginning of the checksum."""
        file = Path(self.path)
        return f"{file.parent.name if file.name == 'model.onnx' else file.name} ({self.sha256[:12]})"

    @cached_property
    def is_ready(self) -> bool:
        """Whether the files are there, unchanged, and can be opened; if not, the log says why."""
        try:
            if _checksum(Path(self.path)) != self.sha256:
                raise DataError(f"{self.path} is not the file that the model was trained with")
            if self.beside not in ("", _checksum_beside(file := self.file_beside(Path(self.path)))):
                raise DataError(f"{file} is not the file that the model was trained with")
            self.check()
        except (DataError, OSError) as error:
            log.warning("encoder_missing: %s", error)
            return False
        return True

    @staticmethod
    @abstractmethod
    def file_beside(model: Path) -> Path:
        """The file that says how to use a model."""

    @abstractmethod
    def check(self) -> None:
        """Open everything; DataError when something is missing or does not fit."""

    def to_json(self) -> dict[str, str]:
        """Values for an artifact; the files themselves stay where they are."""
        return {"path": self.path, "sha256": self.sha256, "beside": self.beside}

    @cached_property
    def _session(self) -> Any:
        ort = _package("onnxruntime")
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            return ort.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own that share no public base
            raise DataError(f"{self.path} is no ONNX model that onnxruntime opens: {error}") from error

    @property
    def _at_once(self) -> int:
        """How many texts or pictures the model takes at once: one, where it was exported for one."""
        shape = self._session.get_inputs()[0].shape
        return 1 if shape and shape[0] == 1 else BATCH

    def _run(self, inputs: Mapping[str, Any]) -> FloatMatrix:
        """The first of the model's outputs; DataError where it is no array of numbers."""
        try:
            found = np.asarray(self._session.run(None, dict(inputs))[0], dtype=np.float32)
        except Exception as error:  # as above
            raise DataError(f"{self.path} cannot encode: {error}") from error
        if not np.isfinite(found).all():
            raise DataError(f"{self.path} cannot encode: it gives what is no number")
        return found


@dataclass(frozen=True)
class TextNetwork(Network):
    """A sentence transformer: ``tokenizer.json`` beside the model, tokens averaged into one vector.

    References
    ----------
    Reimers and Gurevych (2019), Sentence-BERT, for the mean over the tokens.
    """

    @staticmethod
    def file_beside(model: Path) -> Path:
        """The tokenizer."""
        return model.with_name("tokenizer.json")

    def check(self) -> None:
        self.describe(["a warm light", "light " * MAX_TOKENS])  # as long as any text will be

    def describe(self, texts: Sequence[str], *, remember: bool = False) -> FloatMatrix:
        """Unit vectors, shape (n_texts, n_raw); zeros for an empty text.

        ``remember`` keeps the vectors for the other fits of a training, which encode the same catalogue.
        """
        new = list(dict.fromkeys(text for text in texts if text and text not in self._known))
        order = sorted(new, key=len)  # texts of like length need little padding
        found: dict[str, Any] = {}
        for start in range(0, len(order), self._at_once):
            batch = order[start : start + self._at_once]
            found |= dict(zip(batch, self._encode(batch), strict=True))
        if remember:
            self._known.update(found)
        found = self._known | found if found else self._known
        empty = np.zeros(len(next(iter(found.values()), ())) or 1, dtype=np.float32)
        return np.stack([found[text] if text else empty for text in texts])

    @cached_property
    def _known(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _tokenizer(self) -> Any:
        file = self.file_beside(Path(self.path))
        if not file.is_file():
            raise DataError(f"there is no {file}: the tokenizer has to stand beside the model")
        try:
            tokenizer = _package("tokenizers").Tokenizer.from_file(str(file))
        except DataError:
            raise
        except Exception as error:  # tokenizers raises bare exceptions
            raise DataError(f"{file} is no tokenizer that can be read: {error}") from error
        own = tokenizer.truncation or {}  # a model that knows fewer places cannot read on
        tokenizer.enable_truncation(min(MAX_TOKENS, own.get("max_length", MAX_TOKENS)))
        tokenizer.enable_padding()
        return tokenizer

    @property
    def _at_once(self) -> int:
        """One, too, where the model is not told which tokens only fill a batch up: they would count as words."""
        is_told = any(entry.name == "attention_mask" for entry in self._session.get_inputs())
        return super()._at_once if is_told else 1

    def _encode(self, texts: Sequence[str]) -> FloatMatrix:
        tokens = self._tokenizer.encode_batch(list(texts))
        mask = np.array([one.attention_mask for one in tokens], dtype=np.int64)
        ids = np.array([one.ids for one in tokens], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = {entry.name: entry.type for entry in self._session.get_inputs()}
        if "input_ids" not in wanted or set(wanted) - set(given):
            raise DataError(f"{self.path} wants {', '.join(wanted)}; a text encoder takes {', '.join(given)}")
        found = self._run({name: given[name].astype(_whole(kind)) for name, kind in wanted.items()})
        if found.ndim == 3:
            share = mask[:, :, None] / np.maximum(mask.sum(axis=1), 1)[:, None, None]
            found = (found * share).sum(axis=1)
        if found.ndim != 2 or len(found) != len(texts):
            raise DataError(f"{self.path} gives an array of shape {found.shape} for {len(texts)} texts")
        return normalise(found)


@dataclass(frozen=True)
class ImageNetwork(Network):
    """A pretrained image model; a JSON file of the same name beside it may say ``size``, ``mean`` and ``std``."""

    @staticmethod
    def file_beside(model: Path) -> Path:
        """Size, mean and std of the pictures, where they are not the usual ones."""
        return model.with_suffix(".json")

    def check(self) -> None:
        size = int(self._preparation["size"])
        self._vectors(np.zeros((1, 3, size, size), dtype=np.float32))

    def describe(self, pictures: Sequence[Picture], *, remember: bool = False) -> tuple[FloatMatrix, BoolMask]:
        """Unit vectors, shape (n_pictures, n_raw), zeros where a picture cannot be read, and a mask of which can.

        ``remember`` keeps the vectors of files for the other fits of a training, up to ``MAX_REMEMBERED`` bytes.
        """
        keys = [_file_key(picture) if remember else None for picture in pictures]
        found = [self._known.get(key) if key else None for key in keys]
        new = [place for place, one in enumerate(found) if one is None]
        for start in range(0, len(new), self._at_once):
            prepared = {place: self._prepared(pictures[place]) for place in new[start : start + self._at_once]}
            some = {place: one for place, one in prepared.items() if one is not None}
            if not some:
                continue
            for place, vector in zip(some, self._vectors(np.stack(list(some.values()))), strict=True):
                found[place], key = vector, keys[place]
                if key and (len(self._known) + 1) * vector.nbytes <= MAX_REMEMBERED:
                    self._known[key] = vector
        readable = [one for one in found if one is not None]
        mask = np.array([one is not None for one in found], dtype=bool)
        vectors = np.zeros((len(mask), len(readable[0]) if readable else 1), dtype=np.float32)
        vectors[mask] = np.stack(readable) if readable else 0.0
        return vectors, mask

    @cached_property
    def _known(self) -> dict[tuple[str, int, int], Any]:
        return {}

    def _prepared(self, picture: Picture) -> FloatMatrix | None:
        rgb = read_rgb(picture, int(self._preparation["size"]))
        if rgb is None:
            return None
        mean, std = (np.array(self._preparation[name], dtype=np.float32) for name in ("mean", "std"))
        return np.ascontiguousarray(((rgb - mean) / std).transpose(2, 0, 1), dtype=np.float32)

    def _vectors(self, batch: FloatMatrix) -> FloatMatrix:
        found = self._run({self._session.get_inputs()[0].name: batch})
        if found.ndim == 4:
            found = found.mean(axis=(2, 3))
        if found.ndim != 2 or len(found) != len(batch):
            raise DataError(f"{self.path} gives an array of shape {found.shape} for {len(batch)} pictures")
        return normalise(found)

    @cached_property
    def _preparation(self) -> dict[str, Any]:
        file = self.file_beside(Path(self.path))
        try:
            given = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
            found: dict[str, Any] = {name: given.get(name, usual) for name, usual in IMAGENET.items()}
            fits = _is_preparation(**found)
        except (ValueError, AttributeError, OverflowError) as error:
            raise DataError(f"{file} is no JSON object with size, mean and std: {error}") from error
        if not fits:
            told = f"size has to be a whole number from 1 to {MAX_SIZE:,}, mean and std three numbers each, std above 0"
            raise DataError(f"{file}: {told}")
        return found


def _is_preparation(size: object, mean: object, std: object) -> bool:
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= MAX_SIZE:
        return False
    triples = [one for one in (mean, std) if isinstance(one, list) and len(one) == 3 and all(map(is_number, one))]
    return len(triples) == 2 and all(map(isfinite, [*triples[0], *triples[1]])) and min(triples[1]) > 0


def open_text(given: str) -> TextNetwork | None:
    """Open a text encoder by the path of its folder or ``.onnx`` file; None for "".

    Raises
    ------
    DataError
        When a file or a package is missing, or the model does not encode texts.
    """
    if not given:
        return None
    path = Path(given).expanduser().resolve()
    file = _model_file("text encoder", path / "model.onnx" if path.is_dir() else path)
    network = _text_network(str(file), _checksum(file), _checksum_beside(TextNetwork.file_beside(file)))
    network.check()
    return network


def open_image(given: str) -> ImageNetwork | None:
    """Open an image encoder by the path of its ``.onnx`` file; None for "". Raises as :func:`open_text`."""
    if not given:
        return None
    file = _model_file("image encoder", Path(given).expanduser().resolve())
    network = _image_network(str(file), _checksum(file), _checksum_beside(ImageNetwork.file_beside(file)))
    network.check()
    return network


@lru_cache(maxsize=1)
def _text_network(path: str, sha256: str, beside: str) -> TextNetwork:
    """One object per file, so that the fits of one training share what they encoded."""
    return TextNetwork(path, sha256, beside)


@lru_cache(maxsize=1)
def _image_network(path: str, sha256: str, beside: str) -> ImageNetwork:
    """As :func:`_text_network`."""
    return ImageNetwork(path, sha256, beside)


def _file_key(picture: Picture) -> tuple[str, int, int] | None:
    """What a file of this name and content is known by; None for what is no file."""
    try:
        found = Path(picture).stat() if picture and isinstance(picture, (str, Path)) else None
    except (OSError, ValueError):
        return None
    return (str(picture), found.st_size, found.st_mtime_ns) if found else None


def _model_file(what: str, file: Path) -> Path:
    if file.suffix != ".onnx" or not file.is_file():
        raise DataError(f"{what}: there is no ONNX file {file}; export the model to it, or name no encoder")
    return file


def _checksum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _whole(kind: str) -> type[np.signedinteger[Any]]:
    """Type of the whole numbers that a model takes: some exports take the shorter ones."""
    return np.int32 if kind == "tensor(int32)" else np.int64


def _checksum_beside(file: Path) -> str:
    """Checksum of a file that may be missing."""
    return _checksum(file) if file.is_file() else "none"


def _package(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DataError(f"an encoder by name needs the package {name}: {EXTRA}") from error
