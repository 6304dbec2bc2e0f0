"""A pencil and four washes: the means of the small drawings."""

from __future__ import annotations

from seed.pictures.colours import hex_of
from seed.pictures.paths import number, oval, tidy

LINE = hex_of((0.58, 0.022, 70))
GREEN = hex_of((0.60, 0.085, 158))
AMBER = hex_of((0.76, 0.115, 75))
CLAY = hex_of((0.66, 0.09, 45))

WIDTH, HEIGHT = 240, 180


class Pencil:
    """Collects lines and washes."""

    def __init__(self) -> None:
        self._body: list[str] = []

    def wash(self, path: str, paint: str, strength: float = 0.30) -> None:
        """Lay a thin colour, drawn a little beside the line as a brush would."""
        self._body.append(
            f'<path d="{tidy(path)}" fill="{paint}" fill-opacity="{strength:.2f}" transform="translate(3 2)"/>'
        )

    def line(self, path: str, paint: str = LINE, width: float = 2.6) -> None:
        """Draw a line."""
        self._body.append(
            f'<path d="{tidy(path)}" fill="none" stroke="{paint}" stroke-width="{number(width)}"'
            ' stroke-linecap="round" stroke-linejoin="round"/>'
        )

    def shape(self, path: str, paint: str, strength: float = 0.30) -> None:
        """Draw a washed shape with its outline."""
        self.wash(path, paint, strength)
        self.line(path)

    def ground(self, y: float, half: float = 78) -> None:
        """Draw the soft shadow and the line things stand on."""
        self._body.append(f'<path d="{oval(124, y + 1, half, 7)}" fill="{LINE}" fill-opacity=".16"/>')

    def svg(self) -> str:
        """Return the drawing."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
            f' height="{HEIGHT}">{"".join(self._body)}</svg>'
        )
