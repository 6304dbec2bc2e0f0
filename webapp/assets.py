"""Addresses of static files that change when the content does, and style sheets put together on their way."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from flask import Flask, Response, abort, current_app, request

SHEETS = "css"
TOGETHER = "+"
ENDPOINT = "styles"
FILES = frozenset({"static", ENDPOINT})  # endpoints of what is the same for everybody
MOST_SHEETS = 16


class Assets:
    """URLs of static files.

    A page names the same few files hundreds of times, so a file is looked at no more than once in ``check_s`` seconds.
    """

    def __init__(self, folder: Path, url_path: str = "/static", check_s: float = 1.0) -> None:
        self._folder = folder
        self._url_path = url_path
        self._check_s = check_s
        self._known: dict[str, tuple[float, str]] = {}

    def version(self, filename: str) -> str:
        """Return a short hash of the file's content, empty when there is no such file."""
        now = monotonic()
        known = self._known.get(filename)
        if known is None or now - known[0] >= self._check_s:
            path = self._folder / filename
            known = now, _hash(path.read_bytes()) if path.is_file() else ""
            self._known[filename] = known
        return known[1]

    def url(self, filename: str) -> str:
        """Return the URL of a static file with its content hash."""
        return f"{request.script_root}{self._url_path}/{filename}?v={self.version(filename)}"

    def sheets_url(self, names: Sequence[str]) -> str:
        """Return the URL of several style sheets as one, in their order: one answer instead of many to wait for."""
        version = _hash("".join(self.version(f"{SHEETS}/{name}.css") for name in names).encode())
        return f"{request.script_root}{self._url_path}/{SHEETS}/{TOGETHER.join(names)}.css?v={version}"

    def sheets(self, names: Sequence[str]) -> str | None:
        """Return style sheets one after the other; None where one of them is missing."""
        paths = [self._folder / SHEETS / f"{name}.css" for name in names]
        if not all(path.is_file() for path in paths):
            return None
        return "\n".join(path.read_text("utf-8") for path in paths)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]


def styles(names: str) -> Response:
    """Answer with the style sheets of an address that :meth:`Assets.sheets_url` made."""
    wanted = names.split(TOGETHER)
    known = all(re.fullmatch(r"[a-z]+", name) for name in wanted) and len(wanted) <= MOST_SHEETS
    text = current_app.extensions["assets"].sheets(wanted) if known else None
    if text is None:
        abort(404)
    answer = Response(text, mimetype="text/css")
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def register_assets(app: Flask) -> None:
    """Give the templates the addresses, and the app the answer to those of style sheets."""
    url_path = app.static_url_path or "/static"
    assets = Assets(Path(app.static_folder or "static"), url_path)
    app.extensions["assets"] = assets
    app.jinja_env.globals.update(asset=assets.url, style_sheets=assets.sheets_url)
    app.add_url_rule(f"{url_path}/{SHEETS}/<names>.css", ENDPOINT, styles)
