"""Rails: which products stand in which row of a page, each at most once, each for a true reason."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.picks import Pick, Picks
from webapp.store.rows import CardRow, HistoryRow
from webapp.store.scope import owner_values
from webapp.tuning import NOTHING, Never
from webapp.viewbuilders.cards import cards, personal_card, pick_card, pinned_card

RAIL_LENGTH = 10
SHORTEST = 4
OF_ONE_KIND = 4
NAMED_RAILS = 2
BEST_SELLERS = "best_sellers"
_NONE: Mapping[int, int] = {}
_STRATEGIES = {"popular": BEST_SELLERS, "popular_in_category": BEST_SELLERS}


@dataclass
class Shelf:
    """The rails of one page while it is being put together.

    Attributes
    ----------
    used : set of int
        Products that stand on the page already.
    never : Never
        What the visitor never wants to be recommended.
    """

    now: datetime
    context: str
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    used: set[int] = field(default_factory=set)
    rails: list[vm.Rail] = field(default_factory=list)
    never: Never = NOTHING

    def free(self, rows: Iterable[CardRow], limit: int = RAIL_LENGTH) -> list[CardRow]:
        """Return the rows that can be sold and do not stand on the page yet."""
        found = [row for row in rows if row.is_sellable and not row.is_excluded and row.product_id not in self.used]
        return [row for row in found if not self.never.hides(row)][:limit]

    def add(self, key: str, title: str, items: Sequence[vm.Card], *, shortest: int = SHORTEST, **more: Any) -> bool:
        """Add a rail unless it would be too short."""
        if len(items) < shortest:
            return False
        self.used.update(item.product_id for item in items)
        rail = vm.Rail(
            key=key, title=title, cards=tuple(items), request_id=self.request_id, context=self.context, **more
        )
        self.rails.append(rail)
        return True

    def add_general(
        self,
        key: str,
        title: str,
        rows: Iterable[CardRow],
        kind: str,
        *,
        pinned: Mapping[int, int] = _NONE,
        **more: Any,
    ) -> bool:
        """Add a rail of products that all stand there for the same general reason, but for those a rule has pinned.

        The shop made it itself, whatever a model has said of the rails beside it.
        """
        built = cards(self.free(rows), now=self.now, kind=kind)
        marked = [pinned_card(item, pinned[item.product_id]) if item.product_id in pinned else item for item in built]
        return self.add(key, title, marked, strategy=_STRATEGIES.get(kind, kind), **more)

    def add_personal(self, picks: Picks, rows: Mapping[int, CardRow], history: Sequence[HistoryRow]) -> None:
        """Add "for you" and up to two rails that name what they rest on: only where the recommender said so."""
        found = [pick for pick in picks.items if pick.product_id in rows and self.free([rows[pick.product_id]])]
        built = [personal_card(pick, rows, history, now=self.now) for pick in found]
        personal = [item for item in built if item.reason is not None and item.reason.is_personal]
        if not personal:
            return
        self.add(
            "for_you",
            _("Recommended for you"),
            _arranged(picks, found, built, rows),
            shortest=1,
            is_personal=True,
            **made_by(picks),
        )
        for number, group in enumerate(_groups([item for item in built if item.product_id not in self.used]), 1):
            reason = group[0].reason
            title = _("Because of %(name)s", name=reason.product_name if reason else "")
            group = _few_of_a_brand(group, rows, picks.max_per_brand)
            self.add(f"because_{number}", title, group, reason=reason, is_personal=True, **made_by(picks))

    def add_declared(self, picks: Picks, rows: Mapping[int, CardRow]) -> None:
        """Add picks for somebody of whom nothing is known but what they set."""
        found = [pick for pick in picks.items if pick.product_id in rows and self.free([rows[pick.product_id]])]
        built = [pick_card(pick, rows, (), now=self.now) for pick in found]
        self.add(
            "for_you",
            _("Chosen by what you set"),
            _arranged(picks, found, built, rows),
            is_personal=True,
            **made_by(picks),
        )


def made_by(picks: Picks) -> dict[str, Any]:
    """Tell in a rail's words what made it."""
    return {"strategy": picks.strategy, "model_version": picks.model_version}


def _arranged(
    picks: Picks, usable: Sequence[Pick], built: Sequence[vm.Card], rows: Mapping[int, CardRow]
) -> list[vm.Card]:
    """Return a rail's worth of cards: what has a place of its own stands there, the rest is mixed."""
    places = _places([pick for pick in usable if pick.is_fixed])
    mixed = _mixed([item for item in built if item.product_id not in places], rows)
    fixed = [item for item in built if item.product_id in places]
    beside = [item for item in fixed if places[item.product_id] <= RAIL_LENGTH]
    found = _few_of_a_brand(mixed, rows, picks.max_per_brand, beside)
    for item in sorted(fixed, key=lambda item: places[item.product_id]):
        found.insert(places[item.product_id] - 1, item)
    return found[:RAIL_LENGTH]


def _places(fixed: Sequence[Pick]) -> dict[int, int]:
    """Return where each product stands: what chance picked where it was drawn, the pinned at its place or behind it."""
    taken: dict[int, int] = {}
    for pick in sorted(fixed, key=lambda pick: (pick.is_pinned, pick.rank)):
        place = next(place for place in count(pick.rank) if place not in taken)
        taken[place] = pick.product_id
    return {product_id: place for place, product_id in taken.items()}


def _mixed(items: Sequence[vm.Card], rows: Mapping[int, CardRow]) -> list[vm.Card]:
    """Return a few of each kind first: one look at a sock is no wish for ten socks."""
    taken: Counter[int | None] = Counter()
    chosen: list[vm.Card] = []
    spare: list[vm.Card] = []
    for item in items:
        kind = rows[item.product_id].category_id
        (chosen if taken[kind] < OF_ONE_KIND else spare).append(item)
        taken[kind] += 1
    return [*chosen, *spare]


def _few_of_a_brand(
    items: Sequence[vm.Card], rows: Mapping[int, CardRow], limit: int, beside: Sequence[vm.Card] = ()
) -> list[vm.Card]:
    """Return a rail's worth of cards, with those ``beside`` at most ``limit`` of a brand if there are others; 0: any.

    The list keeps its cap by its own order, which is not that of the rail.
    """
    taken = Counter(rows[item.product_id].brand for item in beside)
    chosen: list[vm.Card] = []
    spare: list[vm.Card] = []
    for item in items:
        brand = rows[item.product_id].brand
        has_room = not limit or not brand or taken[brand] < limit
        (chosen if has_room else spare).append(item)
        taken[brand] += has_room
    return [*chosen, *spare][:RAIL_LENGTH]


def _groups(items: Sequence[vm.Card]) -> list[list[vm.Card]]:
    """Gather cards whose strongest reason names the same signal, the best-filled groups first."""
    groups: dict[tuple[str, int], list[vm.Card]] = {}
    for item in items:
        reason = item.reason
        if reason is not None and reason.is_personal and reason.product_id:
            groups.setdefault((reason.kind, reason.product_id), []).append(item)
    full = [group for group in groups.values() if len(group) >= SHORTEST]
    return sorted(full, key=lambda group: min(len(group), RAIL_LENGTH), reverse=True)[:NAMED_RAILS]


def impression_rows(actor: Actor, rails: Iterable[vm.Rail | None], *, now: datetime) -> list[dict[str, Any]]:
    """Return what is to be noted about the rails of a page, each under what made it.

    Nothing is noted for somebody unknown or who paused their picks.
    """
    if not actor.is_known or not actor.is_personalised:
        return []
    return [
        {
            "request_id": rail.request_id,
            "slot": rail.key,
            "position": position,
            "product_id": item.product_id,
            "model_version": rail.model_version,
            "strategy": rail.strategy,
            "source": item.source,
            "propensity": item.propensity,
            "at": now,
            "seen_at": None,
            **owner_values(actor),
        }
        for rail in rails
        if rail is not None
        for position, item in enumerate(rail.cards, 1)
    ]
