"""The same answer to the same question, as long as nothing it rests on has changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from webapp.actors import Actor
from webapp.picks import Recs
from webapp.recent import RecentAnswers
from webapp.store import marks
from webapp.store.marks import Marks
from webapp.store.tx import single_read

SECONDS = 60  # the age of an event counts, so an answer is not given for ever


@dataclass(frozen=True, slots=True)
class Made:
    """An answer about somebody, as it is sent, and whether it may be sent again."""

    text: str
    may_repeat: bool


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was sent, and what was known when it was made."""

    text: str
    marks: Marks


def answer(
    given: RecentAnswers[Given],
    question: Hashable,
    recs: Recs,
    *,
    find: Callable[[], Actor],
    make: Callable[[Actor], Made],
    now: datetime,
) -> str:
    """Return what was answered to the same question before, or what ``make`` returns about whom ``find`` finds.

    An answer is given again within the minute and only while nobody touched what it rests on: the actor's events and
    settings, the model and what it has read, products, stock, rules, settings of the shop. What changed is asked
    before the answer is made, so an answer that crosses a change is not given again.
    """
    key = (question, int(now.timestamp()) // SECONDS, recs.marks())
    before = given.get(key)
    if before is not None and _marks(before.marks.actor) == before.marks:
        return before.text
    actor = find()
    known = _marks(actor)
    made = make(actor)
    if made.may_repeat and known.actor == actor:
        given.keep(key, Given(made.text, known))
    return made.text


def _marks(actor: Actor) -> Marks:
    with single_read() as tx:
        return marks.of(tx, actor)
