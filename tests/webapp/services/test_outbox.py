"""Mail leaves after the transaction that caused it, and is tried again when it cannot."""

import logging
import smtplib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import NOW
from webapp.services.upkeep import outbox
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


def test_one_that_cannot_be_written_keeps_no_other_waiting(app: Flask, tmp_path: Path) -> None:
    """An address that no header can hold, as an earlier version of the shop took it."""
    put(email="ana\u2028@example.com")
    put(email="bob@example.com")
    with app.test_request_context():
        assert outbox.drain(outbox.file_sender(tmp_path), now=NOW) == 1
        assert outbox.drain(outbox.file_sender(tmp_path), now=NOW + timedelta(minutes=2)) == 0


@pytest.mark.parametrize("attempts", [41, 42, 3000])
def test_one_that_was_refused_for_weeks_keeps_no_other_waiting(app: Flask, tmp_path: Path, attempts: int) -> None:
    """An address that no longer exists is tried every six hours, and a pause that doubles has an end."""
    put(email="gone@example.com")
    put(email="bob@example.com")
    with unit_of_work() as tx:
        operations.change_message(tx, 1, attempts=attempts)

    def send(mail: EmailMessage, name: str) -> None:
        if mail["To"] == "gone@example.com":
            raise ConnectionError("550 unknown user")
        outbox.file_sender(tmp_path)(mail, name)

    with app.test_request_context():
        assert outbox.drain(send, now=NOW) == 1
    with unit_of_work() as tx:
        assert operations.messages_due(tx, now=NOW + outbox.LONGEST_PAUSE - timedelta(seconds=1), limit=9) == []
        (again,) = operations.messages_due(tx, now=NOW + outbox.LONGEST_PAUSE + timedelta(minutes=1), limit=9)
    assert again.attempts == attempts + 1


def test_a_message_for_nobody_is_laid_aside(app: Flask, tmp_path: Path) -> None:
    put("owner.payment_mismatch")
    with app.test_request_context():
        outbox.drain(outbox.file_sender(tmp_path), now=NOW)
        assert outbox.drain(outbox.file_sender(tmp_path), now=NOW) == 0
    assert list(tmp_path.glob("*.eml")) == []


class Watch:
    """The clock of a mail server that takes its time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)


def test_who_comes_a_minute_later_leaves_alone_what_is_on_its_way(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters are slow: when the next minute begins the first worker is still at one that it took up lately."""
    watch, sent = Watch(monkeypatch), []
    for number in range(5):
        put(email=f"person{number}@example.com")

    def send(mail: EmailMessage, _name: str) -> None:
        sent.append(mail["To"])
        watch.seconds += 20
        if watch.seconds == 60:
            outbox.drain(lambda late, _name: sent.append(late["To"]), now=NOW + timedelta(seconds=61))

    with app.test_request_context():
        outbox.drain(send, now=NOW)
    assert sorted(sent) == sorted(set(sent))
    assert len(sent) == 5


def test_a_mail_server_that_does_not_answer_keeps_nobody_waiting_for_more_than_a_turn(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The duties of the next minute, such as letting go of reserved stock, are done by the same worker."""
    watch = Watch(monkeypatch)
    for _ in range(20):
        put()

    def hang(_mail: EmailMessage, _name: str) -> None:
        watch.seconds += 15
        raise TimeoutError("no answer")

    with app.test_request_context():
        outbox.drain(hang, now=NOW)
        assert watch.seconds <= outbox.TURN_SECONDS + 15
        # What was not begun is due at once, and not put off as if it had failed.
        assert outbox.drain(lambda _mail, _name: None, now=NOW + timedelta(seconds=1)) == 16


UNKNOWN = smtplib.SMTPRecipientsRefused({"gone@example.com": (550, b"5.1.1 <gone@example.com>: no such user")})


def days_of(error: Exception, *, days: int) -> list[datetime]:
    """Let a letter fail for some days and return when it was tried."""
    tried: list[datetime] = []

    def refuse(at: datetime) -> Callable[[EmailMessage, str], None]:
        def send(_mail: EmailMessage, _name: str) -> None:
            tried.append(at)
            raise error

        return send

    put(email="gone@example.com")
    for hours in range(24 * days):
        outbox.drain(refuse(NOW + timedelta(hours=hours)), now=NOW + timedelta(hours=hours))
    return tried


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "error",
    [
        UNKNOWN,
        smtplib.SMTPDataError(554, b"this is no letter for us"),
        smtplib.SMTPNotSupportedError("the server does not support SMTPUTF8"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_mail_server_refuses_for_good_is_given_up_after_some_days(app: Flask, error: Exception) -> None:
    with app.test_request_context():
        tried = days_of(error, days=10)
        assert timedelta(days=2) < tried[-1] - NOW < timedelta(days=5)
        (gone,) = outbox.given_up(now=tried[-1])
        assert (gone.address, gone.given_up_at.date()) == ("gone@example.com", tried[-1].date())
        assert outbox.given_up(now=NOW + timedelta(days=60)) == []


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("nobody listens"),
        smtplib.SMTPAuthenticationError(535, b"wrong password"),
        smtplib.SMTPSenderRefused(550, b"not from here", "shop@localhost"),
        smtplib.SMTPRecipientsRefused({"gone@example.com": (451, b"come back later")}),
        smtplib.SMTPDataError(452, b"the disk is full"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_can_be_mended_is_tried_for_as_long_as_it_takes(app: Flask, error: Exception) -> None:
    """A server that is away, a password or an address of our own that is wrong: then all letters wait."""
    with app.test_request_context():
        tried = days_of(error, days=12)
        assert tried[-1] > NOW + timedelta(days=11)
        assert outbox.given_up(now=tried[-1]) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UNKNOWN, "550 5.1.1 <\u2026>: no such user"),
        (smtplib.SMTPDataError(554, b"5.7.1 looks like spam\nsee our page"), "554 5.7.1 looks like spam"),
        (ConnectionRefusedError(111, "Connection refused"), "[Errno 111] Connection refused"),
        (TimeoutError(), "TimeoutError"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_the_log_says_why_a_letter_was_not_sent_and_names_nobody(
    app: Flask, caplog: pytest.LogCaptureFixture, error: Exception, reason: str
) -> None:
    with app.test_request_context(), caplog.at_level(logging.WARNING, logger="webapp"):
        days_of(error, days=1)
    assert {vars(record)["reason"] for record in caplog.records if record.message == "message_not_sent"} == {reason}
    assert "gone@" not in caplog.text
