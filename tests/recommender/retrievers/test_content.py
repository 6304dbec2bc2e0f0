"""Items like the ones in the history, by what they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.arrays.vectorindex import AnnoyIndex
from recommender.errors import ArtifactError
from recommender.hybrid import HybridRecommender, load
from recommender.ranking.pipeline import all_but
from recommender.retrievers.content import Content, ContentAttributes, ContentImage, ContentText
from tests.recommender.worlds import data_of, event, named, purchases, query, shelf_items, thing, two_shelves

SPACES = [ContentText(), ContentImage(), ContentAttributes(), Content()]


@pytest.mark.parametrize("source", SPACES, ids=lambda s: s.name)
def test_somebody_with_one_purchase_looks_like_that_item(source, shop_data):
    """User and item vectors are built by the same code, so one purchase is the item itself."""
    source = source.fit(shop_data)
    for number in (0, 7, 13):
        row = shop_data.catalogue.items.row(thing("garden", number))
        profile = source.profile(query(shop_data, [thing("garden", number)]).state)
        assert profile == pytest.approx(np.asarray(source.vectors_[row]), abs=1e-6)


@pytest.mark.parametrize("source", SPACES, ids=lambda s: s.name)
def test_scores_are_cosines(source, shop_data):
    source = source.fit(shop_data)
    scores = source.score(query(shop_data, [thing("garden", 3), thing("garden", 8)]))
    assert np.nanmax(scores) <= 1 + 1e-5
    assert np.nanmin(scores) >= -1 - 1e-5


@pytest.mark.parametrize("source", [ContentAttributes(), Content()], ids=lambda s: s.name)
def test_what_is_of_the_same_category_stands_first(source, shop_data):
    source = source.fit(shop_data)
    for shelf, number in (("kitchen", 2), ("garden", 14)):
        liked = shop_data.catalogue.items.rows([thing(shelf, number)])
        found = source.retrieve(query(shop_data, [thing(shelf, number)]), 5, all_but(shop_data.n_items, liked)).rows
        categories = shop_data.catalogue.fields["category"]
        assert categories[found].tolist()[:3] == [categories[liked[0]]] * 3


def test_pictures_that_look_alike_are_neighbours(shop_data):
    source = ContentImage().fit(shop_data)
    liked = shop_data.catalogue.items.rows([thing("kitchen", 10)])
    found = source.retrieve(query(shop_data, [thing("kitchen", 10)]), 2, all_but(shop_data.n_items, liked)).rows
    assert set(named(shop_data, found)) <= {thing("kitchen", n) for n in (8, 9, 11, 12)}


def test_the_item_looked_at_last_counts_most(shop_data):
    source = ContentAttributes(recency=0.7).fit(shop_data)
    last_garden = source.score(query(shop_data, [thing("kitchen", 2), thing("garden", 2)]))
    last_kitchen = source.score(query(shop_data, [thing("garden", 2), thing("kitchen", 2)]))
    row = shop_data.catalogue.items.row(thing("garden", 5))
    assert last_garden[row] > last_kitchen[row]


def test_dismissed_items_are_not_what_somebody_likes(shop_data):
    source = Content().fit(shop_data)
    liked, mixed = [thing("kitchen", 2)], [thing("kitchen", 2), (thing("garden", 2), "dismiss")]
    row = shop_data.catalogue.items.row(thing("garden", 5))
    assert source.score(query(shop_data, mixed))[row] <= source.score(query(shop_data, liked))[row] + 1e-6


def test_parts_of_a_score_add_up_in_the_order_of_the_items(shop_data):
    source = Content().fit(shop_data)
    question = query(shop_data, [thing("kitchen", n) for n in (2, 5, 11)])
    targets = np.arange(shop_data.n_items)
    total = source.contributions(question.state, targets).sum(axis=0)
    assert np.argsort(-total).tolist()[:5] == np.argsort(-source.score(question)).tolist()[:5]


@pytest.mark.parametrize("space", [ContentText, ContentAttributes, Content])
def test_annoy_finds_what_the_exact_scan_finds(space, shop_data):
    exact, annoy = (space(backend=backend).fit(shop_data) for backend in ("exact", "annoy"))
    allowed = np.arange(shop_data.n_items) % 3 != 0
    for history in ([thing("kitchen", 2)], [thing("garden", n) for n in (1, 5, 17)]):
        for mask in (None, allowed):
            left, right = (s.retrieve(query(shop_data, history), 5, mask) for s in (exact, annoy))
            assert right.scores == pytest.approx(left.scores, abs=1e-5)


def test_annoy_finds_the_few_that_are_allowed_however_far(shop_data):
    """A category of a large catalogue: the forest's nearest are all outside it."""
    exact, annoy = (Content(backend=backend).fit(shop_data) for backend in ("exact", "annoy"))
    question = query(shop_data, [thing("kitchen", 2)])
    allowed = np.zeros(shop_data.n_items, dtype=bool)
    allowed[exact.retrieve(question, shop_data.n_items).rows[-3:]] = True
    left, right = (source.retrieve(question, 1, allowed) for source in (exact, annoy))
    assert len(left.rows) == 1
    assert right.rows.tolist() == left.rows.tolist()


@pytest.mark.parametrize("backend", ["exact", "annoy"])
def test_somebody_who_only_knows_undescribed_items_gets_nothing_from_content(backend):
    items = pd.DataFrame(
        {"item_id": ["a", "b", "c"], "title": ["red cup", "red pan", "red pot"], "category": ["x"] * 3}
    )
    data = data_of(purchases({"u": ["a", "b", "ghost"]}), items)
    source = Content(backend=backend).fit(data)
    assert len(source.retrieve(query(data, ["ghost"]), 3).rows) == 0
    assert set(named(data, source.retrieve(query(data, ["a"]), 4).rows)) == {"a", "b", "c"}


def test_a_forest_is_grown_once_for_all_fits_and_mapped_from_the_saved_model(tmp_path, monkeypatch):
    """With a million items it takes minutes: neither the parts of a training nor a start of the shop may repeat it."""
    grown = []
    grow = AnnoyIndex.build.__func__
    monkeypatch.setattr(AnnoyIndex, "build", classmethod(lambda cls, *a, **k: grown.append(1) or grow(cls, *a, **k)))
    data = data_of(two_shelves(), shelf_items())
    half = data.with_events(data.events.select(np.arange(len(data.events)) % 2 == 0))
    for part in (data, half):
        Content(backend="annoy").fit(part)
    assert len(grown) == 1
    model = HybridRecommender("content", source_params={"content": {"backend": "annoy"}}, random_state=7)
    model.fit(data.events, data.catalogue).save(tmp_path / "model")
    assert (tmp_path / "model/sources/content/forest.ann").is_file()
    grown.clear()
    loaded = load(tmp_path / "model")
    told = [event(thing("kitchen", n), "purchase") for n in (2, 5)]
    assert loaded.recommend("guest", 5, history=told) == model.recommend("guest", 5, history=told)
    assert grown == []
    (tmp_path / "model/sources/content/forest.ann").write_bytes(b"12345")
    with pytest.raises(ArtifactError, match=r"forest\.ann"):
        load(tmp_path / "model")
