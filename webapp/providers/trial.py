"""The stand-in that moves no money: the shopper chooses what a provider would answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from webapp.buying import BadSignature, Begun, PaymentLinks, ProviderEvent
from webapp.store.orders import PaymentRow


class TestProvider:
    """The labelled test payment."""

    __test__ = False  # the name begins like a test class; pytest must not collect it
    code = "test"
    is_test = True

    def label(self) -> str:
        """Name the way to pay, for a shopper."""
        return _("Test payment")

    def start(self, payment: PaymentRow, links: PaymentLinks) -> Begun:
        """Send the shopper to the page that stands in for a bank."""
        return Begun(url_for("trial.show", token=links.token))

    def ask(self, payment: PaymentRow) -> ProviderEvent | None:
        """Answer at last for a payment that was left without an answer: it went through."""
        return self.event(payment, "succeeded") if payment.state == "unknown" else None

    def refund(self, payment: PaymentRow) -> None:
        """Give nothing back: nothing was taken."""

    def read(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent | None:
        """Refuse: nobody sends messages for a stand-in."""
        raise BadSignature

    def event(self, payment: PaymentRow, kind: str) -> ProviderEvent:
        """Make the event a real provider would send."""
        event_id = f"{payment.reference}:{kind}"
        return ProviderEvent(event_id, payment.reference, kind, payment.amount_cents, payment.currency)
