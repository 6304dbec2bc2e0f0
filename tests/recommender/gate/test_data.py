"""A broken export must not become a model: what the gate sees in the log itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.idmap import IdMap
from recommender.data.interactions import Interactions
from recommender.gate import Check, LogFacts, check_data
from recommender.gate.data import (
    BOT_EVENTS_A_DAY,
    DAYS_BEFORE,
    MAX_AGE_HOURS,
    MIN_KIND_EVENTS,
    MIN_ROWS_SHARE,
    SIGMAS,
)
from recommender.types import EVENT_KINDS
from tests.recommender.worlds import DAY, START, frame_of, purchases

MIDNIGHT = START - START % DAY
HOUR = 3600


def log_of(*rows: tuple[object, ...]) -> Interactions:
    return Interactions.from_frame(frame_of(*rows))


def days(counts: list[int]) -> Interactions:
    """So many views on each day, one a second from midnight on, of ever other people and things."""
    return log_of(
        *(
            (f"u{n}", f"i{n}", "view", MIDNIGHT + day * DAY + n)
            for day, count in enumerate(counts)
            for n in range(count)
        )
    )


def seen(facts: LogFacts) -> dict[str, Check]:
    return {check.name: check for check in check_data(facts)}


def test_what_cannot_be_looked_at_is_left_out():
    """No training before, no clock, no catalogue, no fortnight."""
    assert seen(LogFacts(log_of(("u", "a", "view", START)))).keys() == {"repeated rows", "machines"}
    assert check_data(LogFacts(Interactions.from_frame(purchases({})))) == []


# Rows


@pytest.mark.parametrize(("before", "passed"), [(10, True), (20, True), (21, False)])
def test_a_log_that_lost_half_its_rows_is_refused(before, passed):
    found = seen(LogFacts(days([10]), rows_before=before))["rows"]
    assert (found.passed, found.level) == (passed, "must")
    assert found.detail == f"10 rows, {before} in the training before"
    assert MIN_ROWS_SHARE == 0.5


@pytest.mark.parametrize(("newest", "passed"), [(100, True), (130, True), (131, False), (70, True), (69, False)])
def test_the_last_whole_day_is_like_the_fortnight_before(newest, passed):
    """A hundred rows a day spread by ten of themselves; the day that has only begun is not looked at."""
    found = seen(LogFacts(days([100] * DAYS_BEFORE + [newest, 1])))["rows of a day"]
    assert (found.passed, found.level) == (passed, "warning")
    assert found.detail == f"{newest} rows on the last whole day, 100 a day in the 14 days before"


def test_days_that_always_differ_may_go_on_doing_so():
    """By their own spread of fifty, not by that of their mean."""
    uneven = [50, 150] * (DAYS_BEFORE // 2)
    assert seen(LogFacts(days([*uneven, 100 + int(SIGMAS * 50), 1])))["rows of a day"].passed
    assert not seen(LogFacts(days([*uneven, 101 + int(SIGMAS * 50), 1])))["rows of a day"].passed


@settings(max_examples=25)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=DAYS_BEFORE + 4))
def test_whatever_the_days_the_right_one_is_counted(counts):
    found = seen(LogFacts(days(counts))).get("rows of a day")
    if len(counts) < DAYS_BEFORE + 2:
        assert found is None
    else:
        assert found is not None
        assert found.detail.startswith(f"{counts[-2]} rows on the last whole day")


# What the rows are like


def weeks(n_old: dict[str, int], n_new: dict[str, int]) -> Interactions:
    """Events of four weeks, and of the week after them."""
    rows = []
    for kinds, first, length in ((n_old, 0, 28), (n_new, 28, 7)):
        for kind, count in kinds.items():
            rows += [(f"u{n}", f"i{n}", kind, MIDNIGHT + first * DAY + n * length * DAY // count) for n in range(count)]
    return log_of(*rows, ("last", "last", "view", MIDNIGHT + 35 * DAY - 1))


@pytest.mark.parametrize(("carts", "passed"), [(440, True), (560, False)])
def test_kinds_of_events_do_not_change_places(carts, passed):
    """A fifth of carts before; now 44 % moves 24 points and 56 % moves 36."""
    found = seen(LogFacts(weeks({"view": 800, "cart": 200}, {"view": 1000 - carts, "cart": carts})))["kinds of events"]
    assert (found.passed, found.level) == (passed, "warning")
    assert "20.0% of the four weeks before" in found.detail or "80.0% of the four weeks before" in found.detail


def test_too_few_events_say_nothing_about_their_kinds():
    few = MIN_KIND_EVENTS - 2
    assert "kinds of events" not in seen(LogFacts(weeks({"view": 800}, {"cart": few})))
    assert "kinds of events" in seen(LogFacts(weeks({"view": 800}, {"cart": few + 1})))


@pytest.mark.parametrize(("copies", "passed"), [(1, True), (2, False)])
def test_an_export_written_twice_is_told(copies, passed):
    rows = [(f"u{n % 5}", f"i{n}", "view", START + n) for n in range(20)]
    found = seen(LogFacts(log_of(*rows, *rows[:copies])))["repeated rows"]
    assert (found.passed, found.level) == (passed, "warning")


row = st.tuples(
    st.sampled_from("uv"), st.sampled_from("ab"), st.sampled_from(EVENT_KINDS[:3]), st.integers(START, START + 2)
)


@settings(max_examples=40)
@given(st.lists(row, min_size=1, max_size=25))
def test_repeated_rows_are_those_beyond_the_first_of_their_like(rows):
    share = (len(rows) - len(set(rows))) / len(rows)
    assert seen(LogFacts(log_of(*rows)))["repeated rows"].detail == f"{share:.1%} of the rows stand there twice"


@pytest.mark.parametrize(("ahead", "passed"), [(0, True), (1, False)])
def test_a_clock_that_runs_ahead_is_told(ahead, passed):
    found = seen(LogFacts(log_of(("u", "a", "view", START + ahead)), now=START))["times to come"]
    assert (found.passed, found.level, found.detail) == (
        passed,
        "warning",
        f"{ahead} rows lie in the future of the training",
    )


@pytest.mark.parametrize(("strange", "passed"), [(2, True), (3, False)])
def test_events_of_things_nobody_described_are_told(strange, passed):
    rows = [(f"u{n}", "odd" if n < strange else "known", "view", START + n) for n in range(10)]
    found = seen(LogFacts(log_of(*rows), described=IdMap(["known", "unsold"])))["unknown items"]
    assert (found.passed, found.level) == (passed, "warning")
    assert found.detail == f"{strange * 10}.0% of the rows are about items without a description"


@pytest.mark.parametrize(("clicks", "passed"), [(BOT_EVENTS_A_DAY, True), (BOT_EVENTS_A_DAY + 1, False)])
def test_somebody_who_never_sleeps_is_told(clicks, passed):
    rows = [("robot", f"i{n}", "view", MIDNIGHT + n) for n in range(clicks)]
    people = [(f"u{n}", "a", "view", MIDNIGHT + n) for n in range(100)]
    found = seen(LogFacts(log_of(*rows, *people)))["machines"]
    assert (found.passed, found.level) == (passed, "warning")


def test_much_over_many_days_makes_nobody_a_machine():
    rows = [("regular", f"i{n}", "view", MIDNIGHT + n * HOUR) for n in range(2 * BOT_EVENTS_A_DAY)]
    assert seen(LogFacts(log_of(*rows)))["machines"].passed


@pytest.mark.parametrize(("hours", "passed"), [(0, True), (MAX_AGE_HOURS, True), (MAX_AGE_HOURS + 1, False)])
def test_a_log_that_ended_days_ago_is_told(hours, passed):
    log = log_of(("u", "a", "view", START - DAY), ("u", "b", "view", START))
    found = seen(LogFacts(log, now=START + hours * HOUR))["newest event"]
    assert (found.passed, found.level, found.detail) == (passed, "warning", f"it is {hours} hours old")


def test_nothing_but_lost_rows_refuses():
    """A shop on holiday, or with a wild week, still gets its model."""
    broken = log_of(*[("robot", "odd", "view", START)] * (BOT_EVENTS_A_DAY + 1))
    found = check_data(LogFacts(broken, now=START - DAY, described=IdMap(["known"])))
    assert {check.name for check in found if not check.passed} == {
        "repeated rows",
        "times to come",
        "unknown items",
        "machines",
    }
    assert not any(check.refuses for check in found)
