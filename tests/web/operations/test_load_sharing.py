"""Distribution of persistent connections over gunicorn's workers."""

import socket
from contextlib import ExitStack
from operator import sub
from pathlib import Path
from urllib.parse import urlsplit

from tests.cli.test_serve import wait_until
from tests.conftest import running
from tests.leftovers import open_files

CONNECTIONS = 16
PROC = Path("/proc")


def test_no_worker_takes_nearly_all_the_connections(database: str) -> None:
    with running(DB_URI=database, DEBUG="1", WORKERS="2") as (url, process), ExitStack() as stack:

        def connect() -> None:
            place = (urlsplit(url).hostname, urlsplit(url).port)
            client = stack.enter_context(socket.create_connection(place))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: movr.test\r\n\r\n")
            assert client.recv(1 << 16).startswith(b"HTTP/1.1 200 ")

        def both_take_some() -> bool:
            connect()
            return min(shares(process.pid)) > 0

        wait_until(both_take_some, "a second worker that takes connections")
        before = shares(process.pid)

        for _ in range(CONNECTIONS):
            connect()

        assert min(map(sub, shares(process.pid), before)) >= CONNECTIONS // 8


def shares(process: int) -> list[int]:
    """Return the number of connections of each of two workers."""
    children = (PROC / f"{process}/task/{process}/children").read_text().split()
    one, other = map(sockets, children)
    return [len(one - other), len(other - one)]


def sockets(worker: str) -> set[str]:
    return {file for file in open_files(int(worker)) if file.startswith("socket:")}
