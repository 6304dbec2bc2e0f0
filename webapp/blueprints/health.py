"""Whether the process lives, and whether the shop can serve."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from webapp.recs import get_recs
from webapp.services.upkeep import health

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def live() -> Response:
    """Say that the process answers."""
    return jsonify({"status": "ok"})


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """Say whether database and migrations are in order, and how the recommender is."""
    found = health.check(get_recs())
    return jsonify(found.facts), 200 if found.is_ready else 503
