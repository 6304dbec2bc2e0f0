"""Column shorthands shared by all tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import mapped_column

from webapp.extensions import Model
from webapp.store.types import JsonValue, UtcDateTime

__all__ = [
    "BIG",
    "NUMBERED_ONCE",
    "BigKey",
    "Json",
    "JsonList",
    "Key",
    "LongText",
    "Model",
    "Moment",
    "Words",
    "among",
    "one_actor",
    "reference",
]
BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER key
# Where somebody else keeps a row's number (a live model, a mark, a shopper), no later row may have it. PostgreSQL
# counts on anyway; SQLite gives the numbers of the newest rows again when these are gone, unless it is told not to.
NUMBERED_ONCE = {"sqlite_autoincrement": True}

Key = Annotated[int, mapped_column(primary_key=True)]
BigKey = Annotated[int, mapped_column(BIG, primary_key=True)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
Words = Annotated[str, mapped_column(String(200))]
LongText = Annotated[str, mapped_column(Text, default="")]
Json = Annotated[dict[str, Any], mapped_column(JsonValue, default=dict)]
JsonList = Annotated[list[Any], mapped_column(JsonValue, default=list)]


def reference(target: str, *, on_delete: str = "CASCADE", index: bool = True, **options: Any) -> Any:
    """Make a foreign key column."""
    return mapped_column(ForeignKey(target, ondelete=on_delete), index=index, **options)


def one_actor() -> CheckConstraint:
    """Require exactly one of member and guest."""
    return CheckConstraint("(user_id IS NULL) <> (guest_id IS NULL)", name="one_actor")


def among(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    """Allow only the named words in a column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)
