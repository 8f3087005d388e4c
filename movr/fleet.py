"""Vehicles in service and out of it: the pages and changes of their owners.

`pause`, `resume`, `move` and `set_state` are the parts of a transaction that owners and staff
share. They take the vehicle's row as `lock` returns it, and leave open who may do this. A
transaction locks the rows of people before it locks that of the vehicle.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    Connection,
    DateTime,
    Float,
    Row,
    String,
    Table,
    Uuid,
    bindparam,
    exists,
    func,
    select,
    update,
)

from movr import errors, queries, results, transactions
from movr import rows as rows_to
from movr.changes import accounts, reservations
from movr.cities import Position, served_city
from movr.database.access import Database
from movr.database.execution import run
from movr.formats import AVAILABLE, IN_USE, SAFETY_KINDS
from movr.idempotency import Repeatable
from movr.member_reads import read_with_member
from movr.models import Report, Vehicle
from movr.proofs import Proof
from movr.results import MemberAndPage, Page, UserKey, VehicleKey
from movr.ride_totals import money_since
from movr.service_area import within_city
from movr.vehicle_events import record
from movr.vehicle_states import (
    BY_OWNER,
    BY_REPORTS,
    BY_STAFF,
    PAUSED_BY,
    PICK_UP,
    VehicleState,
    state,
)

ACTIVITY_PERIOD: Final = timedelta(days=30)  # of the sums of owners' vehicles
RESTORABLE: Final = timedelta(days=1)  # since the vehicle was removed
LAST: Final = datetime.max.replace(tzinfo=UTC)  # later than all events

_vehicles = cast("Table", Vehicle.__table__)

_IS_VEHICLE: Final = (
    _vehicles.c.city == bindparam("vehicle_city", type_=String()),
    _vehicles.c.id == bindparam("vehicle_id", type_=Uuid()),
)

# The columns on which the state depends.
_STATE: Final = ("status", "paused_by", "reserved_until", "removed_at", "remove_after_ride")

LOCK: Final = (
    select(
        *(_vehicles.c[name] for name in ("city", "id", "public_id", "owner_id", *_STATE)),
        *(_vehicles.c[name] for name in ("reserved_by_city", "reserved_by_id", "state_since")),
        *(_vehicles.c[name] for name in ("type", "brand", "color")),
        *(_vehicles.c[name] for name in ("last_location", "latitude", "longitude")),
    )
    .where(*_IS_VEHICLE)
    .with_for_update()
)
SELECT_RESERVER: Final = select(
    _vehicles.c.reserved_by_city.label("city"), _vehicles.c.reserved_by_id.label("id")
).where(*_IS_VEHICLE, _vehicles.c.reserved_until > bindparam("now", type_=DateTime(timezone=True)))
SET_STATE: Final = (
    update(_vehicles)
    .where(*_IS_VEHICLE)
    .values({name: bindparam(f"new_{name}", type_=_vehicles.c[name].type) for name in _STATE})
)
MOVE: Final = (
    update(_vehicles)
    .where(*_IS_VEHICLE)
    .values(
        last_location=bindparam("place", type_=String()),
        latitude=bindparam("at_latitude", type_=Float()),
        longitude=bindparam("at_longitude", type_=Float()),
    )
)
DESCRIBE: Final = (
    update(_vehicles)
    .where(*_IS_VEHICLE)
    .values(
        color=bindparam("new_color", type_=String()), brand=bindparam("new_brand", type_=String())
    )
)


# Of an owner, apart from one vehicle.
COUNT_WITHOUT_POSITION: Final = select(func.count()).where(
    _vehicles.c.city == bindparam("vehicle_city", type_=String()),
    _vehicles.c.owner_id == bindparam("owner_id", type_=Uuid()),
    _vehicles.c.id != bindparam("vehicle_id", type_=Uuid()),
    _vehicles.c.removed_at.is_(None),
    _vehicles.c.latitude.is_(None),
)

HAS_OPEN_SAFETY_REPORT: Final = select(
    exists().where(
        Report.city == bindparam("vehicle_city", type_=String()),
        Report.vehicle_id == bindparam("vehicle_id", type_=Uuid()),
        Report.closed_at.is_(None),
        Report.kind.in_(SAFETY_KINDS),
    )
)


class Fleet:
    """What owners see and change of their vehicles. Each method is one read or one transaction.

    Changes raise VehicleNotFound, NotYourVehicle, AccountDeleted, and SessionEnded if the session
    of `proof` has ended. Suspended owners pause their vehicles only; else AccountSuspended.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Create it for a database; `clock` returns the current time in UTC."""
        self._database = database
        self._now = clock

    def vehicle(
        self, owner: UserKey, proof: Proof, vehicle_id: UUID, *, before: datetime | None, size: int
    ) -> MemberAndPage[results.ManagedVehicle]:
        """Return the session's member and their vehicle with its earnings and history.

        The vehicle is found for a day after it was removed. Its history is a page of its events
        that happened before `before`, newest first. Without such a vehicle the page is empty.
        """
        now = self._now()
        member, rows = read_with_member(
            self._database,
            owner,
            proof,
            queries.MANAGED_VEHICLE,
            at=now,
            city=owner.city,
            id=vehicle_id,
            owner_id=owner.id,
            since=now - ACTIVITY_PERIOD,
            removed_since=now - RESTORABLE,
            **money_since(served_city(owner.city), now),
            now=now,
            before=before or LAST,
            limit=size + 1,
        )
        found = (rows_to.managed_vehicle(rows, size),) if member and rows else ()
        return MemberAndPage(member, Page(found, None))

    def pause(self, owner: UserKey, proof: Proof, vehicle_id: UUID) -> bool:
        """Take the owner's vehicle out of service: now, or when its ride ends.

        Return True if it is out of service now. Raises VehicleReserved.
        """
        return self._change(_pause, owner, proof, vehicle_id)

    def resume(self, owner: UserKey, proof: Proof, vehicle_id: UUID) -> None:
        """Put the owner's vehicle back into service. Raises PausedByStaff, SafetyReportsOpen."""
        self._change(_resume, owner, proof, vehicle_id)

    def move(
        self,
        owner: UserKey,
        proof: Proof,
        vehicle_id: UUID,
        *,
        location: str,
        position: Position | None,
    ) -> None:
        """Note where the owner has put their vehicle.

        Raises VehicleInUse, VehicleReserved, TooFarAway, TooManyVehicles.
        """
        place = {"location": location, "position": within_city(owner.city, position)}
        self._change(_move, owner, proof, vehicle_id, **place)

    def describe(
        self, owner: UserKey, proof: Proof, vehicle_id: UUID, *, color: str, brand: str
    ) -> None:
        """Change the colour and the brand of the owner's vehicle."""
        self._change(_describe, owner, proof, vehicle_id, color=color, brand=brand)

    def restore(self, owner: UserKey, proof: Proof, vehicle_id: UUID) -> None:
        """List the owner's vehicle again that they have removed, or are about to.

        Raises TooLateToRestore a day after it was removed, TooManyVehicles.
        """
        self._change(_restore, owner, proof, vehicle_id)

    def _change(
        self,
        change: Callable[..., bool],
        owner: UserKey,
        proof: Proof,
        vehicle_id: UUID,
        **wanted: object,
    ) -> bool:
        """Run a change of the owner's vehicle in a transaction that checks the session."""

        def transaction(connection: Connection, now: datetime) -> bool:
            keys = {"user_city": owner.city, "user_id": owner.id}
            account = transactions.with_session(
                connection, accounts.LOCK_USER, owner, proof, at=now, **keys
            )
            if account.suspended_at and change is not _pause:
                raise errors.AccountSuspended
            vehicle = lock(connection, VehicleKey(owner.city, vehicle_id))
            if vehicle.owner_id != owner.id:
                raise errors.NotYourVehicle
            return change(connection, vehicle, now=now, **wanted)

        now = self._now()
        return Repeatable(owner, proof, now).write(self._database, transaction, now)


# What owners and staff do


def lock(connection: Connection, vehicle: VehicleKey) -> Row[Any]:
    """Lock a vehicle's row until the transaction ends and return it. Raises VehicleNotFound."""
    row = run(connection, LOCK, vehicle_city=vehicle.city, vehicle_id=vehicle.id).one_or_none()
    if row is None:
        raise errors.VehicleNotFound
    return row


def lock_with_reserver(connection: Connection, vehicle: VehicleKey, *, now: datetime) -> Row[Any]:
    """Lock the row of the rider who has a vehicle reserved, if any, and then like `lock`.

    For changes that end a reservation. The rider's row is found by a statement that names its city,
    so that no other region is asked.
    """
    key = {"vehicle_city": vehicle.city, "vehicle_id": vehicle.id}
    if rider := run(connection, SELECT_RESERVER, **key, now=now).one_or_none():
        run(connection, accounts.LOCK_USER, user_city=rider.city, user_id=rider.id)
    return lock(connection, vehicle)


def pause(connection: Connection, vehicle: Row[Any], by: str, *, now: datetime) -> bool:
    """Take a vehicle out of service: now, or when its ride ends. A reservation ends now.

    Return False if it is already, unless by those who have less to say: owners less than reports of
    riders, and these less than staff. Raises VehicleNotFound if it is removed.
    """
    _in_service(vehicle, now)
    if vehicle.paused_by and PAUSED_BY.index(vehicle.paused_by) >= PAUSED_BY.index(by):
        return False
    is_here = vehicle.status == AVAILABLE
    status = VehicleState.NON_OPERATIONAL.value if is_here else vehicle.status
    set_state(connection, vehicle, now=now, paused_by=by, status=status)
    return True


def resume(connection: Connection, vehicle: Row[Any], *, now: datetime) -> bool:
    """Put a vehicle back into service; return False if it is. Raises VehicleNotFound."""
    _in_service(vehicle, now)
    if vehicle.paused_by is None:
        return False
    is_paused = vehicle.status == VehicleState.NON_OPERATIONAL
    status = AVAILABLE if is_paused else vehicle.status
    set_state(connection, vehicle, now=now, paused_by=None, status=status)
    return True


def move(
    connection: Connection,
    vehicle: Row[Any],
    *,
    location: str,
    position: Position | None,
    now: datetime,
) -> bool:
    """Note where a vehicle is now; return False if this was known.

    If its position changes, cities read that it was picked up and put down again.
    Raises VehicleInUse, VehicleReserved, because its rider is there or on the way to its old place,
    VehicleNotFound.
    """
    before = _in_service(vehicle, now)
    if before is VehicleState.ON_TRIP:
        raise errors.VehicleInUse
    if before is VehicleState.RESERVED:
        raise errors.VehicleReserved(vehicle.reserved_until - now)
    place = (location, *(position or (None, None)))
    if place == (vehicle.last_location, vehicle.latitude, vehicle.longitude):
        return False
    is_elsewhere = place[1:] != (vehicle.latitude, vehicle.longitude)
    is_rebalance = is_elsewhere and before is not VehicleState.MISSING
    key, removed = VehicleKey(vehicle.city, vehicle.id), VehicleState.REMOVED
    if is_rebalance:
        record(connection, key, before, removed, types=PICK_UP, now=now)
    values = dict(zip(("place", "at_latitude", "at_longitude"), place, strict=True))
    run(connection, MOVE, **_key(vehicle), **values)
    if is_rebalance:
        record(connection, key, removed, before, now=now)
    return True


def set_state(
    connection: Connection, vehicle: Row[Any], *, now: datetime, **changed: object
) -> None:
    """Change columns of the vehicle's state, and add the event if its state is another one then.

    A reservation of a vehicle that is not available any more ends now. If the vehicle was to be
    removed afterwards, it is removed now.
    """
    columns = {name: getattr(vehicle, name) for name in _STATE} | changed
    before = state(vehicle, now)
    if before is VehicleState.RESERVED and columns["status"] != AVAILABLE:
        columns["reserved_until"] = now
        columns["removed_at"] = vehicle.removed_at and now
        holder = {"user_city": vehicle.reserved_by_city, "user_id": vehicle.reserved_by_id}
        shown = {"vehicle_city": vehicle.city, "vehicle_public_id": vehicle.public_id}
        run(connection, reservations.END_RESERVATION, **holder, **shown)
    after = state(SimpleNamespace(**columns, state_since=vehicle.state_since), now)
    new = {f"new_{name}": value for name, value in columns.items()}
    run(connection, SET_STATE, **_key(vehicle), **new)
    if after is not before:
        record(connection, VehicleKey(vehicle.city, vehicle.id), before, after, now=now)


def _in_service(vehicle: Row[Any], now: datetime) -> VehicleState:
    """Return the state of a vehicle that is not removed. Raises VehicleNotFound."""
    if (found := state(vehicle, now)) is VehicleState.REMOVED:
        raise errors.VehicleNotFound
    return found


def _key(vehicle: Row[Any]) -> dict[str, object]:
    """Return the statement parameters for the key of a locked vehicle."""
    return {"vehicle_city": vehicle.city, "vehicle_id": vehicle.id}


# What owners do


def _pause(connection: Connection, vehicle: Row[Any], *, now: datetime) -> bool:
    """Pause a vehicle that is not reserved; return True if it is out of service now."""
    if state(vehicle, now) is VehicleState.RESERVED:
        raise errors.VehicleReserved(vehicle.reserved_until - now)
    pause(connection, vehicle, BY_OWNER, now=now)
    return bool(vehicle.status != IN_USE)


def _resume(connection: Connection, vehicle: Row[Any], *, now: datetime) -> bool:
    """Resume what the owner or reports have paused."""
    if vehicle.paused_by == BY_STAFF:
        raise errors.PausedByStaff
    is_reported = vehicle.paused_by == BY_REPORTS
    if is_reported and run(connection, HAS_OPEN_SAFETY_REPORT, **_key(vehicle)).scalar():
        raise errors.SafetyReportsOpen
    return resume(connection, vehicle, now=now)


def _move(
    connection: Connection,
    vehicle: Row[Any],
    *,
    location: str,
    position: Position | None,
    now: datetime,
) -> bool:
    """Move a vehicle, within the bound of those without a position."""
    if position is None:
        _check_places(connection, vehicle)
    return move(connection, vehicle, location=location, position=position, now=now)


def _describe(
    connection: Connection, vehicle: Row[Any], *, color: str, brand: str, now: datetime
) -> bool:
    """Change the colour and brand of a vehicle that is not removed."""
    _in_service(vehicle, now)
    run(connection, DESCRIBE, **_key(vehicle), new_color=color, new_brand=brand)
    return True


def _restore(connection: Connection, vehicle: Row[Any], *, now: datetime) -> bool:
    """Take a removal back; return False if there was none."""
    if not (vehicle.removed_at or vehicle.remove_after_ride):
        return False
    if vehicle.removed_at and vehicle.removed_at <= now - RESTORABLE:
        raise errors.TooLateToRestore
    if vehicle.removed_at and vehicle.latitude is None:
        _check_places(connection, vehicle)
    set_state(connection, vehicle, now=now, removed_at=None, remove_after_ride=False)
    return True


def _check_places(connection: Connection, vehicle: Row[Any]) -> None:
    """Raise TooManyVehicles if as many others of the owner have no position as may have none."""
    wanted = {**_key(vehicle), "owner_id": vehicle.owner_id}
    others = run(connection, COUNT_WITHOUT_POSITION, **wanted).scalar_one()
    if others >= transactions.MAX_WITHOUT_POSITION:
        raise errors.TooManyVehicles
