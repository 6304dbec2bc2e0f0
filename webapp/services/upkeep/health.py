"""Is the shop able to serve?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from webapp.errors import Busy
from webapp.picks import Recs
from webapp.store import migrations
from webapp.store.tx import read_unit


@dataclass(frozen=True, slots=True)
class Health:
    """Facts for whoever watches; the recommender never makes the shop unready, it has fallbacks."""

    is_ready: bool
    facts: dict[str, Any]


def check(recs: Recs) -> Health:
    """Look at the database, the migrations and the recommender."""
    database = "ok"
    try:
        with read_unit() as tx:
            found = migrations.current(tx)
        if found != migrations.head():
            database = "migrations are not at the newest: run `flask db upgrade`"
    except (SQLAlchemyError, Busy):
        database = "not reachable"
    state = recs.state()
    facts = {
        "database": database,
        "recommender": state.state,
        "model_version": state.version,
        "recommender_calls": state.n_calls,
        "recommender_failures": state.n_failures,
        "recommender_left_out": state.left_out,
    }
    return Health(database == "ok", {"status": "ok" if database == "ok" else "not ready"} | facts)
