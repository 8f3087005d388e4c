"""A rolling restart under load: three replicas behind nginx, each stopped and started in turn.

deploy/compose/rolling-restart runs `python -m tests.deploy.rolling`, the long version.
"""

import argparse
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import BinaryIO, Final, Self
from urllib.parse import urlencode, urlsplit

from sqlalchemy import text

from tests import databases
from tests.conftest import TEST_APP, UNLIMITED, free_port, gunicorn
from tests.deploy.proxy import HOW_TO_GET_IT, NGINX, proxying
from tests.visitor import registration

REPLICAS: Final = 3
TIMEOUT: Final = 30  # seconds, for a reply
PAGES: Final = (
    "/",
    "/vehicles",
    "/rides",
    "/users",
    "/login",
    "/vehicles/add",
    "/healthz",
    "/home",
)
ADDING: Final = "POST /vehicles/add"
VEHICLE: Final = {"type": "bike", "color": "red", "brand": "Kona", "location": "1 Wall Street"}
FORM: Final = "application/x-www-form-urlencoded"

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a run, which also restarts each replica at least once."""

    connections: int
    requests: int


@dataclass
class Result:
    """The responses that members got."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    restarts: int = 0
    added: int = 0  # added vehicles, by the responses
    rows: int = 0  # vehicles in the database
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, request: str, seen: str, *, expected: int, seconds: float) -> None:
        """Count one request; thread-safe."""
        as_expected = seen == str(expected)
        with self._lock:
            self.seconds.append(seconds)
            self.statuses[seen] += 1
            self.added += as_expected and request == ADDING
            if not as_expected:
                self.failures.append(f"{request}: {seen}")

    def percentile(self, percent: int) -> float:
        """Return this percentile of the response times, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[len(ordered) * percent // 100] * 1000

    def __str__(self) -> str:
        statuses = ", ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items()))
        return (
            f"{len(self.seconds)} requests during {self.restarts} restarts:"
            f" {len(self.failures)} failed\n"
            f"statuses: {statuses}\n"
            f"latency: p50 {self.percentile(50):.1f} ms, p99 {self.percentile(99):.1f} ms,"
            f" longest {max(self.seconds) * 1000:.0f} ms\n"
            f"vehicles added: {self.added} by the replies, {self.rows} in the database"
        )


class Member:
    """A member with a persistent connection."""

    def __init__(self, url: str, result: Result) -> None:
        """Register; this request is not counted."""
        self._address = urlsplit(url).netloc
        self._result = result
        self._cookies: dict[str, str] = {}
        self._connection = self._connect()
        self._token = self._find_token()
        status, _ = self._ask("POST", "/register", registration())
        assert status == 303, status
        self._token = self._find_token()  # login starts a new session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ride_about(self, goes_on: Callable[[], bool]) -> None:
        """Open pages and sometimes add a vehicle, which must be added once."""
        while goes_on():
            for path in PAGES:
                self._count(f"GET {path}", expected=200)
            self._count(ADDING, VEHICLE, expected=303)

    def _count(self, request: str, fields: Fields | None = None, *, expected: int) -> None:
        """Send a request and record the result."""
        method, path = request.split()
        began = time.perf_counter()
        try:
            seen = str(self._ask(method, path, fields)[0])
        except (OSError, HTTPException) as error:
            seen = type(error).__name__
            self._connection.close()
            self._connection = self._connect()
        seconds = time.perf_counter() - began
        self._result.note(request, seen, expected=expected, seconds=seconds)

    def _ask(self, method: str, path: str, fields: Fields | None = None) -> tuple[int, str]:
        """Send a request and return the status and the page."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        body = None
        if fields is not None:
            headers["Content-Type"] = FORM
            body = urlencode({"csrf_token": self._token, **fields})
        self._connection.request(method, path, body, headers)
        reply = self._connection.getresponse()
        page = reply.read().decode()
        for cookie in reply.headers.get_all("Set-Cookie", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return reply.status, page

    def _find_token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self._ask("GET", "/login")[1])
        assert found, "the login page has no token"
        return found[1]

    def _connect(self) -> HTTPConnection:
        return HTTPConnection(self._address, timeout=TIMEOUT)


class Replicas:
    """Several MovR servers on separate ports and one database."""

    def __init__(self, database: str, log: BinaryIO) -> None:
        """Create the replicas without starting them; they write to this log."""
        self.ports = [free_port() for _ in range(REPLICAS)]
        self._log = log
        self._running: dict[int, ExitStack] = {}
        self._settings = {
            "DB_URI": database,
            "DEBUG": "1",  # cookies over plain HTTP
            "PROXY_HOPS": "1",
            "WRITES_PER_MINUTE": str(UNLIMITED),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for port in self.ports:
            self.stop(port)

    def start(self, port: int) -> None:
        """Start a replica and wait until it responds."""
        self._running[port] = ExitStack()
        self._running[port].enter_context(gunicorn(port, self._settings, self._log, app=TEST_APP))

    def stop(self, port: int) -> None:
        """Send SIGTERM and wait for the end of the process."""
        if port in self._running:
            self._running.pop(port).close()


def restart_under_load(
    database: str, plan: Plan, say: Callable[[Result], None] = lambda _: None
) -> Result:
    """Restart one replica after the other under load, and return the result."""
    result = Result()
    done = threading.Event()
    with ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile())
        replicas = stack.enter_context(Replicas(database, log))
        for port in replicas.ports:
            replicas.start(port)
        url = stack.enter_context(proxying(replicas.ports))
        members = [stack.enter_context(Member(url, result)) for _ in range(plan.connections)]
        threads = [
            threading.Thread(target=member.ride_about, args=[lambda: not done.is_set()])
            for member in members
        ]
        try:
            for thread in threads:
                thread.start()
            for port in _in_turn(replicas.ports, plan, result):
                replicas.stop(port)
                replicas.start(port)
                result.restarts += 1
                say(result)
        finally:
            done.set()
            for thread in threads:
                thread.join()
    engine = databases.connect(database)
    with engine.connect() as connection:  # reads all cities, which only requests must not
        result.rows = connection.execute(text("SELECT count(*) FROM vehicles")).scalar_one()
    engine.dispose()
    return result


def _in_turn(ports: list[int], plan: Plan, result: Result) -> Iterator[int]:
    """Yield each port, repeatedly until enough requests were made."""
    while not result.restarts or len(result.seconds) < plan.requests:
        yield from ports


def main() -> int:
    """Run the long version; return 1 if a request failed."""
    parser = argparse.ArgumentParser(prog="rolling-restart", description=__doc__)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--requests", type=int, default=20_000)
    arguments = parser.parse_args()
    if NGINX is None:
        parser.error(HOW_TO_GET_IT)
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _end)
    plan = Plan(arguments.connections, arguments.requests)
    try:
        with databases.server_uri() as server, databases.fresh_database(server) as database:
            databases.bring_to_head(database)
            result = restart_under_load(database, plan, _say)
    except KeyboardInterrupt:
        return 130
    print(f"\n{result}")
    for failure, times in Counter(result.failures).items():
        print(f"failed: {failure} ({times} times)")
    return 1 if result.failures or result.added != result.rows else 0


def _end(_signal: int, _frame: FrameType | None) -> None:
    """Stop everything in order; ignore a second Ctrl-C."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(result: Result) -> None:
    progress = f"{len(result.seconds)} requests, {result.restarts} restarts"
    print(f"\r{progress}, {len(result.failures)} failed", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
