"""The owner's pages."""

from webapp.blueprints.admin.pages import bp

__all__ = ["bp"]
