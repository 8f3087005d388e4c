"""Renders dbinit.sql, which sets up MovR on a new CockroachDB cluster.

The file contains the database, tables with partitions and zones, sample rows and the schema's head
revision, so that `db upgrade` finds it up to date. It is generated from the models and not edited.

It is for demos only: the password of its sample members is public.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, Table
from sqlalchemy.schema import CreateTable
from sqlalchemy_cockroachdb.psycopg2 import CockroachDBDialect_psycopg2

from movr.database import schema, schema_locks
from movr.placement import cockroachdb
from movr.placement.definitions import GLOBAL_TABLES, TABLES, Placement

DATABASE: Final = "movr"
_ROWS_A_STATEMENT: Final = 50
# From v26.1 on, new tables are schema_locked and refuse ALTER PARTITION. SET fails on versions
# before v25.2, which do not have the variable; this SELECT returns no row there.
_UNLOCKED: Final = (
    "SELECT set_config(name, 'off', false) FROM pg_catalog.pg_settings"
    f" WHERE name = '{schema_locks.VARIABLE}';"
)

# The tables of CockroachDB's own example, with which `cockroach demo` fills a database movr.
_EXAMPLE: Final = (
    "promo_codes",
    "rides",
    "user_promo_codes",
    "users",
    "vehicle_location_histories",
    "vehicles",
)
# Fails unless the database has these tables or none, and drops them. Both are one transaction, so
# that a client that continues after an error drops nothing. No statement of CockroachDB's fails
# with a message, but the error of a text that is no boolean quotes the text.
_REPLACE_EXAMPLE: Final = f"""\
BEGIN;
SELECT (CASE WHEN found IN ('', '{", ".join(_EXAMPLE)}') THEN 'true'
    ELSE 'The database {DATABASE} has tables: ' || found || '. Nothing was changed.'
    || ' If you need none of them, remove it and load this again: DROP DATABASE {DATABASE} CASCADE'
    END)::BOOLEAN AS can_be_loaded
FROM (SELECT array_to_string(ARRAY(SELECT table_name::VARCHAR FROM information_schema.tables
    WHERE table_schema = 'public' ORDER BY 1), ', ') AS found) AS tables_found;
DROP TABLE IF EXISTS {", ".join(_EXAMPLE)} CASCADE;
COMMIT;"""

Rows = Mapping[str, Iterable[Mapping[str, Any]]]


def render(rows: Rows, logins: str) -> str:
    """Return the file's text. `rows` are by table; `logins` is a line with the logins."""
    return "\n".join(_lines(rows, logins))


def _lines(rows: Rows, logins: str) -> Iterator[str]:
    yield "-- MovR on CockroachDB, partitioned by city: cockroach sql < dbinit.sql"
    yield f"-- Made by `flask --app server placement sql {Placement.PARTITION} > dbinit.sql`."
    yield "--"
    yield "-- For demos, not for production: anyone who has read this can log in as its members."
    yield f"-- {logins}"
    yield ""
    yield f"CREATE DATABASE IF NOT EXISTS {DATABASE};"
    yield f"USE {DATABASE};"
    yield ""
    yield "-- `cockroach demo` has a database movr already, CockroachDB's example: its tables are"
    yield "-- dropped. If there are any other tables, this file stops and changes nothing."
    yield _REPLACE_EXAMPLE
    yield ""
    yield "-- From v26.1 on: let the partitions of new tables be placed."
    yield _UNLOCKED
    for table in (*GLOBAL_TABLES, *TABLES):
        yield ""
        yield f"{_create(table)};"
    yield ""
    yield "-- Each partition stays in its region."
    for step in cockroachdb.constrain(DATABASE):
        yield f"{step.sql};"
    yield ""
    yield "-- The schema's history, as Alembic keeps it."
    yield "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    yield "    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));"
    yield f"INSERT INTO alembic_version VALUES ('{schema.head()}');"
    rows = {**rows, "tariffs": schema.first_tariffs()}
    for table in (*GLOBAL_TABLES, *TABLES):
        yield ""
        yield from _insert(table, list(rows.get(table.name, ())))
    yield ""


def _create(table: Table) -> str:
    """Return CREATE TABLE with its indexes, valid since v19.2; all are partitioned by city.

    Partial indexes contain all rows here, because v20.2 was the first to have any.
    """
    created = str(CreateTable(table).compile(dialect=CockroachDBDialect_psycopg2()))
    columns = [line.strip() for line in created.strip().removesuffix(")").splitlines()]
    indexes = [
        f"{'UNIQUE ' if index.unique else ''}INDEX {index.name}"
        f" ({', '.join(column.name for column in index.columns)})"
        f"{_storing(index)}{_partitioned(table, cockroachdb.leading_column(index))}"
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    inside = [line.removesuffix(",") for line in columns[1:] if line] + indexes
    body = ",\n    ".join(inside)
    return f"{columns[0]}\n    {body}\n){_partitioned(table, 'city')}"


def _partitioned(table: Table, column: str) -> str:
    """Return the PARTITION BY clause of an index, or an empty string for a global table."""
    return "" if table in GLOBAL_TABLES else f" {cockroachdb.partition_by(column)}"


def _storing(index: Index) -> str:
    """Return the STORING clause of an index, or an empty string."""
    columns = index.dialect_options["postgresql"]["include"] or ()
    return f" STORING ({', '.join(columns)})" if columns else ""


def _insert(table: Table, rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the INSERT statements. All rows have the same columns; others get their defaults."""
    columns = [column.name for column in table.columns if column.name in rows[0]] if rows else []
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        values = ",\n    ".join(
            f"({', '.join(_literal(row[column]) for column in columns)})"
            for row in rows[start : start + _ROWS_A_STATEMENT]
        )
        yield f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES\n    {values};"


def _literal(value: object) -> str:
    """Return a value as an SQL literal that all versions of CockroachDB accept."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case list():
            return f"ARRAY[{', '.join(_literal(item) for item in value)}]::VARCHAR[]"
        case str() | UUID() | date() | timedelta():
            return "'" + str(value).replace("'", "''") + "'"
    raise TypeError(f"No SQL for {value!r}.")
