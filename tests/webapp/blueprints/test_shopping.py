"""A purchase by forms alone, and what a shopper meets on the way."""

import re

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.factories import ADDRESS, PASSWORD, ShopClient, make_product, make_user, variant_of
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.store import alerts, carts, catalogue, interactions, orders, products
from webapp.store.models import Product, Variant
from webapp.store.tx import read_unit, unit_of_work


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, name="Oslo lamp", stock=3, price_cents=2000)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def buy(client: ShopClient, outcome: str = "success") -> TestResponse:
    """Walk through the checkout and return the last page."""
    client.send("/checkout/contact", {"email": "ana@example.com"})
    client.send("/checkout/delivery", ADDRESS)
    client.send("/checkout/payment", {"method": "test"})
    page = client.get("/checkout/review").get_data(as_text=True)
    placed = client.send(
        "/checkout/place",
        {"idempotency_key": hidden(page, "idempotency_key"), "total_cents": hidden(page, "total_cents")},
    )
    paid = client.send(placed.headers["Location"], {"outcome": outcome})
    return client.get(paid.headers["Location"]) if paid.status_code == 303 else paid


@pytest.mark.parametrize("is_gift", [True, False])
def test_an_order_that_is_shown_once_more_is_still_a_gift(client: ShopClient, lamp: int, is_gift: bool) -> None:
    """Who pressed Pay on an amount of before looks again at what they chose, and nothing they said is lost."""
    client.send("/cart/add", {"product_id": str(lamp)})
    client.send("/checkout/contact", {"email": "ana@example.com"})
    client.send("/checkout/delivery", ADDRESS)
    client.send("/checkout/payment", {"method": "test"})
    key = hidden(client.get("/checkout/review").get_data(as_text=True), "idempotency_key")
    ticked = {"is_gift": "1"} if is_gift else {}
    assert client.send("/checkout/place", {"idempotency_key": key, "total_cents": "1"} | ticked).status_code == 303
    box = re.search(r'<input[^>]*name="is_gift"[^>]*>', client.get("/checkout/review").get_data(as_text=True))
    assert box
    assert ("checked" in box[0]) == is_gift


def test_a_guest_buys_with_forms_alone(client: ShopClient, lamp: int) -> None:
    client.send("/cart/add", {"product_id": str(lamp), "next": "/cart"})
    cart = client.get("/cart").get_data(as_text=True)
    assert "Oslo lamp" in cart
    done = buy(client).get_data(as_text=True)
    assert "ana@example.com" in done
    assert "Test order" in done
    assert "/account/register" in done
    with read_unit() as tx:
        assert orders.counts_by_state(tx) == {"paid": 1}
        assert products.variants_of(tx, [lamp])[0].stock == 2


@pytest.mark.parametrize(
    ("outcome", "state", "stock"),
    [
        ("success", "paid", 2),
        ("twice", "paid", 2),
        ("decline", "placed", 3),
        ("confirm", "placed", 3),
        ("silent", "placed", 3),
    ],
)
def test_every_answer_of_the_test_bank(client: ShopClient, lamp: int, outcome: str, state: str, stock: int) -> None:
    client.send("/cart/add", {"product_id": str(lamp)})
    assert buy(client, outcome).status_code == 200
    with read_unit() as tx:
        assert orders.counts_by_state(tx) == {state: 1}
        assert products.variants_of(tx, [lamp])[0].stock == stock


def test_steps_lead_to_the_first_that_is_not_done(client: ShopClient, lamp: int) -> None:
    assert client.get("/checkout").headers["Location"] == "/cart"
    client.send("/cart/add", {"product_id": str(lamp)})
    for step in ("delivery", "payment", "review"):
        assert client.get(f"/checkout/{step}").headers["Location"] == "/checkout/contact"
    client.send("/checkout/contact", {"email": "ana@example.com"})
    assert client.get("/checkout/review").headers["Location"] == "/checkout/delivery"
    assert client.get("/checkout").headers["Location"] == "/checkout/delivery"
    assert client.get("/checkout/contact").status_code == 200


def test_a_refused_step_keeps_what_was_typed(client: ShopClient, lamp: int) -> None:
    client.send("/cart/add", {"product_id": str(lamp)})
    client.send("/checkout/contact", {"email": "ana@example.com"})
    answer = client.send("/checkout/delivery", ADDRESS | {"postcode": "", "country": "XX", "method": "pigeon"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Hill 1" in page
    for sentence in ("postcode is needed", "do not deliver there", "Choose how it should come"):
        assert sentence in page


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@example.com", "x" * 250 + "@example.com"])
def test_an_address_that_is_none(client: ShopClient, lamp: int, email: str) -> None:
    client.send("/cart/add", {"product_id": str(lamp)})
    assert client.send("/checkout/contact", {"email": email}).status_code == 422


def test_more_than_there_are_is_cut_and_said(client: ShopClient, app: Flask, lamp: int) -> None:
    with read_unit() as tx:
        variant = variant_of(tx, lamp)
    answer = client.send_js("/cart/add", {"variant_id": str(variant), "quantity": "9"}).get_json()
    assert answer["n_cart"] == 3
    assert "3" in answer["message"]
    again = client.send_js("/cart/add", {"variant_id": str(variant)})
    assert again.status_code == 409
    assert again.get_json()["available"] == 3


def test_what_a_card_costs_is_what_its_page_and_its_button_take(client: ShopClient, app: Flask) -> None:
    """A card says the lowest price, so its page opens with that variant; a dearer one is taken only when it is gone."""
    with unit_of_work() as tx:
        large = {"name": "A5", "options": {"Format": "A5"}, "price_cents": 700}
        small = {"name": "A6", "options": {"Format": "A6"}, "price_cents": 550, "position": 1}
        notebook = make_product(tx, name="Notebook", price_cents=550, variants=[large, small])
        ids = {row.name: row.variant_id for row in products.variants_of(tx, [notebook])}

    def on_the_page() -> str:
        page = client.get(f"/p/{notebook}-notebook").get_data(as_text=True)
        return page.partition('class="product-price"')[2].partition("</p>")[0]

    assert "\u20ac5.50" in on_the_page()
    client.send("/cart/add", {"product_id": str(notebook)})
    assert "\u20ac5.50" in client.get("/cart").get_data(as_text=True).partition("<dt>Goods</dt>")[2][:40]
    with unit_of_work() as tx:
        catalogue.set_stock(tx, ids["A6"], 0)
    assert "\u20ac7.00" in on_the_page()


def test_nothing_leads_to_a_product_that_is_hidden_meanwhile(app: Flask, lamp: int) -> None:
    """What somebody bought, saved or put into the cart keeps its name; its page is gone, and so is the link."""
    with unit_of_work() as tx:
        ana = make_user(tx, "ana@example.com")
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    client.get(f"/p/{lamp}-oslo-lamp", follow_redirects=True)
    client.send("/cart/add", {"product_id": str(lamp)})
    buy(client)
    client.send("/cart/add", {"product_id": str(lamp)})
    with unit_of_work() as tx:
        number = orders.of_user(tx, ana, limit=1)[0].number
        alerts.put(tx, variant_of(tx, lamp), "ana@example.com", user_id=ana, language="en", now=utc_now())
    places = ("/cart", "/account/alerts", "/your-recommendations", f"/account/orders/{number}")

    def told() -> list[tuple[bool, bool]]:
        pages = [client.get(path).get_data(as_text=True).partition("<main")[2] for path in places]
        return [("Oslo lamp" in page, f'href="/p/{lamp}-' in page) for page in pages]

    assert told() == [(True, True)] * 4
    with unit_of_work() as tx:
        tx.change(update(Product).where(Product.id == lamp).values(is_visible=False))
    assert told() == [(True, False)] * 4


def test_a_list_says_the_price_of_what_can_be_bought(client: ShopClient, app: Flask) -> None:
    """A card, a suggestion and the API say from where on prices run; nobody is lured by a size that is gone."""
    with unit_of_work() as tx:
        sizes = [
            {"name": "250 g", "options": {"Weight": "250 g"}, "price_cents": 800, "stock": 0},
            {"name": "1 kg", "options": {"Weight": "1 kg"}, "price_cents": 2700},
            {"name": "2 kg", "options": {"Weight": "2 kg"}, "price_cents": 5000},
        ]
        make_product(tx, name="Ridge coffee", price_cents=800, variants=sizes)

    def on_the_card() -> str:
        page = client.get("/search?q=coffee&price_to=50").get_data(as_text=True)
        return " ".join(page.partition('class="card-facts"')[2].partition("</p>")[0].split())

    assert "from €27.00" in on_the_card()
    assert client.get("/search/suggest?q=ridge").get_json()["groups"][0]["items"][0]["detail"] == "from €27.00"
    assert client.get("/api/search?q=coffee").get_json()["items"][0]["price"] == 27.0
    with unit_of_work() as tx:
        catalogue.set_variant(tx, tx.scalar(select(Variant.id).where(Variant.name == "2 kg")), is_active=False)
    assert "€27.00" in on_the_card()
    assert "from" not in on_the_card()


def test_what_is_no_longer_made_is_not_offered_while_the_rest_is_sold_out(client: ShopClient, app: Flask) -> None:
    """The page of a sold-out product shows what may come back, at the price the lists say."""
    with unit_of_work() as tx:
        gone = {"name": "A4", "options": {"Format": "A4"}, "price_cents": 300, "is_active": False}
        large = {"name": "A5", "options": {"Format": "A5"}, "price_cents": 700, "stock": 0}
        small = {"name": "A6", "options": {"Format": "A6"}, "price_cents": 550, "stock": 0}
        notebook = make_product(tx, name="Notebook", price_cents=550, variants=[gone, large, small])
    page = client.get(f"/p/{notebook}-notebook").get_data(as_text=True)
    assert "€5.50" in page.partition('class="product-price"')[2].partition("</p>")[0]


def test_what_sold_out_in_the_cart_is_called_sold_out(client: ShopClient, app: Flask, lamp: int) -> None:
    """None are left, so those in the cart are not "all that are left"."""
    client.send("/cart/add", {"product_id": str(lamp)})
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), 0)
    refused = client.send_js("/cart/add", {"product_id": str(lamp)})
    assert refused.status_code == 409
    assert "is sold out just now" in refused.get_json()["detail"]


@pytest.mark.parametrize(
    ("n_left", "said"), [(1, "Oslo lamp: the last one is in your cart."), (2, "all 2 that are left are in your cart.")]
)
def test_what_is_cut_to_the_last_ones_is_said_in_good_words(
    client: ShopClient, app: Flask, lamp: int, n_left: int, said: str
) -> None:
    with unit_of_work() as tx:
        variant = variant_of(tx, lamp)
        catalogue.set_stock(tx, variant, n_left)
    answer = client.send_js("/cart/add", {"variant_id": str(variant), "quantity": "3"})
    assert said in answer.get_json()["message"]


@pytest.mark.parametrize(
    ("n_left", "said"),
    [
        (1, "Oslo lamp: you have the last one in your cart already."),
        (2, "Oslo lamp: you have all 2 that are left in your cart already."),
    ],
)
def test_who_has_the_last_ones_is_told_so_in_good_words(
    client: ShopClient, app: Flask, lamp: int, n_left: int, said: str
) -> None:
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), n_left)
    client.send("/cart/add", {"variant_id": str(lamp), "quantity": str(n_left)})
    assert client.send_js("/cart/add", {"product_id": str(lamp)}).get_json()["detail"] == said


def test_the_most_of_one_thing_in_an_order_is_not_called_the_last(client: ShopClient, app: Flask, lamp: int) -> None:
    """With five hundred in stock, whoever had 99 in the cart was told that these were all."""
    with unit_of_work() as tx:
        variant = variant_of(tx, lamp)
        catalogue.set_stock(tx, variant, 500)
    client.send("/cart/add", {"variant_id": str(variant), "quantity": "95"})
    cut = client.send_js("/cart/add", {"variant_id": str(variant), "quantity": "10"})
    assert cut.get_json()["message"] == "Oslo lamp: 99 are in your cart, the most of one thing in an order."
    refused = client.send_js("/cart/add", {"variant_id": str(variant)})
    assert (refused.status_code, refused.get_json()["detail"]) == (409, cut.get_json()["message"])


@pytest.mark.parametrize(
    ("n_left", "said"), [(1, "Only one of Oslo lamp is left."), (2, "Only 2 of Oslo lamp are left.")]
)
def test_a_line_with_too_many_is_told_in_good_words(
    client: ShopClient, app: Flask, lamp: int, n_left: int, said: str
) -> None:
    with unit_of_work() as tx:
        variant = variant_of(tx, lamp)
    client.send("/cart/add", {"variant_id": str(variant), "quantity": "3"})
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant, n_left)
    assert said in client.get("/cart").get_data(as_text=True)


def test_a_bundle_goes_in_whole_or_not_at_all(client: ShopClient, app: Flask, lamp: int) -> None:
    with unit_of_work() as tx:
        mug, gone = make_product(tx, name="Mug"), make_product(tx, name="Gone", stock=0)
    both = client.send_js("/cart/add", {"product_id": [str(lamp), str(mug)]})
    assert both.get_json()["n_cart"] == 2
    assert client.send_js("/cart/add", {"product_id": [str(mug), str(gone)]}).status_code == 409
    assert "n_cart" in client.send_js("/cart/add", {"product_id": str(mug)}).get_json()
    with read_unit() as tx:
        assert interactions.count(tx) == 3


def test_changes_are_told_in_the_cart(client: ShopClient, app: Flask, lamp: int) -> None:
    client.send("/cart/add", {"product_id": str(lamp)})
    with unit_of_work() as tx:
        catalogue.set_variant(tx, variant_of(tx, lamp), price_cents=2500)
    assert "has gone up" in client.get("/cart").get_data(as_text=True)
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), 0)
    assert "is sold out" in client.get("/cart").get_data(as_text=True)


def test_a_line_changes_and_goes(client: ShopClient, app: Flask, lamp: int) -> None:
    client.send("/cart/add", {"product_id": str(lamp)})
    line = re.search(r"/cart/line/(\d+)", client.get("/cart").get_data(as_text=True))
    assert line
    assert client.send_js(f"/cart/line/{line[1]}", {"quantity": "2"}).get_json()["n_cart"] == 2
    assert client.send_js(f"/cart/line/{line[1]}", {"quantity": "50"}).get_json()["n_cart"] == 3
    assert client.send_js(f"/cart/line/{line[1]}", {"quantity": "-1"}).status_code == 422
    assert client.send_js(f"/cart/line/{line[1]}/remove").get_json()["n_cart"] == 0
    assert client.send_js(f"/cart/line/{line[1]}/remove").status_code == 404


def test_a_member_finds_the_order_cancels_it_and_orders_again(app: Flask, lamp: int) -> None:
    with unit_of_work() as tx:
        ana = make_user(tx, "ana@example.com")
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    client.send("/cart/add", {"product_id": str(lamp)})
    buy(client, "decline")
    with read_unit() as tx:
        number = orders.of_user(tx, ana, limit=1)[0].number
    assert number in client.get("/account/orders").get_data(as_text=True)
    client.send(f"/account/orders/{number}/cancel")
    with read_unit() as tx:
        assert orders.by_number(tx, number).state == "cancelled"
        assert products.variants_of(tx, [lamp])[0].reserved == 0
    late = client.send_js(f"/account/orders/{number}/cancel")
    assert late.status_code == 409
    client.send(f"/account/orders/{number}/reorder")
    with read_unit() as tx:
        assert carts.n_items(tx, Actor(user_id=ana)) == 1


def test_a_guests_cart_and_order_come_along(app: Flask, client: ShopClient, lamp: int) -> None:
    client.send("/cart/add", {"product_id": str(lamp)})
    buy(client)
    client.send("/cart/add", {"product_id": str(lamp)})
    client.send("/account/register", {"name": "Ana", "email": "ana@example.com", "password": PASSWORD})
    client.sign_in("ana@example.com")
    assert "Oslo lamp" in client.get("/cart").get_data(as_text=True)
    assert "Paid" in client.get("/account/orders").get_data(as_text=True)


def test_the_star_widget_works_as_a_form(app: Flask, client: ShopClient, lamp: int) -> None:
    answer = client.send(f"/p/{lamp}/rate", {"rating": "4", "next": f"/p/{lamp}-oslo-lamp"})
    assert answer.headers["Location"] == f"/p/{lamp}-oslo-lamp"
    client.send(f"/p/{lamp}/rate", {"rating": "2"})
    with read_unit() as tx:
        card = products.cards(tx, [lamp])[lamp]
    assert (card.rating_count, card.rating_sum) == (1, 2)
    assert client.send_js(f"/p/{lamp}/rate", {"rating": "6"}).status_code == 422


def test_only_a_buyer_is_marked_as_one(app: Flask, client: ShopClient, lamp: int) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com", name="Ana")
    client.sign_in("ana@example.com")
    client.send("/cart/add", {"product_id": str(lamp)})
    buy(client)
    client.send(f"/p/{lamp}/review", {"rating": "5", "title": "Lovely", "text": "Warm light."})
    page = client.get(f"/p/{lamp}-oslo-lamp").get_data(as_text=True)
    assert "Lovely" in page
    assert "Bought here" in page


def test_saving_for_later_works_for_guests(app: Flask, client: ShopClient, lamp: int) -> None:
    answer = client.send_js(f"/wishlist/{lamp}", {"wished": "1"}).get_json()
    assert (answer["is_wished"], answer["n_wishlist"]) == (True, 1)
    assert "Oslo lamp" in client.get("/wishlist").get_data(as_text=True)
    assert client.send_js(f"/wishlist/{lamp}", {"wished": "0"}).get_json()["n_wishlist"] == 0
    assert client.send_js("/wishlist/999999", {"wished": "1"}).status_code == 404


def test_the_theme_is_kept(client: ShopClient) -> None:
    client.send("/theme", {"theme": "dark", "next": "/cart"})
    assert 'data-theme="dark"' in client.get("/cart").get_data(as_text=True)
    client.send("/theme", {"theme": "pink"})
    assert 'data-theme="dark"' in client.get("/cart").get_data(as_text=True)
