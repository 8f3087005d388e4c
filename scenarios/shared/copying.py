"""Rows into tables by COPY, which PostgreSQL and CockroachDB take faster than any INSERT."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from types import NoneType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

Row = dict[str, Any]


def copy(connection: Connection, table: str, rows: list[Row]) -> None:
    """Add rows, which all have the same columns, within the connection's transaction."""
    if not rows:
        return
    columns = ", ".join(rows[0])
    command = f"COPY {table} ({columns}) FROM STDIN"
    cursor: Any = connection.connection.cursor()  # psycopg2's own, for COPY
    with closing(cursor):
        cursor.copy_expert(command, _Lines(rows))
        # On CockroachDB the foreign keys of a second COPY would not find the rows of the first
        # unless another statement of the transaction came between them.
        cursor.execute("SELECT 1")


class _Lines:
    """The rows in COPY's text format, as a file that is read a piece at a time."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._lines = _lines(rows)

    def read(self, _size: int) -> str:
        return next(self._lines, "")


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield "\t".join([_FIELD.get(type(value), str)(value) for value in row.values()]) + "\n"


def _array(words: list[str]) -> str:
    return "{" + ",".join(f'"{word}"' for word in words) + "}"


# A value of each type as text; no word of a scenario has a tab, a newline or a backslash to escape.
_FIELD: Final[dict[type, Callable[[Any], str]]] = {
    NoneType: lambda _: r"\N",
    timedelta: lambda length: f"{length.total_seconds():.6f} seconds",  # as both engines read it
    UUID: lambda id_: f"{id_.int:032x}",
    list: _array,
}
