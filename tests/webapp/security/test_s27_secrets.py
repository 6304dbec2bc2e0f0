"""S27: secrets are neither in the repository nor in the log; each shop has one of its own."""

import io
import logging
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from config import Config, kept_secret
from tests.factories import PASSWORD, ShopClient, make_product, variant_of
from webapp.logs import LOGGERS, ShopFormatter
from webapp.store.tx import unit_of_work

ROOT = Path(__file__).resolve().parents[3]
SECRETS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\b[sr]k_live_[0-9A-Za-z]{10,}"
    rb"|\bgh[pousr]_[0-9A-Za-z]{30,}|\bxox[abp]-[0-9A-Za-z-]{20,}"
)
NOT_CODE = {".webp", ".png", ".mo", ".woff2", ".gz", ".parquet"}


def test_no_secret_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this copy of the project is no repository")
    names = [name for name in listed.stdout.decode().split("\0") if name and Path(name).suffix not in NOT_CODE]
    paths = [ROOT / name for name in names if (ROOT / name).is_file()]
    assert len(paths) > 100
    assert [path.name for path in paths if SECRETS.search(path.read_bytes())] == []
    assert [name for name in names if Path(name).name == ".env" or name.startswith("instance/")] == []


def test_each_shop_makes_a_secret_of_its_own_that_others_cannot_read(tmp_path: Path) -> None:
    made = [kept_secret(tmp_path / name / "secret_key") for name in ("one", "two")]
    assert made[0] != made[1]
    assert kept_secret(tmp_path / "one" / "secret_key") == made[0]
    assert (tmp_path / "one" / "secret_key").stat().st_mode & 0o077 == 0
    given = {"INSTANCE_PATH": str(tmp_path / "three")}
    assert Config.from_environment(given, env_file=tmp_path / "none").secret_key() not in made


def test_an_error_of_the_database_names_nobody(app: Flask) -> None:
    for secret in ("ana@example.com", "$argon2id$v=19$m=19456"):
        with pytest.raises(DBAPIError) as broken, unit_of_work() as tx:
            tx.execute(text("SELECT :value FROM no_such_table"), {"value": secret})
        assert secret not in str(broken.value)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything the shop logs, however unimportant."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(ShopFormatter("json"))
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel("DEBUG")
    yield written
    for name, level in before.items():
        logging.getLogger(name).removeHandler(handler)
        logging.getLogger(name).setLevel(level)


def test_the_log_of_a_whole_purchase_names_nobody(app: Flask, client: ShopClient, lines: io.StringIO) -> None:
    with unit_of_work() as tx:
        variant = variant_of(tx, make_product(tx, name="Oslo lamp"))
    form = {"name": "Ana Okafor", "email": "ana@example.com", "password": PASSWORD}
    client.send("/account/register", form)
    client.send("/account/sign-in", form | {"password": "wrong one here"})
    client.sign_in("ana@example.com")
    session = client.get_cookie("kindred_session").value
    client.get("/search?q=secret+wish")
    client.send("/cart/add", {"variant_id": str(variant), "quantity": "1"})
    client.send("/checkout/contact", {"email": "ana@example.com"})
    address = {"name": "Ana Okafor", "line1": "Hill 1", "postcode": "10115", "city": "Berlin", "country": "DE"}
    client.send("/checkout/delivery", address | {"method": "standard"})
    client.send("/checkout/payment", {"method": "test"})
    page = client.get("/checkout/review").get_data(as_text=True)
    hidden = dict(re.findall(r'name="(idempotency_key|total_cents)" value="([^"]*)"', page))
    placed = client.send("/checkout/place", hidden)
    assert placed.status_code == 303
    token = placed.headers["Location"].rpartition("/")[2]
    client.send("/account/forgot", {"email": "ana@example.com"})
    written = lines.getvalue()
    assert written.count("\n") > 10
    for secret in ("ana@example.com", "Okafor", "Hill 1", PASSWORD, "wrong one", "secret", session, token, "127.0.0.1"):
        assert secret not in written, secret
