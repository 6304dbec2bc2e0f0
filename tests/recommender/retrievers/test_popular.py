"""What many people want, over a long time or right now."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.retrievers import popular
from recommender.retrievers.popular import HALF_LIFE_GRID_DAYS, Popular, Trending, decayed_counts, learn_half_life
from tests.recommender.worlds import DAY, START, data_of, frame_of, named, query

ITEMS = ["a", "b", "c"]
event_row = st.tuples(
    st.sampled_from(["u", "v"]), st.sampled_from(ITEMS), st.sampled_from(["view", "purchase"]), st.integers(0, 300)
)


def frame_from(rows) -> pd.DataFrame:
    return frame_of(*((user, item, kind, START + day * DAY) for user, item, kind, day in rows))


def first(source, data) -> str:
    return named(data, source.retrieve(query(data, []), 1).rows)[0]


@pytest.fixture(scope="module")
def old_and_new() -> pd.DataFrame:
    """An old favourite with many buyers long ago, and a newcomer with fewer in the last days."""
    old = [(f"u{n}", "favourite", "purchase", n) for n in range(200)]
    new = [(f"v{n}", "newcomer", "purchase", 280 + n // 3) for n in range(60)]
    rest = [(f"w{n}", f"filler {n % 10}", "purchase", n) for n in range(300)]
    return frame_from(old + new + rest)


def test_the_favourite_is_popular_and_the_newcomer_is_trending(old_and_new):
    data = data_of(old_and_new)
    assert first(Popular(half_life_days=10_000).fit(data), data) == "favourite"
    assert first(Trending().fit(data), data) == "newcomer"


def test_the_half_life_of_a_trend_is_learned_from_the_log(old_and_new):
    """Where fashions pass quickly the short memory predicts better; where nothing changes the long one does."""
    steady = frame_from([(f"u{n}", f"i{n % 7}", "purchase", n // 4) for n in range(1200)])
    assert learn_half_life(data_of(old_and_new)) <= 14
    assert learn_half_life(data_of(steady)) == HALF_LIFE_GRID_DAYS[-1]
    assert learn_half_life(data_of(steady.head(50))) == HALF_LIFE_GRID_DAYS[-1]


def test_what_many_dismiss_is_no_fashion():
    """Now and then somebody looks at something new, and many turn it down: what is wanted stays as it was."""
    steady = [(f"u{n}", f"i{n % 7}", "purchase", n // 4) for n in range(1200)]
    steady += [(f"v{day}", f"fad {day // 40}", "view", day) for day in range(0, 300, 40)]
    shunned = [(f"w{n}", f"fad {day // 40}", "dismiss", day) for day in range(300) for n in range(4)]
    assert learn_half_life(data_of(frame_from(steady))) == HALF_LIFE_GRID_DAYS[-1]
    assert learn_half_life(data_of(frame_from(steady + shunned))) == HALF_LIFE_GRID_DAYS[-1]


def test_a_given_half_life_is_taken():
    data = data_of(frame_from([("u", "a", "purchase", 0), ("v", "b", "view", 10)]))
    assert Trending(half_life_days=5.0).fit(data).half_life_days_ == 5.0


def test_counts_weigh_deeds_and_age():
    data = data_of(frame_from([("u", "a", "purchase", 0), ("v", "a", "view", 10), ("v", "b", "purchase", 10)]))
    counts = decayed_counts(data, data.now, 10.0)
    assert counts.tolist() == pytest.approx([0.5 + 0.3, 1.0])


@settings(max_examples=50)
@given(st.lists(event_row, min_size=1, max_size=12), st.lists(event_row, max_size=8))
def test_absorbing_events_ranks_as_fitting_again_would(before, after):
    """Counts stay on the clock of the first fit, so they differ from a refit by one common factor."""
    items = pd.DataFrame({"item_id": ITEMS})
    start, whole = data_of(frame_from(before), items), data_of(frame_from(before + after), items)
    grown, refitted = Popular(half_life_days=30).fit(start), Popular(half_life_days=30).fit(whole)
    known = data_of(frame_from(after), items) if after else None
    if known is not None:
        events = known.events
        grown.absorb(events.item_rows, known.event_weights, events.timestamps)
    shift = 2.0 ** ((whole.now - start.now) / DAY / 30)
    assert grown.score(query(start, [])) == pytest.approx(refitted.score(query(whole, [])) * shift, rel=1e-3)


@pytest.mark.parametrize("years", [2, 30])
def test_a_model_that_was_not_trained_for_years_still_counts(years):
    """A public data set of 1998 under a shop of today: one new click must not turn every score into infinity."""
    data = data_of(frame_from([("u", "a", "purchase", 0), ("v", "a", "purchase", 1), ("v", "b", "purchase", 1)]))
    source = Trending(half_life_days=3.0).fit(data)
    later = np.array([data.now + years * 365 * DAY])
    for row in (2, 2, 1):
        source.absorb(np.array([min(row, data.n_items - 1)]), np.ones(1, dtype=np.float32), later)
    scores = source.score(query(data, []))
    assert np.isfinite(scores).all()
    assert first(source, data) == "b"


def test_absorbing_leaves_the_arrays_it_was_loaded_from_alone(shop_data):
    arrays = Popular().fit(shop_data).state_arrays()
    for array in arrays.values():
        array.flags.writeable = False
    before = arrays["counts"].copy()
    loaded = Popular().load_arrays(arrays)
    loaded.absorb(np.array([0]), np.ones(1, dtype=np.float32), np.array([shop_data.now]))
    assert arrays["counts"].tolist() == before.tolist()
    assert loaded.counts_[0] == pytest.approx(before[0] + 1)


def test_what_is_absorbed_while_another_thread_sorts_is_in_the_next_list(monkeypatch):
    """The event comes between sorting the counts and keeping their order."""
    data = data_of(frame_from([("u", "a", "purchase", 0), ("v", "a", "purchase", 0), ("v", "b", "purchase", 0)]))
    source, sort = Popular().fit(data), popular.KnownOrder

    def late(counts):
        monkeypatch.setattr(popular, "KnownOrder", sort)
        found = sort(counts)
        source.absorb(np.array([1]), np.full(1, 9, dtype=np.float32), np.array([data.now]))
        return found

    monkeypatch.setattr(popular, "KnownOrder", late)
    assert first(source, data) == "a"
    assert first(source, data) == "b"


def test_a_request_under_way_goes_on_with_the_scores_it_was_sorted_by():
    data = data_of(frame_from([("u", "a", "purchase", 0), ("v", "a", "purchase", 0), ("v", "b", "purchase", 0)]))
    source = Popular().fit(data)
    source.absorb(np.array([0]), np.ones(1, dtype=np.float32), np.array([data.now]))
    under_way = source.scored(query(data, []))
    source.absorb(np.array([1]), np.full(1, 9, dtype=np.float32), np.array([data.now]))
    best = under_way.best(2)
    assert under_way.at(best).tolist() == sorted(under_way.at(best).tolist(), reverse=True)
