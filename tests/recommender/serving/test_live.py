"""What a model learns between two trainings: events count as if it had been fitted with them."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.data import interactions
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender, load
from recommender.retrievers.popular import Popular
from recommender.serving import live
from recommender.types import Event
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import DAY, START, event, family_of, frame_of, ids, shelf_of, thing

ITEMS = ["a", "b", "c", "d", "e"]
KINDS = ["view", "cart", "purchase"]
FADES = {"popular": 30.0, "trending": 3.0}


def model_of(frame: pd.DataFrame) -> HybridRecommender:
    """What follows what, and what is wanted, with half-lives that do not depend on the events."""
    half_lives = {name: {"half_life_days": days} for name, days in FADES.items()}
    return quick_model(
        frame, pd.DataFrame({"item_id": ITEMS}), strategy="itemseq", source_params=half_lives, learn_weights=False
    )


# Counts


step = st.tuples(st.sampled_from(ITEMS), st.sampled_from(KINDS))
walk = st.lists(step, max_size=7)
walks = st.dictionaries(st.sampled_from(["u", "v", "w", "x"]), walk, min_size=1).filter(lambda log: any(log.values()))


@settings(max_examples=40)
@given(log=walks, cut=st.integers(0, 27))
def test_what_is_absorbed_counts_as_if_the_model_had_been_fitted_with_it(log, cut):
    """Events come one at a time, everybody's in turn; the model is fitted on the first ones and told of the others.

    An order stands at the beginning, so that a purchase is the unit of both. Popularity stays on the clock of the fit,
    so it differs from a refit by one common factor.
    """
    first_order = ("an early customer", ITEMS[0], "purchase", START - DAY)
    turns = [(user, n, *walk[n]) for n in range(7) for user, walk in log.items() if n < len(walk)]
    rows = [(user, item, kind, START + turn * DAY) for turn, (user, _, item, kind) in enumerate(turns)]
    rows = [first_order, *rows]
    before, after = rows[: cut + 1], rows[cut + 1 :]
    grown, refitted = (model_of(frame_of(*part)) for part in (before, rows))
    assert not after or grown.absorb(frame_of(*after)) == len(after)
    late = refitted.info["data_until"] - grown.info["data_until"]
    for name, fade in FADES.items():
        ours, theirs = (m.model_.pipeline.sources.retrievers[name].counts_ for m in (grown, refitted))
        assert ours == pytest.approx(theirs * 2.0 ** (late / DAY / fade), rel=1e-3)
    for user in ("u", "x", "somebody new"):
        assert scores(grown, user) == pytest.approx(scores(refitted, user), rel=1e-3, abs=1e-5)


def scores(
    model: HybridRecommender, user: str, history: Sequence[Event] = (), source: str = "itemseq"
) -> dict[str, float]:
    return {r.item_id: r.score for r in model.recommend(user, 5, history=history) if r.source == source}


def test_events_of_unknown_items_count_for_nothing_yet(own_model):
    before = {name: source.counts_.copy() for name, source in popularity(own_model).items()}
    assert own_model.absorb(frame_of(("guest", "added this morning", "purchase", START + 400 * DAY))) == 0
    for name, source in popularity(own_model).items():
        assert source.counts_.tolist() == before[name].tolist()


def popularity(model: HybridRecommender) -> dict[str, Popular]:
    sources = model.model_.pipeline.sources.retrievers
    return {name: source for name, source in sources.items() if isinstance(source, Popular)}


def test_every_source_that_can_count_does(own_model):
    sources = own_model.model_.pipeline.sources.retrievers
    rows = own_model.item_ids.rows([thing("kitchen", 1), thing("garden", 1)])
    before = {name: source.counts_[rows[1]] for name, source in popularity(own_model).items()}
    steps = {name: sources[name].table_ for name in ("itemseq", "itemseq_long")}
    own_model.absorb(walked("guest", thing("kitchen", 1), thing("garden", 1)))
    assert before.keys() == {"popular", "trending"}
    for name, source in popularity(own_model).items():
        assert source.counts_[rows[1]] > before[name]
    for name in steps:
        assert sources[name].contributions(rows[:1], np.ones(1, dtype=np.float32), rows[1:])[0, 0] > 0


def walked(user: str, *items: str, days: float = 0.0, kind: str = "purchase") -> pd.DataFrame:
    """Items touched one after the other, an hour apart, after the small shop's log ended."""
    events = [event(item, kind, days=days + n / 24) for n, item in enumerate(items)]
    return frame_of(*((user, e.item_id, e.kind, e.timestamp) for e in events))


def test_what_many_just_did_is_recommended_to_others(own_model):
    """A new fashion: after the second garden tool everybody takes a kitchen pan."""
    told = [event(thing("garden", 2), "view", days=2)]
    wanted = thing("kitchen", 15)
    assert wanted not in ids(own_model.recommend("guest", 5, history=told, strategy="itemseq"))
    before = ids(own_model.recommend("guest", 40, history=told)).index(wanted)
    for number in range(40):
        own_model.absorb(walked(f"new{number}", thing("garden", 2), wanted, days=number / 100))
    assert ids(own_model.recommend("guest", 5, history=told, strategy="itemseq"))[0] == wanted
    assert ids(own_model.recommend("guest", 40, history=told)).index(wanted) < before
    assert ids(own_model.recommend("guest", 2, strategy="trending")).count(wanted) == 1


def test_a_model_is_saved_as_it_was_fitted(own_model, saved_model, tmp_path):
    """What it was told since is told again to whoever opens it, and counts once, as it did here."""
    told = pd.concat([walked(f"new{n}", thing("garden", 2), thing("kitchen", 15)) for n in range(5)])
    own_model.absorb(told)
    own_model.save(tmp_path / "v1")
    opened, as_fitted = load(tmp_path / "v1"), load(saved_model)
    asked = [("u00", None), ("guest", [event(thing("garden", 2))])]
    for user, history in asked:
        assert opened.recommend(user, 8, history=history) == as_fitted.recommend(user, 8, history=history)
    assert opened.absorb(told) == 10
    assert opened.recommend("new0", 8) == own_model.recommend("new0", 8)


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_it_makes_no_difference_in_how_many_parts_events_come(parts, saved_model):
    log = pd.concat([walked("u00", *(thing("garden", n) for n in (3, 8, 11, 4))), walked("guest", thing("garden", 9))])
    log = log.sort_values("timestamp", kind="stable")
    whole, split = load(saved_model), load(saved_model)
    assert whole.absorb(log) == 5
    assert sum(split.absorb(log.iloc[rows]) for rows in np.array_split(np.arange(5), parts)) == 5
    for user in ("u00", "guest", "u07"):
        ours, theirs = (model.recommend(user, 8, with_reasons=False) for model in (split, whole))
        assert ids(ours) == ids(theirs)
        assert [r.score for r in ours] == pytest.approx([r.score for r in theirs], rel=1e-5)


def test_the_same_item_again_at_once_is_no_step(saved_model):
    first, again = thing("kitchen", 1), thing("garden", 1)
    strengths = []
    for path in ([first, again], [first, again, again, again]):
        model = load(saved_model)
        source, rows = model.model_.pipeline.sources.retrievers["itemseq"], model.item_ids.rows([first, again])
        audience = source.degrees_.sum()
        model.absorb(walked("guest", *path, kind="view"))
        assert source.degrees_.sum() == audience + 2
        strengths.append(source.contributions(rows[:1], np.ones(1, dtype=np.float32), rows[1:])[0, 0])
    assert strengths[0] == strengths[1] > 0


def test_somebody_who_comes_back_to_an_item_is_no_new_audience(own_model):
    source = own_model.model_.pipeline.sources.retrievers["itemseq"]
    before = source.degrees_.copy()
    own_model.absorb(walked("guest", thing("kitchen", 1), thing("kitchen", 2), thing("kitchen", 1)))
    assert source.degrees_.sum() == before.sum() + 2


def test_a_dismissal_is_no_step_but_is_remembered(own_model):
    source = own_model.model_.pipeline.sources.retrievers["itemseq"]
    before = source.degrees_.copy()
    item = ids(own_model.recommend("u00", 1))[0]
    own_model.absorb(walked("u00", item, kind="dismiss"))
    assert source.degrees_.tolist() == before.tolist()
    assert item not in ids(own_model.recommend("u00", 40))


@pytest.mark.parametrize("told", [["dismiss"], ["view", "dismiss"], ["dismiss", "view", "dismiss"]])
def test_who_changes_their_mind_about_an_item_counts_as_in_a_fit(told):
    """A fit knows nothing of dismissals: the first event that says something makes the audience, and the step."""
    rows = [("early", item, "purchase", START + n * DAY) for n, item in enumerate(ITEMS)]
    rows += [("u", "a", "purchase", START + 10 * DAY)]
    rows += [("u", "b", kind, START + (11 + n) * DAY) for n, kind in enumerate(told)]
    last = ("u", "b", "view", START + 20 * DAY)
    grown, refitted = model_of(frame_of(*rows)), model_of(frame_of(*rows, last))
    grown.absorb(frame_of(last))
    ours, theirs = (model.model_.pipeline.sources.retrievers["itemseq"] for model in (grown, refitted))
    assert ours.degrees_.tolist() == theirs.degrees_.tolist()
    history = [event("a", "view")]
    assert scores(grown, "guest", history) == pytest.approx(scores(refitted, "guest", history), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", ["itemknn", "rp3beta"])
def test_what_was_wanted_until_it_was_dismissed_is_paired_as_in_a_fit(name):
    """The pairs of a fit are of all that ever said something; what came after it was counted without."""
    rows = [("early", item, "purchase", START + n * DAY) for n, item in enumerate(ITEMS)]
    rows += [("u", item, kind, START + 10 * DAY) for item, kind in [("a", "cart"), ("b", "view"), ("a", "dismiss")]]
    last = ("u", "c", "view", START + 20 * DAY)
    items = pd.DataFrame({"item_id": ITEMS})
    grown, refitted = (
        quick_model(frame_of(*part), items, strategy=name, learn_weights=False) for part in (rows, [*rows, last])
    )
    grown.absorb(frame_of(last))
    for item in "abc":
        asked = "guest", [event(item, "view")]
        assert scores(grown, *asked, name) == pytest.approx(scores(refitted, *asked, name), rel=1e-3, abs=1e-5)


def test_who_clicks_without_end_is_read_no_further_back_than_counts(own_model, monkeypatch):
    """Each click of a robot would else take longer than the one before, while everybody's requests wait."""
    monkeypatch.setattr(live, "LATEST_EVENTS", 3)
    monkeypatch.setattr(live, "MAX_EVENTS_PER_USER", 6)
    read, steps = [], live.Steps.of
    monkeypatch.setattr(live.Steps, "of", lambda log, weights: read.append(len(log)) or steps(log, weights))
    source = own_model.model_.pipeline.sources.retrievers["itemseq"]
    before, path = source.degrees_.sum(), [thing("garden", n) for n in range(5)] * 2
    own_model.absorb_events(("guest", event(item, "view", days=n)) for n, item in enumerate(path[:8]))
    own_model.absorb_events(("guest", event(item, "view", days=8 + n)) for n, item in enumerate(path[8:]))
    assert read == [0, 1, 2, 3, 3, 3, 3, 3, 3, 3]
    assert source.degrees_.sum() == before + 5
    assert own_model._live.log_of("guest").item_rows.tolist() == own_model.item_ids.rows(path[4:]).tolist()


# Histories


def test_the_next_request_knows_what_was_absorbed(saved_model):
    """It answers as if the same events had come with the request."""
    told = [event(thing("garden", 3), "view"), event(thing("garden", 4), "cart", days=1)]
    absorbing, asking = load(saved_model), load(saved_model)
    absorbing.absorb(frame_of(*(("guest", e.item_id, e.kind, e.timestamp) for e in told)))
    found = absorbing.recommend("guest", 8, strategy="content")
    assert ids(found) == ids(asking.recommend("guest", 8, strategy="content", history=told))
    assert {shelf_of(item) for item in ids(found)} == {"garden"}
    assert not {e.item_id for e in told} & set(ids(absorbing.recommend("guest", 40)))
    assert ids(absorbing.recommend("somebody else", 8)) != ids(found)


def test_events_of_a_known_user_are_added_to_those_of_the_training(own_model):
    before = ids(own_model.recommend("u00", 40))
    own_model.absorb(walked("u00", before[0], before[1], kind="view"))
    after = ids(own_model.recommend("u00", 40))
    assert not set(before[:2]) & set(after)
    assert {family_of(item) for item in after} == {family_of(item) for item in before[2:]}


def test_a_rating_that_was_absorbed_moves_the_forecast(own_model):
    item = thing("kitchen", 3)
    history: list[Event] = []
    before = own_model.predict_rating("guest", item, history=history)
    own_model.absorb(
        frame_of(*(("guest", thing("kitchen", n), "rating", START + 340 * DAY, 1.0) for n in (5, 6, 8, 10)))
    )
    assert own_model.predict_rating("guest", item, history=history) < before


def test_an_event_told_twice_counts_once(own_model):
    """A request may tell again what was absorbed, and a feed may be read twice."""
    told = [event(thing("garden", 3), "view"), event(thing("garden", 4), "view", days=1)]
    frame = frame_of(*(("guest", e.item_id, e.kind, e.timestamp) for e in told))
    assert own_model.absorb(frame) == 2
    for strategy in ("content", "itemseq", "trending", "hybrid"):
        once = own_model.recommend("guest", 8, strategy=strategy)
        assert own_model.recommend("guest", 8, strategy=strategy, history=told) == once
        assert own_model.absorb(frame) == 0
        assert own_model.recommend("guest", 8, strategy=strategy) == once
    assert own_model.absorb(pd.concat([frame, walked("guest", thing("garden", 9), days=2)])) == 1


def test_an_event_that_stands_twice_in_one_part_counts_once(saved_model):
    once, twice = load(saved_model), load(saved_model)
    told = walked("guest", thing("garden", 3), thing("garden", 4))
    assert once.absorb(told) == 2
    assert twice.absorb(pd.concat([told, told])) == 2
    for name, source in popularity(once).items():
        assert popularity(twice)[name].counts_.tolist() == source.counts_.tolist()
    assert twice.recommend("guest", 8) == once.recommend("guest", 8)


def test_another_verdict_in_the_same_second_is_news(own_model):
    item, at = thing("kitchen", 5), START + 400 * DAY
    verdicts = [("guest", item, "rating", at, stars) for stars in (5.0, 1.0)]
    assert own_model.absorb(frame_of(verdicts[0])) == 1
    delighted = own_model.predict_rating("guest", item)
    assert own_model.absorb(frame_of(*verdicts)) == 1
    assert own_model.predict_rating("guest", item) < delighted


def test_a_feed_that_begins_before_the_training_ended_counts_only_what_is_new(own_model, shop_events):
    before = {name: source.counts_.tolist() for name, source in popularity(own_model).items()}
    assert own_model.absorb(shop_events) == 0
    for name, source in popularity(own_model).items():
        assert source.counts_.tolist() == before[name]


def test_nobody_else_hears_of_what_one_model_was_told(saved_model, own_model):
    before = ids(load(saved_model).recommend("u00", 8))
    own_model.absorb(walked("u00", *before[:4]))
    assert ids(load(saved_model).recommend("u00", 8)) == before


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (frame_of(("u00", "kitchen-01", "stare", START)), "'stare'"),
        (frame_of(("u00", "kitchen-01", "rating", START, 9.0)), "between 1 and 5"),
        (pd.DataFrame({"user_id": ["u00"]}), "column 'item_id' is missing"),
    ],
)
def test_events_that_make_no_sense_are_refused_as_a_whole(frame, told, own_model):
    good = walked("u00", thing("garden", 1))
    before = copy.deepcopy({name: source.counts_ for name, source in popularity(own_model).items()})
    with pytest.raises(DataError, match=told):
        own_model.absorb(pd.concat([good, frame]) if "item_id" in frame else frame)
    for name, source in popularity(own_model).items():
        assert source.counts_.tolist() == before[name].tolist()


def test_events_without_a_time_are_refused_because_nobody_knows_when_they_were(own_model):
    """The order of the rows would put them in January 1970, before everything that the model knows."""
    with pytest.raises(DataError, match=r"column 'timestamp' is missing: .*UTC seconds"):
        own_model.absorb(walked("u00", thing("garden", 1)).drop(columns="timestamp"))


def test_numbers_that_count_rows_are_no_times_for_a_model_with_a_clock(own_model):
    counted = walked("u00", thing("garden", 1), thing("garden", 2)).assign(timestamp=[0, 1])
    with pytest.raises(DataError, match=r"column 'timestamp': .* ends at 1, .*UTC seconds"):
        own_model.absorb(counted)


def test_a_model_without_a_clock_goes_on_counting_where_its_log_ended():
    log = frame_of(*((f"u{n}", item, "view", 0) for n in range(4) for item in ITEMS[:3]))
    model = quick_model(log.drop(columns="timestamp"), pd.DataFrame({"item_id": ITEMS}), strategy="itemseq")
    told = frame_of(("u0", "d", "view", 0))
    with pytest.raises(DataError, match=r"column 'timestamp' is missing: .* numbers above 11"):
        model.absorb(told.drop(columns="timestamp"))
    assert model.absorb(told.assign(timestamp=model.info["data_until"] + 1)) == 1
    assert model._live.log_of("u0").item_rows.tolist() == model.item_ids.rows(["a", "b", "c", "d"]).tolist()


def test_many_events_of_one_second_keep_the_second_that_was_told(own_model):
    """A delivery to a warehouse, booked at once and sorted by item, is no log without a clock."""
    at = START + 400 * DAY
    told = frame_of(*((f"u{n:02d}", thing("garden", k), "cart", at) for n in range(8) for k in range(20)))
    own_model.absorb(told)
    assert own_model._live.log_of("u03").timestamps[-20:].tolist() == [at] * 20


def test_no_events_change_nothing(own_model):
    assert own_model.absorb(frame_of()) == 0


# Events without a frame


def told_of(frame: pd.DataFrame) -> list[tuple[str, Event]]:
    """The events of a frame beside their users."""
    rows = frame[["user_id", "item_id", "kind", "timestamp", "value"]].itertuples(index=False, name=None)
    return [(user, Event(item, kind, at, None if np.isnan(value) else value)) for user, item, kind, at, value in rows]


valued = st.one_of(
    st.tuples(st.just("rating"), st.floats(1, 5)),
    st.tuples(st.just("purchase"), st.none() | st.floats(0.5, 100)),
    st.tuples(st.sampled_from(["view", "cart", "dismiss"]), st.none() | st.just(3.0)),
)
fed = st.tuples(
    st.sampled_from(["u0", "u1", "7", 7, "somebody new"]),
    st.sampled_from([*ITEMS, "newer", "newest"]),
    valued,
    st.sampled_from([0, 0.5, 1, 2, 3, 40, 40 * DAY]),
)


@pytest.fixture(scope="module")
def walkers() -> HybridRecommender:
    """Somebody's steps, with a purchase and stars, for a model that is copied before it is told of more."""
    rows = [(f"u{n}", item, "view", START + 2 * place) for n in range(3) for place, item in enumerate(ITEMS[:4])]
    return model_of(frame_of(*rows, ("u0", "a", "rating", START + 3, 4.0), ("7", "b", "purchase", START, 2.0)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(feed=st.lists(st.lists(fed, max_size=8), max_size=3))
def test_events_without_a_frame_count_as_those_of_one(walkers, feed):
    """Told in the same parts, both leave the same model: what is known, or told twice, counts once."""
    by_frame, by_event = copy.deepcopy(walkers), copy.deepcopy(walkers)
    for part in feed:
        rows = [(user, item, kind, START + later, value) for user, item, (kind, value), later in part]
        told = [(user, Event(item, kind, at, value)) for user, item, kind, at, value in rows]
        assert by_event.absorb_events(iter(told)) == by_frame.absorb(frame_of(*rows))
    for name, source in by_frame.model_.pipeline.sources.retrievers.items():
        other = by_event.model_.pipeline.sources.retrievers[name]
        if isinstance(source, Popular):
            assert other.counts_.tolist() == source.counts_.tolist()
    for user in ("u0", "u1", "7", "somebody new"):
        ours, theirs = (model._live.log_of(user) for model in (by_event, by_frame))
        assert ours.same_as(theirs)
        assert by_event._live.newer_items_of(user) == by_frame._live.newer_items_of(user)
        assert by_event.recommend(user, 5) == by_frame.recommend(user, 5)


def test_of_very_many_events_of_one_user_the_latest_count(monkeypatch, own_model):
    monkeypatch.setattr(interactions, "MAX_EVENTS_PER_USER", 3)
    told = walked("guest", *(thing("garden", n) for n in range(6)))
    assert own_model.absorb_events(told_of(told)[::-1]) == 3
    assert (
        own_model._live.log_of("guest").item_rows.tolist()
        == own_model.item_ids.rows([thing("garden", n) for n in (3, 4, 5)]).tolist()
    )


LOOK = event(thing("garden", 1), days=1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ((None, LOOK), "events: the user_id must be text or a whole number, not None"),
        (("", LOOK), "events: the user_id '' is empty"),
        (("a\0", LOOK), "events: the user_id .* has a NUL character"),
        (("a\ud800", LOOK), "events: the user_id .* holds half a surrogate pair"),
        (("é" * 257, LOOK), "events: the user_id .* is longer than 512 bytes"),
        (("ana", LOOK._replace(item_id="")), "events: the item_id '' is empty"),
        (("ana", LOOK._replace(item_id="x" * 513)), "events: the item_id .* is longer than 512 bytes"),
        (("ana", LOOK._replace(kind="stare")), "events: the kind 'stare' is not one of"),
        (("ana", LOOK._replace(timestamp=None)), "events: the timestamp must be a number of UTC seconds, not None"),
        (("ana", LOOK._replace(timestamp=LOOK.timestamp * 1000)), "events: the timestamp .* lies in the future"),
        (("ana", LOOK._replace(kind="rating", value=6)), "events: the value of a rating must be between 1 and 5"),
        (("ana", LOOK._replace(kind="purchase", value=1e-50)), "events: the value of a purchase, .* must be positive"),
        (("ana", None), r"events must hold events, not .*; give a list of Event"),
        (LOOK, r"events must hold pairs of a user and an event, not .*; give a list of \(user_id, Event"),
        ("ana", r"events must hold pairs of a user and an event, not .*; give a list of \(user_id, Event"),
    ],
)
def test_an_event_without_a_frame_is_held_to_the_same_rules_and_nothing_is_counted(wrong, told, own_model):
    before = {name: source.counts_.copy() for name, source in popularity(own_model).items()}
    with pytest.raises(DataError, match=told):
        own_model.absorb_events([("ana", LOOK), wrong])
    assert not len(own_model._live.log_of("ana"))
    assert all(source.counts_.tolist() == before[name].tolist() for name, source in popularity(own_model).items())


@pytest.mark.parametrize(
    "wrong", ["ana", {"ana": [LOOK]}, frame_of(("ana", "a", "view", START)), None, 7], ids=lambda w: type(w).__name__
)
def test_events_without_a_frame_are_a_list_of_pairs(wrong, own_model):
    with pytest.raises(DataError, match=r"events must be a list of users and events, not .*; give a list of \(user_id"):
        own_model.absorb_events(wrong)


def test_events_without_a_frame_need_a_clock_as_well(own_model):
    with pytest.raises(DataError, match=r"column 'timestamp': .* ends at 1, .*UTC seconds"):
        own_model.absorb_events([("u00", LOOK._replace(timestamp=1))])
    assert own_model.absorb_events([]) == 0
