"""The paper a picture is drawn on: light, cloth, shade and line, collected as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from seed.pictures.colours import COLOURS, Tones, ground, tones, tones_of
from seed.pictures.paths import HEIGHT, WIDTH, number, oval, tidy
from seed.pictures.spec import PictureSpec
from seed.pictures.tiles import PATTERN_TILES, TEXTURE_TILES, tile_markup
from seed.pictures.vocabulary import MATERIALS, Material

WOOD = tones_of((0.68, 0.07, 68))
STEEL = tones_of((0.78, 0.008, 250))
BRASS = tones_of((0.74, 0.09, 82))
RUBBER = tones_of((0.94, 0.012, 90))
SOLE = tones_of((0.32, 0.012, 60))
PAPER = tones_of((0.965, 0.012, 88))
LEATHER = tones_of((0.52, 0.07, 52))
LEAF = tones_of((0.50, 0.085, 142))
PALE_LEAF = tones_of((0.62, 0.085, 132))
SOIL = tones_of((0.33, 0.03, 55))
WAX = tones_of((0.94, 0.02, 88))

Stop = tuple[float, str, float]
SPLIT = 255.0


class Sheet:
    """Collects the parts of one picture from back to front.

    The methods that draw take path data in a field of 400 by 500 units. ``ids`` keeps the names of gradients apart when
    several pictures share a page.
    """

    def __init__(self, spec: PictureSpec, ids: str = "") -> None:
        self.spec = spec
        self.main: Tones = tones(spec.colour)
        self.second: Tones = tones(spec.second_colour)
        self.material: Material = MATERIALS[spec.material]
        self.brightness = COLOURS[spec.colour][0]
        self._ids = ids
        self._defs: dict[str, str] = {}
        self._body: list[str] = []

    def _named(self, form: str) -> str:
        """Keep a definition (with {id} in it) once and return its reference."""
        if form not in self._defs:
            self._defs[form] = f"{self._ids}{chr(97 + len(self._defs) % 26)}{len(self._defs) // 26 or ''}"
        return f"url(#{self._defs[form]})"

    def gradient(self, stops: Sequence[Stop], start: tuple[float, float], end: tuple[float, float]) -> str:
        """Return a paint that runs from ``start`` to ``end``; both in shares of the painted shape's box."""
        marks = "".join(
            f'<stop offset="{number(offset * 100)}%" stop-color="{colour}"'
            + ("" if opacity >= 1 else f' stop-opacity="{opacity:.2f}"')
            + "/>"
            for offset, colour, opacity in stops
        )
        (x1, y1), (x2, y2) = start, end
        return self._named(
            f'<linearGradient id="{{id}}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}">{marks}</linearGradient>'
        )

    def light(self, paint: Tones, form: str) -> str:
        """Return a paint of one colour under the light: on "cloth", a "round" body, a "flat" board, or a "ball"."""
        if form == "round":
            gloss = self.material.gloss
            stops = [
                (0.0, paint.base, 1.0),
                (0.2, paint.lit if gloss < 0.6 else paint.gleam, 1.0),
                (0.42, paint.base, 1.0),
                (0.82, paint.shade, 1.0),
                (1.0, paint.deep if gloss > 0.3 else paint.shade, 1.0),
            ]
            return self.gradient(stops, (0, 0), (1, 0))
        if form == "flat":
            return self.gradient([(0, paint.lit, 1), (1, paint.base, 1)], (0, 0), (0.6, 1))
        if form == "ball":
            return self.gradient(
                [(0.05, paint.lit, 1), (0.5, paint.base, 1), (0.95, paint.deep, 1)], (0.1, 0), (0.9, 1)
            )
        return self.gradient([(0, paint.lit, 1), (0.42, paint.base, 1), (1, paint.shade, 1)], (0, 0), (0.85, 1))

    def _veil(self, form: str) -> str:
        """Return the light as a transparent veil, to lie over a pattern."""
        dark = self.main.line
        if form == "round":
            stops = [(0, dark, 0.06), (0.2, "#fff", 0.25), (0.42, "#fff", 0.0), (0.82, dark, 0.24), (1, dark, 0.34)]
            return self.gradient(stops, (0, 0), (1, 0))
        return self.gradient([(0, "#fff", 0.18), (0.42, "#fff", 0.0), (1, dark, 0.2)], (0, 0), (0.85, 1))

    def fill(self, path: str, paint: str, opacity: float = 1.0) -> None:
        """Fill a path with a plain paint."""
        see = "" if opacity >= 1 else f' fill-opacity="{opacity:.2f}"'
        self._body.append(f'<path d="{tidy(path)}" fill="{paint}"{see}/>')

    def line(
        self,
        path: str,
        width: float = 1.5,
        paint: str | None = None,
        opacity: float = 1.0,
        dash: str = "",
        cap: str = "round",
    ) -> None:
        """Draw a path as a line with round (or "butt") ends; in the main colour's line tone when no paint is named."""
        see = "" if opacity >= 1 else f' stroke-opacity="{opacity:.2f}"'
        gaps = f' stroke-dasharray="{dash}"' if dash else ""
        self._body.append(
            f'<path d="{tidy(path)}" fill="none" stroke="{paint or self.main.line}" stroke-width="{width:g}"'
            + ("" if cap == "butt" else f' stroke-linecap="{cap}"')
            + f' stroke-linejoin="round"{see}{gaps}/>'
        )

    def seam(self, path: str, opacity: float = 0.32, width: float = 1.5) -> None:
        """Draw a seam or crease."""
        self.line(path, width, self.main.line, opacity)

    def stitches(self, path: str, paint: str | None = None, opacity: float = 0.55) -> None:
        """Draw a row of stitches."""
        self.line(path, 1.3, paint or self.main.line, opacity, dash="4 3.4")

    def shade(self, path: str, opacity: float = 0.2, paint: Tones | None = None) -> None:
        """Lay a shadow of the material's own dark tone over a path."""
        self.fill(path, (paint or self.main).line, opacity)

    def glow(self, path: str, opacity: float = 0.3) -> None:
        """Lay light over a path; less of it on dark things, where white would glare."""
        self.fill(path, "#fff", opacity * (0.25 + 0.75 * self.brightness))

    def disc(self, cx: float, cy: float, radius: float, paint: str, opacity: float = 1.0) -> None:
        """Fill a circle: buttons, eyelets, wheels."""
        see = "" if opacity >= 1 else f' fill-opacity="{opacity:.2f}"'
        self._body.append(f'<circle cx="{number(cx)}" cy="{number(cy)}" r="{number(radius)}" fill="{paint}"{see}/>')

    def button(self, x: float, y: float, radius: float = 3.6, paint: str = "#f4efe6") -> None:
        """Sew on a button."""
        self.disc(x + 0.8, y + 1.2, radius, self.main.line, 0.35)
        self.disc(x, y, radius, paint)
        self.disc(x, y, radius * 0.34, "#8d8375")

    def pattern(self, name: str, ink: str, scale: float = 1.0, *, dy: float = 0.0, turn: float = 0.0) -> str:
        """Return a paint that repeats a pattern's tile in the ink given."""
        return self._named(tile_markup("{id}", PATTERN_TILES[name](ink, scale), dy=dy, turn=turn))

    def texture(self, path: str, name: str | None = None, paint: Tones | None = None) -> None:
        """Lay the material's fine texture, or a named one, over a path."""
        name = self.material.texture if name is None else name
        if name:
            width, height, body = TEXTURE_TILES[name]
            ink = (paint or self.main).line
            self.fill(path, self._named(tile_markup("{id}", (width, height, body.replace("{ink}", ink)))))

    def piece(
        self,
        path: str,
        paint: Tones | None = None,
        form: str = "cloth",
        *,
        pattern: str | None = None,
        scale: float = 1.0,
        split: float = SPLIT,
        turn: float = 0.0,
        texture: str | None = None,
    ) -> None:
        """Draw a piece of the object in its main colour, with the spec's pattern, texture and light.

        Parameters
        ----------
        path : str
        paint : Tones, optional
            Another colour; such a piece carries no pattern unless one is named.
        form : {"cloth", "round", "flat", "ball"}
            How the light falls.
        pattern : str, optional
            Instead of the spec's; "pinstripe" runs upright.
        scale : float
            Of the pattern.
        split : float
            Where the two colours of "block" meet: a height on the tile.
        turn : float
            Degrees by which the pattern is turned; keep for small pieces.
        texture : str, optional
            Instead of the material's; "" for none.
        """
        tone = paint or self.main
        name = pattern if pattern is not None else (self.spec.pattern if paint is None else "plain")
        if name == "block":
            self.fill(path, self._halves(tone, split))
            self.fill(path, self._veil(form))
        elif name in PATTERN_TILES:
            self.fill(path, tone.base)
            self.fill(path, self.pattern(name, self.second.base, scale, turn=turn))
            self.fill(path, self._veil(form))
        else:
            self.fill(path, self.light(tone, form))
        self.texture(path, texture, tone)

    def _halves(self, tone: Tones, split: float) -> str:
        share = f"{split / HEIGHT:.3f}"
        return self._named(
            f'<linearGradient id="{{id}}" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="{HEIGHT}">'
            f'<stop offset="{share}" stop-color="{tone.base}"/><stop offset="{share}" stop-color="{self.second.base}"/>'
            "</linearGradient>"
        )

    def cast(self, path: str, dx: float = 7, dy: float = 10, strength: float = 0.10) -> None:
        """Let a thing that lies or hangs throw a soft shadow down to the right: the outline, twice."""
        for share in (1.0, 0.5):
            self._body.append(
                f'<path d="{tidy(path)}" fill="#2a2018" fill-opacity="{strength:.2f}"'
                f' transform="translate({number(dx * share)} {number(dy * share)})"/>'
            )

    def floor(self, cx: float, cy: float, rx: float, ry: float | None = None, strength: float = 0.42) -> None:
        """Put a soft contact shadow under a thing that stands, longer to the right."""
        ry = ry if ry is not None else max(rx * 0.13, 7)
        ink = "#2a2018"
        soft = self._named(
            f'<radialGradient id="{{id}}"><stop offset="20%" stop-color="{ink}" stop-opacity="{strength:.2f}"/>'
            f'<stop offset="60%" stop-color="{ink}" stop-opacity="{strength * 0.4:.2f}"/>'
            f'<stop offset="100%" stop-color="{ink}" stop-opacity="0"/></radialGradient>'
        )
        self.fill(oval(cx + rx * 0.16, cy, rx * 1.18, ry), soft)

    def radial(self, path: str, paint: str, strength: float) -> None:
        """Fill a path with a soft spot of light or shade that fades from its middle."""
        soft = self._named(
            f'<radialGradient id="{{id}}"><stop stop-color="{paint}" stop-opacity="{strength:.2f}"/>'
            f'<stop offset="100%" stop-color="{paint}" stop-opacity="0"/></radialGradient>'
        )
        self.fill(path, soft)

    @contextmanager
    def group(self, transform: str) -> Iterator[None]:
        """Draw what follows under a transform."""
        self._body.append(f'<g transform="{transform}">')
        yield
        self._body.append("</g>")

    def markup(self) -> str:
        """Return definitions and parts, without the svg element around them."""
        defs = "".join(form.replace("{id}", name) for form, name in self._defs.items())
        return (f"<defs>{defs}</defs>" if defs else "") + "".join(self._body)

    def svg(self) -> str:
        """Return the whole picture on its tile."""
        tile = f'<path d="M0 0H{WIDTH}V{HEIGHT}H0z" fill="{ground(self.spec.colour)}"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
            f' height="{HEIGHT}">{tile}{self.markup()}</svg>'
        )
