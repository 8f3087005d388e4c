"""Tables, parameters and conditions that the statements share."""

from typing import Any, Final, cast

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    case,
    null,
    or_,
)

from movr.formats import IN_USE
from movr.models import (
    ApiToken,
    LedgerEntry,
    Report,
    Ride,
    RideTotal,
    StaffRole,
    Tariff,
    User,
    Vehicle,
)
from movr.proofs import EPOCH
from movr.vehicle_events import types
from movr.vehicle_states import TRANSITIONS, VehicleState, time_of

# Tables instead of models: a Core UPDATE has no ORM session to synchronise.
users, vehicles, rides, totals, tariffs, ledger, reports, api_tokens, staff_roles = (
    cast("Table", model.__table__)
    for model in (User, Vehicle, Ride, RideTotal, Tariff, LedgerEntry, Report, ApiToken, StaffRole)
)


NOW: Final = bindparam("now", type_=DateTime(timezone=True))
PLACE: Final = bindparam("place", type_=String())
USER_CITY, VEHICLE_CITY, RIDE_CITY = (
    bindparam(f"{name}_city", type_=String()) for name in ("user", "vehicle", "ride")
)
USER_ID, VEHICLE_ID, RIDE_ID = (
    bindparam(f"{name}_id", type_=Uuid()) for name in ("user", "vehicle", "ride")
)

IS_USER: Final = and_(users.c.city == USER_CITY, users.c.id == USER_ID)
IS_MEMBER: Final = and_(IS_USER, users.c.deleted_at.is_(None))
HAS_SESSION: Final = and_(IS_MEMBER, users.c.session_epoch == EPOCH)
IS_VERIFIED: Final = or_(
    ~bindparam("only_verified", type_=Boolean()), users.c.email_verified_at.is_not(None)
)
# Who may start and reserve rides, and add vehicles.
IS_ADMITTED: Final = and_(IS_VERIFIED, users.c.suspended_at.is_(None))


def vehicle_by_key(city: ColumnElement[str], id_: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return a condition that finds a vehicle by its key."""
    return and_(vehicles.c.city == city, vehicles.c.id == id_)


IS_VEHICLE: Final = vehicle_by_key(VEHICLE_CITY, VEHICLE_ID)
IS_RIDE: Final = and_(rides.c.city == RIDE_CITY, rides.c.id == RIDE_ID)
# The vehicle that pages show under this id, whose reservation, if it has one, may be the rider's.
IS_SHOWN: Final = and_(
    vehicles.c.city == VEHICLE_CITY,
    vehicles.c.public_id == bindparam("vehicle_public_id", type_=Uuid()),
)
TIME: Final = time_of(vehicles.c, NOW)
IS_RESERVED: Final = vehicles.c.reserved_until > TIME
BY_USER: Final = and_(
    vehicles.c.reserved_by_city == USER_CITY, vehicles.c.reserved_by_id == USER_ID
)
NOT_RESERVED: Final = or_(vehicles.c.reserved_until.is_(None), vehicles.c.reserved_until <= TIME)

AVAILABLE_STATE, RESERVED_STATE, ON_TRIP_STATE, PAUSED_STATE, _, REMOVED_STATE = (
    each.value for each in VehicleState
)


def transition_types(previous: str, state: str) -> ColumnElement[Any]:
    """Return SQL for the types of an event of this transition."""
    return types(*TRANSITIONS[VehicleState(previous), VehicleState(state)])


# When a vehicle that is not ridden is removed: at the end of its reservation.
REMOVED_AT: Final = case(
    (vehicles.c.status == IN_USE, null()),
    (IS_RESERVED, vehicles.c.reserved_until),
    else_=NOW,
)

# The columns of a user's row that conditions depend on.
USER_STATE: Final = (
    users.c.active_ride_city,
    users.c.active_ride_id,
    users.c.reservation_city,
    users.c.reservation_public_id,
    users.c.reservation_until,
    users.c.cities_ridden,
    users.c.cities_reported,
    users.c.email_verified_at,
    users.c.session_epoch,
    users.c.staff_cities,
    users.c.suspended_at,
    users.c.deleted_at,
)
