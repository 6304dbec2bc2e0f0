"""keep a provider's own number of a payment, and when it was last asked

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("payments") as batch:
        batch.add_column(sa.Column("external_id", sa.String(120), nullable=False, server_default=""))
        batch.add_column(sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("payments") as batch:
        batch.drop_column("asked_at")
        batch.drop_column("external_id")
