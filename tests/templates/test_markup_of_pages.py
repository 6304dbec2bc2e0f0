"""Every template in every state is sound HTML: closed tags, unique ids, labels, tokens, nothing a policy blocks."""

from __future__ import annotations

import re

import pytest

from webapp.viewmodels import RailsPartial

from .gallery import SCENES, Scene
from .markup import Markup, all_faults
from .pages import rails_partial
from .site import ROOT, make_app, render

APP = make_app()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_page_is_sound(scene: Scene) -> None:
    """Rendering under strict undefined finds a field that was renamed; the markup checks find the rest."""
    html = render(APP, scene.template, scene.page, scene.chrome, scene.path)
    assert all_faults(html) == []
    drawings = re.findall(r'src="/static/(img/[^"?]+)', html)
    assert [name for name in drawings if not (ROOT / "static" / name).is_file()] == []


def test_every_page_template_is_looked_at() -> None:
    """A template nobody renders in a test is a template nobody has looked at."""
    folder = ROOT / "templates"
    skipped = {"macros", "mail"}
    pages = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.html")
        if path.parent != folder and path.parent.name not in skipped
    }
    assert pages - {scene.template for scene in SCENES} == {"shop/rails.html"}


def test_rails_alone_are_sound_and_hold_no_frame() -> None:
    html = render(APP, "shop/rails.html", rails_partial)
    page = Markup(html)
    assert page.faults == []
    assert [rail.attributes["data-rail"] for rail in page.all("section")] == ["for_you", "because"]
    assert not page.all("html", "header", "main")


def test_no_rails_is_an_empty_answer() -> None:
    assert render(APP, "shop/rails.html", RailsPartial()).strip() == ""


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<h1>a</h1><div><p></div>", "</div> at (1, 18) closes p"),
        ('<h1 id="a">a</h1><p id="a"></p>', "id a is there twice"),
        ('<h1>a</h1><p aria-describedby="b"></p>', "p[aria-describedby] points to b, which is not there"),
        ('<h1>a</h1><input name="q">', "input q has no label"),
        ('<h1>a</h1><img src="/x">', "img /x has no alt"),
        ('<h1 style="x">a</h1>', "h1 has style"),
        ("<h1>a</h1><script>1</script>", "script would be blocked"),
        ('<h1>a</h1><form method="post" action="/x"></form>', "form /x posts without a token"),
        ("<h1>a</h1><h3>b</h3>", "h1 is followed by h3"),
    ],
)
def test_the_checks_find_what_they_are_for(html: str, fault: str) -> None:
    assert fault in all_faults(html)


@pytest.mark.parametrize(
    "template", ["checkout/done.html", "checkout/order.html", "account/order.html", "account/invoice.html"]
)
def test_what_is_printed_shows_nothing_to_press(template: str) -> None:
    scene = next(scene for scene in SCENES if scene.template == template)
    main = render(APP, scene.template, scene.page, scene.chrome, scene.path).partition("<footer")[0]
    rows = [row.split() for row in re.findall(r'class="([^"]*)"', main) if "actions" in row.split()]
    assert rows
    assert [row for row in rows if "no-print" not in row] == []
