"""The web shop. `create_app` puts it together."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Config, ConfigError
from webapp import formatting, ratelimits
from webapp.assets import register_assets
from webapp.auth import register_auth
from webapp.blueprints import register_blueprints
from webapp.cli import register_commands
from webapp.compression import register_compression
from webapp.errors import register_error_handlers
from webapp.extensions import allow_migrations, babel, csrf, db, limiter, login_manager, prepare_engine
from webapp.frame import choose_locale, register_frame
from webapp.logs import configure_logging, register_request_log
from webapp.picks import Recs
from webapp.providers import providers_from_config
from webapp.recent import RecentAnswers
from webapp.recs import recs_from_config
from webapp.security import register_security_headers, wait_only_when_refused
from webapp.services.picks.feed import DatabaseFeed
from webapp.sessions import DatabaseSessions
from webapp.web import ShopRequest, reading_heads, register_known_hosts, register_photo_size, register_request_rules

ROOT = Path(__file__).resolve().parent.parent


def create_app(config: Config | None = None, *, recs: Recs | None = None) -> Flask:
    """Build the application.

    Parameters
    ----------
    config : Config, optional
        Settings; without it they are read from the environment and ``.env``.
    recs : Recs, optional
        The door to the recommender; without it the one the settings name.

    Raises
    ------
    ConfigError
        If a setting cannot be used or the instance folder cannot be written.
    """
    config = config or Config.from_environment()
    make_folders(config)
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(config.instance),
    )
    app.request_class = ShopRequest
    if config.is_production and app.debug:
        raise ConfigError("FLASK_DEBUG=1 and --debug show the inside of the shop to everybody: not in production.")
    app.config.from_mapping(config.flask_settings())
    configure_logging(config["LOG_LEVEL"], config["LOG_FORMAT"])
    if config["TRUSTED_PROXIES"]:
        hops = config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.wsgi_app = reading_heads(app.wsgi_app)  # type: ignore[method-assign, assignment]
    register_compression(app)
    _prepare_extensions(app, config)
    register_request_log(app)
    app.extensions["payment_providers"] = providers_from_config(config)
    pay_pages = ("https://checkout.stripe.com",) if config["STRIPE_SECRET_KEY"] else ()
    register_security_headers(app, https=config.is_production, pay_pages=pay_pages)
    register_known_hosts(app)
    register_photo_size(app)
    register_auth(app)
    register_error_handlers(app)
    register_request_rules(app)
    register_frame(app)
    register_blueprints(app)
    register_commands(app)
    app.extensions["recs"] = recs or recs_from_config(config, DatabaseFeed(app))
    app.extensions["given_answers"] = RecentAnswers()
    return app


def _prepare_extensions(app: Flask, config: Config) -> None:
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    if click.get_current_context(silent=True):  # a command of `flask` is being run
        allow_migrations(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    app.after_request(wait_only_when_refused)
    app.config.update(ratelimits.settings(config["REDIS_URL"]))
    limiter.init_app(app)
    ratelimits.share_fallback(limiter)
    babel.init_app(app, locale_selector=choose_locale)
    formatting.install(app)
    register_assets(app)
    app.session_interface = DatabaseSessions(config["SESSION_DAYS"])


def make_folders(config: Config) -> None:
    """Make the folders the shop writes to, or say which one cannot be written."""
    for folder in (config.instance, config.instance / "models", config.instance / "media"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ConfigError(f"The folder {folder} cannot be written: {error.strerror}.") from error
