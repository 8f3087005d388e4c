"""Tables whose schema is locked: CockroachDB's `schema_locked`, set on new tables from v26.1 on.

Such a table refuses schema changes within transactions, as Alembic makes them, and some others at
any time (ALTER PARTITION, SET LOCALITY). Whatever changes it unlocks it before and locks it again.
Each of the two is a transaction of its own: the server allows nothing else beside it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, inspect

LOCKS_SCHEMAS: Final = 26  # the first major version whose new tables are locked
VARIABLE: Final = "create_table_with_schema_locked"  # known since v25.2


def locks_schemas(version: str) -> bool:
    """True if new tables are locked on the server that says this of itself by `version()`."""
    found = re.search(r"CockroachDB.* v(\d+)", version)
    return found is not None and int(found[1]) >= LOCKS_SCHEMAS


def set_lock(table: str, *, locked: bool) -> str:
    """The statement that locks or unlocks a table."""
    return f"ALTER TABLE {table} SET (schema_locked = {str(locked).lower()})"


@contextmanager
def unlocked(connection: Connection) -> Iterator[None]:
    """Have this connection change any table and make new ones; lock all of them afterwards.

    Does nothing on a server that does not lock schemas. Interrupted, it leaves tables unlocked,
    which does no harm, until it runs again.
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
    tables = inspect(connection).get_table_names()
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    for table in tables:
        connection.exec_driver_sql(set_lock(table, locked=locked))
    connection.commit()
    connection.execution_options(isolation_level=connection.default_isolation_level)
