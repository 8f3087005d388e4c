"""The data-modifying statements. Each names its city and states its conditions in WHERE.

They are built once, at import; a transaction only supplies the named parameters. `RETURNING` shows
whether a row was changed. Key parameters are called `user_city`, `user_id` and so on, because
SQLAlchemy takes a parameter of an UPDATE that has a column's name as the column's new value.
"""

from typing import Any, Final, cast

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    String,
    Table,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert

from movr.formats import AVAILABLE, IN_USE
from movr.models import Base, Ride, RideTotal, User, Vehicle
from movr.ride_totals import begin_at, periods

# Tables instead of models: a Core UPDATE has no ORM session to synchronise.
_users, _vehicles, _rides, _totals = (
    cast("Table", model.__table__) for model in (User, Vehicle, Ride, RideTotal)
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
_IS_NOT_RIDING: Final = and_(_IS_MEMBER, _users.c.active_ride_id.is_(None))
_IS_VEHICLE: Final = and_(_vehicles.c.city == _VEHICLE_CITY, _vehicles.c.id == _VEHICLE_ID)
_IS_IN_SERVICE: Final = and_(_IS_VEHICLE, _vehicles.c.removed_at.is_(None))
_IS_FREE: Final = and_(_IS_IN_SERVICE, _vehicles.c.status == AVAILABLE)
_IS_RIDE: Final = and_(_rides.c.city == _RIDE_CITY, _rides.c.id == _RIDE_ID)

# Accounts

# The parameters have the names of the columns.
CREATE_ACCOUNT: Final = pg_insert(_users).on_conflict_do_nothing().returning(_users.c.id)

# Names no city: the account with this username may be in any city.
SELECT_USER_BY_USERNAME: Final = select(_users.c.id).where(
    _users.c.username == bindparam("username")
)

END_SESSIONS: Final = (
    update(_users)
    .where(_IS_MEMBER, _users.c.session_epoch == _EPOCH)
    .values(session_epoch=_EPOCH + 1)
)
SET_PASSWORD: Final = END_SESSIONS.values(password_hash=bindparam("new_hash")).returning(
    _users.c.username
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

DELETE_ACCOUNT: Final = (
    update(_users)
    .where(_IS_NOT_RIDING)
    .values({column: None for column in _users.c if column.info.get("personal")})
    .values(session_epoch=_users.c.session_epoch + 1, deleted_at=_NOW)
    .returning(_users.c.id)
)
_IS_OWNED: Final = and_(
    _vehicles.c.city == _USER_CITY,
    _vehicles.c.owner_id == _USER_ID,
    _vehicles.c.removed_at.is_(None),
)
REMOVE_VEHICLES_OF_OWNER: Final = (
    update(_vehicles).where(_IS_OWNED, _vehicles.c.status == AVAILABLE).values(removed_at=_NOW)
)
SELECT_OWNS_VEHICLES: Final = select(exists().where(_IS_OWNED))

# The columns of a user's row that conditions depend on.
SELECT_USER_STATE: Final = select(
    _users.c.active_ride_city, _users.c.active_ride_id, _users.c.deleted_at
).where(_IS_USER)

# Vehicles

MAKE_OWNER: Final = update(_users).where(_IS_MEMBER).values(is_owner=True).returning(_users.c.id)
# The parameters have the names of the columns.
ADD_VEHICLE: Final = pg_insert(_vehicles).on_conflict_do_nothing(index_elements=["city", "id"])

REMOVE_VEHICLE: Final = (
    update(_vehicles)
    .where(_IS_FREE, _vehicles.c.owner_id == _USER_ID)
    .values(removed_at=_NOW)
    .returning(_vehicles.c.id)
)
SELECT_VEHICLE_OWNER: Final = select(_vehicles.c.owner_id, _vehicles.c.removed_at).where(
    _IS_VEHICLE
)
SELECT_VEHICLE_IN_SERVICE: Final = select(_vehicles.c.id).where(_IS_IN_SERVICE)

# Rides

# Records the ride in the user's row, which has columns for one ride only.
SET_ACTIVE_RIDE: Final = (
    update(_users)
    .where(_IS_NOT_RIDING)
    .values(
        active_ride_city=_RIDE_CITY,
        active_ride_id=_RIDE_ID,
        cities_ridden=case(
            (any_(_users.c.cities_ridden) == _RIDE_CITY, _users.c.cities_ridden),
            else_=func.array_append(_users.c.cities_ridden, _RIDE_CITY),
        ),
    )
    .returning(_users.c.id)
)
# The vehicle of a user's active ride.
SELECT_VEHICLE_OF_RIDE: Final = select(_rides.c.vehicle_id).where(_IS_RIDE)


def _record_active_ride(taken: CTE) -> CTE:
    """Record the vehicle, start time and start position in the rider's row."""
    return (
        update(_users)
        .where(_IS_USER, _users.c.id == taken.c.rider_id)
        .values(
            active_ride_type=taken.c.type,
            active_ride_brand=taken.c.brand,
            active_ride_start=_NOW,
            active_ride_latitude=taken.c.latitude,
            active_ride_longitude=taken.c.longitude,
        )
        .returning(_users.c.id)  # CockroachDB requires RETURNING in a data-modifying CTE
        .cte("recorded")
    )


def _start_ride() -> ReturningInsert[Any]:
    """Set an available vehicle in use, record it in the rider's row and insert the ride."""
    taken = (
        update(_vehicles)
        .where(_IS_FREE)
        .values(status=IN_USE)
        .returning(
            _vehicles.c.type,
            _vehicles.c.brand,
            _vehicles.c.last_location,
            _vehicles.c.latitude,
            _vehicles.c.longitude,
            _USER_ID.label("rider_id"),
        )
        .cte("taken")
    )
    ride: dict[str, ColumnElement[Any]] = {
        "city": _RIDE_CITY,
        "id": _RIDE_ID,
        "vehicle_id": _VEHICLE_ID,
        "rider_city": _USER_CITY,
        "rider_id": _USER_ID,
        "start_time": _NOW,
        "start_location": taken.c.last_location,
        "start_latitude": taken.c.latitude,
        "start_longitude": taken.c.longitude,
    }
    written = insert(_rides).from_select(list(ride), select(*ride.values()))
    return written.add_cte(_record_active_ride(taken)).returning(_rides.c.id)


START_RIDE: Final = _start_ride()

# Clears the active ride in the rider's row.
CLEAR_ACTIVE_RIDE: Final = (
    update(_users)
    .where(
        _IS_USER,
        _users.c.active_ride_city == _RIDE_CITY,
        _users.c.active_ride_id == _RIDE_ID,
    )
    .values({column: null() for column in _users.c if column.name.startswith("active_ride_")})
    .returning(_users.c.id)
)


# The position at the end of the ride, or NULL.
_END_POSITION: Final[dict[str, BindParameter[Any]]] = {
    "latitude": bindparam("at_latitude", type_=Float()),
    "longitude": bindparam("at_longitude", type_=Float()),
}


def _ended() -> CTE:
    """End the ride unless it has ended already."""
    # The clock of the server that started the ride may be ahead of this server's.
    end_time = func.greatest(_NOW, _rides.c.start_time)
    return (
        update(_rides)
        .where(_IS_RIDE, _rides.c.end_time.is_(None))
        .values(
            end_location=_PLACE,
            end_latitude=_END_POSITION["latitude"],
            end_longitude=_END_POSITION["longitude"],
            distance=bindparam("metres", type_=Integer()),
            end_time=end_time,
            length=end_time - _rides.c.start_time,
        )
        .returning(_rides.c.vehicle_id, _rides.c.start_time, _rides.c.length, _rides.c.distance)
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


def _end_ride() -> Update:
    """End the ride, add it to the totals and make its vehicle available, in one statement.

    If no position is given, the vehicle keeps its own.
    """
    ended = _ended()
    return (
        update(_vehicles)
        .where(_vehicles.c.city == _RIDE_CITY, _vehicles.c.id.in_(select(ended.c.vehicle_id)))
        .values(
            status=AVAILABLE,
            last_location=_PLACE,
            public_id=bindparam("new_public_id"),
            **{
                name: func.coalesce(given, _vehicles.c[name])
                for name, given in _END_POSITION.items()
            },
        )
        .add_cte(_add_to_totals(ended))
    )


END_RIDE: Final = _end_ride()
SELECT_RIDER_OF_RIDE: Final = select(_rides.c.rider_city, _rides.c.rider_id).where(_IS_RIDE)

# Operators

# For tables that are REGIONAL BY ROW without a computed column, as in CockroachDB's guide "scale to
# multiple regions". The column is not in the models.
UPDATE_REGIONS: Final = tuple(
    text(
        f"UPDATE {table.name} SET crdb_region = :region"  # noqa: S608 - a name of ours
        " WHERE city = :city AND crdb_region <> :region"
    )
    for table in Base.metadata.sorted_tables
)
