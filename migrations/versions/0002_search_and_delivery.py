"""add the search tables and the first ways of delivery

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EUROPE = ["AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "NO", "PL", "PT", "SE"]
METHODS = (
    {"code": "standard", "name": "Standard delivery", "price_cents": 490, "free_from_cents": 5000, "days_min": 2, "days_max": 4},
    {"code": "express", "name": "Express delivery", "price_cents": 990, "free_from_cents": None, "days_min": 1, "days_max": 2},
)
TAX_PERMILLE = {
    "AT": 200, "BE": 210, "CH": 81, "CZ": 210, "DE": 190, "DK": 250, "ES": 210, "FI": 255, "FR": 200, "IE": 230,
    "IT": 220, "LU": 170, "NL": 210, "NO": 250, "PL": 230, "PT": 230, "SE": 250,
}
SQLITE_UP = (
    """CREATE VIRTUAL TABLE product_search USING fts5(
        name, brand, category, details, sku, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3')""",
    "CREATE VIRTUAL TABLE product_trigrams USING fts5(words, tokenize = 'trigram')",
    "CREATE VIRTUAL TABLE product_terms USING fts5vocab(product_search, row)",
)
POSTGRESQL_UP = (
    """CREATE TABLE product_search (
        product_id INTEGER PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
        words TEXT NOT NULL, document TSVECTOR NOT NULL)""",
    "CREATE INDEX ix_product_search_document ON product_search USING gin (document)",
    "CREATE TABLE product_search_terms (term TEXT PRIMARY KEY)",
)


def upgrade() -> None:
    """Apply."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_UP if is_sqlite else POSTGRESQL_UP:
        op.execute(statement)
    json = sa.JSON() if is_sqlite else sa.dialects.postgresql.JSONB()
    methods = sa.table(
        "delivery_methods", sa.column("code"), sa.column("name"), sa.column("price_cents"), sa.column("free_from_cents"),
        sa.column("days_min"), sa.column("days_max"), sa.column("countries", json), sa.column("position"),
        sa.column("is_active", sa.Boolean),
    )
    op.bulk_insert(
        methods,
        [method | {"countries": EUROPE, "position": at, "is_active": True} for at, method in enumerate(METHODS)],
    )
    rates = sa.table("tax_rates", sa.column("country"), sa.column("permille"))
    op.bulk_insert(rates, [{"country": country, "permille": rate} for country, rate in TAX_PERMILLE.items()])


def downgrade() -> None:
    """Take back."""
    names = ("product_terms", "product_trigrams", "product_search")
    if op.get_bind().dialect.name != "sqlite":
        names = ("product_search_terms", "product_search")
    for name in names:
        op.execute(f"DROP TABLE {name}")
    op.execute("DELETE FROM delivery_methods WHERE code IN ('standard', 'express')")
    op.execute("DELETE FROM tax_rates")
