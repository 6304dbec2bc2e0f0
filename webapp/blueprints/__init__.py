"""URLs: parse the request, call one service, render."""

from __future__ import annotations

from flask import Flask


def register_blueprints(app: Flask) -> None:
    """Register every part of the site."""
    from webapp.blueprints import (
        account,
        admin,
        alerts,
        api,
        cart,
        checkout,
        health,
        indexes,
        reviews,
        shop,
        taste,
        webhooks,
    )

    for part in (shop, indexes, alerts, account, cart, checkout, reviews, taste, webhooks, api, health, admin):
        app.register_blueprint(part.bp)
    if app.config["TEST_PAYMENTS"]:
        from webapp.blueprints import trial

        app.register_blueprint(trial.bp)
