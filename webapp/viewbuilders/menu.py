"""The menu of shelves in every page: two levels, of a large shop only as much as a person reads in a menu."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from webapp.viewmodels import NavCategory
from webapp.viewmodels.parts import biggest

MOST_IN_A_MENU = 120
FEWEST_BELOW = 3  # one or two of dozens say nothing of what is there


def menu(tree: tuple[NavCategory, ...]) -> tuple[NavCategory, ...]:
    """Return what a menu names: the biggest departments, and below each as many as places allow, the biggest again."""
    tops = biggest(tree, MOST_IN_A_MENU)
    most = _most_below((len(top.children) for top in tops), MOST_IN_A_MENU - len(tops))
    return tuple(_cut(top, most if most >= FEWEST_BELOW else 0) for top in tops)


def _most_below(sizes: Iterable[int], places: int) -> int:
    """Return how many each may have below it; what small ones leave free is given to the others."""
    waiting = sorted(sizes)
    for n_taken, size in enumerate(waiting):
        share = places // (len(waiting) - n_taken)
        if size > share:
            return share
        places -= size
    return MOST_IN_A_MENU


def _cut(top: NavCategory, most: int) -> NavCategory:
    named = biggest(top.children, most)
    return replace(top, children=named, has_more=len(named) < len(top.children))
