"""Removing vehicles and deleting accounts: nobody can prevent either, and places are erased."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import ARRAY, Connection, Double, Engine, cast, func, select

from movr import errors, transactions
from movr.database.invariants import find_violations
from movr.formats import ERASED
from movr.models import Ride, User, Vehicle
from movr.movr import MovR
from movr.results import UserKey, VehicleKey
from movr.vehicle_events import coarse, coarse_degrees
from tests.movr.people import HERE, NOW, a_member, a_past_ride, a_ride, a_vehicle, end
from tests.visitor import PASSWORD, registration


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def removed_at(connection: Connection, vehicle: VehicleKey) -> object:
    return connection.scalar(
        select(Vehicle.removed_at).where(Vehicle.city == vehicle.city, Vehicle.id == vehicle.id)
    )


def test_a_vehicle_removed_during_a_ride_leaves_the_street_when_the_ride_ends(
    connection: Connection,
) -> None:
    owner, rider = a_member(connection), a_member(connection)
    vehicle = a_vehicle(connection, owner)
    ride = a_ride(connection, vehicle, rider)

    for _ in range(2):  # the form may be sent again
        assert not transactions.remove_vehicle(connection, vehicle, owner, now=NOW)
    assert removed_at(connection, vehicle) is None
    end(connection, ride, rider, "2 Broadway", now=NOW + timedelta(minutes=5))

    assert removed_at(connection, vehicle) == NOW + timedelta(minutes=5)
    with pytest.raises(errors.VehicleTaken):
        a_ride(connection, vehicle, a_member(connection))


def test_an_owner_can_delete_the_account_while_a_vehicle_is_ridden(connection: Connection) -> None:
    owner, rider = a_member(connection), a_member(connection)
    free, ridden = a_vehicle(connection, owner), a_vehicle(connection, owner)
    ride = a_ride(connection, ridden, rider)

    transactions.delete_account(connection, owner, 0, now=NOW)

    assert removed_at(connection, free) == NOW
    assert removed_at(connection, ridden) is None
    end(connection, ride, rider, "2 Broadway", now=NOW + timedelta(minutes=5))
    assert removed_at(connection, ridden) == NOW + timedelta(minutes=5)


def a_rider(movr: MovR) -> UserKey:
    fields = registration()
    return movr.register(fields.pop("city"), **fields)


def test_a_deleted_account_s_rides_have_no_places(movr: MovR, engine: Engine) -> None:
    rider = a_rider(movr)
    with engine.begin() as connection:
        vehicle = a_vehicle(connection, a_member(connection))
        ride = a_ride(connection, vehicle, rider)
        end(connection, ride, rider, "at my sister's", position=HERE)
        other = a_past_ride(
            connection, vehicle, a_member(connection), NOW, length=timedelta(0), distance=None
        )

    movr.delete_account(rider, 0, password=PASSWORD)

    with engine.connect() as connection:
        rides = {row.id: row for row in connection.execute(select(Ride.__table__))}
    kept = rides[ride.id]
    assert (kept.start_location, kept.end_location) == (ERASED, ERASED)
    assert (kept.end_latitude, kept.end_longitude) == (40.71, -74.01)
    assert kept.length is not None
    assert rides[other.id].end_location == "there"
    assert find_violations(engine) == []


def test_a_deleted_owner_s_vehicles_have_no_places(connection: Connection) -> None:
    owner, rider = a_member(connection), a_member(connection)
    removed, free, ridden = (a_vehicle(connection, owner, "at my sister's") for _ in range(3))
    transactions.remove_vehicle(connection, removed, owner, now=NOW)
    ride = a_ride(connection, ridden, rider)

    transactions.delete_account(connection, owner, 0, now=NOW + timedelta(minutes=1))

    kept = connection.execute(select(Vehicle.__table__).where(Vehicle.owner_id == owner.id)).all()
    assert {row.last_location for row in kept} == {ERASED}
    assert {(row.latitude, row.longitude) for row in kept} == {(40.71, -74.01)}
    assert removed_at(connection, removed) == NOW
    assert removed_at(connection, free) == NOW + timedelta(minutes=1)
    end(connection, ride, rider, "2 Broadway", position=HERE)
    assert removed_at(connection, ridden)


@pytest.mark.parametrize("end_words", ["at my sister's", ERASED])
def test_places_are_erased_whatever_words_riders_chose(
    movr: MovR, engine: Engine, end_words: str
) -> None:
    rider = a_rider(movr)
    with engine.begin() as connection:
        vehicle = a_vehicle(connection, before := a_member(connection))
        end(connection, a_ride(connection, vehicle, before), before, ERASED, position=HERE)
        ride = a_ride(connection, vehicle, rider, NOW + timedelta(days=1))
        later = NOW + timedelta(days=2)
        end(connection, ride, rider, end_words, position=HERE, now=later)

    movr.delete_account(rider, 0, password=PASSWORD)

    with engine.connect() as connection:
        kept = connection.execute(select(Ride.__table__).where(Ride.id == ride.id)).one()
    assert (kept.start_location, kept.end_location) == (ERASED, ERASED)
    assert (kept.start_latitude, kept.start_longitude) == (40.71, -74.01)
    assert (kept.end_latitude, kept.end_longitude) == (40.71, -74.01)


def test_a_position_that_is_rounded_stays_where_it_is(connection: Connection) -> None:
    hundredths = [number / 100 for number in range(-18_000, 18_001)]

    degrees = func.unnest(cast(hundredths, ARRAY(Double())))
    once = connection.scalars(select(coarse(degrees))).all()

    assert once == hundredths
    assert [coarse_degrees(degrees) for degrees in hundredths] == hundredths


def test_the_places_of_more_rides_than_one_statement_erases_are_all_erased(
    movr: MovR, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "RIDES_AT_ONCE", 2)
    rider = a_rider(movr)
    with engine.begin() as connection:
        vehicle = a_vehicle(connection, a_member(connection))
        for day in range(5):
            start = NOW + timedelta(days=day)
            a_past_ride(connection, vehicle, rider, start, length=timedelta(1), distance=None)

    movr.delete_account(rider, 0, password=PASSWORD)

    with engine.connect() as connection:
        assert set(connection.scalars(select(Ride.start_location))) == {ERASED}
    assert find_violations(engine) == []


@pytest.mark.parametrize("password", ["", "not this one"])
def test_deleting_an_account_with_a_wrong_password_changes_nothing(
    movr: MovR, engine: Engine, password: str
) -> None:
    rider = a_rider(movr)
    with engine.begin() as connection:
        vehicle = a_vehicle(connection, a_member(connection))
        a_past_ride(connection, vehicle, rider, NOW, length=timedelta(0), distance=None)

    with pytest.raises(errors.WrongPassword):
        movr.delete_account(rider, 0, password=password)

    with engine.connect() as connection:
        assert connection.scalar(select(Ride.end_location)) == "there"
        assert connection.scalar(select(User.username).where(User.id == rider.id))


def test_an_account_on_a_ride_is_not_deleted_and_keeps_its_places(
    movr: MovR, engine: Engine
) -> None:
    rider = a_rider(movr)
    with engine.begin() as connection:
        vehicle = a_vehicle(connection, a_member(connection))
        a_past_ride(connection, vehicle, rider, NOW, length=timedelta(0), distance=None)
        a_ride(connection, vehicle, rider, NOW + timedelta(days=1))

    with pytest.raises(errors.StillRiding):
        movr.delete_account(rider, 0, password=PASSWORD)

    with engine.connect() as connection:
        assert "there" in connection.scalars(select(Ride.end_location)).all()
