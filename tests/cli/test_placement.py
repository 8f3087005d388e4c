"""The commands `flask placement …`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine

from movr.models import Vehicle
from movr.placement import inspection
from tests.conftest import ROOT, app_with_commands

Placement = Callable[..., Result]


@pytest.fixture
def placement(postgres: Engine, own_database: str) -> Iterator[Placement]:  # noqa: ARG001
    """Run a placement command on a PostgreSQL database."""
    app: Flask = app_with_commands(own_database)
    runner = app.test_cli_runner()
    yield lambda *words: runner.invoke(args=["placement", *words])
    app.extensions["movr"].close()


def test_a_plan_is_sql_with_a_reason_for_each_step_and_changes_nothing(
    placement: Placement,
) -> None:
    plan = placement("plan", "postgres-partition").output.splitlines()

    assert plan[0] == "-- Lock the tables while their rows are copied."
    assert plan[1] == "LOCK TABLE vehicles, rides IN ACCESS EXCLUSIVE MODE;"
    assert [line.startswith("-- ") for line in plan] == [True, False] * (len(plan) // 2)
    assert "has the placement none." in placement("show").output


def test_a_placement_is_applied_shown_and_undone(placement: Placement) -> None:
    assert placement("apply", "postgres-partition").exit_code == 0
    shown = placement("show").output
    again = placement("apply", "postgres-partition").output
    assert placement("apply", "none").exit_code == 0

    assert "has the placement postgres-partition." in shown
    assert "rome            gcp-europe-west1" in shown
    assert again == "The database has the placement postgres-partition already.\n"
    assert "has the placement none." in placement("show").output


def test_a_table_that_is_not_global_yet_is_named(
    placement: Placement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "GLOBAL_TABLES", (Vehicle.__table__,))

    assert "vehicles        in one place, for all regions" in placement("show").output


def test_a_placement_that_the_database_cannot_have_is_one_sentence(placement: Placement) -> None:
    refused = placement("apply", "multi-region")

    assert refused.exit_code == 1
    assert refused.output == (
        "Error: PostgreSQL has no placement multi-region; it has none, postgres-partition.\n"
    )


def test_what_only_cockroachdb_has_is_refused_in_one_sentence(placement: Placement) -> None:
    assert placement("update-region").output == "Error: Only CockroachDB has a crdb_region.\n"
    assert placement("check").output.startswith("Error: This database has no placement")


def test_dbinit_sql_is_what_the_command_prints(placement: Placement) -> None:
    assert placement("sql", "partition").output == Path(ROOT / "dbinit.sql").read_text()
