"""Prices as shops write them, in cents."""

from __future__ import annotations

import numpy as np

LEVEL_FACTOR = {1: 0.62, 2: 0.82, 3: 1.0, 4: 1.32, 5: 1.85}
MATERIAL_FACTOR = {
    "cashmere": 1.9,
    "silk": 1.45,
    "alpaca": 1.3,
    "down": 1.3,
    "leather": 1.22,
    "titanium": 1.25,
    "brass": 1.15,
    "suede": 1.15,
    "velvet": 1.15,
    "oak": 1.15,
    "merino": 1.1,
    "wool": 1.1,
    "porcelain": 1.15,
    "organic cotton": 1.05,
    "linen": 1.08,
    "tinplate": 1.05,
    "recycled plastic": 0.85,
    "paper": 0.9,
}
SALE_SHARE = 0.14
SALE_STEPS = (0.85, 0.8, 0.75, 0.7, 0.6)


def rounded(euros: float) -> int:
    """Round to a price tag: to 50 cents below 20 euros, to whole euros below 100, to five above."""
    if euros < 20:
        return max(round(euros * 2) * 50, 100)
    return round(euros) * 100 if euros < 100 else round(euros / 5) * 500


def first_price(euros: float, level: int, material: str) -> int:
    """Return the full price in cents of a thing of typical price ``euros`` by a maker of this level."""
    return rounded(euros * LEVEL_FACTOR[level] * MATERIAL_FACTOR.get(material, 1.0))


def sale_price(full: int, rng: np.random.Generator) -> tuple[int, int | None]:
    """Return today's price and, for the share that is on sale, the old one above it."""
    chance, depth = rng.random(2)
    if chance >= SALE_SHARE:
        return full, None
    reduced = rounded(full / 100 * SALE_STEPS[int(depth * len(SALE_STEPS))])
    return (reduced, full) if reduced < full else (full, None)
