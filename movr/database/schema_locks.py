"""Locking and unlocking table schemas: CockroachDB's `schema_locked`.

CockroachDB sets it on new tables from v26.1 on. A locked table refuses schema changes inside a
transaction, as Alembic makes them, and refuses ALTER PARTITION and SET LOCALITY at any time. It has
to be unlocked first and locked again afterwards, each in a separate transaction with no other
statement in it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, inspect

from movr.database import migration_lock

LOCKS_SCHEMAS: Final = 26  # the first major version whose new tables are locked
VARIABLE: Final = "create_table_with_schema_locked"  # known since v25.2


def locks_schemas(version: str) -> bool:
    """Return True if a server locks new tables; `version` is the result of its `version()`."""
    found = re.search(r"CockroachDB.* v(\d+)", version)
    return found is not None and int(found[1]) >= LOCKS_SCHEMAS


def set_lock(table: str, *, locked: bool) -> str:
    """Return the statement that locks or unlocks a table."""
    return f"ALTER TABLE {table} SET (schema_locked = {str(locked).lower()})"


@contextmanager
def unlocked(connection: Connection) -> Iterator[None]:
    """Unlock the schemas of all tables inside the block, and lock them again afterwards.

    Tables created in the block are locked too. Does nothing on a server that does not lock
    schemas. An interrupted block leaves tables unlocked, which is harmless; the next one locks
    them.
    """
    if not _locks_schemas(connection):
        yield
        return
    _set_locks(connection, locked=False)
    connection.exec_driver_sql(f"SET {VARIABLE} = off")
    connection.commit()
    yield
    connection.exec_driver_sql(f"RESET {VARIABLE}")
    connection.commit()
    _set_locks(connection, locked=True)


def _locks_schemas(connection: Connection) -> bool:
    version = connection.exec_driver_sql("SELECT version()").scalar_one()
    connection.commit()
    return locks_schemas(version)


def _set_locks(connection: Connection, *, locked: bool) -> None:
    """Lock or unlock all tables but that of the migration lock, whose transaction is open."""
    tables = set(inspect(connection).get_table_names()) - {migration_lock.TABLE}
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    for table in sorted(tables):
        connection.exec_driver_sql(set_lock(table, locked=locked))
    connection.commit()
    connection.execution_options(isolation_level=connection.default_isolation_level)
