"""Response headers that keep a page to itself, and the rule for addresses we redirect to."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from flask import Flask, Request, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from webapp.assets import FILES

MAX_NEXT_LENGTH = 2000
SENT = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED})  # the file, and no error
# What these show belongs to somebody: no browser keeps it, so that Back after signing out has nothing to show.
OF_SOMEBODY = frozenset({"account", "admin", "checkout", "taste", "trial"})
PERMISSIONS = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()"


def csp_nonce() -> str:
    """Return this request's nonce, the only pass for an inline script or style."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def content_security_policy(nonce: str, pay_pages: tuple[str, ...] = ()) -> str:
    """Build the policy: our own origin, nonces for what is inline, nothing else.

    A form of the checkout may lead on to ``pay_pages``: browsers hold the redirect after a form to the policy, too.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            " ".join(("form-action 'self'", *pay_pages)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def register_security_headers(app: Flask, *, https: bool, pay_pages: tuple[str, ...] = ()) -> None:
    """Add the headers to every answer."""

    @app.after_request
    def add(answer: Response) -> Response:
        headers = answer.headers
        headers.setdefault("Content-Security-Policy", content_security_policy(csp_nonce(), pay_pages))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", PERMISSIONS)
        if https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint in FILES and "v" in request.args and answer.status_code in SENT:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"  # the address changes with the content
        is_kept = request.method == "GET" and request.blueprint not in OF_SOMEBODY
        headers.setdefault("Cache-Control", "private, no-cache" if is_kept else "private, no-store")
        return answer

    app.jinja_env.globals["csp_nonce"] = csp_nonce


def bearer_key(asked: Request) -> str | None:
    """Return the key that a program shows; None for any other header, such as what a proxy asked the browser for.

    That one goes along with all a browser sends, also with what a page elsewhere makes it send; a key never does.
    """
    scheme, _, key = asked.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def wait_only_when_refused(answer: Response) -> Response:
    """Let ``Retry-After`` say what an error knew (``g.retry_after``); else only a limiter's refusal has it.

    The limiter puts the end of its minute on every answer: beside a redirect that means "redirect later", beside an
    error it makes a wait of two seconds a minute long. To be registered before the limiter, so that it runs after it.
    """
    if "retry_after" in g:
        answer.headers["Retry-After"] = g.retry_after
    elif answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        answer.headers.pop("Retry-After", None)
    return answer


def is_safe_path(target: str) -> bool:
    """Whether ``target`` is a path on this site and can be nothing else in any browser.

    Browsers drop tabs and newlines inside an address and read a backslash as a slash, so ``/\\t/evil`` and ``/\\evil``
    leave the site although they begin with one slash; their percent-encoded forms are refused as well.
    """
    if not target or len(target) > MAX_NEXT_LENGTH or not target.startswith("/") or target.startswith("//"):
        return False
    if any(character <= " " or character in "\x7f\\" for character in target):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    if parts.scheme or parts.netloc:
        return False
    return not parts.path.lower().startswith(("/%09", "/%0a", "/%0d", "/%5c", "/%2f", "/%20"))


def safe_next(target: str | None, fallback: str) -> str:
    """Return ``target`` when it is safe to redirect to, else ``fallback``."""
    return target if target and is_safe_path(target) else fallback


def address_here() -> str:
    """Return the path and query of what is asked for."""
    query = request.query_string.decode("ascii", "ignore")
    return request.path + (f"?{query}" if query else "")


def page_of_form() -> str:
    """Return the address of the page whose form was sent, empty when nothing tells it.

    That is this address where it can be opened too, else what the form calls the page to come back to, else what the
    browser says it came from.
    """
    told = (address_here(), _next_of_form(), _came_from())
    return next((target for target in told if is_safe_path(target) and _is_page(target)), "")


def _next_of_form() -> str:
    try:
        return request.form.get("next", "")
    except HTTPException:  # too large to be read, for instance
        return ""


def _came_from() -> str:
    try:
        came_from = urlsplit(request.referrer or "")
    except ValueError:  # no address at all
        return ""
    return came_from._replace(scheme="", netloc="", fragment="").geturl() if came_from.netloc == request.host else ""


def _is_page(target: str) -> bool:
    """Whether there is something to be opened at a path of this site."""
    return current_app.url_map.bind("").test(unquote(urlsplit(target).path), "GET")
