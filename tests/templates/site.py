"""A small app around the real templates: every endpoint they name, no database, no services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, render_template
from flask_babel import Babel
from jinja2 import StrictUndefined

from webapp import formatting
from webapp.assets import register_assets
from webapp.viewmodels import Chrome, Page, RailsPartial

ROOT = Path(__file__).resolve().parents[2]
NONCE = "bm9uY2Utb2YtdGhlLXRlc3Q"

ENDPOINTS = {
    "shop.home": "/",
    "shop.category": "/c/<slug>",
    "shop.search": "/search",
    "shop.search_order": "/search/order",
    "shop.photo": "/search/photo",
    "shop.search_photo": "/search/photo",
    "shop.suggest": "/search/suggest",
    "shop.product": "/p/<int:product_id>-<slug>",
    "shop.rails": "/rails",
    "shop.about_demo": "/about-this-demo",
    "shop.theme": "/theme",
    "shop.language": "/language",
    "indexes.feed": "/feed.xml",
    "cart.show": "/cart",
    "cart.add": "/cart/add",
    "cart.update": "/cart/line/<int:line_id>",
    "cart.remove": "/cart/line/<int:line_id>/remove",
    "cart.save": "/cart/line/<int:line_id>/save",
    "cart.undo": "/cart/undo",
    "cart.confirm": "/cart/confirm",
    "cart.voucher": "/cart/voucher",
    "cart.voucher_remove": "/cart/voucher/remove",
    "checkout.start": "/checkout",
    "checkout.contact": "/checkout/contact",
    "checkout.delivery": "/checkout/delivery",
    "checkout.payment": "/checkout/payment",
    "checkout.review": "/checkout/review",
    "checkout.place": "/checkout/place",
    "checkout.pay": "/checkout/pay/<token>",
    "checkout.done": "/checkout/done/<token>",
    "checkout.show_order": "/checkout/order/<token>",
    "account.register": "/account/register",
    "account.sign_in": "/account/sign-in",
    "account.sign_out": "/account/sign-out",
    "account.forgot": "/account/forgot",
    "account.reset": "/account/reset/<token>",
    "account.new_email": "/account/email",
    "account.confirm_email": "/account/email/<token>",
    "account.overview": "/account",
    "account.orders": "/account/orders",
    "account.order": "/account/orders/<number>",
    "account.invoice": "/account/orders/<number>/invoice",
    "account.order_cancel": "/account/orders/<number>/cancel",
    "account.reorder": "/account/orders/<number>/reorder",
    "account.reviews": "/account/reviews",
    "account.alerts": "/account/alerts",
    "account.wishlist": "/wishlist",
    "account.wish": "/wishlist/<int:product_id>",
    "account.addresses": "/account/addresses",
    "account.security": "/account/security",
    "account.end_session": "/account/sessions/end",
    "account.privacy": "/account/privacy",
    "account.export": "/account/export",
    "account.delete": "/account/delete",
    "alerts.add": "/p/<int:product_id>/alert",
    "alerts.stop": "/alerts/stop/<token>",
    "alerts.remove": "/account/alerts/<int:alert_id>/remove",
    "reviews.rate": "/p/<int:product_id>/rate",
    "reviews.write": "/p/<int:product_id>/review",
    "taste.show": "/your-recommendations",
    "taste.feedback": "/your-recommendations/feedback",
    "taste.forget": "/your-recommendations/forget",
    "taste.pause": "/your-recommendations/pause",
    "taste.tune": "/your-recommendations/tune",
    "taste.use": "/your-recommendations/use",
    "api.feedback": "/api/feedback",
    "api.events": "/api/events",
    "api.openapi": "/api/openapi.json",
    "api.docs": "/api/docs",
    "admin.home": "/admin/",
    "admin.products": "/admin/products",
    "admin.product": "/admin/products/<int:product_id>",
    "admin.product_quick": "/admin/products/<int:product_id>/quick",
    "admin.orders": "/admin/orders",
    "admin.order": "/admin/orders/<number>",
    "admin.vouchers": "/admin/vouchers",
    "admin.voucher_switch": "/admin/vouchers/<code>/switch",
    "admin.rules": "/admin/rules",
    "admin.rule": "/admin/rules/<int:rule_id>",
    "admin.rule_expire": "/admin/rules/<int:rule_id>/expire",
    "admin.rule_delete": "/admin/rules/<int:rule_id>/delete",
    "admin.delivery": "/admin/delivery",
    "admin.delivery_add": "/admin/delivery/add",
    "admin.delivery_switch": "/admin/delivery/<code>/switch",
    "admin.models": "/admin/models",
    "admin.model_card": "/admin/models/<version>",
    "admin.retrain": "/admin/retrain",
    "admin.rollback": "/admin/rollback",
}


def make_app(leave_out: tuple[str, ...] = (), time_zone: str = "UTC", language: str = "en") -> Flask:
    """Build the app; a template that names a field or endpoint that does not exist fails at once."""
    app = Flask("templates", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(SECRET_KEY="only for these pages", TESTING=True)
    app.jinja_env.undefined = StrictUndefined
    translations = str(ROOT / "translations")
    Babel(
        app,
        default_timezone=time_zone,
        default_translation_directories=translations,
        locale_selector=lambda: language,
    )
    formatting.install(app)
    register_assets(app)
    app.jinja_env.globals["csrf_token"] = lambda: "token-of-the-test"
    for endpoint, rule in ENDPOINTS.items():
        if endpoint not in leave_out:
            app.add_url_rule(rule, endpoint, lambda **_: "", methods=["GET", "POST"])
    return app


def render(app: Flask, template: str, page: Page | RailsPartial, chrome: Chrome | None = None, path: str = "/") -> str:
    """Render one template as a view function would."""
    variables: dict[str, Any] = {"page": page, "chrome": chrome or Chrome(), "csp_nonce": NONCE}
    with app.test_request_context(path):
        return render_template(template, **variables)
