"""Stars given and taken back at the same moment: sums are those of the votes, and nobody is sent away."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import NOW
from tests.databases import POSTGRESQL
from tests.factories import make_product, make_user
from webapp.actors import Actor
from webapp.extensions import db
from webapp.services.picks import feedback
from webapp.store import products, taste
from webapp.store.models import StarRating
from webapp.store.tx import Tx, read_unit, unit_of_work

N_PRODUCTS, N_PEOPLE, N_BATCHES = 12, 6, 6


@contextmanager
def meanwhile(app: Flask, work: Callable[[Tx], object]) -> Iterator[Tx]:
    """Another process does its work while the transaction of this block is open, and after it where it has to wait."""

    def run() -> None:
        with app.app_context(), unit_of_work() as tx:
            work(tx)

    other = threading.Thread(target=run)
    with db.engine.connect() as connection, connection.begin():
        yield Tx(connection)
        other.start()
        other.join(0.5)
    other.join(20)
    assert not other.is_alive()


def sums(product_id: int) -> tuple[int, int]:
    with read_unit() as tx:
        row = products.cards(tx, [product_id])[product_id]
    return row.rating_count, row.rating_sum


def votes(product_id: int) -> tuple[int, int]:
    with read_unit() as tx:
        given = select(func.count(), func.coalesce(func.sum(StarRating.stars), 0))
        row = tx.row(given.where(StarRating.product_id == product_id))
    return row[0], int(row[1])


@pytest.mark.service
@pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)
@pytest.mark.parametrize("stars_before", [None, 1])
def test_two_votes_of_one_person_at_once_count_as_one(app: Flask, stars_before: int | None) -> None:
    with unit_of_work() as tx:
        ana, lamp = Actor(user_id=make_user(tx)), make_product(tx)
        if stars_before:
            taste.set_stars(tx, ana, lamp, stars_before, now=NOW)
    with meanwhile(app, lambda tx: taste.set_stars(tx, ana, lamp, 5, now=NOW)) as tx:
        taste.set_stars(tx, ana, lamp, 2, now=NOW)
    assert votes(lamp) == sums(lamp) == (1, 5)


@pytest.mark.service
@pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)
@pytest.mark.parametrize("of_all", [False, True])
def test_a_vote_counts_while_another_is_taken_back_or_all_are_counted(app: Flask, *, of_all: bool) -> None:
    with unit_of_work() as tx:
        ana, ben, lamp = Actor(user_id=make_user(tx)), Actor(user_id=make_user(tx)), make_product(tx)
        taste.set_stars(tx, ben, lamp, 4, now=NOW)

    def other(tx: Tx) -> object:
        return taste.recount_stars(tx) if of_all else taste.remove_stars(tx, ben)

    with meanwhile(app, other) as tx:
        taste.set_stars(tx, ana, lamp, 2, now=NOW)
    assert votes(lamp) == sums(lamp) == ((2, 6) if of_all else (1, 2))


@pytest.mark.slow
@pytest.mark.both_databases
def test_batches_of_events_in_any_order_wait_for_each_other_in_one(app: Flask) -> None:
    """Nobody is told that the shop is busy because others rate the same products."""
    with unit_of_work() as tx:
        people = [Actor(user_id=make_user(tx)) for _ in range(N_PEOPLE)]
        shelf = [make_product(tx) for _ in range(N_PRODUCTS)]
    refused: list[Exception] = []
    together = threading.Barrier(N_PEOPLE)

    def rate(number: int) -> None:
        draw = random.Random(number)
        together.wait(20)
        for _batch in range(N_BATCHES):
            told = [
                (actor, feedback.Event(product_id, "rating", float(draw.randint(1, 5)), event_uid=f"e{product_id}"))
                for actor in draw.sample(people, 3)
                for product_id in draw.sample(shelf, N_PRODUCTS)
            ]
            try:
                with app.app_context():
                    feedback.record_many(told, now=NOW)
            except Exception as error:  # whatever it is
                refused.append(error)

    threads = [threading.Thread(target=rate, args=(number,)) for number in range(N_PEOPLE)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert refused == []
    assert time.monotonic() - began < 60
    for product_id in shelf:
        assert sums(product_id) == votes(product_id)
