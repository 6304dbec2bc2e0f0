"""Stars and words about a product."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template
from flask_babel import gettext as _

from webapp.auth import known_actor, member_required
from webapp.blueprints.shop import page_of
from webapp.clock import utc_now
from webapp.errors import InvalidInput
from webapp.extensions import limiter
from webapp.services.browsing import product_pages, reviews
from webapp.viewbuilders.links import product_url
from webapp.web import answer, back, field, fields, refused

bp = Blueprint("reviews", __name__)


@bp.post("/p/<int:product_id>/rate")
@limiter.limit("300/hour")
def rate(product_id: int) -> Response:
    """Give stars with one press."""
    found = product_pages.find(product_id)
    stars = reviews.parse_stars(field("rating"))
    reviews.rate(known_actor(), product_id, stars, request_id=field("request_id")[:40], now=utc_now())
    return answer(_("Thank you. %(stars)s of 5 for %(name)s.", stars=stars, name=found.name))


@bp.post("/p/<int:product_id>/review")
@limiter.limit("60/hour")
def write(product_id: int) -> str | Response | tuple[str, int]:
    """Publish a review with its stars."""
    member_required()
    found = product_pages.find(product_id)
    values = fields("rating", "title", "text")
    try:
        stars = reviews.parse_stars(values["rating"])
        reviews.write(known_actor(), product_id, stars=stars, title=values["title"], text=values["text"], now=utc_now())
    except InvalidInput as error:
        return render_template("shop/product.html", page=page_of(found, refused(error, values))), error.status
    flash(_("Your review is published. Thank you."), "success")
    return back(product_url(product_id, found.slug))
