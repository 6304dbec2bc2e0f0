"""Files that machines ask for by themselves: robots.txt, the site map, a feed of new products, the icon."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, send_from_directory, url_for

from webapp.clock import utc_now
from webapp.services.browsing import indexes
from webapp.viewbuilders.links import absolute

bp = Blueprint("indexes", __name__)
AN_HOUR = 3600
A_DAY = 24 * AN_HOUR
KEPT_OUT = ("/account", "/admin", "/alerts", "/api/", "/cart", "/checkout", "/rails", "/search", "/wishlist")
KEPT_IN = ("/api/docs",)


def _sent(text: str, mimetype: str) -> Response:
    answer = Response(text, mimetype=mimetype)
    answer.headers["Cache-Control"] = f"public, max-age={AN_HOUR}"
    return answer


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers what is worth a visit."""
    lines = ["User-agent: *", *(f"Allow: {path}" for path in KEPT_IN), *(f"Disallow: {path}" for path in KEPT_OUT)]
    return _sent("\n".join([*lines, "", f"Sitemap: {absolute(url_for('indexes.sitemap'))}", ""]), "text/plain")


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """List the parts of the site map."""
    return _sent(render_template("indexes/sitemaps.xml", parts=indexes.parts()), "application/xml")


@bp.get("/sitemap-<int:number>.xml")
def sitemap_part(number: int) -> Response:
    """List shelves or products."""
    return _sent(render_template("indexes/sitemap.xml", entries=indexes.part(number)), "application/xml")


@bp.get("/feed.xml")
def feed() -> Response:
    """List what is new on the shelves."""
    entries = indexes.feed()
    page = render_template(
        "indexes/feed.xml",
        entries=entries,
        shop_name=current_app.config["SHOP_NAME"],
        home_url=absolute(url_for("shop.home")),
        own_url=absolute(url_for("indexes.feed")),
        updated_at=max((entry.updated_at for entry in entries), default=utc_now()),
    )
    return _sent(page, "application/atom+xml")


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Send the icon to browsers that show what names none, such as JSON."""
    answer = send_from_directory(Path(current_app.static_folder or "static") / "img", "favicon.ico", max_age=A_DAY)
    answer.headers["Cache-Control"] = f"public, max-age={A_DAY}"
    return answer
