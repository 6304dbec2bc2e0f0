"""Markdown of our own making as markup: tables scroll on small screens, and HTML in it stays text."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape


def markdown(text: str) -> Markup:
    """Render CommonMark with tables; whatever looks like HTML is shown as it is written."""
    return Markup(_parser().render(text))  # noqa: S704  the parser escapes all but what it makes itself


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _table_open(*_rule: Any) -> str:
    label = escape(_("Table"))
    return f'<div class="table-box" tabindex="0" role="region" aria-label="{label}"><table class="table">\n'


def _table_close(*_rule: Any) -> str:
    return "</table></div>\n"
