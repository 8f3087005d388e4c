"""The import of many vehicles of an owner from a file, all or none.

A vehicle's id is derived from its owner and the owner's own reference for it, so that the same line
adds one vehicle, however often it is sent.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar, cast
from uuid import UUID, uuid5

from sqlalchemy import (
    ARRAY,
    Connection,
    DateTime,
    Integer,
    Row,
    String,
    Table,
    Uuid,
    any_,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert

from movr import errors, transactions
from movr.database.access import Database
from movr.database.execution import run
from movr.formats import AVAILABLE, NUMBERS
from movr.idempotency import Repeatable
from movr.messages import Message, gettext_noop
from movr.models import Vehicle
from movr.proofs import Proof
from movr.results import LineError, NewVehicle, UserKey
from movr.staff import audit
from movr.staff.actions import perform
from movr.staff.audit import Change
from movr.staff.permissions import Action, StaffRequest
from movr.staff.roles import lock_member, refuse_oneself
from movr.vehicle_events import insert_event, place, types
from movr.vehicle_states import TRANSITIONS, VehicleState

_vehicles = cast("Table", Vehicle.__table__)

Item = TypeVar("Item")
Report = Callable[[int], object]  # called with the number of vehicles added so far

ROWS_AT_ONCE: Final = 500  # that a statement reads or adds
SPARE_NUMBERS: Final = 2  # candidates for each vehicle's number, because some are taken
RANDOM: Final = secrets.SystemRandom()

REMOVED: Final = gettext_noop(
    "The vehicle of this reference was removed. Please give the new one another."
)
A_DAY: Final = gettext_noop(
    "You can add %(most)d vehicles a day, %(left)d more today, and this file would add %(added)d."
)
WITHOUT_POSITION: Final = gettext_noop(
    "You can have %(most)d vehicles without a latitude and longitude, %(left)d more than now, and"
    " this file would add %(added)d."
)

_CITY: Final = bindparam("city", type_=String())
_IS_OWNERS: Final = (
    _vehicles.c.city == _CITY,
    _vehicles.c.owner_id == bindparam("owner_id", type_=Uuid()),
)
# The vehicles of some lines that were added before.
ADDED_BEFORE: Final = select(
    _vehicles.c.id,
    (_vehicles.c.removed_at.is_not(None) | _vehicles.c.remove_after_ride).label("is_removed"),
).where(*_IS_OWNERS, _vehicles.c.id.in_(bindparam("ids", expanding=True)))
# What bounds the vehicles that an owner may add.
COUNTS: Final = select(
    func.count()
    .filter(_vehicles.c.date_added > bindparam("since", type_=DateTime(timezone=True)))
    .label("added"),
    func.count()
    .filter(_vehicles.c.removed_at.is_(None), _vehicles.c.latitude.is_(None))
    .label("without_position"),
).where(*_IS_OWNERS)
TAKEN_NUMBERS: Final = select(_vehicles.c.number).where(
    _vehicles.c.city == _CITY,
    _vehicles.c.number == any_(bindparam("candidates", type_=ARRAY(Integer))),
)
# The parameters have the names of the columns; executed with a list of rows.
ADD_VEHICLES: Final = pg_insert(_vehicles).on_conflict_do_nothing().returning(_vehicles.c.id)


def _add_events() -> ReturningInsert[Any]:
    """Add the first event of some vehicles that this transaction has added."""
    added = (
        select(_vehicles.c.id, _vehicles.c.state_since, *place())
        .where(*_IS_OWNERS, _vehicles.c.id.in_(bindparam("ids", expanding=True)))
        .subquery("added")
    )
    begin, end = VehicleState.REMOVED, VehicleState.AVAILABLE
    return insert_event(
        added,
        _CITY,
        event_types=types(*TRANSITIONS[begin, end]),
        previous_state=literal(begin.value),
        state=literal(end.value),
    )


ADD_EVENTS: Final = _add_events()


class ImportPlan(NamedTuple):
    """What an import would do: the vehicles to add, and those that were added before."""

    new: list[NewVehicle]
    known: list[NewVehicle]
    errors: list[LineError]


class VehicleImport:
    """Adds the vehicles of files."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], *, only_verified: bool
    ) -> None:
        """Use this database. With `only_verified`, owners require a verified email address."""
        self._database = database
        self._now = clock
        self._only_verified = only_verified

    def plan(
        self, owner: UserKey, vehicles: Sequence[NewVehicle], *, is_bounded: bool = True
    ) -> ImportPlan:
        """Return what `add` would do now, or `add_as_staff` if not `is_bounded`."""
        removed = {
            row.id: row.is_removed
            for some in _batches(vehicles)
            for row in self._database.read(ADDED_BEFORE, **_lines_of(owner, some))
        }
        plan = ImportPlan([], [], [])
        for vehicle in vehicles:
            is_removed = removed.get(_id(owner, vehicle))
            if is_removed:
                plan.errors.append(LineError(vehicle.line, "reference", Message(REMOVED)))
            else:
                (plan.new if is_removed is None else plan.known).append(vehicle)
        if is_bounded:
            (counts,) = self._database.read(COUNTS, **_counted(owner, self._now()))
            plan.errors.extend(LineError(None, "", each) for each in _over_bounds(plan.new, counts))
        return plan

    def add(
        self,
        owner: UserKey,
        vehicles: Sequence[NewVehicle],
        report: Report = lambda _: None,
        proof: Proof = 0,
    ) -> int:
        """Add the owner's vehicles that were not added before, and return their number.

        Raises AccountDeleted, EmailNotVerified, TooManyVehicles, or VehicleRemoved if one of them
        was removed since, and SessionEnded if the session of this `proof` has ended; then none is
        added.
        """
        now = self._now()
        return Repeatable(owner, proof, now).write(
            self._database,
            add_vehicles,
            owner,
            proof,
            vehicles,
            numbers=random_numbers(vehicles),
            only_verified=self._only_verified,
            report=report,
            now=now,
        )

    def add_as_staff(
        self,
        request: StaffRequest,
        owner: UserKey,
        vehicles: Sequence[NewVehicle],
        report: Report = lambda _: None,
    ) -> bool:
        """Add the vehicles of a member of the city, without the bounds of owners.

        Return False if all were added before. Raises NotStaff and the other refusals of class
        Staff, MemberNotFound, NotForYourself, AccountSuspended, VehicleRemoved.
        """
        now = self._now()
        return Repeatable(request.staff, request.proof, now).write(
            self._database,
            perform,
            Action.ADD_VEHICLES,
            _add_as_staff,
            request,
            owner,
            vehicles=vehicles,
            numbers=random_numbers(vehicles),
            report=report,
            now=now,
        )


def _add_as_staff(
    connection: Connection, request: StaffRequest, owner: UserKey, **details: Any
) -> Change | None:
    """Add the vehicles of a member of the request's city."""
    refuse_oneself(request, owner)
    if owner.city != request.city:
        raise errors.MemberNotFound
    epoch = lock_member(connection, owner).session_epoch
    added = add_vehicles(connection, owner, epoch, **details, is_bounded=False)
    return Change(audit.ACCOUNT, owner, {}, {"vehicles_added": added}) if added else None


def add_vehicles(
    connection: Connection,
    owner: UserKey,
    proof: Proof,
    vehicles: Sequence[NewVehicle],
    *,
    numbers: Sequence[int],
    is_bounded: bool = True,
    only_verified: bool = False,
    report: Report,
    now: datetime,
) -> int:
    """Add the vehicles that were not added before, with some of these numbers.

    The owner's row is locked, so that another import adds them afterwards, and so not again.
    """
    transactions.make_owner(connection, owner, proof, only_verified=only_verified, now=now)
    known = {
        row.id: row
        for some in _batches(vehicles)
        for row in run(connection, ADDED_BEFORE, **_lines_of(owner, some))
    }
    if any(row.is_removed for row in known.values()):
        raise errors.VehicleRemoved
    new = [each for each in vehicles if _id(owner, each) not in known]
    if is_bounded:
        counts = run(connection, COUNTS, **_counted(owner, now)).one()
        if _over_bounds(new, counts):
            raise errors.TooManyVehicles
    free = _free_numbers(connection, owner.city, numbers)
    for begin, some in enumerate(_batches(new)):
        _add(connection, [_row(owner, each, now) for each in some], free)
        run(connection, ADD_EVENTS, **_lines_of(owner, some))
        report(begin * ROWS_AT_ONCE + len(some))
    return len(new)


def _add(connection: Connection, rows: list[dict[str, Any]], free: Iterator[int]) -> None:
    """Add these rows, each with the next free number, or another if it was taken meanwhile.

    Raises DatabaseBusy if none is left.
    """
    while rows:
        numbered = [{**row, "number": number} for row, number in zip(rows, free, strict=False)]
        if len(numbered) < len(rows):
            raise errors.DatabaseBusy
        added = set(connection.execute(ADD_VEHICLES, numbered).scalars())
        rows = [row for row in rows if row["id"] not in added]


def _free_numbers(connection: Connection, city: str, numbers: Sequence[int]) -> Iterator[int]:
    """Yield those of these numbers that no vehicle of the city has."""
    for candidates in _batches(numbers):
        rows = run(connection, TAKEN_NUMBERS, city=city, candidates=list(candidates))
        taken = set(rows.scalars())
        yield from (number for number in candidates if number not in taken)


def random_numbers(vehicles: Sequence[NewVehicle]) -> list[int]:
    """Return random numbers, some more than there are vehicles."""
    return RANDOM.sample(NUMBERS, SPARE_NUMBERS * len(vehicles) + ROWS_AT_ONCE)


def _row(owner: UserKey, vehicle: NewVehicle, now: datetime) -> dict[str, Any]:
    latitude, longitude = vehicle.position or (None, None)
    return {
        "city": owner.city,
        "id": _id(owner, vehicle),
        "owner_id": owner.id,
        "type": vehicle.type,
        "brand": vehicle.brand,
        "color": vehicle.color,
        "last_location": vehicle.location,
        "latitude": latitude,
        "longitude": longitude,
        "status": AVAILABLE,
        "date_added": now,
        "state_since": now,
    }


def _id(owner: UserKey, vehicle: NewVehicle) -> UUID:
    return uuid5(owner.id, f"reference {vehicle.reference}")


def _lines_of(owner: UserKey, vehicles: Sequence[NewVehicle]) -> dict[str, Any]:
    ids = [_id(owner, each) for each in vehicles]
    return {"city": owner.city, "owner_id": owner.id, "ids": ids}


def _counted(owner: UserKey, now: datetime) -> dict[str, Any]:
    return {"city": owner.city, "owner_id": owner.id, "since": now - transactions.DAY}


def _over_bounds(new: Sequence[NewVehicle], counts: Row[Any]) -> list[Message]:
    """Return sentences about the bounds that an owner with these counts would exceed."""
    without = sum(each.position is None for each in new)
    bounds = (
        (A_DAY, transactions.MAX_ADDED_A_DAY, counts.added, len(new)),
        (WITHOUT_POSITION, transactions.MAX_WITHOUT_POSITION, counts.without_position, without),
    )
    return [
        Message(sentence, values={"most": most, "left": max(0, most - so_far), "added": added})
        for sentence, most, so_far, added in bounds
        if added and so_far + added > most
    ]


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for begin in range(0, len(items), ROWS_AT_ONCE):
        yield items[begin : begin + ROWS_AT_ONCE]
