"""find similar words through trigrams on PostgreSQL

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
log = logging.getLogger("alembic.runtime.migration")


def upgrade() -> None:
    """Apply; a server that does not let us have the extension gets the search without it."""
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        return
    try:
        with bind.begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            op.execute("CREATE INDEX ix_product_search_terms_trigrams ON product_search_terms USING gin (term gin_trgm_ops)")
    except sa.exc.DBAPIError as error:
        log.warning(
            "pg_trgm cannot be created (%s): search works, but finds fewer of the words that somebody mistypes. "
            "Install the package postgresql-contrib, or let an administrator run CREATE EXTENSION pg_trgm and the "
            "index of migration 0004.",
            str(error.orig).strip().splitlines()[0],
        )


def downgrade() -> None:
    """Take back; the extension stays, others may use it."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP INDEX IF EXISTS ix_product_search_terms_trigrams")
