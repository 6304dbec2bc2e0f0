"""All item spaces of a model, and the combined one, built by one code with one block order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from recommender.arrays.vectorindex import AnnoyIndex, ExactIndex, normalise
from recommender.data.catalogue import ItemCatalogue
from recommender.features.attributes import AttributeEncoder
from recommender.features.image import ImageEncoder, describe_pictures
from recommender.features.networks import ImageNetwork, TextNetwork, open_image, open_text
from recommender.features.text import SentenceEncoder, TextEncoder, words
from recommender.types import AnyArray, BoolMask, FloatMatrix

BLOCKS = ("text", "image", "attributes")
DEFAULT_BLOCK_WEIGHTS = {"text": 0.45, "image": 0.2, "attributes": 0.35}
LARGE_CATALOGUE = 20_000


@dataclass(frozen=True)
class ItemEncoders:
    """Fitted encoders; None where the catalogue has nothing of that kind."""

    text: TextEncoder | SentenceEncoder | None
    image: ImageEncoder | None
    attributes: AttributeEncoder | None

    def to_info(self) -> dict[str, dict[str, Any]]:
        """Name and number of dimensions of what encodes texts and pictures, for people."""
        found = {"text": self.text, "image": self.image}
        return {
            block: {"name": encoder.name, "n_dims": int(encoder.projection.shape[1])}
            for block, encoder in found.items()
            if encoder is not None
        }


@dataclass(frozen=True)
class Networks:
    """Pretrained encoders to use instead of the built-in ones; None for the built-in."""

    text: TextNetwork | None = None
    image: ImageNetwork | None = None

    @classmethod
    def open(cls, text: str, image: str) -> Networks:
        """Open encoders by path, "" for none; DataError when one cannot be used."""
        return cls(open_text(text), open_image(image))

    @classmethod
    def of(cls, encoders: ItemEncoders) -> Networks:
        """The networks that fitted encoders use."""
        text = encoders.text.network if isinstance(encoders.text, SentenceEncoder) else None
        return cls(text, encoders.image.network if encoders.image else None)

    def to_json(self) -> dict[str, Any]:
        """Where they are; None for the built-in."""
        return {
            "text": self.text.to_json() if self.text else None,
            "image": self.image.to_json() if self.image else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Networks:
        """Name them again, unopened; a file that is gone is noticed when it is needed."""
        text, image = data.get("text"), data.get("image")
        return cls(TextNetwork(**text) if text else None, ImageNetwork(**image) if image else None)


@dataclass(frozen=True)
class ItemSpaces:
    """Unit vectors of every item per space.

    Attributes
    ----------
    vectors : dict of str to ndarray of shape (n_items, n_dims)
        Keys of ``BLOCKS`` that exist, and "combined". A zero row means that the item has no vector there.
    block_weights : dict of str to float
        Share of each block in the combined space; they sum to 1 over the blocks that exist.
    encoders : ItemEncoders
    """

    vectors: dict[str, FloatMatrix]
    block_weights: dict[str, float]
    encoders: ItemEncoders

    @property
    def names(self) -> tuple[str, ...]:
        """Spaces that exist."""
        return tuple(self.vectors)

    def index(self, space: str) -> ExactIndex:
        """Exact search of a space that exists, made when it is first asked for: it looks at every vector."""
        if space not in self._indexes:
            self._indexes[space] = ExactIndex(self.vectors[space])
        return self._indexes[space]

    def forest(self, space: str, seed: int = 0) -> AnnoyIndex:
        """Annoy's index of a space that exists, grown when it is first asked for: with a million items in minutes."""
        if (space, seed) not in self._forests:
            self._forests[space, seed] = AnnoyIndex.build(self.vectors[space], seed=seed)
        return self._forests[space, seed]

    @cached_property
    def _indexes(self) -> dict[str, ExactIndex]:
        return {}

    @cached_property
    def _forests(self) -> dict[tuple[str, int], AnnoyIndex]:
        return {}

    def encode(self, catalogue: ItemCatalogue) -> dict[str, FloatMatrix]:
        """Vectors of other items in the same spaces."""
        blocks = encode_blocks(self.encoders, catalogue)
        if blocks:
            blocks["combined"] = combine(blocks, self.block_weights)
        return blocks

    def reweighted(self, weights: Mapping[str, float]) -> ItemSpaces:
        """The same spaces with another mixture in the combined one."""
        blocks = {name: self.vectors[name] for name in BLOCKS if name in self.vectors}
        return ItemSpaces(blocks | {"combined": combine(blocks, weights)}, dict(weights), self.encoders)

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact, named ``<part>.<array>``."""
        arrays: dict[str, AnyArray] = {f"vectors.{name}": v for name, v in self.vectors.items()}
        if self.encoders.text:
            arrays |= {f"text.{k}": v for k, v in self.encoders.text.to_arrays().items()}
        if self.encoders.image:
            arrays |= {f"image.{k}": v for k, v in self.encoders.image.to_arrays().items()}
        if self.encoders.attributes:
            arrays["attributes.projection"] = self.encoders.attributes.projection
        return arrays

    def to_json(self) -> dict[str, object]:
        """What :meth:`to_arrays` does not hold."""
        encoder = self.encoders.attributes
        return {
            "block_weights": self.block_weights,
            "attributes": encoder.to_json() if encoder else None,
            "networks": Networks.of(self.encoders).to_json(),
        }

    @classmethod
    def from_parts(cls, data: Mapping[str, Any], arrays: dict[str, AnyArray]) -> ItemSpaces:
        """Rebuild from :meth:`to_json` and :meth:`to_arrays`."""

        def part(prefix: str) -> dict[str, AnyArray]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        attributes, networks = data["attributes"], Networks.from_json(data.get("networks", {}))
        encoders = ItemEncoders(
            _text_from_arrays(part("text."), networks.text),
            ImageEncoder.from_arrays(part("image."), networks.image) if part("image.") else None,
            AttributeEncoder.from_json(attributes, arrays["attributes.projection"]) if attributes else None,
        )
        return cls(part("vectors."), dict(data["block_weights"]), encoders)


def _text_from_arrays(arrays: dict[str, AnyArray], network: TextNetwork | None) -> TextEncoder | SentenceEncoder | None:
    if not arrays:
        return None
    return TextEncoder.from_arrays(arrays) if network is None else SentenceEncoder.from_arrays(arrays, network)


BUILT_IN = Networks()


def build_spaces(
    catalogue: ItemCatalogue,
    *,
    weights: Mapping[str, float] | None = None,
    networks: Networks = BUILT_IN,
    random_state: int = 0,
) -> ItemSpaces:
    """Fit every encoder that the catalogue can feed and encode all its items.

    Above ``LARGE_CATALOGUE`` items the vectors are half as long, to keep the exact scan and the memory small.
    """
    large = len(catalogue) > LARGE_CATALOGUE
    texts = catalogue.texts()
    pictures, readable = describe_pictures(catalogue.fields["image"].tolist(), networks.image, remember=True)
    image_dims = 32 if large else 64
    encoders = ItemEncoders(
        text=_fit_text(texts, networks.text, 64 if large else 128, random_state),
        image=ImageEncoder.fit(pictures[readable], n_dims=image_dims, network=networks.image)
        if readable.sum() >= 2
        else None,
        attributes=_fit_attributes(catalogue, 32 if large else 64, random_state),
    )
    blocks = encode_blocks(encoders, catalogue, pictures=(pictures, readable))
    mixture = dict(weights or {n: DEFAULT_BLOCK_WEIGHTS[n] for n in blocks})
    combined = {"combined": combine(blocks, mixture)} if blocks else {}
    return ItemSpaces(blocks | combined, mixture, encoders)


def encode_blocks(
    encoders: ItemEncoders, catalogue: ItemCatalogue, *, pictures: tuple[FloatMatrix, BoolMask] | None = None
) -> dict[str, FloatMatrix]:
    """Vectors per block, in the order of ``BLOCKS``."""
    blocks: dict[str, FloatMatrix] = {}
    if encoders.text:
        blocks["text"] = encoders.text.encode(catalogue.texts())
    if encoders.image:
        described = pictures or encoders.image.describe(catalogue.fields["image"].tolist())
        blocks["image"] = encoders.image.encode_readable(*described)
    if encoders.attributes:
        blocks["attributes"] = encoders.attributes.encode(catalogue)
    return blocks


def combine(blocks: Mapping[str, FloatMatrix], weights: Mapping[str, float]) -> FloatMatrix:
    """Blocks scaled by the root of their weight and joined, rows of length 1.

    The cosine of two combined vectors is the weighted mean of the blocks' cosines when both have every block.
    """
    scaled = [np.sqrt(max(weights.get(n, 0.0), 0.0)).astype(np.float32) * blocks[n] for n in BLOCKS if n in blocks]
    return normalise(np.concatenate(scaled, axis=1))


def _fit_text(
    texts: list[str], network: TextNetwork | None, n_dims: int, random_state: int
) -> TextEncoder | SentenceEncoder | None:
    if not any(words(text) for text in texts):
        return None
    if network is not None:
        return SentenceEncoder.fit(texts, network, n_dims=n_dims)
    encoder = TextEncoder.fit(texts, n_dims=n_dims, random_state=random_state)
    return encoder if encoder.terms else None


def _fit_attributes(catalogue: ItemCatalogue, n_dims: int, random_state: int) -> AttributeEncoder | None:
    known = any(catalogue.fields[n].astype(bool).any() for n in ("brand", "category", "colours"))
    if not known and np.isnan(catalogue.prices).all():
        return None
    return AttributeEncoder.fit(catalogue, n_dims=n_dims, random_state=random_state)
