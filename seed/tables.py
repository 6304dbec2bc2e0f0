"""The tables and phrase books beside the code: read once, as text."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def read_table(name: str) -> list[dict[str, str]]:
    """Read a semicolon table of this package, one dict a row.

    Parameters
    ----------
    name : str
        Path below ``seed/``, for instance "catalogue/things.csv".
    """
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


@cache
def read_phrases(name: str) -> dict[str, tuple[str, ...]]:
    """Read a phrase book: ``# heading`` lines, and under each its phrases, one a line.

    A heading may list several keys ("# linen, hemp"): they share the phrases. Keys that come again gather more.

    Parameters
    ----------
    name : str
        Path below ``seed/``, for instance "words/materials.txt".
    """
    book: dict[str, tuple[str, ...]] = {}
    keys: list[str] = []
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            keys = [key.strip() for key in line[1:].split(",")]
        elif line.strip():
            for key in keys:
                book[key] = (*book.get(key, ()), line.strip())
    return book
