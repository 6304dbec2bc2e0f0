"""What the small drawings show."""

from __future__ import annotations

from seed.pictures.empty.pencil import AMBER, CLAY, GREEN, LINE, Pencil
from seed.pictures.paths import blade, oval


def _sprig(pencil: Pencil, x: float, y: float, size: float, lean: float = 1.0) -> None:
    """Draw a twig with five leaves that grows from (x, y)."""
    pencil.line(
        f"M{x} {y} C{x} {y - 20 * size} {x + 6 * lean * size} {y - 36 * size} {x + 14 * lean * size} {y - 56 * size}"
    )
    for up, out in ((14, -17), (22, 18), (34, -12), (40, 24), (56, 16)):
        start = (x + up * 0.16 * lean * size, y - up * size)
        end = (start[0] + out * lean * size, start[1] - (15 if up < 50 else 20) * size)
        bend = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 4 * size)
        leaf = blade(start, bend, end, 7 * size)
        pencil.shape(leaf, GREEN, 0.45)


def draw_cart(pencil: Pencil) -> None:
    """An open tote bag with a twig looking out."""
    pencil.ground(160, 62)
    _sprig(pencil, 128, 74, 0.9)
    body = (
        "M76 66 C104 71 136 71 164 66 C165 96 168 130 169 152 C169 158 166 160 161 160 L79 160 C74"
        " 160 71 158 71 152 C72 130 75 96 76 66 Z"
    )
    pencil.shape(body, AMBER, 0.34)
    pencil.line("M76 66 C104 61 136 61 164 66")
    pencil.line("M94 84 L95 54 C96 36 106 28 120 28 C134 28 144 36 145 54 L146 84")
    pencil.line("M90 84 L98 84 M142 84 L150 84")
    pencil.line("M80 148 C106 152 134 152 160 148", LINE, 1.6)


def draw_orders(pencil: Pencil) -> None:
    """A parcel tied with string."""
    pencil.ground(156, 70)
    pencil.shape("M62 84 L124 98 L124 158 L62 140 Z", CLAY, 0.38)
    pencil.shape("M124 98 L184 80 L184 138 L124 158 Z", CLAY, 0.24)
    pencil.shape("M62 84 L122 68 L184 80 L124 98 Z", AMBER, 0.34)
    pencil.line("M93 91 L93 149 M154 89 L154 148 M93 91 L153 74 M92 76 L154 89", LINE, 2)
    pencil.line(blade((123, 82), (100, 48), (92, 68), 6) + blade((123, 82), (146, 46), (156, 66), 6))
    pencil.line("M123 82 C118 90 112 94 106 100 M123 82 C130 88 134 92 142 96", LINE, 2)
    pencil.line("M134 128 L146 124 M134 136 L142 133.5", LINE, 1.8)


def draw_search(pencil: Pencil) -> None:
    """A magnifying glass that looks at a jug."""
    pencil.ground(160, 66)
    jug = (
        "M84 52 C84 66 88 74 80 88 C66 106 64 130 74 148 C78 156 86 160 96 160 L120 160 C130 160 138"
        " 156 142 148 C152 130 150 106 136 88 C128 74 132 66 132 52 Z"
    )
    pencil.shape(jug, GREEN, 0.32)
    pencil.line("M84 52 C92 57 124 57 132 52 C124 47 92 47 84 52 Z")
    pencil.line("M140 92 C164 84 170 118 148 130")
    pencil.shape(oval(146, 104, 36), AMBER, 0.26)
    pencil.line(oval(146, 104, 36), LINE, 4)
    pencil.line("M172 130 L198 156", LINE, 7)
    pencil.line("M124 96 C126 86 134 79 144 78", LINE, 1.8)


def draw_wishlist(pencil: Pencil) -> None:
    """A pot in which a heart grows."""
    pencil.ground(160, 56)
    pencil.line("M120 112 C120 98 121 88 120 76")
    heart = "M120 78 C104 66 84 54 86 36 C88 20 110 18 120 36 C130 18 152 20 154 36 C156 54 136 66 120 78 Z"
    pencil.shape(heart, CLAY, 0.46)
    for end, bend in (((90, 92), (98, 104)), ((150, 90), (142, 104))):
        pencil.shape(blade((120, 108), bend, end, 8), GREEN, 0.45)
    pencil.shape("M88 112 L152 112 L145 154 C144 159 141 160 137 160 L103 160 C99 160 96 159 95 154 Z", AMBER, 0.34)
    pencil.line("M85 112 L155 112", LINE, 4)


def draw_error(pencil: Pencil) -> None:
    """A mug that fell over."""
    pencil.ground(156, 82)
    pencil.wash("M150 146 C176 140 210 146 214 152 C210 160 170 160 146 157 Z", CLAY, 0.5)
    body = "M64 98 C62 90 66 84 74 82 L138 74 C148 84 154 136 146 154 L82 158 C74 158 70 154 69 147 Z"
    pencil.shape(body, GREEN, 0.32)
    pencil.shape("M138 74 C128 88 134 142 146 154 C156 138 152 88 138 74 Z", AMBER, 0.3)
    pencil.line("M92 79 C88 56 122 48 126 75")
    pencil.line("M82 100 L94 108 L86 118 L100 128", LINE, 2)
    pencil.line("M168 108 L180 100 M172 122 L188 120 M164 94 L170 82", LINE, 2)
