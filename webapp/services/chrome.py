"""What the frame around every page shows."""

from __future__ import annotations

from collections.abc import Sequence

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.store import frame, products
from webapp.store.rows import CategoryRow
from webapp.store.tx import read_unit
from webapp.viewbuilders.cards import nav


def read(actor: Actor) -> tuple[list[CategoryRow], int, int, bool]:
    """Return the category tree, pieces in the cart, saved products, and whether this is the demo shop."""
    with read_unit() as tx:
        tree = products.categories(tx)
        n_cart, n_wishlist, is_demo = frame.counts(tx, actor)
    return tree, n_cart, n_wishlist, is_demo


def navigation(tree: Sequence[CategoryRow], slug: str) -> tuple[vm.NavCategory, ...]:
    """Build the navigation with the present category marked."""
    current = next((row.category_id for row in tree if row.slug == slug), None)
    return nav(tree, current=current)
