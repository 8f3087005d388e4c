"""Start of a scenario: create, migrate and fill a database, and serve it in the background.

The database is filled and served in a second thread, while the main thread waits. Signals are
handled in the main thread, so they take effect even during a long statement, and they never
interrupt the work between creating something and recording it for the cleanup.
"""

import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from threading import Event
from typing import Final, TextIO

from cli import scenario_state
from cli.local_server import HOST, CannotServe
from cli.scenario_state import RunningScenario
from movr import signals
from movr.database import admin, schema
from movr.database.admin import DatabaseRefused
from movr.movr import MovR
from scenarios.shared.context import ScenarioContext

START_TIMEOUT: Final = 30  # seconds
GRACE: Final = 5  # seconds until a running statement is cancelled


class Stopped(Exception):  # noqa: N818 - not an error: the user interrupted the command
    """The start was interrupted."""


@dataclass
class ScenarioStart:
    """The start of a scenario. `lock` is the locked state file, which records what to clean up."""

    fill: Callable[[ScenarioContext], None]
    running: RunningScenario
    lock: TextIO
    report_progress: Callable[[float], None]
    _stopped: Event = field(default_factory=Event, init=False)
    _has_database: bool = field(default=False, init=False)
    _gunicorn: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def bring_up(self) -> RunningScenario:
        """Start the scenario and return its state. An interrupt or an error undoes everything."""
        try:
            with signals.deferred():
                self._create_database()
            with ThreadPoolExecutor(1) as executor:
                work = executor.submit(self._fill_and_serve)
                try:
                    return work.result()
                except KeyboardInterrupt:
                    self._stopped.set()
                    wait([work], GRACE)
                    if not work.done():  # cancel the statement
                        admin.drop_database(self.running.made_on, self.running.database)
                    raise
        except BaseException:
            if self._has_database:
                self._clean_up()
            raise

    def _create_database(self) -> None:
        self.running.write(self.lock)
        try:
            admin.create_database(self.running.made_on, self.running.database)
        except DatabaseRefused:
            scenario_state.path(self.running.name).unlink()
            raise
        self._has_database = True

    def _clean_up(self) -> None:
        if self._gunicorn:
            self._gunicorn.terminate()
            self._gunicorn.wait()
        self.running.remove()

    def _fill_and_serve(self) -> RunningScenario:
        movr = MovR(self.running.uri)
        try:
            schema.upgrade(movr.engine)
            self.fill(ScenarioContext(movr.engine, datetime.now(UTC), self._continue))
        finally:
            movr.close()
        with socket.create_server((HOST, 0)) as listener:
            port = listener.getsockname()[1]
            self._gunicorn = self.running.serve(self.lock, listener)
        serving = replace(self.running, url=f"http://{HOST}:{port}", group=self._gunicorn.pid)
        serving.write(self.lock)
        self._wait_until_ready(port, self._gunicorn)
        return serving

    def _wait_until_ready(self, port: int, gunicorn: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not _is_ready(port):
            self._continue(1)
            if gunicorn.poll() is not None or time.monotonic() > deadline:
                said = scenario_state.log(self.running.name).read_text().strip()
                last_line = said.rpartition("\n")[2]
                raise CannotServe(f"MovR does not answer on port {port}; it said: {last_line}")
            time.sleep(scenario_state.POLL_INTERVAL)

    def _continue(self, share: float) -> None:
        """Report the share that is filled, from 0 to 1. Raises Stopped after an interrupt."""
        if self._stopped.is_set():
            raise Stopped
        self.report_progress(share)


def _is_ready(port: int) -> bool:
    try:
        with closing(HTTPConnection(HOST, port, timeout=START_TIMEOUT)) as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
