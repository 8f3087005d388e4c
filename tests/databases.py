"""The database server of the tests, and temporary databases on it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, event, insert, select, text

from movr.database import admin, embedded, schema
from movr.database.engine import is_cockroachdb, make_engine, parse_uri
from movr.database.retries import retrying
from movr.models import Base
from scenarios import demo
from scenarios.shared.context import ScenarioContext

# Referenced tables come first. The first tariffs come with the migrations, and stay.
TABLES = tuple(table.name for table in Base.metadata.sorted_tables if table.name != "tariffs")
# In one round trip: it precedes or follows nearly every test.
DELETE_ALL_ROWS = text("; ".join(f"DELETE FROM {table}" for table in reversed(TABLES)))
# Spares most statements of a test that compares all rows: most tables are empty.
WHICH_HAVE_ROWS = text(
    "SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {table}) AS {table}" for table in TABLES)
)
# By table, without computed columns.
ROWS = {
    name: select(*(column for column in table.columns if column.computed is None)).order_by(
        *table.primary_key
    )
    for name, table in Base.metadata.tables.items()
}

Rows = dict[str, list[dict[str, Any]]]


@contextmanager
def server_uri() -> Iterator[str]:
    """Return TEST_DB_URI, or the URI of a temporary embedded PostgreSQL."""
    if uri := os.environ.get("TEST_DB_URI"):
        yield uri
    else:
        with embedded.temporary("tests") as uri:
            _trade_durability_for_speed(uri)
            yield uri


def _trade_durability_for_speed(server: str) -> None:
    """Let commits not wait for the disk: no test kills this server."""
    with autocommit(server) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))


@contextmanager
def autocommit(server: str) -> Iterator[Connection]:
    """Connect to this server, with each statement in a transaction of its own."""
    engine = connect(server)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Create an empty database on this server, yield its URI and drop it afterwards."""
    name = f"movr_test_{secrets.token_hex(4)}"
    admin.create_database(server, name)
    try:
        yield admin.sibling_uri(server, name)
    finally:
        admin.drop_database(server, name)


@contextmanager
def copied_database(server: str, template: str) -> Iterator[str]:
    """Create a copy of the database `template`, which has MovR's schema and no connections.

    Yields its URI and drops it afterwards. CockroachDB has no templates: migrations run again.
    """
    if is_cockroachdb(parse_uri(server)):
        with fresh_database(server) as uri:
            bring_to_head(uri)
            yield uri
        return
    name, original = f"movr_test_{secrets.token_hex(4)}", parse_uri(template).database
    with autocommit(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {original}"))
    try:
        yield admin.sibling_uri(server, name)
    finally:
        admin.drop_database(server, name)


def connect(uri: str) -> Engine:
    """Return an engine without a statement timeout."""
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


def fill_with_demo(uri: str) -> None:
    """Fill a database that is empty and at head with the demo data."""
    engine = connect(uri)
    demo.fill(ScenarioContext(engine, datetime.now(UTC)))
    engine.dispose()


def empty(engine: Engine) -> None:
    """Delete all rows."""
    put_back(engine, {table: [] for table in TABLES})


def put_back(engine: Engine, rows: Rows) -> None:
    """Replace all rows of the database by these."""
    retrying(lambda: _put_back(engine, rows))


def _put_back(engine: Engine, rows: Rows) -> None:
    with engine.begin() as connection:
        connection.execute(DELETE_ALL_ROWS)
        for table in TABLES:
            if rows[table]:
                connection.execute(insert(Base.metadata.tables[table]), rows[table])


def all_rows(engine: Engine) -> Rows:
    """Return all rows of all tables."""
    with engine.connect() as connection:
        has_rows = connection.execute(WHICH_HAVE_ROWS).mappings().one()
        return {name: _rows_of(connection, name) if has_rows[name] else [] for name in TABLES}


def rows_of(engine: Engine, name: str) -> list[dict[str, Any]]:
    """Return all rows of a table."""
    with engine.connect() as connection:
        return _rows_of(connection, name)


def _rows_of(connection: Connection, name: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(ROWS[name]).mappings()]
