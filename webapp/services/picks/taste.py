"""What a visitor may do about their recommendations: turn down, own, take back, tune, forget, pause."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from webapp.actors import Actor
from webapp.errors import Busy, InvalidInput, NotFound
from webapp.services.browsing import chrome
from webapp.services.picks import feedback
from webapp.store import choices, interactions, products, reviews, searches, taste, users
from webapp.store.rows import HistoryRow
from webapp.store.searches import SearchRow
from webapp.store.tx import Tx, read_unit, unit_of_work
from webapp.tuning import DEFAULT, SLIDERS, WISHES, Tuning, place_of

SCOPES: dict[str, tuple[str, ...]] = {
    "all": ("view", "click", "cart", "wishlist", "purchase", "rating", "dismiss"),
    "view": ("view", "click"),
    "rating": ("rating",),
    "purchase": ("purchase",),
    "cart": ("cart",),
    "wishlist": ("wishlist",),
    "search": (),
    "visit": (),
}
REACTIONS = frozenset({"dismiss", "own", "gift"})
SAME = "same"
SHOWN_OF_A_KIND = 20
SEARCHES_SHOWN = 50
MOMENTS_OF_A_VISIT = 2_000
SEARCH_LENGTH, PRODUCTS_OF_A_SEARCH = 200, 3
# A visit is over when nothing happened for so long, as shops usually count.
PAUSE_BETWEEN_VISITS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Known:
    """What the shop knows of a visitor, the newest first, and what they set."""

    signals: list[tuple[int, HistoryRow]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    searches: list[SearchRow] = field(default_factory=list)
    n_searches: int = 0
    excluded: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    tuning: Tuning = DEFAULT
    moments: list[datetime] = field(default_factory=list)

    @property
    def n_signals(self) -> int:
        """How many things are known."""
        return sum(self.counts.values()) + self.n_searches

    def in_this_visit(self, now: datetime) -> int:
        """How many things were done in this visit: as many as are forgotten with it."""
        start = visit_start(self.moments, now)
        return sum(at >= start for at in self.moments) if start else 0


def known(actor: Actor) -> Known:
    """Return everything the shop knows of a visitor, for the page that shows it to them, paused or not."""
    if not actor.is_known:
        return Known()
    with read_unit() as tx:
        rows, counts = interactions.signals(tx, actor, per_kind=SHOWN_OF_A_KIND)
        searched = searches.recent(tx, actor, limit=SEARCHES_SHOWN)
        excluded, moments = taste.kept_out_and_moments(tx, actor, limit=MOMENTS_OF_A_VISIT)
        return Known(
            rows,
            counts,
            searched,
            len(searched) if len(searched) < SEARCHES_SHOWN else searches.n_of(tx, actor),
            excluded,
            actor.tuning if actor.is_personalised else taste.tuning(tx, actor),
            moments,
        )


def visit_start(moments: Sequence[datetime], now: datetime) -> datetime | None:
    """Return when the present visit began: before it nothing happened for half an hour. None when nothing did since."""
    start = now
    for moment in sorted(moments, reverse=True):
        if start - moment > PAUSE_BETWEEN_VISITS:
            break
        start = min(start, moment)
    return start if start < now else None


def react(actor: Actor, product_id: int, kind: str, *, request_id: str, now: datetime) -> str:
    """Keep a product out of the recommendations (``dismiss``, ``own``, ``gift``) or let it back in (``undo``).

    What was done with a gift no longer counts for the picks, until it is undone. While picks are paused nothing new is
    kept out, and the sentence says so.

    Returns
    -------
    str
        A sentence to show.
    """
    if kind != "undo" and kind not in REACTIONS:
        raise InvalidInput({"kind": _("Choose not interested, own it, a gift or undo.")})
    with unit_of_work() as tx:
        card = products.cards(tx, [product_id]).get(product_id)
        if card is None or not card.is_visible:
            raise NotFound
        if kind == "undo":
            _undo(tx, actor, product_id)
            return _("%(name)s may be shown again.", name=card.name)
        if not actor.is_personalised:
            return _nothing_noted(actor)
        taste.exclude(tx, actor, product_id, kind, now=now)
        if kind == "dismiss":
            feedback.note(tx, actor, product_id=product_id, kind="dismiss", request_id=request_id, now=now)
            return _("%(name)s will not be shown to you again.", name=card.name)
        if kind == "gift":
            return _("%(name)s was a gift: it no longer counts for your picks.", name=card.name)
        return _("Good to know: %(name)s is yours already.", name=card.name)


def _nothing_noted(actor: Actor) -> str:
    if actor.is_undecided:
        return _("Your picks are off, so nothing was noted.")
    return _("Your picks are paused, so nothing was noted.")


def _undo(tx: Tx, actor: Actor, product_id: int) -> None:
    taste.include(tx, actor, product_id)
    interactions.remove(tx, actor, product_id=product_id, kinds=("dismiss",))


def forget(
    actor: Actor,
    *,
    signal_id: int | None = None,
    product_id: int | None = None,
    search_id: int | None = None,
    scope: str = "",
    now: datetime,
) -> str:
    """Forget one signal, every signal about a product, a search, those of a kind or of this visit, or everything.

    A product with the scope ``rating`` loses its stars and the words beside them, and nothing else. Everything includes
    what was set: the picks are then those of somebody new.

    Orders stay in the books; what is forgotten is that they say something about taste.

    Returns
    -------
    str
        A sentence to show.
    """
    if signal_id is None and product_id is None and search_id is None and scope not in SCOPES:
        raise InvalidInput({"scope": _("Choose what should be forgotten.")})
    with unit_of_work() as tx:
        if signal_id is not None:
            _forget_one(tx, actor, signal_id)
        elif search_id is not None:
            if not searches.remove(tx, actor, search_id=search_id):
                raise NotFound
        elif product_id is not None and scope == "rating":
            _forget_stars(tx, actor, product_id)
            return _("Taken back. Your stars and words about it are gone.")
        elif product_id is not None:
            interactions.remove(tx, actor, product_id=product_id)
            _forget_stars(tx, actor, product_id)
            taste.unwish(tx, actor, product_id)
        else:
            _forget_scope(tx, actor, scope, now=now)
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


def _forget_scope(tx: Tx, actor: Actor, scope: str, *, now: datetime) -> None:
    kinds: Collection[str] = SCOPES[scope]
    if scope in ("search", "all"):
        searches.remove(tx, actor)
    if scope == "visit":
        _forget_visit(tx, actor, now=now)
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
        interactions.remove_impressions(tx, actor)
        taste.include_all(tx, actor)
        taste.set_tuning(tx, actor, DEFAULT)


def _forget_visit(tx: Tx, actor: Actor, *, now: datetime) -> None:
    """Forget what was done and shown since the visit began, with the stars, hearts and refusals that came of it.

    Of a product that was rated before, too, the stars of before count again.
    """
    _excluded, moments = taste.kept_out_and_moments(tx, actor, limit=MOMENTS_OF_A_VISIT)
    start = visit_start(moments, now)
    if start is None:
        return
    touched = interactions.products_since(tx, actor, ("rating", "wishlist"), since=start)
    interactions.remove(tx, actor, since=start)
    interactions.remove_impressions(tx, actor, since=start)
    searches.remove(tx, actor, since=start)
    for product_id in sorted(product_id for product_id, kind in touched if kind == "rating"):
        _stars_of_before(tx, actor, product_id, start)
    for product_id in sorted(product_id for product_id, kind in touched if kind == "wishlist"):
        taste.unwish(tx, actor, product_id)
    taste.include_all(tx, actor, since=start)


def _stars_of_before(tx: Tx, actor: Actor, product_id: int, start: datetime) -> None:
    """Give stars that were changed since a moment back as they were; a review of before stays beside them."""
    earlier = interactions.latest_rating(tx, actor, product_id)
    if earlier is None:
        _forget_stars(tx, actor, product_id)
        return
    stars, at = earlier
    taste.put_stars_back(tx, actor, product_id, int(stars), at=at)
    if actor.user_id is not None:
        reviews.remove_of(tx, actor.user_id, product_id, since=start)


def parse(values: Mapping[str, str], never_brands: Collection[str], before: Tuning) -> Tuning:
    """Read the settings of a form; what is about categories or brands that are gone is left out.

    Parameters
    ----------
    values : mapping
        A slider's name to 0-100, ``category-`` and a category's address to a wish. A slider that is not there stays.
    never_brands : collection of str
        Addresses of brands.
    before : Tuning
        What is set at present.

    Raises
    ------
    InvalidInput
        Naming every slider and category whose value makes no sense.
    """
    places = {name: place_of(values[name]) for name in SLIDERS if name in values}
    errors = {name: _("Choose a place between 0 and 100.") for name, place in places.items() if place is None}
    with read_unit() as tx:
        tree, brands = chrome.tree(tx), chrome.brands(tx)
    told = {row.category_id: (row.slug, values.get(f"category-{row.slug}", SAME)) for row in tree}
    errors |= {
        f"category-{slug}": _("Choose more, as it is, less or never.")
        for slug, wish in told.values()
        if wish not in (*WISHES, SAME)
    }
    if errors:
        raise InvalidInput(errors)
    placed: dict[str, Any] = places
    return replace(
        before,
        **placed,
        categories=tuple(sorted((key, wish) for key, (_slug, wish) in told.items() if wish != SAME)),
        never_brands=tuple(sorted(key for key, slug, _name in brands if slug in never_brands)),
    )


def settings_of(actor: Actor) -> Tuning:
    """Return what somebody set for their picks, also while they are paused: nobody else is given it then."""
    if actor.is_personalised or not actor.is_known:
        return actor.tuning
    with read_unit() as tx:
        return taste.tuning(tx, actor)


def tune(actor: Actor, chosen: Tuning) -> str:
    """Keep settings and return a sentence to show."""
    with unit_of_work() as tx:
        taste.set_tuning(tx, actor, chosen)
    if not actor.is_personalised:
        return _("Saved. Your picks follow it once they are on again.")
    return _("Saved. Your picks follow it from now on.")


def untune(actor: Actor) -> str:
    """Take the sliders, categories and brands back to the start and return a sentence to show."""
    with unit_of_work() as tx:
        before = taste.tuning(tx, actor)
        plain = replace(DEFAULT, uses_purchases=before.uses_purchases, uses_searches=before.uses_searches)
        taste.set_tuning(tx, actor, plain)
    return _("Your picks are arranged as at the start.")


def use(actor: Actor, what: str, *, is_used: bool) -> str:
    """Have orders or searches used for the picks or not, and return a sentence to show."""
    sentences = {
        "purchases": (_("Your orders count again."), _("Your orders no longer count for your picks.")),
        "searches": (_("Your searches count again."), _("Your searches no longer count for your picks.")),
    }
    if not actor.is_personalised:
        sentences = {
            "purchases": (
                _("Once picks are on again, your orders count."),
                _("Your orders will not count for your picks."),
            ),
            "searches": (
                _("Once picks are on again, your searches count."),
                _("Your searches will not count for your picks."),
            ),
        }
    if what not in sentences:
        raise InvalidInput({"what": _("Choose orders or searches.")})
    with unit_of_work() as tx:
        before = taste.tuning(tx, actor)
        change: dict[str, Any] = {f"uses_{what}": is_used}
        taste.set_tuning(tx, actor, replace(before, **change))
    return sentences[what][0 if is_used else 1]


def note_search(actor: Actor, words: str, product_ids: Sequence[int], *, now: datetime) -> None:
    """Keep what somebody searched for, with the products that stood first; nothing while picks are paused."""
    if not actor.is_known or not actor.is_personalised or not actor.tuning.uses_searches or not product_ids:
        return
    with suppress(Busy), unit_of_work() as tx:  # who searches finds, whether it can be noted or not
        searches.add(tx, actor, words[:SEARCH_LENGTH], product_ids[:PRODUCTS_OF_A_SEARCH], now=now)


def pause(actor: Actor, *, is_paused: bool, now: datetime) -> str:
    """Switch personalisation off or on again, and return a sentence to show."""
    with unit_of_work() as tx:
        choices.choose(tx, actor, not is_paused, now=now)
    if actor.is_undecided:
        return _answered(not is_paused)
    if is_paused:
        return _("Paused. Everyone sees the same shelves now, you too.")
    return _("Your picks are personal again.")


def _answered(is_yes: bool) -> str:
    if is_yes:
        return _("Thank you. From now on your picks are made for you.")
    return _("All right, nothing is noted for picks, and you will not be asked again.")
