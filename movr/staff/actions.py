"""What staff of a city can do: class Staff, one method for each action.

Each action is one transaction: it checks the role, changes rows that it has locked by their keys,
and adds one row to the audit if something has changed.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, cast
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Connection, DateTime, Row, String, Table, Uuid, bindparam, select, update

from movr import errors, fleet, outbox, reports, transactions
from movr.cities import Position, served_city
from movr.city_data.city_data import CityData
from movr.city_data.zones import check_end
from movr.database.access import Database
from movr.database.execution import run
from movr.formats import FARE, MANAGER, RIDER, UNKNOWN_LOCATION
from movr.idempotency import Repeatable
from movr.models import LedgerEntry, Ride, User
from movr.outbox import Kind
from movr.results import ReportKey, RideKey, UserKey, VehicleKey
from movr.service_area import within_city
from movr.staff import audit, roles, vehicles
from movr.staff.audit import Change
from movr.staff.permissions import Action, StaffGrant, StaffRequest, roles_for, roles_to_end
from movr.vehicle_states import BY_STAFF

_rides, _users, _ledger = (cast("Table", model.__table__) for model in (Ride, User, LedgerEntry))

_RIDE_CITY: Final = bindparam("ride_city", type_=String())
_RIDE_ID: Final = bindparam("ride_id", type_=Uuid())

SELECT_RIDE: Final = select(
    *(_rides.c[name] for name in ("rider_city", "rider_id", "start_time", "end_time", "amount"))
).where(_rides.c.city == _RIDE_CITY, _rides.c.id == _RIDE_ID)
SET_SUSPENDED: Final = (
    update(_users)
    .where(
        _users.c.city == bindparam("user_city", type_=String()),
        _users.c.id == bindparam("user_id", type_=Uuid()),
    )
    .values(suspended_at=bindparam("new_suspended_at", type_=DateTime(timezone=True)))
)
SELECT_FARE: Final = select(_ledger.c.amount).where(
    _ledger.c.city == _RIDE_CITY,
    _ledger.c.ride_id == _RIDE_ID,
    _ledger.c.kind == FARE,
    _ledger.c.account == RIDER,
)

# What an action does after the check of the role; returns None if nothing had to change.
Act = Callable[..., Change | None]


class Staff:
    """What staff of a city can do there.

    Each method does its action once, however often the same request is sent, and returns False if
    nothing had to change. Each raises NotStaff, AccountSuspended, AccountDeleted, and SessionEnded
    if the session of the request has ended.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Use this database; `clock` returns the current time in UTC."""
        self._database = database
        self._now = clock

    # Rides and money

    def end_ride(
        self,
        request: StaffRequest,
        ride_id: UUID,
        *,
        location: str = UNKNOWN_LOCATION,
        position: Position | None = None,
    ) -> bool:
        """End a forgotten ride, which costs at most what a day costs, and tell its rider.

        Raises RideNotFound, NotForgotten, NotForYourself, TooFarAway, NoParking.
        """
        if position:
            check_end(CityData(self._database, self._now).zones_in_force(request.city), position)
        return self._do(
            Action.END_RIDE,
            end_ride,
            request,
            RideKey(request.city, ride_id),
            location=location,
            position=within_city(request.city, position),
            public_id=uuid4(),
        )

    def refund_fare(self, request: StaffRequest, ride_id: UUID) -> bool:
        """Take a fare back by entries with the other sign. Raises RideNotFound, NotForYourself."""
        return self._do(Action.REFUND_FARE, refund_fare, request, RideKey(request.city, ride_id))

    # Vehicles

    def move_vehicle(
        self, request: StaffRequest, vehicle_id: UUID, *, location: str, position: Position | None
    ) -> bool:
        """Note where a vehicle is now.

        Raises VehicleNotFound, VehicleInUse, VehicleReserved, TooFarAway.
        """
        place = {"location": location, "position": within_city(request.city, position)}
        return self._change_vehicle(Action.MOVE_VEHICLE, fleet.move, request, vehicle_id, **place)

    def pause_vehicle(self, request: StaffRequest, vehicle_id: UUID) -> bool:
        """Take a vehicle out of service: now, or at the end of its ride. Raises VehicleNotFound."""
        pause = partial(fleet.pause, by=BY_STAFF)
        return self._change_vehicle(Action.PAUSE_VEHICLE, pause, request, vehicle_id)

    def resume_vehicle(self, request: StaffRequest, vehicle_id: UUID) -> bool:
        """Put a vehicle back into service, whoever has paused it. Raises VehicleNotFound."""
        return self._change_vehicle(Action.RESUME_VEHICLE, fleet.resume, request, vehicle_id)

    def mark_missing(self, request: StaffRequest, vehicle_id: UUID) -> bool:
        """Note that a vehicle is not where it should be. Raises VehicleNotFound, VehicleInUse."""
        return self._change_vehicle(Action.MARK_MISSING, vehicles.mark_missing, request, vehicle_id)

    def mark_found(
        self, request: StaffRequest, vehicle_id: UUID, *, location: str, position: Position | None
    ) -> bool:
        """Note where a missing vehicle was found. Raises VehicleNotFound, TooFarAway."""
        place = {"location": location, "position": within_city(request.city, position)}
        return self._change_vehicle(
            Action.MARK_FOUND, vehicles.mark_found, request, vehicle_id, **place
        )

    def remove_vehicle(self, request: StaffRequest, vehicle_id: UUID) -> bool:
        """Remove a vehicle like its owner: now, or after its ride. Raises VehicleNotFound."""
        return self._change_vehicle(
            Action.REMOVE_VEHICLE, vehicles.remove_vehicle, request, vehicle_id
        )

    # Reports

    def close_report(self, request: StaffRequest, report_id: UUID, *, outcome: str) -> bool:
        """Close a report of a problem. Raises ReportNotFound."""
        report = ReportKey(request.city, report_id)
        return self._do(Action.CLOSE_REPORT, close_report, request, report, outcome=outcome)

    # Accounts

    def suspend_account(self, request: StaffRequest, user_id: UUID) -> bool:
        """Suspend a member whose home is the city. Raises MemberNotFound, NotForYourself."""
        now = self._now()
        member = UserKey(request.city, user_id)
        return self._do(Action.SUSPEND_ACCOUNT, set_suspended, request, member, at=now)

    def restore_account(self, request: StaffRequest, user_id: UUID) -> bool:
        """End the suspension of a member whose home is the city. Raises MemberNotFound."""
        member = UserKey(request.city, user_id)
        return self._do(Action.RESTORE_ACCOUNT, set_suspended, request, member, at=None)

    # Roles

    def grant_role(self, request: StaffRequest, user: UserKey, role: str) -> bool:
        """Give a member a role in the city. Raises MemberNotFound, NotForYourself."""
        return self._do(Action.GRANT_ROLE, grant_role, request, user, role=role)

    def revoke_role(self, request: StaffRequest, user: UserKey, role: str) -> bool:
        """Take a role in the city from a member. Raises MemberNotFound."""
        return self._do(Action.REVOKE_ROLE, revoke_role, request, user, role=role)

    def grant_role_as_operator(self, city: str, user: UserKey, role: str, reason: str) -> bool:
        """Give a member a role in the city, at the command line. Raises MemberNotFound."""
        act = {"role": role, "action": Action.GRANT_ROLE, "id": uuid4()}
        return self._database.write(
            change_role_as_operator, city, user, **act, reason=reason, now=self._now()
        )

    def revoke_role_as_operator(self, city: str, user: UserKey, role: str, reason: str) -> bool:
        """Take a role in the city from a member, at the command line. Raises MemberNotFound."""
        act = {"role": role, "action": Action.REVOKE_ROLE, "id": uuid4()}
        return self._database.write(
            change_role_as_operator, city, user, **act, reason=reason, now=self._now()
        )

    def grants(self, city: str) -> list[StaffGrant]:
        """Return all roles of members in the city, by username, for an operator."""
        return roles.grants(self._database.read(roles.GRANTS_OF_CITY, staff_city=city))

    def _change_vehicle(
        self,
        action: Action,
        change: Callable[..., bool],
        request: StaffRequest,
        vehicle_id: UUID,
        **details: Any,
    ) -> bool:
        vehicle = VehicleKey(request.city, vehicle_id)
        return self._do(action, vehicles.change_vehicle, request, vehicle, change=change, **details)

    def _do(
        self, action: Action, act: Act, request: StaffRequest, subject: object, **details: Any
    ) -> bool:
        now = self._now()
        once = Repeatable(request.staff, request.proof, now)
        subjects = (action, act, request, subject)
        is_done: bool = once.write(self._database, perform, *subjects, **details, now=now)
        return is_done


# Transactions


def perform(
    connection: Connection,
    action: Action,
    act: Act,
    request: StaffRequest,
    subject: object,
    *,
    now: datetime,
    **details: object,
) -> bool:
    """Do an action of staff and add its row to the audit.

    Return False if nothing had to change, and True also if an earlier run has done it.
    """
    roles.authorise(connection, request, *roles_for(action), now=now)
    if audit.is_recorded(connection, request.city, request.audit_id):
        return True
    change = act(connection, request, subject, **details, now=now)
    if change is None:
        return False
    audit.record(
        connection,
        change,
        id=request.audit_id,
        city=request.city,
        actor=request.staff,
        action=action,
        reason=request.reason,
        now=now,
    )
    return True


def end_ride(
    connection: Connection,
    request: StaffRequest,
    ride: RideKey,
    *,
    now: datetime,
    **end: Any,
) -> Change | None:
    """End a ride as its rider would, at a place that its rider has not chosen."""
    row = _ride(connection, request, ride)
    if row.end_time:
        return None
    _check_role_to_end(connection, request, row.start_time, now)
    rider = UserKey(row.rider_city, row.rider_id)
    state = roles.lock_member(connection, rider)
    is_ended = transactions.try_to_end_ride(
        connection,
        ride,
        rider,
        proof=state.session_epoch,
        timezone=served_city(rider.city).timezone.key,
        is_forgotten=True,
        now=now,
        **end,
    )
    if not is_ended:
        return None  # its rider has ended it meanwhile
    ended = _ride(connection, request, ride)
    letter = Kind.RIDE_ENDED_BY_STAFF
    data = {"ride_id": str(ride.id)}
    outbox.put(connection, rider, letter, data, id=uuid5(ride.id, letter), now=now)
    before, after = ({"end_time": each.end_time, "amount": each.amount} for each in (row, ended))
    return Change(audit.RIDE, ride, before, after)


def refund_fare(
    connection: Connection, request: StaffRequest, ride: RideKey, *, now: datetime
) -> Change | None:
    """Take a fare back, once."""
    _ride(connection, request, ride)
    if not transactions.refund_fare(connection, ride, now=now):
        return None
    keys = {"ride_city": ride.city, "ride_id": ride.id}
    amount = -run(connection, SELECT_FARE, **keys).scalar_one()
    return Change(audit.FARE, ride, {"fare": amount}, {"fare": 0})


def close_report(
    connection: Connection,
    request: StaffRequest,
    report: ReportKey,
    *,
    outcome: str,
    now: datetime,
) -> Change | None:
    """Close a report like the vehicle's owner."""
    if not reports.close_report(connection, report, request.staff, outcome=outcome, now=now):
        return None
    return Change(audit.REPORT, report, {"outcome": None}, {"outcome": outcome})


def set_suspended(
    connection: Connection,
    request: StaffRequest,
    member: UserKey,
    *,
    at: datetime | None,
    now: datetime,
) -> Change | None:
    """Suspend the account, or end its suspension if `at` is None. Only managers do this to staff.

    Support could otherwise keep managers from looking at what support does.
    """
    roles.refuse_oneself(request, member)
    state = roles.lock_member(connection, member)
    if state.staff_cities:
        roles.authorise(connection, request, MANAGER, now=now)
    if bool(state.suspended_at) == bool(at):
        return None
    keys = {"user_city": member.city, "user_id": member.id}
    run(connection, SET_SUSPENDED, **keys, new_suspended_at=at)
    letter = Kind.ACCOUNT_SUSPENDED if at else Kind.ACCOUNT_RESTORED
    outbox.put(connection, member, letter, {}, id=uuid5(request.audit_id, letter), now=now)
    before, after = ({"suspended_at": value} for value in (state.suspended_at, at))
    return Change(audit.ACCOUNT, member, before, after)


def grant_role(
    connection: Connection, request: StaffRequest, user: UserKey, *, role: str, now: datetime
) -> Change | None:
    """Give a member a role in the city."""
    roles.refuse_oneself(request, user)
    is_new = roles.grant(connection, request.city, user, role, by=request.staff, now=now)
    return _change_of_role(user, role, is_granted=True) if is_new else None


def revoke_role(
    connection: Connection, request: StaffRequest, user: UserKey, *, role: str, now: datetime
) -> Change | None:
    """Take a role in the city from a member, who may be the manager that does it."""
    was_held = roles.revoke(connection, request.city, user, role, now=now)
    return _change_of_role(user, role, is_granted=False) if was_held else None


def change_role_as_operator(
    connection: Connection,
    city: str,
    user: UserKey,
    *,
    role: str,
    action: Action,
    id: UUID,
    reason: str,
    now: datetime,
) -> bool:
    """Grant or revoke a role, with a row of audit without an actor."""
    if audit.is_recorded(connection, city, id):
        return True
    is_granted = action is Action.GRANT_ROLE
    if is_granted:
        is_changed = roles.grant(connection, city, user, role, by=None, now=now)
    else:
        is_changed = roles.revoke(connection, city, user, role, now=now)
    if is_changed:
        change = _change_of_role(user, role, is_granted=is_granted)
        audit.record(
            connection, change, id=id, city=city, actor=None, action=action, reason=reason, now=now
        )
    return is_changed


def _change_of_role(user: UserKey, role: str, *, is_granted: bool) -> Change:
    has_role: audit.Values = {"role": role}
    has_none: audit.Values = {}
    before, after = (has_none, has_role) if is_granted else (has_role, has_none)
    return Change(audit.ROLE, user, before, after)


def _check_role_to_end(
    connection: Connection, request: StaffRequest, start_time: datetime, now: datetime
) -> None:
    """Check that the role permits to end a ride of this age. Raises NotForgotten."""
    permitting = roles_to_end(start_time, now)
    if permitting == roles_for(Action.END_RIDE):
        return  # as every action of staff, this one was authorised before
    try:
        roles.authorise(connection, request, *permitting, now=now)
    except errors.NotStaff:
        raise errors.NotForgotten from None


def _ride(connection: Connection, request: StaffRequest, ride: RideKey) -> Row[Any]:
    """Return the row of a ride of others. Raises RideNotFound, NotForYourself."""
    keys = {"ride_city": ride.city, "ride_id": ride.id}
    row = run(connection, SELECT_RIDE, **keys).one_or_none()
    if row is None:
        raise errors.RideNotFound
    roles.refuse_oneself(request, UserKey(row.rider_city, row.rider_id))
    return row
