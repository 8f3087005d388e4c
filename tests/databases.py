"""A server to test on, and databases of the tests' own on it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, Table, event, insert, select, text

from movr.database import admin, embedded, schema
from movr.database.engine import make_engine
from movr.database.retries import retrying
from movr.models import Base

TABLES = tuple(table.name for table in Base.metadata.sorted_tables)  # whom others refer to first

Rows = dict[str, list[dict[str, Any]]]


@contextmanager
def server_uri() -> Iterator[str]:
    """TEST_DB_URI, or an embedded PostgreSQL of these tests' own."""
    if uri := os.environ.get("TEST_DB_URI"):
        yield uri
    else:
        with embedded.temporary("tests") as uri:
            yield uri


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The URI of an empty database on this server, removed afterwards."""
    name = f"movr_test_{secrets.token_hex(4)}"
    admin.create_database(server, name)
    try:
        yield admin.sibling_uri(server, name)
    finally:
        admin.drop_database(server, name)


def connect(uri: str) -> Engine:
    """An engine whose statements may take as long as they need."""
    engine = make_engine(uri, pool_size=20, application_name="movr-tests")

    @event.listens_for(engine, "connect")
    def set_no_limit(connection: psycopg2.extensions.connection, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        connection.commit()

    return engine


def bring_to_head(uri: str) -> None:
    """Run all migrations."""
    engine = connect(uri)
    schema.upgrade(engine)
    engine.dispose()


def empty(engine: Engine) -> None:
    """Delete every row."""
    put_back(engine, {table: [] for table in TABLES})


def put_back(engine: Engine, rows: Rows) -> None:
    """Have the database hold these rows, and no others."""
    retrying(lambda: _put_back(engine, rows))


def _put_back(engine: Engine, rows: Rows) -> None:
    with engine.begin() as connection:
        for table in reversed(TABLES):
            connection.execute(text(f"DELETE FROM {table}"))
        for table in TABLES:
            if rows[table]:
                connection.execute(insert(Base.metadata.tables[table]), rows[table])


def all_rows(engine: Engine) -> Rows:
    """Every row of every table."""
    with engine.connect() as connection:
        return {name: _rows_of(connection, Base.metadata.tables[name]) for name in TABLES}


def _rows_of(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """The rows of a table, without what the database computes."""
    columns = [column for column in table.columns if column.computed is None]
    found = connection.execute(select(*columns).order_by(*table.primary_key))
    return [dict(row) for row in found.mappings()]
