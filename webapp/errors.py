"""What can go wrong in the shop, and how each is told: a page for people, a problem document for programs."""

# ruff: noqa: N818 - the names say what happened to the reader, "NotFoundError" says it twice

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from webapp.security import page_of_form
from webapp.viewmodels import ErrorPage, PageMeta

log = logging.getLogger(__name__)
PROBLEM_TYPE = "application/problem+json"
CSRF = "csrf"


class ShopError(Exception):
    """Something the caller can understand and perhaps mend.

    Parameters
    ----------
    message : str, optional
        One sentence for the reader, already translated. Empty: the class's own sentence.
    **details
        Facts added to the problem document, for instance ``errors`` or ``available``.
    """

    status = 400
    code = "bad-request"
    title: Any = _l("That request cannot be answered")
    sentence: Any = _l("Please go back and try again.")

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message or self.code)
        self.message = message
        self.details = details
        self.headers: dict[str, str] = {}

    @property
    def text(self) -> str:
        """The sentence shown to the reader."""
        return self.message or str(self.sentence)


class InvalidInput(ShopError):
    """Fields that cannot be used; ``errors`` maps each field's name to a sentence."""

    status, code = 422, "invalid-input"
    title = _l("Some fields need another look")
    sentence = _l("Please mend the fields named below.")

    def __init__(self, errors: dict[str, str], message: str = "") -> None:
        super().__init__(message, errors=errors)
        self.errors = errors


class BadRequest(ShopError):
    """The request as a whole is not understood."""


class NotSignedIn(ShopError):
    """Only for somebody who is signed in or shows a key."""

    status, code = 401, "not-signed-in"
    title = _l("Please sign in")
    sentence = _l("This is only for somebody who is signed in.")


class Forbidden(ShopError):
    """Known who you are; it is not yours to do."""

    status, code = 403, "forbidden"
    title = _l("That is not yours to do")
    sentence = _l("Your account or key does not allow this.")


class NotFound(ShopError):
    """Missing, hidden, or somebody else's: the answer is the same."""

    status, code = 404, "not-found"
    title = _l("We could not find that")
    sentence = _l("It may have moved, or it was never here.")


class Gone(ShopError):
    """A link that worked once, or whose time is over."""

    status, code = 410, "gone"
    title = _l("This link is used up")
    sentence = _l("It worked once, or its time has passed.")


class Conflict(ShopError):
    """True a moment ago, not any more."""

    status, code = 409, "conflict"
    title = _l("Something changed in the meantime")
    sentence = _l("Please look at the page again.")


class OutOfStock(Conflict):
    """Fewer left than asked for; ``available`` says how many."""

    code = "out-of-stock"
    title = _l("Not enough left")
    sentence = _l("There are fewer left than you asked for.")


class TooManyRequests(ShopError):
    """Too often in too short a time; ``retry_after`` is in seconds."""

    status, code = 429, "too-many-requests"
    title = _l("A little too fast")
    sentence = _l("Please wait a moment and try again.")

    def __init__(self, retry_after: int, message: str = "") -> None:
        super().__init__(message, retry_after=retry_after)
        self.headers["Retry-After"] = str(retry_after)


class Busy(ShopError):
    """The database had no turn for us within its patience; nothing was written."""

    status, code = 503, "busy"
    title = _l("The shop is very busy")
    sentence = _l("Nothing was lost. Please try again in a moment.")

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.headers["Retry-After"] = "2"


class Away(Busy):
    """The database cannot be reached, or went away; what was being written may or may not be there."""

    code = "away"
    title = _l("The shop is away for a moment")
    sentence = _l("Its database does not answer. Please try again in a moment.")

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.headers["Retry-After"] = "5"


class Unwritable(Busy):
    """The database can be read but takes nothing: a full disk, one that is read-only. Nothing was written."""

    code = "unwritable"
    title = _l("Nothing can be written down right now")

    def __init__(self) -> None:
        super().__init__(_("You can look around. To sign in, to order or to change something, please come back later."))
        self.headers["Retry-After"] = "60"


class RecsUnavailable(Exception):
    """The recommender cannot answer now; whoever asked fills the page by other means."""


def problem(status: int, code: str, title: str, detail: str, **extra: Any) -> Response:
    """Build an RFC 9457 problem document."""
    body = {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail}
    body["request_id"] = g.get("request_id", "")
    answer = jsonify(body | extra)
    answer.status_code = status
    answer.mimetype = PROBLEM_TYPE
    return answer


def wants_json() -> bool:
    """Whether the caller is a program: an API path, or JSON preferred over HTML."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", PROBLEM_TYPE], default="text/html")
    return best != "text/html"


def render(error: ShopError) -> Response:
    """Tell ``error`` in the form the caller understands."""
    if wants_json():
        answer = problem(error.status, error.code, str(error.title), error.text, **error.details)
    else:
        answer = current_app.make_response(render_template("errors/error.html", page=_page(error)))
        answer.status_code = error.status
    answer.headers.update(error.headers)
    if "Retry-After" in error.headers:
        g.retry_after = error.headers["Retry-After"]
    if error.status == HTTPStatus.UNAUTHORIZED and request.path.startswith("/api/"):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="shop"'
    return answer


def _page(error: ShopError) -> ErrorPage:
    retry_after = error.details.get("retry_after")
    return ErrorPage(
        meta=PageMeta(title=str(error.title), is_indexed=False),
        status=error.status,
        heading=str(error.title) if error.message else "",
        detail=error.message,
        request_id=g.get("request_id", ""),
        retry_after=retry_after,
        retry_url=_retry_url() if error.status >= HTTPStatus.TOO_MANY_REQUESTS or error.code == CSRF else "",
    )


def _retry_url() -> str:
    """Return the address to try again at: this one or, when a form was sent, the page with the form."""
    if request.method == "GET":
        return request.path
    return page_of_form()


HTTP_TITLES = {405: _l("That is not how this works"), 413: _l("That was too much at once")}


class _FromHttp(ShopError):
    """An error Werkzeug raised, told in our words where we have some."""

    def __init__(self, error: HTTPException) -> None:
        super().__init__()
        self.status = error.code or 500
        known: type[ShopError] | None = {404: NotFound, 403: Forbidden, 401: NotSignedIn, 429: TooManyRequests}.get(
            self.status
        )
        phrase = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else "Error"
        self.code = known.code if known else phrase.lower().replace(" ", "-")
        self.title = known.title if known else HTTP_TITLES.get(self.status, phrase)
        self.sentence = known.sentence if known else ShopError.sentence
        kept = ("Allow", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
        self.headers = {name: value for name, value in error.get_headers() if name in kept}


def _http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is not None and error.code < 400:
        return error
    if isinstance(error, SecurityError):  # an unknown host: no address can be built for a page
        return Response("This address is not served here.", 400, mimetype="text/plain")
    return render(_FromHttp(error))


def _csrf_error(error: CSRFError) -> Response:
    sentence = _("This form was open for too long or came from elsewhere. Please load the page again.")
    if request.path.startswith("/api/"):
        sentence = _("Send a key (Authorization: Bearer ...), or as X-CSRFToken the csrf_token of GET /api/session.")
    elif current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        sentence = _(
            "Your browser sent no cookie, which cart and account cannot do without. "
            "Please allow cookies for this shop, then load the page again."
        )
    refused = BadRequest(sentence)
    refused.code = CSRF
    return render(refused)


def _crash(error: Exception) -> Response:
    log.exception("unexpected_error", extra={"endpoint": request.endpoint})
    failed = ShopError()
    failed.status, failed.code = 500, "internal-error"
    failed.title = _("Something went wrong on our side")
    failed.message = _("It has been written down. Please try again in a moment.")
    try:
        return render(failed)
    except Exception:  # the error page itself failed: say it in plain text rather than not at all
        log.exception("error_page_failed")
        return Response(f"{failed.title}. {failed.message}", 500, mimetype="text/plain")


def register_error_handlers(app: Flask) -> None:
    """Render every error the same way, in tests too."""
    app.register_error_handler(ShopError, render)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)
