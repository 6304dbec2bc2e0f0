"""add the owner's rules about recommended lists

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CONDITION = (
    "product_id IS NOT NULL OR category_id IS NOT NULL OR brand_id IS NOT NULL OR price_from_cents IS NOT NULL"
    " OR price_to_cents IS NOT NULL OR stock_from IS NOT NULL OR stock_to IS NOT NULL"
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "merchandising_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("brand_id", sa.Integer(), nullable=True),
        sa.Column("price_from_cents", sa.Integer(), nullable=True),
        sa.Column("price_to_cents", sa.Integer(), nullable=True),
        sa.Column("stock_from", sa.Integer(), nullable=True),
        sa.Column("stock_to", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action IN ('pin', 'boost', 'bury', 'exclude')", name=op.f("ck_merchandising_rules_action")
        ),
        sa.CheckConstraint("place BETWEEN 1 AND 10", name=op.f("ck_merchandising_rules_place")),
        sa.CheckConstraint("strength BETWEEN 1 AND 100", name=op.f("ck_merchandising_rules_strength")),
        sa.CheckConstraint(CONDITION, name=op.f("ck_merchandising_rules_condition")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_merchandising_rules_product_id_products"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name=op.f("fk_merchandising_rules_category_id_categories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.id"], name=op.f("fk_merchandising_rules_brand_id_brands"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["users.id"], name=op.f("fk_merchandising_rules_changed_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchandising_rules")),
    )
    for column in ("product_id", "category_id", "brand_id", "changed_by"):
        op.create_index(op.f(f"ix_merchandising_rules_{column}"), "merchandising_rules", [column])


def downgrade() -> None:
    """Take back."""
    op.drop_table("merchandising_rules")
