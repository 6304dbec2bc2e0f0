"""Settings of the picks: kept for members and guests, read with care, used wherever something is picked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.factories import make_brand, make_category, make_event, make_guest, make_product, make_user
from webapp.actors import Actor
from webapp.errors import InvalidInput
from webapp.picks import NO_PREFERENCES, Ask, NullRecs, Pick, Picks, Preferences
from webapp.services.browsing import discovery
from webapp.services.people import accounts
from webapp.services.picks import profiles, recommending, taste
from webapp.store import interactions, searches, users
from webapp.store import taste as taste_store
from webapp.store.rows import HistoryRow
from webapp.store.tx import read_unit, unit_of_work
from webapp.tuning import DEFAULT, SLIDERS, WISHES, Tuning, place_of

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def ana(app: Flask) -> Actor:
    with unit_of_work() as tx:
        return Actor(user_id=make_user(tx, "ana@example.com"))


@pytest.fixture
def ben(app: Flask) -> Actor:
    """A guest."""
    with unit_of_work() as tx:
        return make_guest(tx)


@pytest.fixture(autouse=True)
def request_context(app: Flask):
    with app.test_request_context():
        yield


def again(actor: Actor) -> Actor:
    """Return the actor as the next request finds them."""
    with read_unit() as tx:
        found = users.with_settings(tx, actor)
    assert found is not None
    return found


def history(actor: Actor) -> list[HistoryRow]:
    return profiles.read(again(actor), limit=50).history


class Tape(NullRecs):
    """A recommender that offers some products and remembers what it was asked."""

    def __init__(self, product_ids: Sequence[int] = ()) -> None:
        self.asked: list[Ask] = []
        self.offered = product_ids

    def for_user(self, ask: Ask) -> Picks:
        self.asked.append(ask)
        return Picks(tuple(Pick(product_id, rank, 1.0 / rank) for rank, product_id in enumerate(self.offered, 1)), "v1")


# Values


tunings = st.builds(
    Tuning,
    **{name: st.integers(0, 100) for name in SLIDERS},
    categories=st.dictionaries(st.integers(1, 50), st.sampled_from(WISHES)).map(lambda d: tuple(sorted(d.items()))),
    never_brands=st.sets(st.integers(1, 50)).map(lambda keys: tuple(sorted(keys))),
    uses_purchases=st.booleans(),
    uses_searches=st.booleans(),
)


@given(tunings)
def test_what_is_written_is_read_again(tuning: Tuning) -> None:
    assert Tuning.from_json(tuning.to_json()) == tuning


def test_what_stands_at_its_default_is_not_written() -> None:
    assert DEFAULT.to_json() == {}
    assert Tuning(variety=0, uses_searches=False).to_json() == {"variety": 0, "uses_searches": False}
    assert not Tuning(uses_purchases=False).arranges
    assert Tuning(variety=0).arranges


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(st.dictionaries(st.sampled_from([*SLIDERS, "categories", "never_brands", "uses_searches"]) | st.text(), junk))
def test_a_row_that_makes_no_sense_breaks_nothing(values: dict) -> None:
    found = Tuning.from_json(values)
    assert all(0 <= getattr(found, name) <= 100 for name in SLIDERS)
    assert all(wish in WISHES for _key, wish in found.categories)


# Kept


@pytest.mark.parametrize("who", ["ana", "ben"])
def test_settings_are_kept_for_members_and_guests(request: pytest.FixtureRequest, who: str) -> None:
    actor = request.getfixturevalue(who)
    assert again(actor).tuning == DEFAULT
    taste.tune(actor, Tuning(familiar_new=75, categories=((1, "never"),)))
    assert again(actor).tuning == Tuning(familiar_new=75, categories=((1, "never"),))
    taste.use(actor, "purchases", is_used=False)
    taste.untune(actor)
    assert again(actor).tuning == Tuning(uses_purchases=False)
    taste.forget(actor, scope="all", now=NOW)
    assert again(actor).tuning == DEFAULT


@pytest.mark.parametrize("own", [DEFAULT, Tuning(variety=100)])
def test_a_guests_settings_come_along_unless_the_member_has_own_ones(ana: Actor, ben: Actor, own: Tuning) -> None:
    taste.tune(ana, own)
    taste.tune(ben, Tuning(variety=0))
    assert ben.guest_id is not None
    assert ana.user_id is not None
    with unit_of_work() as tx:
        searches.add(tx, ben, "mug", [1], now=NOW)
        searches.add(tx, ben, "lamp", [2], now=NOW)
        searches.add(tx, ana, "lamp", [1], now=LATER)
        accounts.merge_guest(tx, ben.guest_id, ana.user_id, now=NOW)
        found = {row.words: row.product_ids for row in searches.recent(tx, ana, limit=9)}
    assert again(ana).tuning == (Tuning(variety=100) if own.arranges else Tuning(variety=0))
    assert found == {"mug": (1,), "lamp": (1,)}


# Read from a form


def test_a_form_is_read_into_settings(ana: Actor) -> None:
    with unit_of_work() as tx:
        lamps, mugs = make_category(tx, "Home > Lamps"), make_category(tx, "Table > Mugs")
        make_product(tx, brand="Glow Worm")
        make_product(tx, brand="Tide")
        glow_worm = make_brand(tx, "Glow Worm")
    form = {"familiar_new": "100", "variety": "0", "category-lamps": "less", "category-mugs": "never", "x": "y"}
    before = Tuning(budget_premium=25, categories=((lamps, "more"),), uses_searches=False)
    assert taste.parse(form, ["glow-worm", "gone"], before) == Tuning(
        100, 25, 0, tuple(sorted([(lamps, "less"), (mugs, "never")])), (glow_worm,), uses_searches=False
    )
    same = {f"category-{name}": "same" for name in ("lamps", "mugs")}
    assert taste.parse(same, [], DEFAULT) == DEFAULT


@pytest.mark.parametrize("value", ["-1", "101", "", "fifty", "5.5", "٥٠", "1e1", "0000050", "99999999999999999999"])
@pytest.mark.parametrize("name", SLIDERS)
def test_a_place_beyond_the_slider_is_named(ana: Actor, name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        taste.parse({name: value}, [], DEFAULT)
    assert set(refused.value.errors) == {name}


@given(st.text(max_size=12) | st.integers().map(str))
def test_whatever_is_sent_is_a_place_or_none(value: str) -> None:
    place = place_of(value)
    assert place is None or (0 <= place <= 100 and int(value) == place)


@given(st.integers(0, 100))
def test_every_place_is_read(place: int) -> None:
    assert place_of(str(place)) == place


def test_an_unknown_wish_is_named_with_its_category(ana: Actor) -> None:
    with unit_of_work() as tx:
        make_category(tx, "Home > Lamps")
    with pytest.raises(InvalidInput) as refused:
        taste.parse({"category-lamps": "always"}, [], DEFAULT)
    assert set(refused.value.errors) == {"category-lamps"}


# Used


def test_settings_reach_the_recommender_in_its_own_words(ana: Actor) -> None:
    with unit_of_work() as tx:
        lamps, table = make_category(tx, "Home > Lamps"), make_category(tx, "Table")
        make_product(tx, brand="Glow Worm")
        brand = make_brand(tx, "Glow Worm")
    taste.tune(ana, Tuning(0, 100, 75, ((lamps, "more"), (table, "never")), (brand,)))
    profile = profiles.read(again(ana), limit=9)
    assert profile.preferences == Preferences(
        -1.0, 1.0, 0.5, frozenset({"Home > Lamps"}), frozenset(), frozenset({"Table"}), frozenset({"Glow Worm"})
    )


def test_wishes_about_what_is_gone_count_for_nothing(ana: Actor) -> None:
    taste.tune(ana, Tuning(categories=((999, "never"), (998, "more")), never_brands=(997,)))
    profile = profiles.read(again(ana), limit=9)
    assert profile.preferences == NO_PREFERENCES
    assert not profile.never.category_ids
    assert not profile.never.brands


def shown(actor: Actor, recs: Tape) -> dict[str, set[int]]:
    """Return what each place of the shop that recommends something shows to somebody."""
    actor = again(actor)
    home = discovery.home_page(actor, recs, history_limit=50, explore_places=0, shop_name="Kindred", now=NOW)
    api = recommending.recommend(
        actor,
        recs,
        k=20,
        context="home",
        product_ids=(),
        strategy=None,
        exclude=(),
        history_limit=50,
        now=NOW,
        is_shown=False,
    )
    overview = recommending.preview(actor, recs, k=20, history_limit=50, now=NOW)
    return {
        "home": {card.product_id for rail in home.rails for card in rail.cards},
        "api": {card.product_id for card, _score in api.cards},
        "account": {card.product_id for card in overview},
    }


@pytest.mark.parametrize("who", ["ana", "ben"])
def test_never_is_never_on_every_page_even_if_the_model_does_not_know_it(
    request: pytest.FixtureRequest, who: str
) -> None:
    """The model here offers everything whatever it is told: the shelves themselves keep it out, sub-shelves too."""
    actor = request.getfixturevalue(who)
    with unit_of_work() as tx:
        home = make_category(tx, "Home")
        lamps = [make_product(tx, category="Home > Lamps") for _ in range(6)]
        mugs = [make_product(tx, category="Table > Mugs", brand="Tide") for _ in range(6)]
        bowls = [make_product(tx, category="Table > Bowls", brand="Glow Worm") for _ in range(6)]
        make_event(tx, actor, bowls[0], at=NOW)
        tide = make_brand(tx, "Tide")
    recs = Tape([*lamps, *mugs, *bowls[1:]])
    before = shown(actor, recs)
    assert all(found & set(lamps) and found & set(mugs) for found in before.values())
    taste.tune(actor, Tuning(categories=((home, "never"),), never_brands=(tide,)))
    after = shown(actor, recs)
    assert all(not found & {*lamps, *mugs} for found in after.values()), after
    assert all(found for found in after.values())


def test_never_holds_on_rails_that_rest_on_a_product_as_well(ana: Actor) -> None:
    class Alike(NullRecs):
        def similar(self, product_id: int, *, k: int, space: str = "combined") -> Picks:
            return Picks(tuple(Pick(other, rank, 1.0) for rank, other in enumerate([*lamps[1:], *mugs], 1)))

        def goes_with(self, product_ids: Sequence[int], *, k: int) -> Picks:
            return self.similar(0, k=k)

    with unit_of_work() as tx:
        lamps = [make_product(tx, category="Home > Lamps") for _ in range(8)]
        mugs = [make_product(tx, category="Table > Mugs") for _ in range(8)]
        table = make_category(tx, "Table")
    taste.tune(ana, Tuning(categories=((table, "never"),)))
    found = discovery.product_rails(again(ana), Alike(), lamps[0], now=NOW)
    cart = discovery.cart_rail(again(ana), Alike(), [lamps[0]], now=NOW)
    rails = [rail for rail in (found.similar, found.goes_with, cart) if rail]
    assert rails
    assert not {card.product_id for rail in rails for card in rail.cards} & set(mugs)


def test_somebody_without_a_past_is_shown_what_they_set(ben: Actor) -> None:
    with unit_of_work() as tx:
        lamps = [make_product(tx, category="Home > Lamps") for _ in range(6)]
        home = make_category(tx, "Home")
    recs = Tape(lamps)
    page = discovery.home_page(again(ben), recs, history_limit=9, explore_places=0, shop_name="Kindred", now=NOW)
    assert recs.asked == []
    assert "for_you" not in {rail.key for rail in page.rails}
    taste.tune(ben, Tuning(categories=((home, "more"),)))
    page = discovery.home_page(again(ben), recs, history_limit=9, explore_places=0, shop_name="Kindred", now=NOW)
    assert (page.rails[0].key, page.rails[0].title) == ("for_you", "Chosen by what you set")
    assert recs.asked[-1].preferences.more == {"Home"}


# Orders, searches, gifts


def test_orders_are_left_out_when_the_visitor_says_so(ana: Actor) -> None:
    with unit_of_work() as tx:
        for kind in ("purchase", "view", "rating"):
            make_event(tx, ana, make_product(tx), kind, at=NOW, value=4.0 if kind == "rating" else None)
    assert {row.kind for row in history(ana)} == {"purchase", "view", "rating"}
    taste.use(ana, "purchases", is_used=False)
    assert {row.kind for row in history(ana)} == {"view", "rating"}
    taste.use(ana, "purchases", is_used=True)
    assert {row.kind for row in history(ana)} == {"purchase", "view", "rating"}


def test_searches_count_where_they_stand_in_time_and_can_be_left_out(ana: Actor) -> None:
    with unit_of_work() as tx:
        lamps = [make_product(tx) for _ in range(5)]
        make_event(tx, ana, lamps[4], at=LATER)
    taste.note_search(ana, "a lamp", lamps, now=NOW)
    found = history(ana)
    assert [(row.product_id, row.kind) for row in found] == [
        (lamps[0], "search"),
        (lamps[4], "view"),
    ]
    assert found[0].words == "a lamp"
    taste.use(ana, "searches", is_used=False)
    assert [row.kind for row in history(ana)] == ["view"]
    taste.note_search(again(ana), "another", lamps, now=LATER)
    with read_unit() as tx:
        assert [row.words for row in searches.recent(tx, ana, limit=9)] == ["a lamp"]


@pytest.mark.parametrize(
    ("n_views", "expected"),
    [
        (0, {"lamp 3": 3, "lamp 2": 3, "lamp 1": 3, "lamp 0": 3}),
        (1, {"lamp 3": 1}),
        (5, {"lamp 3": 1, "lamp 2": 1}),
        (20, {"lamp 3": 1, "lamp 2": 1, "lamp 1": 1, "lamp 0": 1}),
    ],
)
def test_searches_speak_alone_at_first_and_then_for_a_third_at_most(
    ana: Actor, n_views: int, expected: dict[str, int]
) -> None:
    """With nothing else known all that was found counts; then the first of each search, one for two other events."""
    with unit_of_work() as tx:
        lamps = [make_product(tx) for _ in range(4)]
        for at in range(n_views):
            make_event(tx, ana, lamps[3], at=NOW + timedelta(seconds=at))
        make_event(tx, ana, lamps[3], "dismiss", at=NOW)
    for number in range(4):
        taste.note_search(ana, f"lamp {number}", lamps, now=NOW + timedelta(minutes=number))
    assert Counter(row.words for row in history(ana) if row.kind == "search") == expected


def test_the_same_search_again_is_one_search(ana: Actor) -> None:
    for words, at in (("lamp", NOW), ("mug", NOW), ("lamp", LATER)):
        taste.note_search(ana, words, [1, 2], now=at)
    with read_unit() as tx:
        assert [(row.words, row.at) for row in searches.recent(tx, ana, limit=9)] == [("lamp", LATER), ("mug", NOW)]


@pytest.mark.parametrize("actor", [Actor(), Actor(user_id=1, is_personalised=False)])
def test_nobody_and_nothing_found_leave_no_search(app: Flask, ana: Actor, actor: Actor) -> None:
    taste.note_search(actor, "lamp", [1], now=NOW)
    taste.note_search(ana, "submarine", [], now=NOW)
    with read_unit() as tx:
        assert searches.recent(tx, ana, limit=9) == []


def test_nothing_done_with_a_gift_counts_until_it_is_undone(ana: Actor) -> None:
    with unit_of_work() as tx:
        gift, own = make_product(tx), make_product(tx)
        for product_id in (gift, own):
            make_event(tx, ana, product_id, "purchase", at=NOW)
    taste.react(ana, gift, "gift", request_id="", now=NOW)
    assert [row.product_id for row in history(ana)] == [own]
    taste.react(ana, gift, "undo", request_id="", now=NOW)
    assert [row.product_id for row in history(ana)] == [gift, own]


# This visit


@pytest.mark.parametrize(
    ("minutes_ago", "began"),
    [([], None), ([40], None), ([5], 5), ([5, 30, 59], 59), ([5, 36, 50], 5), ([0], None), ([1, 2, 3, 33, 64], 33)],
)
def test_a_visit_begins_after_half_an_hour_without_anything(minutes_ago: list[int], began: int | None) -> None:
    def at(minutes: int) -> datetime:
        return NOW - timedelta(minutes=minutes)

    expected = None if began is None else at(began)
    assert taste.visit_start([at(minutes) for minutes in minutes_ago], NOW) == expected


def test_forgetting_this_visit_leaves_the_ones_before(ana: Actor) -> None:
    with unit_of_work() as tx:
        before, seen, rated, saved, refused, gift = (make_product(tx) for _ in range(6))
        make_event(tx, ana, before, at=NOW - timedelta(days=2))
        taste_store.set_stars(tx, ana, before, 5, now=NOW - timedelta(days=2))
        for minutes, (product_id, kind) in enumerate(
            [(seen, "view"), (rated, "rating"), (saved, "wishlist"), (refused, "dismiss")], 1
        ):
            value = 4.0 if kind == "rating" else None
            make_event(tx, ana, product_id, kind, at=NOW - timedelta(minutes=minutes), value=value)
        taste_store.set_stars(tx, ana, rated, 4, now=NOW)
        taste_store.wish(tx, ana, saved, now=NOW)
        for product_id, why in ((refused, "dismiss"), (gift, "gift")):
            taste_store.exclude(tx, ana, product_id, why, now=NOW - timedelta(minutes=2))
        searches.add(tx, ana, "old words", [1], now=NOW - timedelta(days=2))
        searches.add(tx, ana, "new words", [1], now=NOW - timedelta(minutes=3))
    assert taste.known(ana).in_this_visit(NOW) == 6, "four events, a search and a gift"
    taste.forget(ana, scope="visit", now=NOW)
    with read_unit() as tx:
        assert [row.product_id for row in interactions.recent(tx, ana, limit=9)] == [before]
        assert taste_store.stars_by(tx, ana) == {before: 5}
        assert users.wishes(tx, ana) == []
        assert taste_store.kept_out_and_moments(tx, ana, limit=1)[0] == {}
        assert [row.words for row in searches.recent(tx, ana, limit=9)] == ["old words"]
    assert taste.known(ana).in_this_visit(NOW) == 0
