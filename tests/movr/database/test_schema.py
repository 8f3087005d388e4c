"""Migrations: they run up, down and up again, and agree with the models."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, event, text, update

from movr.database import invariants, schema
from movr.database.engine import is_cockroachdb
from movr.models import Base, Vehicle
from movr.movr import MovR
from movr.results import RideKey, UserKey
from tests import databases
from tests.movr.people import a_member, a_vehicle, end, start_ride
from tests.movr.test_ride_totals import some_rides
from tests.visitor import registration

RIDER, OWNER = UserKey("new york", UUID(int=1)), UserKey("paris", UUID(int=2))
ACCOUNT = "'Ada', 'Lovelace', 'ada@example.com'"
OLD_ROWS = (
    f"""INSERT INTO users (city, id, first_name, last_name, email, username, password_hash,
    is_owner, cities_ridden) VALUES
    ('{RIDER.city}', '{RIDER.id}', {ACCOUNT}, 'ada', 'none', true, '{{paris}}'),
    ('{OWNER.city}', '{OWNER.id}', {ACCOUNT}, 'bea', 'none', true, '{{}}')""",
    f"""INSERT INTO vehicles (city, id, type, owner_id, date_added, status, last_location, color,
    brand, latitude, longitude) VALUES
    ('paris', '{UUID(int=4)}', 'bike', '{OWNER.id}', now(), 'in_use', 'Rue Cler', 'red', 'Fuji',
    NULL, NULL),
    ('new york', '{UUID(int=5)}', 'scooter', '{RIDER.id}', now(), 'available', 'Times Sq', 'red',
    'Zephyr', 40.7501, -73.98)""",
    f"""INSERT INTO rides (city, id, vehicle_id, rider_city, rider_id, start_location, start_time)
    VALUES ('paris', '{UUID(int=6)}', '{UUID(int=4)}', '{RIDER.city}', '{RIDER.id}', 'Rue Cler',
    '2026-05-01 12:00+00')""",
    f"""UPDATE users SET active_ride_city = 'paris', active_ride_id = '{UUID(int=6)}'
    WHERE city = '{RIDER.city}' AND id = '{RIDER.id}'""",
)
RIDING = text(
    "SELECT city, id, active_ride_city, active_ride_id FROM users"
    " WHERE active_ride_id IS NOT NULL ORDER BY city LIMIT 1"
)


def columns(engine: Engine) -> list[tuple[str, ...]]:
    """Return all columns of MovR's tables, as described alike by both engines."""
    described = text(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name <> 'migration_lock' ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(described)]


def test_migrations_run_up_and_down_and_up_again_with_data_in_the_tables(
    empty_database: str, empty_engine: Engine
) -> None:
    schema.upgrade(empty_engine)
    first = columns(empty_engine)
    movr = MovR(empty_database)
    owner = movr.register(**registration())
    start_ride(
        movr,
        movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here"),
        owner,
    )
    movr.close()

    schema.downgrade(empty_engine, "base")
    undone = columns(empty_engine)
    schema.upgrade(empty_engine)

    assert {table for table, *_ in undone} == {"alembic_version"}
    assert columns(empty_engine) == first


def test_positions_are_added_to_a_database_with_rows_and_removed_again(
    empty_database: str, empty_engine: Engine
) -> None:
    """Rows as written by code before 0004, with an active ride of a New Yorker in Paris."""
    schema.upgrade(empty_engine, "0003")
    with empty_engine.begin() as connection:
        for statement in OLD_ROWS:
            connection.execute(text(statement))

    for _ in range(2):
        schema.upgrade(empty_engine)
        movr = MovR(empty_database)
        rider = movr.session_member(RIDER)
        (somewhere,) = movr.vehicles_of(OWNER, 0, after=None, size=9).page.items
        movr.close()
        with empty_engine.connect() as connection:
            rows = connection.execute(
                text("SELECT id, latitude_band, public_id FROM vehicles")
            ).all()
        schema.downgrade(empty_engine, "0003")

        assert rider
        assert rider.active_ride
        assert rider.active_ride.key == RideKey("paris", UUID(int=6))
        assert (rider.active_ride.vehicle_type, rider.active_ride.vehicle_brand) == ("bike", "Fuji")
        assert rider.active_ride.start_time == datetime(2026, 5, 1, 12, tzinfo=UTC)
        assert rider.active_ride.start is None
        assert somewhere.vehicle.position is None
        assert {id_.int: band for id_, band, _ in rows} == {4: None, 5: 81_500}
        assert len({UUID(int=0), *(name for row in rows for name in (row.id, row.public_id))}) == 5


def test_a_ride_that_older_code_starts_during_a_deployment_is_readable(
    empty_database: str, empty_engine: Engine
) -> None:
    """In a rolling deployment, code before 0004 records a ride without its vehicle."""
    schema.upgrade(empty_engine, "0003")
    with empty_engine.begin() as connection:
        for statement in OLD_ROWS[:-1]:
            connection.execute(text(statement))
    schema.upgrade(empty_engine)
    with empty_engine.begin() as connection:
        connection.execute(text(OLD_ROWS[-1]))
    movr = MovR(empty_database)

    rider = movr.session_member(RIDER)
    assert rider
    assert rider.active_ride
    movr.end_ride(rider.active_ride.key, RIDER, location="there")
    after = movr.session_member(RIDER)
    movr.close()

    assert (rider.active_ride.vehicle_type, rider.active_ride.start_time) == (None, None)
    assert after
    assert after.active_ride is None


def rides_in_totals(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT sum(rides) FROM ride_totals")).scalar_one())


def older_code_ends_rides(engine: Engine) -> None:
    """End rides as code before 0008 did: without updating the totals."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE rides SET end_time = start_time, end_location = 'there',"
                " length = INTERVAL '0' WHERE end_time IS NULL"
            )
        )


def test_a_migration_counts_the_totals_of_past_rides(empty_engine: Engine) -> None:
    schema.upgrade(empty_engine, "0003")
    with empty_engine.begin() as connection:
        for statement in OLD_ROWS[:-1]:
            connection.execute(text(statement))
    older_code_ends_rides(empty_engine)

    schema.upgrade(empty_engine)

    with empty_engine.connect() as connection:
        totals = connection.execute(text("SELECT * FROM ride_totals ORDER BY period")).all()
    none = timedelta()
    assert [tuple(total) for total in totals] == [
        (*RIDER, "month", date(2026, 5, 1), 1, none, 0),
        (*RIDER, "week", date(2026, 4, 27), 1, none, 0),
    ]


@pytest.fixture
def ridden(own_engine: Engine) -> Engine:
    """Riders of two cities, each with twenty ended rides and an active one."""
    rng = random.Random(8)
    with own_engine.begin() as connection:
        for city in ("new york", "rome"):
            some_rides(connection, city, 20, rng)
    return own_engine


def test_rides_that_older_code_ends_during_a_deployment_are_in_the_recount(
    ridden: Engine,
) -> None:
    older_code_ends_rides(ridden)
    too_low = rides_in_totals(ridden)

    for _ in range(2):
        schema.recount(ridden)

    assert (too_low, rides_in_totals(ridden)) == (2 * 40, 2 * 42)
    assert "totals" not in " ".join(invariants.find_violations(ridden))


def test_a_ride_that_new_code_ends_during_a_recount_is_counted_once(ridden: Engine) -> None:
    if is_cockroachdb(ridden.url):
        pytest.skip("CockroachDB's transactions are as if one after the other")
    with ridden.connect() as connection:
        city, id_, ride_city, ride = connection.execute(RIDING).one()
    with ThreadPoolExecutor(1) as pool:
        with ridden.begin() as connection:
            end(connection, RideKey(ride_city, ride), UserKey(city, id_), "there")
            counting = pool.submit(schema.recount, ridden)
            while not is_waiting(ridden):
                assert not counting.done()
        counting.result()

    assert rides_in_totals(ridden) == 2 * 41
    assert invariants.find_violations(ridden) == []


def is_waiting(engine: Engine) -> bool:
    """Return True if a transaction in this database waits for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect() as connection:
        return bool(connection.execute(waiting).scalar())


@pytest.mark.parametrize("table", ["rides", "vehicles"])
def test_a_constraint_of_all_rows_is_added_without_reading_them_under_its_lock(
    empty_engine: Engine, table: str
) -> None:
    """Otherwise no ride starts or ends meanwhile; it is validated afterwards."""
    schema.upgrade(empty_engine, "0018")
    sent: list[str] = []
    event.listen(empty_engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    schema.upgrade(empty_engine)

    added = [statement for statement in sent if f"{table} ADD CONSTRAINT" in statement]
    assert added
    assert all(statement.endswith("NOT VALID") for statement in added)
    validated = [statement for statement in sent if f"{table} VALIDATE CONSTRAINT" in statement]
    assert len(validated) == len(added)


def test_vehicles_out_of_service_are_available_to_code_that_knows_no_such_state(
    empty_engine: Engine,
) -> None:
    schema.upgrade(empty_engine)
    with empty_engine.begin() as connection:
        owner = a_member(connection)
        for status in ("non_operational", "missing"):
            values = {"status": status, "paused_by": "owner"}
            vehicle = a_vehicle(connection, owner)
            connection.execute(update(Vehicle).where(Vehicle.id == vehicle.id).values(values))

    schema.downgrade(empty_engine, "0020")

    with empty_engine.connect() as connection:
        assert set(connection.scalars(text("SELECT status FROM vehicles"))) == {"available"}


def test_models_and_migrations_do_not_drift_apart(empty_engine: Engine) -> None:
    schema.upgrade(empty_engine)

    with empty_engine.connect() as connection:
        include = schema.include_object_for(connection.dialect.name)
        options = {"compare_type": True, "include_object": include}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, Base.metadata)
    if is_cockroachdb(empty_engine.url):  # reflection reports its types differently
        differences = [
            found for found in differences if str(found[0]).endswith(("table", "column"))
        ]
    assert differences == []


def test_checks_of_models_and_migrations_are_the_same(empty_engine: Engine, server: str) -> None:
    """Alembic does not compare CHECK constraints."""
    schema.upgrade(empty_engine)
    with databases.fresh_database(server) as other:
        engine = databases.connect(other)
        Base.metadata.create_all(engine)
        of_models = checks(engine)
        engine.dispose()

    assert checks(empty_engine) == of_models


def checks(engine: Engine) -> dict[str, str]:
    """Return the CHECK constraints by name, as the server prints them."""
    defined = text(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'"
        " AND (conname LIKE 'users_%' OR conname LIKE 'vehicles_%' OR conname LIKE 'rides_%'"
        " OR conname LIKE 'ride_totals_%')"
    )
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(defined)}


def test_the_schema_is_at_head_only_after_all_migrations(empty_engine: Engine) -> None:
    before = schema.is_at_head(empty_engine)
    schema.upgrade(empty_engine)

    assert (before, schema.is_at_head(empty_engine)) == (False, True)


def test_an_index_reflected_from_cockroachdb_causes_no_migration() -> None:
    described = (None, "users_idx", "index", True, None)  # the arguments that Alembic passes

    assert not schema.include_object_for("cockroachdb")(*described)
    assert schema.include_object_for("postgresql")(*described)


def test_an_unknown_revision_is_refused_in_a_sentence(empty_engine: Engine) -> None:
    with pytest.raises(schema.SchemaError, match="Can't locate revision"):
        schema.upgrade(empty_engine, "atlantis")
