"""Error messages of commands."""

import sys

import pytest

from tests.conftest import app_with_commands, free_port


@pytest.mark.parametrize(
    "command",
    [("db", "upgrade"), ("db", "recount"), ("placement", "show"), ("placement", "check")],
    ids=" ".join,
)
def test_an_unreachable_database_is_reported_in_a_sentence(command: tuple[str, ...]) -> None:
    app = app_with_commands(f"postgresql://movr@127.0.0.1:{free_port()}/movr")

    ended = app.test_cli_runner().invoke(args=command)

    assert ended.exit_code == 1
    assert ended.output.startswith("Error: The database")
    assert "Connection refused" in ended.output
    assert len(ended.output.splitlines()) == 1


def test_the_image_which_has_no_sample_rows_says_where_dbinit_sql_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "scenarios.shared", None)
    app = app_with_commands("postgresql://movr@127.0.0.1:1/movr")

    ended = app.test_cli_runner().invoke(args=["placement", "sql", "partition"])

    assert ended.exit_code == 1
    assert ended.output.startswith("Error: This command needs a clone")
