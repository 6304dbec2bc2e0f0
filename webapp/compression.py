"""Texts travel compressed: a page is a seventh of its size, and on a slow phone that is most of the wait.

What a page holds of its visitor (a token beside words that an address can choose) must not be guessed from its length,
so every answer that is not a file gets a filler of random length. Flask-Compress has no such filler.
Breach: Gluck, Harris, Prado (2013); the filler: Palacios and others (2022), Heal the Breach.
"""

from __future__ import annotations

import gzip
import io
import secrets
from functools import lru_cache

from flask import Flask, Response, request

from webapp.assets import FILES

TEXTS = frozenset(
    {
        "application/atom+xml",
        "application/json",
        "application/manifest+json",
        "application/problem+json",
        "application/xml",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
        "text/plain",
        "text/xml",
    }
)
NOT_WHOLE = frozenset({204, 206, 304})
SHORTEST = 500  # below, the wrapping costs more than it saves
QUICK, SMALL = 4, 9
LONGEST_FILLER = 100
KEPT_FILES = 128


def register_compression(app: Flask) -> None:
    """Compress what goes out; to be registered before everything else that changes an answer, so that it comes last."""
    app.after_request(compressed)


def compressed(response: Response) -> Response:
    """The same answer, smaller, for a client that takes gzip."""
    if response.mimetype not in TEXTS or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    is_file = request.endpoint in FILES
    if response.status_code in NOT_WHOLE or not request.accept_encodings["gzip"]:
        return response
    if response.is_streamed and not response.direct_passthrough:
        return response
    response.direct_passthrough = False
    plain = response.get_data()
    if len(plain) < SHORTEST:
        return response
    response.set_data(_squeezed_file(plain) if is_file else _squeezed(plain, QUICK, filler()))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    etag, _is_weak = response.get_etag()
    if etag is not None:
        response.set_etag(etag, weak=True)  # the same text in other bytes
    return response


def filler() -> str:
    """A name of random length for the header of the compressed answer; whoever unpacks it skips the name."""
    return "x" * secrets.randbelow(LONGEST_FILLER + 1)


@lru_cache(KEPT_FILES)
def _squeezed_file(plain: bytes) -> bytes:
    return _squeezed(plain, SMALL, "")


def _squeezed(plain: bytes, level: int, name: str) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=level, fileobj=buffer, mtime=0) as file:
        file.write(plain)
    return buffer.getvalue()
