"""Temporary databases and gunicorn servers for benchmarks."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, text

from bench import terminal
from bench.http import Connection, Unexpected, request
from movr import signals
from movr.database import admin, embedded, schema
from movr.database.admin import uri_text
from movr.database.engine import make_engine, parse_uri
from web.config import Settings, read_settings

ROOT: Final = Path(__file__).parent.parent
START_TIMEOUT: Final = 30  # seconds
POLL_INTERVAL: Final = 0.005  # seconds between two checks whether the server answers
UNLIMITED: Final = 1_000_000
POOL_SIZE: Final = 5  # connections, MovR's default
PROC: Final = Path("/proc")
_BACKENDS: Final = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class Serving:
    """A running gunicorn server."""

    url: str
    pid: int
    started_in: float  # seconds until its first answer
    settings: Settings

    def memory(self) -> float:
        """Return the memory of one worker in megabytes (PSS). Linux only."""
        rollup = (self._workers()[0] / "smaps_rollup").read_text()
        kilobytes = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
        return int(kilobytes.split()[1]) / 1024

    def cpu(self) -> float:
        """Return the CPU seconds that all workers have used so far. Linux only."""
        return sum(map(_cpu, self._workers()))

    def database_cpu(self) -> float:
        """Return the CPU seconds of PostgreSQL's processes for this database; 0 if not here."""
        with connected(parse_uri(self.settings.db_uri)) as engine, engine.connect() as connection:
            pids = connection.execute(text(_BACKENDS)).scalars().all()
        processes = (PROC / str(pid) for pid in pids)
        return sum(_cpu(process) for process in processes if process.exists())

    def _workers(self) -> list[Path]:
        children = PROC / str(self.pid) / "task" / str(self.pid) / "children"
        return [PROC / pid for pid in children.read_text().split()]


def _cpu(process: Path) -> float:
    after_name = (process / "stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server() -> Iterator[URL]:
    """Yield the URL of the database server of DB_URI, or of a temporary embedded PostgreSQL."""
    if uri := os.environ.get("DB_URI"):
        yield parse_uri(uri)
        return
    terminal.announce("Starting PostgreSQL")
    with embedded.temporary() as uri:
        yield parse_uri(uri)


@signals.uninterrupted
@contextmanager
def fresh_database(server: URL) -> Iterator[URL]:
    """Create a database with MovR's schema and no rows, and drop it afterwards."""
    name = f"movr_bench_{secrets.token_hex(4)}"
    uri, url = uri_text(server), server.set(database=name)
    terminal.announce("Making a database")
    admin.create_database(uri, name)
    try:
        with connected(url) as engine:
            schema.upgrade(engine)
        yield url
    finally:
        admin.drop_database(uri, name)


@contextmanager
def connected(url: URL, *, autocommit: bool = False) -> Iterator[Engine]:
    """Yield an engine for this database, and dispose of it afterwards."""
    engine = make_engine(
        uri_text(url), pool_size=POOL_SIZE, application_name="movr-bench", autocommit=autocommit
    )
    try:
        yield engine
    finally:
        engine.dispose()


@signals.uninterrupted
@contextmanager
def gunicorn(application: str, **settings: str) -> Iterator[Serving]:
    """Serve this application with gunicorn as in production, on a free port of the loopback."""
    bind = f"127.0.0.1:{_free_port()}"
    url = f"http://{bind}"
    terminal.announce(f"Starting {application}")
    environment = {
        **os.environ,
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(),
        "PYTHON_DOTENV_DISABLED": "1",  # .env is for local development
        "WRITES_PER_MINUTE": str(UNLIMITED),
        **settings,
    }
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        # In a new session, so that Ctrl-C does not reach it; this process stops it.
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.py", "-b", bind, application],
            cwd=ROOT,
            env=environment,
            stderr=log,
            start_new_session=True,
        )
        try:
            while not _answers(url):
                if process.poll() is not None or time.perf_counter() - began > START_TIMEOUT:
                    log.seek(0)
                    raise Unexpected(f"gunicorn did not start. {log.read().decode()[-500:]}")
                time.sleep(POLL_INTERVAL)
            started_in = time.perf_counter() - began
            yield Serving(url, process.pid, started_in, read_settings(environment))
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with Connection(url) as connection:
            connection.exchange(request("/healthz"))
    except (OSError, Unexpected):
        return False
    return True
