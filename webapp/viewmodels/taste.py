"""View models of the page about one's recommendations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from webapp.viewmodels.parts import EMPTY_FORM, Card, Form, Option, Page, Picture

CategoryWish = Literal["more", "same", "less", "never"]
MoveKind = Literal["same", "up", "down", "new", "gone"]


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing the shop knows: what, about which product, when.

    ``weight`` (0-1) is how much it counts beside an order, ``None`` while no model weighs it; ``is_used`` is false for
    what the visitor, or a gift, keeps out of the picks. The ``name`` of a search is its words.
    """

    signal_id: int
    kind: str
    at: datetime
    product_id: int | None = None
    slug: str = ""
    name: str = ""
    picture: Picture | None = None
    stars: int = 0
    weight: float | None = None
    is_used: bool = True

    @property
    def percent(self) -> int:
        """The weight in whole percent."""
        return round(100 * (self.weight or 0.0))


@dataclass(frozen=True, slots=True)
class SignalGroup:
    """Signals of one kind (rating, purchase, cart, wishlist, view, search); ``n_total`` may exceed those listed."""

    kind: str
    label: str
    signals: tuple[Signal, ...] = ()
    n_total: int = 0


@dataclass(frozen=True, slots=True)
class Slider:
    """A slider from 0 to 100 with a word for each of its places, evenly spread."""

    name: str
    label: str
    low: str
    high: str
    value: int
    words: tuple[str, ...]

    @property
    def step(self) -> int:
        """How far apart the places are."""
        return 100 // (len(self.words) - 1)

    @property
    def word(self) -> str:
        """The word for the place where it stands."""
        return self.words[round(self.value / self.step)]


@dataclass(frozen=True, slots=True)
class TuneCategory:
    """How much of a category one wants to see; ``is_found`` when its name was looked for."""

    slug: str
    name: str
    wish: CategoryWish = "same"
    children: tuple[TuneCategory, ...] = ()
    is_found: bool = False

    @property
    def is_open(self) -> bool:
        """Whether something is wished of a category below it, or one of them was looked for."""
        return any(child.wish != "same" or child.is_found or child.is_open for child in self.children)


@dataclass(frozen=True, slots=True)
class ShelfSearch:
    """A search among the shelves where the form lists a part of them.

    ``n_found`` are called like ``words``, of which ``n_listed`` are in the form.
    """

    words: str = ""
    n_found: int = 0
    n_listed: int = 0


@dataclass(frozen=True, slots=True)
class TuneForm:
    """The settings as a form shows them: those kept, or those being tried.

    There is a ``search`` where the form lists a part of the categories.
    """

    sliders: tuple[Slider, ...] = ()
    categories: tuple[TuneCategory, ...] = ()
    brands: tuple[Option, ...] = ()
    is_changed: bool = False
    search: ShelfSearch | None = None

    @property
    def n_brands(self) -> int:
        """How many brands are never to be shown."""
        return sum(brand.is_selected for brand in self.brands)


@dataclass(frozen=True, slots=True)
class Move:
    """A product of a list before or after a change: where it stands and what becomes of it.

    ``change`` is same, up, down (by ``steps`` places), new (was not in the list) or gone (is no longer in it).
    """

    name: str
    picture: Picture | None
    change: MoveKind = "same"
    steps: int = 0


@dataclass(frozen=True, slots=True)
class TastePreview:
    """The list as it is and as it would be, and in one sentence what would change."""

    now: tuple[Move, ...]
    then: tuple[Move, ...]
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TastePage(Page):
    """What the shop knows about the visitor and the controls over it.

    ``now`` is what would be recommended at present; ``preview`` compares it with settings that are not kept yet.
    ``starter`` is a diverse set to rate for somebody new, of which ``n_started`` are rated. ``n_visit`` counts what was
    done in this visit.
    """

    groups: tuple[SignalGroup, ...] = ()
    now: tuple[Card, ...] = ()
    preview: TastePreview | None = None
    tuning: TuneForm = TuneForm()
    starter: tuple[Card, ...] = ()
    n_started: int = 0
    dismissed: tuple[Card, ...] = ()
    owned: tuple[Card, ...] = ()
    gifts: tuple[Card, ...] = ()
    is_paused: bool = False
    is_guest: bool = True
    n_signals: int = 0
    n_visit: int = 0
    uses_purchases: bool = True
    uses_searches: bool = True
    request_id: str = ""
    form: Form = EMPTY_FORM
