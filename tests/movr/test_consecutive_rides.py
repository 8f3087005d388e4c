"""Consecutive rides of a vehicle: each begins after the last one has ended."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from movr import errors
from movr.database import invariants
from movr.database.engine import is_cockroachdb
from movr.models import Ride, Vehicle
from movr.movr import MovR
from movr.results import RideKey, UserKey, VehicleKey
from tests.cli.test_serve import wait_until
from tests.movr.database.test_schema import is_waiting
from tests.movr.people import end, public_id_in, start_ride
from tests.visitor import registration


@pytest.fixture
def rider(movr: MovR) -> UserKey:
    return movr.register(**registration())


@pytest.fixture
def other(movr: MovR) -> UserKey:
    return movr.register(**registration())


@pytest.fixture
def vehicle(movr: MovR, rider: UserKey) -> VehicleKey:
    return movr.add_vehicle(rider, type="bike", color="red", brand="Kona", location="here")


def times(engine: Engine, ride: RideKey) -> tuple[datetime, datetime | None]:
    of = (Ride.city == ride.city, Ride.id == ride.id)
    with engine.connect() as connection:
        start, end_ = connection.execute(select(Ride.start_time, Ride.end_time).where(*of)).one()
    return start, end_


def test_a_ride_begins_when_its_vehicle_s_last_one_ended_if_the_clock_is_behind(
    movr: MovR, database: str, engine: Engine, rider: UserKey, other: UserKey, vehicle: VehicleKey
) -> None:
    first = start_ride(movr, vehicle, rider)
    movr.end_ride(first, rider, location="there")
    behind = MovR(database, clock=lambda: datetime.now(UTC) - timedelta(seconds=90))

    second = start_ride(behind, vehicle, other)
    member = behind.session_member(other)
    behind.end_ride(second, other, location="there")
    behind.close()

    ended = times(engine, first)[1]
    assert times(engine, second) == (ended, ended)
    assert member
    assert member.active_ride
    assert member.active_ride.start_time == ended
    assert invariants.find_violations(engine) == []


def test_a_start_during_the_end_of_the_last_ride_is_refused(
    movr: MovR, engine: Engine, rider: UserKey, other: UserKey, vehicle: VehicleKey
) -> None:
    """It names the id of before that end, so it can't begin before it."""
    ride, seen = start_ride(movr, vehicle, rider), public_id_in(movr, vehicle)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            end(connection, ride, rider, "there", now=datetime.now(UTC))
            started = pool.submit(movr.start_ride, vehicle.city, seen, other)
        with pytest.raises(errors.VehicleTaken):
            started.result()

    second, ended = start_ride(movr, vehicle, other), times(engine, ride)[1]
    assert ended
    assert times(engine, second)[0] >= ended
    assert invariants.find_violations(engine) == []


def test_a_start_that_waited_for_a_lock_begins_no_earlier_than_its_vehicle_is_available(
    movr: MovR, engine: Engine, rider: UserKey, vehicle: VehicleKey
) -> None:
    if is_cockroachdb(engine.url):
        pytest.skip("CockroachDB does not show who waits for a lock")
    seen, later = public_id_in(movr, vehicle), datetime.now(UTC) + timedelta(seconds=20)
    of = (Vehicle.city == vehicle.city, Vehicle.id == vehicle.id)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            connection.execute(update(Vehicle).where(*of).values(available_since=later))
            started = pool.submit(movr.start_ride, vehicle.city, seen, rider)
            wait_until(lambda: is_waiting(engine), "the start waits for the lock")

        assert times(engine, started.result().key)[0] == later
