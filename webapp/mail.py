"""How mail leaves: into files, onto the terminal, or to an SMTP server."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from config import LOOPBACK, Config

Send = Callable[[EmailMessage, str], None]
TIMEOUT_SECONDS = 15.0
SESSION_SECONDS = 45.0  # less than a letter in the outbox is claimed for: until then nobody else sends it
ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")
LONGEST_REASON = 200
REFUSED = 500  # and above: for good; 400 and above: for now
PORTS = {"smtp": 587, "smtps": 465}


def sender_from_config(config: Config) -> Send:
    """Return the way mail leaves that the settings name."""
    if config["MAIL"] == "smtp":
        return smtp_sender(config["SMTP_URL"])
    if config["MAIL"] == "console":
        return console_sender
    return file_sender(config.instance / "mail")


def file_sender(folder: Path) -> Send:
    """Return a sender that writes each mail into a file of its own; the same mail again replaces its file."""

    def send(mail: EmailMessage, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{name}.draft"
        draft.write_bytes(bytes(mail))
        draft.replace(folder / f"{name}.eml")

    return send


def console_sender(mail: EmailMessage, name: str) -> None:
    """Print a mail; for somebody who tries the shop out."""
    sys.stdout.write(f"--- mail {name}\n{mail.as_string()}\n---\n")
    sys.stdout.flush()


def smtp_sender(url: str) -> Send:
    """Return a sender that hands mail to a server: ``smtps://`` is encrypted from the start, ``smtp://`` by STARTTLS.

    Only a server on this very machine may do without encryption.
    """
    parts = urlsplit(url)

    def send(mail: EmailMessage, name: str) -> None:
        server = _connected(parts)
        try:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)
        finally:
            _part(server)

    return send


def _part(server: smtplib.SMTP) -> None:
    """Say goodbye; how a server answers that changes nothing about a letter that it has taken."""
    with contextlib.suppress(OSError):
        server.quit()
    server.close()


class _InTime(smtplib.SMTP):
    """A session that ends in time, however slowly a server answers each step of it.

    A letter that is handed over may be looked at for all the time that is left: whoever hangs up then sends it twice.
    """

    def __init__(self, host: str, port: int, **options: Any) -> None:
        self.until = time.monotonic() + SESSION_SECONDS
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, **options)

    def send(self, s: Any) -> None:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the mail server is too slow")
        if self.sock is not None:
            self.sock.settimeout(left if isinstance(s, bytes) else min(left, TIMEOUT_SECONDS))
        super().send(s)


class _InTimeEncrypted(_InTime, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


def _connected(parts: SplitResult) -> smtplib.SMTP:
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        return _InTimeEncrypted(host, port, context=context)
    server = _InTime(host, port)
    try:
        server.ehlo()
        if server.has_extn("starttls") or host not in LOOPBACK:
            server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server


def reason_of(error: Exception) -> str:
    """Say in one line why a letter was not sent: the server's own words, without the addresses in them."""
    code, text = _answer(error)
    said = f"{code} {text}" if code else text
    line = next((line for line in said.splitlines() if line.strip()), type(error).__name__)
    return ADDRESS.sub("\N{HORIZONTAL ELLIPSIS}", line)[:LONGEST_REASON]


def is_refused_for_good(error: Exception) -> bool:
    """Whether a mail server will not take this letter to this address, however often it is asked.

    One that refuses us, our password or our own address is waiting for the owner to mend that.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= REFUSED for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code >= REFUSED
    return isinstance(error, smtplib.SMTPNotSupportedError)


def _answer(error: Exception) -> tuple[int, str]:
    """Return the number and the text that a mail server answered; 0 and what is known where none did."""
    code, text = 0, error.args[0] if len(error.args) == 1 else str(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    return code, text.decode(errors="replace") if isinstance(text, bytes) else str(text)
