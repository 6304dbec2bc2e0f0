"""View models of the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.viewmodels.buying import AddressView, OrderRow
from webapp.viewmodels.parts import EMPTY_FORM, Card, Form, Option, Page, Pagination, Picture, Rail


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
class OwnReview:
    """What a member gave a product; without an address it is not on the shelves any more."""

    product_id: int
    name: str
    url: str
    picture: Picture | None
    stars: int
    at: datetime
    title: str = ""
    text: str = ""
    reply: str = ""
    is_published: bool = True


@dataclass(frozen=True, slots=True)
class ToRate:
    """Something that was delivered to a member and has no stars of theirs yet."""

    product_id: int
    name: str
    url: str
    picture: Picture | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReviewsPage(Page):
    """What a member rated and reviewed, and what they could rate."""

    reviews: tuple[OwnReview, ...] = ()
    to_rate: tuple[ToRate, ...] = ()
    pagination: Pagination | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something sold out that a member waits for; without an address it is not on the shelves any more."""

    alert_id: int
    name: str
    url: str
    picture: Picture | None
    email: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage(Page):
    """What a member is told of when it is back."""

    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WishlistPage(Page):
    """What was saved for later."""

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


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """That a member said yes or no to picks of their own."""

    is_on: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyPage(Page):
    """Export, deletion and the switch for personalisation."""

    is_paused: bool = False
    choices: tuple[ChoiceRow, ...] = ()
    n_events: int = 0
    n_ratings: int = 0
    n_orders: int = 0
    form: Form = EMPTY_FORM
