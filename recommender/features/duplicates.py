"""Near-duplicate listings: the same thing twice in a catalogue, under another id."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from typing import NamedTuple

import numpy as np
from scipy import sparse

from recommender.data.catalogue import ItemCatalogue
from recommender.types import Rows

# Two listings are one thing when they share this part of their shingles, and this part of the words of their titles.
LIKENESS, TITLE_LIKENESS = 0.7, 0.8
# The index looks a little further than LIKENESS, because it guesses; what it finds is then compared exactly.
INDEX_LIKENESS = 0.6
N_PERMUTATIONS = 64
SHINGLE_WORDS = 2
# What stands in more listings than this is boiler-plate: care instructions, terms of delivery. It tells nothing apart.
BOILERPLATE = 50
# Fewer shingles than this tell too little: "gift card" is not one thing.
MIN_SHINGLES = 4
_PIECE = re.compile(r"[^\W_]+")
# With the point that stands inside: 5.5 is neither 5 nor 5 and 5.
_WITH_POINTS = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*")


class _Listing(NamedTuple):
    """What is compared of one item."""

    brand: str
    title: frozenset[str]
    numbers: frozenset[str]
    shingles: frozenset[int]

    def is_same_as(self, other: _Listing) -> bool:
        """Whether both describe one thing of one brand; a title with another number in it names another thing."""
        if self.brand != other.brand or self.numbers != other.numbers:
            return False
        alike = _jaccard(self.title, other.title) >= TITLE_LIKENESS
        return alike and _jaccard(self.shingles, other.shingles) >= LIKENESS


def duplicate_groups(catalogue: ItemCatalogue) -> Rows:
    """Group of each item, shape (n_items,): one number for near-duplicates, the item's own row where there are none.

    Candidates come from MinHash and locality-sensitive hashing over pairs of neighbouring words of title, description
    and brand; each pair is then compared exactly. Listings of different brands, of clearly different titles, and those
    too short to tell are never one. Copies, of which the catalogue says the same in every field, are one however many
    there are, and count as one listing beside the others. The same catalogue gives the same groups.

    References
    ----------
    Broder (1997), On the Resemblance and Containment of Documents. Leskovec, Rajaraman, Ullman (2014), Mining of
    Massive Datasets, chapter 3.
    """
    first, rows = _first_copies(catalogue), np.arange(len(catalogue))
    listings = _listings(catalogue, np.flatnonzero(first == rows))
    pairs = np.array(_pairs(listings), dtype=np.int64).reshape(-1, 2)
    copies = np.stack([first, rows], axis=1)[np.isin(first, list(listings))]
    return _joined(len(catalogue), np.concatenate([pairs, copies]))


def join_families(families: Rows, groups: Rows) -> Rows:
    """Variant families with near-duplicates in them, shape (n_items,); -1 for an item in neither.

    Parameters
    ----------
    families : ndarray of shape (n_items,)
        A number per family that the catalogue names, -1 for none.
    groups : ndarray of shape (n_items,)
        As :func:`duplicate_groups` gives them.
    """
    rows = np.arange(len(families))
    named = rows[families >= 0]
    _, first, place = np.unique(families[named], return_index=True, return_inverse=True)
    same_family = np.stack([named, named[first][place]], axis=1)
    joined = _joined(len(families), np.concatenate([same_family, np.stack([rows, groups], axis=1)]))
    is_alone = np.bincount(joined, minlength=len(joined))[joined] == 1
    return np.where(is_alone & (families < 0), -1, joined)


def _joined(n: int, pairs: Rows) -> Rows:
    """Smallest row of the component that each row belongs to."""
    from scipy.sparse.csgraph import connected_components  # serving needs none of it

    links = sparse.coo_matrix((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, component = connected_components(links, directed=False)
    _, first, place = np.unique(component, return_index=True, return_inverse=True)
    return first[place].astype(np.int64)


def _first_copies(catalogue: ItemCatalogue) -> Rows:
    """The first row of which every field says the same, shape (n_items,); in most cases the own one.

    Counted one by one, no shingle of what stands in a catalogue more than ``BOILERPLATE`` times would tell anything.
    """
    prices = np.nan_to_num(catalogue.prices, nan=-1.0).tolist()
    told = zip(*(values.tolist() for values in catalogue.fields.values()), prices, strict=True)
    first: dict[tuple[object, ...], int] = {}
    return np.array([first.setdefault(said, row) for row, said in enumerate(told)], dtype=np.int64)


def _listings(catalogue: ItemCatalogue, rows: Rows) -> dict[int, _Listing]:
    """Those of some rows that say enough to be compared."""
    fields = {name: catalogue.fields[name][rows] for name in ("title", "description", "brand")}
    titles = [_pieces(title) for title in fields["title"]]
    texts = zip(titles, fields["description"], fields["brand"], strict=True)
    shingles = [_shingles([*title, *_pieces(text), *_pieces(brand)]) for title, text, brand in texts]
    counts = Counter(shingle for found in shingles for shingle in found)
    told = [frozenset(one for one in found if counts[one] <= BOILERPLATE) for found in shingles]
    return {
        row: _Listing(
            fields["brand"][at].strip().casefold(), frozenset(titles[at]), _numbers(fields["title"][at]), told[at]
        )
        for at, row in enumerate(rows.tolist())
        if titles[at] and len(told[at]) >= MIN_SHINGLES
    }


def _pieces(text: str) -> list[str]:
    """Words and numbers, single characters too: the 2 of "kettle 2" tells it from "kettle 3"."""
    return _PIECE.findall(text.casefold())


def _shingles(text: list[str]) -> set[int]:
    return {zlib.crc32(" ".join(text[at : at + SHINGLE_WORDS]).encode()) for at in range(len(text) - SHINGLE_WORDS + 1)}


def _pairs(listings: dict[int, _Listing]) -> list[tuple[int, int]]:
    """Pairs of rows that are one thing, neighbours of a bucket compared exactly."""
    from datasketch import MinHash, MinHashLSH

    # One shingle that nobody else has cannot make a duplicate: most listings need no closer look.
    counts = Counter(shingle for listing in listings.values() for shingle in listing.shingles)
    shared = {
        row: listing
        for row, listing in listings.items()
        if sum(counts[one] > 1 for one in listing.shingles) >= LIKENESS * len(listing.shingles)
    }
    index = MinHashLSH(threshold=INDEX_LIKENESS, num_perm=N_PERMUTATIONS)
    sketches = MinHash.bulk(
        [sorted(listing.shingles) for listing in shared.values()], num_perm=N_PERMUTATIONS, seed=1, hashfunc=_itself
    )
    found: list[tuple[int, int]] = []
    for (row, listing), sketch in zip(shared.items(), sketches, strict=True):
        near = sorted(index.query(sketch))
        found += [(other, row) for other in near if listings[other].is_same_as(listing)]
        index.insert(row, sketch)
    return found


def _itself(shingle: int) -> int:
    """Shingles are hashes already."""
    return shingle


def _numbers(title: str) -> frozenset[str]:
    """Words with a digit in them, a comma between digits read as a point."""
    told = _WITH_POINTS.findall(title.casefold().replace(",", "."))
    return frozenset(word for word in told if any(character.isdigit() for character in word))


def _jaccard(left: frozenset[object], right: frozenset[object]) -> float:
    return len(left & right) / max(len(left | right), 1)
