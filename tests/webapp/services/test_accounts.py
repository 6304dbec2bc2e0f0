"""Members: hard to guess, hard to find out about, and nothing of a guest is lost."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask

from tests.conftest import NOW
from tests.factories import PASSWORD, make_event, make_guest, make_product, make_user, put_in_cart
from webapp import passwords
from webapp.actors import Actor
from webapp.errors import InvalidInput, TooManyRequests
from webapp.services.people import accounts
from webapp.store import carts, interactions, products, sessions, taste, users
from webapp.store.tx import read_unit, unit_of_work


def sign_in(email: str = "ana@example.com", password: str = PASSWORD, **over: object) -> accounts.Member:
    values: dict = {"address": "10.0.0.1", "guest_id": None, "now": NOW} | over
    return accounts.sign_in(email=email, password=password, **values)


@pytest.fixture
def ana(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_user(tx, "ana@example.com")


def test_s5_passwords_are_argon2id_with_the_recommended_cost() -> None:
    found = extract_parameters(passwords.hash_password("a long enough one"))
    assert (found.type.name, found.memory_cost, found.time_cost, found.parallelism) == ("ID", 19 * 1024, 2, 1)


@pytest.mark.parametrize("password", ["short", "x" * 129, "password123", "aaaaaaaaaa", "ana@example.com", "qwertyuiop"])
def test_s5_passwords_that_are_refused(password: str, app: Flask) -> None:
    with app.test_request_context(), pytest.raises(InvalidInput) as refused:
        accounts.register(name="Ana", email="ana@example.com", password=password, now=NOW)
    assert list(refused.value.errors) == ["password"]


def test_registering_names_every_wrong_field(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(InvalidInput) as refused:
        accounts.register(name=" ", email="nobody", password="short", now=NOW)
    assert set(refused.value.errors) == {"name", "email", "password"}


@pytest.mark.parametrize("between", ["\u2028", "\x1c", "\x85", "\u00a0", "\u202e"])
def test_an_address_is_made_of_what_can_be_seen(app: Flask, between: str) -> None:
    """No header of a letter can hold a line break, whichever of them it is."""
    with pytest.raises(InvalidInput) as refused:
        accounts.register(name="Ana", email=f"ana{between}b@example.com", password=PASSWORD, now=NOW)
    assert set(refused.value.errors) == {"email"}


@pytest.mark.parametrize(
    "address",
    ["=?utf-8?q?a=0d=0aBcc=3aeve?=@example.com", "=?utf-8?q?eve=40a.de=2cana?=@example.com", f".{'é' * 21}@a.de"],
)
def test_an_address_is_one_that_a_letter_can_be_written_to(app: Flask, address: str) -> None:
    """In the head of a letter an encoded word stands for others: a line break, or a second reader."""
    with app.test_request_context(), pytest.raises(InvalidInput) as refused:
        accounts.clean_email(address)
    assert list(refused.value.errors) == ["email"]


@pytest.mark.parametrize("address", ["o'hara+x=1?@example.com", "ana..b@docomo.example", "jörg@example.com"])
def test_an_address_may_hold_signs_that_are_rare(app: Flask, address: str) -> None:
    with app.test_request_context():
        assert accounts.clean_email(address) == address


def test_an_old_hash_is_renewed_at_sign_in(app: Flask, ana: int) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with unit_of_work() as tx:
        users.change(tx, ana, password_hash=weak)
    sign_in()
    with read_unit() as tx:
        renewed = users.by_id(tx, ana)
    assert renewed is not None
    assert renewed.password_hash is not None
    assert not passwords.is_outdated(renewed.password_hash)


def test_s6_the_eleventh_failure_waits_and_the_right_password_waits_too(app: Flask, ana: int) -> None:
    with app.test_request_context():
        for _try in range(10):
            with pytest.raises(InvalidInput):
                sign_in(password="wrong one here")
        with pytest.raises(TooManyRequests) as stopped:
            sign_in()
        assert 0 < int(stopped.value.headers["Retry-After"]) <= 15 * 60 + 1
        assert sign_in(now=NOW + timedelta(minutes=16)).user_id == ana


def test_s6_failures_are_counted_for_the_account_wherever_they_come_from(app: Flask, ana: int) -> None:
    with app.test_request_context():
        for number in range(10):
            with pytest.raises(InvalidInput):
                sign_in(password="wrong one here", address=f"10.0.0.{number}")
        with pytest.raises(TooManyRequests):
            sign_in(address="10.9.9.9")


def test_s7_unknown_and_known_addresses_answer_alike(app: Flask, ana: int) -> None:
    told = []
    with app.test_request_context():
        for email in ("ana@example.com", "nobody@example.com"):
            with pytest.raises(InvalidInput) as refused:
                sign_in(email=email, password="wrong one here")
            told.append(refused.value.errors)
    assert told[0] == told[1]


def test_s7_a_person_without_a_password_cannot_sign_in(app: Flask) -> None:
    with unit_of_work() as tx:
        make_user(tx, "imported@example.com", password_hash=None)
    with app.test_request_context(), pytest.raises(InvalidInput):
        sign_in(email="imported@example.com", password="a password nobody has")


def test_a_guest_becomes_a_member_with_everything(app: Flask, ana: int) -> None:
    member = Actor(user_id=ana)
    with unit_of_work() as tx:
        guest = make_guest(tx)
        lamp, mug = make_product(tx), make_product(tx)
        make_event(tx, guest, lamp, event_uid="e1")
        make_event(tx, guest, mug, "click", event_uid="e2")
        make_event(tx, member, lamp, event_uid="e1")
        taste.set_stars(tx, guest, mug, 5, now=NOW)
        taste.set_stars(tx, guest, lamp, 1, now=NOW)
        taste.set_stars(tx, member, lamp, 4, now=NOW)
        taste.wish(tx, guest, mug, now=NOW)
        taste.exclude(tx, guest, lamp, "own", now=NOW)
    with app.test_request_context():
        sign_in(guest_id=guest.guest_id)
    with read_unit() as tx:
        mine = interactions.recent(tx, member, limit=10)
        assert sorted((row.product_id, row.kind) for row in mine) == [(lamp, "view"), (mug, "click")]
        assert interactions.recent(tx, guest, limit=10) == []
        assert taste.stars_by(tx, member) == {lamp: 4, mug: 5}
        assert users.wishes(tx, member) == [mug]
        assert set(taste.kept_out_and_moments(tx, member, limit=1)[0]) == {lamp}
        cards = products.cards(tx, [lamp, mug])
        assert [(cards[p].rating_count, cards[p].rating_sum) for p in (lamp, mug)] == [(1, 4), (1, 5)]


@pytest.mark.parametrize(("mine", "theirs", "stock", "together"), [(1, 2, 10, 3), (0, 2, 10, 2), (2, 3, 4, 4)])
def test_two_carts_become_one_cut_at_stock(
    app: Flask, ana: int, mine: int, theirs: int, stock: int, together: int
) -> None:
    with unit_of_work() as tx:
        guest, lamp = make_guest(tx), make_product(tx, stock=stock)
        put_in_cart(tx, guest, lamp, theirs)
        if mine:
            put_in_cart(tx, Actor(user_id=ana), lamp, mine)
    with app.test_request_context():
        member = sign_in(guest_id=guest.guest_id)
    assert bool(member.notice) == (together < mine + theirs)
    with read_unit() as tx:
        assert [line.quantity for line in carts.load(tx, Actor(user_id=ana)).lines] == [together]
        assert carts.load(tx, guest).lines == ()


def test_a_new_password_ends_all_other_sessions(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        for name in ("here", "there"):
            sessions.add(
                tx,
                id_hash=name,
                public_id=name,
                user_id=ana,
                data={},
                created_at=NOW,
                seen_at=NOW,
                expires_at=NOW + timedelta(days=1),
            )
    with app.test_request_context():
        accounts.change_password(ana, current=PASSWORD, new="another good one", keep_session="here", now=NOW)
    with read_unit() as tx:
        assert [row.public_id for row in sessions.of_user(tx, ana, now=NOW)] == ["here"]


def test_actors_are_found_by_id_guest_id_and_imported_name(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        known = make_user(tx, external_ref="A2XYZ")
    assert accounts.find_actor(str(ana)).user_id == ana
    assert accounts.find_actor(guest.ref) == guest
    assert accounts.find_actor("A2XYZ").user_id == known
    for nobody in ("999999", "g999999", "unheard-of", "", None, "x" * 500, "٣"):
        assert not accounts.find_actor(nobody).is_known
