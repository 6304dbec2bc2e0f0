"""The owner's rules: made and tried in the office, seen in shoppers' lists, never against what may not be shown."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.conftest import NOW
from tests.factories import ShopClient, make_event, make_product, make_user
from tests.webapp.blueprints.test_shopping import hidden
from tests.webapp.blueprints.test_vouchers_and_delivery import words
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.picks import Ask, NullRecs, Pick, PickReason, Picks
from webapp.store import catalogue, popularity, rules, taste, users
from webapp.store.models import AuditEntry, Impression, Product, Variant
from webapp.store.tx import read_unit, unit_of_work
from webapp.tuning import Tuning


class Ordered(NullRecs):
    """A recommender that names products in the order of their numbers, because of the first event."""

    def __init__(self, product_ids: list[int]) -> None:
        self.product_ids = product_ids

    def for_user(self, ask: Ask) -> Picks:
        seen = ask.history[0].product_id if ask.history else None
        reason = (PickReason("because_viewed", seen, 1.0),)
        items = [Pick(one, rank, 1 / rank, reason, "test") for rank, one in enumerate(self.product_ids, 1)]
        return Picks(tuple(items), "v1", "hybrid")


class Drawing(Ordered):
    """The same, but that the eighth was drawn among four."""

    def for_user(self, ask: Ask) -> Picks:
        found = super().for_user(ask)
        drawn = {"source": "explore", "propensity": 0.25}
        return replace(found, items=tuple(replace(one, **drawn) if one.rank == 8 else one for one in found.items))


@pytest.fixture
def goods(app: Flask) -> list[int]:
    """Twelve products of four kinds, the last one not among the picks; ana has looked at another one."""
    with unit_of_work() as tx:
        ana = Actor(user_id=make_user(tx, "ana@example.com", name="Ana"))
        seen = make_product(tx, name="Seen", category="Home > Seen")
        make_event(tx, ana, seen, at=NOW)
        made = [
            make_product(tx, name=f"Thing {n}", category=f"Home > Kind {n % 4}", brand="Alder" if n % 2 else "Brass")
            for n in range(12)
        ]
        popularity.refresh(tx, now=NOW)
    app.extensions["recs"] = Ordered(made[:11])
    return made


@pytest.fixture
def office(app: Flask) -> ShopClient:
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner", name="Olga")
    client: ShopClient = app.test_client()
    client.sign_in("owner@example.com")
    return client


@pytest.fixture
def ana(app: Flask, goods: list[int]) -> ShopClient:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    return client


def make(office: ShopClient, action: str, **over: object) -> int:
    """Make a rule through the page and return its id."""
    form = {"action": action, "step": "save"} | {name: str(value) for name, value in over.items()}
    assert office.send("/admin/rules", form).status_code == 303
    with read_unit() as tx:
        return rules.every(tx)[0].rule_id


def make_many(n: int) -> list[int]:
    """Make rules and return their ids, newest first."""
    plain = {"action": "boost", "note": "", "stock_from": 1, "place": 1, "strength": 50, "changed_at": NOW}
    with unit_of_work() as tx:
        return [rules.add(tx, plain) for _each in range(n)][::-1]


def rules_on(page: TestResponse) -> list[int]:
    """The rules of a page, from above."""
    return [int(number) for number in re.findall(r'href="/admin/rules/(\d+)">', page.get_data(as_text=True))]


def rail(client: ShopClient, key: str = "for_you") -> list[int]:
    pieces = re.split(r'data-rail="(\w+)"', client.get("/").get_data(as_text=True))[1:]
    body = dict(zip(pieces[::2], pieces[1::2], strict=True)).get(key, "")
    return [int(card) for card in re.findall(r'data-card="(\d+)"', body)]


def listed(client: ShopClient) -> list[int]:
    return [item["product_id"] for item in client.get("/api/recommendations?k=8").get_json()["items"]]


def card_of(client: ShopClient, product_id: int) -> str:
    page = client.get("/").get_data(as_text=True)
    return page.split(f'data-card="{product_id}"')[1].split("</article>")[0]


# What shoppers see


def test_a_pinned_product_stands_at_its_place_is_labelled_and_noted(office, ana, goods) -> None:
    before = rail(ana)
    rule_id = make(office, "pin", product=goods[11], place=2)
    after = rail(ana)
    assert after == [before[0], goods[11], *before[1:9]]
    assert "Picked by the shop" in card_of(ana, goods[11])
    assert "nothing about you was used" in card_of(ana, goods[11])
    assert "Picked by the shop" not in card_of(ana, before[0])
    assert listed(ana)[1] == goods[11]
    with read_unit() as tx:
        noted = tx.rows(select(Impression.slot, Impression.position).where(Impression.source == f"rule:{rule_id}"))
        assert {tuple(row) for row in noted} == {("for_you", 2), ("api_home", 2)}


def test_what_chance_picked_stands_where_it_was_drawn_and_the_pins_behind_it_in_their_order(
    app, office, ana, goods
) -> None:
    """Also where something before them is sold out by now: the chance noted is that of the place."""
    app.extensions["recs"] = Drawing(goods[:10])
    make(office, "pin", product=goods[11], place=8)
    assert rail(ana)[7:] == [goods[7], goods[11], goods[8]]
    make(office, "pin", product=goods[10], place=9)
    assert rail(ana)[7:] == [goods[7], goods[11], goods[10]]
    with unit_of_work() as tx:
        tx.execute(update(Variant).where(Variant.product_id == goods[0]).values(stock=0))
    assert rail(ana)[7:] == [goods[7], goods[11], goods[10]]
    with read_unit() as tx:
        noted = tx.rows(select(Impression.position, Impression.propensity).where(Impression.product_id == goods[7]))
        assert {tuple(row) for row in noted} == {(8, 0.25)}


def test_who_has_no_personal_rail_sees_the_pin_among_what_is_popular(app, office, goods) -> None:
    make(office, "pin", product=goods[7], place=1)
    guest: ShopClient = app.test_client()
    assert rail(guest, "popular")[0] == goods[7]
    assert "Picked by the shop" in card_of(guest, goods[7])


def test_a_pin_is_no_question_to_somebody_new_but_stands_at_its_place(app, office, goods) -> None:
    """The first things to rate are best sellers, and what is asked about stands in no rail."""
    with unit_of_work() as tx:
        liked = [
            make_product(tx, name=f"Liked {n}", category=f"Home > Liked {n}", popularity=100.0 - n) for n in range(6)
        ]
    assert rail(app.test_client(), "popular")[0] == liked[5]
    make(office, "pin", product=liked[0], place=2)
    guest: ShopClient = app.test_client()
    assert rail(guest, "popular")[1] == liked[0]
    asked = re.findall(r'class="starter-name">([^<]*)<', guest.get("/").get_data(as_text=True))
    assert asked == [f"Liked {n}" for n in range(1, 6)]


def test_a_shelf_that_is_pinned_is_there_though_its_best_is_a_question(app, office, goods) -> None:
    """Somebody who said how picks shall be arranged, and did nothing yet, is asked about a few things, too."""
    with unit_of_work() as tx:
        bo = Actor(user_id=make_user(tx, "bo@example.com"))
        taste.set_tuning(tx, bo, Tuning(variety=90))
        liked = [make_product(tx, category=f"Home > Liked {n % 5}", popularity=100.0 - n) for n in range(15)]
    app.extensions["recs"] = Ordered(liked)
    client: ShopClient = app.test_client()
    client.sign_in("bo@example.com")
    assert rail(client)[:2] == liked[5:7]
    make(office, "pin", category="liked-2", place=1)
    assert rail(client)[:2] == [liked[7], liked[5]]


def test_without_a_model_the_rules_hold_for_what_sells_best(app, office, ana, goods) -> None:
    app.extensions["recs"] = NullRecs()
    for product in goods:
        make(office, "bury" if product < goods[6] else "boost", product=product)
    make(office, "pin", product=goods[0], place=3)
    found = ana.get("/api/recommendations?k=8").get_json()["items"]
    ids = [item["product_id"] for item in found]
    assert ids.index(goods[0]) == 2
    assert set(ids[:2] + ids[3:]) & set(goods[:6]) == set()
    assert [item["rank"] for item in found] == list(range(1, 9))
    assert found[2]["source"].startswith("rule:")
    assert {item["source"] for item in found[:2] + found[3:]} == {"best_sellers"}
    assert rail(ana) == []
    assert rail(ana, "popular").index(goods[0]) == 2


def test_what_is_left_out_is_in_no_list(app, office, ana, goods) -> None:
    make(office, "exclude", brand="brass")
    unwanted = set(goods[::2])
    page = ana.get("/").get_data(as_text=True)
    assert not unwanted & {int(one) for one in re.findall(r'data-card="(\d+)"', page)}
    assert set(goods[1::2]) <= set(listed(ana))
    assert not unwanted & set(listed(ana))
    assert ana.get(f"/p/{goods[0]}", follow_redirects=True).status_code == 200


def test_a_category_is_buried_and_a_brand_moved_up(office, ana, goods) -> None:
    make(office, "bury", category="kind-0")
    assert not {goods[0], goods[4]} & set(listed(ana)[:6])
    make(office, "boost", brand="alder", strength=100)
    assert listed(ana)[:3] == [goods[1], goods[3], goods[5]]


@pytest.mark.parametrize("how", ["sold out", "hidden", "dismissed"])
def test_no_rule_shows_what_may_not_be_shown(office, ana, goods, how) -> None:
    make(office, "pin", product=goods[11], place=1)
    assert rail(ana)[0] == goods[11]
    with unit_of_work() as tx:
        if how == "sold out":
            tx.execute(update(Variant).where(Variant.product_id == goods[11]).values(stock=0))
        elif how == "hidden":
            tx.execute(update(Product).where(Product.id == goods[11]).values(is_visible=False))
        else:
            member = users.by_email(tx, "ana@example.com")
            taste.exclude(tx, Actor(user_id=member.user_id), goods[11], "dismiss", now=NOW)
    assert goods[11] not in rail(ana)
    assert goods[11] not in listed(ana)


@pytest.mark.parametrize("place", [1, 3])
def test_a_pin_that_somebody_never_wants_to_see_leaves_no_gap(office, ana, goods, place) -> None:
    """The pins behind it stand where the owner put them, on the page, in the answers and in what is noted."""
    with unit_of_work() as tx:
        made = make_product(tx, name="Never", brand="Nevermore", category="Home > Nevermore")
        brand_id = catalogue.put_brand(tx, "Nevermore", {})
        member = Actor(user_id=users.by_email(tx, "ana@example.com").user_id)
        taste.set_tuning(tx, member, Tuning(never_brands=(brand_id,)))
    make(office, "pin", product=made, place=1)
    rule_id = make(office, "pin", product=goods[11], place=place)
    assert rail(ana)[place - 1] == goods[11]
    assert listed(ana)[place - 1] == goods[11]
    taste_page = ana.get("/your-recommendations").get_data(as_text=True)
    picked = re.findall(r'data-card="(\d+)"', taste_page.split('data-rail="taste"')[1])
    assert picked[place - 1] == str(goods[11])
    ana.get("/rails?context=search")
    with read_unit() as tx:
        noted = tx.rows(select(Impression.slot, Impression.position).where(Impression.source == f"rule:{rule_id}"))
        assert {tuple(row) for row in noted} == {(slot, place) for slot in ("for_you", "api_home", "taste")}


@pytest.mark.parametrize("place", [1, 3])
def test_a_pin_that_a_caller_excludes_leaves_no_gap(office, ana, goods, place) -> None:
    make(office, "pin", product=goods[10], place=1)
    make(office, "pin", product=goods[11], place=place)
    found = ana.get(f"/api/recommendations?k=8&exclude={goods[10]}").get_json()["items"]
    assert found[place - 1]["product_id"] == goods[11]


def test_a_rule_counts_only_in_its_days(office, ana, goods) -> None:
    today = utc_now().date()
    before = rail(ana)
    make(office, "pin", product=goods[11], starts=today + timedelta(days=2))
    make(office, "pin", product=goods[11], ends=today - timedelta(days=2))
    assert rail(ana) == before
    make(office, "pin", product=goods[11], starts=today - timedelta(days=1), ends=today + timedelta(days=1))
    assert rail(ana)[0] == goods[11]


# The office


def test_the_page_says_each_rule_in_words(office, goods) -> None:
    assert "No rules yet" in words(office.get("/admin/rules"))
    make(office, "pin", product=goods[3], place=4, note="for spring")
    make(office, "boost", category="kind-1", price_to="30", stock_from="5", strength=40)
    page = words(office.get("/admin/rules"))
    assert "Put at place 4 for spring Thing 3 always on" in page
    assert "Move up by 40 % of the list Home > Kind 1, up to €30.00, at least 5 pieces in stock" in page


def test_hundreds_of_rules_stand_on_pages(app: Flask, office: ShopClient) -> None:
    """One for each product of a campaign: 800 on one page were 877 kB."""
    numbers = make_many(101)
    first, last = office.get("/admin/rules"), office.get("/admin/rules?page=3")
    assert rules_on(first) == numbers[:50]
    assert "Rules for recommendations 101" in words(first)
    assert rules_on(last) == numbers[100:]
    assert "Change rule" in words(office.get(f"/admin/rules/{numbers[100]}"))


def test_who_deletes_a_rule_stays_on_its_page_as_long_as_there_is_one(app: Flask, office: ShopClient) -> None:
    numbers = make_many(51)
    page = office.get("/admin/rules?page=2").get_data(as_text=True)
    form = page.split(f'action="/admin/rules/{numbers[50]}/delete"')[1].split("</form>")[0]
    sent = office.send(f"/admin/rules/{numbers[50]}/delete", {"next": unescape(hidden(form, "next"))})
    assert sent.headers["Location"] == "/admin/rules?page=2"
    assert rules_on(office.get("/admin/rules?page=2")) == numbers[:50]


def test_who_deletes_the_rule_that_is_being_changed_comes_to_the_others(app: Flask, office: ShopClient) -> None:
    (number,) = make_many(1)
    page = office.get(f"/admin/rules/{number}").get_data(as_text=True)
    assert 'name="next"' not in page.split(f'action="/admin/rules/{number}/delete"')[1].split("</form>")[0]
    assert office.send(f"/admin/rules/{number}/delete").headers["Location"] == "/admin/rules"


def test_the_page_says_when_rules_are_applied(office) -> None:
    """What is left out is told to the recommender before it picks; the page said that all rules come afterwards."""
    said = "Products that a rule leaves out are taken away before the recommender picks; all other rules change"
    assert said in words(office.get("/admin/rules"))


def test_a_rule_is_tried_on_a_shopper_and_nothing_is_kept(office, ana, goods) -> None:
    form = {"action": "pin", "product": str(goods[11]), "place": "1", "customer": "ana@example.com", "step": "preview"}
    page = words(office.send("/admin/rules", form))
    now, then = page.split("The home page of Ana")[1].split("With this rule")
    assert "Thing 11" not in now
    assert then.index("Thing 11 Picked by the shop") < then.index("Thing 0")
    with read_unit() as tx:
        assert rules.every(tx) == []
        assert not list(tx.rows(select(Impression.source)))
    assert goods[11] not in rail(ana)


def test_without_a_shopper_it_is_tried_on_somebody_new(office, goods) -> None:
    form = {"action": "exclude", "product": str(goods[0]), "step": "preview"}
    page = words(office.send("/admin/rules", form))
    now, then = page.split("The home page of somebody new")[1].split("With this rule")
    assert "Thing 0 " in now
    assert "Thing 0 " not in then.split("What it does")[0]


def test_a_change_is_tried_in_the_place_of_the_rule(office, ana, goods) -> None:
    rule_id = make(office, "pin", product=goods[11], place=1)
    form = {"action": "pin", "product": str(goods[11]), "place": "3", "customer": "ana@example.com", "step": "preview"}
    page = words(office.send(f"/admin/rules/{rule_id}", form))
    then = page.split("With this rule")[1].split("What it does")[0]
    assert then.count("Thing 11") == 1
    assert then.index("Thing 0") < then.index("Thing 11")


def test_a_change_is_tried_before_younger_rules(office, ana, goods) -> None:
    """Of two pins for one place the older rule comes first, and a change makes no rule younger."""
    rule_id = make(office, "pin", product=goods[11], place=1)
    make(office, "pin", product=goods[10], place=1)
    form = {"action": "pin", "product": str(goods[9]), "place": "1", "customer": "ana@example.com"}
    page = words(office.send(f"/admin/rules/{rule_id}", form | {"step": "preview"}))
    then = page.split("With this rule")[1].split("What it does")[0]
    assert then.index("Thing 9") < then.index("Thing 10")
    office.send(f"/admin/rules/{rule_id}", form | {"step": "save"})
    assert rail(ana)[:2] == [goods[9], goods[10]]


def test_a_rule_is_changed_ended_and_deleted_and_each_step_is_noted(office, ana, goods) -> None:
    rule_id = make(office, "pin", product=goods[11], place=1)
    assert 'value="1"' in office.get(f"/admin/rules/{rule_id}").get_data(as_text=True)
    office.send(f"/admin/rules/{rule_id}", {"action": "pin", "product": str(goods[11]), "place": "3", "step": "save"})
    assert rail(ana)[2] == goods[11]
    office.send(f"/admin/rules/{rule_id}/expire")
    assert goods[11] not in rail(ana)
    page = words(office.get("/admin/rules"))
    assert " over " in page
    assert "End now" not in page
    office.send(f"/admin/rules/{rule_id}/delete")
    with read_unit() as tx:
        assert rules.every(tx) == []
        entries = tx.rows(select(AuditEntry.action, AuditEntry.before, AuditEntry.after).order_by(AuditEntry.id))
        noted = [(action, before.get("place"), after.get("place")) for action, before, after in entries]
    assert noted == [
        ("rule.create", None, 1),
        ("rule.change", 1, 3),
        ("rule.expire", 3, 3),
        ("rule.delete", 3, None),
    ]
    page = words(office.get("/admin/rules"))
    assert all(f"Olga, rule {rule_id}: {what}" in page for what in ("made", "changed", "ended", "deleted"))


def form_of(office: ShopClient, rule_id: int) -> dict[str, str]:
    """Return the days that the form of a rule shows."""
    page = office.get(f"/admin/rules/{rule_id}").get_data(as_text=True)
    return {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1] for name in ("starts", "ends")}


def test_what_is_changed_of_an_ended_rule_does_not_switch_it_on_again(office, ana, goods) -> None:
    """Its last day is today, and a day includes its last minute; what was ended by hand ends at that moment."""
    today = utc_now().astimezone(ZoneInfo("Europe/Berlin")).date()
    pin = {"action": "pin", "product": goods[11], "place": 1}
    rule_id = make(office, **pin, ends=today + timedelta(days=3))
    office.send(f"/admin/rules/{rule_id}/expire")
    with read_unit() as tx:
        ended_at = rules.by_id(tx, rule_id).ends_at
    shown = form_of(office, rule_id)
    assert office.send(f"/admin/rules/{rule_id}", pin | shown | {"note": "was fun", "step": "save"}).status_code == 303
    with read_unit() as tx:
        changed = rules.by_id(tx, rule_id)
    assert (changed.note, changed.ends_at) == ("was fun", ended_at)
    assert goods[11] not in rail(ana)
    again = {"ends": str(today + timedelta(days=1)), "step": "save"}
    assert office.send(f"/admin/rules/{rule_id}", pin | shown | again).status_code == 303
    assert rail(ana)[0] == goods[11]


def test_a_rule_that_was_ended_before_it_began_can_be_changed(office, goods) -> None:
    tomorrow = utc_now().astimezone(ZoneInfo("Europe/Berlin")).date() + timedelta(days=1)
    pin = {"action": "pin", "product": goods[11], "place": 1}
    rule_id = make(office, **pin, starts=tomorrow)
    office.send(f"/admin/rules/{rule_id}/expire")
    sent = pin | form_of(office, rule_id) | {"note": "never mind", "step": "save"}
    assert office.send(f"/admin/rules/{rule_id}", sent).status_code == 303
    with read_unit() as tx:
        assert rules.by_id(tx, rule_id).note == "never mind"


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"action": "hide"}, "Choose what the rule does."),
        ({"product": ""}, "Say which products the rule is about."),
        ({"product": "999999"}, "No product has this number or article number."),
        ({"product": "<b>"}, "No product has this number or article number."),
        ({"category": "no-such"}, "There is no such shelf."),
        ({"brand": "no-such"}, "There is no such brand."),
        ({"place": "11"}, "Write a whole number from 1 to 10."),
        ({"strength": "0"}, "Write a whole number from 1 to 100."),
        ({"price_from": "much"}, "Write a price such as 9.99."),
        ({"price_from": "20", "price_to": "10"}, "The highest value lies below the lowest."),
        ({"stock_from": "٣"}, "Write a whole number from 0 to 1000000."),
        ({"starts": "soon"}, "Write a day such as 2026-12-31."),
        ({"starts": "2026-12-31", "ends": "2026-12-01"}, "The end lies before the beginning."),
        ({"customer": "nobody@example.com", "step": "preview"}, "No member has this address."),
    ],
)
def test_what_cannot_be_a_rule_is_refused_beside_its_field(office, goods, over, told) -> None:
    answer = office.send("/admin/rules", {"action": "pin", "product": str(goods[0]), "step": "save"} | over)
    assert answer.status_code == 422
    assert told in words(answer)
    with read_unit() as tx:
        assert rules.every(tx) == []


def test_a_hidden_product_cannot_be_pinned_but_left_out(office, goods) -> None:
    with unit_of_work() as tx:
        tx.execute(update(Product).where(Product.id == goods[0]).values(is_visible=False))
    refused = office.send("/admin/rules", {"action": "pin", "product": str(goods[0]), "step": "save"})
    assert "This product is hidden; show it first." in words(refused)
    make(office, "exclude", product=goods[0])


def test_a_product_is_found_by_its_article_number(office, goods) -> None:
    with read_unit() as tx:
        sku = tx.scalar(select(Variant.sku).where(Variant.product_id == goods[5]))
    make(office, "pin", product=sku)
    with read_unit() as tx:
        assert rules.every(tx)[0].product_id == goods[5]


@pytest.mark.parametrize("path", ["/admin/rules/77", "/admin/rules/77/expire", "/admin/rules/77/delete"])
def test_a_rule_that_is_not_there_is_not_found(office, goods, path) -> None:
    form = {"action": "pin", "product": str(goods[0]), "step": "save"}
    assert office.send(path, form).status_code == 404


def test_a_deleted_product_takes_its_rules_along(office, ana, goods) -> None:
    make(office, "pin", product=goods[11])
    with unit_of_work() as tx:
        tx.execute(Product.__table__.delete().where(Product.id == goods[11]))
        assert rules.every(tx) == []
    assert rail(ana)


def test_a_rule_is_tried_with_the_settings_of_the_shopper(office, ana, goods) -> None:
    """What ana never wants to see is in neither of the two rails, as it is not on her own page."""
    with unit_of_work() as tx:
        member = users.by_email(tx, "ana@example.com")
        assert member is not None
        never = tx.scalar(select(Product.category_id).where(Product.id == goods[0]))
        taste.set_tuning(tx, Actor(user_id=member.user_id), Tuning(categories=((never, "never"),)))
    fields = {"action": "boost", "brand": "alder", "step": "preview", "customer": "ana@example.com"}
    page = office.send("/admin/rules", fields).get_data(as_text=True)
    assert "Thing 1" in page
    assert "Thing 4" not in page
    assert goods[0] not in rail(ana)


@pytest.mark.parametrize(
    ("starts", "said"),
    [("", "The rule is saved."), ("2099-12-01", "The rule is saved; it counts from its first day on.")],
)
def test_only_of_a_rule_for_later_the_first_day_is_spoken_of(office, goods, starts, said) -> None:
    make(office, "bury", product=goods[0], starts=starts)
    assert said in words(office.get("/admin/rules"))
