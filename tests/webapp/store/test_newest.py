"""Events are read on each once, in whatever order they are committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.databases import POSTGRESQL
from tests.factories import make_event, make_guest, make_product, make_user
from tests.webapp.live import local, publish, stock_shop
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.extensions import db
from webapp.picks import Ask
from webapp.recs.reading import note_of, since_training
from webapp.store import interactions, newest
from webapp.store.models import Interaction
from webapp.store.rows import ReadTo
from webapp.store.tx import Tx, read_unit, unit_of_work


@pytest.fixture
def shelf(app: Flask) -> tuple[Actor, list[int]]:
    with unit_of_work() as tx:
        return Actor(user_id=make_user(tx)), [make_product(tx) for _ in range(4)]


@contextmanager
def open_transaction() -> Iterator[Tx]:
    """A transaction of another process, which commits when the block ends."""
    with db.engine.connect() as connection, connection.begin():
        yield Tx(connection)


def read_on(read: ReadTo, *, limit: int = 100) -> tuple[list[str], ReadTo]:
    with read_unit() as tx:
        rows, read = newest.events_after(tx, read, limit=limit)
    return [row.item_id for row in rows], read


def note(actor: Actor, *product_ids: int) -> None:
    with unit_of_work() as tx:
        for product_id in product_ids:
            make_event(tx, actor, product_id)


def let_others_write() -> None:
    """As many transactions as a number that is missing is waited for behind those that were open."""
    for _number in range(newest.YET_UNNUMBERED):
        with unit_of_work() as tx:
            if tx.is_sqlite:
                return
            tx.execute(sa.select(sa.func.pg_current_xact_id()))


@pytest.mark.both_databases
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_each_event_is_read_once_however_many_at_a_time(shelf: tuple[Actor, list[int]], limit: int) -> None:
    actor, products = shelf
    note(actor, *products)
    found, read = read_on(ReadTo(), limit=limit)
    seen = found
    while found:
        found, read = read_on(read, limit=limit)
        seen = seen + found
    assert seen == [str(product_id) for product_id in products]


@pytest.mark.both_databases
def test_nothing_is_looked_for_again_that_nobody_can_commit(shelf: tuple[Actor, list[int]]) -> None:
    """A number that went with a repeat or with an event that was forgotten stays free for ever."""
    actor, (first, second, *_rest) = shelf
    with unit_of_work() as tx:
        make_event(tx, actor, first, event_uid="e1")
        make_event(tx, actor, first, event_uid="e1")
        make_event(tx, actor, second)
    found, read = read_on(ReadTo())
    assert found == [str(first), str(second)]
    let_others_write()
    assert read_on(read) == ([], ReadTo(read.last_id))


@pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)
@pytest.mark.service
class TestOnPostgresql:
    """Where events are numbered in one order and committed in another."""

    def test_an_event_that_commits_late_is_read_once(self, shelf: tuple[Actor, list[int]]) -> None:
        actor, (first, late, later, last) = shelf
        note(actor, first)
        with open_transaction() as other:
            make_event(other, actor, late)
            make_event(other, actor, later)
            note(actor, last)
            found, read = read_on(ReadTo())
            assert found == [str(first), str(last)]
            assert read_on(read) == ([], read)
        found, read = read_on(read)
        assert (found, read.n_late) == ([str(late), str(later)], 2)
        assert read_on(read)[0] == []

    def test_an_event_that_had_its_number_before_its_transaction_had_one_is_read(
        self, shelf: tuple[Actor, list[int]]
    ) -> None:
        actor, (first, late, last, _unused) = shelf
        note(actor, first)
        with open_transaction() as other:
            number = other.scalar(sa.select(sa.func.nextval(sa.func.pg_get_serial_sequence("interactions", "id"))))
            assert other.scalar(sa.select(sa.func.pg_current_xact_id_if_assigned())) is None
            note(actor, last)
            found, read = read_on(ReadTo())
            assert found == [str(first), str(last)]
            values = {"id": number, "user_id": actor.user_id, "product_id": late, "kind": "view", "at": NOW}
            other.execute(sa.insert(Interaction).values(values))
            found, read = read_on(read)
            assert found == []
        assert read_on(read)[0] == [str(late)]

    def test_one_of_two_that_are_late_is_read_before_the_other(self, shelf: tuple[Actor, list[int]]) -> None:
        actor, (late, latest, last, _unused) = shelf
        with open_transaction() as slow:
            make_event(slow, actor, latest)
            with open_transaction() as other:
                make_event(other, actor, late)
                note(actor, last)
                found, read = read_on(ReadTo())
                assert found == [str(last)]
            found, read = read_on(read)
            assert found == [str(late)]
        assert read_on(read)[0] == [str(latest)]

    def test_what_was_taken_back_is_not_waited_for(self, shelf: tuple[Actor, list[int]]) -> None:
        actor, (gone, last, *_rest) = shelf
        with open_transaction() as other:
            make_event(other, actor, gone)
            note(actor, last)
            _found, read = read_on(ReadTo())
            assert read.gaps
            other.rollback()
        let_others_write()
        assert read_on(read) == ([], ReadTo(read.last_id))

    def test_so_many_gaps_at_once_are_looked_for_and_no_more(
        self, shelf: tuple[Actor, list[int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A transaction that stays open for a day must not make each look longer than the one before."""
        actor, (late, last, *_rest) = shelf
        monkeypatch.setattr(newest, "MOST_MISSING", 2)
        with open_transaction() as other:
            for number in range(4):
                make_event(other, actor, late)
                if number == 1:
                    note(actor, last)
            note(actor, last)
            _found, read = read_on(ReadTo())
            assert [gap[:2] for gap in read.gaps] == [(4, 5)]
        assert read_on(read)[0] == [str(late)] * 2

    def test_what_commits_while_a_model_is_trained_is_told_to_it(self, shelf: tuple[Actor, list[int]]) -> None:
        actor, (first, late, last, _unused) = shelf
        note(actor, first)
        with open_transaction() as other:
            make_event(other, actor, late)
            note(actor, last)
            with read_unit() as tx:
                written = note_of(newest.read_to(tx), NOW)
                trained_on = interactions.training_frame(tx)["item_id"].tolist()
        assert trained_on == [str(first), str(last)]
        assert read_on(since_training(written, 0).events)[0] == [str(late)]

    def test_a_live_model_counts_what_committed_late(self, app: Flask, models: Path) -> None:
        products = stock_shop()
        publish(app, "v1", "popular")
        recs = local(app)
        quiet = recs.for_user(Ask("x", k=24)).product_ids[-1]
        with open_transaction() as other:
            for _person in range(60):
                make_event(other, make_guest(other), quiet, "purchase", at=utc_now())
            with unit_of_work() as tx:
                make_event(tx, make_guest(tx), products[0], at=utc_now())
            recs.refresh()
            before = recs.marks()
        recs.refresh()
        assert recs.for_user(Ask("x", k=3, now=utc_now())).product_ids[0] == quiet
        assert recs.marks() != before
