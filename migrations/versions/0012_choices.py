"""keep when somebody said yes or no to picks of their own

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WHO_CHOOSES = ("users", "guests")


def upgrade() -> None:
    """Apply."""
    for table in WHO_CHOOSES:
        op.add_column(table, sa.Column("chose_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "picks_choices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_picks_choices_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picks_choices")),
    )
    op.create_index(op.f("ix_picks_choices_user_id"), "picks_choices", ["user_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("picks_choices")
    for table in WHO_CHOOSES:
        op.drop_column(table, "chose_at")
