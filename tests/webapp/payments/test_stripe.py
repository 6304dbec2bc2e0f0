"""Stripe: what is asked of it, what its messages do, and what happens when it says nothing."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from config import Config, ConfigError
from tests.factories import PASSWORD, make_product, make_user, variant_of
from tests.servers import need_package
from tests.webapp.payments.stripe_double import SECRET, Double, double, message, signed
from tests.webapp.reliability.crowd import Buyer, gather, shelf
from webapp.buying import ProviderSilent
from webapp.clock import utc_now
from webapp.providers import get_providers
from webapp.providers.trial import TestProvider
from webapp.security import content_security_policy
from webapp.services.buying import checkout, payments
from webapp.services.buying import orders as order_service
from webapp.services.people import privacy
from webapp.services.upkeep import outbox
from webapp.store import carts, operations, orders, users
from webapp.store.orders import OrderRow, PaymentRow
from webapp.store.tx import read_unit, unit_of_work
from webapp.viewbuilders.links import order_token

HOOK = "/payments/stripe/webhook"


@pytest.fixture
def stripe(app: Flask) -> Iterator[Double]:
    """The shop takes money through Stripe, whose stand-in runs on this machine."""
    need_package("stripe", "stripe")
    from webapp.providers.stripe_checkout import StripeProvider

    before = app.extensions["payment_providers"]
    with double() as known:
        provider = StripeProvider("sk_live_of_the_tests", SECRET, api_base=known.url)
        app.extensions["payment_providers"] = {"stripe": provider} | before
        yield known
        app.extensions["payment_providers"] = before


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, stock=5, price_cents=2000)


@pytest.fixture
def buyer(app: Flask, stripe: Double, lamp: int) -> Buyer:
    """Somebody at the review page who pays through Stripe."""
    with unit_of_work() as tx:
        made = gather(tx, [[(variant_of(tx, lamp), 1)]])[0]
        cart = carts.load(tx, made.actor)
        carts.set_checkout(tx, cart.cart_id, cart.checkout | {"payment": "stripe"})
    return made


def order_of(buyer: Buyer) -> tuple[OrderRow, list[PaymentRow]]:
    with read_unit() as tx:
        order = orders.by_place_key(tx, buyer.key)
        assert order is not None
        return order, orders.payments(tx, order.order_id)


def tell(app: Flask, body: bytes, headers: dict[str, str]) -> TestResponse:
    return app.test_client().post(HOOK, data=body, headers=headers)


def completed(stripe: Double, number: str = "evt_1", **changed: Any) -> tuple[bytes, dict[str, str]]:
    """Let the shopper pay and return Stripe's message about it."""
    stripe.pay("cs_live_0001")
    body = message("checkout.session.completed", stripe.sessions["cs_live_0001"] | changed, number=number, at=utc_now())
    return body, signed(body, at=utc_now())


def test_the_shopper_is_sent_to_stripe_with_the_exact_amount(app: Flask, stripe: Double, buyer: Buyer) -> None:
    answer = buyer.press(app)
    assert answer.headers["Location"] == "https://checkout.stripe.com/c/pay/cs_live_0001"
    order, attempts = order_of(buyer)
    session = stripe.sessions["cs_live_0001"]
    assert (session["amount_total"], session["currency"]) == (order.total_cents, "eur")
    assert session["metadata"]["order"] == order.number
    assert [row.external_id for row in attempts] == ["cs_live_0001"]
    assert stripe.keys == [f"order-{order.order_id}-attempt-1-{attempts[0].reference[:8]}"]


def test_pressing_again_opens_no_second_page_at_stripe(app: Flask, stripe: Double, buyer: Buyer) -> None:
    assert len({buyer.press(app).headers["Location"] for _press in range(3)}) == 1
    assert list(stripe.sessions) == ["cs_live_0001"]


def test_a_page_read_in_another_language_leads_to_the_same_page_at_stripe(
    app: Flask, stripe: Double, buyer: Buyer
) -> None:
    """Stripe refuses a key that comes again with other words, and the attempt counted as declined."""
    first = buyer.press(app).headers["Location"]
    path = f"/checkout/pay/{order_token(order_of(buyer)[0].order_id)}"
    in_german = app.test_client()
    headers = {"X-CSRFToken": in_german.token(), "Accept-Language": "de"}
    again = in_german.post(path, data={"method": "stripe"}, headers=headers)
    assert again.headers["Location"] == first
    assert [row.state for row in order_of(buyer)[1]] == ["created"]


def test_s25_a_message_pays_once_however_often_it_comes(app: Flask, stripe: Double, buyer: Buyer, lamp: int) -> None:
    buyer.press(app)
    told = completed(stripe)
    assert [tell(app, *told).get_data(as_text=True) for _time in range(3)] == ["applied", "repeated", "repeated"]
    assert [order_of(buyer)[0].state, shelf(lamp)] == ["paid", (4, 0)]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_s25_an_old_signature_is_refused(app: Flask, stripe: Double, buyer: Buyer, minutes: int) -> None:
    buyer.press(app)
    body, _headers = completed(stripe)
    at = utc_now() + timedelta(minutes=minutes)
    assert tell(app, body, signed(body, at=at)).status_code == 400
    assert order_of(buyer)[0].state == "placed"


def test_s25_a_message_somebody_else_signed_or_changed_is_refused(app: Flask, stripe: Double, buyer: Buyer) -> None:
    buyer.press(app)
    body, headers = completed(stripe)
    forged = (
        (body, signed(body, at=utc_now(), secret="whsec_guessed")),
        (body.replace(b'"livemode": true', b'"livemode":  true'), headers),
        (body, {}),
        (body, {"Stripe-Signature": "t=1,v1="}),
        (body, {"Stripe-Signature": "t=,v1=\u00e9"}),
        (b"", signed(b"", at=utc_now())),
        (b"[]", signed(b"[]", at=utc_now())),
    )
    for sent, signature in forged:
        assert tell(app, sent, signature).status_code == 400
    assert order_of(buyer)[0].state == "placed"
    assert app.test_client().post("/payments/nobody/webhook", data=b"{}").status_code == 400


@pytest.mark.parametrize("changed", [{"amount_total": 1}, {"currency": "usd"}, {"metadata": {"order": "2026-OTHER"}}])
def test_s25_another_amount_currency_or_order_pays_nothing_and_the_owner_is_told(
    app: Flask, stripe: Double, buyer: Buyer, lamp: int, changed: dict[str, Any]
) -> None:
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner")
    buyer.press(app)
    assert tell(app, *completed(stripe, **changed)).get_data(as_text=True) == "mismatch"
    assert [order_of(buyer)[0].state, shelf(lamp)] == ["placed", (5, 1)]
    letters: dict[str, str] = {}
    outbox.drain(lambda mail, name: letters.update({str(mail["To"]): str(mail["Subject"])}), now=utc_now())
    assert letters["owner@example.com"] == "A payment does not fit its order"


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "changed",
    [
        {"amount_total": float("inf")},
        {"amount_total": float("nan")},
        {"currency": None, "amount_total": "2e400"},
        {"id": "cs\0"},
        {"client_reference_id": "nobody\0"},
        {"client_reference_id": "nobody\ud800"},
        {"metadata": {"order": "2026\0"}},
    ],
    ids=repr,
)
def test_s25_a_signed_message_that_no_database_can_hold_is_refused_and_written_down(
    app: Flask, stripe: Double, buyer: Buyer, changed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    buyer.press(app)
    with caplog.at_level(logging.WARNING, logger="webapp"):
        assert tell(app, *completed(stripe, **changed)).status_code == 400
    troubles = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert troubles == ["webhook_refused"]
    assert order_of(buyer)[0].state == "placed"


@pytest.mark.both_databases
@pytest.mark.parametrize("number", ["evt\0", "evt\ud800", "e" * 121], ids=["NUL", "half a pair", "too long"])
def test_s25_so_is_one_whose_number_cannot_be_held(app: Flask, stripe: Double, buyer: Buyer, number: str) -> None:
    buyer.press(app)
    assert tell(app, *completed(stripe, number)).status_code == 400
    assert order_of(buyer)[0].state == "placed"


def test_s25_so_is_one_that_is_nested_without_end(app: Flask, stripe: Double) -> None:
    body = b"[" * 200_000
    assert tell(app, body, signed(body, at=utc_now())).status_code == 400


@pytest.mark.parametrize(
    ("kind", "changed", "state"),
    [
        ("checkout.session.async_payment_failed", {}, "declined"),
        ("checkout.session.expired", {"status": "expired"}, "cancelled"),
        ("checkout.session.completed", {"payment_status": "unpaid"}, "pending"),
    ],
)
def test_other_messages_leave_the_order_to_be_paid_again(
    app: Flask, stripe: Double, buyer: Buyer, kind: str, changed: dict[str, Any], state: str
) -> None:
    buyer.press(app)
    body = message(kind, stripe.sessions["cs_live_0001"] | changed, at=utc_now())
    assert tell(app, body, signed(body, at=utc_now())).get_data(as_text=True) == "applied"
    order, attempts = order_of(buyer)
    assert (order.state, attempts[-1].state) == ("placed", state)


def test_messages_about_other_things_are_taken_and_ignored(app: Flask, stripe: Double, buyer: Buyer) -> None:
    buyer.press(app)
    for kind, session in (("customer.created", {"id": "cus_1"}), ("checkout.session.completed", {"id": "cs_other"})):
        body = message(kind, session, at=utc_now())
        assert tell(app, body, signed(body, at=utc_now())).get_data(as_text=True) == "ignored"
    other = stripe.sessions["cs_live_0001"] | {"client_reference_id": "of-another-shop", "payment_status": "paid"}
    body = message("checkout.session.completed", other, at=utc_now())
    assert tell(app, body, signed(body, at=utc_now())).get_data(as_text=True) == "ignored"


def test_r7_who_comes_back_before_the_message_finds_the_order_paid(app: Flask, stripe: Double, buyer: Buyer) -> None:
    buyer.press(app)
    told = completed(stripe)
    back = app.test_client().get(f"/checkout/done/{_token(buyer)}")
    assert "on its way into a box" in back.get_data(as_text=True)
    assert order_of(buyer)[0].state == "paid"
    assert tell(app, *told).status_code == 200
    order = order_of(buyer)[0]
    with read_unit() as tx:
        assert [row.kind for row in orders.events(tx, order.order_id)].count("paid") == 1


def _token(buyer: Buyer) -> str:
    return order_token(order_of(buyer)[0].order_id)


@pytest.mark.parametrize("does_it_first", [False, True])
def test_r8_a_start_without_an_answer_is_cleared_up_by_asking(
    app: Flask, stripe: Double, buyer: Buyer, lamp: int, does_it_first: bool
) -> None:
    """Whether Stripe had opened its page before it fell silent or not, nobody pays twice and the order is settled."""
    stripe.silent, stripe.does_it_first = 1, does_it_first
    page = buyer.get(app, buyer.press(app).headers["Location"].removeprefix("http://localhost"))
    assert "waiting for the bank" in page.get_data(as_text=True)
    assert order_of(buyer)[1][-1].state == "unknown"
    if does_it_first:
        stripe.pay("cs_live_0001")
    payments.reconcile(get_providers(), now=utc_now() + timedelta(minutes=2))
    order, attempts = order_of(buyer)
    assert (order.state, attempts[-1].state) == (("paid", "succeeded") if does_it_first else ("placed", "cancelled"))
    assert len(stripe.sessions) == int(does_it_first)


def test_r8_money_is_found_though_its_message_was_lost(app: Flask, stripe: Double, buyer: Buyer) -> None:
    buyer.press(app)
    stripe.pay("cs_live_0001")
    assert payments.reconcile(get_providers(), now=utc_now() + timedelta(minutes=5)) == 0
    assert payments.reconcile(get_providers(), now=utc_now() + timedelta(minutes=11)) == 1
    assert order_of(buyer)[0].state == "paid"


def test_money_that_comes_too_late_goes_back_once(app: Flask, stripe: Double, buyer: Buyer, lamp: int) -> None:
    """The order was cancelled before the money came; the worker gives it back, once however often it is told to."""
    buyer.press(app)
    order = order_of(buyer)[0]
    with unit_of_work() as tx:
        owner = make_user(tx, role="owner")
    order_service.advance(order.number, to_state="cancelled", note="", version=1, user_id=owner, now=utc_now())
    tell(app, *completed(stripe))
    assert (order_of(buyer)[0].state, order_of(buyer)[1][-1].state, shelf(lamp)) == ("cancelled", "refunded", (5, 0))
    stripe.silent = 1
    for minutes in (0, 2, 4):
        outbox.drain(lambda _mail, _name: None, now=utc_now() + timedelta(minutes=minutes))
    assert stripe.refunds == [{"payment_intent": "pi_cs_live_0001"}]
    assert stripe.keys[-1].endswith("-refund")


def test_late_money_of_somebody_who_deleted_the_account_goes_back(
    app: Flask, stripe: Double, buyer: Buyer, lamp: int
) -> None:
    """The time of the order had run out, and there is no address any more to which it could be sent."""
    buyer.press(app)
    checkout.sweep(now=utc_now() + timedelta(hours=2))
    with unit_of_work() as tx:
        ana = make_user(tx)
        users.move_guest(tx, buyer.actor.guest_id or 0, ana)
    privacy.delete_account(ana, PASSWORD, keep_reviews=False, now=utc_now())
    tell(app, *completed(stripe))
    assert (order_of(buyer)[0].state, order_of(buyer)[1][-1].state, shelf(lamp)) == ("cancelled", "refunded", (5, 0))


def test_an_order_paid_in_two_ways_gives_the_second_back(app: Flask, stripe: Double, buyer: Buyer) -> None:
    buyer.press(app)
    told = completed(stripe)
    order = order_of(buyer)[0]
    other = payments.open_payment(order.order_id, "test", now=utc_now())
    assert other is not None
    payments.choose_outcome(other, "success", now=utc_now())
    assert tell(app, *told).get_data(as_text=True) == "applied"
    assert [row.state for row in order_of(buyer)[1]] == ["refunded", "succeeded"]
    outbox.drain(lambda _mail, _name: None, now=utc_now())
    assert len(stripe.refunds) == 1


def test_what_was_given_back_at_stripe_already_is_done(app: Flask, stripe: Double, buyer: Buyer) -> None:
    """An owner did so in Stripe's dashboard first; the shop asked for it every hour ever after."""
    buyer.press(app)
    tell(app, *completed(stripe))
    stripe.gave_back_already = True
    attempt = order_of(buyer)[1][0]
    with unit_of_work() as tx:
        payments.give_back(tx, attempt, from_states=("succeeded",), now=utc_now())
    outbox.drain(lambda _mail, _name: None, now=utc_now())
    with read_unit() as tx:
        assert operations.messages_due(tx, now=utc_now() + timedelta(days=1), limit=9) == []


def test_a_refused_beginning_offers_another_way(app: Flask, stripe: Double, buyer: Buyer) -> None:
    stripe.refuses = True
    page = buyer.get(app, buyer.press(app).headers["Location"].removeprefix("http://localhost"))
    text = page.get_data(as_text=True)
    assert "Pay your order" in text
    assert 'value="test"' in text
    assert order_of(buyer)[1][-1].state == "declined"


def test_the_policy_lets_a_form_lead_to_stripe_only_where_it_is_used(app: Flask) -> None:
    assert "stripe" not in content_security_policy("nonce")
    assert "form-action 'self' https://checkout.stripe.com" in content_security_policy(
        "nonce", ("https://checkout.stripe.com",)
    )


@pytest.mark.parametrize("given", [{"STRIPE_SECRET_KEY": "sk_live_x"}, {"STRIPE_WEBHOOK_SECRET": "whsec_x"}])
def test_half_of_the_keys_stops_the_start(given: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("settings")
    with pytest.raises(ConfigError, match="needed both"):
        Config.from_environment({"INSTANCE_PATH": str(folder)} | given, env_file=folder / "none")


def test_r8_a_provider_that_hangs_keeps_no_duty_of_the_worker_waiting_long(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty payments without an answer took the worker's whole time for minutes; letters and stock waited."""
    with unit_of_work() as tx:
        mug = make_product(tx, stock=50, price_cents=2000)
        buyers = gather(tx, [[(variant_of(tx, mug), 1)]] * 12)
    for buyer in buyers:
        buyer.press(app)
    passed, asked = [0.0], []
    monkeypatch.setattr(time, "monotonic", lambda: passed[0])

    class Hangs(TestProvider):
        def ask(self, payment: PaymentRow) -> None:
            asked.append(payment.payment_id)
            passed[0] += 8
            raise ProviderSilent("ConnectTimeout")

    for _minute in range(3):
        before = passed[0]
        payments.reconcile({"test": Hangs()}, now=utc_now() + timedelta(minutes=11))
        assert passed[0] - before < 60
    assert sorted(asked) == sorted(set(asked)), "what was not asked about is asked first the next time"
    assert len(asked) == len(buyers)
