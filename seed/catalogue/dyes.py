"""Which colours a maker can give a material, and which second colour goes with a first."""

from __future__ import annotations

import numpy as np

from seed.catalogue.brands import PALETTES, House
from seed.pictures.colours import COLOURS
from seed.streams import pick

WOODS = ("camel", "honey", "sand", "walnut", "chestnut", "oat", "coal")
HIDES = ("camel", "chestnut", "walnut", "coal", "oat", "forest", "ink", "berry", "graphite", "olive", "rust", "chalk")
METALS = ("graphite", "fog", "stone", "camel", "coal", "honey")

MATERIAL_COLOURS: dict[str, tuple[str, ...]] = {
    "leather": HIDES,
    "suede": HIDES,
    "denim": ("denim", "indigo", "ink", "coal", "chalk", "sky"),
    "straw": ("sand", "oat", "camel", "honey"),
    "terracotta": ("clay", "rust", "brick", "sand", "chalk", "coral"),
    "concrete": ("stone", "fog", "graphite", "chalk", "sand"),
    "oak": WOODS,
    "ash": WOODS,
    "beech": WOODS,
    "beeswax": ("honey", "butter", "mustard", "camel"),
    "soy wax": ("chalk", "oat", "blush", "sage", "fog", "sand", "butter", "rose", "lilac", "mint"),
    "olive oil soap": ("chalk", "oat", "butter", "sage", "mint", "blush", "honey", "sand", "lilac", "clay", "rose"),
    "kraft paper": ("camel", "sand", "clay", "oat", "honey"),
    "acetate": ("chestnut", "walnut", "coal", "honey", "forest", "berry", "ink", "blush", "camel", "fog", "rust"),
    "glass": ("sea", "sky", "sage", "honey", "rose", "fog", "lilac", "forest", "chestnut", "chalk", "blush"),
}
KIND_COLOURS: dict[tuple[str, str], tuple[str, ...]] = {
    ("glasses", "titanium"): METALS,
    ("glasses", "steel"): METALS,
    ("bottle", "glass"): ("chestnut", "forest", "sea", "fog", "walnut", "ink"),
    ("watch", "leather"): HIDES,
    ("watch", "mesh"): ("stone", "fog", "graphite", "camel", "coal", "honey"),
}


def colours_for(house: House, kind: str, material: str, detail: str) -> list[str]:
    """Return the colours a maker would offer, its favourite palette first; never empty."""
    own = [colour for palette in house.palettes for colour in PALETTES[palette]]
    allowed = KIND_COLOURS.get((kind, detail)) or KIND_COLOURS.get((kind, material)) or MATERIAL_COLOURS.get(material)
    if allowed is None:
        return list(dict.fromkeys(own))
    shared = [colour for colour in dict.fromkeys(own) if colour in allowed]
    return shared if len(shared) > 1 else shared + [colour for colour in allowed if colour not in shared]


def distance(first: str, second: str) -> float:
    """Return how far two named colours are apart to the eye: 0 for the same, about 0.7 for ink and chalk."""
    (light_a, chroma_a, hue_a), (light_b, chroma_b, hue_b) = COLOURS[first], COLOURS[second]
    turn = np.deg2rad(hue_a - hue_b)
    around = chroma_a**2 + chroma_b**2 - 2 * chroma_a * chroma_b * np.cos(turn)
    return float(np.sqrt((light_a - light_b) ** 2 + around))


def second_colour(rng: np.random.Generator, colour: str, house: House) -> str:
    """Draw a partner for ``colour``: from the maker's own palettes or chalk, oat and ink, far enough to be seen."""
    own = [name for palette in house.palettes for name in PALETTES[palette]]
    choices = sorted({*own, "chalk", "oat", "ink"} - {colour})
    seen = [name for name in choices if distance(colour, name) > 0.2] or ["chalk" if colour != "chalk" else "ink"]
    return pick(rng, seen, [min(distance(colour, name), 0.45) for name in seen])
