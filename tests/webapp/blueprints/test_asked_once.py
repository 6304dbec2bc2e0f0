"""The question at the foot of the pages where the owner wants people to be asked: once, and each answer as easy."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.factories import ShopClient, make_product, make_user, put_in_cart
from webapp.actors import Actor
from webapp.store.tx import unit_of_work

PAUSE = "/your-recommendations/pause"
YES, NO = {"paused": "0"}, {"paused": "1"}
QUESTION = "May we remember what you look at, to pick things for you?"
OBJECTS = {"Sec-GPC": "1"}


@pytest.fixture(autouse=True)
def asking(app: Flask) -> None:
    app.config["ASK_BEFORE_PICKS"] = True


@pytest.fixture
def ana(app: Flask) -> Actor:
    with unit_of_work() as tx:
        return Actor(user_id=make_user(tx, "ana@example.com"))


def text(client: ShopClient, path: str = "/", **headers: str) -> str:
    return client.get(path, headers=headers, follow_redirects=True).get_data(as_text=True)


def question(page: str) -> str:
    """Return the notice on a page, empty where there is none."""
    found = re.search(r'<section class="asks".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def test_every_visitor_is_asked_on_every_kind_of_page(client: ShopClient, ana: Actor) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    for path in ("/", f"/p/{lamp}", "/search?q=lamp", "/cart", "/your-recommendations", "/account/sign-in", "/nowhere"):
        assert QUESTION in question(text(client, path)), path
    client.sign_in("ana@example.com")
    assert QUESTION in question(text(client))


def test_both_answers_are_buttons_of_one_form_that_look_alike(client: ShopClient) -> None:
    asked = question(text(client))
    buttons = re.findall(r"<button([^>]*)>([^<]*)</button>", asked)
    assert [words for _attributes, words in buttons] == ["Yes", "No"]
    assert len({re.sub(r'value="\d"', "", attributes) for attributes, _words in buttons}) == 1
    assert 'href="/your-recommendations#known"' in asked


def test_no_answer_is_pressed_upon_anybody(client: ShopClient) -> None:
    """The page about picks has a strong button for those who paused; who has not chosen has the question."""
    strong = '<button class="button" form="act" formaction="/your-recommendations/pause"'
    assert strong not in text(client, "/your-recommendations")
    client.send(PAUSE, NO)
    assert strong in text(client, "/your-recommendations")


@pytest.mark.parametrize("who", ["guest", "member"])
@pytest.mark.parametrize("answer", [YES, NO])
def test_s32_who_answered_is_not_asked_again(client: ShopClient, ana: Actor, who: str, answer: dict[str, str]) -> None:
    if who == "member":
        client.sign_in("ana@example.com")
    sent = client.send(PAUSE, answer | {"next": "/cart"})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/cart")
    for path in ("/cart", "/"):
        assert question(text(client, path)) == ""


def test_the_answer_of_a_guest_is_the_answer_of_the_account(app: Flask, client: ShopClient, ana: Actor) -> None:
    client.send(PAUSE, NO)
    client.sign_in("ana@example.com")
    other: ShopClient = app.test_client()
    other.sign_in("ana@example.com")
    assert question(text(client)) == question(text(other)) == ""


def test_who_said_no_is_not_asked_again_after_signing_out(client: ShopClient, ana: Actor) -> None:
    client.sign_in("ana@example.com")
    client.send(PAUSE, NO)
    client.send("/account/sign-out")
    assert question(text(client)) == ""
    assert "Personal picks are paused" in text(client)


def test_an_answer_is_thanked_for_once(client: ShopClient) -> None:
    client.send(PAUSE, YES)
    assert "From now on your picks are made for you." in text(client)
    client.send(PAUSE, NO)
    assert "Paused. Everyone sees the same shelves now, you too." in text(client)


def test_nobody_is_asked_in_the_middle_of_a_purchase_or_in_the_office(app: Flask, client: ShopClient) -> None:
    with unit_of_work() as tx:
        ola = Actor(user_id=make_user(tx, "ola@example.com", role="owner"))
        put_in_cart(tx, ola, make_product(tx))
    client.sign_in("ola@example.com")
    for path in ("/checkout", "/admin/"):
        page = text(client, path)
        assert "<h1" in page
        assert question(page) == "", path


def test_pages_say_that_picks_are_off_and_not_that_they_were_paused(client: ShopClient, ana: Actor) -> None:
    client.sign_in("ana@example.com")
    assert "They become yours once you turn personal picks on." in text(client)
    for path in ("/your-recommendations", "/account/privacy"):
        page = text(client, path)
        assert "Off until you choose." in page
        assert "paused. Nothing you do" not in page


def test_s32_who_has_a_browser_that_objects_is_not_asked(client: ShopClient, ana: Actor) -> None:
    assert question(text(client, **OBJECTS)) == ""
    client.sign_in("ana@example.com")
    for path in ("/your-recommendations", "/account/privacy"):
        page = text(client, path, **OBJECTS)
        assert "Global Privacy Control" in page
        assert re.search(r'name="paused" value="0">Turn (picks|them) on<', page)


def test_what_a_page_shows_depends_on_what_the_browser_asks_for(client: ShopClient) -> None:
    assert "Sec-GPC" in client.get("/").headers["Vary"]


@pytest.mark.parametrize("value", ["0", "", "yes"])
def test_only_a_1_objects(client: ShopClient, value: str) -> None:
    assert QUESTION in question(text(client, **{"Sec-GPC": value}))


def test_a_choice_made_here_wins_over_what_the_browser_asks_for(client: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    client.send(PAUSE, YES, headers=OBJECTS)
    text(client, f"/p/{lamp}", **OBJECTS)
    assert client.get("/api/recommendations?k=5", headers=OBJECTS).get_json()["cold_start"] is False


def test_a_member_sees_what_they_chose_and_when(client: ShopClient, ana: Actor) -> None:
    client.sign_in("ana@example.com")
    assert "What you chose" not in text(client, "/account/privacy")
    client.send(PAUSE, YES)
    client.send(PAUSE, NO)
    page = text(client, "/account/privacy")
    listed = page.partition("What you chose")[2].partition("</ul>")[0]
    assert re.findall(r"</time>: (\w+)", listed) == ["no", "yes"]


def test_with_the_setting_off_nobody_is_asked_whatever_the_browser_says(
    app: Flask, client: ShopClient, ana: Actor
) -> None:
    app.config["ASK_BEFORE_PICKS"] = False
    with unit_of_work() as tx:
        lamp = make_product(tx)
    client.sign_in("ana@example.com")
    client.send(PAUSE, NO)
    client.send(PAUSE, YES)
    text(client, f"/p/{lamp}", **OBJECTS)
    answer = client.get("/", headers=OBJECTS)
    assert question(answer.get_data(as_text=True)) == ""
    assert "Sec-GPC" not in answer.headers["Vary"]
    assert "What you chose" not in text(client, "/account/privacy", **OBJECTS)
    assert client.get("/api/recommendations?k=5", headers=OBJECTS).get_json()["cold_start"] is False
