"""Problems that riders report about vehicles, until their owners or the city's staff close them.

A report locks its reporter's row first and the vehicle's row afterwards, so that the second of two
reports that are sent at once finds the first one. Two open reports of different members that a
vehicle is not safe take it out of service; its owner puts it back when they are closed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, cast
from uuid import UUID, uuid4, uuid5

from sqlalchemy import (
    Connection,
    DateTime,
    Row,
    String,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from movr import errors, fleet, outbox, queries, transactions
from movr import rows as rows_to
from movr.changes import accounts
from movr.cities import Position
from movr.database.access import Database
from movr.database.execution import run
from movr.formats import SAFETY_KINDS
from movr.idempotency import Repeatable
from movr.member_reads import read_with_member
from movr.models import Report, Ride, User, Vehicle
from movr.proofs import Proof
from movr.results import (
    MemberAndPage,
    OpenReport,
    ReportKey,
    RideKey,
    UserKey,
    VehicleKey,
)
from movr.service_area import within_city
from movr.vehicle_states import BY_REPORTS, VehicleState, state

MAX_OPEN: Final = 10  # reports of a member in a city
REPORT_WITHIN: Final = timedelta(days=7)  # of the end of a ride
MOST_SHOWN: Final = 100  # open reports of a vehicle


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a member says about a vehicle, and where it was."""

    kind: str
    words: str | None = None
    position: Position | None = None


class ShownVehicle(NamedTuple):
    """A vehicle by the public id that a page has shown."""

    city: str
    public_id: UUID


# Statements

_reports, _users = (cast("Table", model.__table__) for model in (Report, User))

_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_CITY, _REPORTER_CITY = (bindparam(f"of_{name}", type_=String()) for name in ("city", "home"))
_REPORT_ID, _REPORTER_ID, _RIDE_ID, _VEHICLE_ID = (
    bindparam(f"of_{name}", type_=Uuid()) for name in ("report", "reporter", "ride", "vehicle")
)
_IS_REPORT: Final = and_(_reports.c.city == _CITY, _reports.c.id == _REPORT_ID)
_IS_OPEN: Final = Report.closed_at.is_(None)

# Also notes the city in the reporter's row, for the deletion of the account.
LOCK_REPORTER: Final = (
    update(_users)
    .where(_users.c.city == _REPORTER_CITY, _users.c.id == _REPORTER_ID)
    .values(
        cities_reported=case(
            (any_(_users.c.cities_reported) == _CITY, _users.c.cities_reported),
            else_=func.array_append(_users.c.cities_reported, _CITY),
        )
    )
    .returning(
        *(_users.c[name] for name in ("session_epoch", "email_verified_at", "suspended_at")),
        _users.c.deleted_at,
    )
)
# How many open reports the reporter has in this city, and whether one of theirs has this id.
COUNT_OF_REPORTER: Final = select(
    func.count().filter(_IS_OPEN).label("open"),
    func.count().filter(Report.id == _REPORT_ID).label("same"),
).where(
    Report.city == _CITY,
    Report.reporter_city == _REPORTER_CITY,
    Report.reporter_id == _REPORTER_ID,
)
RIDDEN_VEHICLE: Final = select(Ride.vehicle_id, Ride.end_time).where(
    Ride.city == _CITY,
    Ride.id == _RIDE_ID,
    Ride.rider_city == _REPORTER_CITY,
    Ride.rider_id == _REPORTER_ID,
)
# Found only as long as its page is, so that nobody can tell from a report when it is ridden.
SHOWN_VEHICLE: Final = queries.VEHICLE_BY_PUBLIC_ID.with_only_columns(Vehicle.id)
ADD: Final = insert(_reports)  # the parameters have the names of the columns

SAFETY_REPORTS_OF_OTHERS: Final = select(func.count()).where(
    Report.city == _CITY,
    Report.vehicle_id == _VEHICLE_ID,
    _IS_OPEN,
    Report.kind.in_(SAFETY_KINDS),
    or_(Report.reporter_city != _REPORTER_CITY, Report.reporter_id != _REPORTER_ID),
)

VEHICLE_OF_REPORT: Final = (
    select(Vehicle.owner_id, Vehicle.color, Vehicle.brand, Vehicle.type)
    .select_from(Report)
    .join(Vehicle, and_(Vehicle.city == _CITY, Vehicle.id == Report.vehicle_id))
    .where(_IS_REPORT)
)
CLOSE: Final = (
    update(_reports)
    .where(_IS_REPORT, _reports.c.closed_at.is_(None))
    .values(
        closed_at=_NOW,
        closed_by_city=bindparam("by_city", type_=String()),
        closed_by_id=bindparam("by_id", type_=Uuid()),
        outcome=bindparam("new_outcome", type_=String()),
    )
    .returning(_reports.c.reporter_city, _reports.c.reporter_id)
)

_OPEN_REPORT: Final = (
    Report.city,
    Report.id,
    Report.kind,
    Report.words,
    Report.latitude,
    Report.longitude,
    Report.created_at,
    Vehicle.id.label("vehicle_id"),
    Vehicle.type.label("vehicle_type"),
    Vehicle.brand.label("vehicle_brand"),
    Vehicle.number.label("vehicle_number"),
)
_IS_OF_VEHICLE: Final = and_(Report.city == _CITY, Report.vehicle_id == Vehicle.id, _IS_OPEN)
_IS_IN_SERVICE: Final = or_(Vehicle.removed_at.is_(None), Vehicle.removed_at > _NOW)
# One row without a report for a vehicle that has none.
OF_VEHICLE: Final = queries.with_member(
    select(*_OPEN_REPORT)
    .select_from(Vehicle)
    .outerjoin(Report, _IS_OF_VEHICLE)
    .where(
        Vehicle.city == _CITY,
        Vehicle.id == _VEHICLE_ID,
        Vehicle.owner_id == bindparam("owner_id", type_=Uuid()),
        _IS_IN_SERVICE,
    )
    .order_by(Report.created_at)
    .limit(MOST_SHOWN),
    "created_at",
    "vehicle_id",
)

# Transactions


def report(
    connection: Connection,
    key: ReportKey,
    reporter: UserKey,
    about: RideKey | ShownVehicle,
    problem: Problem,
    *,
    proof: Proof = 0,
    only_verified: bool = False,
    now: datetime,
) -> None:
    """Report a problem with the vehicle of the reporter's own ride, or of a page.

    Does nothing if it was reported before. Raises TooManyReports, RideNotFound, TooLateToReport,
    VehicleNotFound, AccountDeleted, AccountSuspended, EmailNotVerified if `only_verified`, and
    SessionEnded if the session of this `proof` has ended.
    """
    account = transactions.with_session(
        connection,
        LOCK_REPORTER,
        reporter,
        proof,
        at=now,
        **_reporter(reporter),
        of_city=key.city,
    )
    transactions.refuse_to_admit(account, only_verified=only_verified)
    own = {**_reporter(reporter), "of_city": key.city}
    count = run(connection, COUNT_OF_REPORTER, **own, of_report=key.id).one()
    if count.same:
        return
    if count.open >= MAX_OPEN:
        raise errors.TooManyReports
    vehicle = VehicleKey(key.city, _vehicle_id(connection, about, reporter, now))
    latitude, longitude = problem.position or (None, None)
    row = {
        **key._asdict(),
        "vehicle_id": vehicle.id,
        "reporter_city": reporter.city,
        "reporter_id": reporter.id,
        "ride_id": about.id if isinstance(about, RideKey) else None,
        "kind": problem.kind,
        "words": problem.words,
        "latitude": latitude,
        "longitude": longitude,
        "created_at": now,
    }
    if problem.kind in SAFETY_KINDS:
        _add_about_safety(connection, vehicle, reporter, row, now)
    else:
        run(connection, ADD, **row)


def close_report(
    connection: Connection, key: ReportKey, closed_by: UserKey, *, outcome: str, now: datetime
) -> bool:
    """Close a report, for its vehicle's owner or for staff, and write to its reporter.

    Return False if it was closed before. Raises ReportNotFound.
    """
    vehicle = _of_report(connection, key)
    closed = run(
        connection,
        CLOSE,
        of_city=key.city,
        of_report=key.id,
        by_city=closed_by.city,
        by_id=closed_by.id,
        new_outcome=outcome,
        now=now,
    ).one_or_none()
    if closed is None:
        return False
    reporter = UserKey(closed.reporter_city, closed.reporter_id)
    if reporter != closed_by:
        kind = outbox.Kind.REPORT_CLOSED
        said = {
            "vehicle": f"{vehicle.color} {vehicle.brand} {vehicle.type}",  # for earlier releases
            **{name: getattr(vehicle, name) for name in ("color", "brand", "type")},
            "outcome": outcome,
        }
        outbox.put(connection, reporter, kind, said, id=uuid5(key.id, kind), now=now)
    return True


def close_own_report(
    connection: Connection,
    key: ReportKey,
    owner: UserKey,
    *,
    proof: Proof,
    outcome: str,
    now: datetime,
) -> bool:
    """Close a report about the owner's vehicle like `close_report`.

    Raises ReportNotFound also for reports about the vehicles of others, and AccountSuspended.
    """
    keys, lock = {"user_city": owner.city, "user_id": owner.id}, accounts.LOCK_USER
    account = transactions.with_session(connection, lock, owner, proof, at=now, **keys)
    transactions.refuse_to_admit(account, only_verified=False)
    if _of_report(connection, key).owner_id != owner.id:
        raise errors.ReportNotFound
    return close_report(connection, key, owner, outcome=outcome, now=now)


def _vehicle_id(
    connection: Connection, about: RideKey | ShownVehicle, reporter: UserKey, now: datetime
) -> UUID:
    """Return the id of the vehicle. Raises RideNotFound, TooLateToReport, VehicleNotFound."""
    if isinstance(about, ShownVehicle):
        viewer = {"member_city": reporter.city, "member_id": reporter.id}
        shown = run(connection, SHOWN_VEHICLE, **about._asdict(), **viewer, now=now).scalar()
        if shown is None:
            raise errors.VehicleNotFound
        return UUID(str(shown))
    ride = run(
        connection,
        RIDDEN_VEHICLE,
        of_city=about.city,
        of_ride=about.id,
        **_reporter(reporter),
    ).one_or_none()
    if ride is None:
        raise errors.RideNotFound
    if ride.end_time and ride.end_time < now - REPORT_WITHIN:
        raise errors.TooLateToReport
    return UUID(str(ride.vehicle_id))


def _add_about_safety(
    connection: Connection,
    key: VehicleKey,
    reporter: UserKey,
    row: Mapping[str, object],
    now: datetime,
) -> None:
    """Add a report that a vehicle is not safe; if it is the second one, pause the vehicle.

    A pause ends a reservation, whose rider's row is locked before the vehicle's. It may be in
    another region, so it is left alone if nobody else has reported.
    """
    of_others = {**_reporter(reporter), "of_city": key.city, "of_vehicle": key.id}
    is_second = run(connection, SAFETY_REPORTS_OF_OTHERS, **of_others).scalar_one() > 0
    if is_second:
        vehicle = fleet.lock_with_reserver(connection, key, now=now)
    else:
        vehicle = fleet.lock(connection, key)
    run(connection, ADD, **row)
    is_second = run(connection, SAFETY_REPORTS_OF_OTHERS, **of_others).scalar_one() > 0
    if is_second and state(vehicle, now) is not VehicleState.REMOVED:
        fleet.pause(connection, vehicle, BY_REPORTS, now=now)


def _of_report(connection: Connection, key: ReportKey) -> Row[Any]:
    """Return the vehicle and the owner of a report. Raises ReportNotFound."""
    found = run(connection, VEHICLE_OF_REPORT, of_city=key.city, of_report=key.id).one_or_none()
    if found is None:
        raise errors.ReportNotFound
    return found


def _reporter(reporter: UserKey) -> dict[str, object]:
    """Return the statement parameters for the reporter's key."""
    return {"of_home": reporter.city, "of_reporter": reporter.id}


class Reports:
    """What members report, and what owners and staff do about it."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        only_verified: bool = False,
    ) -> None:
        """Use this database. With `only_verified`, reports require a verified email address."""
        self._database = database
        self._now = clock
        self._only_verified = only_verified

    def report(
        self,
        about: RideKey | ShownVehicle,
        reporter: UserKey,
        proof: Proof,
        problem: Problem,
        *,
        idempotency_key: str = "",
    ) -> None:
        """Report a problem with the vehicle of the reporter's own ride, or of a page.

        All calls of a reporter with the same `idempotency_key` are one report. Raises TooFarAway,
        TooManyReports, RideNotFound, TooLateToReport, VehicleNotFound, AccountDeleted,
        AccountSuspended, EmailNotVerified, and SessionEnded if the session of this `proof` has
        ended.
        """
        within_city(about.city, problem.position)
        id_ = uuid5(reporter.id, idempotency_key) if idempotency_key else uuid4()
        now = self._now()
        Repeatable(reporter, proof, now).write(
            self._database,
            report,
            ReportKey(about.city, id_),
            reporter,
            about,
            problem,
            proof=proof,
            only_verified=self._only_verified,
            now=now,
        )

    def close(self, report_id: UUID, owner: UserKey, proof: Proof = 0, *, outcome: str) -> bool:
        """Close a report about the owner's vehicle; return False if it was closed before.

        Raises ReportNotFound, also for reports about the vehicles of others, AccountSuspended,
        AccountDeleted, and SessionEnded if the session of this `proof` has ended.
        """
        key, now = ReportKey(owner.city, report_id), self._now()
        once = Repeatable(owner, proof, now)
        return once.write(
            self._database, close_own_report, key, owner, proof=proof, outcome=outcome, now=now
        )

    def of_vehicle(
        self, owner: UserKey, proof: Proof, *, vehicle_id: UUID
    ) -> MemberAndPage[OpenReport]:
        """Return the session's member and the open reports about their vehicle, oldest first.

        If the session has ended, the member is None and the page empty. Raises VehicleNotFound if
        the vehicle is removed or not theirs.
        """
        member, rows = read_with_member(
            self._database,
            owner,
            proof,
            OF_VEHICLE,
            at=(now := self._now()),
            of_city=owner.city,
            of_vehicle=vehicle_id,
            owner_id=owner.id,
            now=now,
        )
        if member and not rows:
            raise errors.VehicleNotFound
        reports = [row for row in rows if member and row.id]
        return MemberAndPage(member, rows_to.whole_list(OpenReport, reports))
