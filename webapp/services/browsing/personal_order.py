"""The first results of a search in the order one visitor would like them, as far as that visitor wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from webapp.actors import Actor
from webapp.errors import RecsUnavailable
from webapp.picks import Ask, Recs
from webapp.store.rows import HistoryRow

PERSONAL, PLAIN = "personal", "plain"
ORDERS = (PERSONAL, PLAIN)
TOP = 50
RRF_CONSTANT = 60


def is_offered(actor: Actor, sort: str) -> bool:
    """Whether a visitor may choose: somebody known who has not paused personalisation, in no other chosen order."""
    return sort == "relevance" and actor.is_known and actor.is_personalised


def first_for(
    actor: Actor, hits: Sequence[tuple[int, bool]], history: Sequence[HistoryRow], recs: Recs, *, now: datetime
) -> tuple[int, ...]:
    """Return the results as a visitor would like them; empty when the recommender does not say.

    The order of the search and that of the visitor are joined by reciprocal rank fusion. What holds the words stays
    before what is only near them, and what the model does not know keeps its place in the search.

    Parameters
    ----------
    hits : sequence of (int, bool)
        The first results, best first: a product, and whether it holds the words.
    """
    ids = [product_id for product_id, _holds in hits]
    try:
        picks = recs.order(Ask(actor.ref, history, context="search", product_ids=ids, now=now))
    except RecsUnavailable:
        return ()
    if not picks.items:
        return ()
    liked = {product_id: place for place, product_id in enumerate(picks.product_ids)}

    def place_of(at: int) -> tuple[bool, float]:
        product_id, holds = hits[at]
        own = liked.get(product_id, at)
        return not holds, -1 / (RRF_CONSTANT + at) - 1 / (RRF_CONSTANT + own)

    return tuple(ids[at] for at in sorted(range(len(hits)), key=place_of))
