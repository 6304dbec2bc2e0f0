"""Addresses of the shop's pages, and signed links to orders."""

from __future__ import annotations

from typing import Any

from flask import current_app, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer

from webapp.errors import NotFound
from webapp.memo import per_request

WIDTHS = (320, 640, 960)
ORDER_SALT, ALERT_SALT = "order-link", "alert-link"


def product_url(product_id: int, slug: str, **more: Any) -> str:
    """Return the address of a product's page."""
    return url_for("shop.product", product_id=product_id, slug=slug, **more)


def picture_url(stem: str, width: int) -> str:
    """Return the address of a picture in one width; a page has hundreds, so the part they share is built once."""
    shared = per_request("media", lambda: url_for("shop.media", name="x").removesuffix("x"))
    return f"{shared}{stem}-{width}.webp"


def site_url() -> str:
    """Return the shop's own address without a slash at the end: the configured one, else the one asked for."""
    return str(current_app.config["SITE_URL"] or request.host_url.rstrip("/"))


def absolute(path: str) -> str:
    """Make an address of this site complete."""
    return site_url() + path


def mailed_url(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page for a letter, which is written while nobody asks for a page.

    It begins with the configured address and never with the host that a request named.
    """
    config = current_app.config
    host = "localhost" if config["HOST"] in {"0.0.0.0", "::"} else config["HOST"]  # noqa: S104 - compared, not bound
    base = config["SITE_URL"] or f"http://{host}:{config['PORT']}"
    return str(base) + current_app.url_map.bind("localhost").build(endpoint, values)


def _signer(salt: str = ORDER_SALT) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=salt)


def order_token(order_id: int) -> str:
    """Return the unguessable part of the link to an order; nothing about it is stored."""
    return str(_signer().dumps(order_id))


def order_from_token(token: str) -> int:
    """Read :func:`order_token`; a forged one is a page that does not exist."""
    try:
        return int(_signer().loads(token))
    except (BadSignature, TypeError, ValueError):
        raise NotFound from None


def alert_token(alert_id: int) -> str:
    """Return the unguessable part of the link that ends letters about stock."""
    return str(_signer(ALERT_SALT).dumps(alert_id))


def alert_from_token(token: str) -> int:
    """Read :func:`alert_token`; a forged one is a page that does not exist."""
    try:
        return int(_signer(ALERT_SALT).loads(token))
    except (BadSignature, TypeError, ValueError):
        raise NotFound from None
