"""`flask invariants`: it ends with 1 if the data is broken, and says how."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import Engine, text

from movr.database.invariants import INVARIANTS
from tests.conftest import app_with_commands
from tests.movr.people import a_member, a_vehicle


@pytest.fixture
def runner(database: str) -> Iterator[FlaskCliRunner]:
    app = app_with_commands(database)
    yield app.test_cli_runner()
    app.extensions["movr"].close()


def test_it_ends_with_0_if_all_hold_and_with_1_and_a_sentence_for_each_broken_one(
    runner: FlaskCliRunner, engine: Engine
) -> None:
    with engine.begin() as connection:
        a_vehicle(connection, a_member(connection))
    whole = runner.invoke(args=["invariants"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET is_owner = false"))
        connection.execute(text("UPDATE vehicles SET number = NULL"))
    broken = runner.invoke(args=["invariants"])

    assert (whole.exit_code, whole.stdout) == (0, f"All {len(INVARIANTS)} invariants hold.\n")
    owner, number = broken.stdout.splitlines()
    assert owner.startswith("The owner of a vehicle that stays in service is marked as owner")
    assert number.startswith("Every vehicle has a number. Broken by 1: new york, ")
    assert (broken.exit_code, f"Error: 2 of {len(INVARIANTS)} invariants are broken.\n") == (
        1,
        broken.stderr[broken.stderr.index("Error") :],
    )


def test_a_database_without_movr_s_tables_is_refused_in_a_sentence(empty_database: str) -> None:
    app = app_with_commands(empty_database)

    ended = app.test_cli_runner().invoke(args=["invariants"])

    app.extensions["movr"].close()
    assert ended.exit_code == 1
    assert 'Error: The database refused: relation "rides" does not exist.' in ended.output
    assert "Traceback" not in ended.output
