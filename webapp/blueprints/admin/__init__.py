"""The owner's pages."""

from webapp.blueprints.admin import selling  # noqa: F401  adds its addresses
from webapp.blueprints.admin.pages import bp

__all__ = ["bp"]
