"""What can go wrong in the library, with the facts that say how to mend it."""

from __future__ import annotations

from pathlib import Path


class RecommenderError(Exception):
    """Base of every error that the library raises on purpose."""


class DataError(RecommenderError, ValueError):
    """The data handed in cannot be used; the message names the column and the first offending rows."""


class ArtifactError(RecommenderError):
    """A saved model cannot be read.

    Parameters
    ----------
    version : str
        Name of the model version, "" when it is not known.
    path : Path
        File or folder that is at fault.
    reason : str
        What is wrong with it, in words.
    """

    def __init__(self, version: str, path: Path, reason: str) -> None:
        super().__init__(f"model version {version or '(unnamed)'}: {reason} ({path})")
        self.version = version
        self.path = path
        self.reason = reason
