"""`flask agency` and `flask zones`: tokens that are shown once, and zones that begin later."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import Engine, text

from movr import errors
from movr.movr import MovR
from tests.movr.city_data.test_zones import ISLAND, SQUARE, collection, feature


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_a_token_is_shown_once_hashed_at_rest_and_valid_in_its_city_until_it_is_revoked(
    runner: FlaskCliRunner, movr: MovR, engine: Engine
) -> None:
    token = runner.invoke(args=["agency", "add", "Paris", "City of Paris"]).output.strip()
    again = runner.invoke(args=["agency", "add", "paris", "City of Paris"])
    other = runner.invoke(args=["agency", "add", "rome", "City of Paris"]).output.strip()

    assert (len(token), again.exit_code, other == token) == (43, 1, False)
    assert "City of Paris has a token in Paris. Nothing was changed." in again.output
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM agency_tokens WHERE city = 'paris'")).all()
    assert rows[0].token_hash == sha256(token.encode()).hexdigest()
    assert token not in str(rows)
    assert movr.city_data.check_token("paris", token) == rows[0].id
    for city, wrong in (("rome", token), ("paris", token[1:]), ("paris", other), ("paris", "")):
        with pytest.raises(errors.NotAnAgency):
            movr.city_data.check_token(city, wrong)

    revoked = [runner.invoke(args=["agency", "revoke", "paris", "City of Paris"]) for _ in range(2)]

    assert [each.exit_code for each in revoked] == [0, 1]
    with pytest.raises(errors.NotAnAgency):
        movr.city_data.check_token("paris", token)
    assert ", revoked 20" in runner.invoke(args=["agency", "list", "paris"]).output
    assert movr.city_data.check_token("rome", other)
    assert runner.invoke(args=["agency", "add", "paris", "City of Paris"]).exit_code == 0


@pytest.mark.parametrize("name", ["", " ", "<b>", "a" * 101, "a\tb"])
def test_an_agency_of_an_unreadable_name_is_refused(runner: FlaskCliRunner, name: str) -> None:
    refused = runner.invoke(args=["agency", "add", "paris", name])

    assert (refused.exit_code, "must be a text of 1 to 100" in refused.output) == (2, True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "zones.geojson"
    zones = collection(feature([SQUARE]), feature([ISLAND], name="Island", allowed=False))
    path.write_text(json.dumps(zones))
    return path


def test_zones_are_set_listed_and_removed(runner: FlaskCliRunner, file: Path) -> None:
    answers = [
        runner.invoke(args=["zones", *args])
        for args in (
            ("set", "paris", str(file)),
            ("list", "paris"),
            ("remove", "paris"),
            ("list", "paris"),
            ("remove", "rome"),
        )
    ]

    assert [answer.exit_code for answer in answers] == [0, 0, 0, 0, 1], answers
    assert answers[0].output.startswith("Paris has new zones from 20")
    first, second = answers[1].output.splitlines()
    assert (first[:16], first[-8:]) == ("no parking from ", ": Island")
    assert (second[:16], second[-8:]) == ("parking    from ", ": Centre")
    assert answers[2].output.startswith("Rides may end anywhere in Paris from 20")
    assert " until " in answers[3].output
    assert "Rome has no zones. Nothing was changed." in answers[4].output


def test_a_wrong_file_changes_nothing_and_a_missing_one_is_named(
    runner: FlaskCliRunner, file: Path
) -> None:
    runner.invoke(args=["zones", "set", "paris", str(file)])
    before = runner.invoke(args=["zones", "list", "paris"]).output
    file.write_text(json.dumps(collection(feature([SQUARE[:3]]))))

    refused = runner.invoke(args=["zones", "set", "paris", str(file)])
    missing = runner.invoke(args=["zones", "set", "paris", f"{file}.missing"])

    assert "Feature 1: a ring must have 4 positions or more" in refused.output
    assert refused.output.endswith("Nothing was changed.\n")
    assert (refused.exit_code, missing.exit_code) == (1, 2)
    assert "No such file" in missing.output
    assert runner.invoke(args=["zones", "list", "paris"]).output == before
