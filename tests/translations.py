"""The sentences of the shop and their translations.

``python -m tests.translations`` brings translations/ up to date: sentences that are new stand there empty, those that
are gone leave, and the files that the shop reads (``.mo``) are compiled.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "translations"
SOURCES = {"webapp": [("**.py", "python")], "templates": [("**.html", "jinja2"), ("**.xml", "jinja2")]}
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "_l": None,
    "N_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}


HEADER = "# Edit the msgstr lines, then run: python -m tests.translations"
A_DAY = datetime(2026, 11, 20, tzinfo=UTC)


def extract() -> Catalog:
    """Return every sentence of templates and Python; those of the scripts stand in a template.

    Raises
    ------
    ValueError
        If two sentences for one thing differ in the sentence for many: translations are found by the first alone.
    """
    found = Catalog(project="Kindred", charset="utf-8", fuzzy=False)
    for folder, methods in SOURCES.items():
        for name, _line, message, _comments, context in extract_from_dir(
            ROOT / folder, methods, keywords=KEYWORDS, strip_comment_tags=True
        ):
            known = found.get(message[0] if isinstance(message, tuple) else message)
            if known is not None and known.id != message:
                raise ValueError(f"{folder}/{name}: {message!r} is {known.id!r} elsewhere")
            found.add(message, None, [(f"{folder}/{name}", 0)], context=context)
    return found


def languages() -> list[str]:
    """Return the languages the sentences are translated to."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def files(language: str) -> tuple[Path, Path]:
    """Return the file that people edit and the file that the shop reads."""
    folder = FOLDER / language / "LC_MESSAGES"
    return folder / "messages.po", folder / "messages.mo"


def read(language: str) -> Catalog:
    """Return the translations as people wrote them."""
    with files(language)[0].open("rb") as source:
        return read_po(source, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """Return what the shop reads."""
    target = BytesIO()
    write_mo(target, catalog)
    return target.getvalue()


def update(language: str) -> None:
    """Bring a language's two files up to date."""
    source, target = files(language)
    catalog = read(language)
    catalog.update(extract(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.project, catalog.version, catalog.header_comment = "Kindred", "", HEADER
    catalog.creation_date = catalog.revision_date = A_DAY  # the same words give the same files
    with source.open("wb") as out:
        write_po(out, catalog, width=100, no_location=True, sort_output=True)
    target.write_bytes(compiled(catalog))


if __name__ == "__main__":
    for each in languages():
        update(each)
