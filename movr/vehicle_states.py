"""The states of vehicles, in the words of MDS 2.0, and the only table of their transitions.

A row stores whether its vehicle is available, in use, out of service or missing. The other states
depend on the clock: a vehicle is reserved until `reserved_until`, and removed from `removed_at` on.
`state` computes the state in Python and `state_of` in SQL (docs/decisions/0022). Their time is not
before the vehicle's last event, whose request may have had a faster clock.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func

from movr.formats import AVAILABLE, IN_USE


class VehicleState(StrEnum):
    """A state of a vehicle, as cities know it: modes/vehicle_states.md of MDS 2.0."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    ON_TRIP = "on_trip"
    NON_OPERATIONAL = "non_operational"
    MISSING = "missing"
    REMOVED = "removed"


_AVAILABLE, _RESERVED, _ON_TRIP, _PAUSED, _MISSING, _REMOVED = VehicleState

# What `vehicles.status` can be. The tutorial's word for a vehicle on a trip is `in_use`.
STATUSES: Final = (AVAILABLE, IN_USE, _PAUSED.value, _MISSING.value)

# Who has taken a vehicle out of service.
BY_OWNER: Final = "owner"
BY_REPORTS: Final = "reports"
BY_STAFF: Final = "staff"
PAUSED_BY: Final = (BY_OWNER, BY_REPORTS, BY_STAFF)

TRIP_END: Final = "trip_end"
TRIP_CANCEL: Final = "trip_cancel"  # instead of TRIP_END, of a ride that was undone
# Of a vehicle that is moved: it is removed until the next event, which puts it down in the state in
# which it was.
PICK_UP: Final = ("rebalance_pick_up",)
_NOT_LOCATED: Final = ("unspecified", "not_located")

# The allowed transitions, each with the event types that lead there: modes/micromobility.md of
# MDS 2.0. Of several types, each begins in the state to which the one before has led.
TRANSITIONS: Final[dict[tuple[VehicleState, VehicleState], tuple[str, ...]]] = {
    (_REMOVED, _AVAILABLE): ("provider_drop_off",),
    (_REMOVED, _PAUSED): ("provider_drop_off", "maintenance"),
    (_REMOVED, _MISSING): _NOT_LOCATED,
    (_AVAILABLE, _RESERVED): ("reservation_start",),
    (_AVAILABLE, _ON_TRIP): ("trip_start",),
    (_AVAILABLE, _PAUSED): ("maintenance",),
    (_AVAILABLE, _MISSING): _NOT_LOCATED,
    (_AVAILABLE, _REMOVED): ("decommissioned",),
    (_RESERVED, _AVAILABLE): ("reservation_cancel",),
    (_RESERVED, _ON_TRIP): ("trip_start",),
    (_RESERVED, _PAUSED): ("reservation_cancel", "maintenance"),
    (_RESERVED, _MISSING): ("reservation_cancel", *_NOT_LOCATED),
    (_RESERVED, _REMOVED): ("reservation_cancel", "decommissioned"),
    (_ON_TRIP, _AVAILABLE): (TRIP_END,),
    (_ON_TRIP, _PAUSED): (TRIP_END, "maintenance"),
    (_ON_TRIP, _REMOVED): (TRIP_END, "decommissioned"),
    (_PAUSED, _AVAILABLE): ("maintenance",),
    (_PAUSED, _MISSING): _NOT_LOCATED,
    (_PAUSED, _REMOVED): ("decommissioned",),
    (_MISSING, _AVAILABLE): ("located",),
    (_MISSING, _PAUSED): ("located",),
    (_MISSING, _REMOVED): ("decommissioned",),
}


def state(vehicle: Any, now: datetime) -> VehicleState:  # noqa: ANN401 - a row of any statement
    """Return the state of a vehicle's row."""
    now = max(now, vehicle.state_since or now)
    if vehicle.removed_at and vehicle.removed_at <= now:
        return VehicleState.REMOVED
    if vehicle.status == IN_USE:
        return VehicleState.ON_TRIP
    if vehicle.status == AVAILABLE and vehicle.reserved_until and vehicle.reserved_until > now:
        return VehicleState.RESERVED
    return VehicleState(vehicle.status)


def state_of(columns: Any, now: ColumnElement[datetime]) -> ColumnElement[str]:  # noqa: ANN401 - of any table
    """Return the SQL equivalent of `state` for a vehicle's columns."""
    time = time_of(columns, now)
    return case(
        (columns.removed_at <= time, _REMOVED.value),
        (columns.status == IN_USE, _ON_TRIP.value),
        (and_(columns.status == AVAILABLE, columns.reserved_until > time), _RESERVED.value),
        else_=columns.status,
    )


def time_of(columns: Any, now: ColumnElement[datetime]) -> ColumnElement[datetime]:  # noqa: ANN401 - of any table
    """Return SQL for the present time of a vehicle: `now`, but not before its last event."""
    return func.greatest(now, columns.state_since)
