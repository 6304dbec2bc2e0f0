"""let guests tune their picks, keep searches, and know gifts

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BEFORE, AFTER = ("dismiss", "own"), ("dismiss", "own", "gift")
ONE_ACTOR = "(user_id IS NULL) <> (guest_id IS NULL)"


def allow(reasons: tuple[str, ...]) -> None:
    """Change the reasons an exclusion may have; SQLite rebuilds the table for it."""
    name, listed = op.f("ck_exclusions_reason"), ", ".join(f"'{reason}'" for reason in reasons)
    with op.batch_alter_table("exclusions") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, f"reason IN ({listed})")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("guests") as batch:
        batch.add_column(sa.Column("tuning", JSON, nullable=False, server_default="{}"))
    allow(AFTER)
    op.create_table(
        "searches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("guest_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("product_ids", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(ONE_ACTOR, name=op.f("ck_searches_one_actor")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_searches_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["guest_id"], ["guests.id"], name=op.f("fk_searches_guest_id_guests"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searches")),
        sa.UniqueConstraint("user_id", "words", name=op.f("uq_searches_user_id_words")),
        sa.UniqueConstraint("guest_id", "words", name=op.f("uq_searches_guest_id_words")),
    )
    with op.batch_alter_table("searches") as batch:
        batch.create_index(op.f("ix_searches_user_id_searches_at"), ["user_id", "at"])
        batch.create_index(op.f("ix_searches_guest_id_searches_at"), ["guest_id", "at"])


def downgrade() -> None:
    """Take back; what was marked as a gift is only kept out of sight then."""
    op.drop_table("searches")
    op.execute("UPDATE exclusions SET reason = 'own' WHERE reason = 'gift'")
    allow(BEFORE)
    with op.batch_alter_table("guests") as batch:
        batch.drop_column("tuning")
