"""Reservations, each change one statement (docs/decisions/0020)."""

from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.sql.dml import ReturningUpdate

from movr.changes.common import (
    AVAILABLE_STATE,
    BY_USER,
    HAS_SESSION,
    IS_ADMITTED,
    IS_RESERVED,
    IS_SHOWN,
    IS_USER,
    NOW,
    REMOVED_STATE,
    RESERVED_STATE,
    TIME,
    USER_CITY,
    USER_ID,
    USER_STATE,
    VEHICLE_CITY,
    transition_types,
    users,
    vehicle_by_key,
    vehicles,
)
from movr.formats import AVAILABLE
from movr.vehicle_events import STATE_SINCE, insert_event, place

NO_RESERVATION: Final = {
    column: null() for column in users.c if column.name.startswith("reservation_")
}
# A reservation that is used or given up ends now; the vehicle keeps who had it.
RESERVED_UNTIL_NOW: Final = case((IS_RESERVED, NOW), else_=vehicles.c.reserved_until)
_CAN_BE_RESERVED: Final = and_(
    vehicles.c.removed_at.is_(None),
    vehicles.c.status == AVAILABLE,
    # Not by its last rider again: for as long, so that nobody keeps a vehicle for themselves.
    or_(
        vehicles.c.reserved_until.is_(None),
        vehicles.c.reserved_until <= bindparam("again_since", type_=DateTime(timezone=True)),
        and_(vehicles.c.reserved_until <= TIME, ~BY_USER),
    ),
)


def lock_by_public_id(
    rider: CTE, kept: tuple[ColumnElement[Any], ...], *conditions: ColumnElement[bool]
) -> CTE:
    """Lock the vehicle of this public id, if there is a rider and the vehicle meets the conditions.

    Also select the rider and `kept` of the vehicle as it is then.

    The casts keep CockroachDB from using the index of public ids for the lock, where it stays for
    50 ms.
    """
    shown = (
        select(vehicles.c.id, rider.c.id.label("rider_id"))
        .select_from(rider.join(vehicles, IS_SHOWN))
        .cte("shown")
    )
    public_id = sql_cast(bindparam("vehicle_public_id", type_=Uuid()), String())
    is_still_shown = sql_cast(vehicles.c.public_id, String()) == public_id
    is_vehicle = vehicle_by_key(VEHICLE_CITY, shown.c.id)
    return lock_by_key(shown, is_vehicle, (shown.c.rider_id, *kept), is_still_shown, *conditions)


def lock_by_key(
    found: CTE,
    is_vehicle: ColumnElement[bool],
    kept: tuple[ColumnElement[Any], ...],
    *conditions: ColumnElement[bool],
) -> CTE:
    """Lock the vehicle that another part of the statement has found; also select `kept` of it.

    On a prerelease of CockroachDB v22.1 an UPDATE that had not locked its row lost changes of
    others (docs/multi-region.md).
    """
    return (
        select(vehicles.c.id, *kept)
        .select_from(found.join(vehicles, is_vehicle))
        .where(*conditions)
        .with_for_update(of=vehicles)
        .cte("locked")
    )


def _reserve() -> ReturningUpdate[Any]:
    """Reserve a vehicle, in one statement.

    Locks the rider's row if they may reserve; then reserves the vehicle if it is available; then
    records the reservation in the rider's row.
    """
    rider = (
        select(users.c.id)
        .where(
            HAS_SESSION,
            IS_ADMITTED,
            users.c.active_ride_id.is_(None),
            or_(users.c.reservation_until.is_(None), users.c.reservation_until <= NOW),
        )
        .with_for_update()
        .cte("rider")
    )
    reserved = _set_reserved(rider)
    event = insert_event(
        reserved,
        VEHICLE_CITY,
        event_types=transition_types(AVAILABLE_STATE, RESERVED_STATE),
        previous_state=literal(AVAILABLE_STATE),
        state=literal(RESERVED_STATE),
        expires_at=reserved.c.reserved_until,
    )
    return (
        update(users)
        .where(IS_USER, users.c.id == reserved.c.rider_id)
        .values(
            reservation_city=VEHICLE_CITY,
            reservation_public_id=reserved.c.public_id,
            reservation_type=reserved.c.type,
            reservation_brand=reserved.c.brand,
            reservation_until=reserved.c.reserved_until,
        )
        .add_cte(event.cte("event"))
        .returning(users.c.id)
    )


def _set_reserved(rider: CTE) -> CTE:
    """Reserve the vehicle if it is available."""
    locked = lock_by_public_id(rider, (), _CAN_BE_RESERVED)
    return (
        update(vehicles)
        .where(vehicle_by_key(VEHICLE_CITY, locked.c.id))
        .values(
            reserved_until=bindparam("until", type_=DateTime(timezone=True)),
            reserved_by_city=USER_CITY,
            reserved_by_id=USER_ID,
            state_since=STATE_SINCE,
        )
        .returning(
            locked.c.rider_id,
            *(vehicles.c[name] for name in ("public_id", "type", "brand", "reserved_until")),
            *(vehicles.c[name] for name in ("id", "state_since")),
            *place(),
        )
        .cte("reserved")
    )


RESERVE: Final = _reserve()

# The rider's row and, if they had this vehicle reserved last, until when.
SELECT_RIDER_AND_RESERVED_UNTIL: Final = (
    select(*USER_STATE, vehicles.c.reserved_until)
    .select_from(users)
    .outerjoin(vehicles, and_(IS_SHOWN, BY_USER))
    .where(IS_USER)
)


def _give_up() -> Select[Any]:
    """End a reservation, in one statement: in the rider's row, then in the vehicle's."""
    rider = (
        update(users)
        .where(
            HAS_SESSION,
            users.c.reservation_city == VEHICLE_CITY,
            users.c.reservation_public_id == bindparam("vehicle_public_id", type_=Uuid()),
        )
        .values(NO_RESERVATION)
        .returning(users.c.id)
        .cte("rider")
    )
    # These are no conditions of WHERE: the vehicle as it was before this statement waited for the
    # rider's row may not meet them, and PostgreSQL would not look at it again.
    is_mine = and_(vehicles.c.status == AVAILABLE, IS_RESERVED, BY_USER)
    locked = lock_by_public_id(rider, (func.coalesce(is_mine, false()).label("is_mine"),))
    given_up = _end_reservation(locked)
    is_leaving = given_up.c.removed_at.is_not(None)
    event = insert_event(
        given_up,
        VEHICLE_CITY,
        given_up.c.is_mine,
        event_types=case(
            (is_leaving, transition_types(RESERVED_STATE, REMOVED_STATE)),
            else_=transition_types(RESERVED_STATE, AVAILABLE_STATE),
        ),
        previous_state=literal(RESERVED_STATE),
        state=case((is_leaving, REMOVED_STATE), else_=AVAILABLE_STATE),
    )
    return select(rider.c.id).add_cte(event.cte("event"))


def _end_reservation(locked: CTE) -> CTE:
    """End the reservation if it is the rider's; a vehicle that leaves after it leaves now."""
    is_leaving = and_(locked.c.is_mine, vehicles.c.removed_at > NOW)
    return (
        update(vehicles)
        .where(vehicle_by_key(VEHICLE_CITY, locked.c.id))
        .values(
            reserved_until=case((locked.c.is_mine, NOW), else_=vehicles.c.reserved_until),
            removed_at=case((is_leaving, NOW), else_=vehicles.c.removed_at),
            state_since=case((locked.c.is_mine, STATE_SINCE), else_=vehicles.c.state_since),
        )
        .returning(
            *(vehicles.c[name] for name in ("id", "state_since", "removed_at")),
            *place(),
            locked.c.is_mine,
        )
        .cte("given_up")
    )


GIVE_UP: Final = _give_up()

# Of the rider who has this vehicle reserved; the vehicle's row is another statement's.
END_RESERVATION: Final = (
    update(users)
    .where(
        IS_USER,
        users.c.reservation_city == VEHICLE_CITY,
        users.c.reservation_public_id == bindparam("vehicle_public_id", type_=Uuid()),
    )
    .values(NO_RESERVATION)
)
