"""Markdown as markup: what is shown is what was written, and nothing in it can act."""

from __future__ import annotations

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.templates.markup import Markup as Page
from tests.templates.markup import policy_faults
from webapp.markdown import markdown


def test_headings_lists_and_tables(app: Flask) -> None:
    with app.test_request_context():
        html = markdown("# Card\n\n- one `code`\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    assert "<h1>Card</h1>" in html
    assert "<li>one <code>code</code></li>" in html
    assert '<div class="table-box" tabindex="0" role="region" aria-label="Table"><table class="table">' in html
    assert "<td>2</td>" in html
    assert html.count("<div") == html.count("</div>")


@given(st.text("<>\"'&scriptonealbj:/() =[]!`|-\n", max_size=60))
def test_html_stays_text(text: str) -> None:
    html = str(markdown(f"before <script>alert(1)</script> {text}".replace("|", "")))
    assert "<script" not in html
    assert policy_faults(Page(html)) == []
