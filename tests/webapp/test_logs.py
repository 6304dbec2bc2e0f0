"""What the shop writes while it runs: its own lines, and of the queue only what needs somebody."""

import io
import logging
from collections.abc import Iterator

import pytest

from webapp.logs import LOGGERS, configure_logging
from webapp.progress import ProgressLine


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    kept = {name: (logging.getLogger(name).handlers[:], logging.getLogger(name).level) for name in LOGGERS}
    yield
    for name, (handlers, level) in kept.items():
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(
    ("level", "shop_says", "queue_says"),
    [("DEBUG", True, True), ("INFO", True, False), ("WARNING", False, False), ("ERROR", False, False)],
)
def test_the_queue_tells_its_comings_and_goings_only_when_asked(level: str, shop_says: bool, queue_says: bool) -> None:
    configure_logging(level, "plain")
    assert logging.getLogger("webapp.jobs").isEnabledFor(logging.INFO) is shop_says
    assert logging.getLogger("huey.consumer").isEnabledFor(logging.INFO) is queue_says
    assert logging.getLogger("huey.consumer").isEnabledFor(logging.ERROR)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_is_one_line_that_is_rewritten() -> None:
    out = Terminal()
    line = ProgressLine(out)
    line("a stage with a long name", 0.9)
    line("short", 1.0)
    line.close()
    told = out.getvalue()
    assert told.count("\n") == 1
    assert told.endswith("\n")
    assert "a stage" not in told.rsplit("\r", 1)[-1]
