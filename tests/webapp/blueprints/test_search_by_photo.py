"""Search by photo: what looks like a picture is found, and the picture is not kept."""

import functools
import io
import operator
import re
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from recommender import HybridRecommender, Interactions, ItemCatalogue, artifacts
from tests.conftest import NOW
from tests.factories import ShopClient, make_event, make_product, make_user
from tests.webapp.live import local
from tests.webapp.security.test_s20_files import SVG, picture, png
from webapp.actors import Actor
from webapp.services.people import api_keys
from webapp.services.upkeep import media
from webapp.store import catalogue, interactions
from webapp.store.tx import read_unit, unit_of_work

COLOURS = ("navy", "gold", "saddlebrown")


def photo_of(colour: str, kind: str = "JPEG", size: tuple[int, int] = (900, 700)) -> bytes:
    """Return a photo of a thing of some colour on a light table."""
    whole = Image.new("RGB", size, "ivory")
    whole.paste(colour, (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4))
    out = io.BytesIO()
    whole.save(out, kind)
    return out.getvalue()


@pytest.fixture
def shelf(app: Flask, models: Path) -> dict[str, list[int]]:
    """Four things of each colour with pictures of them, one of them sold out and one hidden, and a model of it all."""
    folder, made = Path(app.instance_path) / "media", dict[str, list[int]]()
    with unit_of_work() as tx:
        for colour in COLOURS:
            for number in range(4):
                kept = media.keep_picture(folder, photo_of(colour, "PNG", (400 + 10 * number, 500)))
                assert kept is not None
                made.setdefault(colour, []).append(
                    make_product(
                        tx,
                        name=f"{colour} thing {number}",
                        picture=kept["stem"],
                        stock=0 if number == 2 else 3,
                        is_visible=number != 3,
                    )
                )
        for product_id in functools.reduce(operator.iadd, made.values(), []):
            make_event(tx, Actor(user_id=make_user(tx, f"{product_id}@example.com")), product_id, at=NOW)
    with read_unit() as tx:
        events, items = interactions.training_frame(tx), catalogue.item_frame(tx, media=folder)
    assert items["image"].astype(bool).all()
    model = HybridRecommender("content_image").fit(Interactions.from_frame(events), ItemCatalogue.from_frame(items))
    model.save(models / "v1")
    artifacts.publish(models, "v1")
    app.extensions["recs"] = local(app)
    return made


FORM = "multipart/form-data; boundary=edge"


def form_of(content: bytes) -> bytes:
    """Return a form with one file; the test client's own way leaves a temporary file open for a large one."""
    head = b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="x.jpg"\r\n\r\n'
    return head + content + b"\r\n--edge--\r\n"


def sent(client: ShopClient, content: bytes, path: str = "/search/photo") -> TestResponse:
    return client.send(path, form_of(content), content_type=FORM)


def cards_of(answer: TestResponse) -> list[int]:
    return [int(number) for number in re.findall(r'data-card="(\d+)"', answer.get_data(as_text=True))]


@pytest.mark.parametrize("colour", COLOURS)
def test_a_photo_finds_what_looks_like_it(app: Flask, client: ShopClient, shelf: dict, colour: str) -> None:
    """The two that can be had come first, the one that is sold out behind all that can, the hidden one never."""
    found = cards_of(sent(client, photo_of(colour)))
    first, second, gone, hidden = shelf[colour]
    assert set(found[:2]) == {first, second}
    assert found[-1] == gone
    assert hidden not in found


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_the_usual_kinds_of_file_are_taken(app: Flask, client: ShopClient, shelf: dict, kind: str) -> None:
    assert cards_of(sent(client, photo_of("gold", kind)))[0] in shelf["gold"]


def test_programs_search_by_photo_with_a_key(app: Flask, shelf: dict) -> None:
    client = app.test_client()
    headers = {"Authorization": f"Bearer {api_keys.create('till', ['catalogue:read'], now=NOW)}"}
    answer = client.post(
        "/api/search/photo", data=form_of(photo_of("navy")), content_type=FORM, headers=headers
    ).get_json()
    assert answer["model_version"] == "v1"
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3]
    assert {item["product_id"] for item in answer["items"][:2]} == set(shelf["navy"][:2])
    assert all(item["source"] == "photo" for item in answer["items"])
    assert client.post("/api/search/photo", data=form_of(photo_of("navy")), content_type=FORM).status_code == 400


def test_one_comes_back_to_what_was_found(app: Flask, client: ShopClient, shelf: dict) -> None:
    """No address leads to this page, so the browser must be allowed to keep it for "back" from a product."""
    assert sent(client, photo_of("gold")).headers["Cache-Control"] == "private, no-cache"


def test_the_photo_is_not_kept(app: Flask, client: ShopClient, shelf: dict) -> None:
    def files() -> set[Path]:
        return {path for path in Path(app.instance_path).rglob("*") if path.is_file()}

    before = files()
    assert sent(client, photo_of("gold")).status_code == 200
    assert {path for path in files() - before if "shop.db" not in path.name} == set()


@pytest.mark.parametrize(
    "content",
    [SVG, b"", png(50_000, 50_000), png(10, 10), picture()[:300], picture("TIFF")],
    ids=["svg", "nothing", "too wide", "no pixels", "cut off", "of another kind"],
)
def test_s20_a_file_that_is_no_picture_is_refused_with_a_sentence(
    app: Flask, client: ShopClient, content: bytes
) -> None:
    answer = sent(client, content)
    assert answer.status_code == 422
    sentence = "This is no picture that can be read" if content else "Choose a picture"
    assert sentence in answer.get_data(as_text=True)
    problem = sent(client, content, "/api/search/photo")
    assert problem.status_code == 422
    assert sentence in problem.get_json()["errors"]["photo"]


def test_a_form_without_a_file_is_refused(client: ShopClient) -> None:
    assert client.send("/search/photo", {}).status_code == 422
    assert client.send("/search/photo", {"photo": "a text"}).status_code == 422


def test_s1_no_photo_without_the_token(client: ShopClient) -> None:
    assert client.post("/search/photo", data=form_of(picture()), content_type=FORM).status_code == 400


def test_a_photo_may_be_larger_than_another_body_but_not_of_any_size(app: Flask, client: ShopClient) -> None:
    app.config["MAX_PHOTO_KB"] = 3000
    large = picture() + bytes(2_500_000)
    assert len(large) > app.config["MAX_CONTENT_LENGTH"]
    assert sent(client, large).status_code == 200
    assert sent(client, large + bytes(600_000)).status_code == 413
    assert sent(client, large, "/search/order").status_code == 413


def test_without_a_model_the_page_says_that_nothing_looks_like_it(client: ShopClient) -> None:
    answer = sent(client, picture())
    assert answer.status_code == 200
    assert "Nothing looks like it" in answer.get_data(as_text=True)


def test_the_form_is_on_the_search_page_and_has_a_page_of_its_own(client: ShopClient, count_sql) -> None:
    for path in ("/search", "/search?q=lamp", "/search/photo"):
        page = client.get(path).get_data(as_text=True)
        assert re.search(r'<form[^>]*action="/search/photo"[^>]*enctype="multipart/form-data"', page), path
    with count_sql() as n:
        sent(client, picture())
    assert n() <= 12 + 3  # of these the token's own request
