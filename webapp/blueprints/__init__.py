"""URLs: parse the request, call one service, render."""

from __future__ import annotations

from flask import Flask


def register_blueprints(app: Flask) -> None:
    """Register every part of the site."""
    from webapp.blueprints import account, admin, alerts, api, cart, checkout, health, indexes, reviews, shop, taste

    for part in (shop, indexes, alerts, account, cart, checkout, reviews, taste, api, health, admin):
        app.register_blueprint(part.bp)
