"""The owner's pages: products, orders, the recommender."""

import io
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.conftest import NOW
from tests.factories import (
    PASSWORD,
    ShopClient,
    make_guest,
    make_product,
    make_user,
    make_voucher,
    put_in_cart,
    ready_to_pay,
    variant_of,
)
from webapp.clock import utc_now
from webapp.services.buying import checkout, payments
from webapp.store import catalogue, operations, orders, products, search, stock
from webapp.store.models import AuditEntry, Order
from webapp.store.orders import OrderRow
from webapp.store.tx import read_unit, unit_of_work


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, name="Oslo lamp", stock=5)


@pytest.fixture
def order(app: Flask, lamp: int) -> OrderRow:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        put_in_cart(tx, guest, lamp, 2)
    with app.test_request_context():
        placed = checkout.place(guest, ready_to_pay(guest), currency="EUR", hold_for=timedelta(minutes=5), now=NOW)
        attempt = payments.open_payment(placed.order_id, "test", now=NOW)
        assert attempt is not None
        payments.choose_outcome(attempt, "success", now=NOW)
    with read_unit() as tx:
        paid = orders.by_id(tx, placed.order_id)
    assert paid is not None
    return paid


def form_of(client: ShopClient, path: str) -> dict[str, str]:
    """Return what the editor's form holds."""
    page = client.get(path).get_data(as_text=True)
    found = dict.fromkeys(re.findall(r'<(?:input|textarea|select)[^>]*? name="([\w-]+)"', page), "")
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([\w-]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and ("checkbox" not in tag or "checked" in tag):
            found[name[1]] = value[1]
    for name, body in re.findall(r'<select[^>]*name="([\w-]+)".*?>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', body)
        found[name] = chosen[1] if chosen else ""
    for name, body in re.findall(r'<textarea[^>]*name="([\w-]+)"[^>]*>(.*?)</textarea>', page, re.S):
        found[name] = body.strip()
    return {name: value for name, value in found.items() if name not in {"csrf_token", "q"}}


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/products",
        "/admin/products?q=oslo&state=visible&sort=stock&category=lamps",
        "/admin/orders",
        "/admin/orders?state=paid&q=%25",
        "/admin/models",
    ],
)
def test_the_pages_are_there(office: ShopClient, order: OrderRow, path: str) -> None:
    assert office.get(path).status_code == 200


@pytest.mark.parametrize("table", ["products", "orders", "vouchers"])
def test_a_page_behind_the_last_one_is_the_last_one(office: ShopClient, order: OrderRow, table: str) -> None:
    """Whoever sells out or hides what was alone on the last page comes back to it; nothing fitted the filter there."""
    with unit_of_work() as tx:
        make_voucher(tx, "SPRING")
    page = office.get(f"/admin/{table}?page=2").get_data(as_text=True)
    assert {"products": "Oslo lamp", "orders": order.number, "vouchers": "SPRING"}[table] in page


def test_the_owner_is_told_which_letters_were_given_up(office: ShopClient) -> None:
    assert "was refused" not in office.get("/admin/").get_data(as_text=True)
    with unit_of_work() as tx:
        for name in ("ana", "bob"):
            operations.add_message(tx, "mail.welcome", {"email": f"{name}@example.com"}, now=utc_now())
        values = {"given_up_at": utc_now(), "error": "550 5.1.1 no such user"}
        operations.change_message(tx, 1, **values)
    page = office.get("/admin/").get_data(as_text=True)
    assert "A letter was refused for good and is not tried again: ana@example.com (550 5.1.1 no such user)" in page
    with unit_of_work() as tx:
        operations.change_message(tx, 2, **values)
    page = office.get("/admin/").get_data(as_text=True)
    assert "2 letters were refused for good and are not tried again: bob@example.com" in page


def test_price_stock_and_visibility_change_in_the_table(office: ShopClient, lamp: int) -> None:
    answer = office.send(f"/admin/products/{lamp}/quick", {"price": "52,50", "stock": "7", "is_visible": "0"})
    assert answer.status_code == 303
    with read_unit() as tx:
        card, variant = products.cards(tx, [lamp])[lamp], products.variants_of(tx, [lamp])[0]
    assert (card.price_cents, variant.price_cents, variant.stock, card.is_visible) == (5250, 5250, 7, False)
    assert office.get(f"/p/{lamp}").status_code == 404


@pytest.mark.parametrize("price", ["", "x", "-1", "1.234", "NaN", "1e9999", "Infinity"])
def test_a_price_that_is_none_changes_nothing(office: ShopClient, lamp: int, price: str) -> None:
    office.send(f"/admin/products/{lamp}/quick", {"price": price, "stock": "7", "is_visible": "1"})
    with read_unit() as tx:
        assert (products.cards(tx, [lamp])[lamp].price_cents, products.variants_of(tx, [lamp])[0].stock) == (4900, 5)


def test_stock_cannot_go_below_what_is_reserved(office: ShopClient, lamp: int) -> None:
    with unit_of_work() as tx:
        stock.reserve(tx, variant_of(tx, lamp), 3)
    office.send(f"/admin/products/{lamp}/quick", {"price": "49.00", "stock": "2", "is_visible": "1"})
    with read_unit() as tx:
        assert products.variants_of(tx, [lamp])[0].stock == 5
    assert "reserved" in office.get("/admin/products").get_data(as_text=True)


def test_the_editor_saves_what_it_shows_and_the_new_words_are_found(office: ShopClient, lamp: int) -> None:
    path = f"/admin/products/{lamp}"
    form = form_of(office, path)
    assert form["name"] == "Oslo lamp"
    assert form["price"] == "49.00"
    saved = office.send(path, form | {"name": "Bergen lantern", "price": "59.00", "old_price": "79"})
    assert saved.status_code == 303, saved.get_data(as_text=True)[:500]
    with read_unit() as tx:
        card = products.cards(tx, [lamp])[lamp]
        assert search.suggest(tx, ["bergen"], limit=3) == [lamp]
    assert (card.name, card.price_cents, card.old_price_cents) == ("Bergen lantern", 5900, 7900)


@pytest.mark.parametrize(("n_more", "status"), [(0, 303), (1, 413)])
def test_a_form_in_pieces_is_saved_whole_or_not_at_all(
    app: Flask, office: ShopClient, lamp: int, n_more: int, status: int
) -> None:
    """What went past the largest body was cut off: without its last field the product was hidden."""
    path = f"/admin/products/{lamp}"
    form = form_of(office, path)
    last = f"&is_visible={form.pop('is_visible')}".encode()
    begun = urlencode(form | {"name": "Bergen lantern", "padding": ""}).encode()
    answer = office.post(
        path,
        input_stream=io.BytesIO(begun.ljust(app.config["MAX_CONTENT_LENGTH"] - len(last) + n_more, b"x") + last),
        content_type="application/x-www-form-urlencoded",
        headers={"X-CSRFToken": office.token(), "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},  # as gunicorn hands it on
    )
    assert answer.status_code == status
    with read_unit() as tx:
        card = products.cards(tx, [lamp])[lamp]
    assert (card.name, card.is_visible) == ("Bergen lantern" if status == 303 else "Oslo lamp", True)


def test_two_people_who_edit_at_once_do_not_overwrite_each_other(office: ShopClient, lamp: int) -> None:
    path = f"/admin/products/{lamp}"
    mine, theirs = form_of(office, path), form_of(office, path)
    office.send(path, theirs | {"name": "Theirs"})
    office.send(path, mine | {"name": "Mine"})
    with read_unit() as tx:
        assert products.cards(tx, [lamp])[lamp].name == "Theirs"


@pytest.mark.parametrize("version", ["", "²", "-1", "9" * 30])
def test_a_version_that_is_none_changes_nothing(office: ShopClient, lamp: int, version: str) -> None:
    path = f"/admin/products/{lamp}"
    before = form_of(office, path)
    assert office.send(path, before | {"name": "Another name", "version": version}).status_code == 409
    assert form_of(office, path) == before


def test_a_refused_editor_keeps_what_was_typed_and_names_the_fields(office: ShopClient, lamp: int) -> None:
    path = f"/admin/products/{lamp}"
    answer = office.send(path, form_of(office, path) | {"name": "", "price": "cheap", "category": "nowhere"})
    assert answer.status_code == 422
    assert "cheap" in answer.get_data(as_text=True)


def test_what_the_owner_changed_is_written_down(office: ShopClient, lamp: int) -> None:
    office.send(f"/admin/products/{lamp}/quick", {"price": "50.00", "stock": "5", "is_visible": "1"})
    with read_unit() as tx:
        entry = tx.row(select(AuditEntry.action, AuditEntry.subject_id, AuditEntry.before))
    assert (entry.action, entry.subject_id, entry.before["price_cents"]) == ("product.change", str(lamp), 4900)


def test_an_order_without_an_address_shows_the_members_name(office: ShopClient, order: OrderRow) -> None:
    with unit_of_work() as tx:
        member = make_user(tx, name="Liv Osei")
        tx.change(update(Order).where(Order.id == order.order_id).values(user_id=member, address={}, email=""))
    for path in ("/admin/", "/admin/orders"):
        assert "<td>Liv Osei</td>" in office.get(path).get_data(as_text=True)
    assert "<p>Liv Osei</p>" in office.get(f"/admin/orders/{order.number}").get_data(as_text=True)


def test_a_page_beyond_the_queue_of_orders_knows_how_many_there_are(order: OrderRow) -> None:
    asked = {"": 1, "paid": 1, "shipped": 0}
    with read_unit() as tx:
        assert orders.queue(tx, limit=20, offset=20) == []
        assert {state: orders.count_queue(tx, state=state, query="") for state in asked} == asked
        assert [orders.count_queue(tx, state="", query=query) for query in (order.number, "nobody")] == [1, 0]


def test_an_order_says_in_words_how_it_was_paid(office: ShopClient, order: OrderRow) -> None:
    assert "Test payment" in office.get(f"/admin/orders/{order.number}").get_data(as_text=True)


def test_an_order_moves_step_by_step_and_no_other_way(office: ShopClient, order: OrderRow) -> None:
    path = f"/admin/orders/{order.number}"
    for step in ("shipped", "delivered", "placed", "nonsense"):
        office.send(path, {"status": step, "version": str(order.version)})
        assert state_of(order) == "paid"
    for step in ("packed", "shipped", "delivered"):
        with read_unit() as tx:
            version = orders.by_id(tx, order.order_id).version
        office.send(path, {"status": step, "version": str(version), "note": "in the blue box"})
        assert state_of(order) == step
    page = office.get(path).get_data(as_text=True)
    assert "in the blue box" in page


def test_the_buttons_of_an_order_say_what_they_do(office: ShopClient, order: OrderRow) -> None:
    """They named the state that the order would be in: "Refunded" stood on the one that gives the money back."""
    page = office.get(f"/admin/orders/{order.number}").get_data(as_text=True)
    assert 'value="packed">Mark as packed</button>' in page
    assert 'value="refunded">Refund the money</button>' in page


def state_of(order: OrderRow) -> str:
    with read_unit() as tx:
        found = orders.by_id(tx, order.order_id)
    assert found is not None
    return found.state


def test_two_people_cannot_move_one_order_twice(office: ShopClient, order: OrderRow) -> None:
    path, stale = f"/admin/orders/{order.number}", str(order.version)
    office.send(path, {"status": "packed", "version": stale})
    office.send(path, {"status": "refunded", "version": stale, "password": PASSWORD})
    assert state_of(order) == "packed"


@pytest.mark.parametrize("note", ["", "in the blue box"])
def test_a_button_pressed_twice_writes_one_line_into_the_history(
    office: ShopClient, order: OrderRow, note: str
) -> None:
    path, form = f"/admin/orders/{order.number}", {"status": "packed", "version": str(order.version), "note": note}
    for _press in range(2):
        office.send(path, form)
    with read_unit() as tx:
        assert [(row.kind, row.detail) for row in orders.events(tx, order.order_id)][-2:] == [
            ("paid", ""),
            ("packed", note),
        ]


def test_a_note_about_where_an_order_is_already_is_kept(office: ShopClient, order: OrderRow) -> None:
    office.send(f"/admin/orders/{order.number}", {"status": "paid", "version": str(order.version), "note": "ring 2x"})
    with read_unit() as tx:
        assert [(row.kind, row.detail) for row in orders.events(tx, order.order_id)][-1] == ("note", "ring 2x")


def test_a_refund_before_it_left_puts_the_pieces_back(office: ShopClient, order: OrderRow, lamp: int) -> None:
    with read_unit() as tx:
        assert products.variants_of(tx, [lamp])[0].stock == 3
    form = {"status": "refunded", "version": str(order.version), "password": PASSWORD}
    office.send(f"/admin/orders/{order.number}", form)
    with read_unit() as tx:
        assert products.variants_of(tx, [lamp])[0].stock == 5
        assert orders.payments(tx, order.order_id)[0].state == "refunded"


def test_retrain_now_is_queued_once(office: ShopClient) -> None:
    for _press in range(2):
        assert office.send("/admin/models/retrain").status_code == 303
    with unit_of_work() as tx:
        job = operations.claim_job(tx, now=utc_now(), stale_after=timedelta(minutes=2))
        assert job is not None
        assert job.payload == {"trigger": "owner"}
        assert operations.claim_job(tx, now=utc_now(), stale_after=timedelta(minutes=2)) is None


def test_while_a_training_is_under_way_another_one_is_said_to_wait_for_its_end(office: ShopClient) -> None:
    office.send("/admin/models/retrain")
    assert "begins within a minute" in office.get("/admin/models").get_data(as_text=True)
    with unit_of_work() as tx:
        operations.claim_job(tx, now=utc_now(), stale_after=timedelta(minutes=2))
    office.send("/admin/models/retrain")
    assert "another one begins when it has ended" in office.get("/admin/models").get_data(as_text=True)


def test_there_is_nothing_to_roll_back_to_without_models(office: ShopClient) -> None:
    assert office.send("/admin/models/rollback", {"version": "20260101-000000-1"}).status_code == 404
    assert office.send("/admin/models/rollback", {"version": "../../etc"}).status_code == 404


def test_the_card_of_a_version_that_is_not_there_is_not_found(office: ShopClient) -> None:
    for version in ("20260101-000000-1", "..", "searches"):
        assert office.get(f"/admin/models/{version}").status_code == 404


def test_runs_are_shown_with_figures_and_verdict(office: ShopClient) -> None:
    with unit_of_work() as tx:
        run_id = operations.add_run(tx, trigger="command", strategy="hybrid", now=NOW)
        operations.change_run(
            tx,
            run_id,
            state="refused",
            finished_at=NOW,
            gate_passed=False,
            metrics={"hybrid": {"ndcg@10": 0.1234}, "popular": {"ndcg@10": 0.2}},
            checks=[
                {"name": "beats popular", "passed": False, "detail": "0.1234 is below 0.2000"},
                {"name": "machines", "passed": False, "detail": "too many", "level": "warning"},
                {"name": "change", "passed": True, "detail": "not judged", "level": "note"},
            ],
        )
    page = office.get("/admin/models").get_data(as_text=True)
    assert "0.1234 is below 0.2000" in page
    assert re.findall(r'<li class="(missed|warned|noted|passed)">', page) == ["missed", "warned", "noted"]
    assert "ndcg@10" in page


def test_the_demo_owner_sees_sold_out_products(office: ShopClient, lamp: int) -> None:
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), 0)
    assert "Oslo lamp" in office.get("/admin/products?state=out").get_data(as_text=True)


def current(answer: TestResponse) -> list[str]:
    """Return what the office's navigation marks as the present page."""
    page = answer.get_data(as_text=True)
    bar = page[page.index('class="admin-nav"') :].split("</ul>")[0]
    return re.findall(r'aria-current="\w+">([^<]+)<', bar)


def test_the_navigation_knows_where_one_is_also_after_a_refused_form(office: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    assert current(office.get("/admin/delivery")) == ["Delivery"]
    assert current(office.send("/admin/delivery/add", {"name-new": ""})) == ["Delivery"]
    assert current(office.send("/admin/delivery", {"name-standard": ""})) == ["Delivery"]
    assert current(office.get(f"/admin/products/{lamp}")) == ["Products"]
    assert current(office.get("/admin/")) == ["Today"]
    assert current(office.get("/admin/vouchers")) == ["Vouchers"]


def test_the_buttons_below_a_rule_have_room_between(office: ShopClient) -> None:
    """They nearly touched."""
    page = office.get("/admin/rules").get_data(as_text=True)
    (below,) = re.findall(r'<p class="actions">(.*?)</p>', page, re.DOTALL)
    assert re.findall(r'name="step" value="(\w+)"', below) == ["preview", "save"]
