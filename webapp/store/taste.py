"""What people say about products for themselves: wishes, stars, and what they do not want to see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, cast, delete, exists, false, func, literal, null, or_, select, union_all, update

from webapp.actors import Actor
from webapp.store import products
from webapp.store.interactions import insert_or_ignore
from webapp.store.models import (
    Brand,
    Exclusion,
    Guest,
    Interaction,
    Product,
    Search,
    StarRating,
    User,
    WishlistItem,
)
from webapp.store.scope import owned_by, owner_values
from webapp.store.tx import Tx
from webapp.tuning import Tuning


def set_stars(tx: Tx, actor: Actor, product_id: int, stars: int, *, now: datetime, is_late: bool = False) -> int | None:
    """Store somebody's stars and return those they replace, None for a first vote.

    Stars that arrive late (``now`` is when they were given) and are older than those that are there change nothing: the
    latest vote counts. What is done at this moment is the latest, though a clock that was ahead has told another.
    """
    mine = (owned_by(StarRating, actor), StarRating.product_id == product_id)
    # For update: what the same person says meanwhile in another transaction would else be counted beside this.
    standing = select(StarRating.stars, StarRating.at).where(*mine).with_for_update()
    found = tx.row(standing)
    if found is None:
        values = {"product_id": product_id, "stars": stars, "at": now, **owner_values(actor)}
        if tx.scalar(insert_or_ignore(tx, StarRating).values(**values).returning(StarRating.id)) is not None:
            _add_stars(tx, product_id, stars, 1)
            return None
        found = tx.row(standing)
    if found is None:  # somebody took back what was in our way
        return set_stars(tx, actor, product_id, stars, now=now, is_late=is_late)
    before, given_at = int(found[0]), found[1]
    if not is_late or given_at <= now:
        tx.change(update(StarRating).where(*mine).values(stars=stars, at=now))
        _add_stars(tx, product_id, stars - before, 0)
    return before


def _add_stars(tx: Tx, product_id: int, stars: int, n: int) -> None:
    sums = {"rating_sum": Product.rating_sum + stars, "rating_count": Product.rating_count + n}
    tx.change(update(Product).where(Product.id == product_id).values(sums))


def remove_stars(tx: Tx, actor: Actor, *, product_id: int | None = None) -> list[int]:
    """Take back somebody's stars, for one product or all, and return the products concerned."""
    statement = delete(StarRating).where(owned_by(StarRating, actor)).returning(StarRating.product_id)
    if product_id is not None:
        statement = statement.where(StarRating.product_id == product_id)
    touched = list(tx.scalars(statement))
    recount_stars(tx, touched)
    return touched


def put_stars_back(tx: Tx, actor: Actor, product_id: int, stars: int, *, at: datetime) -> None:
    """Let earlier stars stand again in place of those that somebody gave since."""
    mine = (owned_by(StarRating, actor), StarRating.product_id == product_id)
    if tx.change(update(StarRating).where(*mine).values(stars=stars, at=at)):
        recount_stars(tx, [product_id])


def recount_stars(tx: Tx, product_ids: Collection[int] | None = None) -> None:
    """Count the sums of some products, or of all, from the votes themselves.

    They are locked first: a vote that was added to their sums meanwhile is only seen by a statement that begins later.
    """
    votes = select(func.count()).where(StarRating.product_id == Product.id).scalar_subquery()
    total = (
        select(func.coalesce(func.sum(StarRating.stars), 0))
        .where(StarRating.product_id == Product.id)
        .scalar_subquery()
    )
    statement = update(Product).values(rating_count=votes, rating_sum=total)
    products.lock(tx, product_ids)
    if product_ids is None:
        tx.execute(statement)
    elif product_ids:
        tx.execute(statement.where(Product.id.in_(sorted(product_ids))))


def stars_by(tx: Tx, actor: Actor) -> dict[int, int]:
    """Return somebody's stars by product."""
    rows = tx.rows(select(StarRating.product_id, StarRating.stars).where(owned_by(StarRating, actor)))
    return {row[0]: row[1] for row in rows}


def exclude(tx: Tx, actor: Actor, product_id: int, reason: str, *, now: datetime) -> None:
    """Keep a product out of somebody's recommendations; a later reason replaces the earlier one."""
    include(tx, actor, product_id)
    values = {"product_id": product_id, "reason": reason, "at": now, **owner_values(actor)}
    tx.execute(insert_or_ignore(tx, Exclusion).values(**values))


def dismiss(tx: Tx, actor: Actor, product_id: int, *, at: datetime) -> None:
    """Keep a product out as not wanted, unless something newer was said of it: what arrives late changes nothing."""
    kept_out = exists().where(owned_by(Exclusion, actor), Exclusion.product_id == product_id, Exclusion.at > at)
    rated = exists().where(
        owned_by(Interaction, actor),
        Interaction.product_id == product_id,
        Interaction.kind == "rating",
        Interaction.at > at,
    )
    if not tx.scalar(select(or_(kept_out, rated))):
        exclude(tx, actor, product_id, "dismiss", now=at)


def include(tx: Tx, actor: Actor, product_id: int, *, until: datetime | None = None) -> bool:
    """Let a product back in that was kept out, by default whenever that was; False when it was not kept out."""
    statement = delete(Exclusion).where(owned_by(Exclusion, actor), Exclusion.product_id == product_id)
    if until is not None:
        statement = statement.where(Exclusion.at <= until)
    return bool(tx.change(statement))


def include_all(tx: Tx, actor: Actor, *, since: datetime | None = None) -> None:
    """Let back in what was kept out since a moment, or ever."""
    statement = delete(Exclusion).where(owned_by(Exclusion, actor))
    tx.change(statement if since is None else statement.where(Exclusion.at >= since))


def kept_out_and_moments(tx: Tx, actor: Actor, *, limit: int) -> tuple[dict[int, tuple[str, datetime]], list[datetime]]:
    """Return what somebody keeps out, why and since when, and when they did anything: all newest first.

    Anything is an event, a search or a refusal; to turn something down is one thing, though two rows tell of it.
    """
    if not actor.is_known:
        return {}, []
    is_noted = and_(
        Exclusion.reason == "dismiss",
        exists().where(
            owned_by(Interaction, actor),
            Interaction.kind == "dismiss",
            Interaction.product_id == Exclusion.product_id,
        ),
    )
    kept_out = select(Exclusion.product_id, Exclusion.reason, Exclusion.at, is_noted).where(owned_by(Exclusion, actor))
    done = union_all(
        select(Interaction.at).where(owned_by(Interaction, actor)), select(Search.at).where(owned_by(Search, actor))
    ).subquery()
    newest = select(done.c.at).order_by(done.c.at.desc()).limit(limit).subquery()
    plain = select(cast(null(), Integer), literal(""), newest.c.at, false())
    rows = sorted(tx.rows(union_all(kept_out, plain)), key=lambda row: row[2], reverse=True)
    kept = {row[0]: (row[1], row[2]) for row in rows if row[0] is not None}
    return kept, [row[2] for row in rows if not row[3]]


def tuning(tx: Tx, actor: Actor) -> Tuning:
    """Return what somebody set for their picks."""
    found: Any = None
    if actor.user_id is not None:
        found = tx.scalar(select(User.tuning).where(User.id == actor.user_id))
    elif actor.guest_id is not None:
        found = tx.scalar(select(Guest.tuning).where(Guest.id == actor.guest_id))
    return Tuning.from_json(found or {})


def set_tuning(tx: Tx, actor: Actor, chosen: Tuning) -> None:
    """Keep what somebody set for their picks."""
    table, key = (User, actor.user_id) if actor.user_id is not None else (Guest, actor.guest_id)
    tx.change(update(table).where(table.id == key).values(tuning=chosen.to_json()))


def brands(tx: Tx) -> list[tuple[int, str, str]]:
    """Return id, address and name of every brand of which something is on the shelves, by name."""
    on_the_shelves = select(Product.brand_id).where(Product.is_visible)
    rows = tx.rows(select(Brand.id, Brand.slug, Brand.name).where(Brand.id.in_(on_the_shelves)).order_by(Brand.name))
    return [(row[0], row[1], row[2]) for row in rows]


def wish(tx: Tx, actor: Actor, product_id: int, *, now: datetime) -> bool:
    """Save a product for later; False when it was saved already."""
    values = {"product_id": product_id, "at": now, **owner_values(actor)}
    added = tx.row(insert_or_ignore(tx, WishlistItem).values(**values).returning(WishlistItem.id))
    return added is not None


def unwish(tx: Tx, actor: Actor, product_id: int) -> None:
    """Take a product off the list."""
    tx.change(delete(WishlistItem).where(owned_by(WishlistItem, actor), WishlistItem.product_id == product_id))


def n_wishes(tx: Tx, actor: Actor) -> int:
    """Count what somebody saved for later."""
    return int(tx.scalar(select(func.count()).select_from(WishlistItem).where(owned_by(WishlistItem, actor))) or 0)


def stars_only_told(tx: Tx) -> list[dict[str, Any]]:
    """Return the stars of members for products of which only a rating event tells; the latest event counts."""
    newest = (
        select(
            Interaction.user_id,
            Interaction.product_id,
            Interaction.value,
            Interaction.at,
            func.row_number()
            .over(
                partition_by=(Interaction.user_id, Interaction.product_id),
                order_by=(Interaction.at.desc(), Interaction.id.desc()),
            )
            .label("place"),
        )
        .where(Interaction.kind == "rating", Interaction.user_id.is_not(None))
        .subquery()
    )
    is_kept = exists().where(StarRating.user_id == newest.c.user_id, StarRating.product_id == newest.c.product_id)
    stars = cast(newest.c.value, Integer).label("stars")
    told = select(newest.c.user_id, newest.c.product_id, stars, newest.c.at).where(newest.c.place == 1, ~is_kept)
    return [dict(row._mapping) for row in tx.rows(told)]


def adopt_stars(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep stars where there are none yet."""
    tx.execute(insert_or_ignore(tx, StarRating), rows)
    recount_stars(tx, {row["product_id"] for row in rows})


def dismissals_only_told(tx: Tx) -> list[dict[str, Any]]:
    """Return what members dismissed and did not rate since, where only the event says so."""
    newest = (
        select(Interaction.user_id, Interaction.product_id, func.max(Interaction.at).label("at"))
        .where(Interaction.kind == "dismiss", Interaction.user_id.is_not(None))
        .group_by(Interaction.user_id, Interaction.product_id)
        .subquery()
    )
    rated_since = exists().where(
        Interaction.user_id == newest.c.user_id,
        Interaction.product_id == newest.c.product_id,
        Interaction.kind == "rating",
        Interaction.at > newest.c.at,
    )
    is_kept = exists().where(Exclusion.user_id == newest.c.user_id, Exclusion.product_id == newest.c.product_id)
    told = select(newest.c.user_id, newest.c.product_id, newest.c.at).where(~rated_since, ~is_kept)
    return [{**row._mapping, "reason": "dismiss"} for row in tx.rows(told)]


def adopt_dismissals(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep out what was dismissed, where nothing keeps it out yet."""
    tx.execute(insert_or_ignore(tx, Exclusion), rows)
