"""Events: the changes of vehicles' states, which are kept for their owners, staff and cities.

Everything that changes a state adds an event by the same statement or transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from math import floor
from typing import Any, Final, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    DateTime,
    Float,
    FromClause,
    String,
    Table,
    Uuid,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.sql.dml import ReturningInsert

from movr.database.execution import run
from movr.models import Vehicle, VehicleEvent
from movr.results import VehicleKey
from movr.vehicle_states import TRANSITIONS, VehicleState

_events, _vehicles = (cast("Table", model.__table__) for model in (VehicleEvent, Vehicle))

_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_FLOAT_ERROR: Final = 1e-6  # of hundredths: more than that of a product, less than a millimetre

# The new `state_since` of a vehicle. Its events happen one after the other, although a request may
# have waited for another one, and the clocks of servers differ.
STATE_SINCE: Final[ColumnElement[datetime]] = func.greatest(
    _NOW, _vehicles.c.state_since + literal_column("INTERVAL '1 microsecond'")
)


def coarse(degrees: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return SQL that rounds degrees down to a hundredth, about a kilometre.

    Hundredths stay as they are, although a hundred times 0.29 is less than 29.
    """
    hundredths = func.floor(degrees * 100 + _FLOAT_ERROR, type_=Float())
    return hundredths / 100.0  # of an integer, SQLAlchemy would make a decimal


def coarse_degrees(degrees: float) -> float:
    """Return the same in Python."""
    return floor(degrees * 100 + _FLOAT_ERROR) / 100


def place() -> tuple[ColumnElement[Any], ...]:
    """Return SQL for a vehicle's place, as it is in events."""
    names = ("latitude", "longitude")
    return tuple(coarse(_vehicles.c[name]).label(name) for name in names)


def types(*names: str) -> ColumnElement[Any]:
    """Return SQL for the types of an event."""
    return array([literal(name, String()) for name in names])


def insert_event(
    changed: FromClause,
    city: ColumnElement[str],
    *conditions: ColumnElement[bool],
    **facts: ColumnElement[Any],
) -> ReturningInsert[Any]:
    """Return a statement that adds an event of each changed vehicle that meets the conditions.

    `changed` has the vehicles' columns `id` and `state_since`, and their `place` unless the event
    is one of a ride; `facts` are values of further columns.
    """
    has_place = "ride_id" not in facts
    row: dict[str, ColumnElement[Any]] = {
        "city": city,
        "vehicle_id": changed.c.id,
        "happened_at": changed.c.state_since,
        **({name: changed.c[name] for name in ("latitude", "longitude")} if has_place else {}),
        **facts,
    }
    events = select(*row.values()).select_from(changed).where(*conditions)
    return insert(_events).from_select(list(row), events).returning(_events.c.vehicle_id)


def _record() -> ReturningInsert[Any]:
    """Add an event of a vehicle, whose row the transaction has locked and changed."""
    city = bindparam("vehicle_city", type_=String())
    changed = (
        update(_vehicles)
        .where(_vehicles.c.city == city, _vehicles.c.id == bindparam("vehicle_id", type_=Uuid()))
        .values(state_since=STATE_SINCE)
        .returning(_vehicles.c.id, _vehicles.c.state_since, *place())
        .cte("changed")
    )
    return insert_event(
        changed,
        city,
        event_types=bindparam("event_types", type_=ARRAY(String())),
        previous_state=bindparam("previous_state", type_=String()),
        state=bindparam("state", type_=String()),
    )


_RECORD: Final = _record()


def record(
    connection: Connection,
    vehicle: VehicleKey,
    previous: VehicleState,
    state: VehicleState,
    *,
    now: datetime,
    types: Sequence[str] = (),
) -> None:
    """Add the event of a change that this transaction has made to a locked vehicle's row.

    Its types are those of the table of transitions by default. The database refuses a change that
    is not in that table.
    Rides and reservations add their events by their own statements (movr/changes).
    """
    run(
        connection,
        _RECORD,
        vehicle_city=vehicle.city,
        vehicle_id=vehicle.id,
        previous_state=previous,
        state=state,
        event_types=list(types or TRANSITIONS[previous, state]),
        now=now,
    )
