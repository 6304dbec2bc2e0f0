"""A stand-in for Stripe's API on this machine, and its messages, written by hand after the public documentation."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRET = "whsec_only_for_these_tests"


@dataclass
class Double:
    """What the stand-in knows and was asked. ``silent`` is how many coming requests it answers with silence."""

    url: str = ""
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, str]] = field(default_factory=list)
    answered: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    silent: int = 0
    does_it_first: bool = False
    refuses: bool = False
    gave_back_already: bool = False

    def create_session(self, form: dict[str, str]) -> dict[str, Any]:
        number = f"cs_live_{len(self.sessions) + 1:04}"
        made = {
            "id": number,
            "object": "checkout.session",
            "amount_total": int(form["line_items[0][price_data][unit_amount]"]),
            "client_reference_id": form["client_reference_id"],
            "currency": form["line_items[0][price_data][currency]"],
            "metadata": {"order": form["metadata[order]"], "attempt": form["metadata[attempt]"]},
            "mode": "payment",
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "url": f"https://checkout.stripe.com/c/pay/{number}",
        }
        self.sessions[number] = made
        return made

    def pay(self, number: str) -> None:
        """The shopper pays on Stripe's page."""
        paid = {"payment_status": "paid", "status": "complete", "payment_intent": f"pi_{number}"}
        self.sessions[number] |= paid

    def answer(self, method: str, path: str, form: dict[str, str], key: str) -> tuple[int, dict[str, Any]]:
        if method == "POST" and key in self.answered:
            asked, before = self.answered[key]
            if asked != form:
                return 400, {"error": {"type": "idempotency_error", "message": "Keys are for the same parameters."}}
            return 200, before
        if self.refuses:
            return 402, {"error": {"type": "card_error", "code": "account_closed", "message": "Not with us."}}
        status, body = self._do(method, path, form)
        if method == "POST" and status == 200:
            self.answered[key] = (form, dict(body))
        return status, body

    def _do(self, method: str, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if (method, path) == ("POST", "/v1/checkout/sessions"):
            return 200, self.create_session(form)
        if (method, path) == ("GET", "/v1/checkout/sessions"):
            newest_first = list(reversed(self.sessions.values()))
            return 200, {"object": "list", "data": newest_first, "has_more": False, "url": path}
        if (method, path) == ("POST", "/v1/refunds") and self.gave_back_already:
            what = {"type": "invalid_request_error", "code": "charge_already_refunded", "message": "Already refunded."}
            return 400, {"error": what}
        if (method, path) == ("POST", "/v1/refunds"):
            self.refunds.append(form)
            return 200, {"id": f"re_{len(self.refunds)}", "object": "refund", "status": "succeeded", **form}
        found = self.sessions.get(path.rpartition("/")[2])
        missing = {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such thing."}}
        return (200, found) if found else (404, missing)


@contextmanager
def double() -> Iterator[Double]:
    """Run the stand-in on a free port."""
    known = Double()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            self._answer({name: values[0] for name, values in parse_qs(raw, keep_blank_values=True).items()})

        def _answer(self, form: dict[str, str]) -> None:
            key = self.headers.get("Idempotency-Key", "")
            known.keys.append(key)
            if known.silent:
                known.silent -= 1
                if known.does_it_first:
                    known.answer(self.command, urlsplit(self.path).path, form, key)
                self.close_connection = True
                return
            status, body = known.answer(self.command, urlsplit(self.path).path, form, key)
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()


def message(kind: str, session: dict[str, Any], *, number: str = "evt_1", at: datetime) -> bytes:
    """Return a message as Stripe sends it, with the fields its documentation shows."""
    event = {
        "id": number,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(at.timestamp()),
        "data": {"object": session},
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    return json.dumps(event, indent=2).encode()


def signed(body: bytes, *, at: datetime, secret: str = SECRET) -> dict[str, str]:
    """Return the header Stripe signs a message with."""
    moment = str(int(at.timestamp()))
    own = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={own},v0=not-used", "Content-Type": "application/json"}
