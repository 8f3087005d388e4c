"""Shared fixtures: a real database, MovR in this process, and MovR under gunicorn."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine

import scenarios
from cli import commands
from movr import passwords, transactions
from movr.database import deadline
from movr.database.engine import is_cockroachdb, parse_uri
from movr.movr import MovR
from scenarios.shared.context import ScenarioContext
from tests import cheap_passwords, compiled_templates, databases
from tests.clock import Clock
from tests.terminal import RunHere, running_here
from tests.visitor import Visitor
from web.api import gbfs
from web.app import create_app
from web.config import Settings
from web.operations import data_metrics
from web.pages import about, earlier_vehicles
from web.security.rate_limit_store import RateLimitStore
from web.services import zones

ROOT = Path(__file__).parent.parent
UNLIMITED = 1_000_000
TEST_APP = "tests.server:app"  # tests/server.py
START_TIMEOUT = 30  # seconds
# The folders from which the app and its commands run, beside server.py and pyproject.toml.
PARTS = ("movr", "web", "cli", "scenarios", "templates", "static", "translations")
SUBPROCESS_COVERAGE = "COVERAGE_PROCESS_CONFIG"  # the variable by which coverage measures them

compiled_templates.keep()
# Processes of tests would compile MovR's modules again, each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

NewVisitor = Callable[[], Visitor]
AppOf = Callable[[Settings], Flask]
Staged = Callable[..., Engine]


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes: one more than processors, because tests wait for servers."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def subprocess_coverage() -> Iterator[str | None]:
    """Keep coverage from measuring other processes; yield the setting that would do so.

    Measuring takes half a second for each process, and a signal may interrupt coverage's tracer
    while it holds a lock; the process would then deadlock.
    """
    setting = os.environ.get(SUBPROCESS_COVERAGE)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(SUBPROCESS_COVERAGE, raising=False)
        yield setting


@pytest.fixture(scope="module")
def measured_subprocesses(subprocess_coverage: str | None) -> Iterator[None]:
    """Let coverage measure the processes of tests whose code runs nowhere else."""
    with pytest.MonkeyPatch.context() as patch:
        if subprocess_coverage:
            patch.setenv(SUBPROCESS_COVERAGE, subprocess_coverage)
        yield


@pytest.fixture(autouse=True)
def cheaply_hashed_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords at the lowest cost in this process; `serving` and `running` do so as well.

    Commands started by tests, and the tests of passwords, use the real cost.
    """
    for name, value in cheap_passwords.REPLACED.items():
        monkeypatch.setattr(passwords, name, value)


@pytest.fixture(autouse=True)
def without_deadline() -> Iterator[None]:
    """End the deadline that a command in this process has left, as its own process would."""
    yield
    deadline.end()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URI of a database server."""
    with databases.server_uri() as uri:
        yield uri


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """The URI of a database with MovR's schema, to copy and not to connect to."""
    with databases.fresh_database(server) as uri:
        databases.bring_to_head(uri)
        yield uri


@pytest.fixture(scope="session")
def database(server: str, template: str) -> Iterator[str]:
    """The URI of a database with MovR's schema, for the whole run."""
    with databases.copied_database(server, template) as uri:
        yield uri


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    """The URI of a database without tables, for one test."""
    with databases.fresh_database(server) as uri:
        yield uri


@pytest.fixture
def empty_engine(empty_database: str) -> Iterator[Engine]:
    engine = databases.connect(empty_database)
    yield engine
    engine.dispose()


@pytest.fixture
def own_database(server: str, template: str) -> Iterator[str]:
    """The URI of a database with MovR's schema, for one test that changes it."""
    with databases.copied_database(server, template) as uri:
        yield uri


@pytest.fixture
def own_engine(own_database: str) -> Iterator[Engine]:
    engine = databases.connect(own_database)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def demo_template(server: str, template: str) -> Iterator[str]:
    """The URI of a database with the demo data, to copy and not to connect to."""
    with databases.copied_database(server, template) as uri:
        databases.fill_with_demo(uri)
        yield uri


@pytest.fixture
def demo_database(server: str, demo_template: str) -> Iterator[str]:
    """The URI of a database with the demo data, for one test."""
    with databases.copied_database(server, demo_template) as uri:
        if is_cockroachdb(parse_uri(uri)):
            databases.fill_with_demo(uri)
        yield uri


@pytest.fixture
def postgres(own_engine: Engine) -> Engine:
    """An engine for a separate database on PostgreSQL."""
    if is_cockroachdb(own_engine.url):
        pytest.skip("a placement of PostgreSQL's")
    return own_engine


@pytest.fixture
def scenario(server: str, template: str) -> Iterator[Staged]:
    """Create separate databases, each filled with the scenario of this name."""
    with staging(server, template) as staged:
        yield staged


@pytest.fixture(scope="session")
def session_engine(database: str) -> Iterator[Engine]:
    engine = databases.connect(database)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(session_engine: Engine) -> Iterator[Engine]:
    """An engine for a database that is empty before and after the test."""
    yield session_engine
    databases.empty(session_engine)


@pytest.fixture(scope="session")
def session_movr(database: str) -> Iterator[MovR]:
    movr = MovR(database, pool_size=20)
    yield movr
    movr.close()


@pytest.fixture
def movr(session_movr: MovR, engine: Engine) -> MovR:  # noqa: ARG001 - which it empties
    """Class MovR on an empty database."""
    return session_movr


@pytest.fixture(scope="session")
def session_app(database: str) -> Iterator[Flask]:
    app = app_with_commands(database)
    yield app
    app.extensions["movr"].close()


@pytest.fixture
def app(session_app: Flask, engine: Engine) -> Flask:  # noqa: ARG001 - which it empties
    """MovR in this process, on an empty database, with unused rate limits."""
    session_app.debug = True  # Flask commands in other tests change it through FLASK_DEBUG
    return as_new(session_app)


def as_new(app: Flask) -> Flask:
    """Return the app with unused rate limits, and without what earlier tests have read."""
    app.extensions["rate_limit_store"] = RateLimitStore()
    for part in (gbfs, about, earlier_vehicles, zones, data_metrics):
        part.init_app(app)
    return app


@pytest.fixture(scope="session")
def session_apps() -> Iterator[AppOf]:
    with ExitStack() as stack:

        @cache
        def app_of(settings: Settings) -> Flask:
            app = create_app(settings)
            stack.callback(app.extensions["movr"].close)
            return app

        yield app_of


@pytest.fixture
def app_of(session_apps: AppOf, engine: Engine) -> AppOf:  # noqa: ARG001 - which it empties
    """Return MovR with these settings, on an empty database, as new.

    It is created once for all tests, which must not change it: that takes 0.15 s.
    """
    return lambda settings: as_new(session_apps(settings))


@pytest.fixture
def many_vehicles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an owner add as many vehicles as a test needs."""
    monkeypatch.setattr(transactions, "MAX_ADDED_A_DAY", UNLIMITED)
    monkeypatch.setattr(transactions, "MAX_WITHOUT_POSITION", UNLIMITED)


@pytest.fixture
def new_visitor(app: Flask) -> Iterator[NewVisitor]:
    """Create visitors of MovR in this process."""
    with visitors_of(app) as new:
        yield new


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """A new visitor."""
    return new_visitor()


@pytest.fixture(scope="session")
def session_site(database: str) -> Iterator[str]:
    with serving(
        DB_URI=database, DEBUG="1", PAYMENTS="fake", WRITES_PER_MINUTE=str(UNLIMITED)
    ) as url:
        yield url


@pytest.fixture
def site(session_site: str, engine: Engine) -> str:  # noqa: ARG001 - which it empties
    """The URL of MovR under gunicorn with two workers, on an empty database; rides cost."""
    return session_site


@pytest.fixture
def new_http_visitor(site: str) -> Iterator[NewVisitor]:
    """Create visitors over real HTTP."""
    with visitors(lambda: plain_client(site)) as new:
        yield new


HERE = "http://movr.test"


def settings_for(database: str) -> Settings:
    """Return settings for tests of pages, without limits on writes."""
    return Settings(
        db_uri=database, debug=True, pool_size=20, threads=20, writes_per_minute=UNLIMITED
    )


def app_with_commands(database: str) -> Flask:
    """Return the app with its commands, as server.py creates it."""
    app = create_app(settings_for(database))
    commands.init_app(app)
    return app


@pytest.fixture
def run_here(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[RunHere]:
    """Run the main function of a command in this process."""
    with running_here(monkeypatch, capfd) as run:
        yield run


@contextmanager
def staging(server: str, template: str) -> Iterator[Staged]:
    """Create databases with scenarios, and drop them afterwards."""
    with ExitStack() as stack:

        def staged(name: str, rows: int | None = None, **stage: Any) -> Engine:
            uri = stack.enter_context(databases.copied_database(server, template))
            engine = databases.connect(uri)
            stack.callback(engine.dispose)
            scenarios.find(name).fill(ScenarioContext(engine, datetime.now(UTC), **stage), rows)
            return engine

        yield staged


@contextmanager
def visitors(client: Callable[[], httpx.Client]) -> Iterator[NewVisitor]:
    clients: list[httpx.Client] = []

    def new() -> Visitor:
        clients.append(client())
        return Visitor(clients[-1])

    yield new
    for used in clients:
        used.close()


@contextmanager
def visitors_of(app: Flask, base_url: str = HERE) -> Iterator[NewVisitor]:
    """Create visitors of an app in this process."""

    def client() -> httpx.Client:
        return httpx.Client(transport=httpx.WSGITransport(app), base_url=base_url)

    with visitors(client) as new:
        yield new


@contextmanager
def visiting(app: Flask, base_url: str = HERE) -> Iterator[NewVisitor]:
    """Create visitors of a separate app, which is closed afterwards."""
    try:
        with visitors_of(app, base_url) as new:
            yield new
    finally:
        app.extensions["movr"].close()


@contextmanager
def serving(**environment: str) -> Iterator[str]:
    """Run MovR under gunicorn on a free port of the loopback and yield its URL."""
    with running(**environment) as (url, _):
        yield url


@contextmanager
def running(**environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run MovR like `serving`, and yield its URL and its process."""
    with gunicorn(free_port(), environment, app=TEST_APP) as (url, process):
        yield url, process


@contextmanager
def gunicorn(
    port: int,
    environment: Mapping[str, str],
    log: BinaryIO | None = None,
    *,
    app: str = "server:app",
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start gunicorn on this port, with its output in this file."""
    url = f"http://127.0.0.1:{port}"
    bind = ("-b", f"127.0.0.1:{port}", "--log-level", "warning")
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.py", *bind, app],
        cwd=ROOT,
        env={**os.environ, **environment},
        stderr=log,
        start_new_session=True,  # on Ctrl-C, pytest stops it in order
    )
    try:
        wait_until_answering(f"{url}/healthz", process)
        yield url, process
    finally:
        process.terminate()
        process.wait(START_TIMEOUT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_answering(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    with plain_client() as client:
        while True:
            try:
                client.get(url)
            except httpx.TransportError:
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.05)
            else:
                return


def plain_client(base_url: str = "", timeout: float = 30) -> httpx.Client:
    """Return a client for http:// only, which reads no certificates: that takes it 20 ms."""
    return httpx.Client(base_url=base_url, timeout=timeout, verify=False)
