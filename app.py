"""The WSGI application: `flask run` and gunicorn start here. A setting that cannot be used is one sentence."""

from config import ConfigError
from webapp import create_app

try:
    app = create_app()
except ConfigError as error:
    raise SystemExit(f"kindred: {error}") from None
