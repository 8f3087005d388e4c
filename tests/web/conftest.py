"""Fixtures for tests of the site."""

from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy import Engine

from tests.follower_reads import wait_for_follower_reads
from tests.visitor import Visitor


@pytest.fixture
def complete_feeds(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """On CockroachDB, ask for a list of vehicles when follower reads have caught up."""
    get = Visitor.get

    def get_later(
        visitor: Visitor, path: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        if path.endswith("/vehicle_status.json"):
            wait_for_follower_reads(engine)
        return get(visitor, path, headers)

    monkeypatch.setattr(Visitor, "get", get_later)
