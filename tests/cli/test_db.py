"""`flask db`: several migrations at once, what they print, and downgrades that ask first."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import Engine, inspect

from movr.database import schema
from movr.database.engine import is_cockroachdb
from movr.database.migration_lock import migration_lock
from tests.cli.test_serve import FLASK, SECRET, run, with_settings
from tests.conftest import ROOT, app_with_commands
from tests.movr.database.test_contract import move_to_the_future
from tests.movr.database.test_schema import is_waiting

FIRST = "Upgraded to 0001: Users."
LAST = f"The schema is at its newest revision, {schema.head()}."


@pytest.fixture
def runner(empty_database: str) -> Iterator[FlaskCliRunner]:
    app: Flask = app_with_commands(empty_database)
    yield app.test_cli_runner()
    app.extensions["movr"].close()


def test_of_three_jobs_at_once_one_migrates_and_the_others_wait_and_succeed(
    empty_database: str, empty_engine: Engine
) -> None:
    def job() -> subprocess.CompletedProcess[str]:
        return run(*FLASK, "db", "upgrade", DB_URI=empty_database, SECRET_KEY=SECRET)

    with ThreadPoolExecutor(3) as pool:
        ended = [job.result() for job in [pool.submit(job) for _ in range(3)]]

    assert [one.returncode for one in ended] == [0, 0, 0], [one.stderr for one in ended]
    assert sum(FIRST in one.stdout for one in ended) == 1
    assert all(one.stdout.endswith(f"{LAST}\n") for one in ended)
    assert schema.is_at_head(empty_engine)


def test_the_check_says_whether_this_code_may_use_the_schema(
    runner: FlaskCliRunner, empty_engine: Engine
) -> None:
    def check() -> tuple[int, str]:
        ended = runner.invoke(args=["db", "check"])
        return ended.exit_code, ended.output

    newest = f"and this code at {schema.head()}:"
    empty = check()
    schema.upgrade(empty_engine)
    at_head = check()
    move_to_the_future(empty_engine)
    usable = check()
    move_to_the_future(empty_engine, "of the future")
    contracted = check()

    upgrade = f"Error: The schema is at revision None, {newest} run `flask --app server db upgrade`"
    assert empty == (1, f"{upgrade}.\n")
    assert at_head == (
        0,
        f"The schema is at revision {schema.head()}, {newest} this code may use it.\n",
    )
    future = f"The schema is at revision of the future, {newest}"
    assert usable == (0, f"{future} this code may use it.\n")
    assert contracted == (1, f"Error: {future} run a newer version of MovR.\n")


def test_a_migration_waits_for_one_that_runs_longer_than_the_lock_timeout(
    empty_engine: Engine,
) -> None:
    if is_cockroachdb(empty_engine.url):
        pytest.skip("PostgreSQL's pg_stat_activity shows who waits")
    with ThreadPoolExecutor(1) as pool:
        with migration_lock(empty_engine):
            waiting = pool.submit(schema.upgrade, empty_engine)
            while not is_waiting(empty_engine):
                assert not waiting.done()
            assert not inspect(empty_engine).has_table("users")
        waiting.result()

    assert schema.is_at_head(empty_engine)


def test_a_migration_that_is_killed_leaves_no_lock_behind(
    empty_database: str, empty_engine: Engine
) -> None:
    holder = (
        "import sys, time; from movr.database.migration_lock import migration_lock;"
        " from tests.databases import connect\n"
        "with migration_lock(connect(sys.argv[1])): print(flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holder, empty_database],
        cwd=ROOT,
        env=with_settings(),
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.readline()
    process.kill()
    process.communicate()

    schema.upgrade(empty_engine)

    assert schema.is_at_head(empty_engine)


def test_a_database_at_head_is_not_locked(empty_engine: Engine) -> None:
    """The app's database role may not be allowed to create tables."""
    schema.upgrade(empty_engine)
    with migration_lock(empty_engine):
        schema.upgrade(empty_engine)


def test_migrations_print_each_revision(runner: FlaskCliRunner) -> None:
    upgraded = runner.invoke(args=("db", "upgrade")).output.splitlines()
    again = runner.invoke(args=("db", "upgrade")).output.splitlines()
    undone = runner.invoke(args=("db", "downgrade", "base", "--yes")).output.splitlines()

    assert FIRST in upgraded
    assert upgraded[-1] == LAST
    assert again == [LAST]
    assert "Undone: 0001, Users." in undone


@pytest.mark.parametrize("revision", ["base", "0002", "-1"])
def test_a_downgrade_asks_and_without_a_yes_changes_nothing(
    runner: FlaskCliRunner, empty_engine: Engine, revision: str
) -> None:
    runner.invoke(args=("db", "upgrade"))

    for answer in ("n\n", ""):  # "": as in a Job, which has no terminal
        ended = runner.invoke(args=("db", "downgrade", revision), input=answer)

        assert ended.exit_code == 1
        assert f"{empty_engine.url.database} to revision {revision}?" in ended.output
        assert "data" in ended.output
        assert schema.is_at_head(empty_engine)


def test_a_downgrade_that_is_confirmed_runs(runner: FlaskCliRunner, empty_engine: Engine) -> None:
    runner.invoke(args=("db", "upgrade"))

    ended = runner.invoke(args=("db", "downgrade", "base"), input="y\n")

    assert ended.exit_code == 0
    assert not inspect(empty_engine).has_table("users")
