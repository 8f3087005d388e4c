"""PostgreSQL's placement: applied, undone, interrupted, and changed, with rows in the tables."""

from datetime import UTC, datetime
from itertools import islice

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from movr.cities import CITIES
from movr.database import schema
from movr.models import Base
from movr.movr import MovR
from movr.placement import change, inspection
from movr.placement.definitions import Placement, PlacementNotSupported, Step
from scenarios import demo
from scenarios.shared.context import ScenarioContext
from tests.databases import all_rows
from tests.movr.database.test_schema import checks, columns
from tests.movr.people import start_ride
from tests.visitor import PASSWORD, registration

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def world(postgres: Engine) -> Engine:
    """A PostgreSQL database with the demo data."""
    demo.fill(ScenarioContext(postgres, NOW))
    return postgres


def place(engine: Engine, wanted: Placement) -> int:
    steps = change.plan(inspection.current_placement(engine), wanted)
    return len(list(change.run_steps(engine, steps, at_once=True)))


def test_rows_move_to_partitions_and_back_and_none_is_lost(world: Engine) -> None:
    before, described, checked = all_rows(world), columns(world), checks(world)

    place(world, Placement.POSTGRES_PARTITION)
    there, partitioned = all_rows(world), inspection.current_placement(world)
    place(world, Placement.NONE)

    assert there == before == all_rows(world)
    assert partitioned.placement is Placement.POSTGRES_PARTITION
    assert dict(partitioned.cities) == {city.name: city.region for city in CITIES}
    assert (columns(world), checks(world)) == (described, checked)
    assert inspection.current_placement(world).placement is Placement.NONE


def test_each_city_s_rows_are_in_its_region_s_partition(world: Engine) -> None:
    place(world, Placement.POSTGRES_PARTITION)

    with world.connect() as connection:
        for table in ("vehicles", "rides"):
            placed = connection.execute(
                text(f"SELECT DISTINCT tableoid::regclass::text, city FROM {table}")
            ).all()
            assert {(name, city) for name, city in placed} == {
                (f"{table}_{city.region.removeprefix('gcp-')[:-1].replace('-', '_')}", city.name)
                for city in CITIES
            }


def test_a_placement_that_is_current_needs_no_step(world: Engine) -> None:
    assert place(world, Placement.NONE) == 0
    place(world, Placement.POSTGRES_PARTITION)
    assert place(world, Placement.POSTGRES_PARTITION) == 0


def test_a_city_that_moves_takes_its_rows_along(world: Engine) -> None:
    """Placed while cities.py had Rome in the US; then cities.py changes."""
    before = all_rows(world)
    once = [
        step._replace(
            sql=step.sql.replace(", 'rome'", "").replace("'new york'", "'new york', 'rome'")
        )
        for step in change.plan(inspection.current_placement(world), Placement.POSTGRES_PARTITION)
    ]
    list(change.run_steps(world, once, at_once=True))
    placed_once = inspection.current_placement(world)

    place(world, Placement.POSTGRES_PARTITION)

    assert (placed_once.cities["rome"], placed_once.is_current) == ("gcp-us-east1", False)
    assert inspection.current_placement(world).is_current
    assert all_rows(world) == before


def test_an_interrupted_move_changes_nothing_and_is_resumed(world: Engine) -> None:
    before = all_rows(world)
    steps = change.plan(inspection.current_placement(world), Placement.POSTGRES_PARTITION)
    interrupted = change.run_steps(world, steps, at_once=True)
    for _ in islice(interrupted, len(steps) - 2):
        pass
    interrupted.close()  # type: ignore[attr-defined]  # a generator

    assert inspection.current_placement(world).placement is Placement.NONE
    place(world, Placement.POSTGRES_PARTITION)
    assert all_rows(world) == before


def test_people_ride_on_partitions_as_they_do_without(own_database: str, postgres: Engine) -> None:
    place(postgres, Placement.POSTGRES_PARTITION)
    movr = MovR(own_database)
    rider = movr.register(**registration("paris"))
    vehicle = movr.add_vehicle(rider, type="bike", color="red", brand="Kona", location="here")

    ride = start_ride(movr, vehicle, rider)
    movr.end_ride(ride, rider, location="there")
    movr.remove_vehicle(vehicle, rider)
    member = movr.session_member(rider)
    assert member
    history = movr.history(member, before=None, size=5).rides
    movr.delete_account(rider, 0, password=PASSWORD)
    movr.close()

    assert [seen.id for seen in history.items] == [ride.id]


def test_partitions_keep_the_rules_of_the_tables(world: Engine) -> None:
    place(world, Placement.POSTGRES_PARTITION)
    refused = (
        "UPDATE vehicles SET owner_id = id WHERE city = 'rome'",
        "UPDATE rides SET vehicle_id = id WHERE city = 'rome'",
        "UPDATE vehicles SET city = 'atlantis' WHERE city = 'rome'",
        "UPDATE vehicles SET id = owner_id WHERE city = 'rome'",
    )
    for statement in refused:
        with pytest.raises(IntegrityError), world.begin() as connection:
            connection.execute(text(statement))


def test_migrations_run_on_partitions_too(postgres: Engine) -> None:
    place(postgres, Placement.POSTGRES_PARTITION)

    schema.downgrade(postgres, "base")
    schema.upgrade(postgres)

    assert schema.is_at_head(postgres)
    assert inspection.current_placement(postgres).placement is Placement.NONE


def test_partitions_cause_no_migration(postgres: Engine) -> None:
    place(postgres, Placement.POSTGRES_PARTITION)

    with postgres.connect() as connection:
        options = {"include_object": schema.include_object_for(connection.dialect.name)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_independent_steps_are_run_one_by_one(postgres: Engine) -> None:
    """As on CockroachDB, where schema changes are not transactional."""
    steps = [
        Step("A table.", "CREATE TABLE first (id INT)"),
        Step("Not this one.", "CREATE TABLE first (id INT)"),
    ]

    with pytest.raises(ProgrammingError):
        list(change.run_steps(postgres, steps, at_once=False))

    assert "first" in {table for table, *_ in columns(postgres)}


def test_a_placement_of_the_other_engine_is_refused(postgres: Engine) -> None:
    with pytest.raises(PlacementNotSupported, match="PostgreSQL has no placement partition"):
        place(postgres, Placement.PARTITION)
