"""`flask staff`: who is staff of a city, with a row of audit for each change."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import Engine, text

from tests.visitor import Visitor


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def audit(engine: Engine) -> list[tuple[Any, ...]]:
    columns = "SELECT city, action, actor_id, before, after, reason FROM audit_entries"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"{columns} ORDER BY happened_at"))]


def test_an_operator_grants_lists_and_revokes_roles(
    runner: FlaskCliRunner, visitor: Visitor, engine: Engine
) -> None:
    name = visitor.register("paris").username
    grant = ("staff", "grant", name.upper(), "New York", "support")
    revoke = ("staff", "revoke", name, "nyc", "support", "--reason", "Moved away")

    granted, again = (runner.invoke(args=grant) for _ in range(2))
    listed = [runner.invoke(args=["staff", "list", city]).output for city in ("nyc", "paris")]
    revoked, twice = (runner.invoke(args=revoke) for _ in range(2))

    assert granted.output == f"{name} is support of New York.\n"
    assert again.exit_code == twice.exit_code == 1
    assert "Nothing was changed." in again.output
    assert listed[0].startswith(f"support    {name}, since ")
    assert listed[1] == runner.invoke(args=["staff", "list", "new york"]).output == ""
    assert revoked.output == f"{name} is not support of New York any more.\n"
    role = '{"role": "support"}'
    assert audit(engine) == [
        ("new york", "grant_role", None, None, role, "At the command line"),
        ("new york", "revoke_role", None, role, None, "Moved away"),
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody-at-all", "paris", "support"), "There is no member nobody-at-all."),
        (("{name}", "lisbon", "support"), "MovR has new york, "),
        (("{name}", "paris", "king"), "'king' is not one of"),
        (("{name}", "paris", "manager", "--reason", "<b>"), "must have 1 to 300 characters"),
    ],
)
def test_a_role_that_cannot_be_granted_is_refused_with_the_reason(
    runner: FlaskCliRunner,
    visitor: Visitor,
    engine: Engine,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    name = visitor.register().username
    given = [word.format(name=name) for word in arguments]

    refused = runner.invoke(args=["staff", "grant", *given])

    assert refused.exit_code in {1, 2}
    assert sentence in refused.output
    assert audit(engine) == []
