"""The data-modifying statements. Each names its city and states its conditions in WHERE.

They are built once, at import; a transaction only supplies the named parameters. `RETURNING` shows
whether a row was changed. Key parameters are called `user_city`, `user_id` and so on, because
SQLAlchemy takes a parameter of an UPDATE that has a column's name as the column's new value.
"""

from typing import Any, Final, cast

from sqlalchemy import (
    ARRAY,
    CTE,
    BindParameter,
    Boolean,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    ScalarSelect,
    Select,
    String,
    Table,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    column,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    true,
    update,
    values,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from movr.fares import fare_of, owner_share
from movr.formats import (
    AVAILABLE,
    ERASED,
    FARE,
    GATEWAY,
    IN_USE,
    MOVR,
    OWNER,
    PAYMENT,
    REFUND,
    RIDER,
    ROLES,
)
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
from movr.outbox import erase_letters, put_receipt
from movr.placement.definitions import TABLES
from movr.ride_totals import begin_at, periods
from movr.vehicle_events import STATE_SINCE, coarse, insert_event, place, types
from movr.vehicle_states import TRANSITIONS, TRIP_CANCEL, TRIP_END, VehicleState, state_of, time_of

# Tables instead of models: a Core UPDATE has no ORM session to synchronise.
_users, _vehicles, _rides, _totals, _tariffs, _ledger, _reports, _api_tokens, _staff_roles = (
    cast("Table", model.__table__)
    for model in (User, Vehicle, Ride, RideTotal, Tariff, LedgerEntry, Report, ApiToken, StaffRole)
)


_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_PLACE: Final = bindparam("place", type_=String())
_EPOCH: Final = bindparam("epoch", type_=Integer())
_USER_CITY, _VEHICLE_CITY, _RIDE_CITY = (
    bindparam(f"{name}_city", type_=String()) for name in ("user", "vehicle", "ride")
)
_USER_ID, _VEHICLE_ID, _RIDE_ID = (
    bindparam(f"{name}_id", type_=Uuid()) for name in ("user", "vehicle", "ride")
)

_IS_USER: Final = and_(_users.c.city == _USER_CITY, _users.c.id == _USER_ID)
_IS_MEMBER: Final = and_(_IS_USER, _users.c.deleted_at.is_(None))
_HAS_SESSION: Final = and_(_IS_MEMBER, _users.c.session_epoch == _EPOCH)
_IS_VERIFIED: Final = or_(
    ~bindparam("only_verified", type_=Boolean()), _users.c.email_verified_at.is_not(None)
)
# Who may start and reserve rides, and add vehicles.
_IS_ADMITTED: Final = and_(_IS_VERIFIED, _users.c.suspended_at.is_(None))


def _is_vehicle(city: ColumnElement[str], id_: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return a condition that finds a vehicle by its key."""
    return and_(_vehicles.c.city == city, _vehicles.c.id == id_)


_IS_VEHICLE: Final = _is_vehicle(_VEHICLE_CITY, _VEHICLE_ID)
_IS_RIDE: Final = and_(_rides.c.city == _RIDE_CITY, _rides.c.id == _RIDE_ID)
# The vehicle that pages show under this id, whose reservation, if it has one, may be the rider's.
_IS_SHOWN: Final = and_(
    _vehicles.c.city == _VEHICLE_CITY,
    _vehicles.c.public_id == bindparam("vehicle_public_id", type_=Uuid()),
)
_TIME: Final = time_of(_vehicles.c, _NOW)
_IS_RESERVED: Final = _vehicles.c.reserved_until > _TIME
_BY_USER: Final = and_(
    _vehicles.c.reserved_by_city == _USER_CITY, _vehicles.c.reserved_by_id == _USER_ID
)
_NOT_RESERVED: Final = or_(
    _vehicles.c.reserved_until.is_(None), _vehicles.c.reserved_until <= _TIME
)

_AVAILABLE, _RESERVED, _ON_TRIP, _PAUSED, _, _REMOVED = (each.value for each in VehicleState)


def _types(previous: str, state: str) -> ColumnElement[Any]:
    """Return SQL for the types of an event of this transition."""
    return types(*TRANSITIONS[VehicleState(previous), VehicleState(state)])


# Accounts

# The parameters have the names of the columns.
CREATE_ACCOUNT: Final = pg_insert(_users).on_conflict_do_nothing().returning(_users.c.id)

# Names no city: the account with this username may be in any city.
SELECT_USER_BY_USERNAME: Final = select(_users.c.id).where(
    _users.c.username == bindparam("username")
)

END_SESSIONS: Final = update(_users).where(_HAS_SESSION).values(session_epoch=_EPOCH + 1)
SET_PASSWORD: Final = END_SESSIONS.values(password_hash=bindparam("new_password_hash")).returning(
    _users.c.username
)
CHANGE_EMAIL: Final = END_SESSIONS.values(
    email=bindparam("new_email"), email_verified_at=bindparam("verified_at")
).returning(_users.c.username)
CHOOSE_RECEIPTS: Final = (
    update(_users)
    .where(_IS_MEMBER)
    .values(receipts_by_mail=bindparam("by_mail", type_=Boolean()))
    .returning(_users.c.id)
)
CHANGE_NAMES: Final = (
    update(_users)
    .where(_IS_MEMBER)
    .values(first_name=bindparam("new_first_name"), last_name=bindparam("new_last_name"))
    .returning(_users.c.id)
)

_BEHIND: Final = and_(_users.c.deleted_at.is_(None), _users.c.session_epoch < _EPOCH)
LOCK_PASSWORD: Final = (
    update(_users)
    .where(_IS_USER, _BEHIND)
    .values(password_hash=bindparam("new_hash"))
    .returning(_users.c.id)
)
RAISE_SESSION_EPOCHS: Final = (
    update(_users)
    .where(
        _users.c.city == _USER_CITY,
        _users.c.id.in_(
            select(_users.c.id)
            .where(_users.c.city == _USER_CITY, _users.c.id > bindparam("after", type_=Uuid()))
            .where(_BEHIND)
            .order_by(_users.c.id)
            .limit(bindparam("at_most", type_=Integer()))
        ),
    )
    .values(session_epoch=_EPOCH)
    .returning(_users.c.id)
)

VERIFY_EMAIL: Final = (
    update(_users)
    .where(_IS_MEMBER, _users.c.email == bindparam("verified_email", type_=String()))
    .values(email_verified_at=func.coalesce(_users.c.email_verified_at, _NOW))
    .returning(_users.c.id)
)

DELETE_ACCOUNT: Final = (
    update(_users)
    .where(_IS_USER)
    .values({column: None for column in _users.c if column.info.get("personal")})
    .values(
        receipts_by_mail=False,
        staff_cities=[],
        session_epoch=_users.c.session_epoch + 1,
        deleted_at=_NOW,
    )
    .add_cte(erase_letters())
)
# Of a member who deletes the account, in these cities.
REVOKE_ROLES: Final = (
    update(_staff_roles)
    .where(
        _staff_roles.c.city.in_(bindparam("staff_cities", expanding=True)),
        _staff_roles.c.user_city == bindparam("holder_city", type_=String()),
        _staff_roles.c.user_id == bindparam("holder_id", type_=Uuid()),
        _staff_roles.c.role.in_(ROLES),  # all of them; so that it names the whole key
        _staff_roles.c.revoked_at.is_(None),
    )
    .values(revoked_at=_NOW)
)
_DEVICES: Final = select(_api_tokens.c.id).where(
    _api_tokens.c.city == _USER_CITY, _api_tokens.c.holder_id == _USER_ID
)
ERASE_DEVICES: Final = (
    update(_api_tokens)
    .where(_api_tokens.c.city == _USER_CITY, _api_tokens.c.id.in_(_DEVICES))
    .values(device=ERASED, revoked_at=func.coalesce(_api_tokens.c.revoked_at, _NOW))
)
# When a vehicle that is not ridden is removed: at the end of its reservation.
_REMOVED_AT: Final = case(
    (_vehicles.c.status == IN_USE, null()),
    (_IS_RESERVED, _vehicles.c.reserved_until),
    else_=_NOW,
)

# The columns of a user's row that conditions depend on.
_STATE: Final = (
    _users.c.active_ride_city,
    _users.c.active_ride_id,
    _users.c.reservation_city,
    _users.c.reservation_public_id,
    _users.c.reservation_until,
    _users.c.cities_ridden,
    _users.c.cities_reported,
    _users.c.email_verified_at,
    _users.c.session_epoch,
    _users.c.staff_cities,
    _users.c.suspended_at,
    _users.c.deleted_at,
)
SELECT_USER_STATE: Final = select(*_STATE).where(_IS_USER)
# Changes nothing, but no other transaction can change the row until this one ends.
LOCK_USER: Final = (
    update(_users).where(_IS_USER).values(is_owner=_users.c.is_owner).returning(*_STATE)
)

_CITIES: Final[BindParameter[Any]] = bindparam("cities", expanding=True)

# Of removed ones, too, because their places are erased.
SELECT_VEHICLES_OF_OWNER: Final = select(_vehicles.c.id).where(
    _vehicles.c.city == _USER_CITY, _vehicles.c.owner_id == _USER_ID
)


def _remove_vehicles() -> ReturningInsert[Any]:
    """Remove an owner's vehicles, and erase their places.

    Vehicles in use are removed where their rides end, and reserved ones when the reservation ends.
    """
    locked = (
        select(_vehicles.c.id, state_of(_vehicles.c, _NOW).label("previous_state"))
        .where(
            _vehicles.c.city == _USER_CITY,
            _vehicles.c.id.in_(bindparam("vehicle_ids", expanding=True)),
        )
        .with_for_update()
        .cte("locked")
    )
    leaves = locked.c.previous_state.not_in((_RESERVED, _ON_TRIP, _REMOVED))
    removed = (
        update(_vehicles)
        .where(_is_vehicle(_USER_CITY, locked.c.id))
        .values(
            removed_at=func.coalesce(_vehicles.c.removed_at, _REMOVED_AT),
            remove_after_ride=True,
            last_location=ERASED,
            latitude=coarse(_vehicles.c.latitude),
            longitude=coarse(_vehicles.c.longitude),
            state_since=case((leaves, STATE_SINCE), else_=_vehicles.c.state_since),
        )
        .returning(
            *(_vehicles.c[name] for name in ("id", "state_since", "latitude", "longitude")),
            locked.c.previous_state,
            leaves.label("leaves"),
        )
        .cte("removed")
    )
    return insert_event(
        removed,
        _USER_CITY,
        removed.c.leaves,
        event_types=_types(_AVAILABLE, _REMOVED),
        previous_state=removed.c.previous_state,
        state=literal(_REMOVED),
    )


REMOVE_VEHICLES: Final = _remove_vehicles()

# What erasing the places of a ride changes. Riders choose words, so that a ride whose words are the
# erased ones may have places.
ERASED_PLACES: Final[dict[str, ColumnElement[Any]]] = {
    "start_location": literal(ERASED),
    "end_location": literal(ERASED),
    "undo_reason": null(),
    **{
        name: coarse(_rides.c[name])
        for name in ("start_latitude", "start_longitude", "end_latitude", "end_longitude")
    },
}
HAS_PLACES: Final = or_(*(_rides.c[name] != erased for name, erased in ERASED_PLACES.items()))


def _erase_places() -> Update:
    """Erase the words of some rides of a rider, and round their positions."""
    page = (
        select(_rides.c.city, _rides.c.id)
        .where(
            _rides.c.city.in_(_CITIES),
            _rides.c.rider_city == _USER_CITY,
            _rides.c.rider_id == _USER_ID,
            HAS_PLACES,
        )
        .limit(bindparam("limit", type_=Integer()))
        .subquery("page")
    )
    return (
        update(_rides)
        .where(
            _rides.c.city.in_(_CITIES),
            _rides.c.city == page.c.city,
            _rides.c.id == page.c.id,
        )
        .values(ERASED_PLACES)
        .returning(_rides.c.id)
    )


ERASE_PLACES: Final = _erase_places()

SELECT_REPORTS_OF_USER: Final = select(_reports.c.id).where(
    _reports.c.city.in_(_CITIES),
    _reports.c.reporter_city == _USER_CITY,
    _reports.c.reporter_id == _USER_ID,
)
ERASE_REPORTS: Final = (
    update(_reports)
    .where(_reports.c.city.in_(_CITIES), _reports.c.id.in_(bindparam("report_ids", expanding=True)))
    .values(words=null(), latitude=null(), longitude=null())
)

# Vehicles

MAKE_OWNER: Final = (
    update(_users).where(_IS_MEMBER, _IS_ADMITTED).values(is_owner=True).returning(_users.c.id)
)


def _available_number() -> ScalarSelect[Any]:
    """Return a subquery for one of the `candidates` that is no vehicle's number, or NULL."""
    wanted = func.unnest(bindparam("candidates", type_=ARRAY(Integer)))
    candidates = wanted.table_valued("number").render_derived()
    is_taken = exists().where(
        _vehicles.c.city == bindparam("city", type_=String()),
        _vehicles.c.number == candidates.c.number,
    )
    return select(candidates.c.number).where(~is_taken).limit(1).scalar_subquery()


def _add_vehicle() -> ReturningInsert[Any]:
    """Add a vehicle, unless its owner has added too many lately or has too many without position.

    The owner's row is locked, so that no other vehicle of the owner is added meanwhile. Adds none
    if another owner's vehicle takes the number meanwhile; executed again, it chooses another.
    """
    row: dict[str, ColumnElement[Any]] = {
        name: bindparam(name, type_=_vehicles.c[name].type)
        for name in (
            *("city", "id", "owner_id", "type", "color", "brand", "last_location"),
            *("latitude", "longitude", "status", "date_added"),
        )
    }
    row |= {"number": _available_number(), "state_since": row["date_added"]}
    count = select(func.count()).where(
        _vehicles.c.city == row["city"], _vehicles.c.owner_id == row["owner_id"]
    )
    added = count.where(_vehicles.c.date_added > bindparam("since", type_=DateTime(timezone=True)))
    without_position = count.where(_vehicles.c.removed_at.is_(None), _vehicles.c.latitude.is_(None))
    source = select(*row.values()).where(
        added.scalar_subquery() < bindparam("most_added", type_=Integer()),
        or_(
            bindparam("has_position", type_=Boolean()),
            without_position.scalar_subquery()
            < bindparam("most_without_position", type_=Integer()),
        ),
    )
    added_vehicle = (
        pg_insert(_vehicles)
        .from_select(list(row), source)
        .on_conflict_do_nothing()
        .returning(_vehicles.c.id, _vehicles.c.state_since, *place())
        .cte("vehicle")
    )
    return insert_event(
        added_vehicle,
        row["city"],
        event_types=_types(_REMOVED, _AVAILABLE),
        previous_state=literal(_REMOVED),
        state=literal(_AVAILABLE),
    )


ADD_VEHICLE: Final = _add_vehicle()

REMOVE_VEHICLE: Final = (
    update(_vehicles)
    .where(
        _IS_VEHICLE,
        _vehicles.c.owner_id == _USER_ID,
        _vehicles.c.removed_at.is_(None),
    )
    .values(removed_at=_REMOVED_AT, remove_after_ride=True)
    .returning(_vehicles.c.removed_at, _vehicles.c.status)
)
SELECT_VEHICLE_OWNER: Final = select(
    _vehicles.c.owner_id, _vehicles.c.removed_at, _vehicles.c.remove_after_ride
).where(_IS_VEHICLE)

# Reservations

NO_RESERVATION: Final = {
    column: null() for column in _users.c if column.name.startswith("reservation_")
}
# A reservation that is used or given up ends now; the vehicle keeps who had it.
_RESERVED_UNTIL_NOW: Final = case((_IS_RESERVED, _NOW), else_=_vehicles.c.reserved_until)
_CAN_BE_RESERVED: Final = and_(
    _vehicles.c.removed_at.is_(None),
    _vehicles.c.status == AVAILABLE,
    # Not by its last rider again: for as long, so that nobody keeps a vehicle for themselves.
    or_(
        _vehicles.c.reserved_until.is_(None),
        _vehicles.c.reserved_until <= bindparam("again_since", type_=DateTime(timezone=True)),
        and_(_vehicles.c.reserved_until <= _TIME, ~_BY_USER),
    ),
)


def _lock_by_public_id(
    rider: CTE, kept: tuple[ColumnElement[Any], ...], *conditions: ColumnElement[bool]
) -> CTE:
    """Lock the vehicle of this public id, if there is a rider and the vehicle meets the conditions.

    Also select the rider and `kept` of the vehicle as it is then.

    The casts keep CockroachDB from using the index of public ids for the lock, where it stays for
    50 ms.
    """
    shown = (
        select(_vehicles.c.id, rider.c.id.label("rider_id"))
        .select_from(rider.join(_vehicles, _IS_SHOWN))
        .cte("shown")
    )
    public_id = sql_cast(bindparam("vehicle_public_id", type_=Uuid()), String())
    is_still_shown = sql_cast(_vehicles.c.public_id, String()) == public_id
    is_vehicle = _is_vehicle(_VEHICLE_CITY, shown.c.id)
    return _lock_by_key(shown, is_vehicle, (shown.c.rider_id, *kept), is_still_shown, *conditions)


def _lock_by_key(
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
        select(_vehicles.c.id, *kept)
        .select_from(found.join(_vehicles, is_vehicle))
        .where(*conditions)
        .with_for_update(of=_vehicles)
        .cte("locked")
    )


def _reserve() -> ReturningUpdate[Any]:
    """Reserve a vehicle, in one statement.

    Locks the rider's row if they may reserve; then reserves the vehicle if it is available; then
    records the reservation in the rider's row.
    """
    rider = (
        select(_users.c.id)
        .where(
            _HAS_SESSION,
            _IS_ADMITTED,
            _users.c.active_ride_id.is_(None),
            or_(_users.c.reservation_until.is_(None), _users.c.reservation_until <= _NOW),
        )
        .with_for_update()
        .cte("rider")
    )
    reserved = _set_reserved(rider)
    event = insert_event(
        reserved,
        _VEHICLE_CITY,
        event_types=_types(_AVAILABLE, _RESERVED),
        previous_state=literal(_AVAILABLE),
        state=literal(_RESERVED),
        expires_at=reserved.c.reserved_until,
    )
    return (
        update(_users)
        .where(_IS_USER, _users.c.id == reserved.c.rider_id)
        .values(
            reservation_city=_VEHICLE_CITY,
            reservation_public_id=reserved.c.public_id,
            reservation_type=reserved.c.type,
            reservation_brand=reserved.c.brand,
            reservation_until=reserved.c.reserved_until,
        )
        .add_cte(event.cte("event"))
        .returning(_users.c.id)
    )


def _set_reserved(rider: CTE) -> CTE:
    """Reserve the vehicle if it is available."""
    locked = _lock_by_public_id(rider, (), _CAN_BE_RESERVED)
    return (
        update(_vehicles)
        .where(_is_vehicle(_VEHICLE_CITY, locked.c.id))
        .values(
            reserved_until=bindparam("until", type_=DateTime(timezone=True)),
            reserved_by_city=_USER_CITY,
            reserved_by_id=_USER_ID,
            state_since=STATE_SINCE,
        )
        .returning(
            locked.c.rider_id,
            *(_vehicles.c[name] for name in ("public_id", "type", "brand", "reserved_until")),
            *(_vehicles.c[name] for name in ("id", "state_since")),
            *place(),
        )
        .cte("reserved")
    )


RESERVE: Final = _reserve()

# The rider's row and, if they had this vehicle reserved last, until when.
SELECT_RIDER_AND_RESERVED_UNTIL: Final = (
    select(*_STATE, _vehicles.c.reserved_until)
    .select_from(_users)
    .outerjoin(_vehicles, and_(_IS_SHOWN, _BY_USER))
    .where(_IS_USER)
)


def _give_up() -> Select[Any]:
    """End a reservation, in one statement: in the rider's row, then in the vehicle's."""
    rider = (
        update(_users)
        .where(
            _HAS_SESSION,
            _users.c.reservation_city == _VEHICLE_CITY,
            _users.c.reservation_public_id == bindparam("vehicle_public_id", type_=Uuid()),
        )
        .values(NO_RESERVATION)
        .returning(_users.c.id)
        .cte("rider")
    )
    # These are no conditions of WHERE: the vehicle as it was before this statement waited for the
    # rider's row may not meet them, and PostgreSQL would not look at it again.
    is_mine = and_(_vehicles.c.status == AVAILABLE, _IS_RESERVED, _BY_USER)
    locked = _lock_by_public_id(rider, (func.coalesce(is_mine, false()).label("is_mine"),))
    given_up = _end_reservation(locked)
    is_leaving = given_up.c.removed_at.is_not(None)
    event = insert_event(
        given_up,
        _VEHICLE_CITY,
        given_up.c.is_mine,
        event_types=case(
            (is_leaving, _types(_RESERVED, _REMOVED)), else_=_types(_RESERVED, _AVAILABLE)
        ),
        previous_state=literal(_RESERVED),
        state=case((is_leaving, _REMOVED), else_=_AVAILABLE),
    )
    return select(rider.c.id).add_cte(event.cte("event"))


def _end_reservation(locked: CTE) -> CTE:
    """End the reservation if it is the rider's; a vehicle that leaves after it leaves now."""
    is_leaving = and_(locked.c.is_mine, _vehicles.c.removed_at > _NOW)
    return (
        update(_vehicles)
        .where(_is_vehicle(_VEHICLE_CITY, locked.c.id))
        .values(
            reserved_until=case((locked.c.is_mine, _NOW), else_=_vehicles.c.reserved_until),
            removed_at=case((is_leaving, _NOW), else_=_vehicles.c.removed_at),
            state_since=case((locked.c.is_mine, STATE_SINCE), else_=_vehicles.c.state_since),
        )
        .returning(
            *(_vehicles.c[name] for name in ("id", "state_since", "removed_at")),
            *place(),
            locked.c.is_mine,
        )
        .cte("given_up")
    )


GIVE_UP: Final = _give_up()

# Of the rider who has this vehicle reserved; the vehicle's row is another statement's.
END_RESERVATION: Final = (
    update(_users)
    .where(
        _IS_USER,
        _users.c.reservation_city == _VEHICLE_CITY,
        _users.c.reservation_public_id == bindparam("vehicle_public_id", type_=Uuid()),
    )
    .values(NO_RESERVATION)
)

# Rides

_CAN_BE_STARTED: Final = and_(
    _vehicles.c.status == AVAILABLE,
    or_(
        and_(_vehicles.c.removed_at.is_(None), _NOT_RESERVED),
        and_(_IS_RESERVED, _BY_USER),
    ),
)


def _start_ride() -> ReturningInsert[Any]:
    """Start a ride, in one statement.

    Locks the rider's row if they may start a ride; then sets the vehicle in use if it is available;
    then records the ride in the rider's row and inserts it. Without a row of one step the next ones
    have nothing to change. The ride notes the tariff in force, if rides are charged.
    """
    rider = (
        select(_users.c.id)
        .where(_HAS_SESSION, _IS_ADMITTED, _users.c.active_ride_id.is_(None))
        .with_for_update()
        .cte("rider")
    )
    taken = _with_tariff(_set_in_use(rider))
    ride: dict[str, ColumnElement[Any]] = {
        "city": _RIDE_CITY,
        "id": _RIDE_ID,
        "vehicle_id": taken.c.id,
        "rider_city": _USER_CITY,
        "rider_id": taken.c.rider_id,
        "start_time": taken.c.start_time,
        "start_location": taken.c.last_location,
        "start_latitude": taken.c.latitude,
        "start_longitude": taken.c.longitude,
        **{name: taken.c[name] for name in _TARIFF},
    }
    event = insert_event(
        taken,
        _RIDE_CITY,
        event_types=_types(_AVAILABLE, _ON_TRIP),
        previous_state=taken.c.previous_state,
        state=literal(_ON_TRIP),
        ride_id=_RIDE_ID,
    )
    return (
        insert(_rides)
        .from_select(list(ride), select(*ride.values()))
        .add_cte(_set_active_ride(taken), event.cte("event"))
        .returning(_rides.c.id)
    )


def _set_in_use(rider: CTE) -> CTE:
    """Set the vehicle in use if it is available, which ends its reservation.

    The ride starts when the vehicle's last one ended or later: this request may have waited for
    that one's lock, or its server's clock may be behind.
    """
    previous = case((_IS_RESERVED, _RESERVED), else_=_AVAILABLE).label("previous_state")
    locked = _lock_by_public_id(rider, (previous,), _CAN_BE_STARTED)
    return (
        update(_vehicles)
        .where(_is_vehicle(_VEHICLE_CITY, locked.c.id))
        .values(
            status=IN_USE,
            removed_at=null(),
            reserved_until=_RESERVED_UNTIL_NOW,
            state_since=STATE_SINCE,
        )
        .returning(
            locked.c.rider_id,
            locked.c.previous_state,
            _vehicles.c.id,
            _vehicles.c.state_since,
            func.greatest(_NOW, _vehicles.c.available_since).label("start_time"),
            *(_vehicles.c[name] for name in ("public_id", "type", "brand", "last_location")),
            *(_vehicles.c[name] for name in ("latitude", "longitude")),
        )
        .cte("taken")
    )


_TARIFF: Final = ("unlock_fee", "per_minute", "daily_cap", "owner_percent")


def _with_tariff(taken: CTE) -> CTE:
    """Select the vehicle with the tariff in force, or with NULLs if the ride is free of charge."""
    in_force = and_(
        bindparam("is_charged", type_=Boolean()),
        _tariffs.c.city == _RIDE_CITY,
        _tariffs.c.vehicle_type == taken.c.type,
        _tariffs.c.valid_from <= taken.c.start_time,
    )
    return (
        select(taken, *(_tariffs.c[name] for name in _TARIFF))
        .select_from(taken.outerjoin(_tariffs, in_force))
        .order_by(_tariffs.c.valid_from.desc())
        .limit(1)
        .cte("with_tariff")
    )


def _set_active_ride(taken: CTE) -> CTE:
    """Record the ride and what pages show of it in the rider's row.

    Clears a reservation of this vehicle, and leaves one of another vehicle as it is.
    """
    cities = _users.c.cities_ridden
    is_reserved = _users.c.reservation_public_id == taken.c.public_id
    return (
        update(_users)
        .where(_IS_USER, _users.c.id == taken.c.rider_id)
        .values(
            active_ride_city=_RIDE_CITY,
            active_ride_id=_RIDE_ID,
            active_ride_type=taken.c.type,
            active_ride_brand=taken.c.brand,
            active_ride_start=taken.c.start_time,
            active_ride_latitude=taken.c.latitude,
            active_ride_longitude=taken.c.longitude,
            active_ride_unlock_fee=taken.c.unlock_fee,
            active_ride_per_minute=taken.c.per_minute,
            active_ride_daily_cap=taken.c.daily_cap,
            cities_ridden=case(
                (any_(cities) == _RIDE_CITY, cities),
                else_=func.array_append(cities, _RIDE_CITY),
            ),
            **{column.name: case((is_reserved, null()), else_=column) for column in NO_RESERVATION},
        )
        .returning(_users.c.id)  # CockroachDB requires RETURNING in a data-modifying CTE
        .cte("active_ride")
    )


START_RIDE: Final = _start_ride()

# The rider's row and, if they are riding in this city, the public id of their vehicle.
SELECT_RIDER_AND_VEHICLE: Final = (
    select(*_STATE, _vehicles.c.public_id)
    .select_from(_users)
    .outerjoin(_rides, and_(_rides.c.city == _RIDE_CITY, _rides.c.id == _users.c.active_ride_id))
    .outerjoin(
        _vehicles, and_(_vehicles.c.city == _RIDE_CITY, _vehicles.c.id == _rides.c.vehicle_id)
    )
    .where(_IS_USER)
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
_MOST_CHARGED: Final = case((bindparam("is_forgotten", type_=Boolean()), _rides.c.daily_cap))


def _clear_active_ride(*conditions: ColumnElement[bool]) -> CTE:
    """Clear the ride in the rider's row, if it is there and meets the conditions."""
    return (
        update(_users)
        .where(
            _HAS_SESSION,
            _users.c.active_ride_city == _RIDE_CITY,
            _users.c.active_ride_id == _RIDE_ID,
            *conditions,
        )
        .values({column: null() for column in _users.c if column.name.startswith("active_ride_")})
        .returning(_users.c.id, _users.c.receipts_by_mail, _users.c.email_verified_at)
        .cte("rider")
    )


# The clock of the server that started the ride may be ahead of this server's.
_END_TIME: Final = func.greatest(_NOW, _rides.c.start_time)
_LENGTH: Final = _END_TIME - _rides.c.start_time


def _ended(rider: CTE, **facts: ColumnElement[Any]) -> CTE:
    """End the ride that was in the rider's row, with these values of further columns."""
    return (
        update(_rides)
        .where(_IS_RIDE, _rides.c.rider_id == rider.c.id)
        .values(end_time=_END_TIME, length=_LENGTH, **facts)
        .returning(
            *(_rides.c[name] for name in ("vehicle_id", "rider_city", "rider_id")),
            *(_rides.c[name] for name in ("start_time", "end_time", "length", "distance")),
            *(_rides.c[name] for name in ("amount", "owner_percent")),
        )
        .cte("ended")
    )


def _add_to_totals(ended: CTE) -> CTE:
    """Add the ended ride to its rider's totals of the week and the month."""
    period = (by := periods()).c.period
    row: dict[str, ColumnElement[Any]] = {
        "city": _USER_CITY,
        "rider_id": _USER_ID,
        "period": period,
        "begin": begin_at(period, ended.c.start_time, bindparam("timezone", type_=String())),
        "rides": literal(1),
        "length": ended.c.length,
        "distance": func.coalesce(ended.c.distance, 0),
    }
    added = pg_insert(_totals).from_select(
        list(row), select(*row.values()).select_from(ended.join(by, true()))
    )
    sums = {
        name: _totals.c[name] + added.excluded[name] for name in ("rides", "length", "distance")
    }
    return (
        added.on_conflict_do_update(index_elements=list(_totals.primary_key), set_=sums)
        .returning(_totals.c.period)
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
        "city": _RIDE_CITY,
        "ride_id": _RIDE_ID,
        "kind": literal(FARE),
        "account": by.c.account,
        "holder_city": case({RIDER: ended.c.rider_city, OWNER: _RIDE_CITY}, value=by.c.account),
        "holder_id": case(
            {RIDER: ended.c.rider_id, OWNER: _vehicles.c.owner_id}, value=by.c.account
        ),
        "vehicle_id": ended.c.vehicle_id,
        "amount": amount,
        "currency": bindparam("currency", type_=String()),
        "created_at": ended.c.end_time,
    }
    is_vehicle = _is_vehicle(_RIDE_CITY, ended.c.vehicle_id)
    entries = (
        select(*row.values())
        .select_from(ended.join(_vehicles, is_vehicle).join(by, true()))
        .where(amount != 0)
    )
    return insert(_ledger).from_select(list(row), entries).returning(_ledger.c.kind).cte("charged")


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
    is_vehicle = _is_vehicle(_RIDE_CITY, ended.c.vehicle_id)
    locked = _lock_by_key(ended, is_vehicle, (ended.c.end_time,))
    vehicle = (
        update(_vehicles)
        .where(_is_vehicle(_RIDE_CITY, locked.c.id))
        .values(
            status=case((_vehicles.c.paused_by.is_(None), AVAILABLE), else_=_PAUSED),
            public_id=bindparam("new_public_id"),
            available_since=locked.c.end_time,
            removed_at=case((_vehicles.c.remove_after_ride, locked.c.end_time)),
            state_since=STATE_SINCE,
            **place,
        )
        .returning(*(_vehicles.c[name] for name in ("id", "state_since", "status", "removed_at")))
        .cte("vehicle")
    )
    is_removed, is_paused = vehicle.c.removed_at.is_not(None), vehicle.c.status == _PAUSED
    event = insert_event(
        vehicle,
        _RIDE_CITY,
        event_types=case(
            (is_removed, _trip_types(event_type, _REMOVED)),
            (is_paused, _trip_types(event_type, _PAUSED)),
            else_=_trip_types(event_type, _AVAILABLE),
        ),
        previous_state=literal(_ON_TRIP),
        state=case((is_removed, _REMOVED), else_=vehicle.c.status),
        ride_id=_RIDE_ID,
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
        end_location=_PLACE,
        end_latitude=_POSITION["latitude"],
        end_longitude=_POSITION["longitude"],
        distance=metres_between(
            _rides.c.start_latitude, _rides.c.start_longitude, *_POSITION.values()
        ),
        amount=func.coalesce(func.least(fare_of(_rides.c, _LENGTH), _MOST_CHARGED), 0),
    )
    available = _make_available(ended, TRIP_END, last_location=_PLACE, **_POSITION)
    return available.add_cte(_add_to_totals(ended), _charge(ended), put_receipt(ended, rider))


END_RIDE: Final = _end_ride()


# Makes a ride free of charge, as if there had been no tariff at its start.
WAIVE_FARE: Final = update(_rides).where(_IS_RIDE).values(dict.fromkeys(_TARIFF))


def _undo_ride() -> Select[Any]:
    """Undo a ride, in one statement: like END_RIDE, but soon after the start and near it.

    The vehicle stays where it was, and the ride costs nothing and counts in no totals.
    """
    started = (_users.c.active_ride_latitude, _users.c.active_ride_longitude)
    is_near = or_(
        started[0].is_(None),
        metres_between(*started, *_POSITION.values()) <= bindparam("radius", type_=Integer()),
    )
    is_recent = _users.c.active_ride_start >= bindparam("undo_since", type_=DateTime(timezone=True))
    undone = _ended(
        _clear_active_ride(is_recent, is_near),
        end_location=_rides.c.start_location,
        undone=true(),
        amount=literal(0),
    )
    return _make_available(undone, TRIP_CANCEL)


UNDO_RIDE: Final = _undo_ride()


def _explain_undo() -> ReturningUpdate[Any]:
    """Note why a rider has undone a ride.

    The rider's row is locked, so that the words do not follow the deletion of the account.
    """
    rider = select(_users.c.id).where(_HAS_SESSION).with_for_update().cte("rider")
    return (
        update(_rides)
        .where(
            _IS_RIDE,
            _rides.c.rider_city == _USER_CITY,
            _rides.c.rider_id == rider.c.id,
            _rides.c.undone,
        )
        .values(undo_reason=bindparam("reason", type_=String()))
        .returning(_rides.c.id)
    )


EXPLAIN_UNDO: Final = _explain_undo()

# The rider's row, and whose ride this is.
SELECT_RIDER_AND_RIDE: Final = (
    select(
        *_STATE,
        *(
            _rides.c[name]
            for name in ("rider_city", "rider_id", "start_time", "end_time", "undone")
        ),
    )
    .select_from(_users)
    .outerjoin(_rides, _IS_RIDE)
    .where(_IS_USER)
)

# Money

# The parameters have the names of the columns.
ADD_TARIFF: Final = pg_insert(_tariffs).on_conflict_do_nothing().returning(_tariffs.c.vehicle_type)


_IS_FARE_OF_RIDE: Final = and_(
    _ledger.c.city == _RIDE_CITY, _ledger.c.ride_id == _RIDE_ID, _ledger.c.kind == FARE
)


def _book_once(row: dict[str, ColumnElement[Any]], entries: Select[Any]) -> ReturningInsert[Any]:
    """Add entries with these columns to the ledger, or none if they are there."""
    return (
        pg_insert(_ledger)
        .from_select(list(row), entries)
        .on_conflict_do_nothing()
        .returning(_ledger.c.account)
    )


def _book_payment() -> ReturningInsert[Any]:
    """Book that a rider has paid the fare of a ride, once: the gateway has the money."""
    by = values(column("account", String()), name="accounts").data([(RIDER,), (GATEWAY,)])
    is_rider = by.c.account == RIDER
    row: dict[str, ColumnElement[Any]] = {
        **{name: _ledger.c[name] for name in ("city", "ride_id", "vehicle_id", "currency")},
        "kind": literal(PAYMENT),
        "account": by.c.account,
        "holder_city": case((is_rider, _ledger.c.holder_city)),
        "holder_id": case((is_rider, _ledger.c.holder_id)),
        "amount": case((is_rider, -_ledger.c.amount), else_=_ledger.c.amount),
        "created_at": _NOW,
    }
    entries = select(*row.values()).select_from(_ledger.join(by, true()))
    return _book_once(row, entries.where(_IS_FARE_OF_RIDE, _ledger.c.account == RIDER))


BOOK_PAYMENT: Final = _book_payment()


def _refund_fare() -> ReturningInsert[Any]:
    """Take a fare back, once, by entries of the same accounts with the other sign."""
    changed: dict[str, ColumnElement[Any]] = {
        "kind": literal(REFUND),
        "amount": -_ledger.c.amount,
        "created_at": _NOW,
    }
    row = {each.name: changed.get(each.name, each) for each in _ledger.c}
    return _book_once(row, select(*row.values()).where(_IS_FARE_OF_RIDE))


REFUND_FARE: Final = _refund_fare()

# Operators

# For tables that are REGIONAL BY ROW without a computed column, as in CockroachDB's guide "scale to
# multiple regions". The column is not in the models.
UPDATE_REGIONS: Final = tuple(
    text(
        f"UPDATE {table.name} SET crdb_region = :region"  # noqa: S608 - a name of ours
        " WHERE city = :city AND crdb_region <> :region"
    )
    for table in TABLES
)
