"""What `make run` says when it cannot start, what it prints when it can, and that it leaves nothing behind."""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import gunicorn.config
import pytest
from gunicorn.http.parser import RequestParser

from config import TestConfig
from deploy import run
from tests.servers import free_port, need_package
from webapp.numbers import MAX_ID

# Tells its own number and that of a child which would outlive it.
PARENT = (
    "import signal, subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "open(sys.argv[1], 'w').write(f'{child.pid} {signal.getsignal(signal.SIGINT) == signal.default_int_handler}')\n"
    "time.sleep(60)\n"
)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1]


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text("utf-8")):
            return text
        time.sleep(0.05)
    raise AssertionError(f"{path} was not written")


def test_a_taken_port_is_one_sentence_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(run.CannotStartError) as stopped:
            run.check_port(TestConfig.under(tmp_path, PORT=str(port)))
    assert f"port {port}" in str(stopped.value)
    assert f"make run PORT={port + 1}" in str(stopped.value)


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    with pytest.raises(run.CannotStartError, match=r"HOST=203\.0\.113\.1 is no address of this machine"):
        run.check_port(TestConfig.under(tmp_path, HOST="203.0.113.1"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("REDIS_URL", "redis://:hush@127.0.0.1:1/0"), ("DATABASE_URL", "postgresql://x:hush@127.0.0.1:1/shop")],
)
def test_a_server_that_is_not_there_is_told_without_a_page_of_python(tmp_path: Path, name: str, value: str) -> None:
    need_package({"REDIS_URL": "redis", "DATABASE_URL": "psycopg"}[name], "postgres")
    surroundings = os.environ | {"INSTANCE_PATH": str(tmp_path), "PORT": str(free_port()), name: value}
    command = [sys.executable, str(run.ROOT / "deploy" / "run.py")]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "onnection refused" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("ask", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_command_takes_its_children_with_it(tmp_path: Path, ask: signal.Signals) -> None:
    told = tmp_path / "told.txt"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does with what it starts by `&`
    try:
        process = run.start([sys.executable, "-c", PARENT, str(told)], ask=ask)
        child, hears_ctrl_c = wait_for(told).split()
    finally:
        signal.signal(signal.SIGINT, before)
    run.stop([process], ask)
    assert process.returncode is not None
    assert hears_ctrl_c == "True"
    deadline = time.monotonic() + 5
    while is_alive(int(child)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(int(child))


def test_the_demo_is_announced_with_its_accounts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accounts = [
        {"role": "owner", "name": "Shop owner", "email": "owner@example.com", "password": "one-two"},
        {"role": "shopper", "name": "Ana", "email": "ana@example.com", "password": "three-four"},
    ]
    (tmp_path / "demo-accounts.json").write_text(json.dumps(accounts), "utf-8")
    run.announce(TestConfig.under(tmp_path, DEMO_OPEN_READS="1"))
    told = capsys.readouterr().out
    for word in ("http://127.0.0.1:5000", "owner@example.com", "one-two", "three-four", "/admin/", "Ctrl-C"):
        assert word in told
    assert "curl 'http://127.0.0.1:5000/api/recommendations?user_id=1&k=5'" in told


def test_s27_a_public_shop_writes_no_password_into_its_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a service prints is kept by the system; the file with the accounts is the owner's alone."""
    account = {"role": "owner", "name": "Shop owner", "email": "owner@example.com", "password": "one-two"}
    (tmp_path / "demo-accounts.json").write_text(json.dumps([account]), "utf-8")
    run.announce(TestConfig.under(tmp_path, SHOP_ENV="production"))
    told = capsys.readouterr().out
    assert "one-two" not in told
    assert "owner@example.com" in told
    assert str(tmp_path / "demo-accounts.json") in told


def test_a_shop_without_accounts_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.announce(TestConfig.under(tmp_path))
    told = capsys.readouterr().out
    assert ".venv/bin/flask create-admin" in told
    assert "curl 'http://127.0.0.1:5000/api/recommendations?k=5'" in told  # without open reads a guest asks for itself


def test_each_web_process_opens_the_model_at_its_start() -> None:
    settings = runpy.run_path(str(run.ROOT / "deploy" / "serving.py"))  # as gunicorn reads it
    warmed = threading.Event()
    app = SimpleNamespace(extensions={"recs": SimpleNamespace(warm_up=warmed.set)})
    settings["post_worker_init"](SimpleNamespace(wsgi=app))
    assert warmed.wait(5)
    assert str(run.ROOT / "deploy" / "serving.py") in run.web_command(TestConfig.under(Path("unused")))


@pytest.mark.parametrize(
    ("host", "bound", "told"),
    [
        ("127.0.0.1", "127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("0.0.0.0", "0.0.0.0:5000", "http://127.0.0.1:5000"),  # noqa: S104 - compared, not bound
        ("::1", "[::1]:5000", "http://[::1]:5000"),
        ("::", "[::]:5000", "http://[::1]:5000"),
    ],
)
def test_the_shop_listens_on_addresses_of_both_kinds(host: str, bound: str, told: str) -> None:
    config = TestConfig.under(Path("unused"), HOST=host)
    command = run.web_command(config)
    assert command[command.index("--bind") + 1] == bound
    assert run.address(config) == told


def test_the_longest_question_of_the_api_fits_into_a_request_line() -> None:
    """Ids of ten digits, and each comma as three characters, which is how most clients write it."""
    products = {"exclude": ",".join([str(MAX_ID)] * 500), "product_id": ",".join([str(MAX_ID)] * 50)}
    others = {"user_id": "x" * 200, "k": 100, "context": "product", "strategy": "bought_together"}
    line = f"GET /api/recommendations?{urlencode(others | products)} HTTP/1.1"
    settings = runpy.run_path(str(run.ROOT / "deploy" / "serving.py"))
    assert len(line) <= settings["limit_request_line"]


@pytest.mark.parametrize(
    ("headers", "ends"),
    [
        ("", False),
        ("Content-Length: 0\r\n", False),
        ("Content-Length: 65535\r\n", False),
        ("Content-Length: 65536\r\n", True),
        ("Content-Length: 3000000\r\n", True),
        ("Transfer-Encoding: chunked\r\n", True),
    ],
)
def test_who_sends_much_is_told_that_the_line_ends_with_the_answer(headers: str, ends: bool) -> None:
    """What the shop leaves unread, as with 413, is not read to its end; then the next question on the line is lost."""
    settings = runpy.run_path(str(run.ROOT / "deploy" / "serving.py"))
    raw = f"POST /cart/add HTTP/1.1\r\nHost: shop\r\n{headers}\r\n".encode()
    request = next(RequestParser(gunicorn.config.Config(), iter([raw]), None))
    settings["pre_request"](None, request)
    assert request.should_close() is ends


@pytest.mark.parametrize(("workers", "is_shared"), [("1", False), ("2", True)])
def test_several_web_processes_share_their_code_and_one_leaves_none_behind(
    workers: str, is_shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKERS", workers)
    settings = str(run.ROOT / "deploy" / "serving.py")
    assert runpy.run_path(settings)["preload_app"] is is_shared
    script = (
        f"import runpy, sys; runpy.run_path({settings!r})['on_starting'](None); print('recommender' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=run.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(is_shared)]


def test_processes_get_few_threads_and_heaps_unless_the_surroundings_say_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    assert run.environment()["MALLOC_ARENA_MAX"] == "2"
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    assert run.environment()["MALLOC_ARENA_MAX"] == "4"
