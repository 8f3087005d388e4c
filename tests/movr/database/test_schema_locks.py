"""Tables that CockroachDB locks since v26.1 are unlocked during migrations."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, inspect, text

from movr.database import schema, schema_locks

LOCK = re.compile(r"(ALTER TABLE \w+ SET \(schema_locked|(RE)?SET create_table_with_schema_locked)")


@pytest.fixture
def sent(empty_engine: Engine) -> Iterator[list[str]]:
    """Record the statements of migrations; those about locks are not sent to the server."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> Any:
        statements.append(statement.strip())
        return ("SELECT 1" if LOCK.match(statement) else statement), parameters

    event.listen(empty_engine, "before_cursor_execute", record, retval=True)
    yield statements
    event.remove(empty_engine, "before_cursor_execute", record)


@pytest.fixture
def locking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a server that locks schemas."""
    monkeypatch.setattr(schema_locks, "locks_schemas", lambda _version: True)


def about_locks(statements: list[str]) -> list[str]:
    return [statement for statement in statements if LOCK.match(statement)]


@pytest.mark.parametrize(
    ("version", "locks"),
    [
        ("CockroachDB CCL v26.1.0 (x86_64-pc-linux-gnu, built 2026/02/02)", True),
        ("CockroachDB OSS v22.1.0-alpha.1 (x86_64-pc-linux-gnu, built , go1.17)", False),
        ("CockroachDB OSS (x86_64-pc-linux-gnu, built without a number)", False),
        ("PostgreSQL 18.4 on x86_64-pc-linux-gnu, compiled by gcc v26.1", False),
    ],
)
def test_which_servers_lock_schemas(version: str, locks: bool) -> None:
    assert schema_locks.locks_schemas(version) is locks


def test_other_servers_are_sent_nothing_about_locks(empty_engine: Engine, sent: list[str]) -> None:
    schema.upgrade(empty_engine)
    schema.downgrade(empty_engine, "-1")

    assert about_locks(sent) == []


@pytest.mark.usefixtures("locking")
def test_tables_are_unlocked_before_they_change_and_locked_afterwards(
    empty_engine: Engine, sent: list[str]
) -> None:
    schema.upgrade(empty_engine, "0003")
    sent.clear()

    schema.upgrade(empty_engine)

    (first, last) = (
        sent.index("SET create_table_with_schema_locked = off"),
        sent.index("RESET create_table_with_schema_locked"),
    )
    changes = [n for n, one in enumerate(sent) if one.startswith("ALTER") and not LOCK.match(one)]
    assert first < min(changes) <= max(changes) < last
    for table in ("users", "vehicles", "rides"):
        unlock, lock = (
            sent.index(f"ALTER TABLE {table} SET (schema_locked = {locked})")
            for locked in ("false", "true")
        )
        assert unlock < first < last < lock
    assert "migration_lock" not in " ".join(about_locks(sent))  # a transaction holds it


@pytest.mark.usefixtures("locking")
def test_a_database_at_head_is_left_alone(empty_engine: Engine, sent: list[str]) -> None:
    """The app's database role may not be allowed to change tables."""
    schema.upgrade(empty_engine)
    sent.clear()

    schema.upgrade(empty_engine)
    schema.current(empty_engine)

    assert about_locks(sent) == []


@pytest.mark.usefixtures("locking", "sent")
def test_what_changes_unlocked_tables_is_a_transaction_as_before(empty_engine: Engine) -> None:
    with empty_engine.connect() as connection, schema_locks.unlocked(connection):
        connection.execute(text("CREATE TABLE other (id INT)"))
        connection.rollback()

        assert not inspect(connection).has_table("other")
        connection.rollback()
