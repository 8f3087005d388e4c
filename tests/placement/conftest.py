"""A database of its own for each test that moves rows about."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from movr import schema
from movr.engine import is_cockroachdb, parse_uri
from tests import databases


@pytest.fixture
def own_database(server: str) -> Iterator[str]:
    """The URI of a database with MovR's schema, for one test."""
    with databases.fresh_database(server) as uri:
        engine = databases.connect(uri)
        schema.upgrade(engine)
        engine.dispose()
        yield uri


@pytest.fixture
def own_engine(own_database: str) -> Iterator[Engine]:
    engine = databases.connect(own_database)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres(own_engine: Engine) -> Engine:
    """A database on PostgreSQL."""
    if is_cockroachdb(own_engine.url):
        pytest.skip("PostgreSQL's placement")
    return own_engine


@pytest.fixture(scope="session")
def on_cockroachdb(server: str) -> None:
    if not is_cockroachdb(parse_uri(server)):
        pytest.skip("CockroachDB's placements")
