"""What travels compressed, what must not, and that its length tells nothing."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from webapp.compression import LONGEST_FILLER, SHORTEST, compressed

GZIP = {"Accept-Encoding": "gzip"}
STYLES = "/static/css/layout.css"
DRAWING = "/static/img/hero.svg"


class Visitor(FlaskClient):
    """A client that has read its answer to the end when it gets it, so that no file stays open."""

    def open(self, *arguments, **options):
        return super().open(*arguments, buffered=True, **options)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return Visitor(app, app.response_class)


@pytest.mark.parametrize("path", ["/", "/api/openapi.json", STYLES, DRAWING, "/static/js/forms.js"])
def test_texts_are_a_fraction_of_their_size(visitor: FlaskClient, path: str) -> None:
    plain, small = visitor.get(path), visitor.get(path, headers=GZIP)
    assert plain.headers.get("Content-Encoding") is None
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.vary
    assert "Accept-Encoding" in plain.vary
    assert len(small.data) < 0.6 * len(plain.data)
    assert int(small.headers["Content-Length"]) == len(small.data)
    if not path.endswith("/"):  # a page holds a fresh token
        assert gzip.decompress(small.data) == plain.data


@pytest.mark.parametrize(
    "headers", [{}, {"Accept-Encoding": "br"}, {"Accept-Encoding": "gzip;q=0"}], ids=["unasked", "another", "refused"]
)
def test_who_does_not_take_it_does_not_get_it(visitor: FlaskClient, headers: dict[str, str]) -> None:
    assert "Content-Encoding" not in visitor.get("/", headers=headers).headers


def test_a_kept_file_is_still_fresh(visitor: FlaskClient) -> None:
    first = visitor.get(STYLES, headers=GZIP)
    again = visitor.get(STYLES, headers=GZIP | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_a_part_of_a_file_is_that_part(visitor: FlaskClient) -> None:
    part = visitor.get(DRAWING, headers=GZIP | {"Range": "bytes=0-99"})
    assert part.status_code == 206
    assert "Content-Encoding" not in part.headers
    assert part.data == visitor.get(DRAWING).data[:100]


def test_pictures_and_short_answers_stay_as_they_are(app: Flask, visitor: FlaskClient) -> None:
    with app.test_request_context(headers=GZIP):
        for answer in (
            Response(b"\x89PNG" * 500, mimetype="image/png"),
            Response("a" * (SHORTEST - 1), mimetype="text/html"),
            Response((piece for piece in ["a" * SHORTEST, "b"]), mimetype="text/html"),
        ):
            assert "Content-Encoding" not in compressed(answer).headers


def test_the_head_of_a_page_says_what_the_page_would(visitor: FlaskClient) -> None:
    head = visitor.head("/", headers=GZIP)
    assert (head.headers["Content-Encoding"], head.get_data()) == ("gzip", b"")


def test_the_same_page_is_not_always_of_the_same_length(app: Flask) -> None:
    """Else who can put words into a page could guess a secret beside them from its length, letter by letter."""

    def length() -> int:
        with app.test_request_context(headers=GZIP):
            return len(compressed(Response("the same words " * 200, mimetype="text/html")).data)

    lengths = {length() for _ in range(60)}
    assert len(lengths) > 20
    assert max(lengths) - min(lengths) <= LONGEST_FILLER + 2


def test_error_pages_are_compressed_too(visitor: FlaskClient) -> None:
    lost = visitor.get("/there-is-nothing-here", headers=GZIP)
    assert (lost.status_code, lost.headers["Content-Encoding"]) == (404, "gzip")
    assert b"<!doctype html>" in gzip.decompress(lost.data)
