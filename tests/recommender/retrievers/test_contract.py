"""What is asked of every source, whatever it does inside."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from recommender.base import Query, Retriever, SourceUnavailableError
from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.sources import DEEP_SOURCES, SOURCES, SourceSpec, make_source
from recommender.training_data import TrainingData
from recommender.types import Event
from tests.recommender.networks import SMALL, need_deep
from tests.recommender.worlds import (
    BULB,
    DAY,
    LAMP,
    ON_A_SHELF,
    REFILL,
    START,
    data_of,
    named,
    purchases,
    query,
    same_bytes,
    thing,
)

ALL = sorted(SOURCES)
OWN = {"buy_again", "recently_viewed"}
FittedSource = Callable[[str], Retriever]


def source_of(name: str) -> Retriever:
    """An unfitted source with its defaults; networks are given what suits so small a shop."""
    return make_source(SourceSpec(name, SMALL.get(name, {})))


@pytest.fixture(scope="module")
def fitted(shop_data: TrainingData) -> FittedSource:
    """Each source fitted once on the small shop; the tests must leave it as it is."""
    made: dict[str, Retriever] = {}

    def get(name: str) -> Retriever:
        if name in DEEP_SOURCES:
            need_deep()
        if name not in made:
            made[name] = source_of(name).fit(shop_data)
        return made[name]

    return get


@pytest.fixture(scope="module")
def histories(shop_data: TrainingData) -> list[Query]:
    """Requests of very different people; the first one has something to say to every source."""
    regular = [
        Event(thing("kitchen", REFILL), "purchase", shop_data.now - 30 * DAY, 1.0),
        Event(thing("kitchen", LAMP), "purchase", shop_data.now - 3 * DAY, 1.0),
        Event(thing("kitchen", 9), "rating", shop_data.now - 2 * DAY, 5.0),
        Event(thing("kitchen", 10), "view", shop_data.now - DAY),
    ]
    return [
        query(shop_data, regular),
        query(shop_data, [(thing("garden", n), "view") for n in range(6)]),
        query(shop_data, [(thing("garden", 3), "dismiss"), thing("kitchen", 2)]),
        query(shop_data, [Event(thing("garden", 5), "rating", START, 1.0)]),
        query(shop_data, [thing("kitchen", n) for n in range(ON_A_SHELF)]),
        query(shop_data, []),
        Query(shop_data.state_of(0), shop_data.now, np.empty(0, dtype=np.int64)),
    ]


@pytest.fixture(params=ALL)
def name(request: pytest.FixtureRequest) -> str:
    if request.param in DEEP_SOURCES:
        need_deep()
    return str(request.param)


def test_fit_gives_back_the_source_itself(name, shop_data):
    source = source_of(name)
    assert source.fit(shop_data) is source


@pytest.mark.parametrize("use", ["score", "retrieve", "state_arrays"])
def test_unfitted_use_says_so(name, use, histories, shop_data):
    source = source_of(name)
    with pytest.raises(NotFittedError, match=type(source).__name__):
        source.state_arrays() if use == "state_arrays" else ask(source, use, histories[0])
    with pytest.raises(NotFittedError):
        ask(source, "score", query(shop_data, [], context=[thing("kitchen", 1)]))


def ask(source: Retriever, use: str, question: Query) -> object:
    return source.score(question) if use == "score" else source.retrieve(question, 3)


def test_parameters_are_stored_untouched_and_cloned(name, shop_data, fitted):
    source = fitted(name)
    twin = clone(source)
    assert type(twin) is type(source)
    assert twin.get_params() == source.get_params() == source_of(name).get_params()
    with pytest.raises(NotFittedError):
        twin.state_arrays()
    for parameter, value in source.get_params().items():
        changed = source_of(name).set_params(**{parameter: value})
        assert getattr(changed, parameter) is value
        assert f"{parameter}={value!r}" in repr(changed)


def test_an_unknown_parameter_is_refused(name):
    with pytest.raises(ValueError, match="no parameter 'colour'"):
        source_of(name).set_params(colour="red")


def test_fitting_again_forgets_what_was_learned_before(name, shop_data, shop_items, fitted, histories):
    events = shop_data.events
    half = shop_data.with_events(events.select(np.arange(len(events)) < len(events) * 2 // 3))
    source = source_of(name).fit(half).fit(shop_data)
    for question in histories:
        assert same_bytes(source.score(question), fitted(name).score(question))


def test_scores_are_one_number_for_each_item(name, fitted, histories, shop_data):
    for question in histories:
        scores = fitted(name).score(question)
        assert scores.shape == (shop_data.n_items,)
        assert scores.dtype == np.float32
        assert not np.isinf(scores).any()


def test_the_best_come_first_and_ties_go_by_row(name, fitted, histories):
    for question in histories:
        found = fitted(name).retrieve(question, 15)
        order = sorted(range(len(found.rows)), key=lambda n: (-found.scores[n], found.rows[n]))
        assert order == list(range(len(found.rows)))
        assert len(set(found.rows.tolist())) == len(found.rows)


def test_nothing_better_is_left_behind(name, fitted, histories):
    for question in histories:
        found, scores = fitted(name).retrieve(question, 5), fitted(name).score(question)
        assert same_bytes(found.scores, scores[found.rows])
        left = np.delete(scores, found.rows)
        if len(found.rows) == 5:
            assert np.nanmax(left) <= found.scores[-1]


@settings(max_examples=25)
@given(data=st.data())
def test_what_is_masked_is_never_found(data, shop_data, fitted, histories):
    name = data.draw(st.sampled_from(sorted(set(ALL) - set(DEEP_SOURCES))))
    rows = data.draw(st.sets(st.integers(0, shop_data.n_items - 1)))
    allowed = np.ones(shop_data.n_items, dtype=bool)
    allowed[list(rows)] = False
    for question in histories:
        found = fitted(name).retrieve(question, 10, allowed)
        assert allowed[found.rows].all()
        everything = fitted(name).retrieve(question, shop_data.n_items)
        assert found.rows.tolist() == everything.rows[allowed[everything.rows]][:10].tolist()


def test_when_all_is_masked_nothing_is_found(name, fitted, histories, shop_data):
    none = np.zeros(shop_data.n_items, dtype=bool)
    assert all(len(fitted(name).retrieve(question, 5, none).rows) == 0 for question in histories)


@pytest.mark.parametrize("n", [0, 1, 10_000])
def test_any_length_can_be_asked_for(name, n, fitted, histories, shop_data):
    for question in histories:
        found = fitted(name).retrieve(question, n)
        assert len(found.rows) == len(found.scores) <= min(n, shop_data.n_items)


def test_items_newer_than_the_model_are_ignored(name, fitted, shop_data):
    """A shopper who clicked a product added after training still gets a list."""
    known = [Event(thing("kitchen", LAMP), "purchase", START), Event(thing("kitchen", 3), "view", START + 5)]
    newer = [*known, Event("added this morning", "purchase", START + 9)]
    before, after = (fitted(name).score(query(shop_data, history)) for history in (known, newer))
    assert same_bytes(before, after)


def test_somebody_new_is_served_from_the_own_history(name, fitted, histories):
    source, question = fitted(name), histories[0]
    assert source.handles_new_user
    assert question.state.user_row == -1
    assert source.usable(question)
    assert len(source.retrieve(question, 5).rows) > 0


def test_without_a_history_a_source_says_whether_it_can_speak(name, fitted, shop_data):
    cold = query(shop_data, [])
    source = fitted(name)
    assert source.usable(cold) is source.handles_no_history
    if source.handles_no_history:
        assert len(source.retrieve(cold, 5).rows) == 5


def test_saved_and_loaded_it_scores_the_same_to_the_last_bit(name, fitted, histories, tmp_path):
    arrays = {}
    for number, (part, array) in enumerate(fitted(name).state_arrays().items()):
        path = tmp_path / f"{number}.npy"
        np.save(path, array, allow_pickle=False)
        arrays[part] = np.load(path, mmap_mode="r" if np.asarray(array).size else None, allow_pickle=False)
    loaded = clone(fitted(name)).load_arrays(arrays)
    for question in histories:
        assert same_bytes(loaded.score(question), fitted(name).score(question))
        assert loaded.retrieve(question, 10).rows.tolist() == fitted(name).retrieve(question, 10).rows.tolist()


def test_the_same_seed_gives_the_same_scores(name, fitted, histories, shop_events, shop_items):
    again = source_of(name).fit(data_of(shop_events, shop_items))
    for question in histories:
        assert same_bytes(again.score(question), fitted(name).score(question))


def test_an_answer_does_not_depend_on_who_asked_before(name, fitted, histories):
    """No state of a request stays behind: a batch is the single answers one after the other."""
    source = fitted(name)
    alone = [source.score(question).copy() for question in histories]
    for number in (3, 0, 5, 1, 0, 2, 6, 4):
        before = histories[number].state.weights.copy()
        assert same_bytes(source.score(histories[number]), alone[number])
        assert same_bytes(histories[number].state.weights, before)


def test_notes_fit_into_json(name, fitted):
    assert json.loads(json.dumps(fitted(name).notes())) == fitted(name).notes()


def test_a_source_without_what_it_learns_from_says_what_is_missing(name, shop_events, shop_items):
    bare = data_of(shop_events[shop_events["kind"] == "view"])
    source = source_of(name)
    if source.needs_catalogue or source.needs_stars or name == "buy_again":
        with pytest.raises(SourceUnavailableError, match=rf"^{'svd' if source.needs_stars else name}: "):
            source.fit(bare)
    elif name == "bought_together":
        with pytest.raises(SourceUnavailableError, match="no pair stands in 3 orders"):
            source.fit(bare)
    else:
        assert len(source.fit(bare).score(query(bare, [thing("kitchen", 1)]))) == bare.n_items


def test_a_catalogue_without_a_single_event_harms_no_source(name, shop_items):
    empty = Interactions.from_frame(pd.DataFrame(columns=["user_id", "item_id"]))
    data = TrainingData.build(empty, ItemCatalogue.from_frame(shop_items))
    source = source_of(name)
    try:
        source.fit(data)
    except SourceUnavailableError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert len(source.retrieve(query(data, []), 5).rows) <= 5
    assert not refusal or refusal.startswith(("svd: ", f"{name}: "))


@pytest.mark.parametrize("source", sorted(set(ALL) - OWN - {"svd", "popular", "trending", "svd_content"}))
def test_every_personal_source_tells_the_two_shelves_apart(source, fitted, shop_data):
    for shelf in ("kitchen", "garden"):
        question = query(shop_data, [thing(shelf, 1), thing(shelf, LAMP), thing(shelf, 2)])
        found = named(shop_data, fitted(source).retrieve(question, 4).rows)
        assert found
        assert {item.split("-")[0] for item in found} == {shelf}


def test_the_planted_partner_stands_first(fitted, shop_data):
    found = fitted("bought_together").retrieve(query(shop_data, [thing("garden", LAMP)]), 3)
    assert named(shop_data, found.rows)[0] == thing("garden", BULB)


def test_more_events_of_the_same_kind_never_break_a_source(name):
    """A log of one day, in which all times are equal."""
    data = data_of(purchases({f"u{n}": ["a", "b", "c"] for n in range(4)}, step=0))
    source = source_of(name)
    try:
        source.fit(data)
    except SourceUnavailableError:
        assert source.needs_catalogue or source.needs_stars or name == "buy_again"
        return
    assert not np.isinf(source.score(query(data, ["a"]))).any()


def test_some_rows_are_scored_as_all_are(name, fitted, histories, shop_data):
    """Scoring a few items is a shortcut, not another opinion."""
    rows = shop_data.catalogue.items.rows([thing(shelf, n) for shelf in ("kitchen", "garden") for n in (1, 3, LAMP)])
    for question in histories:
        expected = fitted(name).score(question)[rows]
        assert fitted(name).score_rows(question, rows) == pytest.approx(expected, rel=1e-4, abs=1e-6, nan_ok=True)
