"""View models of the account and of the page about one's recommendations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from webapp.viewmodels.buying import AddressView, OrderRow
from webapp.viewmodels.parts import EMPTY_FORM, Card, Form, Option, Page, Picture, Rail

CategoryWish = Literal["more", "same", "less", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage(Page):
    """A page that is one form: register, sign in, forgotten or new password; ``next_url`` is where it leads after."""

    form: Form = EMPTY_FORM
    next_url: str = ""
    token: str = ""
    is_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage(Page):
    """The overview of the account."""

    name: str
    email: str
    member_since: datetime
    orders: tuple[OrderRow, ...] = ()
    n_orders: int = 0
    n_wishlist: int = 0
    n_ratings: int = 0
    rail: Rail | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something sold out that a member waits for."""

    alert_id: int
    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WishlistPage(Page):
    """What was saved for later, and what one waits for."""

    alerts: tuple[Alert, ...] = ()
    cards: tuple[Card, ...] = ()
    rail: Rail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesPage(Page):
    """The address book; ``editing`` is the address the form changes, ``None`` for a new one."""

    addresses: tuple[AddressView, ...] = ()
    form: Form = EMPTY_FORM
    countries: tuple[Option, ...] = ()
    editing: AddressView | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A place where one is signed in."""

    session_id: str
    device: str
    last_seen: datetime
    created_at: datetime
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPage(Page):
    """Password, e-mail address and sessions."""

    form: Form = EMPTY_FORM
    email: str = ""
    email_form: Form = EMPTY_FORM
    sessions: tuple[SessionRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyPage(Page):
    """Export, deletion and the switch for personalisation."""

    is_paused: bool = False
    n_events: int = 0
    n_ratings: int = 0
    n_orders: int = 0
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing the shop knows: what, about which product, when; ``weight`` (0-1) is how much it counts now."""

    signal_id: int
    kind: str
    at: datetime
    product_id: int | None = None
    slug: str = ""
    name: str = ""
    picture: Picture | None = None
    stars: int = 0
    weight: float = 0.0

    @property
    def percent(self) -> int:
        """The weight in whole percent."""
        return round(100 * self.weight)


@dataclass(frozen=True, slots=True)
class SignalGroup:
    """Signals of one kind (rating, purchase, cart, wishlist, view, search); ``n_total`` may exceed those listed."""

    kind: str
    label: str
    signals: tuple[Signal, ...] = ()
    n_total: int = 0


@dataclass(frozen=True, slots=True)
class TuneCategory:
    """How much of a category one wants to see."""

    slug: str
    name: str
    wish: CategoryWish = "same"


@dataclass(frozen=True, slots=True)
class Tuning:
    """The sliders, each 0-100 with 50 as the shop's own choice."""

    familiar_new: int = 50
    budget_premium: int = 50
    variety: int = 50
    categories: tuple[TuneCategory, ...] = ()
    is_saved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TastePage(Page):
    """What the shop knows about the visitor and the controls over it.

    ``now`` is what would be recommended at present, ``then`` the same with tuning that is not saved yet.
    ``starter`` is a diverse set to rate for somebody new. ``tuning`` is ``None`` where tuning is not offered.
    """

    groups: tuple[SignalGroup, ...] = ()
    now: tuple[Card, ...] = ()
    then: tuple[Card, ...] = ()
    tuning: Tuning | None = None
    starter: tuple[Card, ...] = ()
    dismissed: tuple[Card, ...] = ()
    owned: tuple[Card, ...] = ()
    is_paused: bool = False
    is_guest: bool = True
    n_signals: int = 0
    request_id: str = ""
