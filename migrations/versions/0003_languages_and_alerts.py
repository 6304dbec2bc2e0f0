"""keep languages, what a mailed link changes, and who waits for stock

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADDED = (("users", "language", 10), ("orders", "language", 10), ("one_time_tokens", "detail", 254))


def upgrade() -> None:
    """Apply."""
    for table, name, length in ADDED:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.create_table(
        "stock_alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_stock_alerts_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_stock_alerts_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_alerts")),
        sa.UniqueConstraint("variant_id", "email", name=op.f("uq_stock_alerts_variant_id_email")),
    )
    with op.batch_alter_table("stock_alerts") as batch:
        batch.create_index(op.f("ix_stock_alerts_user_id"), ["user_id"])
        batch.create_index(op.f("ix_stock_alerts_sent_at_stock_alerts_variant_id"), ["sent_at", "variant_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("stock_alerts")
    for table, name, _length in reversed(ADDED):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
