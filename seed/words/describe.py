"""Descriptions: phrases from the phrase books, chosen by what the product is and joined into a paragraph."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seed.catalogue.shelves import SHELVES
from seed.tables import read_phrases

ORDERS: tuple[tuple[str, ...], ...] = (
    ("opening", "cut", "material", "detail", "pattern", "place", "care"),
    ("opening", "material", "cut", "pattern", "detail", "place", "care"),
    ("cut", "pattern", "material", "detail", "place", "care"),
    ("material", "cut", "detail", "pattern", "opening", "care"),
    ("opening", "cut", "detail", "pattern", "material", "care"),
    ("cut", "material", "pattern", "detail", "place", "care"),
    ("opening", "pattern", "cut", "detail", "place", "material", "care"),
)

ARTICLE = re.compile(r"\b([Aa]) (?=(?!one\b|uni|use|eu)[aeiouAEIOU])")
EITHER = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a description has to know about its product."""

    brand: str
    style: str
    shelf: str
    kind: str
    cut: str
    noun: str
    plural: bool
    colour: str
    second: str
    pattern: str
    material: str
    detail: str
    one_colour: bool = True


def fill(phrase: str, subject: Subject) -> str:
    """Put a product's words into a phrase and settle number and article.

    ``{noun}``, ``{brand}``, ``{colour}`` and ``{second}`` are replaced; of ``[one|many]`` the form that agrees with the
    noun stays; "a" becomes "an" before a vowel; the sentence begins with a capital.
    """
    text = EITHER.sub(lambda found: found.group(2 if subject.plural else 1), phrase)
    text = text.replace("{noun}", subject.noun).replace("{brand}", subject.brand)
    text = text.replace("{colour}", subject.colour).replace("{second}", subject.second)
    text = ARTICLE.sub(r"\1n ", " ".join(text.split()))
    return text[0].upper() + text[1:]


def usable(pool: Sequence[str], subject: Subject) -> Sequence[str]:
    """Return the phrases that hold for every variant: none that names a colour when there are several."""
    if subject.one_colour:
        return pool
    return [phrase for phrase in pool if "{colour}" not in phrase and "{second}" not in phrase]


def _first_found(book: dict[str, tuple[str, ...]], *keys: str) -> Sequence[str]:
    return next((book[key] for key in keys if key in book), ())


def _openings(subject: Subject) -> Sequence[str]:
    to_wear = SHELVES[subject.shelf][0] not in ("home", "table")
    return read_phrases("words/openings.txt" if to_wear else "words/openings_home.txt")[subject.style]


POOLS: dict[str, Callable[[Subject], Sequence[str]]] = {
    "opening": _openings,
    "cut": lambda it: read_phrases("words/cuts.txt")[f"{it.kind}/{it.cut}"],
    "material": lambda it: _first_found(read_phrases("words/materials.txt"), f"{it.kind}/{it.material}", it.material),
    "detail": lambda it: _first_found(read_phrases("words/details.txt"), f"{it.kind}/{it.detail}"),
    "pattern": lambda it: _first_found(read_phrases("words/patterns.txt"), it.pattern),
    "place": lambda it: read_phrases("words/places.txt")[it.shelf],
    "care": lambda it: _first_found(read_phrases("words/care.txt"), it.kind, it.material),
}


def describe(subject: Subject, rng: np.random.Generator) -> str:
    """Write the paragraph that stands beside the product's picture.

    Every part that the product has something to say about (cut, cloth, detail, pattern, where it belongs, care) gives
    one sentence; the order of the parts and the wording vary.
    """
    draws = rng.random(8)
    order = ORDERS[int(draws[7] * len(ORDERS))]
    sentences = []
    for part, draw in zip(order, draws, strict=False):
        if pool := usable(POOLS[part](subject), subject):
            sentences.append(fill(pool[int(draw * len(pool))], subject))
    return " ".join(sentences)
