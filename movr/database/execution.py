"""Execution of constant statements, each compiled once.

SQLAlchemy looks up compiled statements in its cache by comparing all their parts, which for a long
statement takes longer than sending it. MovR's statements are constants, so this cache compares them
by identity.

`Connection.execute` accepts a compiled statement; this is a legacy feature of SQLAlchemy. If it is
removed, every database test fails.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Compiled, Connection, CursorResult, Dialect, Executable, Table, text
from sqlalchemy.sql.compiler import WARN_LINTING

CACHE_SIZE: Final = 500  # compiled statements; MovR has about forty


def run(connection: Connection, statement: Executable, **parameters: object) -> CursorResult[Any]:
    """Execute a constant statement with these parameters and return its result."""
    compiled: Any = _compiled(statement, connection.dialect, tuple(parameters))
    result: CursorResult[Any] = connection.execute(compiled, parameters)
    return result


def lock_table(connection: Connection, table: Table) -> None:
    """Let other transactions that lock this table wait until the end of this one.

    This is for rare changes that depend on which rows a city has. On CockroachDB nothing is locked:
    its transactions are serializable.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))


@lru_cache(CACHE_SIZE)
def _compiled(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> Compiled:  # noqa: ANN401
    linting = dialect.compiler_linting | WARN_LINTING  # warn of cartesian products, as by default
    compiled: Compiled = statement.compile(
        dialect=dialect, column_keys=list(names), linting=linting
    )
    return compiled
