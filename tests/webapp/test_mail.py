"""Mail leaves by a real mail server, in a file or on the terminal; a repeat is known by its Message-ID."""

import asyncio
import email
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from flask import Flask

from config import ConfigError, TestConfig, parse_settings
from tests.conftest import NOW
from tests.servers import free_port
from webapp import mail
from webapp.mail import Send, console_sender, file_sender, sender_from_config, smtp_sender
from webapp.services.upkeep import outbox
from webapp.store import operations
from webapp.store.tx import unit_of_work


class MailServer:
    """A real SMTP server on this machine that keeps what it is given; ``refuse`` makes it refuse so many letters.

    It rests ``think`` seconds before it answers a step, and says ``goodbye`` when somebody quits.
    """

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.refuse = 0
        self.think: dict[str, float] = {}
        self.goodbye = "221 bye"
        self.port = free_port()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  the server calls it so
        if self.refuse:
            self.refuse -= 1
            return "451 try again later"
        self.letters.append(email.message_from_bytes(envelope.content))
        await asyncio.sleep(self.think.get("DATA", 0))
        return "250 taken"

    async def handle_MAIL(  # noqa: N802  the server calls it so
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.think.get("MAIL", 0))
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 go on"

    async def handle_RCPT(  # noqa: N802  the server calls it so
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        await asyncio.sleep(self.think.get("RCPT", 0))
        envelope.rcpt_tos.append(address)
        return "250 go on"

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802  the server calls it so
        return self.goodbye


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    running = Controller(
        made,
        hostname="127.0.0.1",
        port=made.port,
        authenticator=lambda *given: AuthResult(success=given[-1] == LoginPassword(b"shop", b"a b"), handled=False),
        auth_require_tls=False,
    )
    running.start()
    try:
        yield made
    finally:
        running.stop()


def put(*, to: str = "ana@example.com", topic: str = "mail.welcome") -> None:
    with unit_of_work() as tx:
        operations.add_message(tx, topic, {"email": to}, now=NOW)


def test_a_letter_reaches_the_server(app: Flask, server: MailServer) -> None:
    put()
    assert outbox.drain(smtp_sender(f"smtp://127.0.0.1:{server.port}"), now=NOW) == 1
    letter = server.letters[0]
    assert (letter["To"], letter["From"]) == ("ana@example.com", "shop@localhost")
    assert letter["Subject"] == "Your account is ready"
    assert letter["Date"] == "Fri, 20 Nov 2026 12:00:00 +0000"


def test_name_and_password_are_given_where_the_address_has_some(app: Flask, server: MailServer) -> None:
    put()
    assert outbox.drain(smtp_sender(f"smtp://shop:a%20b@127.0.0.1:{server.port}"), now=NOW) == 1
    with pytest.raises(smtplib.SMTPAuthenticationError):
        smtp_sender(f"smtp://shop:wrong@127.0.0.1:{server.port}")(email.message.EmailMessage(), "x")


def test_what_the_server_refuses_is_sent_later_under_the_same_name(app: Flask, server: MailServer) -> None:
    put()
    server.refuse = 1
    send = smtp_sender(f"smtp://127.0.0.1:{server.port}")
    assert [outbox.drain(send, now=NOW + timedelta(seconds=after)) for after in (0, 10, 31)] == [0, 0, 1]
    assert len(server.letters) == 1


@pytest.mark.parametrize("goodbye", ["421 too busy to say goodbye", "500 what was that"])
def test_a_letter_that_was_taken_is_sent_whatever_the_server_says_on_parting(
    app: Flask, server: MailServer, goodbye: str
) -> None:
    """It was sent again and again, every six hours in the end."""
    put()
    server.goodbye = goodbye
    send = smtp_sender(f"smtp://127.0.0.1:{server.port}")
    assert [outbox.drain(send, now=NOW + timedelta(hours=after)) for after in (0, 7)] == [1, 0]
    assert len(server.letters) == 1


def test_a_letter_is_given_up_before_anybody_else_may_take_it_up(
    app: Flask, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No step is slow enough to be given up by itself; all of them together took longer than the letter was claimed."""
    assert timedelta(seconds=mail.SESSION_SECONDS) < outbox.CLAIM
    put()
    monkeypatch.setattr(mail, "SESSION_SECONDS", 0.5)
    server.think = {"MAIL": 0.3, "RCPT": 0.3}
    assert outbox.drain(smtp_sender(f"smtp://127.0.0.1:{server.port}"), now=NOW) == 0
    assert server.letters == []


def test_a_server_that_looks_at_a_letter_for_long_gets_it_once(
    app: Flask, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put()
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.2)
    server.think = {"DATA": 0.5}
    assert outbox.drain(smtp_sender(f"smtp://127.0.0.1:{server.port}"), now=NOW) == 1
    assert len(server.letters) == 1


def test_no_server_at_all_loses_nothing(app: Flask, server: MailServer) -> None:
    put()
    assert outbox.drain(smtp_sender(f"smtp://127.0.0.1:{free_port()}"), now=NOW) == 0
    assert outbox.drain(smtp_sender(f"smtp://127.0.0.1:{server.port}"), now=NOW + timedelta(minutes=1)) == 1


def test_one_that_dies_after_sending_repeats_itself_recognisably(app: Flask, server: MailServer) -> None:
    """At least once: the letter went out, the note of it did not."""

    def dies_after(send: Send) -> Send:
        def dying(letter: Any, name: str) -> None:
            send(letter, name)
            raise KeyboardInterrupt

        return dying

    put()
    send = smtp_sender(f"smtp://127.0.0.1:{server.port}")
    with pytest.raises(KeyboardInterrupt):
        outbox.drain(dies_after(send), now=NOW)
    assert outbox.drain(send, now=NOW + timedelta(seconds=30)) == 0, "somebody may still be at it"
    assert outbox.drain(send, now=NOW + timedelta(seconds=90)) == 1
    assert len(server.letters) == 2
    assert len({letter["Message-ID"] for letter in server.letters}) == 1


def test_a_server_elsewhere_is_not_spoken_to_in_the_clear(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.mail.LOOPBACK", ())  # so that this machine counts as another one
    with pytest.raises(smtplib.SMTPException, match="STARTTLS"):
        smtp_sender(f"smtp://127.0.0.1:{server.port}")(email.message.EmailMessage(), "x")
    assert server.letters == []


def test_a_file_is_whole_or_not_there_and_a_repeat_replaces_it(app: Flask, tmp_path: Path) -> None:
    put()
    outbox.drain(file_sender(tmp_path), now=NOW)
    first = next(tmp_path.iterdir())
    file_sender(tmp_path)(email.message.EmailMessage(), first.stem)
    assert [path.name for path in tmp_path.iterdir()] == [first.name]


def test_the_terminal_shows_a_letter(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    put()
    outbox.drain(console_sender, now=NOW)
    assert "Subject: Your account is ready" in capsys.readouterr().out


def test_settings_choose_the_way(tmp_path: Path, server: MailServer) -> None:
    assert sender_from_config(TestConfig.under(tmp_path, MAIL="console")) is console_sender
    by_server = TestConfig.under(tmp_path, MAIL="smtp", SMTP_URL=f"smtp://127.0.0.1:{server.port}")
    letter = email.message.EmailMessage()
    letter["To"], letter["From"] = "ana@example.com", "shop@example.com"
    sender_from_config(by_server)(letter, "x")
    assert len(server.letters) == 1
    with pytest.raises(ConfigError, match="SMTP_URL"):
        TestConfig.under(tmp_path, MAIL="smtp")


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://host:many"])
def test_a_wrong_mail_server_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match="SMTP_URL"):
        parse_settings({"SMTP_URL": url})


@pytest.mark.parametrize("address", ["shop", "Shop <shop@example.com>", "shop@example.com, b@example.com", "@x"])
def test_a_wrong_sender_is_named(address: str) -> None:
    with pytest.raises(ConfigError, match="MAIL_FROM"):
        parse_settings({"MAIL_FROM": address})
