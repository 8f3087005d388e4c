"""A server to test on, and databases of the tests' own on it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, text

from movr import databases, embedded, schema
from movr.engine import make_engine

TABLES = ("users", "vehicles", "rides")


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
    databases.create(server, name)
    try:
        yield databases.beside(server, name)
    finally:
        databases.drop(server, name)


def connect(uri: str) -> Engine:
    return make_engine(uri, pool_size=20, application_name="movr-tests")


def bring_to_head(uri: str) -> None:
    """Run all migrations."""
    engine = connect(uri)
    schema.upgrade(engine)
    engine.dispose()


def empty(engine: Engine) -> None:
    """Delete every row."""
    with engine.begin() as connection:
        for table in reversed(TABLES):
            connection.execute(text(f"DELETE FROM {table}"))


def all_rows(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table: [
                tuple(row)
                for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY city, id"))
            ]
            for table in TABLES
        }
