"""From drafts to the rows of the catalogue: variants, sku, stock, attributes, description."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from seed.catalogue.drafts import Draft
from seed.catalogue.names import noun_of, slug_of
from seed.catalogue.things import SIZE_RUNS
from seed.model import CURRENCY, SeedProduct, SeedVariant
from seed.pictures.spec import PictureSpec
from seed.streams import stream
from seed.words.describe import Subject, describe

SIZE_CURVE = {"XS": 0.6, "S": 1.0, "M": 1.3, "L": 1.1, "XL": 0.7}
SOLD_OUT_PRODUCTS, SOLD_OUT_SKUS, LAST_ONES = 0.03, 0.07, 0.12
LOT = 6


def subject_of(draft: Draft) -> Subject:
    """Return what texts about a product have to know."""
    colour, second = draft.pairs[0]
    return Subject(
        brand=draft.house.name,
        style=draft.style,
        shelf=draft.thing.shelf,
        kind=draft.thing.kind,
        cut=draft.thing.cut,
        noun=noun_of(draft.thing, draft.detail),
        plural=draft.thing.plural,
        colour=colour,
        second=second,
        pattern=draft.pattern,
        material=draft.material,
        detail=draft.detail,
        one_colour=len(draft.pairs) == 1,
    )


def sku_rows(draft: Draft) -> list[tuple[str, int, str, float]]:
    """Return (sku, row of the colour pair, size, price factor) of every variant, colour by colour."""
    _, values = SIZE_RUNS[draft.thing.sizes]
    head = f"{draft.thing.kind[:2].upper()}{draft.number:05d}"
    rows = []
    for row, (colour, _) in enumerate(draft.pairs):
        for size, factor in values or (("", 1.0),):
            tail = slug_of(size).upper().replace("-", "")
            rows.append((f"{head}-{colour[:3].upper()}" + (f"-{tail}" if tail else ""), row, size, factor))
    return rows


def price_of(draft: Draft, factor: float) -> int:
    """Return today's price of a size in cents; a size that costs the same as the first keeps its price to the cent."""
    return draft.price_cents if factor == 1.0 else max(round(draft.price_cents * factor / 50) * 50, 50)


def attributes_of(draft: Draft) -> dict[str, str]:
    """Return the facts a shopper may filter by; several colours are joined by "|"."""
    facts = {
        "type": noun_of(draft.thing, draft.detail),
        "colour": "|".join(colour for colour, _ in draft.pairs),
        "second_colour": "|".join(second for _, second in draft.pairs) if shows_second(draft) else "",
        "pattern": draft.pattern,
        "material": draft.material,
        "style": draft.style,
        "cut": draft.thing.cut.replace("-", " "),
        "detail": "" if draft.detail == "plain" else draft.detail.replace("-", " "),
        "season": "" if draft.thing.season in ("even", "gift", "school", "newyear") else draft.thing.season,
    }
    return {name: value for name, value in facts.items() if value}


def shows_second(draft: Draft) -> bool:
    """Tell whether the second colour can be seen: in a pattern, a trim, a dial."""
    trims = {"ringer", "heel-tab", "side-stripe", "heel", "border", "band", "pompom", "dipped", "elastic", "piping"}
    trims |= {"straps", "tassels", "pull-tab", "label"}
    return draft.pattern != "plain" or draft.detail in trims or draft.thing.kind == "watch"


def _stock(rng: np.random.Generator, draft: Draft, sold: Counter[str]) -> list[int]:
    """Return what is left of each sku: deliveries come in lots and always covered what was sold."""
    rows = sku_rows(draft)
    empty, low, extra = rng.random(len(rows)), rng.random(len(rows)), rng.gamma(1.4, 9.0, len(rows))
    gone = rng.random() < SOLD_OUT_PRODUCTS
    stock = []
    for place, (sku, _, size, _) in enumerate(rows):
        delivered = -(-(sold[sku] + int(extra[place] * SIZE_CURVE.get(size, 1.0)) + 1) // LOT) * LOT
        left = delivered - sold[sku]
        if low[place] < LAST_ONES:
            left = min(left, 1 + int(low[place] / LAST_ONES * 3))
        stock.append(0 if gone or empty[place] < SOLD_OUT_SKUS else left)
    return stock


def _picture(draft: Draft, row: int) -> PictureSpec:
    colour, second = draft.pairs[row]
    return PictureSpec(draft.thing.kind, draft.thing.cut, colour, second, draft.pattern, draft.material, draft.detail)


def _variants(draft: Draft, stock: Sequence[int]) -> tuple[SeedVariant, ...]:
    option, _ = SIZE_RUNS[draft.thing.sizes]
    pictures = [_picture(draft, row) for row in range(len(draft.pairs))]
    variants = []
    for (sku, row, size, factor), left in zip(sku_rows(draft), stock, strict=True):
        colour = draft.pairs[row][0]
        options = {"Colour": colour} | ({option: size} if size else {})
        name = f"{colour}, {size}" if size else colour
        variants.append(SeedVariant(sku, name, options, price_of(draft, factor), left, pictures[row]))
    return tuple(variants)


def make_products(
    drafts: Sequence[Draft], born: Sequence[int], sold: Counter[str], random_seed: int
) -> list[SeedProduct]:
    """Write the catalogue.

    Parameters
    ----------
    drafts : sequence of Draft
    born : sequence of int
        UTC seconds at which each came into the shop.
    sold : Counter
        Pieces sold of each sku so far; the stock is what deliveries left over.
    random_seed : int
    """
    rng, words = stream(random_seed, "stock"), stream(random_seed, "descriptions")
    products = []
    for draft, at in zip(drafts, born, strict=True):
        variants = _variants(draft, _stock(rng, draft, sold))
        lowest = min(variant.price_cents for variant in variants)
        scale = lowest / draft.price_cents
        products.append(
            SeedProduct(
                key=draft.key,
                slug=slug_of(draft.name),
                name=draft.name,
                brand_key=draft.house.key,
                category_key=draft.thing.shelf,
                description=describe(subject_of(draft), words),
                price_cents=lowest,
                old_price_cents=None if draft.old_price_cents is None else round(draft.old_price_cents * scale),
                currency=CURRENCY,
                attributes=attributes_of(draft),
                created_at=datetime.fromtimestamp(at, UTC),
                variants=variants,
                family_key=draft.family_key,
            )
        )
    return products
