"""A load generator in a process of its own: keep-alive connections that ask without a pause for a fixed time.

Started as ``python -m bench.loadgen``: reads one JSON job from standard input, writes one JSON result.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOCKET_SECONDS = 30.0


@dataclass(frozen=True)
class Job:
    """What to ask for.

    Attributes
    ----------
    port : int
        On 127.0.0.1.
    paths : list of str
        Asked one after the other and again from the start; the connections share them out.
    seconds : float
    connections : int
    """

    port: int
    paths: list[str]
    seconds: float
    connections: int


@dataclass(frozen=True)
class Result:
    """What came of it.

    Attributes
    ----------
    ms : list of float
        Milliseconds of each answered request.
    statuses : dict of str to int
        Answers per HTTP status.
    seconds : float
        From the first request to the last answer.
    """

    ms: list[float]
    statuses: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Answers a second, whatever their status."""
        return len(self.ms) / self.seconds if self.seconds else 0.0


def drive(job: Job) -> Result:
    """Run a job in a process of its own, so that the generator and the server do not share a Python."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.loadgen"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=job.seconds + 2 * SOCKET_SECONDS,
        check=True,
    )
    return Result(**json.loads(done.stdout))


def ask(job: Job) -> Result:
    """Ask from this process until the time is over; every connection ends with a whole answer."""
    began = time.perf_counter()
    until = began + job.seconds
    parts = [job.paths[number :: job.connections] or job.paths for number in range(job.connections)]
    found: list[tuple[list[float], Counter[str]]] = [([], Counter()) for _ in parts]
    threads = [
        threading.Thread(target=_connection, args=(job.port, part, until, number, into))
        for number, (part, into) in enumerate(zip(parts, found, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sum((counted for _, counted in found), Counter[str]())
    return Result([ms for times, _ in found for ms in times], dict(statuses), time.perf_counter() - began)


def _connection(
    port: int, paths: Sequence[str], until: float, number: int, into: tuple[list[float], Counter[str]]
) -> None:
    times, statuses = into
    requests = _requests(paths, number)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=SOCKET_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting = b""
            while time.perf_counter() < until:
                asked = time.perf_counter()
                connection.sendall(next(requests))
                status, waiting = read_answer(connection, waiting)
                times.append((time.perf_counter() - asked) * 1000)
                statuses[status] += 1
    except (OSError, ValueError) as error:
        statuses[f"broken: {type(error).__name__}"] += 1


def _requests(paths: Sequence[str], number: int) -> Iterator[bytes]:
    """Request after request, each as if from another shopper's address, as a proxy in front would say."""
    for step, path in enumerate(cycle(paths)):
        address = f"10.{number % 250}.{step // 250 % 250}.{step % 250}"
        yield (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nX-Forwarded-For: {address}\r\n\r\n"
        ).encode()


def read_answer(connection: socket.socket, waiting: bytes) -> tuple[str, bytes]:
    """Read one answer with a Content-Length.

    Returns
    -------
    status : str
        The three digits.
    waiting : bytes
        What was read beyond the answer.

    Raises
    ------
    ValueError
        When the answer ends early or names no length.
    """
    while b"\r\n\r\n" not in waiting:
        waiting = _more(connection, waiting)
    head, _, rest = waiting.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lengths = [int(line.split(b":")[1]) for line in lines[1:] if line.lower().startswith(b"content-length:")]
    if not lengths:
        raise ValueError("an answer without Content-Length")
    while len(rest) < lengths[0]:
        rest = _more(connection, rest)
    return lines[0].split(b" ")[1].decode(), rest[lengths[0] :]


def _more(connection: socket.socket, waiting: bytes) -> bytes:
    received = connection.recv(65_536)
    if not received:
        raise ValueError("the server closed the connection in the middle of an answer")
    return waiting + received


if __name__ == "__main__":
    print(json.dumps(asdict(ask(Job(**json.load(sys.stdin))))))
