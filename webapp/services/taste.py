"""What a visitor may do about their recommendations: turn down, own, take back, forget, pause."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _

from webapp.actors import Actor
from webapp.errors import InvalidInput, NotFound
from webapp.services import feedback
from webapp.store import interactions, products, reviews, taste, users
from webapp.store.rows import HistoryRow
from webapp.store.tx import Tx, read_unit, unit_of_work

SCOPES: dict[str, tuple[str, ...]] = {
    "all": ("view", "click", "cart", "wishlist", "purchase", "rating", "dismiss"),
    "view": ("view", "click"),
    "rating": ("rating",),
    "purchase": ("purchase",),
    "cart": ("cart",),
    "wishlist": ("wishlist",),
    "search": (),
}
SIGNALS_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Known:
    """What the shop knows of a visitor."""

    signals: list[tuple[int, HistoryRow]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    excluded: dict[int, tuple[str, datetime]] = field(default_factory=dict)


def known(actor: Actor) -> Known:
    """Return everything the shop knows of a visitor, for the page that shows it to them."""
    if not actor.is_known:
        return Known()
    with read_unit() as tx:
        return Known(
            interactions.signals(tx, actor, limit=SIGNALS_SHOWN),
            interactions.counts_by_kind(tx, actor),
            taste.exclusions(tx, actor),
        )


def react(actor: Actor, product_id: int, kind: str, *, request_id: str, now: datetime) -> str:
    """Keep a product out of the recommendations (``dismiss``, ``own``) or let it back in (``undo``).

    Returns
    -------
    str
        A sentence to show.
    """
    with unit_of_work() as tx:
        card = products.cards(tx, [product_id]).get(product_id)
        if card is None or not card.is_visible:
            raise NotFound
        if kind == "undo":
            _undo(tx, actor, product_id)
            return _("%(name)s may be shown again.", name=card.name)
        if kind not in {"dismiss", "own"}:
            raise InvalidInput({"kind": _("Choose not interested, own it or undo.")})
        taste.exclude(tx, actor, product_id, kind, now=now)
        if kind == "dismiss":
            feedback.note(tx, actor, product_id=product_id, kind="dismiss", request_id=request_id, now=now)
            return _("%(name)s will not be shown to you again.", name=card.name)
        return _("Good to know: %(name)s is yours already.", name=card.name)


def _undo(tx: Tx, actor: Actor, product_id: int) -> None:
    taste.include(tx, actor, product_id)
    interactions.remove(tx, actor, product_id=product_id, kinds=("dismiss",))


def forget(actor: Actor, *, signal_id: int | None = None, product_id: int | None = None, scope: str = "") -> str:
    """Forget one signal, every signal about a product, those of a kind, or everything.

    Orders stay in the books; what is forgotten is that they say something about taste.

    Returns
    -------
    str
        A sentence to show.
    """
    if signal_id is None and product_id is None and scope not in SCOPES:
        raise InvalidInput({"scope": _("Choose what should be forgotten.")})
    with unit_of_work() as tx:
        if signal_id is not None:
            _forget_one(tx, actor, signal_id)
        elif product_id is not None:
            interactions.remove(tx, actor, product_id=product_id)
            _forget_stars(tx, actor, product_id)
            taste.unwish(tx, actor, product_id)
        else:
            _forget_scope(tx, actor, scope)
    return _("Forgotten. Your picks no longer use it.")


def _forget_one(tx: Tx, actor: Actor, signal_id: int) -> None:
    found = interactions.signal_product(tx, actor, signal_id)
    if found is None:
        raise NotFound
    interactions.remove(tx, actor, signal_id=signal_id)
    product_id, kind = found
    if kind == "rating":
        _forget_stars(tx, actor, product_id)
    if kind == "wishlist":
        taste.unwish(tx, actor, product_id)
    if kind == "dismiss":
        taste.include(tx, actor, product_id)


def _forget_stars(tx: Tx, actor: Actor, product_id: int) -> None:
    """Take stars back; the review that stood beside them goes too, because it has no stars any more."""
    interactions.remove(tx, actor, product_id=product_id, kinds=("rating",))
    taste.remove_stars(tx, actor, product_id=product_id)
    if actor.user_id is not None:
        reviews.remove_of(tx, actor.user_id, product_id)


def _forget_scope(tx: Tx, actor: Actor, scope: str) -> None:
    kinds: Collection[str] = SCOPES[scope]
    if not kinds:
        return
    interactions.remove(tx, actor, kinds=kinds)
    if "rating" in kinds:
        for product_id in taste.remove_stars(tx, actor):
            if actor.user_id is not None:
                reviews.remove_of(tx, actor.user_id, product_id)
    if "wishlist" in kinds:
        for product_id in users.wishes(tx, actor):
            taste.unwish(tx, actor, product_id)
    if scope == "all":
        taste.include_all(tx, actor)


def pause(actor: Actor, *, is_paused: bool) -> str:
    """Switch personalisation off or on again, and return a sentence to show."""
    with unit_of_work() as tx:
        users.set_personalised(tx, actor, not is_paused)
    if is_paused:
        return _("Paused. Everyone sees the same shelves now, you too.")
    return _("Your picks are personal again.")
