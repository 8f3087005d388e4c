"""Fixtures for tests of the site."""

from collections.abc import Mapping
from gettext import NullTranslations

import httpx
import pytest
from sqlalchemy import Engine

from tests.follower_reads import wait_for_follower_reads
from tests.visitor import Visitor
from web import languages


class Guillemets(NullTranslations):
    """A catalogue that puts sentences between guillemets."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(super().ngettext(msgid1, msgid2, n))


@pytest.fixture
def guillemets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put translated sentences of all languages but English between guillemets."""

    english, others = NullTranslations(), Guillemets()

    def catalogue(language: str) -> NullTranslations:
        return english if language == languages.ENGLISH else others

    monkeypatch.setattr(languages, "_catalogue", catalogue)


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
