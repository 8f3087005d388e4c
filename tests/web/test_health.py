"""Is the process alive, and can it serve?"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from movr import schema
from tests.conftest import settings_for, visiting
from tests.visitor import Visitor
from web.app import create_app


@pytest.fixture
def early_visitor(empty_database: str) -> Iterator[Visitor]:
    """A visitor of MovR on that database."""
    with visiting(create_app(settings_for(empty_database))) as new:
        yield new()


def test_the_process_is_alive_and_asks_no_database(visitor: Visitor) -> None:
    reply = visitor.get("/healthz")

    assert (reply.status_code, reply.json()) == (200, {"status": "alive"})
    assert 'desc="0 statements"' in reply.headers["Server-Timing"]


def test_it_is_ready_at_the_newest_schema(visitor: Visitor) -> None:
    reply = visitor.get("/readyz")

    assert (reply.status_code, reply.json()) == (200, {"status": "ready"})


def test_it_is_not_ready_before_the_first_migration_and_says_what_to_do(
    early_visitor: Visitor,
) -> None:
    reply = early_visitor.get("/readyz")

    assert reply.status_code == 503
    assert reply.json()["status"] == "not ready"
    assert "flask --app server db upgrade" in reply.json()["reason"]
    assert early_visitor.get("/healthz").status_code == 200


def test_a_page_is_calm_before_the_first_migration(early_visitor: Visitor) -> None:
    reply = early_visitor.get("/vehicles")

    assert reply.status_code == 503
    assert reply.headers["Retry-After"]


def test_it_becomes_ready_by_the_migrations_without_a_restart(
    early_visitor: Visitor, empty_engine: Engine
) -> None:
    before = early_visitor.get("/readyz").status_code

    schema.upgrade(empty_engine)

    assert (before, early_visitor.get("/readyz").status_code) == (503, 200)


def test_it_is_not_ready_once_the_schema_is_taken_back(
    early_visitor: Visitor, empty_engine: Engine
) -> None:
    schema.upgrade(empty_engine)
    schema.downgrade(empty_engine, "base")

    assert early_visitor.get("/readyz").status_code == 503


def test_it_stays_ready_while_newer_code_migrates_ahead_of_it(
    early_visitor: Visitor, empty_engine: Engine
) -> None:
    """While a deployment rolls, old replicas go on serving the riders they have."""
    schema.upgrade(empty_engine)
    with empty_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of the future'"))

    assert early_visitor.get("/readyz").status_code == 200


def test_it_is_not_ready_before_the_last_migration(
    early_visitor: Visitor, empty_engine: Engine
) -> None:
    schema.upgrade(empty_engine)
    schema.downgrade(empty_engine, "-1")

    assert early_visitor.get("/readyz").status_code == 503


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_gets_no_cookie(visitor: Visitor, path: str) -> None:
    assert "Set-Cookie" not in visitor.get(path).headers
