"""The worker as `make run` starts it: `flask worker` without what the other commands of `flask` load."""

from __future__ import annotations

from app import app
from webapp.worker import run_worker

if __name__ == "__main__":
    run_worker(app)
