"""Read once per request: what several parts of one page need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import g, has_request_context

Value = TypeVar("Value")


def per_request(name: str, read: Callable[[], Value]) -> Value:
    """Return what ``read`` returned the first time in this request; outside a request it is read anew."""
    if not has_request_context():
        return read()
    kept: dict[str, Value] = g.setdefault("memo", {})
    if name not in kept:
        kept[name] = read()
    return kept[name]
