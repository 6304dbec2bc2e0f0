"""Searching the spaces of a model with a text or a picture that is no item."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from recommender import DataError, HybridRecommender, Interactions, ItemCatalogue, load

SHELVES = {
    "Boots": ("boots", "Keeps feet dry in wet weather and on muddy paths."),
    "Lamps": ("lamp", "A warm light for the desk on long evenings."),
    "Scarves": ("scarf", "Soft wool around the neck in winter."),
}
COLOURS = {"Boots": "saddlebrown", "Lamps": "gold", "Scarves": "navy"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> HybridRecommender:
    """Three shelves of eight things with pictures in the colour of the shelf, and a few looks at them."""
    folder = tmp_path_factory.mktemp("pictures")
    rows = []
    for shelf, (thing, text) in SHELVES.items():
        for number in range(8):
            path = folder / f"{shelf}-{number}.png"
            Image.new("RGB", (120, 150), COLOURS[shelf]).resize((60 + 10 * number, 75)).save(path)
            rows.append(
                {
                    "item_id": f"{thing}-{number}",
                    "title": f"Model{number} {thing}",
                    "description": text,
                    "category": shelf,
                    "image": str(path),
                }
            )
    items = pd.DataFrame(rows)
    events = pd.DataFrame({"user_id": ["u"] * 24, "item_id": items["item_id"], "kind": "view", "timestamp": range(24)})
    return HybridRecommender("content", random_state=0).fit(
        Interactions.from_frame(events), ItemCatalogue.from_frame(items)
    )


def things(found: list) -> set[str]:
    return {item.item_id.split("-")[0] for item in found}


def test_a_paraphrase_finds_what_shares_no_word_with_its_title(model: HybridRecommender) -> None:
    found = model.search_text("muddy weather", k=5)
    assert things(found) == {"boots"}
    assert [item.rank for item in found] == [1, 2, 3, 4, 5]
    scores = [item.score for item in found]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[0] <= 1 + 1e-6


@pytest.mark.parametrize("text", ["", "?!", "zeppelin", "ä"])
def test_a_text_without_a_known_word_finds_nothing(model: HybridRecommender, text: str) -> None:
    assert model.search_text(text) == []


def test_what_is_not_understood_lowers_the_score(model: HybridRecommender) -> None:
    whole = model.search_text("wool neck", k=1)[0]
    half = model.search_text("wool neck zeppelin airship", k=1)[0]
    assert half.item_id == whole.item_id
    assert half.score < 0.8 * whole.score


def test_a_saved_model_searches_the_same(model: HybridRecommender, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").search_text("evening light", k=7) == model.search_text("evening light", k=7)


def test_a_product_newer_than_the_model_is_found_by_text_and_picture(model: HybridRecommender, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    again = load(tmp_path / "m")
    picture = tmp_path / "new.png"
    Image.new("RGB", (100, 125), COLOURS["Lamps"]).save(picture)
    new = {"item_id": "lamp-new", "title": "lamp", "description": SHELVES["Lamps"][1], "image": str(picture)}
    again.add_items(pd.DataFrame([new]))
    assert "lamp-new" in {item.item_id for item in again.search_text("desk evenings", k=9)}
    assert "lamp-new" in {item.item_id for item in again.search_image(picture, k=9)}


def test_a_photo_finds_what_looks_like_it(model: HybridRecommender) -> None:
    photo = io.BytesIO()
    Image.new("RGB", (800, 600), COLOURS["Scarves"]).save(photo, "JPEG")
    photo.seek(0)
    assert things(model.search_image(photo, k=5)) == {"scarf"}


def test_a_broken_photo_is_an_error_that_says_so(model: HybridRecommender) -> None:
    with pytest.raises(DataError, match="no picture that can be read"):
        model.search_image(io.BytesIO(b"not a picture"))


@pytest.mark.parametrize("wrong", [None, 5, ["lamp"], b"lamp"], ids=repr)
def test_only_a_text_is_searched_for(model: HybridRecommender, wrong: Any) -> None:
    with pytest.raises(DataError, match="text must be text, not "):
        model.search_text(wrong)


@pytest.mark.parametrize(
    "wrong", [None, 5, 1.5, b"bytes", np.zeros((5, 5, 3)), ["a.png"]], ids=lambda wrong: type(wrong).__name__
)
def test_only_a_path_or_a_file_is_a_picture(model: HybridRecommender, wrong: Any) -> None:
    with pytest.raises(DataError, match="picture must be a path or a binary file, not "):
        model.search_image(wrong)


def test_a_model_without_texts_or_pictures_finds_nothing(tmp_path: Path) -> None:
    events = pd.DataFrame(
        {"user_id": ["a", "a", "b"], "item_id": ["x", "y", "x"], "kind": "view", "timestamp": [1, 2, 3]}
    )
    model = HybridRecommender("popular").fit(Interactions.from_frame(events))
    assert model.search_text("lamp") == []
    assert model.search_image(io.BytesIO(b"not a picture")) == []
