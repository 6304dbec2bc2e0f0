"""The JSON API: recommendations, feedback, events, catalogue."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from pydantic import BaseModel, ValidationError

from webapp import answers as out
from webapp import openapi, schemas
from webapp import viewmodels as vm
from webapp.actors import NOBODY, Actor
from webapp.auth import READ, WRITE, actor_for, api_caller, caller_for, current_actor, current_member, known_actor
from webapp.clock import utc_now
from webapp.errors import Forbidden, InvalidInput, NotSignedIn
from webapp.extensions import limiter
from webapp.openapi import describe
from webapp.recs import get_recs
from webapp.services.browsing import catalogue_api, photos
from webapp.services.people import accounts
from webapp.services.picks import feedback, recommending, repeats
from webapp.viewbuilders.links import site_url
from webapp.web import photo_field

bp = Blueprint("api", __name__, url_prefix="/api")
ANSWER_SECONDS = 1.0  # a program asks for nothing but this, so it waits longer than a page would
CHANGING = frozenset({"view", "click", "cart", "wishlist", "purchase", "rating", "dismiss"})


def _json(model: BaseModel, status: int = 200) -> Response:
    return _as_json(model.model_dump_json(), status)


def _as_json(text: str, status: int = 200) -> Response:
    answer = Response(text, status, mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _actor(user_id: str | None, scope: str) -> Actor:
    """Return for whom a call acts; a browser without any trace becomes a guest."""
    caller = api_caller()
    if user_id is None and caller.has_key and scope == WRITE:
        raise InvalidInput({"user_id": "a call with a key must say for whom"})
    if user_id is None and not caller.has_key and scope == WRITE:
        return known_actor()
    return actor_for(user_id, scope)


@bp.get("/recommendations")
@describe(
    "GET",
    "/api/recommendations",
    query=schemas.RecommendationsQuery,
    answers={200: out.RecommendationsOut},
    problems=(401, 403, 422),
    scope=READ,
    example="curl '/api/recommendations?user_id=12&k=5'",
)
def recommendations() -> Response:
    """Recommend products to somebody, with the reason for each."""
    query = schemas.parse_query(schemas.RecommendationsQuery)
    caller = caller_for(query.user_id, READ)
    now = utc_now()

    def find() -> Actor:
        return caller or accounts.find_actor(query.user_id)

    def make(actor: Actor) -> repeats.Made:
        found = recommending.recommend(
            actor,
            get_recs(),
            k=query.k,
            context=query.context,
            product_ids=query.product_id,
            strategy=query.strategy,
            exclude=query.exclude,
            history_limit=current_app.config["HISTORY_LIMIT"],
            now=now,
            wait_s=ANSWER_SECONDS,
        )
        answered = out.RecommendationsOut(
            user_id=query.user_id or actor.ref or None,
            request_id=found.request_id,
            strategy=found.strategy,
            model_version=found.model_version or None,
            cold_start=found.is_cold,
            took_ms=round(found.took_ms, 3),
            items=out.recommended_out(found),
        )
        # A moment later there may be a model, or somebody of that name.
        may_repeat = bool(found.model_version) and (caller is not None or actor.is_known)
        return repeats.Made(answered.model_dump_json(), may_repeat)

    question = (request.query_string, site_url(), caller)
    given = current_app.extensions["given_answers"]
    return _as_json(repeats.answer(given, question, get_recs(), find=find, make=make, now=now))


@bp.post("/feedback", endpoint="feedback")
@limiter.limit("600/minute")
@describe(
    "POST",
    "/api/feedback",
    body=schemas.Feedback,
    answers={201: out.FeedbackOut, 200: out.FeedbackOut},
    problems=(400, 401, 403, 404, 422, 429),
    scope=WRITE,
    example='curl -X POST /api/feedback -d \'{"user_id": "12", "product_id": 7, "rating": 4, "event_id": "e1"}\'',
)
def post_feedback() -> Response:
    """Record stars or an event; the next recommendations use it. 200 for an event_id that was seen before."""
    body = schemas.parse_body(schemas.Feedback)
    actor = _actor(body.user_id, WRITE)
    if not actor.is_known:
        raise InvalidInput({"user_id": "there is nobody of that name"})
    event = feedback.Event(
        body.product_id,
        body.kind,
        float(body.rating) if body.rating is not None else None,
        event_uid=body.event_id,
        request_id=body.request_id,
    )
    verdict = feedback.record(actor, event, now=utc_now())
    is_new = verdict.status == "recorded"
    answer = out.FeedbackOut(
        status=verdict.status,
        product_id=body.product_id,
        recommendations_changed=is_new and body.kind in CHANGING and actor.is_personalised,
    )
    return _json(answer, 201 if is_new else 200)


@bp.post("/events", endpoint="events")
@limiter.limit("600/minute")
@describe(
    "POST",
    "/api/events",
    body=schemas.EventBatch,
    answers={200: out.EventsOut},
    problems=(400, 401, 403, 422, 429),
    scope=WRITE,
    example='curl -X POST /api/events -d \'{"events": [{"user_id": "12", "product_id": 7, "event": "view"}]}\'',
)
def post_events() -> Response:
    """Record up to 1,000 events at once; the answer says of each what became of it."""
    batch = schemas.parse_body(schemas.EventBatch)
    caller = api_caller()
    if caller.has_key and WRITE not in caller.scopes:
        raise Forbidden
    known: dict[str | None, Actor | feedback.Verdict] = {}
    entries = [_entry(raw, known) for raw in batch.events]
    verdicts = feedback.record_many(entries, now=utc_now())
    results = [
        out.EventVerdictOut(index=index, status=verdict.status, reason=verdict.reason)
        for index, verdict in enumerate(verdicts)
    ]
    counts = {status: sum(row.status == status for row in results) for status in ("recorded", "repeated", "refused")}
    return _json(out.EventsOut(**counts, results=results))


def _entry(
    raw: Any, known: dict[str | None, Actor | feedback.Verdict]
) -> tuple[Actor, feedback.Event] | feedback.Verdict:
    """Read one event of a batch; what is wrong with it is its own verdict and stops no other."""
    try:
        item = schemas.EventItem.model_validate(raw)
    except ValidationError as problem:
        reasons = schemas.errors_of(problem)
        return feedback.Verdict("refused", "; ".join(f"{name}: {text}" for name, text in reasons.items()))
    if item.user_id not in known:
        known[item.user_id] = _batch_actor(item.user_id)
    actor = known[item.user_id]
    if isinstance(actor, feedback.Verdict):
        return actor
    event = feedback.Event(
        item.product_id, item.event, item.value, feedback.from_epoch(item.at), item.event_id, item.request_id
    )
    return actor, event


def _batch_actor(user_id: str | None) -> Actor | feedback.Verdict:
    try:
        return _actor(user_id, WRITE)
    except (Forbidden, NotSignedIn, InvalidInput):
        return feedback.Verdict("refused", "user_id is not yours to write for")


@bp.get("/products", endpoint="products")
@limiter.limit("600/minute")
@describe(
    "GET",
    "/api/products",
    query=schemas.ProductsQuery,
    answers={200: out.ProductsOut},
    problems=(404, 422, 429),
    example="curl '/api/products?category=lamps&sort=price'",
)
def product_list() -> Response:
    """List products, a page at a time."""
    query = schemas.parse_query(schemas.ProductsQuery)
    total, cards = catalogue_api.listed(
        query.category, sort=query.sort, page=query.page, per_page=query.per_page, now=utc_now()
    )
    items = [out.product_out(card) for card in cards]
    return _json(out.ProductsOut(total=total, page=query.page, per_page=query.per_page, items=items))


@bp.get("/products/<int:product_id>")
@limiter.limit("600/minute")
@describe(
    "GET",
    "/api/products/{product_id}",
    answers={200: out.ProductOut},
    problems=(404, 429),
    path_parameters={"product_id": "Which product."},
    example="curl /api/products/7",
)
def product(product_id: int) -> Response:
    """Return one product."""
    return _json(out.product_out(catalogue_api.one(product_id, now=utc_now())))


@bp.get("/products/<int:product_id>/similar")
@limiter.limit("600/minute")
@describe(
    "GET",
    "/api/products/{product_id}/similar",
    query=schemas.SimilarQuery,
    answers={200: out.SimilarOut},
    problems=(404, 422, 429),
    path_parameters={"product_id": "Alternatives to which product."},
    example="curl '/api/products/7/similar?space=image'",
)
def similar(product_id: int) -> Response:
    """Return alternatives to a product: alike in text, image, attributes, behaviour or all of them."""
    query = schemas.parse_query(schemas.SimilarQuery)
    catalogue_api.one(product_id, now=utc_now())
    found = recommending.similar_for_api(get_recs(), product_id, k=query.k, space=query.space, now=utc_now())
    answer = out.SimilarOut(
        product_id=product_id,
        space=query.space,
        model_version=found.model_version or None,
        items=out.recommended_out(found),
    )
    return _json(answer)


@bp.get("/search")
@limiter.limit("600/minute")
@describe(
    "GET",
    "/api/search",
    query=schemas.SearchQuery,
    answers={200: out.SearchOut},
    problems=(422, 429),
    example="curl '/api/search?q=wool+scarf'",
)
def search() -> Response:
    """Search the catalogue; unfinished and misspelt words are understood."""
    query = schemas.parse_query(schemas.SearchQuery)
    total, cards, understood = catalogue_api.searched(
        query.q, get_recs(), page=query.page, per_page=query.per_page, now=utc_now()
    )
    answer = out.SearchOut(
        query=query.q,
        understood_as=understood,
        total=total,
        page=query.page,
        per_page=query.per_page,
        items=[out.product_out(card) for card in cards],
    )
    return _json(answer)


@bp.post("/search/photo")
@limiter.limit("60/minute")
@describe(
    "POST",
    "/api/search/photo",
    files={"photo": "A JPEG, PNG, WebP or GIF."},
    answers={200: out.PhotoSearchOut},
    problems=(400, 401, 422, 429),
    example="curl -X POST /api/search/photo -H 'Authorization: Bearer KEY' -F photo=@lamp.jpg",
)
def search_photo() -> Response:
    """Find products that look like a photo; it is not kept."""
    api_caller()
    found = photos.search(photo_field("photo"), NOBODY, get_recs(), now=utc_now())
    return _json(out.PhotoSearchOut(model_version=found.model_version or None, items=out.recommended_out(found)))


@bp.get("/session")
@describe("GET", "/api/session", answers={200: out.SessionOut}, example="curl /api/session")
def session() -> Response:
    """Return who the browser is and the token its unsafe requests must send as X-CSRFToken."""
    return _json(
        out.SessionOut(
            user_id=current_actor().ref or None, is_signed_in=current_member() is not None, csrf_token=generate_csrf()
        )
    )


@bp.get("/openapi.json", endpoint="openapi")
def openapi_document() -> Response:
    """Return the OpenAPI 3.1 description of this API."""
    return jsonify(openapi.document(site_url(), current_app.config["SHOP_NAME"]))


@bp.get("/docs")
def docs() -> str:
    """Describe the API to people."""
    page = vm.ApiDocsPage(meta=vm.PageMeta(title=_("API")), calls=openapi.calls(), base_url=site_url())
    return render_template("api/docs.html", page=page)
