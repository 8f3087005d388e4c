"""Errors of the database server: every command prints one sentence and nothing else."""

from collections.abc import Iterator

import click
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import Engine, text

from cli import db, serve
from cli.error_messages import ErrorMessageGroup
from movr.database import retries
from movr.database.engine import is_cockroachdb
from tests.conftest import app_with_commands
from web.config import Settings

# One SQLSTATE for each error class of the driver, and CockroachDB's for a missing licence.
SQLSTATES = ("XX000", "XXC01", "0A000", "42501", "22012", "23505", "40001", "53300", "57P01")
COMMANDS = (
    ("db", "upgrade"),
    ("db", "downgrade", "--yes"),
    ("db", "current"),
    ("db", "check"),
    ("db", "history"),
    ("db", "migrate", "-m", "a change"),
    ("placement", "show"),
    ("placement", "plan", "none"),
    ("placement", "apply", "none"),
    ("placement", "check"),
    ("placement", "update-region"),
)


@pytest.fixture(params=SQLSTATES)
def refusing(request: pytest.FixtureRequest, empty_engine: Engine) -> Engine:
    """Run a database that answers the first query of each command with this SQLSTATE."""
    if is_cockroachdb(empty_engine.url):
        pytest.skip("PostgreSQL's functions")
    database = empty_engine.url.database
    function = (
        "CREATE FUNCTION refusing.current_database() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION USING ERRCODE = '{request.param}', MESSAGE = 'not today',"
        " DETAIL = 'a row of a rider'; END $$"
    )
    history = "SELECT refusing.current_database() AS version_num"
    with empty_engine.begin() as connection:
        for statement in (
            "CREATE SCHEMA refusing",
            function,
            f"CREATE VIEW refusing.alembic_version AS {history}",
            f"ALTER DATABASE {database} SET search_path = refusing, pg_catalog",
        ):
            connection.execute(text(statement))
    empty_engine.dispose()
    return empty_engine


@pytest.fixture
def app(empty_database: str) -> Iterator[Flask]:
    app = app_with_commands(empty_database)
    yield app
    app.extensions["movr"].close()


@pytest.mark.usefixtures("refusing")
def test_every_command_says_what_the_server_refuses_in_a_sentence(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "MAX_BACKOFF", 0)
    runner: FlaskCliRunner = app.test_cli_runner()

    for command in COMMANDS:
        ended = runner.invoke(args=command)

        assert (command, ended.exit_code) == (command, 1), ended.output
        assert ended.output == "Error: The database refused: not today.\n", command


@pytest.mark.usefixtures("refusing")
def test_the_development_server_says_it_too(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(retries, "MAX_BACKOFF", 0)
    monkeypatch.setattr(serve, "read_settings", lambda _: Settings(db_uri=empty_database))
    monkeypatch.setattr(serve, "_check_port", lambda _: None)

    status = serve.serve()

    assert status == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_every_group_of_commands_says_refusals_in_a_sentence(app: Flask) -> None:
    ours = [app.cli.commands[name] for name in ("db", "placement", "scenario")]

    assert db.db in ours
    for group in ours:
        assert isinstance(group, ErrorMessageGroup)
        assert isinstance(group, click.Group)


def test_a_command_that_misses_a_column_says_that_the_schema_differs(
    app: Flask, empty_engine: Engine
) -> None:
    if not is_cockroachdb(empty_engine.url):
        pytest.skip("only CockroachDB has a crdb_region")
    runner: FlaskCliRunner = app.test_cli_runner()

    ended = runner.invoke(args=("placement", "update-region"))

    assert ended.exit_code == 1
    assert ended.output == (
        "Error: MovR cannot use its database: its schema is not what this code expects.\n"
    )
