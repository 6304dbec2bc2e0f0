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


def test_a_queue_that_is_away_takes_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """Its reader asks again several times a second, for hours; each time was a page of Python."""
    configure_logging("INFO", "plain")
    for _second in range(5):
        for event in ("Error reading from queue", "Error reading schedule."):
            try:
                raise ConnectionError("Connection refused.\nSecond line")
            except ConnectionError:
                logging.getLogger("huey.consumer").exception(event)
                logging.getLogger("webapp.jobs").warning("worker_not_woken", exc_info=True)
    told = capsys.readouterr().err.splitlines()
    assert [line[9:] for line in told] == [
        "error   Error reading from queue reason=Connection refused.",
        "warning worker_not_woken reason=Connection refused.",
        "error   Error reading schedule. reason=Connection refused.",
    ]
