"""Stripe: the shopper pays on Stripe's own page, and Stripe tells the shop by a signed message.

A message counts only if its signature over the raw body is right and no older than five minutes. Everything asked of
Stripe carries an idempotency key made of order and attempt, so asking twice charges once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import stripe
from flask_babel import gettext as _

from webapp.buying import BadSignature, Begun, PaymentLinks, PaymentRefused, ProviderEvent, ProviderSilent
from webapp.store.orders import PaymentRow

TOLERANCE_SECONDS = 300
TIMEOUT_SECONDS = 8.0
LONGEST_NUMBER = 120  # of a message, as its table has it; Stripe's own are a quarter of that
SIGNATURE = "Stripe-Signature"
ALREADY_REFUNDED = "charge_already_refunded"
KINDS = {
    "checkout.session.completed": "succeeded",
    "checkout.session.async_payment_succeeded": "succeeded",
    "checkout.session.async_payment_failed": "declined",
    "checkout.session.expired": "cancelled",
}
Result = TypeVar("Result")


class StripeProvider:
    """Stripe Checkout.

    Parameters
    ----------
    secret_key : str
        The account's secret key; one that begins with ``sk_test_`` or ``rk_test_`` moves no money.
    webhook_secret : str
        Signs what Stripe sends to the shop.
    api_base : str, optional
        Another address of the API, for tests.
    """

    code = "stripe"

    def __init__(self, secret_key: str, webhook_secret: str, *, api_base: str = "") -> None:
        self.is_test = secret_key.startswith(("sk_test_", "rk_test_"))
        self.webhook_secret = webhook_secret
        addresses: Any = {"api": api_base} if api_base else {}
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses=addresses,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            max_network_retries=0,
        )

    def label(self) -> str:
        """Name the way to pay, for a shopper."""
        return _("Card and more, through Stripe")

    def start(self, payment: PaymentRow, links: PaymentLinks) -> Begun:
        """Open a page at Stripe for this attempt; the same attempt gets the same page."""
        wanted: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": payment.reference,
            "metadata": {"order": links.order_number, "attempt": str(payment.attempt)},
            "payment_intent_data": {"metadata": {"order": links.order_number}},
            "customer_email": links.email,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": payment.currency.lower(),
                        "unit_amount": payment.amount_cents,
                        "product_data": {"name": links.title},
                    },
                }
            ],
            "success_url": links.done_url,
            "cancel_url": links.back_url,
        }
        session = _asked(
            lambda: self._client.v1.checkout.sessions.create(
                params=wanted,  # type: ignore[arg-type]  # a plain dictionary is what is sent
                options={"idempotency_key": _key(payment)},
            )
        )
        return Begun(str(session.url), str(session.id))

    def ask(self, payment: PaymentRow) -> ProviderEvent | None:
        """Look how the attempt stands; one that Stripe knows nothing of can no longer be paid."""
        session = self._session_of(payment)
        if session is None:
            event_id = f"asked:{payment.reference}:never-begun"
            return ProviderEvent(event_id, payment.reference, "cancelled", payment.amount_cents, payment.currency)
        state = _state(session)
        return _event(f"asked:{session['id']}:{state}", state, session) if state else None

    def refund(self, payment: PaymentRow) -> None:
        """Give everything back, once; what the owner gave back at Stripe already is done."""
        session = self._session_of(payment)
        if session is None or not session.get("payment_intent"):
            raise PaymentRefused("nothing was paid in this attempt")
        intent = str(session["payment_intent"])
        options: Any = {"idempotency_key": f"{_key(payment)}-refund"}
        try:
            _asked(lambda: self._client.v1.refunds.create(params={"payment_intent": intent}, options=options))
        except PaymentRefused as refusal:
            if str(refusal) != ALREADY_REFUNDED:
                raise

    def read(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent | None:
        """Check and read a message; None for one that is about something else.

        Raises
        ------
        BadSignature
            If it was not signed with our secret within the last five minutes, or holds what no payment can.
        """
        check_signature(body, headers.get(SIGNATURE, ""), self.webhook_secret, now=now)
        try:
            message = json.loads(body)
            session, kind = message["data"]["object"], KINDS.get(message["type"])
            if kind is None or not session.get("client_reference_id"):
                return None
            if kind == "succeeded" and session.get("payment_status") == "unpaid":
                kind = "pending"
            return _storable(_event(str(message["id"]), kind, session))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise BadSignature(type(error).__name__) from error

    def _session_of(self, payment: PaymentRow) -> dict[str, Any] | None:
        """Return the attempt as Stripe has it; one whose beginning went unanswered is looked for by our own number."""
        sessions = self._client.v1.checkout.sessions
        if payment.external_id:
            return _asked(lambda: sessions.retrieve(payment.external_id)).to_dict()
        since = int(payment.created_at.timestamp()) - 60
        found = _asked(lambda: list(sessions.list(params={"limit": 100, "created": {"gte": since}}).auto_paging_iter()))
        mine = (session.to_dict() for session in found)
        return next((session for session in mine if session["client_reference_id"] == payment.reference), None)


def check_signature(body: bytes, header: str, secret: str, *, now: datetime) -> None:
    """Compare the signatures of a message with our own over the very bytes that came."""
    parts = [part.partition("=") for part in header.split(",")]
    moments = [value for name, _equal, value in parts if name.strip() == "t"]
    given = [value for name, _equal, value in parts if name.strip() == "v1"]
    if len(moments) != 1 or not (moments[0].isascii() and moments[0].isdigit()) or len(moments[0]) > 12:
        raise BadSignature
    own = hmac.new(secret.encode(), f"{moments[0]}.".encode() + body, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(own, one.encode("ascii", "replace").decode()) for one in given):
        raise BadSignature
    if abs(now.timestamp() - int(moments[0])) > TOLERANCE_SECONDS:
        raise BadSignature


def _key(payment: PaymentRow) -> str:
    return f"order-{payment.order_id}-attempt-{payment.attempt}-{payment.reference[:8]}"


def _state(session: Mapping[str, Any]) -> str:
    if session["payment_status"] in {"paid", "no_payment_required"}:
        return "succeeded"
    return "cancelled" if session["status"] == "expired" else ""


def _event(event_id: str, kind: str, session: Mapping[str, Any]) -> ProviderEvent:
    return ProviderEvent(
        event_id,
        str(session["client_reference_id"]),
        kind,
        int(session["amount_total"]),
        str(session["currency"]).upper(),
        {"session": str(session["id"])},
        str((session.get("metadata") or {}).get("order", "")),
    )


def _storable(event: ProviderEvent) -> ProviderEvent:
    """Return an event that a database can hold; ValueError for any other."""
    texts = (event.event_id, event.reference, event.order_number, *event.payload.values())
    "".join(texts).encode()  # half of a surrogate pair cannot be encoded
    if any("\0" in text for text in texts) or len(event.event_id) > LONGEST_NUMBER:
        raise ValueError("a text that no database holds")
    return event


def _asked(call: Callable[[], Result]) -> Result:
    """Ask Stripe; no answer, a server in trouble or too many questions is silence, a refusal is a refusal."""
    try:
        return call()
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise ProviderSilent(type(error).__name__) from error
    except stripe.StripeError as error:
        if (error.http_status or 500) >= 500:
            raise ProviderSilent(type(error).__name__) from error
        raise PaymentRefused(str(error.code or type(error).__name__)) from error
