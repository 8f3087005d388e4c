"""The audit is append only: other roles than its owner can read it and add to it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from movr.database import schema
from tests import databases

APPEND_ONLY = ("audit_entries", "vehicle_events")
ENTRY = (
    "INSERT INTO audit_entries (city, id, happened_at, action, subject_kind, subject_city,"
    " subject_id, reason) VALUES ('paris', gen_random_uuid(), now(), 'grant', 'role', 'paris',"
    " gen_random_uuid(), 'A test')"
)
BEFORE = "0023-1"  # the revision before the one that revokes


@pytest.fixture
def role(server: str) -> Iterator[str]:
    """A role that is dropped after the databases where it has rights."""
    name = f"movr_test_{secrets.token_hex(4)}"
    with databases.autocommit(server) as connection:
        connection.execute(text(f"CREATE ROLE {name}"))
    yield name
    with databases.autocommit(server) as connection:
        connection.execute(text(f"DROP ROLE {name}"))


@contextmanager
def acting_as(engine: Engine, role: str) -> Iterator[Connection]:
    with engine.connect() as connection:
        connection.execute(text(f"SET ROLE {role}"))
        yield connection
        connection.rollback()


def test_nobody_but_the_owner_can_change_the_audit(role: str, own_engine: Engine) -> None:
    schema.downgrade(own_engine, BEFORE)
    with own_engine.begin() as connection:
        connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
        connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"))
        connection.execute(text(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {role}"))
    schema.upgrade(own_engine)

    for table in APPEND_ONLY:
        for change in (f"UPDATE {table} SET city = city", f"DELETE FROM {table}"):
            with acting_as(own_engine, role) as connection, pytest.raises(ProgrammingError):
                connection.execute(text(change))
        with acting_as(own_engine, role) as connection, pytest.raises(ProgrammingError):
            connection.execute(text(f"TRUNCATE {table}"))
    with acting_as(own_engine, role) as connection:
        connection.execute(text(ENTRY))
        assert connection.execute(text("SELECT count(*) FROM audit_entries")).scalar() == 1
        connection.execute(text("DELETE FROM staff_roles"))
