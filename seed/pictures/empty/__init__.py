"""Small drawings for pages that have nothing to show yet, in the language of the product pictures.

They lie on any ground, light or dark: no tile, and only colours of middle lightness.
"""

from __future__ import annotations

from collections.abc import Callable

from seed.pictures.empty import scenes
from seed.pictures.empty.pencil import Pencil

EMPTY_STATES: dict[str, Callable[[Pencil], None]] = {
    "cart": scenes.draw_cart,
    "orders": scenes.draw_orders,
    "search": scenes.draw_search,
    "wishlist": scenes.draw_wishlist,
    "error": scenes.draw_error,
}


def draw_empty_state(name: str) -> str:
    """Draw the picture of an empty page as SVG, 240 by 180 units, on no ground.

    Parameters
    ----------
    name : {"cart", "orders", "search", "wishlist", "error"}

    Raises
    ------
    ValueError
        If the name is none of these.
    """
    if name not in EMPTY_STATES:
        raise ValueError(f"empty state must be one of {', '.join(EMPTY_STATES)}, not {name!r}")
    pencil = Pencil()
    EMPTY_STATES[name](pencil)
    return pencil.svg()
