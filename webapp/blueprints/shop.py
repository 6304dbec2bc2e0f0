"""The pages one browses."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)

from webapp import viewmodels as vm
from webapp.auth import current_actor, current_member, known_actor
from webapp.clock import utc_now
from webapp.errors import Busy, InvalidInput, NotFound
from webapp.extensions import limiter
from webapp.frame import LANGUAGE, LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from webapp.numbers import whole
from webapp.recs import get_recs
from webapp.security import safe_next
from webapp.services.browsing import discovery, listings, personal_order, photos, product_pages, reviews
from webapp.services.people import accounts
from webapp.services.picks import taste
from webapp.services.upkeep import demo, media
from webapp.viewbuilders.links import product_url
from webapp.web import back, field, is_looked_at, page_number, photo_field, refused

bp = Blueprint("shop", __name__)
ORDER_COOKIE = "search_order"
MEDIA_NAME = re.compile(r"([a-z0-9][a-z0-9_-]{0,120})-(320|640|960)\.webp")
A_YEAR = 365 * 24 * 3600


@bp.get("/")
def home() -> str:
    """Show the home page."""
    page = discovery.home_page(
        current_actor(),
        get_recs(),
        history_limit=current_app.config["HISTORY_LIMIT"],
        explore_places=current_app.config["EXPLORE_PLACES"],
        shop_name=current_app.config["SHOP_NAME"],
        now=utc_now(),
    )
    return render_template("shop/home.html", page=page)


@bp.get("/c/<slug>")
def category(slug: str) -> str:
    """Show a category."""
    asked = listings.parse(request.path, request.args)
    page = listings.category_page(
        slug,
        asked,
        current_actor(),
        get_recs(),
        history_limit=current_app.config["HISTORY_LIMIT"],
        currency=current_app.config["CURRENCY"],
        now=utc_now(),
    )
    return render_template("shop/listing.html", page=page)


@bp.get("/search")
@limiter.limit("120/minute")
def search() -> str | Response:
    """Show the results of a search; an exact article number leads to its product."""
    asked = listings.parse(request.path, request.args)
    if not asked.is_filtered and (url := listings.exact_sku(asked.query)):
        return redirect(url)  # type: ignore[return-value]  # werkzeug's Response is Flask's here
    now = utc_now()
    page = listings.search_page(
        asked,
        listings.Visit(current_actor(), asked.order or request.cookies.get(ORDER_COOKIE, "")),
        get_recs(),
        history_limit=current_app.config["HISTORY_LIMIT"],
        currency=current_app.config["CURRENCY"],
        now=now,
    )
    if page.cards and asked.is_plain_search and page.did_you_mean is None:
        taste.note_search(current_actor(), asked.query, [card.product_id for card in page.cards], now=now)
    return render_template("shop/listing.html", page=page)


@bp.get("/search/photo", endpoint="photo")
def photo_form() -> str:
    """Ask for a picture to search by."""
    return render_template("shop/photo.html", page=photos.page())


@bp.post("/search/photo")
@limiter.limit("30/minute")
def search_photo() -> Response | tuple[str, int]:
    """Show what looks like a picture; it is not kept, so this page has no address to come back to."""
    try:
        found = photos.search(photo_field("photo"), current_actor(), get_recs(), now=utc_now())
    except InvalidInput as error:
        return render_template("shop/photo.html", page=photos.page(form=refused(error, {}))), 422
    answer = make_response(render_template("shop/photo.html", page=photos.page(found)))
    answer.headers["Cache-Control"] = "private, no-cache"  # with no-store "back" from a product finds nothing to show
    return answer


@bp.post("/search/order")
def search_order() -> Response:
    """Keep the choice between the personal and the plain order of a search."""
    sent, chosen = back(url_for("shop.search")), field("order")
    if chosen in personal_order.ORDERS:
        _keep(sent, ORDER_COOKIE, chosen)
    return sent


@bp.get("/search/suggest")
@limiter.limit("600/minute")
def suggest() -> Response:
    """Suggest past searches, products and shelves for an unfinished query."""
    return jsonify(listings.suggest(request.args.get("q", ""), current_actor()))


@bp.get("/p/<int:product_id>")
@bp.get("/p/<int:product_id>-<slug>")
def product(product_id: int, slug: str = "") -> str | Response:
    """Show a product and write down that it was looked at."""
    found = product_pages.find(product_id)
    if slug != found.slug:
        query = urlencode(list(request.args.items(multi=True)))  # url_for would read some names as its own
        return redirect(product_url(product_id, found.slug) + (f"?{query}" if query else ""), 301)  # type: ignore[return-value]  # werkzeug's Response is Flask's here
    if is_looked_at() and current_actor().is_personalised:
        with suppress(Busy):  # a product is shown whether a look at it can be noted or not; the log says so
            request_id = field("request_id")[:40]
            product_pages.note_view(known_actor(), product_id, request_id=request_id, now=utc_now())
    return render_template("shop/product.html", page=page_of(found))


def page_of(
    found: product_pages.ProductRow, form: vm.Form | None = None, *, alert_form: vm.Form | None = None
) -> vm.ProductPage:
    """Build the page of a product as the address asks for it."""
    stars, variant = request.args.get("stars", ""), request.values.get("variant", field("variant_id"))
    sort = request.args.get("reviews", "")
    return product_pages.product_page(
        found,
        current_actor(),
        get_recs(),
        variant_id=whole(variant),
        stars=reviews.parse_stars(stars) if stars in {"1", "2", "3", "4", "5"} else None,
        sort=sort if sort in product_pages.SORT_LABELS else product_pages.USUAL_SORT,
        page=page_number(),
        form=form or vm.Form(),
        alert_form=alert_form or vm.Form(),
        now=utc_now(),
    )


@bp.get("/rails")
def rails() -> str:
    """Show the rails of a page alone."""
    product_id = request.args.get("product_id", "")
    page = discovery.rails_for(
        request.args.get("context", "home"),
        current_actor(),
        get_recs(),
        product_id=whole(product_id),
        history_limit=current_app.config["HISTORY_LIMIT"],
        explore_places=current_app.config["EXPLORE_PLACES"],
        shop_name=current_app.config["SHOP_NAME"],
        now=utc_now(),
    )
    return render_template("shop/rails.html", page=page)


@bp.get("/media/<path:name>", endpoint="media")
def picture(name: str) -> Response:
    """Send a picture; one that was never needed in this width is drawn now and kept."""
    match = MEDIA_NAME.fullmatch(name)
    if match is None:
        raise NotFound
    folder = Path(current_app.instance_path) / "media"
    not_kept = media.ensure(folder, match[1], int(match[2]))
    if not_kept is not None:
        return Response(not_kept, mimetype="image/webp", headers={"Cache-Control": "no-cache"})
    sent = send_from_directory(folder, name, mimetype="image/webp", max_age=A_YEAR, conditional=True)
    sent.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return sent


@bp.get("/about-the-demo")
def about_demo() -> str:
    """Say what the demo shop is made of."""
    return render_template("shop/about_demo.html", page=demo.about(Path(current_app.instance_path)))


@bp.post("/language")
def language() -> Response:
    """Keep the choice of a language, in this browser and for the member."""
    chosen = field("language")
    sent = redirect(without_language(safe_next(request.form.get("next"), url_for("shop.home"))), 303)
    if chosen in current_app.config["LANGUAGES"]:
        _keep(sent, LANGUAGE_COOKIE, chosen)
        if member := current_member():
            accounts.set_language(member.id, chosen)
    return sent  # type: ignore[return-value]  # werkzeug's Response is Flask's here


def without_language(target: str) -> str:
    """Return an address that names no language, so that the one chosen counts there."""
    parts = urlsplit(target)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != LANGUAGE]
    return urlunsplit(parts._replace(query=urlencode(kept)))


@bp.post("/theme")
def theme() -> Response:
    """Keep the choice of day or night."""
    sent, chosen = back(), field("theme")
    if chosen in THEMES:
        _keep(sent, THEME_COOKIE, chosen)
    return sent


def _keep(sent: Any, name: str, chosen: str) -> None:
    """Let the browser remember a choice for a year."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    sent.set_cookie(name, chosen, max_age=A_YEAR, samesite="Lax", secure=secure, httponly=True)
