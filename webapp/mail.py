"""How mail leaves: into files, onto the terminal, or to an SMTP server."""

from __future__ import annotations

import smtplib
import ssl
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from config import LOOPBACK, Config

Send = Callable[[EmailMessage, str], None]
TIMEOUT_SECONDS = 15.0
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
        with _connected(parts) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)

    return send


def _connected(parts: SplitResult) -> smtplib.SMTP:
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    try:
        server.ehlo()
        if server.has_extn("starttls") or host not in LOOPBACK:
            server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server
