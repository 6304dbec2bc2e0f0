"""The WSGI application: `flask run` and gunicorn start here."""

from webapp import create_app

app = create_app()
