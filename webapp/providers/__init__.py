"""Who takes money for the shop: the labelled test payment, and Stripe where its keys are set."""

from __future__ import annotations

from flask import current_app

from config import Config
from webapp.buying import PaymentProvider
from webapp.providers.trial import TestProvider


def providers_from_config(config: Config) -> dict[str, PaymentProvider]:
    """Return the ways to pay that the settings offer, by code."""
    found: dict[str, PaymentProvider] = {}
    if config["STRIPE_SECRET_KEY"]:
        from webapp.providers.stripe_checkout import StripeProvider

        found["stripe"] = StripeProvider(config["STRIPE_SECRET_KEY"], config["STRIPE_WEBHOOK_SECRET"])
    if config["TEST_PAYMENTS"]:
        found["test"] = TestProvider()
    return found


def get_providers() -> dict[str, PaymentProvider]:
    """Return the ways to pay of the present application."""
    found: dict[str, PaymentProvider] = current_app.extensions["payment_providers"]
    return found
