"""How far long work is: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TextIO

BAR_WIDTH = 28
LINE_EVERY_SECONDS = 5.0


class ProgressLine:
    """Shows ``(stage, share done)`` calls on standard error.

    On a terminal one line is rewritten; elsewhere a line is written for each new stage and every few seconds.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stderr
        self.is_terminal = self.out.isatty()
        self.stage = ""
        self.written_at = 0.0
        self.began_at = time.monotonic()

    def __call__(self, stage: str, done: float) -> None:
        """Show how far ``stage`` is, 0 to 1."""
        now, is_new = time.monotonic(), stage != self.stage
        if self.is_terminal:
            self._bar(stage, done)
        elif is_new or (now - self.written_at > LINE_EVERY_SECONDS and done < 1):
            self.out.write(f"{stage}: {done:.0%} after {now - self.began_at:.0f} s\n")
            self.written_at = now
        self.stage = stage
        self.out.flush()

    def _bar(self, stage: str, done: float) -> None:
        filled = round(BAR_WIDTH * min(1.0, max(0.0, done)))
        self.out.write(f"\r{stage[:34]:34} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done:4.0%}")

    def close(self) -> None:
        """End the line of a terminal."""
        if self.is_terminal and self.stage:
            self.out.write("\n")
            self.out.flush()
