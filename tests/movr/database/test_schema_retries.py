"""Retries of schema changes and commands after serialization failures."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from movr.database import retries, schema
from movr.database.engine import is_cockroachdb
from movr.placement import change
from movr.placement.definitions import Step
from scenarios import race
from scenarios.shared.context import ScenarioContext

Lose = Callable[[int], None]


@pytest.fixture
def lose(empty_engine: Engine) -> Iterator[Lose]:
    """Make the server refuse the next schema changes, or inserts of users, with 40001."""
    if is_cockroachdb(empty_engine.url):
        pytest.skip("PostgreSQL's event triggers")
    run(
        empty_engine,
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION lose() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('tries') <= current_setting('movr.losses')::int THEN"
        " RAISE SQLSTATE '40001' USING MESSAGE = 'restart transaction'; END IF;"
        " RETURN true; END $$",
        "CREATE FUNCTION lose_change() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM public.lose(); END $$",
    )
    database = empty_engine.url.database

    def losing(times: int) -> None:
        run(
            empty_engine,
            f"ALTER DATABASE {database} SET movr.losses = {times}",
            "CREATE EVENT TRIGGER lose ON ddl_command_end"
            " WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE INDEX')"
            " EXECUTE FUNCTION lose_change()",
        )
        empty_engine.dispose()  # the setting applies to new connections

    yield losing
    run(empty_engine, "DROP EVENT TRIGGER IF EXISTS lose")


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "MAX_BACKOFF", 0.01)
    monkeypatch.setattr(retries, "MAX_RETRIES", 10)


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def tries(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT last_value FROM tries")).scalar_one())


def test_conflicting_migrations_are_retried_until_they_succeed(
    empty_engine: Engine, lose: Lose
) -> None:
    lose(retries.MAX_RETRIES)

    schema.upgrade(empty_engine)

    assert schema.is_at_head(empty_engine)
    assert tries(empty_engine) > retries.MAX_RETRIES


def test_migrations_that_always_conflict_are_given_up_in_a_sentence(
    empty_engine: Engine, lose: Lose
) -> None:
    lose(1_000_000)

    with pytest.raises(schema.SchemaError, match="refused: restart transaction"):
        schema.upgrade(empty_engine)

    assert tries(empty_engine) == retries.MAX_RETRIES + 1


def test_each_migration_may_run_again_after_it_was_committed(empty_engine: Engine) -> None:
    """On CockroachDB its statements may be committed although the migration failed."""
    revisions = list(ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions())[::-1]
    for before, revision in pairwise(revisions):
        schema.upgrade(empty_engine, revision.revision)
        run(empty_engine, f"UPDATE alembic_version SET version_num = '{before.revision}'")
        schema.upgrade(empty_engine, revision.revision)

    assert schema.is_at_head(empty_engine)


def test_a_conflicting_step_of_a_placement_is_retried(empty_engine: Engine, lose: Lose) -> None:
    lose(3)

    done = list(
        change.run_steps(
            empty_engine, [Step("A table.", "CREATE TABLE first (id INT)")], at_once=False
        )
    )

    assert len(done) == 1
    assert tries(empty_engine) == 4


@pytest.mark.usefixtures("lose")
def test_a_conflicting_scenario_is_retried(empty_engine: Engine) -> None:
    schema.upgrade(empty_engine)
    run(empty_engine, f"ALTER DATABASE {empty_engine.url.database} SET movr.losses = 3")
    run(
        empty_engine,
        "CREATE FUNCTION lose_row() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM lose(); RETURN NEW; END $$",
        "CREATE TRIGGER lose BEFORE INSERT ON vehicles EXECUTE FUNCTION lose_row()",
    )
    empty_engine.dispose()

    race.fill(ScenarioContext(empty_engine, datetime.now(UTC)))

    with empty_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM vehicles")).scalar_one() == 1
    assert tries(empty_engine) == 4


def test_other_errors_are_not_retried(empty_engine: Engine) -> None:
    attempts = 0

    def wait_for_a_lock() -> None:
        nonlocal attempts
        attempts += 1
        with empty_engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 1"))
            connection.execute(text("SELECT pg_sleep(10)"))

    with pytest.raises(OperationalError):
        retries.retrying(wait_for_a_lock)

    assert attempts == 1
