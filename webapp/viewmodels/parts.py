"""The parts every page is made of: pictures, prices, cards, rails, navigation, notices and form state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PERSONAL_KINDS = frozenset({"buy_again", "recently_viewed"})
FEW_LEFT = 5

NoticeKind = Literal["success", "info", "warning", "error"]
Theme = Literal["auto", "light", "dark"]
Undecided = Literal["", "asked", "browser"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in the widths that exist of it; ``sources`` holds (width in pixels, URL), narrowest first."""

    src: str
    alt: str
    width: int = 640
    height: int = 800
    sources: tuple[tuple[int, str], ...] = ()

    @property
    def srcset(self) -> str:
        """The value of the ``srcset`` attribute; empty when there is one width only."""
        return ", ".join(f"{url} {width}w" for width, url in self.sources)


@dataclass(frozen=True, slots=True)
class Price:
    """A price in minor units; ``old_cents`` is the earlier, higher price of an article on sale.

    ``is_from`` says that it is the lowest of several prices.
    """

    cents: int
    currency: str = "EUR"
    old_cents: int | None = None
    is_from: bool = False

    @property
    def is_sale(self) -> bool:
        """Whether the earlier price is above the present one."""
        return self.old_cents is not None and self.old_cents > self.cents

    @property
    def percent_off(self) -> int:
        """Whole percent saved against the earlier price, 0 when not on sale."""
        return round(100 * (1 - self.cents / self.old_cents)) if self.is_sale and self.old_cents else 0


@dataclass(frozen=True, slots=True)
class Rating:
    """Average stars (1-5) and how many people gave them; a product nobody rated has ``None`` instead."""

    average: float
    count: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a product is shown: a kind of the recommender, the signal it names and that signal's share (0-1).

    ``kind`` is one of because_viewed, because_clicked, because_cart, because_wishlist, because_bought, because_rated,
    because_searched (which has ``words``), because_history, popular, trending, popular_in_category, similar, goes_with,
    buy_again, recently_viewed, new, rated_well, explore (left to chance) and explore_new (left to chance, and new).
    The product fields are the named signal's, empty when the reason names none.
    """

    kind: str
    share: float = 0.0
    product_id: int | None = None
    product_name: str = ""
    product_slug: str = ""
    stars: int = 0
    category: str = ""
    words: str = ""
    search_id: int | None = None

    @property
    def is_personal(self) -> bool:
        """Whether the reason rests on something this visitor did."""
        return self.kind.startswith("because_") or self.kind in PERSONAL_KINDS

    @property
    def percent(self) -> int:
        """The share in whole percent."""
        return round(100 * self.share)


@dataclass(frozen=True, slots=True)
class Card:
    """One product in a grid or rail."""

    product_id: int
    slug: str
    name: str
    price: Price
    picture: Picture | None = None
    brand: str = ""
    rating: Rating | None = None
    reasons: tuple[Reason, ...] = ()
    in_stock: bool = True
    is_wished: bool = False
    your_stars: int = 0
    is_new: bool = False
    is_sponsored: bool = False
    n_colours: int = 1
    variant_id: int | None = None
    rank: int = 0
    source: str = ""
    propensity: float = 1.0

    @property
    def reason(self) -> Reason | None:
        """The strongest reason, or ``None``."""
        return self.reasons[0] if self.reasons else None


@dataclass(frozen=True, slots=True)
class Rail:
    """A row of cards under one true sentence.

    With ``reason`` the heading is built from it and the named product becomes a link; else ``title`` is shown as it is.
    ``key`` is unique on the page and names the rail in events ("for_you", "similar", "goes_with", ...).
    ``strategy`` and ``model_version`` tell what made it; no model made what has no version.
    """

    key: str
    title: str
    cards: tuple[Card, ...] = ()
    reason: Reason | None = None
    note: str = ""
    see_all_url: str = ""
    request_id: str = ""
    context: str = "home"
    is_personal: bool = False
    strategy: str = ""
    model_version: str = ""


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the page itself is last and has no URL."""

    label: str
    url: str = ""


MOST_IN_THE_HEADER = 8  # one line of a wide window; the drawer has more


@dataclass(frozen=True, slots=True)
class NavCategory:
    """A category of the navigation with its children; ``has_more`` where a menu names only some of them."""

    slug: str
    name: str
    n_products: int = 0
    picture: Picture | None = None
    children: tuple[NavCategory, ...] = ()
    is_current: bool = False
    has_more: bool = False


def biggest(categories: tuple[NavCategory, ...], most: int) -> tuple[NavCategory, ...]:
    """Return the categories with most products, the present one among them, in the order of all."""
    ranked = sorted(categories, key=lambda category: (category.is_current, category.n_products), reverse=True)
    named = {category.slug for category in ranked[:most]}
    return tuple(category for category in categories if category.slug in named)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at the page; a guest has an empty name."""

    name: str = ""
    email: str = ""
    is_signed_in: bool = False
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A message about what has just happened, shown once; ``undo_product_id`` adds an undo button for a dismissal."""

    text: str
    kind: NoticeKind = "info"
    undo_product_id: int | None = None


@dataclass(frozen=True, slots=True)
class Language:
    """A language the shop speaks, named in itself."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Chrome:
    """What the frame of every page needs: the template variable ``chrome``, filled by a context processor.

    ``named_language`` is the language that the address itself asks for, if it does. ``nav`` is the menu of categories;
    ``has_more_shelves`` where it names only some of the upper ones. ``undecided`` says why picks are off that nobody
    switched off: the visitor is ``asked``, or the ``browser`` has said no for them.
    """

    shop_name: str = "Kindred"
    tagline: str = ""
    locale: str = "en"
    languages: tuple[Language, ...] = ()
    named_language: str = ""
    theme: Theme = "auto"
    nav: tuple[NavCategory, ...] = ()
    has_more_shelves: bool = False
    visitor: Visitor = Visitor()
    n_cart: int = 0
    n_wishlist: int = 0
    notices: tuple[Notice, ...] = ()
    query: str = ""
    next_url: str = "/"
    is_demo: bool = False
    is_personalised: bool = True
    undecided: Undecided = ""

    @property
    def line_of_shelves(self) -> tuple[NavCategory, ...]:
        """The categories that the header names: the biggest ones and the present one, in the order of all."""
        return biggest(self.nav, MOST_IN_THE_HEADER)


@dataclass(frozen=True, slots=True)
class PageMeta:
    """What a page says of itself to browsers and search engines; ``json_ld`` holds whole JSON-LD objects."""

    title: str
    description: str = ""
    canonical: str = ""
    og_type: str = "website"
    og_image: str = ""
    json_ld: tuple[Mapping[str, Any], ...] = ()
    is_indexed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The base of every page's view model."""

    meta: PageMeta
    crumbs: tuple[Crumb, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select or radio group."""

    value: str
    label: str
    is_selected: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed into a form and what is wrong with it; ``errors`` maps field name to a sentence."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        """Return what the field holds, or the default when it was not sent."""
        return self.values.get(name, default)

    def error(self, name: str) -> str:
        """Return the sentence about this field, empty when it is fine."""
        return self.errors.get(name, "")


EMPTY_FORM = Form()


@dataclass(frozen=True, slots=True)
class PageLink:
    """A numbered page; an empty URL marks a gap."""

    label: str
    url: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Pagination:
    """Where one is in a long list; ``first`` and ``last`` count rows from 1."""

    total: int
    first: int = 0
    last: int = 0
    previous_url: str = ""
    next_url: str = ""
    links: tuple[PageLink, ...] = ()
