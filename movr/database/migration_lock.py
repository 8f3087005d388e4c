"""A lock by which one process at a time migrates a database, while others wait.

CockroachDB has no advisory locks. The lock is therefore an INSERT that is never committed: on both
engines another INSERT of the same key waits until the transaction has ended. The server ends the
transaction of a process that was killed, so that no lock is left behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from movr.database.engine import TIMEOUTS, make_engine
from movr.database.retries import driver_error, retrying

TABLE: Final = "migration_lock"
_CREATE: Final = text("CREATE TABLE IF NOT EXISTS migration_lock (id INTEGER PRIMARY KEY)")
_LOCK: Final = text("INSERT INTO migration_lock (id) VALUES (1)")
# On PostgreSQL, IF NOT EXISTS fails with one of these if another process creates the table now.
_CREATED_MEANWHILE: Final = frozenset({"23505", "42P07"})


@contextmanager
def migration_lock(engine: Engine) -> Iterator[None]:
    """Hold the lock of this database inside the block; wait for it first, as long as needed."""
    uri = engine.url.render_as_string(hide_password=False)
    own = make_engine(uri, pool_size=1, application_name="movr-migration-lock")
    try:
        with own.connect() as connection:
            for timeout in TIMEOUTS:
                connection.exec_driver_sql(f"SET {timeout} = 0")
            connection.commit()
            retrying(lambda: _create_table(connection))
            retrying(lambda: _lock(connection))
            yield
    finally:
        own.dispose()


def _create_table(connection: Connection) -> None:
    connection.rollback()  # a retry begins after an error
    try:
        connection.execute(_CREATE)
        connection.commit()
    except DBAPIError as error:
        if getattr(driver_error(error), "pgcode", None) not in _CREATED_MEANWHILE:
            raise


def _lock(connection: Connection) -> None:
    connection.rollback()  # a retry begins after an error
    connection.execute(_LOCK)
