"""Lists of picks outside the rails of a page: for programs, for the account, for a look at other settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.errors import InvalidInput, RecsUnavailable
from webapp.picks import Pick, Picks, Recs
from webapp.services.browsing.discovery import POOL, ask_recs, needed_ids, note_impressions
from webapp.services.picks import merchandising, profiles
from webapp.store import leftout, products, rules
from webapp.store.rows import CardRow, RuleBook
from webapp.store.tx import Tx, read_unit
from webapp.tuning import NOTHING, Never
from webapp.turns import in_turn
from webapp.viewbuilders.cards import cards, personal_card, pick_card, pinned_card
from webapp.viewbuilders.rails import BEST_SELLERS, Shelf, made_by

NO_PICKS = Picks()
SPARE = 10  # asked for beyond what is shown: some will be sold out or hidden by now


@dataclass(frozen=True, slots=True)
class Recommended:
    """An answer for a program: cards with their scores, and where they come from."""

    cards: tuple[tuple[vm.Card, float], ...]
    request_id: str
    strategy: str
    model_version: str
    is_cold: bool
    took_ms: float


@dataclass(frozen=True, slots=True)
class Listed:
    """What a visitor would be shown, and the recommender's answer it comes from."""

    cards: tuple[vm.Card, ...] = ()
    picks: Picks = NO_PICKS


@in_turn
def recommend(
    actor: Actor,
    recs: Recs,
    *,
    k: int,
    context: str,
    product_ids: Sequence[int],
    strategy: str | None,
    exclude: Collection[int],
    history_limit: int,
    now: datetime,
    is_shown: bool = True,
    wait_s: float | None = None,
) -> Recommended:
    """Recommend for a program: the model's order, only what can be sold, filled up with what sells best.

    Unless ``is_shown`` is false the answer is noted as shown to the actor. ``wait_s`` is the longest wait for the
    model, by default that of a page.

    Raises
    ------
    InvalidInput
        If the live model has no such strategy.
    """
    known = recs.strategies()
    if strategy is not None and strategy not in known:
        raise InvalidInput({"strategy": "choose " + (" or ".join(known) or "none: no model is live")})
    profile = profiles.read(actor, limit=history_limit)
    history = profile.history
    with read_unit() as tx:
        book = rules.current(tx, now=now)
        unwanted = leftout.ids(tx, book)
    about = {"exclude": unwanted.union(exclude), "context": context, "product_ids": product_ids, "strategy": strategy}
    picks = ask_recs(recs, profile.ask(k + SPARE, now=now, wait_s=wait_s, **about))
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(picks) | book.pinned_ids, actor)
        left_out = set(exclude) | set(product_ids) | merchandising.left_out(book, list(rows.values()), now=now)
        picks = merchandising.ruled(picks, _standing(rows, left_out, profile.never), book, now=now)
        chosen = [pick for pick in picks.items if _may_show(pick, rows, left_out, profile.never)][:k]
        more, pinned = _filling(tx, actor, book, rows, profile.never, left_out, chosen, k, now=now)
    shelf = Shelf(now, context)
    build = personal_card if history else pick_card
    found = [(build(pick, rows, history, now=now), pick.score) for pick in chosen]
    sellers = [replace(item, source=BEST_SELLERS) for item in cards(more, now=now, kind="popular")]
    found += [
        (pinned_card(item, pinned[item.product_id]) if item.product_id in pinned else item, 0.0) for item in sellers
    ]
    ranked = tuple((replace(item, rank=rank), score) for rank, (item, score) in enumerate(found, 1))
    made = made_by(picks if picks.strategy else replace(picks, strategy=BEST_SELLERS))
    rail = vm.Rail(f"api_{context}", "", tuple(item for item, _score in ranked), request_id=shelf.request_id, **made)
    if is_shown:
        note_impressions(actor, [rail], now=now)
    return Recommended(ranked, shelf.request_id, rail.strategy, rail.model_version, not history, picks.took_ms)


def _filling(
    tx: Tx,
    actor: Actor,
    book: RuleBook,
    rows: dict[int, CardRow],
    never: Never,
    left_out: set[int],
    chosen: Sequence[Pick],
    k: int,
    *,
    now: datetime,
) -> tuple[list[CardRow], dict[int, int]]:
    """Return what sells best to fill a list up to ``k``, and the rules of what is pinned among it.

    Behind picks it stands as it sells; where there are none it is the list, and the owner's rules hold for it.
    """
    if chosen:
        taken = left_out | {pick.product_id for pick in chosen}
        wanted = k - len(chosen)
        return (_best_sellers(tx, actor, book, never, taken, wanted) if wanted else []), {}
    popular = _best_sellers(tx, actor, book, never, left_out, k + SPARE)
    others = [row for row in rows.values() if _may_stand(row, left_out, never)]
    listed, pinned = merchandising.ruled_rows(popular, others, book, now=now)
    return listed[:k], pinned


def _best_sellers(
    tx: Tx, actor: Actor, book: RuleBook, never: Never, taken: Collection[int], wanted: int
) -> list[CardRow]:
    """Return what sells best and may be shown to somebody, read on until there is enough or no more."""
    limit = wanted + POOL
    while True:
        popular = products.best_sellers(tx, limit=limit, actor=actor, exclude=taken, book=book)
        found = [row for row in popular if not row.is_excluded and not never.hides(row)]
        if len(found) >= wanted or len(popular) < limit:
            return found[:wanted]
        limit *= 4


def _may_show(pick: Pick, rows: dict[int, CardRow], left_out: set[int], never: Never = NOTHING) -> bool:
    row = rows.get(pick.product_id)
    return row is not None and _may_stand(row, left_out, never)


def _standing(rows: dict[int, CardRow], left_out: set[int], never: Never) -> dict[int, CardRow]:
    """Return the rows that may be shown: a rule must count no place for what is taken out after it."""
    return {product_id: row for product_id, row in rows.items() if _may_stand(row, left_out, never)}


def _may_stand(row: CardRow, left_out: set[int], never: Never) -> bool:
    return row.is_sellable and not row.is_excluded and not never.hides(row) and row.product_id not in left_out


def similar_for_api(recs: Recs, product_id: int, *, k: int, space: str, now: datetime) -> Recommended:
    """Return alternatives to a product for a program; empty when the model knows none."""
    try:
        picks = recs.similar(product_id, k=2 * k + 20, space=space)
    except RecsUnavailable:
        picks = Picks()
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(picks))
        book = rules.current(tx, now=now)
    left_out = merchandising.left_out(book, list(rows.values()), now=now) | {product_id}
    chosen = [pick for pick in picks.items if _may_show(pick, rows, left_out)][:k]
    found = tuple((pick_card(pick, rows, (), now=now), pick.score) for pick in chosen)
    request_id = Shelf(now, "product").request_id
    return Recommended(found, request_id, f"similar:{space}", picks.model_version, False, picks.took_ms)


def preview(actor: Actor, recs: Recs, *, k: int, history_limit: int, now: datetime) -> list[vm.Card]:
    """Return what a visitor would be recommended now, without noting it; nothing where it would be nothing personal."""
    profile = profiles.read(actor, limit=history_limit)
    if not profile.says_anything:
        return []
    (listed,), _rows = lists_of(actor, recs, [profile], k=k, now=now)
    return list(listed.cards)


def lists_of(
    actor: Actor,
    recs: Recs,
    wanted: Sequence[profiles.Profile],
    *,
    k: int,
    now: datetime,
    also: Collection[int] = (),
) -> tuple[list[Listed], dict[int, CardRow]]:
    """Return what each of some profiles of one visitor would be recommended now, without noting it.

    The cards of the products in ``also`` are read in the same statement and returned with those of the lists.
    """
    with read_unit() as tx:
        book = rules.current(tx, now=now)
        unwanted = leftout.ids(tx, book)
    answers = [ask_recs(recs, profile.ask(3 * k, now=now, exclude=unwanted)) for profile in wanted]
    with read_unit() as tx:
        needed = book.pinned_ids.union(*map(needed_ids, answers))
        found = products.cards(tx, needed.union(also), actor)
    rows = {product_id: row for product_id, row in found.items() if product_id in needed}
    left_out = merchandising.left_out(book, list(rows.values()), now=now)
    lists = [
        _listed(
            merchandising.ruled(picks, _standing(rows, left_out, profile.never), book, now=now),
            rows,
            profile,
            left_out,
            k,
            now=now,
        )
        for picks, profile in zip(answers, wanted, strict=True)
    ]
    return lists, found


def _listed(
    picks: Picks, rows: dict[int, CardRow], profile: profiles.Profile, left_out: set[int], k: int, *, now: datetime
) -> Listed:
    chosen = [pick for pick in picks.items if _may_show(pick, rows, left_out, profile.never)][:k]
    build = personal_card if profile.history else pick_card
    return Listed(tuple(build(pick, rows, profile.history, now=now) for pick in chosen), picks)


def note_shown(actor: Actor, listed: Listed, key: str, *, now: datetime) -> str:
    """Note a list as shown in its order and return the id it is known by; nothing, and no id, for an empty one."""
    if not listed.cards:
        return ""
    made = made_by(listed.picks)
    rail = vm.Rail(key, "", listed.cards, request_id=Shelf(now, key).request_id, context=key, **made)
    note_impressions(actor, [rail], now=now)
    return rail.request_id
