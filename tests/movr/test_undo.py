"""Undoing a ride: soon after its start, near it, once, and without a trace in the sums."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, func, select, text, update

from movr import errors, transactions
from movr.cities import Position
from movr.database import schema
from movr.database.invariants import find_violations
from movr.formats import ERASED
from movr.models import Ride, Vehicle
from movr.movr import MovR
from movr.results import RideKey, UserKey, VehicleKey
from tests.movr.people import (
    NOW,
    PLACE,
    a_member,
    a_ride,
    a_vehicle,
    end,
    in_direction,
    public_id,
    start_ride,
)
from tests.visitor import PASSWORD, registration

THREE_MINUTES = timedelta(minutes=3)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


@pytest.fixture
def rider(connection: Connection) -> UserKey:
    return a_member(connection)


@pytest.fixture
def vehicle(connection: Connection, rider: UserKey) -> VehicleKey:
    return a_vehicle(connection, rider)


@pytest.fixture
def ride(connection: Connection, vehicle: VehicleKey, rider: UserKey) -> RideKey:
    return a_ride(connection, vehicle, rider)


def undo(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    position: Position | None = PLACE,
    after: timedelta = timedelta(minutes=1),
) -> bool:
    return transactions.undo_ride(
        connection, ride, rider, position=position, public_id=uuid4(), now=NOW + after
    )


def row(connection: Connection, model: Any, key: RideKey | VehicleKey) -> Any:
    return connection.execute(
        select(model.__table__).where(model.city == key.city, model.id == key.id)
    ).one()


def test_an_undone_ride_leaves_the_vehicle_where_it_was_under_a_new_id(
    connection: Connection, ride: RideKey, rider: UserKey, vehicle: VehicleKey
) -> None:
    before = public_id(connection, vehicle)

    assert undo(connection, ride, rider, in_direction(PLACE, 0.09, 45))

    stands = row(connection, Vehicle, vehicle)
    assert (stands.status, stands.last_location) == ("available", "1 Wall Street")
    assert (stands.latitude, stands.longitude) == PLACE
    assert stands.public_id != before
    undone = row(connection, Ride, ride)
    assert (undone.undone, undone.length, undone.distance) == (True, timedelta(minutes=1), None)
    assert undone.end_location == undone.start_location
    assert connection.scalar(text("SELECT count(*) FROM ride_totals")) == 0
    a_ride(connection, vehicle, rider, now=NOW + THREE_MINUTES)  # both are free again


@pytest.mark.parametrize(
    ("after", "metres", "refusal"),
    [
        (timedelta(), 0, None),
        (THREE_MINUTES, 99, None),
        (THREE_MINUTES + timedelta(milliseconds=1), 0, errors.TooLateToUndo),
        (timedelta(), 101.5, errors.TooFarToUndo),
        (timedelta(), 20_000_000, errors.TooFarToUndo),
        (timedelta(), None, errors.PositionNeeded),
    ],
)
def test_a_ride_is_undone_within_three_minutes_and_100_m_of_its_start(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    after: timedelta,
    metres: float | None,
    refusal: type[errors.Refusal] | None,
) -> None:
    where = None if metres is None else in_direction(PLACE, metres / 1000, 200)

    if refusal:
        with pytest.raises(refusal):
            undo(connection, ride, rider, where, after)
    else:
        assert undo(connection, ride, rider, where, after)

    assert (row(connection, Ride, ride).end_time is None) == bool(refusal)


def test_a_ride_from_an_unknown_position_is_undone_without_one(
    connection: Connection, vehicle: VehicleKey, rider: UserKey
) -> None:
    connection.execute(update(Vehicle).values(latitude=None, longitude=None))
    ride = a_ride(connection, vehicle, rider)

    assert undo(connection, ride, rider, position=None)


def test_only_the_rider_undoes_a_ride_and_only_while_it_goes_on(
    connection: Connection, ride: RideKey, rider: UserKey
) -> None:
    with pytest.raises(errors.NotYourRide):
        undo(connection, ride, a_member(connection))
    with pytest.raises(errors.RideNotFound):
        undo(connection, RideKey(ride.city, uuid4()), rider)
    with pytest.raises(errors.SessionEnded):
        transactions.undo_ride(
            connection, ride, rider, proof=1, position=PLACE, public_id=uuid4(), now=NOW
        )
    end(connection, ride, rider, "2 Broadway")

    with pytest.raises(errors.RideEnded):
        undo(connection, ride, rider)


def test_a_form_sent_again_undoes_and_ends_nothing_else(
    connection: Connection, ride: RideKey, rider: UserKey, vehicle: VehicleKey
) -> None:
    undo(connection, ride, rider)
    second = a_ride(connection, vehicle, rider, now=NOW + THREE_MINUTES)

    assert not undo(connection, ride, rider)
    end(connection, ride, rider, "elsewhere")

    assert row(connection, Ride, second).end_time is None
    assert row(connection, Vehicle, vehicle).last_location == "1 Wall Street"


def test_a_vehicle_removed_during_an_undone_ride_leaves_the_street(
    connection: Connection, ride: RideKey, rider: UserKey, vehicle: VehicleKey
) -> None:
    transactions.remove_vehicle(connection, vehicle, rider, now=NOW)

    undo(connection, ride, rider)

    assert row(connection, Vehicle, vehicle).removed_at == NOW + timedelta(minutes=1)


# What remains of it


@pytest.fixture
def undone(movr: MovR) -> tuple[UserKey, RideKey]:
    """A rider with a ride that they have undone, and one of the same vehicle that they ended."""
    rider = movr.register(**registration())
    vehicle = movr.add_vehicle(rider, type="bike", color="red", brand="Kona", location="here")
    ride = start_ride(movr, vehicle, rider)
    assert movr.undo_ride(ride, rider)
    movr.end_ride(start_ride(movr, vehicle, rider), rider, location="there")
    return rider, ride


def test_an_undone_ride_is_in_the_history_and_in_no_sum(
    movr: MovR, engine: Engine, undone: tuple[UserKey, RideKey]
) -> None:
    rider, ride = undone
    schema.recount(engine)
    member = movr.session_member(rider)
    assert member

    history = movr.history(member, before=None, size=10)
    (owned,) = movr.vehicles_of(rider, 0, after=None, size=10).page.items

    assert [past.id for past in history.rides.items if past.undone] == [ride.id]
    assert [total.rides for total in (*history.months, *history.weeks)] == [1, 1]
    assert owned.month.rides == 1
    assert find_violations(engine) == []


def test_the_reason_is_kept_until_the_account_is_deleted(
    movr: MovR, engine: Engine, undone: tuple[UserKey, RideKey]
) -> None:
    rider, ride = undone
    movr.explain_undo(ride, rider, 0, "It is damaged: no brakes")
    with engine.connect() as connection:
        assert row(connection, Ride, ride).undo_reason == "It is damaged: no brakes"

    movr.delete_account(rider, 0, password=PASSWORD)

    with engine.connect() as connection:
        kept = row(connection, Ride, ride)
    assert (kept.undo_reason, kept.start_location, kept.undone) == (None, ERASED, True)
    with pytest.raises(errors.AccountDeleted):
        movr.explain_undo(ride, rider, 1, "too late")
    assert find_violations(engine) == []


def test_only_an_undone_ride_of_one_s_own_has_a_reason(
    movr: MovR, engine: Engine, undone: tuple[UserKey, RideKey]
) -> None:
    rider, ride = undone
    other = movr.register(**registration())
    with engine.connect() as connection:
        ended = connection.scalar(select(Ride.id).where(~Ride.undone))
    assert ended

    with pytest.raises(errors.RideNotFound):
        movr.explain_undo(RideKey(ride.city, ended), rider, 0, "not undone")
    with pytest.raises(errors.NotYourRide):
        movr.explain_undo(ride, other, 0, "not mine")

    with engine.connect() as connection:
        assert connection.scalar(select(func.count(Ride.undo_reason))) == 0


def test_an_undone_ride_costs_nothing_and_is_not_in_the_ledger(
    database: str, engine: Engine
) -> None:
    charging = MovR(database, charges_rides=True)
    rider = charging.register(**registration())
    vehicle = charging.add_vehicle(rider, type="bike", color="red", brand="Kona", location="here")
    ride = start_ride(charging, vehicle, rider)

    charging.undo_ride(ride, rider)

    member = charging.session_member(rider)
    assert member
    found = charging.ride(member, ride.id)
    charging.close()
    assert (found.amount, found.tariff is not None, found.undone) == (0, True, True)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ledger_entries")) == 0
    assert find_violations(engine) == []
