"""What comes in with a request, checked at the border: ids, collections of them, histories and moments."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Mapping
from math import isfinite
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from recommender.data.frames import is_frame, is_gap
from recommender.data.validation import (
    CLOCK_SKEW_SECONDS,
    HALF_A_PAIR,
    MAX_ID_BYTES,
    is_number,
    is_unicode,
    require_columns,
    shortened,
)
from recommender.errors import DataError
from recommender.types import KIND_CODE, Event

if TYPE_CHECKING:
    import pandas as pd

CONTEXTS = ("home", "product", "cart", "search")
HOW_TO_TELL = "give a list of Event(item_id, kind, timestamp, value)"
HOW_TO_TELL_OF = "give a list of (user_id, Event(item_id, kind, timestamp, value))"
MOST = float(np.finfo(np.float32).max)  # values are kept in single precision
LEAST = 2.0**-150  # and this is 0 there
LAST_MOMENT = 100_000_000_000  # in the year 5138; what is later was meant as milliseconds


def id_of(given: object, name: str) -> str:
    """An id as text, by the rule for the ids of a frame: whole numbers become their plain digits (7.0 and 7 are "7").

    Raises
    ------
    DataError
        For anything but text and whole numbers, naming what was given; ``name`` says where it stood.
    """
    if isinstance(given, str):
        return given
    if not is_number(given) or not _is_whole(given):
        raise DataError(f"{name} must be text or a whole number, not {shortened(given)}")
    number = int(given)
    if abs(number) >= 10**MAX_ID_BYTES:
        raise DataError(f"{name} must be text or a whole number of at most {MAX_ID_BYTES} digits")
    return str(number)


def ids_of(given: Iterable[object], name: str) -> list[str]:
    """The ids of a collection as text, in their order; see :func:`id_of`.

    Raises
    ------
    DataError
        For a single text, which would fall apart into its letters, a table, or what is no collection at all; for an
        entry that is no id.
    """
    if isinstance(given, (str, bytes)):
        raise DataError(f"{name} must be a collection of ids, not the text {given!r}; give [{given!r}] for one")
    if not is_collection(given) or is_frame(given):
        raise DataError(f"{name} must be a collection of ids such as ['i1', 'i2'], not {_called(given)}")
    return [one if type(one) is str else id_of(one, f"each id of {name}") for one in given]


def is_collection(given: object) -> TypeGuard[Iterable[Any]]:  # each member is checked by whoever goes through
    """Whether something can be gone through; an array of NumPy without a dimension cannot, though it says so."""
    return isinstance(given, Iterable) and not (isinstance(given, np.ndarray) and given.ndim == 0)


def texts_of(given: Iterable[str], name: str) -> frozenset[str]:
    """A set of texts; DataError for one text alone, which would fall apart into letters, or what is no text."""
    if isinstance(given, (str, bytes)):
        raise DataError(f"{name} must be a set of texts, not the text {given!r}; give {{{given!r}}} for one")
    if not is_collection(given) or is_frame(given):
        raise DataError(f"{name} must be a set of texts, not {_called(given)}")
    texts = list(given)
    for text in texts:
        if not isinstance(text, str):
            raise DataError(f"{name} must be a set of texts, but {shortened(text)} is none")
    return frozenset(texts)


def require_text(given: object, name: str) -> None:
    """Raise DataError for what is no text."""
    if not isinstance(given, str):
        raise DataError(f"{name} must be text, not {_called(given)}")


def require_file(given: object, name: str) -> None:
    """Raise DataError for what is neither a path nor a file to read from."""
    if not isinstance(given, (str, PathLike)) and not hasattr(given, "read"):
        raise DataError(f"{name} must be a path or a binary file, not {_called(given)}")


def moment_of(given: object) -> int | None:
    """Time of a request in whole UTC seconds; None where none is told, DataError for what is no such number."""
    if given is None:
        return None
    if not is_number(given) or not 0 <= (given := in_python(given)) <= LAST_MOMENT:
        raise DataError(f"now must be a number of UTC seconds, such as int(time.time()), not {shortened(given)}")
    return int(given)


def latest_moment(*known: int | None) -> int:
    """Latest time, in UTC seconds, that an event may have: a day after the clock and all moments that are known."""
    return max([int(time.time()), *(moment for moment in known if moment is not None)]) + CLOCK_SKEW_SECONDS


def events_of(history: Iterable[Event] | None, latest: int) -> list[Event]:
    """The events of a history, checked as :meth:`Interactions.from_frame` checks a log; none for None.

    Parameters
    ----------
    history : iterable of Event, optional
        It is read once, so a generator will do. Tuples of three or four, mappings, and a frame with the columns
        ``item_id``, ``kind``, ``timestamp`` and, where there is one, ``value`` are read as events.
    latest : int
        UTC seconds; a later event lies in the future.

    Returns
    -------
    list of Event
        Item ids as text, times in whole seconds; the value is None where it is unknown or says nothing.

    Raises
    ------
    DataError
        Naming the field and what stood there: no id, an unknown kind, a time that is no number of UTC seconds since
        1970 or lies in the future, a value that is no number, stars outside 1 to 5, a quantity that is not positive.
    """
    if history is None:
        return []
    given: object = _records(history) if is_frame(history) else history
    if isinstance(given, (Event, str, bytes, Mapping)) or not is_collection(given):
        raise DataError(f"history must be a list of events, not {_called(given)}; {HOW_TO_TELL}")
    return [_checked(event, latest, "history") for event in given]


def told_of(told: Iterable[tuple[object, Event]], latest: int) -> list[tuple[str, Event]]:
    """Users and what each did, checked as :func:`events_of` checks a history, in their order.

    A model keeps these ids, so they are held to what :meth:`Interactions.from_frame` asks of those of a log: text that
    UTF-8 can write, of at most ``MAX_ID_BYTES`` bytes.

    Raises
    ------
    DataError
        Naming the field and what stood there.
    """
    if isinstance(told, (str, bytes, Mapping)) or is_frame(told) or not is_collection(told):
        raise DataError(f"events must be a list of users and events, not {_called(told)}; {HOW_TO_TELL_OF}")
    return [_told_by_one(pair, latest) for pair in told]


def require_unicode(an_id: str, name: str) -> None:
    """Raise DataError for an id that no frame could hold."""
    if not is_unicode(an_id):
        raise DataError(f"{name} {shortened(an_id)} holds {HALF_A_PAIR}")


def require_kept(an_id: str, name: str) -> None:
    """Raise DataError for an id that a log could not hold."""
    if not an_id or "\0" in an_id:
        raise DataError(f"{name} {an_id!r} is empty or has a NUL character")
    require_unicode(an_id, name)
    if len(an_id.encode()) > MAX_ID_BYTES:
        raise DataError(f"{name} {shortened(an_id)} is longer than {MAX_ID_BYTES} bytes")


def in_python(number: int | float) -> int | float:
    """A number of NumPy as one of Python: half a precision overflows where it is compared with a limit of ours."""
    return float(number) if isinstance(number, np.floating) else number


def _records(history: pd.DataFrame) -> list[dict[Hashable, object]]:
    try:
        require_columns(history, ())
    except DataError as error:
        raise DataError(f"history: {error}") from None
    return history.to_dict("records")


def _told_by_one(given: object, latest: int) -> tuple[str, Event]:
    if not isinstance(given, tuple) or isinstance(given, Event) or len(given) != 2:
        raise DataError(f"events must hold pairs of a user and an event, not {_called(given)}; {HOW_TO_TELL_OF}")
    user_id = id_of(given[0], "events: the user_id")
    event = _checked(given[1], latest, "events")
    require_kept(user_id, "events: the user_id")
    require_kept(event.item_id, "events: the item_id")
    return user_id, event


def _event(given: object, name: str) -> Event:
    if isinstance(given, Event):
        return given
    if isinstance(given, tuple) and len(given) in (3, 4):
        return Event(*given)
    if isinstance(given, Mapping) and {"item_id", "kind", "timestamp"} <= set(given):
        return Event(given["item_id"], given["kind"], given["timestamp"], given.get("value"))
    raise DataError(f"{name} must hold events, not {_called(given)}; {HOW_TO_TELL}")


def _checked(given: object, latest: int, name: str) -> Event:
    """One event; ``name`` says in errors what it is a part of."""
    item_id, kind, timestamp, value = _event(given, name)
    if type(item_id) is not str:
        item_id = id_of(item_id, f"{name}: the item_id of an event")
    if not item_id or "\0" in item_id:
        raise DataError(f"{name}: the item_id {item_id!r} is empty or has a NUL character")
    if not isinstance(kind, str) or kind not in KIND_CODE:
        raise DataError(f"{name}: the kind {shortened(kind)} is not one of {', '.join(KIND_CODE)}")
    return Event(item_id, kind, _time_of(timestamp, latest, name), _value_of(kind, value, name))


def _time_of(given: object, latest: int, name: str) -> int:
    if not is_number(given):
        told = f"{name}: the timestamp must be a number of UTC seconds, not {shortened(given)}"
        raise DataError(f"{told}; int(moment.timestamp()) makes one of a datetime")
    given = in_python(given)
    if not given >= 0:
        raise DataError(f"{name}: the timestamp must be a number of UTC seconds since 1970, not {shortened(given)}")
    if given > latest:
        raise DataError(
            f"{name}: the timestamp {shortened(given)} lies in the future (milliseconds instead of seconds?)"
        )
    return int(given)


def _value_of(kind: str, given: object, name: str) -> float | None:
    if given is None and kind != "rating":
        return None
    is_missing = given is None or is_gap(given) or (is_number(given) and given != given)
    if not is_missing and not is_number(given):
        raise DataError(f"{name}: the value of a {kind} must be a number or None, not {shortened(given)}")
    value = in_python(given) if is_number(given) and not is_missing else None
    if kind == "rating" and not (is_number(value) and 1 <= value <= 5):
        raise DataError(f"{name}: the value of a rating must be between 1 and 5 stars, not {shortened(given)}")
    if kind == "purchase" and is_number(value) and not LEAST < value <= MOST:
        raise DataError(f"{name}: the value of a purchase, its quantity, must be positive, not {shortened(given)}")
    return float(value) if kind in ("rating", "purchase") and is_number(value) else None


def _is_whole(number: int | float) -> bool:
    return isinstance(number, (int, np.integer)) or (isfinite(number) and float(number).is_integer())


def _called(given: object) -> str:
    return f"the {type(given).__name__} {shortened(given)}"
