"""What commands show: a moving bar on a terminal, plain lines elsewhere, and no more than is read."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from tqdm import tqdm


class ConsoleProgress:
    """A progress callback that writes to standard error.

    Parameters
    ----------
    title : str
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._stage = ""
        self._bar: tqdm[None] | None = None
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = tqdm(total=100, desc=self.title, bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            if kind is None:
                self._bar.n = 100
            self._bar.close()

    def __call__(self, stage: str, done: float) -> None:
        if self._bar is not None:
            self._bar.set_description_str(f"{self.title}: {stage}", refresh=False)
            self._bar.n = round(100 * min(max(done, 0.0), 1.0))
            self._bar.refresh()
        elif stage != self._stage:
            print(f"{self.title}: {stage} ({time.monotonic() - self._started:.0f} s)", file=sys.stderr, flush=True)
        self._stage = stage


def while_read(work: Callable[[], int]) -> int:
    """Run a command that prints until it ends, or until its reader has read enough, as ``head`` does.

    Parameters
    ----------
    work : callable
        Prints to standard output and returns the exit status; may end by ``SystemExit`` as well.

    Returns
    -------
    int
        Exit status; 1 when nobody reads any more.
    """
    try:
        try:
            return work()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush at the end
        return 1


@contextmanager
def log_on_console() -> Iterator[None]:
    """Show what the library logs on standard error, beside any bar."""
    logger, lines = logging.getLogger("recommender"), _Lines()
    before = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(lines)


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)
