"""The owner's pages."""

from webapp.blueprints.admin import rules, selling  # noqa: F401  they add their addresses
from webapp.blueprints.admin.pages import bp

__all__ = ["bp"]
