"""Mail leaves after the transaction that caused it, and is tried again when it cannot."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

from flask import Flask

from tests.conftest import NOW
from webapp.services import outbox
from webapp.store import operations
from webapp.store.tx import unit_of_work


def put(topic: str = "mail.welcome", email: str = "ana@example.com") -> None:
    with unit_of_work() as tx:
        operations.add_message(tx, topic, {"email": email}, now=NOW)


def test_mail_is_sent_once(app: Flask, tmp_path: Path) -> None:
    put()
    with app.test_request_context():
        assert outbox.drain(outbox.file_sender(tmp_path), now=NOW) == 1
        assert outbox.drain(outbox.file_sender(tmp_path), now=NOW + timedelta(days=1)) == 0
    mail = next(tmp_path.glob("*.eml")).read_text(encoding="utf-8")
    assert "To: ana@example.com" in mail
    assert "Subject: Your account is ready" in mail


def test_what_fails_is_tried_again_later_and_later(app: Flask) -> None:
    tried: list[str] = []

    def refuse(_mail: EmailMessage, name: str) -> None:
        tried.append(name)
        raise ConnectionError("no route")

    put()
    with app.test_request_context():
        for seconds in (0, 10, 31, 60, 91, 200):
            outbox.drain(refuse, now=NOW + timedelta(seconds=seconds))
    assert len(tried) == 3


def test_a_message_for_nobody_is_laid_aside(app: Flask, tmp_path: Path) -> None:
    put("owner.payment_mismatch")
    with app.test_request_context():
        outbox.drain(outbox.file_sender(tmp_path), now=NOW)
        assert outbox.drain(outbox.file_sender(tmp_path), now=NOW) == 0
    assert list(tmp_path.glob("*.eml")) == []
