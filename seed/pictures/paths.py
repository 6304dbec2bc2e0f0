"""Outlines: small builders for SVG path data, in absolute M, L, C, Q and Z only, so that paths can be turned around."""

from __future__ import annotations

import re
from collections.abc import Sequence

Point = tuple[float, float]

WIDTH, HEIGHT = 400, 500
AXIS = WIDTH / 2

_TOKEN = re.compile(r"[MLCQZ]|-?\d*\.?\d+(?:e-?\d+)?")
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_SIZES = {"M": 1, "L": 1, "C": 3, "Q": 2, "Z": 0}


def number(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def tidy(path: str) -> str:
    """Round every coordinate of a path to one decimal and drop spaces that say nothing."""
    path = _NUMBER.sub(lambda found: number(float(found.group())), path)
    path = re.sub(r"\s*([MLCQZ])\s*", r"\1", path)
    return re.sub(r"\s+", " ", re.sub(r"\s+-", "-", path)).strip()


def segments(path: str) -> list[tuple[str, list[Point]]]:
    """Split a path into (command, points).

    Raises
    ------
    ValueError
        If a command has too few numbers.
    """
    tokens = _TOKEN.findall(path)
    parts: list[tuple[str, list[Point]]] = []
    place, command = 0, "M"
    while place < len(tokens):
        if tokens[place] in _SIZES:
            command = tokens[place]
            place += 1
        count = 2 * _SIZES[command]
        values = [float(token) for token in tokens[place : place + count]]
        if len(values) < count:
            raise ValueError(f"path ends early: {path!r}")
        parts.append((command, list(zip(values[::2], values[1::2], strict=True))))
        place += count
    return parts


def written(parts: Sequence[tuple[str, Sequence[Point]]]) -> str:
    """Join segments back into a path."""
    words = []
    for command, points in parts:
        words.append(command + " ".join(f"{number(x)} {number(y)}" for x, y in points))
    return tidy(" ".join(words))


def moved(path: str, dx: float = 0.0, dy: float = 0.0, scale: float = 1.0, about: Point = (AXIS, HEIGHT / 2)) -> str:
    """Return the path scaled about a point and then shifted."""
    px, py = about
    return written(
        [
            (command, [(px + (x - px) * scale + dx, py + (y - py) * scale + dy) for x, y in points])
            for command, points in segments(path)
        ]
    )


def mirrored(path: str, axis: float = AXIS) -> str:
    """Return the path seen in a mirror standing at x = ``axis``."""
    return written([(command, [(2 * axis - x, y) for x, y in points]) for command, points in segments(path)])


def both_sides(path: str, axis: float = AXIS) -> str:
    """Return the path and its mirror image as one."""
    return tidy(path) + mirrored(path, axis)


def backwards(path: str) -> list[tuple[str, list[Point]]]:
    """Return the segments of an open path run from its end to its start, without the first move."""
    parts = segments(path)
    ends = [points[-1] for _, points in parts]
    turned_round: list[tuple[str, list[Point]]] = []
    for place in range(len(parts) - 1, 0, -1):
        command, points = parts[place]
        turned_round.append((command, [*points[-2::-1], ends[place - 1]]))
    return turned_round


def symmetric(half: str, axis: float = AXIS) -> str:
    """Close an open half outline, which starts and ends on the axis, with its mirror image."""
    other = backwards(mirrored(half, axis))
    return written([*segments(half), *other, ("Z", [])])


def smooth(points: Sequence[Point], closed: bool = False, tension: float = 1.0) -> str:
    """Draw a soft curve through points (Catmull-Rom)."""
    n = len(points)
    around = [points[-1], *points, *points[:2]] if closed else [points[0], *points, points[-1]]
    words = [f"M{points[0][0]} {points[0][1]}"]
    for place in range(1, (n if closed else n - 1) + 1):
        before, here, there, after = around[place - 1 : place + 3]
        k = tension / 6
        first = (here[0] + (there[0] - before[0]) * k, here[1] + (there[1] - before[1]) * k)
        second = (there[0] - (after[0] - here[0]) * k, there[1] - (after[1] - here[1]) * k)
        words.append(f"C{first[0]} {first[1]} {second[0]} {second[1]} {there[0]} {there[1]}")
    return tidy(" ".join(words) + ("Z" if closed else ""))


def along(curve: Sequence[Point], share: float) -> Point:
    """Return the point at ``share`` (0 to 1) of a cubic curve given by its four control points."""
    t, u = share, 1 - share
    weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
    return (
        sum(weight * point[0] for weight, point in zip(weights, curve, strict=True)),
        sum(weight * point[1] for weight, point in zip(weights, curve, strict=True)),
    )


def blade(start: Point, bend: Point, end: Point, width: float) -> str:
    """Return a crescent from ``start`` to ``end``, pulled towards ``bend``: folds and leaves.

    ``width`` is about its thickness in the middle.
    """
    (x0, y0), (x2, y2) = start, end
    length = max(((x2 - x0) ** 2 + (y2 - y0) ** 2) ** 0.5, 1e-6)
    dx, dy = -(y2 - y0) / length * width, (x2 - x0) / length * width
    return tidy(f"M{x0} {y0} Q{bend[0] - dx} {bend[1] - dy} {x2} {y2} Q{bend[0] + dx} {bend[1] + dy} {x0} {y0}Z")


def oval(cx: float, cy: float, rx: float, ry: float | None = None) -> str:
    """Return an ellipse, or a circle when ``ry`` is left out."""
    ry = rx if ry is None else ry
    kx, ky = rx * 0.5523, ry * 0.5523
    return tidy(
        f"M{cx - rx} {cy}C{cx - rx} {cy - ky} {cx - kx} {cy - ry} {cx} {cy - ry}"
        f"C{cx + kx} {cy - ry} {cx + rx} {cy - ky} {cx + rx} {cy}"
        f"C{cx + rx} {cy + ky} {cx + kx} {cy + ry} {cx} {cy + ry}"
        f"C{cx - kx} {cy + ry} {cx - rx} {cy + ky} {cx - rx} {cy}Z"
    )


def box(x: float, y: float, width: float, height: float, radius: float = 0.0) -> str:
    """Return a rectangle with rounded corners."""
    right, bottom, r = x + width, y + height, min(radius, width / 2, height / 2)
    if r <= 0:
        return tidy(f"M{x} {y}L{right} {y}L{right} {bottom}L{x} {bottom}Z")
    k = r * 0.4477
    return tidy(
        f"M{x + r} {y}L{right - r} {y}C{right - k} {y} {right} {y + k} {right} {y + r}L{right} {bottom - r}"
        f"C{right} {bottom - k} {right - k} {bottom} {right - r} {bottom}L{x + r} {bottom}"
        f"C{x + k} {bottom} {x} {bottom - k} {x} {bottom - r}L{x} {y + r}C{x} {y + k} {x + k} {y} {x + r} {y}Z"
    )


def line(*points: Point) -> str:
    """Return straight lines from point to point."""
    return tidy("M" + "L".join(f"{x} {y}" for x, y in points))


def turned(profile: Sequence[Point], cx: float = AXIS, tilt: float = 0.1, soft: bool = True) -> str:
    """Return the outline of something made on a wheel.

    Parameters
    ----------
    profile : sequence of (half width, y)
        From the top rim to the foot.
    tilt : float
        How much of the rim's and the foot's circle is seen: height of the ellipse over its width.
    soft : bool
        Curves through the profile; straight lines when False.
    """
    right = [(cx + half, y) for half, y in profile]
    side = smooth(right) if soft else line(*right)
    top, foot = profile[0], profile[-1]
    down = segments(side)[1:]
    up = backwards(mirrored(side, cx))
    rim, base = top[0] * tilt, foot[0] * tilt
    return written(
        [
            ("M", [(cx - top[0], top[1])]),
            ("C", _arc(cx, top[1], top[0], -rim, forward=True)),
            *down,
            ("C", _arc(cx, foot[1], foot[0], base, forward=False)),
            *up,
            ("Z", []),
        ]
    )


def _arc(cx: float, y: float, half: float, height: float, *, forward: bool) -> list[Point]:
    """Return the control points of half an ellipse between (cx - half, y) and (cx + half, y), bulging by ``height``."""
    reach, side = 4 / 3 * height, 1.0 if forward else -1.0
    return [(cx - side * half, y + reach), (cx + side * half, y + reach), (cx + side * half, y)]
