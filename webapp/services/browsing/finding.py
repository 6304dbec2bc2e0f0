"""What a search is for: its words, mended where nobody knows them, and the products near it in meaning."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.errors import RecsUnavailable
from webapp.picks import Picks, Recs
from webapp.store import search
from webapp.store.tx import read_unit

MOST_NEAR = 48
# What is less alike than this, or than three quarters of the nearest, shares a stray word rather than a meaning.
LEAST_LIKENESS, SHARE_OF_NEAREST = 0.2, 0.75


@dataclass(frozen=True, slots=True)
class Understood:
    """A search as the shop understands it.

    ``mended`` is what misspelt words were taken for, empty when none was; ``is_near_only`` says that no product holds
    all of the words and none is misspelt, so that whatever is found is near them in meaning.
    """

    words: tuple[str, ...] = ()
    near: tuple[int, ...] = ()
    mended: str = ""
    is_near_only: bool = False


NOTHING_ASKED = Understood()


def understand(query: str, recs: Recs) -> Understood:
    """Read a search; trouble with the recommender leaves the words alone."""
    words = search.parse_words(query)
    if not words:
        return NOTHING_ASKED
    with read_unit() as tx:
        has_hits = search.has_hits(tx, words)
        mended = None if has_hits else search.mend(tx, words)
    meant = " ".join(mended or ())
    return Understood(tuple(mended or words), _near(meant or query, recs), meant, not has_hits and not mended)


def _near(text: str, recs: Recs) -> tuple[int, ...]:
    try:
        picks = recs.search_text(text, k=MOST_NEAR)
    except RecsUnavailable:
        picks = Picks()
    least = max(LEAST_LIKENESS, SHARE_OF_NEAREST * max((pick.score for pick in picks.items), default=0.0))
    return tuple(pick.product_id for pick in picks.items if pick.score >= least)
