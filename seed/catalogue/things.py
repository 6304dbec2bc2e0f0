"""The types of thing on each shelf: noun, drawing, price, sizes, season. One row of the table is one silhouette."""

from __future__ import annotations

from dataclasses import dataclass

from seed.tables import read_table

SizeRun = tuple[str, tuple[tuple[str, float], ...]]

SIZE_RUNS: dict[str, SizeRun] = {
    "letters": ("Size", (("XS", 1.0), ("S", 1.0), ("M", 1.0), ("L", 1.0), ("XL", 1.0))),
    "waist": ("Waist", (("28", 1.0), ("30", 1.0), ("32", 1.0), ("34", 1.0), ("36", 1.0))),
    "feet": ("Size", tuple((str(size), 1.0) for size in range(37, 46))),
    "socks": ("Size", (("36-40", 1.0), ("41-46", 1.0))),
    "heads": ("Size", (("S/M", 1.0), ("L/XL", 1.0))),
    "squares": ("Size", (("40 x 40 cm", 1.0), ("50 x 50 cm", 1.3))),
    "cups": ("Volume", (("250 ml", 1.0), ("350 ml", 1.2))),
    "leaves": ("Weight", (("100 g", 1.0), ("250 g", 2.1))),
    "beans": ("Weight", (("250 g", 1.0), ("1 kg", 3.4))),
    "wax": ("Weight", (("180 g", 1.0), ("400 g", 1.8))),
    "lotions": ("Volume", (("250 ml", 1.0), ("500 ml", 1.7))),
    "paper": ("Format", (("A5", 1.0), ("A6", 0.8))),
    "one": ("", ()),
}
"""Name of the option and, for each value, its price relative to the typical one."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A silhouette for sale.

    Attributes
    ----------
    price : int
        Typical price in whole euros at brand level 3.
    sizes : str
        Key of :data:`SIZE_RUNS`.
    season : str
        Key of ``seed.shoppers.calendar.SEASONS``: when it is looked for.
    plural : bool
        Whether the noun takes "are" ("trousers").
    weight : float
        Share of the catalogue, relative to 1.
    """

    shelf: str
    kind: str
    cut: str
    noun: str
    price: int
    materials: tuple[str, ...]
    patterns: tuple[str, ...]
    details: tuple[str, ...]
    sizes: str
    season: str
    plural: bool
    weight: float


def _thing(row: dict[str, str]) -> Thing:
    return Thing(
        shelf=row["shelf"],
        kind=row["kind"],
        cut=row["cut"],
        noun=row["noun"],
        price=int(row["price"]),
        materials=tuple(row["materials"].split(", ")),
        patterns=tuple(row["patterns"].split()),
        details=tuple(row["details"].split()),
        sizes=row["sizes"],
        season=row["season"],
        plural=row["plural"] == "1",
        weight=float(row["weight"]),
    )


THINGS: tuple[Thing, ...] = tuple(_thing(row) for row in read_table("catalogue/things.csv"))
