"""Programs whose reader has read enough, as ``| head`` does, end without a word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("buffered", [True, False], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    "command", [("bench", "--list"), ("bench", "--help"), ("recommender", "--help"), ("recommender", "tune", "--help")]
)
def test_a_reader_who_is_gone_ends_a_program_quietly(command: tuple[str, ...], *, buffered: bool) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=surroundings if buffered else surroundings | {"PYTHONUNBUFFERED": "1"},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode in {0, 1}
