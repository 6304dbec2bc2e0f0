"""Read a page as a browser would and collect what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "link", "img", "input", "br", "hr", "use", "path", "circle", "rect", "ellipse"}
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "popovertarget", "form", "aria-controls")
LABELLED = {"input", "select", "textarea"}
UNLABELLED_TYPES = {"hidden", "submit", "button"}


@dataclass
class Element:
    """An element with its attributes, its text and what it stands in."""

    tag: str
    attributes: dict[str, str]
    parents: tuple[str, ...]
    text: str = ""
    names: list[str] = field(default_factory=list)


class Markup(HTMLParser):
    """The elements of a page in order; ``faults`` lists tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.faults: list[str] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{element.tag}> is never closed" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; one of a kind that holds others stays open."""
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> repeats an attribute: {names}")
        parents = tuple(parent.tag for parent in self._open)
        element = Element(tag, {name: value or "" for name, value in attrs}, parents)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself, as drawings have them."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which has to be of this kind."""
        if not self._open or self._open[-1].tag != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes {self._open[-1].tag if self._open else 'nothing'}")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Give the text to everything it stands in."""
        for element in self._open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        """Return the elements of these kinds in order."""
        return [element for element in self.elements if element.tag in tags]

    @property
    def ids(self) -> list[str]:
        """Every id in order, repeated ones too."""
        return [element.attributes["id"] for element in self.elements if "id" in element.attributes]


def reference_faults(page: Markup) -> list[str]:
    """Return references to ids that are not there, and ids that are there twice."""
    ids = set(page.ids)
    faults = [f"id {name} is there twice" for name in ids if page.ids.count(name) > 1]
    for element in page.elements:
        for name in REFERENCES:
            missing = set(element.attributes.get(name, "").split()) - ids
            faults += [f"{element.tag}[{name}] points to {target}, which is not there" for target in sorted(missing)]
    return faults


def label_faults(page: Markup) -> list[str]:
    """Return fields without a label, pictures without alt text, and controls without a name."""
    labelled = {element.attributes["for"] for element in page.all("label") if "for" in element.attributes}
    faults = []
    for element in page.elements:
        attributes = element.attributes
        has_name = bool(element.text.strip() or attributes.get("aria-label") or attributes.get("aria-labelledby"))
        if element.tag in LABELLED and attributes.get("type") not in UNLABELLED_TYPES:
            if attributes.get("id") not in labelled and "label" not in element.parents:
                faults.append(f"{element.tag} {attributes.get('name')} has no label")
        elif element.tag == "img" and "alt" not in attributes:
            faults.append(f"img {attributes.get('src')} has no alt")
        elif element.tag in {"a", "button", "summary"} and not has_name and attributes.get("aria-hidden") != "true":
            faults.append(f"{element.tag} {attributes} has no name")
    return faults


def policy_faults(page: Markup) -> list[str]:
    """Return what a strict content policy would block: inline styles, handlers, scripts without a nonce."""
    faults = []
    for element in page.elements:
        faults += [f"{element.tag} has {n}" for n in element.attributes if n == "style" or n.startswith("on")]
        if element.tag == "style" or (element.tag == "script" and not element.attributes.get("nonce")):
            faults.append(f"{element.tag} would be blocked")
        if "//" in element.attributes.get("src", "") + element.attributes.get("srcset", ""):
            faults.append(f"{element.tag} loads from elsewhere: {element.attributes}")
    return faults


def form_faults(page: Markup) -> list[str]:
    """Return forms that post without a token, and controls inside a control."""
    faults = []
    for index, element in enumerate(page.elements):
        if element.tag == "form" and element.attributes.get("method") == "post":
            inside = page.elements[index + 1 :]
            token = next((e for e in inside if e.attributes.get("name") == "csrf_token"), None)
            before = next((e for e in inside if e.tag == "form"), None)
            if token is None or (before and inside.index(before) < inside.index(token)):
                faults.append(f"form {element.attributes.get('action')} posts without a token")
        if element.tag in {"a", "button", "form"} and element.tag in element.parents:
            faults.append(f"{element.tag} inside {element.tag}: {element.attributes}")
        if element.tag in {"button", "input", "select"} and {"a", "button"} & set(element.parents):
            faults.append(f"{element.tag} inside a link or button: {element.attributes}")
    return faults


def heading_faults(page: Markup) -> list[str]:
    """Return pages without exactly one h1, and headings that skip a level."""
    levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3", "h4")]
    faults = [] if levels.count(1) == 1 else [f"{levels.count(1)} headings of the first level"]
    faults += [f"h{a} is followed by h{b}" for a, b in pairwise(levels) if b > a + 1]
    return faults


def all_faults(html: str) -> list[str]:
    """Return everything that is wrong with a whole page."""
    page = Markup(html)
    checks = (reference_faults, label_faults, policy_faults, form_faults, heading_faults)
    return page.faults + [fault for check in checks for fault in check(page)]
