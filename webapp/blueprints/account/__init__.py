"""Signing in, and what belongs to a member."""

from webapp.blueprints.account import privacy, recovery
from webapp.blueprints.account.pages import bp

__all__ = ["bp", "privacy", "recovery"]
