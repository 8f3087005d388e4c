"""Start of a scenario: create, migrate and fill a database, and serve it in the background.

The work is done in a second thread, while the main thread waits. Signals are handled in the main
thread, so they take effect even during a long statement, and they never interrupt the work between
creating something and recording it for the cleanup.
"""

import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from threading import Event
from typing import Final, TextIO

from cli import scenario_state
from cli.local_server import HOST, CannotServe
from cli.scenario_state import RunningScenario
from movr.database import admin, schema
from movr.database.admin import DatabaseRefused
from movr.movr import MovR
from scenarios.shared.context import ScenarioContext

START_TIMEOUT: Final = 30  # seconds
GRACE: Final = 5  # seconds until a running statement is cancelled
_POLL_INTERVAL: Final = 0.05  # seconds


class Stopped(Exception):  # noqa: N818 - not an error: the user interrupted the command
    """The start was interrupted."""


class ScenarioStart:
    """The start of a scenario."""

    def __init__(
        self,
        fill: Callable[[ScenarioContext], None],
        running: RunningScenario,
        lock: TextIO,
        *,
        report_progress: Callable[[float], None],
    ) -> None:
        """Prepare the start. `lock` is the locked state file, which records what to clean up."""
        self._fill_database = fill
        self._running = running
        self._lock = lock
        self._report_progress = report_progress
        self._database_created = Event()
        self._stopped = Event()
        self._gunicorn: subprocess.Popen[bytes] | None = None

    def bring_up(self) -> RunningScenario:
        """Start the scenario and return its state. An interrupt or an error undoes everything."""
        with ThreadPoolExecutor(1) as executor:
            work = executor.submit(self._create_and_serve)
            try:
                return work.result()
            except KeyboardInterrupt:
                self._stopped.set()
                wait([work], GRACE)
                if self._database_created.is_set() and not work.done():  # cancel the statement
                    admin.drop_database(self._running.made_on, self._running.database)
                if work.exception() is None:
                    self._clean_up()
                raise

    def _create_and_serve(self) -> RunningScenario:
        self._running.write(self._lock)
        try:
            admin.create_database(self._running.made_on, self._running.database)
        except DatabaseRefused:
            scenario_state.path(self._running.name).unlink()
            raise
        self._database_created.set()
        try:
            self._fill()
            return self._serve()
        except BaseException:
            self._clean_up()
            raise

    def _clean_up(self) -> None:
        if self._gunicorn:
            self._gunicorn.terminate()
            self._gunicorn.wait()
        self._running.remove()

    def _fill(self) -> None:
        movr = MovR(self._running.uri)
        try:
            schema.upgrade(movr.engine)
            self._fill_database(ScenarioContext(movr.engine, datetime.now(UTC), self._continue))
        finally:
            movr.close()

    def _serve(self) -> RunningScenario:
        with socket.create_server((HOST, 0)) as listener:
            port = listener.getsockname()[1]
            self._gunicorn = self._running.serve(self._lock, listener)
        serving = replace(self._running, url=f"http://{HOST}:{port}", group=self._gunicorn.pid)
        serving.write(self._lock)
        self._wait_until_ready(port, self._gunicorn)
        return serving

    def _wait_until_ready(self, port: int, gunicorn: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not _is_ready(port):
            self._continue(1)
            if gunicorn.poll() is not None or time.monotonic() > deadline:
                last_line = (
                    scenario_state.log(self._running.name).read_text().strip().rpartition("\n")[2]
                )
                raise CannotServe(f"MovR does not answer on port {port}; it said: {last_line}")
            time.sleep(_POLL_INTERVAL)

    def _continue(self, share: float) -> None:
        """Report the share that is filled, from 0 to 1. Raises Stopped after an interrupt."""
        if self._stopped.is_set():
            raise Stopped
        self._report_progress(share)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=START_TIMEOUT)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
