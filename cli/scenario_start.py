"""How a scenario comes up: a database is made, migrated, filled, and served in the background.

All of it happens in a thread. A signal finds the main thread, which does nothing but wait; so it
is heard even while the database is at a long statement, and never where something has been
made and not yet been noted.
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
GRACE: Final = 5  # seconds that a statement under way has to end by itself
_PAUSE: Final = 0.05  # seconds between two looks


class Stopped(Exception):  # noqa: N818 - no error: somebody wanted it
    """Told to stop."""


class ScenarioStart:
    """A scenario on its way up."""

    def __init__(
        self,
        fill: Callable[[ScenarioContext], None],
        running: RunningScenario,
        lock: TextIO,
        *,
        report_progress: Callable[[float], None],
    ) -> None:
        """`lock` is the scenario's file: it says what there is to clear away."""
        self._fill_stage = fill
        self._running = running
        self._lock = lock
        self._report_progress = report_progress
        self._is_made = Event()
        self._stopped = Event()
        self._gunicorn: subprocess.Popen[bytes] | None = None

    def bring_up(self) -> RunningScenario:
        """Where it is up. Interrupted or failing, it leaves nothing behind."""
        with ThreadPoolExecutor(1) as maker:
            making = maker.submit(self._make)
            try:
                return making.result()
            except KeyboardInterrupt:
                self._stopped.set()
                wait([making], GRACE)
                if self._is_made.is_set() and not making.done():  # end the statement under way
                    admin.drop_database(self._running.made_on, self._running.database)
                if making.exception() is None:
                    self._clear_away()
                raise

    def _make(self) -> RunningScenario:
        self._running.write(self._lock)
        try:
            admin.create_database(self._running.made_on, self._running.database)
        except DatabaseRefused:
            scenario_state.path(self._running.name).unlink()
            raise
        self._is_made.set()
        try:
            self._fill()
            return self._serve()
        except BaseException:
            self._clear_away()
            raise

    def _clear_away(self) -> None:
        if self._gunicorn:
            self._gunicorn.terminate()
            self._gunicorn.wait()
        self._running.forget()

    def _fill(self) -> None:
        movr = MovR(self._running.uri)
        try:
            schema.upgrade(movr.engine)
            self._fill_stage(ScenarioContext(movr.engine, datetime.now(UTC), self._go_on))
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
            self._go_on(1)
            if gunicorn.poll() is not None or time.monotonic() > deadline:
                said = (
                    scenario_state.log(self._running.name).read_text().strip().rpartition("\n")[2]
                )
                raise CannotServe(f"MovR does not answer on port {port}; it said: {said}")
            time.sleep(_PAUSE)

    def _go_on(self, share: float) -> None:
        """Tell how much is filled, unless somebody wants us to stop."""
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
