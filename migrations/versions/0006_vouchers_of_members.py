"""let a voucher be one member's own

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def checks() -> tuple[sa.CheckConstraint, ...]:
    """Name what SQLite forgets when it rebuilds the table, unless it is told."""
    return (
        sa.CheckConstraint("kind IN ('percent', 'amount', 'free_delivery')", name=op.f("ck_vouchers_kind")),
        sa.CheckConstraint("value >= 0 AND (kind <> 'percent' OR value <= 100)", name=op.f("ck_vouchers_value")),
        sa.CheckConstraint("uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)", name=op.f("ck_vouchers_uses")),
    )


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("vouchers", table_args=checks()) as batch:
        batch.add_column(sa.Column("user_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_vouchers_user_id_users"), "users", ["user_id"], ["id"], ondelete="CASCADE"
        )
        batch.create_index(op.f("ix_vouchers_user_id"), ["user_id"])


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("vouchers", table_args=checks()) as batch:
        batch.drop_index(op.f("ix_vouchers_user_id"))
        batch.drop_constraint(op.f("fk_vouchers_user_id_users"), type_="foreignkey")
        batch.drop_column("user_id")
