"""Bulk loading by COPY, which is faster than INSERT on PostgreSQL and CockroachDB."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from types import NoneType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

Row = dict[str, Any]


def copy(connection: Connection, table: str, rows: list[Row]) -> None:
    """Insert rows in the connection's transaction; all must have the same columns."""
    if not rows:
        return
    columns = ", ".join(rows[0])
    command = f"COPY {table} ({columns}) FROM STDIN"
    cursor: Any = connection.connection.cursor()  # psycopg2's own, for COPY
    with closing(cursor):
        cursor.copy_expert(command, _Lines(rows))
        # On CockroachDB, foreign key checks of a second COPY do not see the rows of the first
        # unless another statement runs between them.
        cursor.execute("SELECT 1")


class _Lines:
    """A file object that yields the rows in COPY's text format, line by line."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._lines = _lines(rows)

    def read(self, _size: int) -> str:
        return next(self._lines, "")


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield "\t".join([_FIELD.get(type(value), str)(value) for value in row.values()]) + "\n"


def _array(words: list[str]) -> str:
    return "{" + ",".join(f'"{word}"' for word in words) + "}"


# Formatters by type. Generated text has no tab, newline or backslash, so nothing is escaped.
_FIELD: Final[dict[type, Callable[[Any], str]]] = {
    NoneType: lambda _: r"\N",
    timedelta: lambda length: f"{length.total_seconds():.6f} seconds",  # valid on both engines
    UUID: lambda id_: f"{id_.int:032x}",
    list: _array,
}
