"""View models of the pages one browses: home, category, search, product, errors and the API description."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.viewmodels.parts import (
    EMPTY_FORM,
    FEW_LEFT,
    Card,
    Form,
    NavCategory,
    Option,
    Page,
    PageLink,
    Pagination,
    Picture,
    Price,
    Rail,
    Rating,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(Page):
    """The first page: rails in the order they are shown; ``is_cold`` when nothing is known about the visitor yet.

    ``categories`` are those that have a picture, ``more_categories`` the others of a shop with very many.
    """

    rails: tuple[Rail, ...] = ()
    categories: tuple[NavCategory, ...] = ()
    more_categories: tuple[NavCategory, ...] = ()
    is_cold: bool = False
    starter: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One tick box of a facet with the exact number of products behind it."""

    value: str
    label: str
    count: int
    is_selected: bool = False
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of tick boxes; ``name`` is the query parameter each of them sends."""

    name: str
    label: str
    values: tuple[FacetValue, ...] = ()
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Price filter in whole major units as typed, and the bounds of the result."""

    lowest: int
    highest: int
    currency: str = "EUR"
    chosen_from: str = ""
    chosen_to: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force and the URL without it."""

    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A way on from a list without results: a link and, where known, how many products it leads to."""

    label: str
    url: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """In which order a search is; the other one can be chosen, and one comes back to ``next_url``."""

    is_personal: bool
    next_url: str


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """A shelf is in the visitor's own order: the first ``n_first`` of ``n_all``; ``off_url`` leads to the usual one."""

    n_first: int
    n_all: int
    off_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage(Page):
    """A category or a search: both show the same list.

    ``action_url`` is where the filter form goes by GET; ``hidden`` are (name, value) pairs it carries along.
    """

    heading: str
    total: int
    cards: tuple[Card, ...] = ()
    facets: tuple[Facet, ...] = ()
    price_range: PriceRange | None = None
    in_stock_only: bool = False
    chips: tuple[Chip, ...] = ()
    clear_url: str = ""
    sorts: tuple[Option, ...] = ()
    pagination: Pagination | None = None
    action_url: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    intro: str = ""
    children: tuple[NavCategory, ...] = ()
    query: str = ""
    is_search: bool = False
    is_near_only: bool = False
    did_you_mean: Suggestion | None = None
    order: OrderChoice | None = None
    own_order: OwnOrder | None = None
    photo_form: Form = EMPTY_FORM
    ways_on: tuple[Suggestion, ...] = ()
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoPage(Page):
    """The search by photo: its form, and what was found once there was a photo."""

    form: Form = EMPTY_FORM
    cards: tuple[Card, ...] = ()
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """The sellable thing chosen on a product page; ``stock`` is what can be sold now."""

    variant_id: int
    sku: str
    name: str
    price: Price
    stock: int
    picture: Picture | None = None

    @property
    def stock_state(self) -> str:
        """``out``, ``few`` or ``in``."""
        if self.stock <= 0:
            return "out"
        return "few" if self.stock <= FEW_LEFT else "in"


@dataclass(frozen=True, slots=True)
class OptionValue:
    """One value of an option ("moss" of "Colour"); the URL leads to the product with it chosen.

    ``note`` names why it cannot be had ("not made in Blue", "sold out"). A swatch shows ``colour`` (any CSS
    colour), else ``picture``, else the label alone.
    """

    label: str
    url: str
    is_selected: bool = False
    is_available: bool = True
    note: str = ""
    colour: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """An option of the product and its values."""

    name: str
    values: tuple[OptionValue, ...] = ()

    @property
    def selected_label(self) -> str:
        """The label of the chosen value, empty when none is."""
        return next((value.label for value in self.values if value.is_selected), "")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the attribute table."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class RatingBin:
    """One bar of the histogram of stars; the URL shows only reviews with so many stars (or all again)."""

    stars: int
    count: int
    share: float
    url: str = ""
    is_selected: bool = False

    @property
    def percent(self) -> int:
        """The share in whole percent."""
        return round(100 * self.share)


@dataclass(frozen=True, slots=True)
class Review:
    """What one shopper wrote; ``is_verified`` says the author bought it here."""

    review_id: int
    author: str
    stars: int
    at: datetime
    title: str = ""
    text: str = ""
    is_verified: bool = False
    is_mine: bool = False
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A product and what is bought together with it; one press puts all of them into the cart."""

    this: Card
    partners: Rail
    total_cents: int
    currency: str = "EUR"

    @property
    def cards(self) -> tuple[Card, ...]:
        """All of them, this product first."""
        return (self.this, *self.partners.cards)


@dataclass(frozen=True, slots=True)
class DeliveryCost:
    """What one piece costs with the cheapest delivery, and the worth of goods from which delivery is free."""

    total_cents: int
    is_free: bool = False
    free_from_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage(Page):
    """One product with everything around it; rails are ``None`` when there is nothing true to show."""

    product_id: int
    slug: str
    name: str
    variant: Variant
    brand: str = ""
    brand_url: str = ""
    gallery: tuple[Picture, ...] = ()
    options: tuple[OptionGroup, ...] = ()
    description: str = ""
    facts: tuple[Fact, ...] = ()
    delivery_note: str = ""
    delivery_cost: DeliveryCost | None = None
    rating: Rating | None = None
    histogram: tuple[RatingBin, ...] = ()
    star_filter: int | None = None
    all_reviews_url: str = ""
    reviews: tuple[Review, ...] = ()
    n_reviews: int = 0
    review_sorts: tuple[PageLink, ...] = ()
    review_pages: Pagination | None = None
    your_stars: int = 0
    can_review: bool = False
    review_form: Form = EMPTY_FORM
    alert_form: Form = EMPTY_FORM
    is_wished: bool = False
    max_quantity: int = 10
    similar: Rail | None = None
    goes_with: Rail | None = None
    bundle: Bundle | None = None
    more_rails: tuple[Rail, ...] = ()
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RailsPartial:
    """The rails alone, for a page that refreshes them after feedback."""

    rails: tuple[Rail, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(Page):
    """A page for when something went wrong; ``detail`` is a sentence for the visitor, never a stack trace."""

    status: int
    heading: str = ""
    detail: str = ""
    request_id: str = ""
    retry_after: int | None = None
    retry_url: str = ""


@dataclass(frozen=True, slots=True)
class ApiParameter:
    """A parameter of an API call."""

    name: str
    type: str
    text: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call of the JSON API with an example that can be pasted."""

    method: str
    path: str
    summary: str
    parameters: tuple[ApiParameter, ...] = ()
    request_example: str = ""
    response_example: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDocsPage(Page):
    """The description of the JSON API for people."""

    calls: tuple[ApiCall, ...] = ()
    base_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutDemoPage(Page):
    """What the demo shop is made of, in figures."""

    figures: tuple[Fact, ...] = ()
    accounts: tuple[Fact, ...] = ()
