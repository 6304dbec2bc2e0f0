"""Names like those of a real catalogue: "Alder corduroy overshirt, moss"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from seed.catalogue.things import Thing
from seed.streams import pick
from seed.tables import read_phrases

PATTERN_WORDS = {
    "stripe": "striped",
    "check": "checked",
    "dot": "dotted",
    "leaf": "leaf-print",
    "wave": "wave-print",
    "block": "two-tone",
}
FLAVOURS = {"tin": "flavours: tea", "coffee": "flavours: coffee", "candle": "scent", "soap": "scent", "bottle": "scent"}
UNNAMED_MATERIALS = (
    "cotton,organic cotton,jersey,viscose,lyocell,nylon,down,mesh,rubber,acetate,aluminium,concrete,paper,cloth,card"
)
TIRED_OF_LOOKING = 40


def slug_of(text: str) -> str:
    """Return the text in lower-case ASCII letters and digits joined by single hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def noun_of(thing: Thing, detail: str) -> str:
    """Return the thing's noun; tinted glasses are sunglasses."""
    if thing.kind == "glasses" and detail == "tinted":
        return thing.noun.replace(" glasses", " sunglasses")
    return thing.noun


class Namer:
    """Gives out names and remembers which are taken."""

    def __init__(self) -> None:
        self._words: set[tuple[str, str]] = set()
        self._slugs: set[str] = set()

    def word(self, rng: np.random.Generator, thing: Thing) -> str:
        """Return a design's name that no other design of the same noun carries: one word, or two when words run out."""
        book = read_phrases("words/names.txt")
        words = book[FLAVOURS.get(thing.kind, "designs")]
        for attempt in range(TIRED_OF_LOOKING):
            word = pick(rng, words)
            if attempt > 3:
                other = pick(rng, words)
                word = f"{word} & {other}" if other != word else word
            if (word, thing.noun) not in self._words:
                break
        self._words.add((word, thing.noun))
        return word

    def name(
        self, thing: Thing, word: str, material: str, pattern: str, detail: str, colours: Sequence[str]
    ) -> str | None:
        """Return a free name for a product, or None when every way to say it is taken."""
        base = self._base(thing, word, material, pattern, detail)
        endings = [f", {colours[0]}"] if len(colours) == 1 else ["", f", {' and '.join(colours[:2])}"]
        if thing.kind in FLAVOURS:
            endings = [""]
        for ending in endings:
            name = base + ending
            if (slug := slug_of(name)) not in self._slugs:
                self._slugs.add(slug)
                return name
        return None

    @staticmethod
    def _base(thing: Thing, word: str, material: str, pattern: str, detail: str) -> str:
        noun = noun_of(thing, detail)
        if thing.kind == "plant":
            name = noun.replace("a pot", f"a {word} pot")
            return name[0].upper() + name[1:]
        if thing.kind in FLAVOURS:
            return f"{word} {noun}"
        words = [PATTERN_WORDS.get(pattern, ""), "" if material in UNNAMED_MATERIALS else material]
        return " ".join(part for part in (word, *words, noun) if part)
