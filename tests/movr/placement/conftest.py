"""A database of its own for each test that moves rows about."""

import pytest
from sqlalchemy import Engine

from movr.database.engine import is_cockroachdb, parse_uri


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
