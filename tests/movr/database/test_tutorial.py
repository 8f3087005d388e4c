"""A database of the tutorial's own site is adopted by the migrations, with its data."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, inspect, text

from movr.database import invariants, schema
from movr.database.engine import is_cockroachdb
from tests.conftest import NewVisitor, settings_for, visiting
from tests.movr.database.test_schema import checks, columns
from web.app import create_app

TUTORIAL = (Path(__file__).parent / "tutorial.sql").read_text()  # what its site allowed
PASSWORD = "ride with me"
ADOPTED = (
    "Adopted from the tutorial's site: 4 of 4 users, 3 of 4 vehicles, 4 of 5 rides."
    " Check them, and then run: DROP SCHEMA tutorial CASCADE"
)


@pytest.fixture
def tutorial(empty_engine: Engine) -> Engine:
    """A database of the tutorial's site."""
    script = TUTORIAL
    if not is_cockroachdb(empty_engine.url):
        script = script.replace("STRING", "TEXT").replace('CONSTRAINT "primary" ', "")
    with empty_engine.connect() as connection:
        for statement in script.split(";")[:-1]:
            connection.exec_driver_sql(statement)
            connection.commit()
    return empty_engine


@pytest.fixture
def new_visitor(tutorial: Engine, empty_database: str) -> Iterator[NewVisitor]:
    """Create visitors of MovR on the adopted database."""
    schema.upgrade(tutorial)
    with visiting(create_app(settings_for(empty_database))) as new:
        yield new


def rows(engine: Engine, select: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(select))]


def test_a_database_of_the_tutorial_s_site_is_adopted_with_its_data(tutorial: Engine) -> None:
    reports: list[str] = []

    schema.upgrade(tutorial, report=reports.append)

    assert ADOPTED in reports
    assert schema.is_at_head(tutorial)
    assert invariants.find_violations(tutorial) == []
    assert rows(tutorial, "SELECT first_name, length(last_name) FROM users ORDER BY id") == [
        ("Ada", 8),
        ("Unknown", 8),
        ("Cat", 100),
        ("Unknown", 7),
    ]
    assert rows(tutorial, "SELECT username, email, is_owner FROM users ORDER BY id") == [
        (f"user-{UUID('0' * 31 + '1')}", "ada@example.com", True),
        ("ada", "unknown@movr.invalid", False),
        ("cat", "cat@example.com", False),
        (f"user-{UUID('0' * 31 + '4')}", "unknown@movr.invalid", False),
    ]
    vehicles = "SELECT type, status, color, removed_at IS NULL, latitude FROM vehicles ORDER BY id"
    assert rows(tutorial, vehicles) == [
        ("bike", "in_use", "red", True, None),
        ("skateboard", "available", "Unknown", True, None),
        ("scooter", "available", "blue", False, None),
    ]
    numbers = rows(tutorial, "SELECT DISTINCT city, number FROM vehicles WHERE number IS NOT NULL")
    assert len(numbers) == 3
    rides = "SELECT end_location, extract(epoch FROM length) FROM rides ORDER BY id"
    assert rows(tutorial, rides) == [
        ("Times Sq", 540),
        ("Times Sq", 0),
        (None, None),
        ("Broadway", 0),
    ]


def test_an_adopted_database_has_the_schema_of_an_empty_one(
    tutorial: Engine, own_engine: Engine
) -> None:
    schema.upgrade(tutorial)

    assert columns(tutorial) == columns(own_engine)
    assert checks(tutorial) == checks(own_engine)


def test_adopted_members_log_in_with_their_password_and_end_their_ride(
    new_visitor: NewVisitor, tutorial: Engine
) -> None:
    wrong = new_visitor().log_in("cat", "ride with you")
    visitor = new_visitor()
    right = visitor.log_in("Cat", PASSWORD)
    ended = visitor.end(visitor.active_ride(), "Times Sq", city="new york")

    assert (wrong.status_code, right.status_code, ended.status_code) == (422, 303, 303)
    assert "9 min" in visitor.get("/rides").text
    assert invariants.find_violations(tutorial) == []


def test_a_migration_that_adopts_may_be_interrupted_and_repeated(tutorial: Engine) -> None:
    schema.upgrade(tutorial, "0000")
    with tutorial.begin() as connection:
        connection.execute(text("ALTER TABLE tutorial.users SET SCHEMA public"))
        connection.execute(text("DELETE FROM alembic_version"))
    schema.upgrade(tutorial, "0003a")
    with tutorial.begin() as connection:
        connection.execute(text("DELETE FROM rides"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    reports: list[str] = []
    schema.upgrade(tutorial, report=reports.append)

    assert ADOPTED in reports


def test_a_table_of_another_program_is_refused_and_left_alone(empty_engine: Engine) -> None:
    """The database `movr` that `cockroach demo` loads has such a table."""
    with empty_engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (id UUID PRIMARY KEY, credit_card VARCHAR)"))

    with pytest.raises(schema.SchemaError, match="neither MovR's nor that of the tutorial's site"):
        schema.upgrade(empty_engine)

    assert not inspect(empty_engine).has_table("vehicles")
    assert rows(empty_engine, "SELECT credit_card FROM users") == []
