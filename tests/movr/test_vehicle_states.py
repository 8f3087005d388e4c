"""The states of vehicles: one table of transitions, which the database checks too."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import Connection, Engine, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from movr import vehicle_events
from movr.models import Vehicle, VehicleEvent
from movr.results import VehicleKey
from movr.vehicle_states import STATUSES, TRANSITIONS, VehicleState, state, state_of
from tests.movr.people import NOW, a_member, a_vehicle

PAIRS = list(product(VehicleState, repeat=2))
SOON, LATELY = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


@pytest.fixture
def vehicle(connection: Connection) -> VehicleKey:
    return a_vehicle(connection, a_member(connection))


def an_event(before: VehicleState, after: VehicleState) -> dict[str, object]:
    return {
        "city": "paris",
        "vehicle_id": "7b0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1",
        "happened_at": NOW,
        "event_types": ["unspecified"],
        "previous_state": before,
        "state": after,
        "ride_id": None
        if VehicleState.ON_TRIP not in {before, after}
        else "8b0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1",
        "expires_at": SOON if after == VehicleState.RESERVED else None,
    }


def is_allowed(engine: Engine, before: VehicleState, after: VehicleState) -> bool:
    try:
        with engine.begin() as connection:
            connection.execute(insert(VehicleEvent), an_event(before, after))
    except IntegrityError:
        return False
    return True


def test_the_database_allows_exactly_the_changes_of_state_in_the_table(engine: Engine) -> None:
    assert {pair for pair in PAIRS if is_allowed(engine, *pair)} == set(TRANSITIONS)


def test_a_state_is_the_same_in_python_and_in_sql(
    connection: Connection, vehicle: VehicleKey
) -> None:
    times = (None, LATELY, NOW, SOON)
    for status, reserved_until, removed_at in product(STATUSES, times, times):
        if status == "in_use" and removed_at:
            continue
        values = {
            "status": status,
            "paused_by": "owner" if status == "non_operational" else None,
            "reserved_until": reserved_until,
            "reserved_by_city": reserved_until and "paris",
            "reserved_by_id": reserved_until and vehicle.id,
            "removed_at": removed_at,
        }
        connection.execute(update(Vehicle).values(values))
        row = connection.execute(
            select(*Vehicle.__table__.c, state_of(Vehicle, literal(NOW)).label("in_sql"))
        ).one()
        assert state(row, NOW) == row.in_sql, values


@pytest.mark.parametrize(
    "values",
    [
        {"status": "stolen"},
        {"status": "non_operational"},
        {"paused_by": "rider"},
        {"status": "in_use", "removed_at": NOW},
    ],
    ids=" ".join,
)
def test_a_row_without_a_state_is_refused(
    connection: Connection, vehicle: VehicleKey, values: dict[str, object]
) -> None:
    nested = connection.begin_nested()
    with pytest.raises(IntegrityError):
        connection.execute(update(Vehicle).where(Vehicle.id == vehicle.id).values(values))
    nested.rollback()


def test_events_are_in_their_order_although_the_clock_stands_still(
    connection: Connection, vehicle: VehicleKey
) -> None:
    available, paused = VehicleState.AVAILABLE, VehicleState.NON_OPERATIONAL
    for _ in range(2):
        for change in ((available, paused), (paused, available)):
            vehicle_events.record(connection, vehicle, *change, now=NOW)

    in_order = select(VehicleEvent.state).order_by(VehicleEvent.happened_at)
    recorded = connection.scalars(in_order.where(VehicleEvent.vehicle_id == vehicle.id)).all()
    assert list(recorded)[-4:] == [paused, available] * 2
