"""A Redis or Valkey server of a test."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

import pytest
from redis import ConnectionError as NoConnectionError
from redis import Redis

from tests.conftest import START_TIMEOUT, free_port

HOW_TO_GET_IT = "no Redis or Valkey found (Debian: apt-get install redis-server)"


class RedisServer:
    """A server on one port of the loopback, which tests stop, freeze and start again."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = f"redis://127.0.0.1:{self._port}/0"
        self.client = Redis(port=self._port, socket_timeout=START_TIMEOUT)

    def start(self) -> None:
        command = [self._program, "--bind", "127.0.0.1", "--port", str(self._port), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_answering():
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        yield
        self._process.send_signal(signal.SIGCONT)

    def _is_answering(self) -> bool:
        try:
            return bool(self.client.ping())
        except NoConnectionError:
            return False


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Run a server; the test is skipped if none is installed, unless in CI."""
    program = which("valkey-server") or which("redis-server")
    if program is None and os.environ.get("CI"):
        pytest.fail(f"CI must have it: {HOW_TO_GET_IT}")
    if program is None:
        pytest.skip(f"NO TESTS OF SHARED RATE LIMITS: {HOW_TO_GET_IT}")
    server = RedisServer(program)
    server.start()
    try:
        yield server
    finally:
        server.client.close()
        server.stop()
