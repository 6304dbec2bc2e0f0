"""The system's Chromium: where it is, how it is started, and what a test that drives it must be marked with.

Where none is installed such tests are skipped and say so; with ``CI=true`` they run and fail instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from deploy.environment import browser_path

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = "" if browser_path() else "chromium is not installed; make test installs it on Debian and Ubuntu"

needs_chromium = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING) and os.environ.get("CI") != "true", reason=MISSING),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium for the time of the block."""
    if MISSING:
        raise FileNotFoundError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
