"""The addresses the templates name are the addresses the shop answers at."""

from __future__ import annotations

import re
from pathlib import Path

from config import TestConfig
from webapp import create_app

from .site import ENDPOINTS, ROOT

SOURCES = [path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html")]
AREAS = "shop|cart|checkout|account|reviews|taste|api|admin|health"


def named() -> set[str]:
    """Return every endpoint a template names, directly or as the argument of a macro."""
    return {name for source in SOURCES for name in re.findall(rf"[\"']((?:{AREAS})\.[a-z_]+)[\"']", source)}


def optional() -> set[str]:
    """Return the endpoints that a template leaves out when they are missing."""
    return {name for source in SOURCES for name in re.findall(r"has_endpoint\([\"']([a-z_.]+)[\"']\)", source)}


def test_the_app_of_these_tests_knows_every_endpoint() -> None:
    assert named() - ENDPOINTS.keys() == set()


def test_the_shop_answers_at_every_endpoint(tmp_path: Path) -> None:
    app = create_app(TestConfig.under(tmp_path))
    assert named() - optional() - app.view_functions.keys() == set()


def test_the_shop_takes_the_same_arguments(tmp_path: Path) -> None:
    """A template that builds an address here builds it in the shop, too."""
    app = create_app(TestConfig.under(tmp_path))
    taken = {rule.endpoint: rule.arguments for rule in app.url_map.iter_rules()}
    for rule in app.url_map.iter_rules():
        taken[rule.endpoint] = taken[rule.endpoint] | rule.arguments
    given = {name: set(re.findall(r"<(?:\w+:)?(\w+)>", rule)) for name, rule in ENDPOINTS.items()}
    assert {
        name: (given[name], taken[name]) for name in given.keys() & taken.keys() if given[name] != taken[name]
    } == {}
