"""The mark of Kindred: a K whose arms are two leaves of one stem."""

from __future__ import annotations

from seed.pictures.colours import hex_of
from seed.pictures.paths import tidy

STEM = hex_of((0.50, 0.085, 160))
LEAF = hex_of((0.60, 0.095, 155))
BUD = hex_of((0.77, 0.125, 76))
PAPER = hex_of((0.975, 0.01, 90))

_STEM = "M15 8 C15 5.6 16.9 4 19 4 C21.1 4 23 5.6 23 8 L23 56 C23 58.4 21.1 60 19 60 C16.9 60 15 58.4 15 56 Z"
_UPPER = "M25 35 C24 20 34 6 54 5 C55 22 44 34 25 35 Z"
_LOWER = "M25 37 C40 36 54 44 55 60 C38 61 25 52 25 37 Z"


def _svg(body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">{body}</svg>'


def draw_mark() -> str:
    """Draw the mark on no ground; its greens can be read on light and on dark paper."""
    parts = ((_STEM, STEM), (_UPPER, LEAF), (_LOWER, BUD))
    return _svg("".join(f'<path d="{tidy(path)}" fill="{paint}"/>' for path, paint in parts))


def draw_favicon() -> str:
    """Draw the mark in paper white on a green tile, for tabs and home screens."""
    tile = f'<rect width="64" height="64" rx="14" fill="{STEM}"/>'
    parts = ((_STEM, PAPER, 1.0), (_UPPER, PAPER, 1.0), (_LOWER, BUD, 1.0))
    paths = "".join(f'<path d="{tidy(path)}" fill="{paint}"/>' for path, paint, _ in parts)
    return _svg(f'{tile}<g transform="translate(9 8) scale(.75)">{paths}</g>')
