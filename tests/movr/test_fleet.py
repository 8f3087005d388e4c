"""Owners pause, resume, move, describe and restore their vehicles, and see what these earn."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, insert, select

from movr import errors, fleet, transactions
from movr.cities import CITIES, DEFAULT_CITY, Position
from movr.database import invariants
from movr.models import Report, Vehicle, VehicleEvent
from movr.movr import MovR
from movr.results import ManagedVehicle, Sum, UserKey, VehicleKey
from movr.search import Search
from movr.vehicle_events import coarse_degrees
from movr.vehicle_states import BY_OWNER, BY_REPORTS, BY_STAFF
from tests.movr.conftest import MovRAt
from tests.movr.people import public_id_in, start_ride, suspend
from tests.visitor import PASSWORD, registration

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HERE = DEFAULT_CITY.centre
THERE = Position(40.72, -74.0)


class Clock:
    """A clock of MovR that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def movr(movr_at: MovRAt, engine: Engine, clock: Clock) -> Iterator[MovR]:
    """MovR where rides cost, with this clock; all invariants hold after the test."""
    yield movr_at(clock, charges_rides=True)
    assert invariants.find_violations(engine, clock.now) == []


@pytest.fixture
def owner(movr: MovR) -> UserKey:
    return movr.register(**registration())


@pytest.fixture
def rider(movr: MovR) -> UserKey:
    return movr.register(**registration())


@pytest.fixture
def vehicle(movr: MovR, owner: UserKey) -> VehicleKey:
    return add(movr, owner)


def add(movr: MovR, owner: UserKey, position: Position | None = HERE) -> VehicleKey:
    return movr.add_vehicle(
        owner, type="bike", color="red", brand="Kona", location="here", position=position
    )


def managed(movr: MovR, owner: UserKey, vehicle: VehicleKey, **wanted: Any) -> ManagedVehicle:
    wanted = {"before": None, "size": 10} | wanted
    (found,) = movr.fleet.vehicle(owner, 0, vehicle.id, **wanted).page.items
    return found


def state(movr: MovR, owner: UserKey, vehicle: VehicleKey) -> str:
    return managed(movr, owner, vehicle).owned.state


def pause_by(movr: MovR, vehicle: VehicleKey, by: str, now: datetime) -> bool:
    with movr.engine.begin() as connection:
        row = fleet.lock_with_reserver(connection, vehicle, now=now)
        return fleet.pause(connection, row, by, now=now)


def events(engine: Engine, vehicle: VehicleKey) -> list[tuple[str, str]]:
    wanted = select(VehicleEvent.previous_state, VehicleEvent.state).where(
        VehicleEvent.city == vehicle.city, VehicleEvent.vehicle_id == vehicle.id
    )
    with engine.connect() as connection:
        found = connection.execute(wanted.order_by(VehicleEvent.happened_at)).all()
    return [(before, after) for before, after in found if before != "removed"]


def is_listed(movr: MovR) -> bool:
    return bool(movr.vehicles(Search(city=DEFAULT_CITY, origin=HERE, size=5)).items)


# In service and out of it


def test_a_paused_vehicle_is_neither_found_nor_ridden_until_its_owner_resumes_it(
    movr: MovR, owner: UserKey, rider: UserKey, vehicle: VehicleKey, engine: Engine
) -> None:
    for _ in range(2):  # the form may be sent again
        assert movr.fleet.pause(owner, 0, vehicle.id)
    assert not is_listed(movr)
    for act in (movr.start_ride, movr.reserve):
        with pytest.raises(errors.VehicleTaken):
            act("new york", public_id_in(movr, vehicle), rider)
    assert state(movr, owner, vehicle) == "non_operational"

    for _ in range(2):
        movr.fleet.resume(owner, 0, vehicle.id)

    assert is_listed(movr)
    assert events(engine, vehicle) == [
        ("available", "non_operational"),
        ("non_operational", "available"),
    ]


@pytest.mark.parametrize("is_resumed", [False, True])
def test_a_vehicle_paused_during_a_ride_is_out_of_service_from_its_end_on(
    movr: MovR, owner: UserKey, rider: UserKey, vehicle: VehicleKey, *, is_resumed: bool
) -> None:
    ride = start_ride(movr, vehicle, rider)

    assert not movr.fleet.pause(owner, 0, vehicle.id)
    assert state(movr, owner, vehicle) == "on_trip"
    if is_resumed:
        movr.fleet.resume(owner, 0, vehicle.id)
    movr.end_ride(ride, rider, location="there", position=HERE)

    wanted = "available" if is_resumed else "non_operational"
    assert state(movr, owner, vehicle) == wanted
    assert is_listed(movr) == is_resumed


def test_an_owner_waits_for_a_reservation_before_a_pause_or_a_move(
    movr: MovR, owner: UserKey, rider: UserKey, vehicle: VehicleKey, clock: Clock
) -> None:
    movr.reserve("new york", public_id_in(movr, vehicle), rider)
    clock.now += 3 * MINUTE

    with pytest.raises(errors.VehicleReserved, match="again in 7 minutes"):
        movr.fleet.pause(owner, 0, vehicle.id)
    with pytest.raises(errors.VehicleReserved):
        movr.fleet.move(owner, 0, vehicle.id, location="there", position=THERE)

    clock.now += 7 * MINUTE
    assert movr.fleet.pause(owner, 0, vehicle.id)


def test_a_pause_by_staff_ends_the_reservation_and_its_owner_cannot_resume(
    movr: MovR, owner: UserKey, rider: UserKey, vehicle: VehicleKey, clock: Clock, engine: Engine
) -> None:
    known = public_id_in(movr, vehicle)
    movr.reserve("new york", known, rider)

    assert pause_by(movr, vehicle, BY_STAFF, clock.now)

    with pytest.raises(errors.VehicleTaken):
        movr.start_ride("new york", known, rider)
    with pytest.raises(errors.PausedByStaff):
        movr.fleet.resume(owner, 0, vehicle.id)
    assert member(movr, rider).reservation is None
    assert events(engine, vehicle)[-1] == ("reserved", "non_operational")


@pytest.mark.parametrize(
    ("first", "then", "stays"),
    [
        (BY_OWNER, BY_REPORTS, BY_REPORTS),
        (BY_OWNER, BY_STAFF, BY_STAFF),
        (BY_REPORTS, BY_OWNER, BY_REPORTS),
        (BY_STAFF, BY_OWNER, BY_STAFF),
        (BY_STAFF, BY_REPORTS, BY_STAFF),
    ],
)
def test_of_two_pauses_the_one_of_those_with_more_to_say_stays(
    movr: MovR, owner: UserKey, vehicle: VehicleKey, clock: Clock, first: str, then: str, stays: str
) -> None:
    assert pause_by(movr, vehicle, first, clock.now)

    assert pause_by(movr, vehicle, then, clock.now) == (stays == then)

    assert managed(movr, owner, vehicle).paused_by == stays


@pytest.mark.parametrize(
    ("kind", "is_closed"), [("brakes", False), ("brakes", True), ("dirty", False)]
)
def test_what_reports_have_paused_is_resumed_when_no_safety_report_is_open(
    movr: MovR, owner: UserKey, vehicle: VehicleKey, clock: Clock, *, kind: str, is_closed: bool
) -> None:
    pause_by(movr, vehicle, BY_REPORTS, clock.now)
    row = {"city": vehicle.city, "id": uuid4(), "vehicle_id": vehicle.id, "kind": kind}
    row |= {"reporter_city": "new york", "reporter_id": uuid4(), "created_at": clock.now}
    if is_closed:
        row |= {"closed_at": clock.now, "outcome": "mended"}
        row |= {"closed_by_city": owner.city, "closed_by_id": owner.id}
    with movr.engine.begin() as connection:
        connection.execute(insert(Report), row)

    if kind == "brakes" and not is_closed:
        with pytest.raises(errors.SafetyReportsOpen):
            movr.fleet.resume(owner, 0, vehicle.id)
    else:
        movr.fleet.resume(owner, 0, vehicle.id)
        assert is_listed(movr)


# Where a vehicle is, and what it looks like


def test_riders_find_a_moved_and_described_vehicle_as_its_owner_says(
    movr: MovR, owner: UserKey, vehicle: VehicleKey
) -> None:
    movr.fleet.move(owner, 0, vehicle.id, location="Spring Street", position=THERE)
    movr.fleet.describe(owner, 0, vehicle.id, color="blue", brand="Trek")

    (found,) = movr.vehicles(Search(city=DEFAULT_CITY, origin=THERE, size=5)).items
    seen = found.vehicle
    assert (seen.last_location, seen.position, found.distance) == ("Spring Street", THERE, 0)
    assert (seen.color, seen.brand) == ("blue", "Trek")


@pytest.mark.parametrize("state", ["available", "non_operational"])
def test_a_move_is_a_rebalance_for_cities_and_a_correction_of_words_is_none(
    movr: MovR, owner: UserKey, vehicle: VehicleKey, engine: Engine, state: str
) -> None:
    if state == "non_operational":
        movr.fleet.pause(owner, 0, vehicle.id)

    movr.fleet.move(owner, 0, vehicle.id, location="Spring Street", position=THERE)
    movr.fleet.move(owner, 0, vehicle.id, location="8 Spring Street", position=THERE)

    of_event = (VehicleEvent.event_types, VehicleEvent.state, VehicleEvent.latitude)
    with engine.connect() as connection:
        newest = select(*of_event).order_by(VehicleEvent.happened_at.desc())
        put, taken, before, *_ = connection.execute(newest)
    assert before.state == state
    assert (taken.event_types, taken.state) == (["rebalance_pick_up"], "removed")
    assert (put.event_types[0], put.state) == ("provider_drop_off", state)
    places = [coarse_degrees(place.latitude) for place in (HERE, THERE)]
    assert [taken.latitude, put.latitude] == places
    assert managed(movr, owner, vehicle).owned.state == state


def test_a_vehicle_is_not_moved_during_a_ride_or_out_of_its_city(
    movr: MovR, owner: UserKey, rider: UserKey, vehicle: VehicleKey
) -> None:
    with pytest.raises(errors.TooFarAway):
        movr.fleet.move(owner, 0, vehicle.id, location="far", position=CITIES[-1].centre)
    start_ride(movr, vehicle, rider)
    with pytest.raises(errors.VehicleInUse):
        movr.fleet.move(owner, 0, vehicle.id, location="there", position=THERE)

    assert managed(movr, owner, vehicle).owned.vehicle.position == HERE


def test_an_owner_has_no_more_vehicles_without_a_position_by_moving_or_restoring_them(
    movr: MovR, owner: UserKey, vehicle: VehicleKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "MAX_WITHOUT_POSITION", 1)
    removed = add(movr, owner, None)
    movr.remove_vehicle(removed, owner)
    unknown = add(movr, owner, None)

    with pytest.raises(errors.TooManyVehicles):
        movr.fleet.move(owner, 0, vehicle.id, location="somewhere", position=None)
    with pytest.raises(errors.TooManyVehicles):
        movr.fleet.restore(owner, 0, removed.id)

    movr.fleet.move(owner, 0, unknown.id, location="somewhere else", position=None)
    movr.fleet.move(owner, 0, unknown.id, location="here", position=HERE)
    movr.fleet.restore(owner, 0, removed.id)


# Removal


def test_a_removed_vehicle_is_restored_within_a_day(
    movr: MovR, owner: UserKey, vehicle: VehicleKey, clock: Clock
) -> None:
    movr.remove_vehicle(vehicle, owner)
    clock.now += DAY - MINUTE
    (mine,) = movr.vehicles_of(owner, 0, after=None, size=5).page.items
    assert mine.state == state(movr, owner, vehicle) == "removed"

    for _ in range(2):
        movr.fleet.restore(owner, 0, vehicle.id)

    assert is_listed(movr)
    assert state(movr, owner, vehicle) == "available"


def test_a_removed_vehicle_is_not_restored_after_a_day_nor_seen(
    movr: MovR, owner: UserKey, vehicle: VehicleKey, clock: Clock
) -> None:
    movr.remove_vehicle(vehicle, owner)
    clock.now += DAY

    with pytest.raises(errors.TooLateToRestore):
        movr.fleet.restore(owner, 0, vehicle.id)

    assert movr.fleet.vehicle(owner, 0, vehicle.id, before=None, size=5).page.items == ()
    assert movr.vehicles_of(owner, 0, after=None, size=5).page.items == ()


def test_a_vehicle_that_was_paused_before_its_removal_is_paused_after_it_is_restored(
    movr: MovR, owner: UserKey, vehicle: VehicleKey
) -> None:
    movr.fleet.pause(owner, 0, vehicle.id)
    movr.remove_vehicle(vehicle, owner)

    movr.fleet.restore(owner, 0, vehicle.id)

    assert state(movr, owner, vehicle) == "non_operational"


def test_a_removal_that_waits_for_a_rider_is_taken_back(
    movr: MovR, owner: UserKey, rider: UserKey, vehicle: VehicleKey, clock: Clock
) -> None:
    other, reserver = add(movr, owner), movr.register(**registration())
    movr.reserve("new york", public_id_in(movr, other), reserver)
    ride = start_ride(movr, vehicle, rider)
    for each in (vehicle, other):
        assert not movr.remove_vehicle(each, owner)

    for each in (vehicle, other):
        movr.fleet.restore(owner, 0, each.id)

    movr.end_ride(ride, rider, location="there", position=HERE)
    clock.now += 20 * MINUTE
    assert {state(movr, owner, each) for each in (vehicle, other)} == {"available"}


# The page


def test_an_owner_sees_what_a_vehicle_has_earned_and_its_history_in_pages(
    movr: MovR, owner: UserKey, rider: UserKey, vehicle: VehicleKey, clock: Clock
) -> None:
    for each in (vehicle, add(movr, owner)):
        ride = start_ride(movr, each, rider)
        clock.now += 10 * MINUTE
        movr.end_ride(ride, rider, location="there", position=HERE)
    movr.fleet.pause(owner, 0, vehicle.id)

    found = managed(movr, owner, vehicle, size=2)
    (fare,) = movr.history(member(movr, rider), before=None, size=1).rides.items
    rest = managed(movr, owner, vehicle, before=found.history.items[-1].happened_at)

    assert fare.amount
    assert found.earned == (Sum(date(2026, 10, 1), "USD", fare.amount * 70 // 100),)
    assert found.owned.month == (1, 10 * MINUTE, 0)
    types = [event.event_types for event in (*found.history.items, *rest.history.items)]
    assert types == [("maintenance",), ("trip_end",), ("trip_start",), ("provider_drop_off",)]
    assert (bool(found.history.next), rest.history.next) == (True, None)


def member(movr: MovR, user: UserKey) -> Any:
    return movr.session_member(user)


CHANGES: dict[str, Callable[[fleet.Fleet, UserKey, int, VehicleKey], object]] = {
    "pause": lambda fleet, owner, epoch, vehicle: fleet.pause(owner, epoch, vehicle.id),
    "resume": lambda fleet, owner, epoch, vehicle: fleet.resume(owner, epoch, vehicle.id),
    "restore": lambda fleet, owner, epoch, vehicle: fleet.restore(owner, epoch, vehicle.id),
    "move": lambda fleet, owner, epoch, vehicle: fleet.move(
        owner, epoch, vehicle.id, location="there", position=THERE
    ),
    "describe": lambda fleet, owner, epoch, vehicle: fleet.describe(
        owner, epoch, vehicle.id, color="blue", brand="Trek"
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_only_a_session_of_the_owner_sees_and_changes_a_vehicle(
    movr: MovR, owner: UserKey, rider: UserKey, vehicle: VehicleKey, engine: Engine, name: str
) -> None:
    change = CHANGES[name]
    gone = movr.register(**registration())
    movr.delete_account(gone, 0, password=PASSWORD)
    before = rows(engine)

    for user, epoch, refusal in (
        (rider, 0, errors.NotYourVehicle),
        (owner, 1, errors.SessionEnded),
        (gone, 1, errors.AccountDeleted),
    ):
        with pytest.raises(refusal):
            change(movr.fleet, user, epoch, vehicle)
        assert movr.fleet.vehicle(user, epoch, vehicle.id, before=None, size=5).page.items == ()
    with pytest.raises(errors.VehicleNotFound):
        change(movr.fleet, owner, 0, VehicleKey("new york", uuid4()))

    assert rows(engine) == before


@pytest.mark.parametrize("name", CHANGES)
def test_a_suspended_owner_may_only_pause_and_remove(
    movr: MovR, owner: UserKey, vehicle: VehicleKey, engine: Engine, name: str
) -> None:
    suspend(movr, owner)
    before = rows(engine)

    if name == "pause":
        CHANGES[name](movr.fleet, owner, 0, vehicle)
    else:
        with pytest.raises(errors.AccountSuspended):
            CHANGES[name](movr.fleet, owner, 0, vehicle)

    assert (rows(engine) == before) == (name != "pause")
    assert movr.remove_vehicle(vehicle, owner)


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return [*connection.execute(select(Vehicle.__table__))]
