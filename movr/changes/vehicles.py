"""Changes of vehicles by their owners."""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    ScalarSelect,
    String,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert

from movr.changes.common import (
    AVAILABLE_STATE,
    HAS_SESSION,
    IS_ADMITTED,
    IS_VEHICLE,
    REMOVED_AT,
    REMOVED_STATE,
    USER_ID,
    transition_types,
    users,
    vehicles,
)
from movr.vehicle_events import insert_event, place

MAKE_OWNER: Final = (
    update(users).where(HAS_SESSION, IS_ADMITTED).values(is_owner=True).returning(users.c.id)
)


def _available_number() -> ScalarSelect[Any]:
    """Return a subquery for one of the `candidates` that is no vehicle's number, or NULL."""
    wanted = func.unnest(bindparam("candidates", type_=ARRAY(Integer)))
    candidates = wanted.table_valued("number").render_derived()
    is_taken = exists().where(
        vehicles.c.city == bindparam("city", type_=String()),
        vehicles.c.number == candidates.c.number,
    )
    return select(candidates.c.number).where(~is_taken).limit(1).scalar_subquery()


def _add_vehicle() -> ReturningInsert[Any]:
    """Add a vehicle, unless its owner has added too many lately or has too many without position.

    The owner's row is locked, so that no other vehicle of the owner is added meanwhile. Adds none
    if another owner's vehicle takes the number meanwhile; executed again, it chooses another.
    """
    row: dict[str, ColumnElement[Any]] = {
        name: bindparam(name, type_=vehicles.c[name].type)
        for name in (
            *("city", "id", "owner_id", "type", "color", "brand", "last_location"),
            *("latitude", "longitude", "status", "date_added"),
        )
    }
    row |= {"number": _available_number(), "state_since": row["date_added"]}
    count = select(func.count()).where(
        vehicles.c.city == row["city"], vehicles.c.owner_id == row["owner_id"]
    )
    added = count.where(vehicles.c.date_added > bindparam("since", type_=DateTime(timezone=True)))
    without_position = count.where(vehicles.c.removed_at.is_(None), vehicles.c.latitude.is_(None))
    source = select(*row.values()).where(
        added.scalar_subquery() < bindparam("most_added", type_=Integer()),
        or_(
            bindparam("has_position", type_=Boolean()),
            without_position.scalar_subquery()
            < bindparam("most_without_position", type_=Integer()),
        ),
    )
    added_vehicle = (
        pg_insert(vehicles)
        .from_select(list(row), source)
        .on_conflict_do_nothing()
        .returning(vehicles.c.id, vehicles.c.state_since, *place())
        .cte("vehicle")
    )
    return insert_event(
        added_vehicle,
        row["city"],
        event_types=transition_types(REMOVED_STATE, AVAILABLE_STATE),
        previous_state=literal(REMOVED_STATE),
        state=literal(AVAILABLE_STATE),
    )


ADD_VEHICLE: Final = _add_vehicle()

REMOVE_VEHICLE: Final = (
    update(vehicles)
    .where(
        IS_VEHICLE,
        vehicles.c.owner_id == USER_ID,
        vehicles.c.removed_at.is_(None),
    )
    .values(removed_at=REMOVED_AT, remove_after_ride=True)
    .returning(vehicles.c.removed_at, vehicles.c.status)
)
SELECT_VEHICLE_OWNER: Final = select(
    vehicles.c.owner_id, vehicles.c.removed_at, vehicles.c.remove_after_ride
).where(IS_VEHICLE)
