"""What the shop goes by when it picks for somebody: what they did, what they set, what they never want to see.

The one place where that is read. Nobody's is read who switched personalisation off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from webapp.actors import Actor
from webapp.picks import NO_PREFERENCES, Ask, Preferences
from webapp.services.browsing import chrome
from webapp.store import interactions, products, searches
from webapp.store.rows import CategoryRow, HistoryRow
from webapp.store.searches import SearchRow
from webapp.store.tx import Tx, read_unit
from webapp.tuning import MIDDLE, NOTHING, SLIDERS, Never, Tuning

SEARCHES_USED = 10
EVENTS_FOR_A_SEARCH = 2


@dataclass(frozen=True, slots=True)
class Profile:
    """What the picks of one visitor rest on; that of somebody unknown, or who paused, is empty.

    ``history`` is oldest first.
    """

    ref: str = ""
    history: list[HistoryRow] = field(default_factory=list)
    preferences: Preferences = NO_PREFERENCES
    never: Never = NOTHING

    @property
    def says_anything(self) -> bool:
        """Whether picks can be made for this visitor that are not those of everybody."""
        return bool(self.history) or self.preferences != NO_PREFERENCES

    def ask(self, k: int, *, now: datetime, **more: Any) -> Ask:
        """Return what is asked of the recommender for this visitor."""
        return Ask(self.ref, self.history, k, preferences=self.preferences, now=now, **more)


def read(actor: Actor, *, limit: int, searched: Sequence[SearchRow] | None = None) -> Profile:
    """Return what picks for a visitor rest on; ``searched`` are their searches, newest first, where they were read."""
    if not actor.is_known or not actor.is_personalised:
        return Profile()
    with read_unit() as tx:
        preferences, never = _settings(tx, actor.tuning)
        history = _history(tx, actor, actor.tuning, limit=limit, searched=searched)
        return Profile(actor.ref, history, preferences, never)


def trying(profile: Profile, tuning: Tuning) -> Profile:
    """Return a profile with other settings, the same events, and nothing kept."""
    with read_unit() as tx:
        preferences, never = _settings(tx, tuning)
    return replace(profile, preferences=preferences, never=never)


def never_for(actor: Actor) -> Never:
    """Return what a visitor never wants to be recommended, for rails that rest on nothing else of theirs."""
    if not actor.is_personalised or not actor.tuning.arranges:
        return NOTHING
    with read_unit() as tx:
        return _settings(tx, actor.tuning)[1]


def _history(
    tx: Tx, actor: Actor, tuning: Tuning, *, limit: int, searched: Sequence[SearchRow] | None
) -> list[HistoryRow]:
    """Return the events that may be used, searches among them, oldest first."""
    events = interactions.recent(tx, actor, limit=limit, without=() if tuning.uses_purchases else ("purchase",))
    if not tuning.uses_searches:
        return events
    newest = searches.recent(tx, actor, limit=SEARCHES_USED) if searched is None else searched[:SEARCHES_USED]
    looks = _looks(newest, sum(row.kind != "dismiss" for row in events))
    return sorted([*looks, *events], key=lambda row: row.at)[-limit:] if looks else events


def _looks(newest: Sequence[SearchRow], n_events: int) -> list[HistoryRow]:
    """Turn searches into looks in passing, so few that they never outweigh what somebody did.

    All that a search showed first counts for somebody of whom nothing else is known. Beside other events it is the
    first thing alone, of the newest searches, one for ``EVENTS_FOR_A_SEARCH`` events: three looks for a search filled
    the first rail with what somebody had typed once.
    """
    most = max(1, n_events // EVENTS_FOR_A_SEARCH) if n_events else len(newest)
    return [
        HistoryRow(product_id, "search", None, row.at, row.words, row.search_id)
        for row in newest[:most]
        for product_id in (row.product_ids[:1] if n_events else row.product_ids)
    ]


def _settings(tx: Tx, tuning: Tuning) -> tuple[Preferences, Never]:
    """Put the settings into names that the recommender knows and ids that the shelves know."""
    if not tuning.arranges:
        return NO_PREFERENCES, NOTHING
    tree = chrome.tree(tx) if tuning.categories else []
    paths = {row.category_id: row.path for row in tree}
    known = chrome.brands(tx) if tuning.never_brands else []
    brands = frozenset(name for key, _slug, name in known if key in tuning.never_brands)

    def wished(wish: str) -> frozenset[str]:
        return frozenset(paths[key] for key, told in tuning.categories if told == wish and key in paths)

    places = {name: (getattr(tuning, name) - MIDDLE) / MIDDLE for name in SLIDERS}
    preferences = Preferences(
        **places, more=wished("more"), less=wished("less"), never=wished("never"), never_brands=brands
    )
    return preferences, Never(_below(tree, tuning), frozenset(name.casefold() for name in brands))


def _below(tree: list[CategoryRow], tuning: Tuning) -> frozenset[int]:
    known = {row.category_id for row in tree}
    roots = [key for key, told in tuning.categories if told == "never" and key in known]
    return frozenset(inside for root in roots for inside in products.descendants(tree, root))
