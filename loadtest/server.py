"""A temporary MovR server for the load test."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from movr import signals
from movr.database import admin

ROOT: Final = Path(__file__).parent.parent
HOST: Final = "127.0.0.1"
START_TIMEOUT: Final = 60  # seconds
_ROUTINE: Final = "INFO"  # marks log lines that are not problems


class ServerDidNotStart(Exception):  # noqa: N818 - a message for the command line
    """The server did not start; the message is a sentence."""


@signals.uninterrupted
@contextmanager
def temporary_database(server_uri: str) -> Iterator[str]:
    """The URI of an empty database on this server, dropped afterwards. Raises DatabaseRefused."""
    name = f"movr_load_{secrets.token_hex(4)}"
    admin.create_database(server_uri, name)
    try:
        yield admin.sibling_uri(server_uri, name)
    finally:
        admin.drop_database(server_uri, name)


@signals.uninterrupted
@contextmanager
def serving(uri: str, log: Path) -> Iterator[str]:
    """Serve MovR with the demo data on this empty database and yield its URL.

    The server trusts X-Forwarded-For, as behind a load balancer, so that rate limits by address
    apply to each simulated rider separately.
    """
    port = _free_port()
    url = f"http://{HOST}:{port}"
    settings = {
        "DEBUG": "1",
        "PAYMENTS": "fake",
        "DB_URI": uri,
        "PORT": str(port),
        "PROXY_HOPS": "1",
    }
    with log.open("wb") as output:
        # In a new session: on Ctrl-C the server has to run until the load test has ended.
        server = subprocess.Popen(
            [sys.executable, "server.py"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_answering(server, url, log)
        yield url
    finally:
        server.terminate()
        server.wait()


def log_problems(log: Path, at_most: int = 40) -> list[str]:
    """Return the last `at_most` lines of the server's log that are not routine."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [line for line in lines if line and _ROUTINE not in line][-at_most:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_answering(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            urlopen(f"{url}/healthz", timeout=START_TIMEOUT).close()  # noqa: S310 - our own
        except (URLError, ConnectionError):
            if server.poll() is not None or time.monotonic() > deadline:
                problems = " ".join(log_problems(log))
                raise ServerDidNotStart(f"MovR does not start: {problems}") from None
            time.sleep(0.1)
        else:
            return
