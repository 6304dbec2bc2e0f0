"""What all `flask` commands have in common: the text they take, and one sentence where the machine fails them."""

from __future__ import annotations

import errno
import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Thread
from typing import Any

import click

from webapp.errors import InvalidInput, ShopError, Unwritable
from webapp.progress import ProgressLine
from webapp.recs import UnreadableFileError
from webapp.store.tx import trouble_of

LOOK_SECONDS = 1.0


class Text(click.types.StringParamType):
    """Text that can be stored: Python hands over bytes that are no UTF-8 as halves of surrogate pairs."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the text; one that cannot be stored is a wrong option."""
        text = super().convert(value, param, ctx)
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail("write text in UTF-8.", param, ctx)
        return text


class Seconds(click.FloatRange):
    """A time that ends: neither infinity nor "not a number", which no bound refuses."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds; a time without an end is a wrong option."""
        seconds = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


@contextmanager
def told() -> Iterator[ProgressLine]:
    """Show progress, and end with one sentence instead of a traceback when something cannot be done."""
    line = ProgressLine()
    try:
        yield line
    except InvalidInput as error:
        raise click.ClickException("; ".join(f"{name}: {text}" for name, text in error.errors.items())) from error
    except Unwritable:  # the command line has the reason
        raise
    except (ShopError, UnreadableFileError) as error:
        raise click.ClickException(getattr(error, "text", "") or str(error)) from error
    finally:
        line.close()


def prepare(command: click.Command) -> None:
    """Make a command, and those below it, take text alone and end in one sentence."""
    for parameter in command.params:
        if parameter.type is click.STRING:
            parameter.type = Text()
    if command.callback is not None:
        command.callback = in_one_sentence(command.callback)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        prepare(below)


def in_one_sentence(work: Callable[..., Any]) -> Callable[..., Any]:
    """Tell of a disk or a database that cannot be used without a traceback: no change of ours would mend it."""

    @wraps(work)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return work(*arguments, **options)
        except OSError as error:
            if error.strerror is None or error.errno == errno.EPIPE:  # click ends by itself when nobody reads on
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{where}{error.strerror}.") from error
        except Exception as error:
            if reason := trouble_of(error):
                raise click.ClickException(f"The database cannot be used: {reason}.") from error
            raise

    return run


def end_with(parent: int) -> None:
    """Interrupt this process when the one that began it is gone, even if it was killed and could tell nobody."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGINT)

    Thread(target=watch, name="end with parent", daemon=True).start()
