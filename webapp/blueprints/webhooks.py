"""Where payment providers send their messages. A message counts by its signature, not by a session."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, request

from webapp.buying import BadSignature
from webapp.clock import utc_now
from webapp.errors import BadRequest, NotFound
from webapp.providers import get_providers
from webapp.services.buying import payments

log = logging.getLogger(__name__)
bp = Blueprint("webhooks", __name__, url_prefix="/payments")


@bp.post("/<provider>/webhook")
def receive(provider: str) -> Response:
    """Take a provider's message; the same one again has no effect and the same answer."""
    known = get_providers().get(provider)
    if known is None:
        raise BadRequest
    try:
        event = known.read(request.get_data(cache=False), dict(request.headers), now=utc_now())
    except BadSignature as error:
        log.warning("webhook_refused", extra={"provider": provider, "reason": str(error) or "signature"})
        raise BadRequest from None
    if event is None:
        return Response("ignored", mimetype="text/plain")
    try:
        told = payments.apply_event(provider, event, now=utc_now())
    except NotFound:  # of another shop that shares the account
        told = "ignored"
    return Response(told, mimetype="text/plain")
