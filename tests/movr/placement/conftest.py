"""Fixtures for the tests of placements."""

import pytest

from movr.database.engine import is_cockroachdb, parse_uri


@pytest.fixture(scope="session")
def on_cockroachdb(server: str) -> None:
    if not is_cockroachdb(parse_uri(server)):
        pytest.skip("CockroachDB's placements")
