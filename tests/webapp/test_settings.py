"""Settings: read once, checked at start, a wrong one said in one sentence."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import BY_NAME, ROOT, SETTINGS, Config, ConfigError, TestConfig, kept_secret, parse_settings, read_env_file
from webapp import create_app, make_folders


def load(tmp_path: Path, **given: str) -> Config:
    return Config.from_environment({"INSTANCE_PATH": str(tmp_path)} | given, env_file=tmp_path / ".env")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "http"),
        ("PORT", "99999"),
        ("WORKERS", "-2"),
        ("CURRENCY", "euro"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("RETRAIN_AT", "25:00"),
        ("RETRAIN_NIGHTLY", "perhaps"),
        ("SHOP_ENV", "holiday"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "foo"),
        ("REDIS_URL", "redis://127.0.0.1:port/0"),
        ("SITE_URL", "shop.example"),
        ("TRUSTED_HOSTS", "a/b"),
        ("TRUSTED_HOSTS", "shop.example, https://shop.example"),
        ("TRUSTED_HOSTS", "shop..example"),
        ("TEXT_ENCODER", "/no/such/folder"),
        ("IMAGE_ENCODER", "/no/such/model.onnx"),
        ("LOG_FORMAT", "xml"),
        ("LOCALE", "fr"),
        ("SECRET_KEY", "short"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError) as stopped:
        load(tmp_path, **{name: value})
    assert name in str(stopped.value)
    assert "\n" not in str(stopped.value)


@pytest.mark.parametrize("name", ["shop.example", ".shop.example", "bücher.example:8443", "10.0.0.7", "[fd00::7]"])
def test_host_names_are_taken(tmp_path: Path, name: str) -> None:
    assert name in (load(tmp_path, TRUSTED_HOSTS=name).trusted_hosts or [])


def test_open_reads_are_for_this_machine_only(tmp_path: Path) -> None:
    assert load(tmp_path, DEMO_OPEN_READS="1")["DEMO_OPEN_READS"] is True
    with pytest.raises(ConfigError):
        load(tmp_path, DEMO_OPEN_READS="1", HOST="0.0.0.0")  # noqa: S104 - never bound


def test_every_default_is_fit_for_use() -> None:
    values = parse_settings({})
    assert set(values) == set(BY_NAME) == {setting.name for setting in SETTINGS}
    assert all(setting.help.endswith(".") and setting.type_name for setting in SETTINGS)


def test_the_env_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# comment\nexport PORT=8000\nSHOP_NAME='Our shop'\n\nbroken\n", encoding="utf-8")
    assert read_env_file(tmp_path / ".env") == {"PORT": "8000", "SHOP_NAME": "Our shop"}
    assert load(tmp_path)["PORT"] == 8000
    assert load(tmp_path, PORT="9000")["PORT"] == 9000


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_database_addresses(given: str, expected: str) -> None:
    assert parse_settings({"DATABASE_URL": given})["DATABASE_URL"] == expected


@pytest.mark.parametrize(
    ("name", "value", "package"),
    [("DATABASE_URL", "postgresql://u@h/d", "psycopg"), ("REDIS_URL", "redis://h/0", "redis")],
)
def test_an_address_whose_package_is_missing_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(ConfigError, match=rf"{name} names .+ {package} .+--extras postgres"):
        load(tmp_path, **{name: value})


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "secret_key")
    assert kept_secret(tmp_path / "secret_key") == first
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_damaged_secret_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("x", encoding="ascii")
    with pytest.raises(ConfigError, match="delete the file"):
        kept_secret(tmp_path / "secret_key")


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_r21_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="locked"):
        make_folders(TestConfig.under(tmp_path / "locked" / "shop"))


def test_r21_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="taken"):
        create_app(TestConfig.under(tmp_path / "taken"))


def test_a_wrong_setting_is_one_sentence_on_the_terminal(tmp_path: Path) -> None:
    surroundings = os.environ | {"INSTANCE_PATH": str(tmp_path), "CURRENCY": "euro"}
    command = [sys.executable, "-m", "flask", "--app", "app", "routes"]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.strip() == "kindred: CURRENCY='euro' cannot be used: write three capital letters such as EUR."
