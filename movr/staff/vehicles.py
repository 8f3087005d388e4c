"""What staff do with vehicles, with the parts of transactions that owners have too."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from movr import errors, fleet, transactions
from movr.results import UserKey, VehicleKey
from movr.staff import audit, roles
from movr.staff.audit import Change
from movr.staff.permissions import StaffRequest
from movr.vehicle_events import coarse_degrees
from movr.vehicle_states import BY_STAFF, VehicleState, state


def change_vehicle(
    connection: Connection,
    request: StaffRequest,
    vehicle: VehicleKey,
    *,
    change: Callable[..., bool],
    now: datetime,
    **details: object,
) -> Change | None:
    """Do a change of a vehicle of others, which may end its reservation. Raises NotForYourself.

    Owners could otherwise put back into service what their colleagues have taken out of it.
    """
    row = fleet.lock_with_reserver(connection, vehicle, now=now)
    roles.refuse_oneself(request, UserKey(row.city, row.owner_id))
    before = _facts(row, now)
    if not change(connection, row, **details, now=now):
        return None
    after = _facts(fleet.lock(connection, vehicle), now)
    changed = {name for name in after if before[name] != after[name]} | {"state"}
    was, is_ = ({name: each[name] for name in changed} for each in (before, after))
    return Change(audit.VEHICLE, vehicle, was, is_)


def mark_missing(connection: Connection, vehicle: Row[Any], *, now: datetime) -> bool:
    """Note that a vehicle is not where it should be; return False if this was known."""
    match state(vehicle, now):
        case VehicleState.REMOVED:
            raise errors.VehicleNotFound
        case VehicleState.ON_TRIP:
            raise errors.VehicleInUse
        case VehicleState.MISSING:
            return False
    fleet.set_state(connection, vehicle, status=VehicleState.MISSING.value, now=now)
    return True


def mark_found(connection: Connection, vehicle: Row[Any], *, now: datetime, **place: Any) -> bool:
    """Put a missing vehicle back into the state in which it was; return False if it is not."""
    if state(vehicle, now) is not VehicleState.MISSING:
        return False
    fleet.move(connection, vehicle, **place, now=now)
    status = VehicleState.NON_OPERATIONAL if vehicle.paused_by else VehicleState.AVAILABLE
    fleet.set_state(connection, vehicle, status=status.value, now=now)
    return True


def remove_vehicle(connection: Connection, vehicle: Row[Any], *, now: datetime) -> bool:
    """Remove a vehicle as its owner would; return False if it was removed before.

    It is out of service first: an owner who restores it does not put it back on the street.
    """
    if vehicle.removed_at or vehicle.remove_after_ride:
        return False
    fleet.pause(connection, vehicle, BY_STAFF, now=now)
    owner = UserKey(vehicle.city, vehicle.owner_id)
    transactions.remove_vehicle(connection, VehicleKey(vehicle.city, vehicle.id), owner, now=now)
    return True


def _facts(vehicle: Row[Any], now: datetime) -> dict[str, object]:
    """Return what the audit notes of a vehicle: its place is rounded as in its events."""
    return {
        "state": state(vehicle, now),
        **{
            name: getattr(vehicle, name)
            for name in ("paused_by", "removed_at", "remove_after_ride")
        },
        **{name: _rounded(getattr(vehicle, name)) for name in ("latitude", "longitude")},
    }


def _rounded(degrees: float | None) -> float | None:
    return None if degrees is None else coarse_degrees(degrees)
