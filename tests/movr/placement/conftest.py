"""Fixtures for the tests of placements."""

import pytest
from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table

from movr.database.engine import is_cockroachdb, parse_uri
from movr.models import Base
from movr.placement import cockroachdb, dbinit, inspection, locality, plan_analysis

FARES = Table(
    "fares",
    MetaData(naming_convention=Base.metadata.naming_convention),
    Column("city", String(20), primary_key=True),
    Column("type", String(20), primary_key=True),
    Column("cents", BigInteger),
    Index(None, "city", "cents"),
)


@pytest.fixture
def fares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a table of fares, which is read in every region and seldom written."""
    for module in (cockroachdb, dbinit, inspection, locality):
        monkeypatch.setattr(module, "GLOBAL_TABLES", (FARES,))
    for index in plan_analysis.indexes_of(FARES, is_global=True):
        monkeypatch.setitem(plan_analysis.INDEXES, index.full_name, index)


@pytest.fixture(scope="session")
def on_cockroachdb(server: str) -> None:
    if not is_cockroachdb(parse_uri(server)):
        pytest.skip("CockroachDB's placements")
