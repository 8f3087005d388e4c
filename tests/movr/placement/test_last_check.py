"""What `placement check` last said: kept in the database by the owner of its tables."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, create_engine, text

from movr.placement import last_check

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def other_role(own_engine: Engine) -> Iterator[Engine]:
    """An engine of a role that owns no table."""
    role, password = f"reader_{secrets.token_hex(4)}", own_engine.url.password
    # An insecure CockroachDB refuses passwords; a server that asks for them needs one.
    secret = f" WITH PASSWORD '{password}'" if password else ""
    with own_engine.begin() as connection:
        connection.execute(text(f"CREATE USER {role}{secret}"))
    engine = create_engine(own_engine.url.set(username=role))
    yield engine
    engine.dispose()
    with own_engine.begin() as connection:
        connection.execute(text(f"DROP USER {role}"))


def test_what_was_said_last_is_kept_with_its_time(own_engine: Engine) -> None:
    assert last_check.read(own_engine) is None

    assert last_check.write(own_engine, "Paris's statements may leave.", now=NOW)
    assert last_check.write(own_engine, "All is well.", now=NOW)

    assert last_check.read(own_engine) == "2026-05-01 12:30 UTC: All is well."


def test_only_the_owner_of_the_tables_can_keep_it(own_engine: Engine, other_role: Engine) -> None:
    last_check.write(own_engine, "All is well.", now=NOW)

    assert not last_check.write(other_role, "Nothing is well.", now=NOW)

    assert last_check.read(own_engine) == "2026-05-01 12:30 UTC: All is well."
