"""What the frame around every page shows."""

from __future__ import annotations

from collections.abc import Sequence

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.memo import per_request
from webapp.store import frame, products, taste
from webapp.store.rows import CategoryRow
from webapp.store.tx import Tx, read_unit
from webapp.viewbuilders.cards import nav
from webapp.viewbuilders.menu import menu


def read(actor: Actor) -> tuple[list[CategoryRow], int, int, bool]:
    """Return the category tree, pieces in the cart, saved products, and whether this is the demo shop."""
    with read_unit() as tx:
        found = _numbers(tx, actor)
        return tree(tx), found.n_cart, found.n_wishlist, found.is_demo


def _numbers(tx: Tx, actor: Actor) -> frame.FrameRow:
    return per_request("frame", lambda: frame.numbers(tx, actor))


def delivery_terms(tx: Tx, actor: Actor) -> frame.DeliveryTerms | None:
    """Return what can be said of delivery before a way is chosen, read with the other numbers of the page."""
    return _numbers(tx, actor).delivery


def tree(tx: Tx) -> list[CategoryRow]:
    """Return the categories, read once per request: navigation, breadcrumb and filters share them."""
    return per_request("categories", lambda: products.categories(tx))


def brands(tx: Tx) -> list[tuple[int, str, str]]:
    """Return id, address and name of the brands on the shelves, read once per request."""
    return per_request("brands", lambda: taste.brands(tx))


def navigation(rows: Sequence[CategoryRow], slug: str) -> tuple[tuple[vm.NavCategory, ...], bool]:
    """Build the menu with the present category marked, and say whether there are more departments than it names."""
    current = next((row.category_id for row in rows if row.slug == slug), None)
    tree = nav(rows, current=current)
    named = menu(tree)
    return named, len(named) < len(tree)
