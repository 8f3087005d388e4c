"""The states of vehicles: one table of transitions, which the database checks too."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from math import floor
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from movr import errors, fleet, transactions, vehicle_events
from movr.cities import CITIES
from movr.database.invariants import find_violations
from movr.models import Vehicle, VehicleEvent
from movr.movr import MovR
from movr.results import RideKey, UserKey, VehicleKey
from movr.search import Search
from movr.vehicle_states import STATUSES, TRANSITIONS, VehicleState, state, state_of
from tests.follower_reads import wait_for_follower_reads
from tests.movr.people import (
    NOW,
    PLACE,
    a_member,
    a_ride,
    a_vehicle,
    end,
    public_id,
    public_id_in,
)
from tests.visitor import registration

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
    for status, reserved_until, removed_at, since in product(STATUSES, times, times, times):
        if status == "in_use" and removed_at:
            continue
        values = {
            "status": status,
            "paused_by": "owner" if status == "non_operational" else None,
            "reserved_until": reserved_until,
            "reserved_by_city": reserved_until and "paris",
            "reserved_by_id": reserved_until and vehicle.id,
            "removed_at": removed_at,
            "state_since": since,
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


def events_of(connection: Connection, vehicle: VehicleKey) -> list[tuple[object, ...]]:
    columns = ("event_types", "previous_state", "state", "ride_id", "expires_at")
    found = select(*(VehicleEvent.__table__.c[name] for name in columns)).order_by(
        VehicleEvent.happened_at
    )
    return [
        ("+".join(types), before, after, ride, expires)
        for types, before, after, ride, expires in connection.execute(
            found.where(VehicleEvent.vehicle_id == vehicle.id)
        )
    ]


def test_every_change_of_a_vehicles_state_is_an_event(
    connection: Connection, vehicle: VehicleKey
) -> None:
    rider, other = a_member(connection), a_member(connection)
    until = NOW + transactions.RESERVATION
    later = until + timedelta(minutes=1)
    shown = public_id(connection, vehicle)
    city = vehicle.city

    transactions.reserve(connection, city, shown, rider, now=NOW)
    for _ in range(2):  # the form may be sent again
        transactions.give_up(connection, city, shown, rider, now=NOW)
    transactions.reserve(connection, city, shown, other, now=NOW)
    undone = a_ride(connection, vehicle, other)
    undo(connection, undone, other)
    transactions.reserve(connection, city, public_id(connection, vehicle), rider, now=later)
    ridden = a_ride(connection, vehicle, other, now=later + transactions.RESERVATION)
    for _ in range(2):
        end(connection, ridden, other, "2 Broadway", now=later + timedelta(hours=1))

    assert events_of(connection, vehicle) == [
        ("provider_drop_off", "removed", "available", None, None),
        ("reservation_start", "available", "reserved", None, until),
        ("reservation_cancel", "reserved", "available", None, None),
        ("reservation_start", "available", "reserved", None, until),
        ("trip_start", "reserved", "on_trip", undone.id, None),
        ("trip_cancel", "on_trip", "available", undone.id, None),
        ("reservation_start", "available", "reserved", None, later + transactions.RESERVATION),
        ("trip_start", "available", "on_trip", ridden.id, None),
        ("trip_end", "on_trip", "available", ridden.id, None),
    ]


def test_a_vehicle_that_is_paused_or_removed_during_its_ride_is_so_from_the_end_on(
    connection: Connection, vehicle: VehicleKey
) -> None:
    owner, rider = owner_of(connection, vehicle), a_member(connection)
    first = a_ride(connection, vehicle, rider)
    connection.execute(update(Vehicle).values(paused_by="owner"))
    end(connection, first, rider, "2 Broadway")
    with pytest.raises(errors.VehicleTaken):
        a_ride(connection, vehicle, rider)
    resume(connection, vehicle)
    second = a_ride(connection, vehicle, rider)
    transactions.remove_vehicle(connection, vehicle, owner, now=NOW)
    end(connection, second, rider, "3 Broadway")

    assert events_of(connection, vehicle)[1:] == [
        ("trip_start", "available", "on_trip", first.id, None),
        ("trip_end+maintenance", "on_trip", "non_operational", first.id, None),
        ("maintenance", "non_operational", "available", None, None),
        ("trip_start", "available", "on_trip", second.id, None),
        ("trip_end+decommissioned", "on_trip", "removed", second.id, None),
    ]


def owner_of(connection: Connection, vehicle: VehicleKey) -> UserKey:
    owner = connection.scalar(select(Vehicle.owner_id).where(Vehicle.id == vehicle.id))
    assert owner
    return UserKey(vehicle.city, owner)


def resume(connection: Connection, vehicle: VehicleKey) -> None:
    connection.execute(update(Vehicle).values(status="available", paused_by=None))
    change = (VehicleState.NON_OPERATIONAL, VehicleState.AVAILABLE)
    vehicle_events.record(connection, vehicle, *change, now=NOW)


def undo(connection: Connection, ride: RideKey, rider: UserKey) -> None:
    assert transactions.undo_ride(
        connection, ride, rider, position=PLACE, public_id=uuid4(), now=NOW
    )


def test_the_events_of_removals_by_owner_account_and_given_up_reservation(
    connection: Connection, vehicle: VehicleKey
) -> None:
    owner, rider, city = owner_of(connection, vehicle), a_member(connection), vehicle.city
    gone, held, ridden = (a_vehicle(connection, owner) for _ in range(3))
    transactions.remove_vehicle(connection, gone, owner, now=NOW)
    shown = public_id(connection, held)
    transactions.reserve(connection, city, shown, rider, now=NOW)
    transactions.remove_vehicle(connection, held, owner, now=NOW)
    transactions.give_up(connection, city, shown, rider, now=NOW)
    a_ride(connection, ridden, rider)
    transactions.delete_account(connection, owner, 0, now=NOW)

    last = [events_of(connection, each)[-1][:3] for each in (vehicle, gone, held, ridden)]
    assert last == [
        ("decommissioned", "available", "removed"),
        ("decommissioned", "available", "removed"),
        ("reservation_cancel+decommissioned", "reserved", "removed"),
        ("trip_start", "available", "on_trip"),
    ]
    assert len(events_of(connection, gone)) == 2


def test_a_reserved_vehicle_that_leaves_afterwards_leaves_at_once_if_staff_pause_it(
    connection: Connection, vehicle: VehicleKey
) -> None:
    """Otherwise it would leave by the clock, while no reservation says when."""
    shown, rider = public_id(connection, vehicle), a_member(connection)
    transactions.reserve(connection, vehicle.city, shown, rider, now=NOW)
    transactions.remove_vehicle(connection, vehicle, owner_of(connection, vehicle), now=NOW)

    row = fleet.lock_with_reserver(connection, vehicle, now=NOW)
    assert fleet.pause(connection, row, "staff", now=NOW)

    *_, (types, *states, _, _) = events_of(connection, vehicle)
    assert (types, states) == ("reservation_cancel+decommissioned", ["reserved", "removed"])


def test_a_request_with_a_slower_clock_sees_what_has_happened_before_it(
    connection: Connection, vehicle: VehicleKey
) -> None:
    """Its clock is behind, or it has waited: a reservation that was given up is no longer one."""
    owner, rider = owner_of(connection, vehicle), a_member(connection)
    city, earlier = vehicle.city, NOW - timedelta(seconds=1)
    other = a_vehicle(connection, owner)
    for each in (vehicle, other):
        shown = public_id(connection, each)
        transactions.reserve(connection, city, shown, rider, now=earlier)
        transactions.give_up(connection, city, shown, rider, now=NOW)

    a_ride(connection, vehicle, rider, now=earlier)
    assert transactions.remove_vehicle(connection, other, owner, now=earlier)

    assert [events_of(connection, each)[-1][:3] for each in (vehicle, other)] == [
        ("trip_start", "available", "on_trip"),
        ("decommissioned", "available", "removed"),
    ]


def test_events_have_no_place_of_a_ride_and_another_one_to_a_kilometre(
    connection: Connection, vehicle: VehicleKey
) -> None:
    """They are never changed, so they hold nothing that the deletion of an account erases."""
    a_ride(connection, vehicle, a_member(connection))

    places = select(VehicleEvent.latitude, VehicleEvent.longitude).where(
        VehicleEvent.vehicle_id == vehicle.id
    )
    rounded = (floor(PLACE.latitude * 100) / 100, floor(PLACE.longitude * 100) / 100)
    found = connection.execute(places.order_by(VehicleEvent.happened_at)).all()
    assert [tuple(place) for place in found] == [rounded, (None, None)]


@pytest.mark.parametrize("status", ["non_operational", "missing"])
def test_a_vehicle_out_of_service_is_listed_nowhere_and_neither_reserved_nor_ridden(
    movr: MovR, status: str
) -> None:
    city = CITIES[0]
    owner = movr.register(**registration())
    vehicle = movr.add_vehicle(
        owner, type="bike", color="red", brand="Kona", location="here", position=city.centre
    )
    shown = public_id_in(movr, vehicle)
    with movr.engine.begin() as connection:
        connection.execute(update(Vehicle).values(status=status, paused_by="owner"))
        change = (VehicleState.AVAILABLE, VehicleState(status))
        vehicle_events.record(connection, vehicle, *change, now=datetime.now(UTC))

    assert not movr.vehicles(Search(city=city, origin=city.centre, size=9)).items
    assert not movr.vehicle_counts(city.name).items
    wait_for_follower_reads(movr.engine)
    assert not list(movr.free_vehicles(city.name))
    with pytest.raises(errors.VehicleTaken):
        movr.start_ride(city.name, shown, owner)
    with pytest.raises(errors.VehicleTaken):
        movr.reserve(city.name, shown, owner)
    assert movr.remove_vehicle(vehicle, owner)
    assert not find_violations(movr.engine)
