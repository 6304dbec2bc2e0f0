"""The page about one's recommendations as a visitor uses it, with forms and with scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import NOW
from tests.factories import ShopClient, make_brand, make_event, make_product, make_user
from webapp.actors import Actor
from webapp.picks import Ask, NullRecs, Pick, PickReason, Picks, Preferences
from webapp.store import interactions, searches, users
from webapp.store import taste as taste_rows
from webapp.store.models import Impression
from webapp.store.tx import read_unit, unit_of_work
from webapp.tuning import DEFAULT, Tuning

PAGE = "/your-recommendations"


class Arranging(NullRecs):
    """A recommender that offers the same things, dear ones last, and the other way round for a full purse."""

    def __init__(self, product_ids: Sequence[int], because: int | None = None) -> None:
        self.offered = list(product_ids)
        self.because = (PickReason("because_viewed", because, 0.6),) if because else ()
        self.asked: list[Ask] = []

    def for_user(self, ask: Ask) -> Picks:
        self.asked.append(ask)
        order = self.offered[::-1] if ask.preferences.budget_premium > 0 else self.offered
        return Picks(tuple(Pick(key, rank, 1.0 / rank, self.because) for rank, key in enumerate(order, 1)), "v1")

    def weights(self, history: Sequence[object]) -> tuple[float, ...]:
        return tuple(0.3 for _event in history)


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    """Ten things of four departments, the best known last."""
    paths = ("Home > Lamps", "Table > Mugs", "Clothing > Scarves", "Clothing > Socks")
    with unit_of_work() as tx:
        return [
            make_product(tx, name=f"Thing {n}", category=paths[n % 4], brand=f"House {n % 3}", popularity=float(n))
            for n in range(10)
        ]


@pytest.fixture(params=["member", "guest"])
def visitor(request: pytest.FixtureRequest, app: Flask, shelf: list[int]) -> ShopClient:
    """Somebody who looked at one thing."""
    client: ShopClient = app.test_client()
    if request.param == "member":
        with unit_of_work() as tx:
            make_user(tx, "ana@example.com")
        client.sign_in("ana@example.com")
    client.get(f"/p/{shelf[0]}", follow_redirects=True)
    app.extensions["recs"] = Arranging(shelf[1:9], because=shelf[0])
    return client


def text_of(client: ShopClient, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def part(page: str, name: str) -> str:
    """Return what stands in a part of the page."""
    return page.partition(f'id="{name}"')[2].partition("</section>")[0]


def columns(page: str) -> tuple[list[str], list[str]]:
    """Return the two lists that are compared, each line as it reads without pictures."""
    lists = re.findall(r"<ol class=\"mini-list\">(.*?)</ol>", page, re.DOTALL)
    assert len(lists) == 2
    lines = [re.findall(r"<span>(Thing.*?)</span></li>", one, re.DOTALL) for one in lists]
    return tuple([" ".join(re.sub("<[^>]*>", " ", line).split()) for line in found] for found in lines)  # type: ignore[return-value]  # two


def set_by(client: ShopClient) -> Tuning:
    """Return what is kept for the only member or guest there is."""
    with read_unit() as tx:
        actors = [Actor(user_id=1), Actor(guest_id=1)]
        found = [users.with_settings(tx, actor) for actor in actors]
    return next((actor.tuning for actor in found if actor and actor.tuning != DEFAULT), DEFAULT)


# Preview and save


def test_a_try_shows_both_lists_with_every_move_in_words_and_keeps_nothing(visitor: ShopClient) -> None:
    page = text_of(visitor, f"{PAGE}?preview=1&budget_premium=100")
    now, then = columns(page)
    assert now == [f"Thing {n}" for n in range(1, 9)]
    assert then[0] == "Thing 8 7 up"
    assert then[-1] == "Thing 1 7 down"
    assert "What would change: 4 up, 4 down." in page
    assert 'aria-valuetext="mostly fine things"' in page
    assert set_by(visitor) == DEFAULT


def test_what_comes_and_what_goes_is_told_as_well(app: Flask, visitor: ShopClient, shelf: list[int]) -> None:
    app.extensions["recs"].offered = shelf[1:10]
    page = text_of(visitor, f"{PAGE}?preview=1&budget_premium=75&category-socks=never")
    now, then = columns(page)
    gone = {line.removesuffix(" no longer there") for line in now if line.endswith("no longer there")}
    came = {line.removesuffix(" new here") for line in then if line.endswith("new here")}
    assert gone == {"Thing 3", "Thing 7"}
    assert came == {"Thing 9"}
    assert "one new" in page
    assert "2 no longer there" in page


def test_a_try_that_changes_nothing_says_so(visitor: ShopClient) -> None:
    page = text_of(visitor, f"{PAGE}?preview=1&variety=75")
    assert "Nothing would change." in page
    assert {line.split(" ", 2)[2] for line in columns(page)[1]} == {"stays"}


def test_a_try_without_scripts_leaves_the_shelves_out_that_stay_as_they_are(visitor: ShopClient) -> None:
    """With all of them in it the address of a shop of 250 shelves was too long for the server."""
    page = visitor.get(PAGE).get_data(as_text=True)
    button = re.search(r"<button[^>]* name=\"preview\"[^>]*>", page)
    assert button
    assert f'formmethod="post" formaction="{PAGE}/tune"' in button[0]
    form = {"preview": "1", "variety": "75", "category-socks": "never", "brand": ["house-1", "house-2"]}
    answer = visitor.send(f"{PAGE}/tune", form | {"category-lamps": "same"})
    assert answer.status_code == 303
    path, _mark, query = answer.headers["Location"].partition("?")
    assert path == PAGE
    assert parse_qs(query) == {name: [said] if isinstance(said, str) else said for name, said in form.items()}
    assert columns(text_of(visitor, answer.headers["Location"]))
    assert set_by(visitor) == DEFAULT


def test_what_is_saved_is_used_at_once_on_every_page_and_by_the_api(app: Flask, visitor: ShopClient) -> None:
    form = {"familiar_new": "75", "category-lamps": "more", "category-clothing": "never", "brand": "house-1"}
    answer = visitor.send(f"{PAGE}/tune", form)
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    page = text_of(visitor)
    assert "Saved. Your picks follow it from now on." in page
    assert re.search(r'name="category-lamps">\s*<option value="more" selected', page)
    assert re.search(r'value="house-1" checked', page)
    expected = Preferences(
        0.5, 0.0, 0.0, frozenset({"Home > Lamps"}), never=frozenset({"Clothing"}), never_brands=frozenset({"House 1"})
    )
    app.extensions["recs"].asked.clear()
    visitor.get("/")
    visitor.get("/rails?context=home")
    found = visitor.get("/api/recommendations?k=10").get_json()
    assert [ask.preferences for ask in app.extensions["recs"].asked] == [expected] * 3
    names = {item["name"] for item in found["items"]}
    assert names
    assert not names & {"Thing 1", "Thing 2", "Thing 3", "Thing 4", "Thing 6", "Thing 7"}
    visitor.send(f"{PAGE}/tune", {"action": "reset"})
    assert set_by(visitor) == DEFAULT


def test_scripts_save_with_json(visitor: ShopClient) -> None:
    answer = visitor.send_js(f"{PAGE}/tune", {"variety": "100"})
    assert answer.get_json()["message"] == "Saved. Your picks follow it from now on."
    assert set_by(visitor) == Tuning(variety=100)


@pytest.mark.parametrize("form", [{"variety": "101"}, {"category-lamps": "always"}, {"budget_premium": "dear"}])
def test_what_makes_no_sense_is_said_where_it_stands_and_changes_nothing(
    visitor: ShopClient, form: dict[str, str]
) -> None:
    for answer in (visitor.send(f"{PAGE}/tune", form), visitor.get(PAGE, query_string=form | {"preview": "1"})):
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert "Something in the settings made no sense. Nothing was changed." in page
        assert page.count('aria-invalid="true"') == 1
    assert visitor.send_js(f"{PAGE}/tune", form).get_json()["errors"].keys() == form.keys()
    assert set_by(visitor) == DEFAULT


def test_settings_of_one_are_not_those_of_another(app: Flask, visitor: ShopClient) -> None:
    visitor.send(f"{PAGE}/tune", {"variety": "100"})
    stranger: ShopClient = app.test_client()
    stranger.get("/your-recommendations")
    assert 'name="variety" min="0" max="100" step="25" value="50"' in text_of(stranger)
    assert 'name="variety" min="0" max="100" step="25" value="100"' in text_of(visitor)


# What is known


def test_everything_known_stands_in_its_group_with_its_weight_and_its_own_button(
    app: Flask, visitor: ShopClient, shelf: list[int]
) -> None:
    visitor.send(f"/p/{shelf[1]}/rate", {"rating": "4"})
    visitor.send(f"/wishlist/{shelf[2]}", {"wished": "1"})
    visitor.get("/search?q=thing")
    page = text_of(visitor)
    for kind in ("rating", "wishlist", "view", "search"):
        block = page.partition(f'id="signals-{kind}"')[2].partition("</details>")[0]
        assert block.count("<time") == 1, kind
        assert block.count('data-signal="forget"') == 2, kind
        assert 'value="30"' in block, kind
    assert "“thing”" in page


def test_a_search_is_known_counts_and_can_be_forgotten(app: Flask, visitor: ShopClient) -> None:
    visitor.get("/search?q=thing")
    visitor.get("/")
    history = app.extensions["recs"].asked[-1].history
    assert [row.words for row in history if row.kind == "search"] == ["thing"]
    found = re.search(r"/your-recommendations/forget\?search_id=(\d+)", text_of(visitor))
    assert found
    visitor.send(found[0])
    visitor.get("/")
    assert not [row for row in app.extensions["recs"].asked[-1].history if row.kind == "search"]


@pytest.mark.parametrize(
    "path", ["/search?q=submarine", "/search?q=thing&page=2", "/search?q=thing&brand=house-1", "/search"]
)
def test_only_a_search_as_it_was_typed_and_answered_is_kept(visitor: ShopClient, path: str) -> None:
    visitor.get(path)
    with read_unit() as tx:
        assert [searches.recent(tx, actor, limit=5) for actor in (Actor(user_id=1), Actor(guest_id=1))] == [[], []]


def test_a_reason_that_rests_on_a_search_names_the_words_and_takes_them_out(
    app: Flask, visitor: ShopClient, shelf: list[int]
) -> None:
    visitor.send(f"{PAGE}/forget", {"scope": "all"})
    visitor.get("/search?q=thing")
    first = app.extensions["recs"]
    with read_unit() as tx:
        found = next(
            rows for actor in (Actor(user_id=1), Actor(guest_id=1)) if (rows := searches.recent(tx, actor, limit=1))
        )
    first.because = (PickReason("because_viewed", found[0].product_ids[0], 0.8),)
    home = text_of(visitor, "/")
    assert "Because you searched for “thing”" in home
    assert f"/your-recommendations/forget?search_id={found[0].search_id}" in home
    reasons = visitor.get("/api/recommendations?k=3").get_json()["items"][0]["reasons"]
    assert (reasons[0]["kind"], reasons[0]["product_id"]) == ("because_searched", None)


def test_what_is_not_used_is_said_not_to_be(app: Flask, visitor: ShopClient, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        actor = next(actor for actor in (Actor(user_id=1), Actor(guest_id=1)) if interactions.n_of(tx, actor))
        make_event(tx, actor, shelf[5], "purchase", at=NOW)
    assert "not used" not in text_of(visitor)
    visitor.send(f"{PAGE}/use", {"what": "purchases", "used": "0"})
    page = text_of(visitor)
    assert page.count("not used\n") == 1
    assert "What you bought is not used for your picks." in page
    visitor.send(f"{PAGE}/feedback?product_id={shelf[0]}", {"kind": "gift"})
    assert text_of(visitor).count("not used\n") == 2
    visitor.send(f"{PAGE}/pause", {"paused": "1"})
    page = text_of(visitor)
    assert "While picks are paused, it changes nothing." in page
    assert "While picks are paused, none of it is used." in page
    assert "The bar shows" not in page


def test_while_picks_are_paused_the_settings_say_what_comes_after(visitor: ShopClient) -> None:
    visitor.send(f"{PAGE}/pause", {"paused": "1"})
    page = text_of(visitor)
    assert "Once picks are on again, what you bought is used for them." in page
    assert "Once picks are on again, what you search for is kept and used for them." in page
    for used, what, said in (
        ("0", "purchases", "Your orders will not count for your picks."),
        ("0", "searches", "Your searches will not count for your picks."),
        ("1", "purchases", "Once picks are on again, your orders count."),
        ("1", "searches", "Once picks are on again, your searches count."),
    ):
        answer = visitor.send(f"{PAGE}/use", {"what": what, "used": used}, follow_redirects=True)
        assert said in answer.get_data(as_text=True)
    answer = visitor.send(f"{PAGE}/tune", {"variety": "100"}, follow_redirects=True)
    assert "Saved. Your picks follow it once they are on again." in answer.get_data(as_text=True)


def test_settings_saved_while_picks_are_paused_keep_the_others(visitor: ShopClient) -> None:
    """What is used, and a slider that the form did not send."""
    for what in ("purchases", "searches"):
        visitor.send(f"{PAGE}/use", {"what": what, "used": "0"})
    visitor.send(f"{PAGE}/tune", {"familiar_new": "100"})
    visitor.send(f"{PAGE}/pause", {"paused": "1"})
    visitor.send(f"{PAGE}/tune", {"variety": "100"})
    visitor.send(f"{PAGE}/pause", {"paused": "0"})
    with unit_of_work() as tx:
        actor = next(actor for actor in (Actor(user_id=1), Actor(guest_id=1)) if interactions.n_of(tx, actor))
        kept = taste_rows.tuning(tx, actor)
    assert kept == Tuning(familiar_new=100, variety=100, uses_purchases=False, uses_searches=False)


# Controls


def test_forgetting_this_visit_is_offered_when_there_was_something(visitor: ShopClient) -> None:
    assert "In this visit you did one thing." in text_of(visitor)
    visitor.send(f"{PAGE}/forget", {"scope": "visit"})
    page = text_of(visitor)
    assert "In this visit" not in page
    assert "Nothing. What you look at" in page


def test_starting_over_is_starting_over(app: Flask, visitor: ShopClient, shelf: list[int]) -> None:
    visitor.get("/search?q=thing")
    visitor.send(f"{PAGE}/tune", {"variety": "100"})
    visitor.send(f"{PAGE}/feedback?product_id={shelf[3]}", {"kind": "own"})
    visitor.send(f"{PAGE}/forget", {"scope": "all"})
    page = text_of(visitor)
    assert "We know nothing about you yet" in page
    assert "You own these" not in page
    assert set_by(visitor) == DEFAULT


@pytest.mark.parametrize("kind", ["dismiss", "own", "gift"])
def test_every_refusal_can_be_undone_without_scripts(visitor: ShopClient, shelf: list[int], kind: str) -> None:
    visitor.send(f"{PAGE}/feedback?product_id={shelf[4]}", {"kind": kind, "next": PAGE})
    page = text_of(visitor)
    assert "Thing 4" not in part(page, "taste-now")
    undo = re.search(r'formaction="([^"]+)" name="kind" value="undo">Undo', page)
    assert undo
    visitor.send(undo[1], {"kind": "undo", "next": PAGE})
    assert "Thing 4" in part(text_of(visitor), "taste-now")


def test_scripts_are_told_what_to_undo(visitor: ShopClient, shelf: list[int]) -> None:
    answer = visitor.send_js(f"{PAGE}/feedback?product_id={shelf[4]}", {"kind": "gift"}).get_json()
    assert answer == {
        "message": "Thing 4 was a gift: it no longer counts for your picks.",
        "product_id": shelf[4],
    }


def test_a_card_names_its_signal_and_share_and_takes_it_out(visitor: ShopClient, shelf: list[int]) -> None:
    now = part(text_of(visitor), "taste-now")
    assert "Why this?" in now
    assert "Because you looked at" in now
    assert 'value="60"' in now
    taken = re.search(r"/your-recommendations/forget\?product_id=(\d+)", now)
    assert taken
    assert int(taken[1]) == shelf[0]
    visitor.send(taken[0])
    assert "We know nothing about you yet" in text_of(visitor)


# Somebody new


def test_the_starter_asks_about_five_things_as_different_as_there_are(app: Flask, shelf: list[int]) -> None:
    client: ShopClient = app.test_client()
    page = text_of(client)
    offered = re.findall(r'<span class="starter-name">(Thing \d)</span>', page)
    assert len(offered) == 5
    assert {int(name[-1]) % 4 for name in offered} == {0, 1, 2, 3}
    first = re.search(r'action="(/p/\d+/rate)"', page)
    assert first
    client.send(first[1], {"rating": "4"})
    page = text_of(client)
    assert re.findall(r'<span class="starter-name">(Thing \d)</span>', page) == offered
    assert "One of five is rated." in page


def test_who_did_much_already_is_not_asked(app: Flask, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        ana = Actor(user_id=make_user(tx, "ana@example.com"))
        for hours in range(20):
            make_event(tx, ana, shelf[0], at=NOW - timedelta(hours=hours))
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    assert "Start with five" not in text_of(client)


def test_brands_and_shelves_to_choose_from_are_those_of_the_shop(app: Flask, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        make_brand(tx, "Nobody sells it")
        make_product(tx, brand="Hidden House", is_visible=False)
    page = text_of(app.test_client())
    assert set(re.findall(r'name="brand" value="([^"]+)"', page)) == {"house-0", "house-1", "house-2"}
    assert set(re.findall(r'name="category-([^"]+)"', page)) >= {"home", "lamps", "clothing", "socks"}


@pytest.mark.parametrize(
    ("language", "marked", "gone"),
    [("en", "“Picked by the shop”", "do not buy a place"), ("de", "„Vom Shop ausgesucht“", "kaufen keinen Platz")],
)
def test_how_picks_are_made_tells_of_the_rules_of_the_owner(
    app: Flask, client: ShopClient, language: str, marked: str, gone: str
) -> None:
    app.config["LANGUAGES"] = ["en", "de"]
    page = client.get(f"{PAGE}?lang={language}").get_data(as_text=True)
    assert marked in page
    assert gone not in page


def noted() -> list[tuple[int, str, int, str]]:
    """Return what was noted as shown on this page: product, model, place, request."""
    with read_unit() as tx:
        rows = tx.rows(
            select(Impression.product_id, Impression.model_version, Impression.position, Impression.request_id)
            .where(Impression.slot == "taste")
            .order_by(Impression.at, Impression.position)
        )
    return [tuple(row) for row in rows]


def test_what_is_picked_here_is_noted_and_can_be_traced(visitor: ShopClient, shelf: list[int]) -> None:
    page = visitor.get(PAGE).get_data(as_text=True)
    rows = noted()
    assert [(product, version, place) for product, version, place, _request in rows] == [
        (product, "v1", place) for place, product in enumerate(shelf[1:9], 1)
    ]
    (request_id,) = {request for _product, _version, _place, request in rows}
    assert re.findall(r'data-card="(\d+)" data-rank="\d+" data-request="(\w+)"', page)[0] == (str(shelf[1]), request_id)


def test_a_comparison_is_not_noted_and_neither_is_an_empty_list(app: Flask, visitor: ShopClient) -> None:
    visitor.get(f"{PAGE}?preview=1&budget_premium=100&familiar_new=50&variety=50")
    assert noted() == []
    app.extensions["recs"] = NullRecs()
    visitor.get(PAGE)
    assert noted() == []
