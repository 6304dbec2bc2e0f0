"""find the events that came from a recommendation by its request

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NAME = "ix_interactions_request_id"
FROM_A_REQUEST = sa.text("request_id IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        NAME, "interactions", ["request_id"], sqlite_where=FROM_A_REQUEST, postgresql_where=FROM_A_REQUEST
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index(NAME, "interactions")
