"""Every sentence of the shop is in every language: complete, with the same places to fill, compiled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from config import available_languages
from tests import translations
from tests.templates.gallery import SCENES
from tests.templates.site import make_app, render
from tests.translations import ROOT

LANGUAGES = translations.languages()
PLACE = re.compile(r"%\((\w+)\)s|%%")
SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]")
# Said in English alone: names of fields for programs, and commands.
FOR_PROGRAMS = ("webapp/schemas.py", "webapp/blueprints/api.py", "webapp/services/people/api_keys.py", "webapp/cli.py")
FOR_COMMANDS = ("webapp/services/upkeep/seeding.py", "webapp/services/upkeep/imports.py")
SHOWS_WORDS = {"flash", "ShopError", "InvalidInput", "Conflict", "NotFound", "Forbidden", "Gone", "OutOfStock"}
SHOWS_WORDS |= {"BadRequest", "Busy", "TooManyRequests", "PageMeta", "Option", "Crumb", "Rail", "Tile", "Task", "Fact"}


@pytest.fixture(scope="module")
def sentences() -> Catalog:
    return translations.extract()


def forms(found: str | tuple[str, ...]) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else tuple(found)


def test_german_is_there() -> None:
    assert "de" in LANGUAGES
    assert available_languages() == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing_fuzzy_or_left_over(sentences: Catalog, language: str) -> None:
    written = translations.read(language)
    wanted = {message.id for message in sentences if message.id}
    have = {message.id: message for message in written if message.id}
    assert wanted - set(have) == set(), "run: .venv/bin/python -m tests.translations"
    assert set(have) - wanted == set(), "run: .venv/bin/python -m tests.translations"
    assert [key for key, message in have.items() if message.fuzzy or not all(forms(message.string))] == []
    assert list(written.obsolete) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_places_to_fill_are_the_same(language: str) -> None:
    """Each form has the places of its original; the one for one thing may leave the number out."""
    wrong = []
    for message in translations.read(language):
        ids, strings = forms(message.id), forms(message.string)
        for at, string in enumerate(strings):
            original = ids[min(at, len(ids) - 1)]
            if sorted(PLACE.findall(string)) != sorted(PLACE.findall(original)):
                wrong.append((original, string))
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_shown(language: str) -> None:
    app = make_app(language=language)
    for scene in SCENES:
        page = render(app, scene.template, scene.page, replace(scene.chrome, locale=language), scene.path)
        assert f'<html lang="{language}"' in page, scene.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_has_all_its_forms(language: str) -> None:
    written = translations.read(language)
    plural = [message for message in written if isinstance(message.id, tuple)]
    assert plural
    assert {len(message.string) for message in plural} == {written.num_plurals}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_shop_reads_is_what_people_wrote(language: str) -> None:
    source, target = translations.files(language)
    assert target.read_bytes() == translations.compiled(translations.read(language)), source
    assert translations.read(language).header_comment


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of every plain sentence that is handed to something that shows it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if getattr(node.func, "id", getattr(node.func, "attr", "")) not in SHOWS_WORDS:
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        given += [value for found in given if isinstance(found, ast.Dict) for value in found.values]
        for value in given:
            text = ast.unparse(value) if isinstance(value, (ast.Constant, ast.JoinedStr)) else ""
            if SENTENCE.search(text):
                yield value.lineno, text


def test_every_sentence_of_the_code_can_be_translated() -> None:
    bare = []
    for path in sorted((ROOT / "webapp").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name not in FOR_PROGRAMS + FOR_COMMANDS:
            bare += [f"{name}:{line} {text}" for line, text in literals(path)]
    assert bare == []


def test_scripts_take_their_words_from_the_page() -> None:
    """A text that a script writes comes from the settings of the page, where it is translated."""
    bare = []
    for path in sorted((ROOT / "static" / "js").glob("*.js")):
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        shown = re.findall(r'(?:textContent|aria-label"?,|title|alert\(|toast\(|announce\()\s*=?\s*"([^"]*)"', code)
        bare += [(path.name, text) for text in shown if re.search(r"[A-Za-z]{2}", text)]
    assert bare == []
