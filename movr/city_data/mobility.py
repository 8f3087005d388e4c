"""What agencies read of a city, by the Mobility Data Specification 2.0: vehicles, events and trips.

No statement selects a rider, but for the monthly report, which counts them. A reservation that
ended by the clock has no event of its own, so its end is derived from its `expires_at`.
"""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Interval,
    Row,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased

from movr.cities import Position
from movr.formats import ERASED
from movr.models import Ride, Vehicle, VehicleEvent
from movr.vehicle_states import TRANSITIONS, VehicleState, state_of

# Vehicles that are removed or missing have a status for a while, as MDS requires.
STATUS_KEPT: Final = timedelta(minutes=90)
VEHICLES_KEPT: Final = timedelta(days=30)
# The event of a ride may be this much later than the ride's own time: clocks of servers differ.
SKEW: Final = timedelta(minutes=1)
LONGEST_RESERVATION: Final = timedelta(hours=1)  # or longer than any
SHORTEST_TRIP: Final = timedelta(seconds=60)  # that is counted; "Trips" in MDS's definitions
NO_REASON: Final = ("unspecified",)


class Place(NamedTuple):
    """A position, None if it is not known; it may be rounded to a hundredth of a degree."""

    position: Position | None
    is_rounded: bool


class ListedVehicle(NamedTuple):
    """What seldom changes of a vehicle."""

    id: UUID
    type: str
    brand: str
    number: int | None


class Event(NamedTuple):
    """A change of a vehicle's state. A derived one has the id of the row that it comes from."""

    id: UUID
    vehicle_id: UUID
    happened_at: datetime
    event_types: tuple[str, ...]
    state: str
    ride_id: UUID | None
    place: Place
    is_derived: bool


class Trip(NamedTuple):
    """A ride that has ended."""

    ride_id: UUID
    vehicle_id: UUID
    start_time: datetime
    end_time: datetime
    start: Place
    end: Place
    distance: int | None


def _time(name: str) -> ColumnElement[datetime]:
    return bindparam(name, type_=DateTime(timezone=True))


_CITY: Final = bindparam("city", type_=String())
_AFTER: Final = bindparam("after", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())
_NOW, _SINCE, _UNTIL = map(_time, ("now", "since", "until"))
_START: Final = tuple_(_time("after_time"), _AFTER)  # the key of the last row of the page before
_SKEW: Final = literal(SKEW, Interval())

# Vehicles

_LISTED: Final = select(Vehicle.id, Vehicle.type, Vehicle.brand, Vehicle.number).where(
    Vehicle.city == _CITY
)
VEHICLES: Final = (
    _LISTED.where(or_(Vehicle.removed_at.is_(None), Vehicle.removed_at > _SINCE))
    .where(Vehicle.id > _AFTER)
    .order_by(Vehicle.id)
    .limit(_LIMIT)
)
VEHICLE: Final = _LISTED.where(Vehicle.id == bindparam("id", type_=Uuid()))


def _states() -> Select[Any]:
    """Select vehicles with their last event, if they have one."""
    last = (
        select(VehicleEvent)
        .where(VehicleEvent.city == _CITY, VehicleEvent.vehicle_id == Vehicle.id)
        .order_by(VehicleEvent.happened_at.desc())
        .limit(1)
        .lateral("last")
    )
    return (
        select(
            Vehicle.id.label("vehicle_id"),
            *(Vehicle.latitude, Vehicle.longitude),
            (Vehicle.last_location == ERASED).label("is_rounded"),
            state_of(Vehicle, _NOW).label("state"),
            func.coalesce(Vehicle.state_since, Vehicle.available_since, Vehicle.date_added).label(
                "since"
            ),
            *(last.c[name] for name in ("id", "happened_at", "event_types", "ride_id")),
            *(last.c.expires_at, last.c.state.label("event_state")),
        )
        .outerjoin(last, true())
        .where(Vehicle.city == _CITY)
    )


STATES: Final = (
    _states()
    .where(or_(Vehicle.removed_at.is_(None), Vehicle.removed_at > _SINCE))
    .where(or_(Vehicle.status != VehicleState.MISSING.value, Vehicle.state_since > _SINCE))
    .where(Vehicle.id > _AFTER)
    .order_by(Vehicle.id)
    .limit(_LIMIT)
)
STATE: Final = _states().where(Vehicle.id == bindparam("id", type_=Uuid()))

# Events

FIRST_EVENT: Final = (
    select(VehicleEvent.happened_at)
    .where(VehicleEvent.city == _CITY)
    .order_by(VehicleEvent.happened_at)
    .limit(1)
)
_IS_RIDE: Final = and_(Ride.city == _CITY, Ride.id == VehicleEvent.ride_id)
_END: Final[dict[str, ColumnElement[Any]]] = {
    name: case((Ride.undone, getattr(Ride, f"start_{name}")), else_=getattr(Ride, f"end_{name}"))
    for name in ("latitude", "longitude", "location")
}


def _event_place(name: str) -> ColumnElement[Any]:
    """Return SQL for a coordinate of an event: of the ride's start or end, or the event's own."""
    is_start = VehicleEvent.state == VehicleState.ON_TRIP.value
    return case(
        (VehicleEvent.ride_id.is_(None), getattr(VehicleEvent, name)),
        (is_start, getattr(Ride, f"start_{name}")),
        else_=_END[name],
    ).label(name)


def _events() -> Select[Any]:
    at = VehicleEvent.happened_at
    is_erased = func.coalesce(Ride.start_location == ERASED, true())  # no ride: rounded
    return (
        select(
            *(VehicleEvent.id, VehicleEvent.vehicle_id, at, VehicleEvent.event_types),
            *(VehicleEvent.state, VehicleEvent.ride_id),
            *(_event_place("latitude"), _event_place("longitude")),
            is_erased.label("is_rounded"),
        )
        .outerjoin(Ride, _IS_RIDE)
        .where(VehicleEvent.city == _CITY, at >= _SINCE, at < _UNTIL)
        .where(tuple_(at, VehicleEvent.id) > _START)
        .order_by(at, VehicleEvent.id)
        .limit(_LIMIT)
    )


def _lapsed_reservations() -> Select[Any]:
    """Select the ends of reservations that no event has ended before they expired."""
    at, next_event = VehicleEvent.expires_at, aliased(VehicleEvent)
    following = (
        select(next_event.previous_state, next_event.happened_at)
        .where(next_event.city == _CITY, next_event.vehicle_id == VehicleEvent.vehicle_id)
        .where(next_event.happened_at > VehicleEvent.happened_at)
        .order_by(next_event.happened_at)
        .limit(1)
        .lateral("following")
    )
    now = case((Vehicle.removed_at == at, "removed"), else_="available")
    return (
        select(
            *(VehicleEvent.id, VehicleEvent.vehicle_id, at.label("happened_at")),
            sql_cast(null(), ARRAY(String())).label("event_types"),
            func.coalesce(following.c.previous_state, now).label("state"),
            VehicleEvent.ride_id,
            *(VehicleEvent.latitude, VehicleEvent.longitude, true().label("is_rounded")),
        )
        .join(Vehicle, and_(Vehicle.city == _CITY, Vehicle.id == VehicleEvent.vehicle_id))
        .outerjoin(following, true())
        .where(VehicleEvent.city == _CITY, VehicleEvent.state == VehicleState.RESERVED.value)
        .where(VehicleEvent.happened_at >= _SINCE - literal(LONGEST_RESERVATION, Interval()))
        .where(VehicleEvent.happened_at < _UNTIL, at >= _SINCE, at < _UNTIL, at <= _NOW)
        .where(or_(following.c.happened_at.is_(None), following.c.happened_at > at))
        .where(tuple_(at, VehicleEvent.id) > _START)
        .order_by(at, VehicleEvent.id)
        .limit(_LIMIT)
    )


EVENTS: Final = _events()
LAPSED: Final = _lapsed_reservations()

# Trips, found by their last event; the ride's own times count.

TRIPS: Final = (
    select(
        *(Ride.id.label("ride_id"), Ride.vehicle_id, Ride.start_time, Ride.end_time, Ride.distance),
        *(Ride.start_latitude, Ride.start_longitude, Ride.start_location),
        *(_END[name].label(f"end_{name}") for name in _END),
        *(VehicleEvent.happened_at, VehicleEvent.id),
    )
    .join(Ride, _IS_RIDE)
    .where(
        VehicleEvent.city == _CITY,
        VehicleEvent.happened_at >= _SINCE,
        VehicleEvent.happened_at < _UNTIL + _SKEW,
        VehicleEvent.previous_state == VehicleState.ON_TRIP.value,
        *(Ride.end_time >= _SINCE, Ride.end_time < _UNTIL),
        tuple_(VehicleEvent.happened_at, VehicleEvent.id) > _START,
    )
    .order_by(VehicleEvent.happened_at, VehicleEvent.id)
    .limit(_LIMIT)
)
# How often each rider has ridden each type of vehicle. Riders are counted and not returned.
RIDERS: Final = (
    select(Vehicle.type, Ride.rider_id, func.count().label("trips"))
    .select_from(VehicleEvent)
    .join(Ride, _IS_RIDE)
    .join(Vehicle, and_(Vehicle.city == _CITY, Vehicle.id == Ride.vehicle_id))
    .where(
        VehicleEvent.city == _CITY,
        VehicleEvent.happened_at >= _SINCE,
        VehicleEvent.happened_at < _UNTIL + _SKEW,
        VehicleEvent.state == VehicleState.ON_TRIP.value,
        *(Ride.start_time >= _SINCE, Ride.start_time < _UNTIL),
        *(~Ride.undone, Ride.length >= literal(SHORTEST_TRIP, Interval())),
    )
    .group_by(Vehicle.type, Ride.rider_id)
)


def current_event(row: Row[Any], now: datetime) -> Event:
    """Return the last event of a row of STATES.

    It is derived if the vehicle's state has changed since its last row, or if it has none.
    """
    place = _place(row.latitude, row.longitude, is_rounded=row.is_rounded)
    if row.event_state == row.state:
        return _event(row, row.event_types, row.happened_at, place)
    if row.event_state == VehicleState.RESERVED and row.expires_at <= now:
        return _lapsed(row, row.expires_at, place)
    return Event(
        row.vehicle_id,
        row.vehicle_id,
        row.since,
        NO_REASON,
        row.state,
        None,
        place,
        is_derived=True,
    )


def event(row: Row[Any]) -> Event:
    """Return the event of a row of EVENTS or LAPSED."""
    place = _place(row.latitude, row.longitude, is_rounded=row.is_rounded)
    if row.event_types is None:
        return _lapsed(row, row.happened_at, place)
    return _event(row, row.event_types, row.happened_at, place)


def trip(row: Row[Any]) -> Trip:
    """Return the trip of a row of TRIPS."""
    start, end = (
        _place(latitude, longitude, is_rounded=words == ERASED)
        for latitude, longitude, words in (
            (row.start_latitude, row.start_longitude, row.start_location),
            (row.end_latitude, row.end_longitude, row.end_location),
        )
    )
    times = (row.start_time, row.end_time)
    return Trip(row.ride_id, row.vehicle_id, *times, start, end, row.distance)


def _event(row: Row[Any], types: list[str], at: datetime, place: Place) -> Event:
    known = (row.id, row.vehicle_id, at, tuple(types), row.state, row.ride_id)
    return Event(*known, place, is_derived=False)


def _lapsed(row: Row[Any], at: datetime, place: Place) -> Event:
    """Return the end of a reservation by the clock, from a row of the reservation."""
    types = TRANSITIONS.get((VehicleState.RESERVED, VehicleState(row.state)), NO_REASON)
    return Event(row.id, row.vehicle_id, at, types, row.state, None, place, is_derived=True)


def _place(latitude: float | None, longitude: float | None, *, is_rounded: bool) -> Place:
    if latitude is None or longitude is None:
        return Place(None, is_rounded)
    return Place(Position(latitude, longitude), is_rounded)
