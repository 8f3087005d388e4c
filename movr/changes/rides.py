"""Rides: start, end and undo, each one statement (docs/decisions/0016)."""

from typing import Any, Final

from sqlalchemy import (
    CTE,
    BindParameter,
    Boolean,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Select,
    String,
    and_,
    any_,
    bindparam,
    case,
    column,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
    values,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from movr.changes.common import (
    AVAILABLE_STATE,
    BY_USER,
    HAS_SESSION,
    IS_ADMITTED,
    IS_RESERVED,
    IS_RIDE,
    IS_USER,
    NOT_RESERVED,
    NOW,
    ON_TRIP_STATE,
    PAUSED_STATE,
    PLACE,
    REMOVED_STATE,
    RESERVED_STATE,
    RIDE_CITY,
    RIDE_ID,
    USER_CITY,
    USER_ID,
    USER_STATE,
    VEHICLE_CITY,
    ledger,
    rides,
    tariffs,
    totals,
    transition_types,
    users,
    vehicle_by_key,
    vehicles,
)
from movr.changes.reservations import (
    NO_RESERVATION,
    RESERVED_UNTIL_NOW,
    lock_by_key,
    lock_by_public_id,
)
from movr.fares import fare_of, owner_share
from movr.formats import AVAILABLE, FARE, IN_USE, MOVR, OWNER, RIDER
from movr.outbox import put_receipt
from movr.ride_totals import begin_at, periods
from movr.vehicle_events import STATE_SINCE, insert_event, types
from movr.vehicle_states import TRANSITIONS, TRIP_CANCEL, TRIP_END, VehicleState

_CAN_BE_STARTED: Final = and_(
    vehicles.c.status == AVAILABLE,
    or_(
        and_(vehicles.c.removed_at.is_(None), NOT_RESERVED),
        and_(IS_RESERVED, BY_USER),
    ),
)


def _start_ride() -> ReturningInsert[Any]:
    """Start a ride, in one statement.

    Locks the rider's row if they may start a ride; then sets the vehicle in use if it is available;
    then records the ride in the rider's row and inserts it. Without a row of one step the next ones
    have nothing to change. The ride notes the tariff in force, if rides are charged.
    """
    rider = (
        select(users.c.id)
        .where(HAS_SESSION, IS_ADMITTED, users.c.active_ride_id.is_(None))
        .with_for_update()
        .cte("rider")
    )
    taken = _with_tariff(_set_in_use(rider))
    ride: dict[str, ColumnElement[Any]] = {
        "city": RIDE_CITY,
        "id": RIDE_ID,
        "vehicle_id": taken.c.id,
        "rider_city": USER_CITY,
        "rider_id": taken.c.rider_id,
        "start_time": taken.c.start_time,
        "start_location": taken.c.last_location,
        "start_latitude": taken.c.latitude,
        "start_longitude": taken.c.longitude,
        **{name: taken.c[name] for name in _TARIFF},
    }
    event = insert_event(
        taken,
        RIDE_CITY,
        event_types=transition_types(AVAILABLE_STATE, ON_TRIP_STATE),
        previous_state=taken.c.previous_state,
        state=literal(ON_TRIP_STATE),
        ride_id=RIDE_ID,
    )
    return (
        insert(rides)
        .from_select(list(ride), select(*ride.values()))
        .add_cte(_set_active_ride(taken), event.cte("event"))
        .returning(rides.c.id)
    )


def _set_in_use(rider: CTE) -> CTE:
    """Set the vehicle in use if it is available, which ends its reservation.

    The ride starts when the vehicle's last one ended or later: this request may have waited for
    that one's lock, or its server's clock may be behind.
    """
    previous = case((IS_RESERVED, RESERVED_STATE), else_=AVAILABLE_STATE).label("previous_state")
    locked = lock_by_public_id(rider, (previous,), _CAN_BE_STARTED)
    return (
        update(vehicles)
        .where(vehicle_by_key(VEHICLE_CITY, locked.c.id))
        .values(
            status=IN_USE,
            removed_at=null(),
            reserved_until=RESERVED_UNTIL_NOW,
            state_since=STATE_SINCE,
        )
        .returning(
            locked.c.rider_id,
            locked.c.previous_state,
            vehicles.c.id,
            vehicles.c.state_since,
            func.greatest(NOW, vehicles.c.available_since).label("start_time"),
            *(vehicles.c[name] for name in ("public_id", "type", "brand", "last_location")),
            *(vehicles.c[name] for name in ("latitude", "longitude")),
        )
        .cte("taken")
    )


_TARIFF: Final = ("unlock_fee", "per_minute", "daily_cap", "owner_percent")


def _with_tariff(taken: CTE) -> CTE:
    """Select the vehicle with the tariff in force, or with NULLs if the ride is free of charge."""
    in_force = and_(
        bindparam("is_charged", type_=Boolean()),
        tariffs.c.city == RIDE_CITY,
        tariffs.c.vehicle_type == taken.c.type,
        tariffs.c.valid_from <= taken.c.start_time,
    )
    return (
        select(taken, *(tariffs.c[name] for name in _TARIFF))
        .select_from(taken.outerjoin(tariffs, in_force))
        .order_by(tariffs.c.valid_from.desc())
        .limit(1)
        .cte("with_tariff")
    )


def _set_active_ride(taken: CTE) -> CTE:
    """Record the ride and what pages show of it in the rider's row.

    Clears a reservation of this vehicle, and leaves one of another vehicle as it is.
    """
    cities = users.c.cities_ridden
    is_reserved = users.c.reservation_public_id == taken.c.public_id
    return (
        update(users)
        .where(IS_USER, users.c.id == taken.c.rider_id)
        .values(
            active_ride_city=RIDE_CITY,
            active_ride_id=RIDE_ID,
            active_ride_type=taken.c.type,
            active_ride_brand=taken.c.brand,
            active_ride_start=taken.c.start_time,
            active_ride_latitude=taken.c.latitude,
            active_ride_longitude=taken.c.longitude,
            active_ride_unlock_fee=taken.c.unlock_fee,
            active_ride_per_minute=taken.c.per_minute,
            active_ride_daily_cap=taken.c.daily_cap,
            cities_ridden=case(
                (any_(cities) == RIDE_CITY, cities),
                else_=func.array_append(cities, RIDE_CITY),
            ),
            **{column.name: case((is_reserved, null()), else_=column) for column in NO_RESERVATION},
        )
        .returning(users.c.id)  # CockroachDB requires RETURNING in a data-modifying CTE
        .cte("active_ride")
    )


START_RIDE: Final = _start_ride()

_earlier: Final = rides.alias("earlier")
_IS_STARTED: Final = exists().where(
    _earlier.c.city == RIDE_CITY,
    _earlier.c.id == RIDE_ID,
    _earlier.c.rider_city == USER_CITY,
    _earlier.c.rider_id == USER_ID,
)
# The rider's row and, if they are riding in this city, the public id of their vehicle; and whether
# they have started this ride before.
SELECT_RIDER_AND_VEHICLE: Final = (
    select(*USER_STATE, vehicles.c.public_id, _IS_STARTED.label("is_started"))
    .select_from(users)
    .outerjoin(rides, and_(rides.c.city == RIDE_CITY, rides.c.id == users.c.active_ride_id))
    .outerjoin(vehicles, and_(vehicles.c.city == RIDE_CITY, vehicles.c.id == rides.c.vehicle_id))
    .where(IS_USER)
)

# The rider's position when they end or undo the ride, or NULL.
_POSITION: Final[dict[str, BindParameter[Any]]] = {
    "latitude": bindparam("at_latitude", type_=Float()),
    "longitude": bindparam("at_longitude", type_=Float()),
}


def metres_between(
    latitude: ColumnElement[float],
    longitude: ColumnElement[float],
    to_latitude: ColumnElement[float],
    to_longitude: ColumnElement[float],
) -> ColumnElement[int]:
    """Return SQL for the distance between two positions in degrees, in whole metres.

    Projects the ellipsoid on a plane at the middle latitude, by the formula of 47 CFR 73.208(c) for
    distances up to 475 km. Within a city it is accurate to a metre.
    """
    middle = func.radians((latitude + to_latitude) * 0.5, type_=Float())

    def cos(multiple: int) -> ColumnElement[float]:
        return func.cos(middle * float(multiple), type_=Float())

    north = (111_132.09 - 566.05 * cos(2) + 1.20 * cos(4)) * (to_latitude - latitude)
    east = (111_415.13 * cos(1) - 94.55 * cos(3) + 0.12 * cos(5)) * (to_longitude - longitude)
    return sql_cast(func.floor(func.sqrt(north * north + east * east) + 0.5), Integer())


# Of a forgotten ride that staff end: what a day costs at most. NULL for other rides.
_MOST_CHARGED: Final = case((bindparam("is_forgotten", type_=Boolean()), rides.c.daily_cap))


def _clear_active_ride(*conditions: ColumnElement[bool]) -> CTE:
    """Clear the ride in the rider's row, if it is there and meets the conditions."""
    return (
        update(users)
        .where(
            HAS_SESSION,
            users.c.active_ride_city == RIDE_CITY,
            users.c.active_ride_id == RIDE_ID,
            *conditions,
        )
        .values({column: null() for column in users.c if column.name.startswith("active_ride_")})
        .returning(users.c.id, users.c.receipts_by_mail, users.c.email_verified_at)
        .cte("rider")
    )


# The clock of the server that started the ride may be ahead of this server's.
_END_TIME: Final = func.greatest(NOW, rides.c.start_time)
_LENGTH: Final = _END_TIME - rides.c.start_time


def _ended(rider: CTE, **facts: ColumnElement[Any]) -> CTE:
    """End the ride that was in the rider's row, with these values of further columns."""
    return (
        update(rides)
        .where(IS_RIDE, rides.c.rider_id == rider.c.id)
        .values(end_time=_END_TIME, length=_LENGTH, **facts)
        .returning(
            *(rides.c[name] for name in ("vehicle_id", "rider_city", "rider_id")),
            *(rides.c[name] for name in ("start_time", "end_time", "length", "distance")),
            *(rides.c[name] for name in ("amount", "owner_percent")),
        )
        .cte("ended")
    )


def _add_to_totals(ended: CTE) -> CTE:
    """Add the ended ride to its rider's totals of the week and the month."""
    period = (by := periods()).c.period
    row: dict[str, ColumnElement[Any]] = {
        "city": USER_CITY,
        "rider_id": USER_ID,
        "period": period,
        "begin": begin_at(period, ended.c.start_time, bindparam("timezone", type_=String())),
        "rides": literal(1),
        "length": ended.c.length,
        "distance": func.coalesce(ended.c.distance, 0),
    }
    added = pg_insert(totals).from_select(
        list(row), select(*row.values()).select_from(ended.join(by, true()))
    )
    sums = {name: totals.c[name] + added.excluded[name] for name in ("rides", "length", "distance")}
    return (
        added.on_conflict_do_update(index_elements=list(totals.primary_key), set_=sums)
        .returning(totals.c.period)
        .cte("added")
    )


def _charge(ended: CTE) -> CTE:
    """Add the fare to the ledger: the rider pays it, the owner gets a share and MovR the rest.

    A ride that is free of charge has no entries.
    """
    by = values(column("account", String()), name="accounts").data([(RIDER,), (OWNER,), (MOVR,)])
    share = owner_share(ended.c.amount, ended.c.owner_percent)
    amount = case(
        {RIDER: -ended.c.amount, OWNER: share, MOVR: ended.c.amount - share}, value=by.c.account
    )
    row: dict[str, ColumnElement[Any]] = {
        "city": RIDE_CITY,
        "ride_id": RIDE_ID,
        "kind": literal(FARE),
        "account": by.c.account,
        "holder_city": case({RIDER: ended.c.rider_city, OWNER: RIDE_CITY}, value=by.c.account),
        "holder_id": case(
            {RIDER: ended.c.rider_id, OWNER: vehicles.c.owner_id}, value=by.c.account
        ),
        "vehicle_id": ended.c.vehicle_id,
        "amount": amount,
        "currency": bindparam("currency", type_=String()),
        "created_at": ended.c.end_time,
    }
    is_vehicle = vehicle_by_key(RIDE_CITY, ended.c.vehicle_id)
    entries = (
        select(*row.values())
        .select_from(ended.join(vehicles, is_vehicle).join(by, true()))
        .where(amount != 0)
    )
    return insert(ledger).from_select(list(row), entries).returning(ledger.c.kind).cte("charged")


def _trip_types(event_type: str, state: str) -> ColumnElement[Any]:
    """Return SQL for the types of an event that ends a ride, the first of which is `event_type`."""
    _, *further = TRANSITIONS[VehicleState.ON_TRIP, VehicleState(state)]
    return types(event_type, *further)


def _make_available(ended: CTE, event_type: str, **place: ColumnElement[Any]) -> Select[Any]:
    """Make the vehicle of the ended ride available, with these values of further columns.

    A vehicle that was paused or removed during the ride is out of service or removed instead.

    The UPDATE is not the statement's last part: on a prerelease of CockroachDB v22.1 the last part
    commits before it is known whether another transaction has changed the row that it read.
    """
    is_vehicle = vehicle_by_key(RIDE_CITY, ended.c.vehicle_id)
    locked = lock_by_key(ended, is_vehicle, (ended.c.end_time,))
    vehicle = (
        update(vehicles)
        .where(vehicle_by_key(RIDE_CITY, locked.c.id))
        .values(
            status=case((vehicles.c.paused_by.is_(None), AVAILABLE), else_=PAUSED_STATE),
            public_id=bindparam("new_public_id"),
            available_since=locked.c.end_time,
            removed_at=case((vehicles.c.remove_after_ride, locked.c.end_time)),
            state_since=STATE_SINCE,
            **place,
        )
        .returning(*(vehicles.c[name] for name in ("id", "state_since", "status", "removed_at")))
        .cte("vehicle")
    )
    is_removed, is_paused = vehicle.c.removed_at.is_not(None), vehicle.c.status == PAUSED_STATE
    event = insert_event(
        vehicle,
        RIDE_CITY,
        event_types=case(
            (is_removed, _trip_types(event_type, REMOVED_STATE)),
            (is_paused, _trip_types(event_type, PAUSED_STATE)),
            else_=_trip_types(event_type, AVAILABLE_STATE),
        ),
        previous_state=literal(ON_TRIP_STATE),
        state=case((is_removed, REMOVED_STATE), else_=vehicle.c.status),
        ride_id=RIDE_ID,
    )
    return select(vehicle.c.id).add_cte(event.cte("event"))


def _end_ride() -> Select[Any]:
    """End a ride, in one statement.

    Clears the ride in the rider's row; if it was there, ends the ride, adds it to the rider's
    totals and its fare to the ledger, writes its receipt and makes its vehicle available.
    """
    rider = _clear_active_ride()
    ended = _ended(
        rider,
        end_location=PLACE,
        end_latitude=_POSITION["latitude"],
        end_longitude=_POSITION["longitude"],
        distance=metres_between(
            rides.c.start_latitude, rides.c.start_longitude, *_POSITION.values()
        ),
        amount=func.coalesce(func.least(fare_of(rides.c, _LENGTH), _MOST_CHARGED), 0),
    )
    available = _make_available(ended, TRIP_END, last_location=PLACE, **_POSITION)
    return available.add_cte(_add_to_totals(ended), _charge(ended), put_receipt(ended, rider))


END_RIDE: Final = _end_ride()


# Makes a ride free of charge, as if there had been no tariff at its start.
WAIVE_FARE: Final = update(rides).where(IS_RIDE).values(dict.fromkeys(_TARIFF))


def _undo_ride() -> Select[Any]:
    """Undo a ride, in one statement: like END_RIDE, but soon after the start and near it.

    The vehicle stays where it was, and the ride costs nothing and counts in no totals.
    """
    started = (users.c.active_ride_latitude, users.c.active_ride_longitude)
    is_near = or_(
        started[0].is_(None),
        metres_between(*started, *_POSITION.values()) <= bindparam("radius", type_=Integer()),
    )
    is_recent = users.c.active_ride_start >= bindparam("undo_since", type_=DateTime(timezone=True))
    undone = _ended(
        _clear_active_ride(is_recent, is_near),
        end_location=rides.c.start_location,
        undone=true(),
        amount=literal(0),
    )
    return _make_available(undone, TRIP_CANCEL)


UNDO_RIDE: Final = _undo_ride()


def _explain_undo() -> ReturningUpdate[Any]:
    """Note why a rider has undone a ride.

    The rider's row is locked, so that the words do not follow the deletion of the account.
    """
    rider = select(users.c.id).where(HAS_SESSION).with_for_update().cte("rider")
    return (
        update(rides)
        .where(
            IS_RIDE,
            rides.c.rider_city == USER_CITY,
            rides.c.rider_id == rider.c.id,
            rides.c.undone,
        )
        .values(undo_reason=bindparam("reason", type_=String()))
        .returning(rides.c.id)
    )


EXPLAIN_UNDO: Final = _explain_undo()

# The rider's row, and whose ride this is.
SELECT_RIDER_AND_RIDE: Final = (
    select(
        *USER_STATE,
        *(rides.c[name] for name in ("rider_city", "rider_id", "start_time", "end_time", "undone")),
    )
    .select_from(users)
    .outerjoin(rides, IS_RIDE)
    .where(IS_USER)
)
