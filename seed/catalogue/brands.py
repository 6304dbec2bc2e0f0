"""The invented makers. Each has a character that shoppers respond to: price level, styles, palettes, shelves."""

from __future__ import annotations

from dataclasses import dataclass

from seed.model import SeedBrand
from seed.tables import read_table

STYLES = ("quiet", "heritage", "outdoor", "playful", "romantic", "earthy")

PALETTES: dict[str, tuple[str, ...]] = {
    "neutrals": ("chalk", "oat", "stone", "graphite", "coal", "sand", "fog"),
    "earth": ("clay", "rust", "camel", "chestnut", "olive", "brick", "walnut"),
    "sea": ("ink", "sky", "denim", "sea", "teal", "indigo", "fog"),
    "garden": ("moss", "sage", "forest", "olive", "mint", "butter"),
    "berry": ("berry", "plum", "rose", "blush", "lilac", "heather"),
    "bright": ("coral", "honey", "teal", "mustard", "indigo", "berry", "sky"),
}

PATTERN_LOVE = {
    "quiet": 0.12,
    "heritage": 0.35,
    "outdoor": 0.25,
    "playful": 0.65,
    "romantic": 0.45,
    "earthy": 0.35,
}
"""Share of a brand's things that carry a pattern, by its first style."""


@dataclass(frozen=True, slots=True)
class House:
    """A brand and the habits behind it: ``shelves`` are the keys it makes things for, the first ones most."""

    key: str
    name: str
    tagline: str
    price_level: int
    styles: tuple[str, ...]
    palettes: tuple[str, ...]
    shelves: tuple[str, ...]

    def row(self) -> SeedBrand:
        """Return what the shop stores of it."""
        return SeedBrand(self.key, self.name, self.tagline, self.price_level)


def _house(row: dict[str, str]) -> House:
    return House(
        key=row["name"].lower().replace("&", "and").replace(" ", "-"),
        name=row["name"],
        tagline=row["tagline"],
        price_level=int(row["level"]),
        styles=tuple(row["styles"].split()),
        palettes=tuple(row["palettes"].split()),
        shelves=tuple(row["shelves"].split()),
    )


HOUSES: tuple[House, ...] = tuple(_house(row) for row in read_table("catalogue/brands.csv"))
