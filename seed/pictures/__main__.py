"""Write the drawings that are not products as files: ``python -m seed.pictures FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from seed.pictures.empty import EMPTY_STATES, draw_empty_state
from seed.pictures.hero import draw_hero
from seed.pictures.mark import draw_favicon, draw_mark


def export(folder: Path) -> list[Path]:
    """Write mark.svg, favicon.svg, hero.svg and empty-*.svg into a folder and return their paths."""
    drawings = {"mark": draw_mark(), "favicon": draw_favicon(), "hero": draw_hero()}
    drawings |= {f"empty-{name}": draw_empty_state(name) for name in EMPTY_STATES}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, svg in drawings.items():
        path = folder / f"{name}.svg"
        path.write_text(svg, encoding="utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m seed.pictures FOLDER")
    for written in export(Path(sys.argv[1])):
        print(written)
