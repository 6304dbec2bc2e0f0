"""Every setting of the shop: one list, read from the environment and `.env`, checked once at start-up."""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent
TRANSLATIONS = ROOT / "translations"
WRITTEN_IN = "en"  # the language of the sentences in the code
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MIN_SECRET_LENGTH = 32
HOST_NAME = re.compile(r"\.?[\w-]{1,63}(\.[\w-]{1,63})*(:\d+)?|\[[\da-fA-F:.]+\]")


class ConfigError(ValueError):
    """A setting that cannot be used. The message is one sentence fit for a terminal."""


@dataclass(frozen=True)
class Setting:
    """One setting: its name in the environment, its default, how it is read, and what it does."""

    name: str
    default: str
    parse: Callable[[str], Any]
    help: str

    @property
    def type_name(self) -> str:
        """Word for the kind of value, for the table in the README."""
        return str(getattr(self.parse, "label", "text"))

    def read(self, raw: str) -> Any:
        """Parse ``raw``, or say in one sentence what is wrong with it."""
        try:
            return self.parse(raw.strip())
        except (ValueError, KeyError) as error:
            raise ConfigError(f"{self.name}={raw!r} cannot be used: {error}.") from error


def _labelled(label: str) -> Callable[[Callable[[str], Any]], Callable[[str], Any]]:
    def mark(parse: Callable[[str], Any]) -> Callable[[str], Any]:
        parse.label = label  # type: ignore[attr-defined]  # functions take attributes; typing does not know
        return parse

    return mark


@_labelled("text")
def text(raw: str) -> str:
    """Any text."""
    return raw


@_labelled("yes or no")
def switch(raw: str) -> bool:
    """1/0, yes/no, true/false, on/off."""
    lowered = raw.lower()
    if lowered in {"1", "yes", "true", "on"}:
        return True
    if lowered in {"", "0", "no", "false", "off"}:
        return False
    raise ValueError("write 1 or 0")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Make a parser for a whole number between two bounds."""

    @_labelled("whole number")
    def parse(raw: str) -> int:
        if not raw.lstrip("-").isascii() or not raw.lstrip("-").isdigit():
            raise ValueError("write a whole number")
        number = int(raw)
        if not low <= number <= high:
            raise ValueError(f"choose between {low} and {high}")
        return number

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """Make a parser for one word out of a short list."""

    @_labelled(" or ".join(choices))
    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(f"choose {' or '.join(choices)}")
        return raw

    return parse


@_labelled("list, commas between")
def words(raw: str) -> tuple[str, ...]:
    """Comma-separated words."""
    return tuple(word.strip() for word in raw.split(",") if word.strip())


@_labelled("list, commas between")
def hosts(raw: str) -> tuple[str, ...]:
    """Comma-separated host names; one that begins with a dot stands for all that end so."""
    for name in words(raw):
        if not HOST_NAME.fullmatch(name):
            raise ValueError(f"{name} is no host name; write shop.example")
    return words(raw)


@_labelled("lines, bars between")
def lines(raw: str) -> tuple[str, ...]:
    """Several lines written in one."""
    return tuple(line.strip() for line in raw.split("|") if line.strip())


@_labelled("time of day, HH:MM")
def clock(raw: str) -> time:
    """Wall-clock time."""
    try:
        return time.fromisoformat(raw).replace(tzinfo=None)
    except ValueError as error:
        raise ValueError("write a time such as 03:00") from error


@_labelled("time zone")
def zone(raw: str) -> ZoneInfo:
    """IANA time zone name."""
    try:
        return ZoneInfo(raw)
    except Exception as error:  # zoneinfo raises five different classes for a bad name
        raise ValueError("write a time zone such as Europe/Berlin") from error


@_labelled("currency code")
def currency(raw: str) -> str:
    """ISO 4217 code."""
    if len(raw) != 3 or not raw.isascii() or not raw.isalpha() or not raw.isupper():
        raise ValueError("write three capital letters such as EUR")
    return raw


@_labelled("address")
def site_url(raw: str) -> str:
    """Absolute http(s) address of the shop's home page, or nothing."""
    parts = urlsplit(raw)
    if raw and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("write an address such as https://shop.example")
    return raw.rstrip("/")


@_labelled("database address")
def database_url(raw: str) -> str:
    """SQLAlchemy address; the short names of PostgreSQL get their driver."""
    for short in ("postgres://", "postgresql://"):
        if raw.startswith(short):
            return "postgresql+psycopg://" + raw.removeprefix(short)
    if raw and not raw.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("write sqlite:///path or postgresql://user@host/name")
    return raw


@_labelled("mail server")
def smtp_url(raw: str) -> str:
    """Address of a mail server, with name and password if it wants some."""
    parts = urlsplit(raw)
    if raw and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname or not _port_is_number(raw)):
        raise ValueError("write smtp://name:password@host:587 or smtps://name:password@host")
    return raw


def _port_is_number(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


@_labelled("e-mail address")
def mail_address(raw: str) -> str:
    """Bare e-mail address."""
    name, _at, host = raw.partition("@")
    if not name or not host or any(character.isspace() or character in '<>",;' for character in raw):
        raise ValueError("write an address such as shop@example.com")
    return raw


SETTINGS: tuple[Setting, ...] = (
    Setting("SHOP_ENV", "development", one_of("development", "production", "test"), "How strict the shop is."),
    Setting("HOST", "127.0.0.1", text, "Address the web server listens on."),
    Setting("PORT", "5000", whole(1, 65535), "Port the web server listens on."),
    Setting("WORKERS", "2", whole(1, 64), "Web server processes."),
    Setting("THREADS", "4", whole(1, 64), "Threads in each web server process."),
    Setting("INSTANCE_PATH", "", text, "Folder of database, models and pictures. Empty: instance/ in the project."),
    Setting("DATABASE_URL", "", database_url, "Database. Empty: SQLite in the instance folder."),
    Setting("REDIS_URL", "", text, "Redis for rate limits and the job queue. Empty: memory and SQLite."),
    Setting("SECRET_KEY", "", text, "Signs tokens; 32 characters or more. Empty: made at first start and kept."),
    Setting("SITE_URL", "", site_url, "Public address of the shop, used for links. Needed in production."),
    Setting("TRUSTED_HOSTS", "", hosts, "Host names answered. Empty: SITE_URL's and this machine's."),
    Setting("TRUSTED_PROXIES", "0", whole(0, 5), "Reverse proxies in front whose X-Forwarded headers count."),
    Setting("SHOP_NAME", "Kindred", text, "Name shown on every page."),
    Setting("CURRENCY", "EUR", currency, "Currency of all prices."),
    Setting("SELLER", "", lines, "Name and address of the seller, for invoices."),
    Setting("SELLER_TAX_ID", "", text, "The seller's VAT number, for invoices."),
    Setting("LOCALE", "en", text, "Language and number style when the visitor asks for none we have."),
    Setting("LANGUAGES", "en,de", words, "Languages offered: en, and those in translations/."),
    Setting("TIME_ZONE", "Europe/Berlin", zone, "Zone of shown times and of the nightly schedule."),
    Setting("RETRAIN_AT", "03:00", clock, "Time of the nightly retraining, in TIME_ZONE."),
    Setting("RETRAIN_NIGHTLY", "1", switch, "Retrain every night."),
    Setting("SEARCH_SECONDS", "120", whole(0, 86_400), "Seconds a night to look for better parameters. 0: no search."),
    Setting("LEARN_EVENT_WEIGHTS", "1", switch, "Learn from the shop's own events what each kind of them is worth."),
    Setting("MODELS_KEPT", "5", whole(2, 100), "Published model versions kept for rollback."),
    Setting("RECS_BUDGET_MS", "150", whole(10, 10_000), "Longest wait for the recommender on a page."),
    Setting("MAX_PER_BRAND", "0", whole(0, 100), "Most products of one brand among ten in a row. 0: any number."),
    Setting("TEXT_ENCODER", "", text, "Folder of a sentence transformer as ONNX, for item texts and searches."),
    Setting("IMAGE_ENCODER", "", text, "ONNX file of a pretrained image model, for pictures and photos."),
    Setting("ASK_BEFORE_PICKS", "0", switch, "Read and note nothing for personal picks before a visitor has said yes."),
    Setting("EXPLORE_PLACES", "1", whole(0, 2), "Places of the home page's first rail left to chance. 0: none."),
    Setting("HISTORY_LIMIT", "200", whole(10, 2000), "Newest events of a shopper handed to the recommender."),
    Setting("SESSION_DAYS", "30", whole(1, 30), "Days a remembered sign-in or a guest's cart lasts."),
    Setting("RESERVE_MINUTES", "15", whole(1, 1440), "Minutes stock stays reserved for an unpaid order."),
    Setting("MAX_BODY_KB", "2048", whole(64, 65536), "Largest request body in kilobytes."),
    Setting("MAX_PHOTO_KB", "10240", whole(64, 65536), "Largest photo to search by, in kilobytes."),
    Setting("DEMO_OPEN_READS", "0", switch, "Recommend to any user_id without a key (loopback only)."),
    Setting("TEST_PAYMENTS", "1", switch, "Offer the labelled test payment. Production must say so explicitly."),
    Setting("STRIPE_SECRET_KEY", "", text, "Secret key of a Stripe account; with it shoppers can pay there."),
    Setting("STRIPE_WEBHOOK_SECRET", "", text, "Signs what Stripe sends to /payments/stripe/webhook."),
    Setting("MAIL", "file", one_of("file", "console", "smtp"), "Where mail goes: files, the terminal, a server."),
    Setting("SMTP_URL", "", smtp_url, "Mail server for MAIL=smtp: smtp:// uses STARTTLS, smtps:// TLS at once."),
    Setting("MAIL_FROM", "shop@localhost", mail_address, "Address that mail comes from."),
    Setting("LOG_LEVEL", "INFO", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "Least important log line written."),
    Setting("LOG_FORMAT", "plain", one_of("plain", "json"), "Shape of log lines."),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def read_env_file(path: Path) -> dict[str, str]:
    """Read ``NAME=value`` lines; comments, blank lines and ``export`` are allowed."""
    if not path.is_file():
        return {}
    values = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, found, value = line.strip().removeprefix("export ").partition("=")
        if found and not name.startswith("#"):
            values[name.strip()] = value.strip().strip("'\"")
    return values


def parse_settings(given: Mapping[str, str]) -> dict[str, Any]:
    """Parse every known setting out of ``given``; what is absent or empty gets its default.

    Raises
    ------
    ConfigError
        Naming the setting, the value and what would be accepted.
    """
    return {s.name: s.read(given.get(s.name) or s.default) for s in SETTINGS}


@dataclass
class Config:
    """Checked settings and what follows from them.

    Parameters
    ----------
    values : dict
        Parsed settings by name, see ``SETTINGS``.
    """

    values: dict[str, Any]
    testing: bool = False
    given: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, *, env_file: Path | None = None) -> Config:
        """Read ``.env`` and the environment (which wins) and choose the class that fits ``SHOP_ENV``."""
        merged = read_env_file(env_file or ROOT / ".env") | dict(os.environ if environ is None else environ)
        values = parse_settings(merged)
        kind = {"production": ProductionConfig, "test": TestConfig}.get(values["SHOP_ENV"], Config)
        config = kind(values, given=frozenset(name for name in BY_NAME if merged.get(name)))
        config.check()
        return config

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def is_production(self) -> bool:
        """Whether the strict rules for a public shop hold."""
        return self.values["SHOP_ENV"] == "production"

    @property
    def instance(self) -> Path:
        """Folder of everything the shop writes."""
        chosen = self.values["INSTANCE_PATH"]
        return (ROOT / chosen).resolve() if chosen else ROOT / "instance"

    @property
    def database_url(self) -> str:
        """Address of the database."""
        return self.values["DATABASE_URL"] or f"sqlite:///{self.instance / 'shop.db'}"

    @property
    def trusted_hosts(self) -> list[str] | None:
        """Host names answered; None when the shop listens openly and nobody said which."""
        named = list(self.values["TRUSTED_HOSTS"])
        site = urlsplit(self.values["SITE_URL"]).hostname
        if site:
            named.append(site)
        host = self.values["HOST"]
        if not named and host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
            return None
        return sorted({*named, *LOOPBACK, "[::1]", host} - {"0.0.0.0", "::"})  # noqa: S104

    def secret_key(self) -> str:
        """Return the configured secret, or the one kept in the instance folder (made once)."""
        return self.values["SECRET_KEY"] or kept_secret(self.instance / "secret_key")

    def check(self) -> None:
        """Refuse settings that contradict each other."""
        if 0 < len(self.values["SECRET_KEY"]) < MIN_SECRET_LENGTH:
            raise ConfigError(f"SECRET_KEY is too short: use {MIN_SECRET_LENGTH} characters or more.")
        if self.values["DEMO_OPEN_READS"] and self.values["HOST"] not in LOOPBACK:
            raise ConfigError("DEMO_OPEN_READS=1 works on this machine only: set HOST=127.0.0.1 or switch it off.")
        if self.database_url.startswith("postgresql"):
            _need_package("DATABASE_URL", "a PostgreSQL database", "psycopg", "postgres")
        redis = self.values["REDIS_URL"]
        if redis and not (redis.startswith(("redis://", "rediss://")) and _port_is_number(redis)):
            raise ConfigError("REDIS_URL cannot be used: write redis://name:password@host:6379/0 (rediss: with TLS).")
        if redis:
            _need_package("REDIS_URL", "a Redis server", "redis", "postgres")
        for name in ("TEXT_ENCODER", "IMAGE_ENCODER"):
            if self.values[name] and not Path(self.values[name]).exists():
                raise ConfigError(f"{name} names {self.values[name]}, which is not there.")
        self._check_payments()
        if self.values["MAIL"] == "smtp" and not self.values["SMTP_URL"]:
            raise ConfigError("MAIL=smtp needs SMTP_URL, the address of a mail server.")
        if self.values["LOCALE"] not in self.values["LANGUAGES"]:
            raise ConfigError(f"LOCALE={self.values['LOCALE']!r} must be one of LANGUAGES.")
        if unknown := sorted(set(self.values["LANGUAGES"]) - available_languages()):
            raise ConfigError(f"LANGUAGES names {', '.join(unknown)}: the shop has no words in that language.")

    def _check_payments(self) -> None:
        if bool(self.values["STRIPE_SECRET_KEY"]) != bool(self.values["STRIPE_WEBHOOK_SECRET"]):
            raise ConfigError("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are needed both, or neither.")
        if self.values["STRIPE_SECRET_KEY"]:
            _need_package("STRIPE_SECRET_KEY", "a Stripe account", "stripe", "stripe")

    def flask_settings(self) -> dict[str, Any]:
        """Return what Flask and its extensions read."""
        return {
            **self.values,
            "SECRET_KEY": self.secret_key(),
            "SHOP": self,
            "TESTING": self.testing,
            "TRUSTED_HOSTS": self.trusted_hosts,
            "MAX_CONTENT_LENGTH": self.values["MAX_BODY_KB"] * 1024,
            "MAX_FORM_MEMORY_SIZE": self.values["MAX_BODY_KB"] * 1024,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},  # an error that is logged names nobody
            "SESSION_COOKIE_NAME": "__Host-session" if self.is_production else "kindred_session",
            "SESSION_COOKIE_SECURE": self.is_production,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PREFERRED_URL_SCHEME": "https" if self.is_production else "http",
            "WTF_CSRF_CHECK_DEFAULT": False,
            "WTF_CSRF_TIME_LIMIT": None,
            "RATELIMIT_HEADERS_ENABLED": True,
            "BABEL_TRANSLATION_DIRECTORIES": str(TRANSLATIONS),
            "BABEL_DEFAULT_LOCALE": self.values["LOCALE"],
            "BABEL_DEFAULT_TIMEZONE": str(self.values["TIME_ZONE"]),
        }


class TestConfig(Config):
    """Settings of the test-suite: everything under a temporary folder, nothing left behind."""

    __test__ = False  # the name begins like a test class; pytest must not collect it

    @classmethod
    def under(cls, folder: Path, **overrides: str) -> TestConfig:
        """Make settings whose database, models and pictures live under ``folder``."""
        given = {"SHOP_ENV": "test", "INSTANCE_PATH": str(folder), "SECRET_KEY": "test" * 10} | overrides
        config = cls(parse_settings(given), testing=True, given=frozenset(given))
        config.check()
        return config


class ProductionConfig(Config):
    """Settings of a public shop: what is merely convenient in a demo is refused."""

    def check(self) -> None:
        """Refuse everything that is safe on one's own machine only."""
        super().check()
        if self.values["DEMO_OPEN_READS"]:
            raise ConfigError("DEMO_OPEN_READS=1 is not allowed in production: callers need a key.")
        if not self.values["SITE_URL"].startswith("https://"):
            raise ConfigError("SITE_URL must be set to the shop's https:// address in production.")
        if self.values["TEST_PAYMENTS"] and "TEST_PAYMENTS" not in self.given:
            raise ConfigError("TEST_PAYMENTS must be set in production: 0, or 1 for a shop that takes no real money.")
        key = self.values["STRIPE_SECRET_KEY"]
        if key and self.values["TEST_PAYMENTS"]:
            raise ConfigError("TEST_PAYMENTS=1 beside STRIPE_SECRET_KEY would give goods away: set it to 0.")
        if key.startswith(("sk_test_", "rk_test_")):
            raise ConfigError("STRIPE_SECRET_KEY is a test key, which moves no money: production needs the live one.")


def _need_package(name: str, what: str, package: str, extra: str) -> None:
    """Refuse a setting whose package is not installed."""
    try:
        is_installed = importlib.util.find_spec(package) is not None
    except ValueError:  # it is half imported
        return
    if not is_installed:
        how = f"run python3 deploy/environment.py --extras {extra}"
        raise ConfigError(f"{name} names {what}, but the package {package} is not installed: {how}.")


def available_languages() -> set[str]:
    """Return the languages there are words in."""
    return {WRITTEN_IN, *(path.parts[-3] for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo"))}


def kept_secret(path: Path) -> str:
    """Read the secret at ``path``; make it first if it is not there yet.

    Two processes that start together agree: the file is created exclusively, and the loser reads the winner's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        if not path.exists():
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
            os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    secret = path.read_text(encoding="ascii").strip()
    if len(secret) < MIN_SECRET_LENGTH:
        raise ConfigError(f"The secret kept in {path} is too short: delete the file to make a new one.")
    return secret
