"""Lists with filters: every state of one is an address."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask_babel import format_currency, ngettext
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.formatting import major_units
from webapp.store.catalogue import slugify
from webapp.store.listings import RATING_STEPS, FacetCounts
from webapp.store.rows import CategoryRow
from webapp.viewbuilders.labels import attribute_label

MAX_ATTRIBUTES = 5
OPEN_ATTRIBUTES = 2
MAX_VALUES = 24
MAX_PAGE = 10_000
ATTRIBUTE_PREFIX = "f-"
SIZES = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL")
LEADING_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
GAP = vm.PageLink("…")


@dataclass(frozen=True)
class Asked:
    """A list as its address asks for it; values are what was typed, cleaned."""

    path: str
    query: str = ""
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    rating: int | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_from: str = ""
    price_to: str = ""
    in_stock: bool = False
    sort: str = ""
    page: int = 1
    order: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        """Return the query parameters of this state."""
        pairs = [("q", self.query)] if self.query else []
        pairs += [("category", value) for value in self.categories]
        pairs += [("brand", value) for value in self.brands]
        pairs += [("rating", str(self.rating))] if self.rating else []
        pairs += [(ATTRIBUTE_PREFIX + name, value) for name, values in self.attributes.items() for value in values]
        pairs += [("price_from", self.price_from)] if self.price_from else []
        pairs += [("price_to", self.price_to)] if self.price_to else []
        pairs += [("in_stock", "1")] if self.in_stock else []
        pairs += [("sort", self.sort)] if self.sort else []
        pairs += [("order", self.order)] if self.order else []
        return pairs + ([("page", str(self.page))] if self.page > 1 else [])

    def url(self, **changes: Any) -> str:
        """Return the address of this state with changes; any change but of the page begins at the first page."""
        pairs = replace(self, **({"page": 1} | changes)).pairs()
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is in force."""
        chosen = (self.categories, self.brands, self.rating, self.attributes, self.price_from, self.price_to)
        return any(chosen) or self.in_stock

    @property
    def is_plain_search(self) -> bool:
        """Whether the first page of a search is asked for as it comes: what stands first is the answer to the words."""
        return bool(self.query) and not self.is_filtered and not self.sort and self.page == 1


def facets(
    asked: Asked, counts: FacetCounts, tree: Sequence[CategoryRow], names: Mapping[str, str]
) -> tuple[vm.Facet, ...]:
    """Build the tick boxes with their exact counts.

    Parameters
    ----------
    names : mapping
        Attribute names by the slug that stands in the address.
    """
    found = [_category_facet(asked, counts, tree), _brand_facet(asked, counts), _rating_facet(asked, counts)]
    found += _attribute_facets(asked, counts, names)
    return tuple(facet for facet in found if len(facet.values) > 1 or any(value.is_selected for value in facet.values))


def _category_facet(asked: Asked, counts: FacetCounts, tree: Sequence[CategoryRow]) -> vm.Facet:
    values = [
        vm.FacetValue(row.slug, row.name, counts.categories.get(row.category_id, 0), row.slug in asked.categories)
        for row in tree
    ]
    return vm.Facet("category", _("Shelf"), _shown(values))


def _brand_facet(asked: Asked, counts: FacetCounts) -> vm.Facet:
    values = [vm.FacetValue(slug, name, n, slug in asked.brands) for slug, (name, n) in counts.brands.items()]
    known = {value.value for value in values}
    values += [vm.FacetValue(slug, slug, 0, True) for slug in asked.brands if slug not in known]
    return vm.Facet("brand", _("Brand"), _shown(values))


def _rating_facet(asked: Asked, counts: FacetCounts) -> vm.Facet:
    values = tuple(
        vm.FacetValue(
            str(stars), _("%(n)s stars and more", n=stars), counts.ratings.get(stars, 0), stars == asked.rating
        )
        for stars in RATING_STEPS
        if counts.ratings.get(stars) or stars == asked.rating
    )
    return vm.Facet("rating", _("Rating"), values)


def _attribute_facets(asked: Asked, counts: FacetCounts, names: Mapping[str, str]) -> list[vm.Facet]:
    chosen = {names.get(slug, slug): values for slug, values in asked.attributes.items()}
    sizes = {name: sum(values.values()) for name, values in counts.attributes.items()}
    ranked = sorted(sizes, key=lambda name: (name not in chosen, -sizes[name], name))
    found: list[vm.Facet] = []
    for name in [*ranked, *(name for name in chosen if name not in sizes)]:
        by_value, picked = counts.attributes.get(name, {}), chosen.get(name, ())
        values = [vm.FacetValue(value, value, n, value in picked) for value, n in by_value.items()]
        values += [vm.FacetValue(value, value, 0, True) for value in picked if value not in by_value]
        if picked or 1 < len(values) <= MAX_VALUES:
            is_open = bool(picked) or len(found) < OPEN_ATTRIBUTES
            found.append(
                vm.Facet(ATTRIBUTE_PREFIX + slugify(name), attribute_label(name), _by_size(_shown(values)), is_open)
            )
    return found[:MAX_ATTRIBUTES]


def _shown(values: Sequence[vm.FacetValue]) -> tuple[vm.FacetValue, ...]:
    """Leave out values nothing is behind, unless they are ticked; the fullest first."""
    kept = [value for value in values if value.count or value.is_selected]
    return tuple(sorted(kept, key=lambda value: (-value.is_selected, -value.count, value.label))[:MAX_VALUES])


def _by_size(values: tuple[vm.FacetValue, ...]) -> tuple[vm.FacetValue, ...]:
    """Put sizes, in letters or in numbers, from small to large; other values stay as they are."""
    if all(value.label.upper() in SIZES for value in values):
        return tuple(sorted(values, key=lambda value: SIZES.index(value.label.upper())))
    if all(LEADING_NUMBER.match(value.label) for value in values):
        return tuple(sorted(values, key=lambda value: (_leading_number(value.label), value.label)))
    return values


def _leading_number(label: str) -> float:
    found = LEADING_NUMBER.match(label)
    return float(found[0]) if found else math.inf


def price_range(asked: Asked, counts: FacetCounts, currency: str) -> vm.PriceRange | None:
    """Build the price filter with the bounds of the result."""
    if not counts.highest_cents and not (asked.price_from or asked.price_to):
        return None
    lowest = math.floor(major_units(counts.lowest_cents, currency))
    highest = math.ceil(major_units(counts.highest_cents, currency))
    return vm.PriceRange(lowest, highest, currency, asked.price_from, asked.price_to)


def chips(asked: Asked, shown: Sequence[vm.Facet], currency: str) -> tuple[vm.Chip, ...]:
    """Build one chip per filter in force, each with the address without it."""
    return tuple(chip for _name, chip in _named_chips(asked, shown, currency))


def drops(asked: Asked, shown: Sequence[vm.Facet], counts: FacetCounts, currency: str) -> tuple[vm.Suggestion, ...]:
    """Offer to drop one filter in force, with what that yields where the filter holds one value alone.

    What would be empty again is left out, unless all would.
    """
    found = _named_chips(asked, shown, currency)
    n_values = Counter(name for name, _chip in found)
    yields = {_address_name(name): n for name, n in counts.without.items()}
    offered = [
        vm.Suggestion(
            _("without “%(label)s”", label=chip.label),
            chip.remove_url,
            yields.get(name) if n_values[name] == 1 else None,
        )
        for name, chip in found
    ]
    return tuple([way for way in offered if way.count != 0] or offered)


def _address_name(condition: str) -> str:
    """Return the name in the address of a filter of the store."""
    is_attribute = condition.startswith("f.")
    return ATTRIBUTE_PREFIX + slugify(condition.removeprefix("f.")) if is_attribute else condition


def _named_chips(asked: Asked, shown: Sequence[vm.Facet], currency: str) -> list[tuple[str, vm.Chip]]:
    found = [
        (facet.name, vm.Chip(value.label, _without(asked, facet.name, value.value)))
        for facet in shown
        for value in facet.values
        if value.is_selected
    ]
    if asked.price_from:
        label = _("from %(amount)s", amount=format_currency(int(asked.price_from), currency))
        found += [("price", vm.Chip(label, asked.url(price_from="")))]
    if asked.price_to:
        label = _("up to %(amount)s", amount=format_currency(int(asked.price_to), currency))
        found += [("price", vm.Chip(label, asked.url(price_to="")))]
    if asked.in_stock:
        found += [("stock", vm.Chip(_("in stock"), asked.url(in_stock=False)))]
    return found


def _without(asked: Asked, name: str, value: str) -> str:
    if name == "category":
        return asked.url(categories=tuple(other for other in asked.categories if other != value))
    if name == "brand":
        return asked.url(brands=tuple(other for other in asked.brands if other != value))
    if name == "rating":
        return asked.url(rating=None)
    slug = name.removeprefix(ATTRIBUTE_PREFIX)
    rest = tuple(other for other in asked.attributes.get(slug, ()) if other != value)
    others = {key: values for key, values in asked.attributes.items() if key != slug}
    return asked.url(attributes=others | ({slug: rest} if rest else {}))


def pagination(
    path: str, parameters: Mapping[str, str], page: int, size: int, total: int, *, anchor: str = ""
) -> vm.Pagination | None:
    """Build numbered pages; None when everything fits on one."""
    n_pages = math.ceil(total / size)
    if n_pages <= 1:
        return None

    def url(number: int) -> str:
        pairs = [(name, value) for name, value in parameters.items() if value]
        pairs += [("page", str(number))] if number > 1 else []
        return f"{path}?{urlencode(pairs)}{anchor}" if pairs else path + anchor

    return _pages(page, n_pages, size, total, url)


def page_shown(page: int, size: int, total: int) -> int:
    """Return the page asked for, or the last one there is."""
    return max(1, min(page, math.ceil(total / size)))


def pages_of(asked: Asked, size: int, total: int) -> vm.Pagination | None:
    """Build the numbered pages of a list."""
    n_pages = math.ceil(total / size)
    return _pages(asked.page, n_pages, size, total, lambda number: asked.url(page=number)) if n_pages > 1 else None


def _pages(page: int, n_pages: int, size: int, total: int, url: Any) -> vm.Pagination:
    page = min(page, n_pages)
    shown = sorted({1, n_pages, *range(max(1, page - 1), min(n_pages, page + 1) + 1)})
    links: list[vm.PageLink] = []
    before = 0
    for number in shown:
        if number - before > 1:
            links.append(GAP)
        links.append(vm.PageLink(str(number), url(number), number == page))
        before = number
    return vm.Pagination(
        total,
        (page - 1) * size + 1,
        min(page * size, total),
        url(page - 1) if page > 1 else "",
        url(page + 1) if page < n_pages else "",
        tuple(links),
    )


def found_sentence(total: int, query: str) -> str:
    """Say how much was found."""
    return ngettext("One thing for “%(query)s”", "%(num)s things for “%(query)s”", total, query=query)
