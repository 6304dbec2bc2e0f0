"""Products as the makers draw them up: everything but what is left in stock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seed.catalogue.brands import HOUSES, PATTERN_LOVE, House
from seed.catalogue.dyes import colours_for, second_colour
from seed.catalogue.names import Namer
from seed.catalogue.prices import first_price, sale_price
from seed.catalogue.shelves import SHELF_KEYS
from seed.catalogue.things import THINGS, Thing
from seed.streams import pick, stream

FAMILY_SIZES = ((1, 2, 3, 4), (0.42, 0.31, 0.18, 0.09))
N_COLOURS = ((1, 2, 3), (0.45, 0.33, 0.22))
ONE_COLOUR_SHELVES = ("tea-coffee", "candles-soap", "plants")
FEWEST_PER_THING = 3
PLAIN_ONLY = ("cable",)


@dataclass(frozen=True, slots=True)
class Draft:
    """A product before it is stocked. ``pairs`` holds (colour, second colour), the first one to be shown first."""

    number: int
    name: str
    family_key: str
    thing: Thing
    house: House
    style: str
    material: str
    pattern: str
    detail: str
    pairs: tuple[tuple[str, str], ...]
    price_cents: int
    old_price_cents: int | None
    age: float

    @property
    def key(self) -> str:
        """Key of the product in every other table."""
        return f"p{self.number:05d}"


@dataclass(frozen=True, slots=True)
class Design:
    """What the members of a family share."""

    thing: Thing
    house: House
    style: str
    word: str
    base_price: float


def _quotas(n_products: int) -> list[tuple[Thing, int]]:
    """Share the number of products out among the things; a small shop sells fewer kinds of thing."""
    by_shelf = [[thing for thing in THINGS if thing.shelf == shelf] for shelf in SHELF_KEYS]
    longest = max(len(row) for row in by_shelf)
    turns = [row[place] for place in range(longest) for row in by_shelf if place < len(row)]
    things = turns[: max(len(SHELF_KEYS), n_products // FEWEST_PER_THING)]
    weights = np.array([thing.weight for thing in things])
    ends = np.rint(np.cumsum(weights) / weights.sum() * n_products).astype(int)
    return list(zip(things, np.diff(ends, prepend=0).tolist(), strict=True))


def _house_for(rng: np.random.Generator, thing: Thing) -> House:
    makers = [house for house in HOUSES if thing.shelf in house.shelves]
    return pick(rng, makers, [1.0 / (1.6 + house.shelves.index(thing.shelf)) for house in makers])


def _design(rng: np.random.Generator, thing: Thing, namer: Namer) -> Design:
    house = _house_for(rng, thing)
    style = pick(rng, house.styles, (0.75, 0.25)[: len(house.styles)])
    return Design(thing, house, style, namer.word(rng, thing), float(rng.lognormal(0.0, 0.10)))


def _pattern(rng: np.random.Generator, design: Design) -> str:
    prints = [name for name in design.thing.patterns if name != "plain"]
    return pick(rng, prints) if prints and rng.random() < PATTERN_LOVE[design.style] else "plain"


def _pairs(rng: np.random.Generator, design: Design, material: str, detail: str) -> tuple[tuple[str, str], ...]:
    colours = colours_for(design.house, design.thing.kind, material, detail)
    most = 1 if design.thing.shelf in ONE_COLOUR_SHELVES else pick(rng, *N_COLOURS)
    weights = 1.0 / np.arange(2, len(colours) + 2)
    chosen = rng.choice(len(colours), size=min(most, len(colours)), replace=False, p=weights / weights.sum())
    return tuple((colours[row], second_colour(rng, colours[row], design.house)) for row in chosen)


def _member(rng: np.random.Generator, design: Design, namer: Namer, number: int, family_key: str) -> Draft | None:
    """Draw up one product of a design; None when its name is taken."""
    thing = design.thing
    material, detail = pick(rng, thing.materials), pick(rng, thing.details)
    pattern = _pattern(rng, design)
    if pattern != "plain" and detail in PLAIN_ONLY:
        detail = "plain"
    pairs = _pairs(rng, design, material, detail)
    name = namer.name(thing, design.word, material, pattern, detail, [colour for colour, _ in pairs])
    if name is None:
        return None
    full = first_price(thing.price * design.base_price, design.house.price_level, material)
    now, before = sale_price(full, rng)
    age = float(rng.random())
    return Draft(
        number, name, family_key, thing, design.house, design.style, material, pattern, detail, pairs, now, before, age
    )


def draw_up(n_products: int, random_seed: int) -> list[Draft]:
    """Return exactly ``n_products`` products with unique names, shelf by shelf and family by family."""
    rng, namer, drafts = stream(random_seed, "catalogue"), Namer(), list[Draft]()
    for thing, quota in _quotas(n_products):
        end = len(drafts) + quota
        while len(drafts) < end:
            design = _design(rng, thing, namer)
            family_key = f"f{len(drafts) + 1:05d}"
            for _ in range(min(pick(rng, *FAMILY_SIZES), end - len(drafts))):
                draft = _member(rng, design, namer, len(drafts) + 1, family_key)
                if draft is not None:
                    drafts.append(draft)
    return drafts
