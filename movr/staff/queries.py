"""The SELECT statements of the staff's pages.

Each statement itself checks that the reader has a role in the city that permits it: without one it
returns the member and nothing else, whatever there is in the city. Lists have pages by keyset
pagination: after, or before, the time `at` and the id `after`.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from movr.formats import AVAILABLE, MANAGER, MECHANIC, PAYMENT, REFUND, RIDER, SUPPORT
from movr.models import (
    AuditEntry,
    LedgerEntry,
    Letter,
    Report,
    Ride,
    StaffRole,
    User,
    Vehicle,
    VehicleEvent,
)
from movr.proofs import EPOCH
from movr.queries import with_member
from movr.results import MOST_COUNTED
from movr.staff.results import MOST_FOUND
from movr.vehicle_states import VehicleState, state_of

Column: TypeAlias = SQLColumnExpression[Any]

_CITY: Final = bindparam("city", type_=String())
_ID: Final = bindparam("id", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())
_AT: Final = bindparam("at", type_=DateTime(timezone=True))
_AFTER: Final = bindparam("after", type_=Uuid())
_MEMBER_CITY: Final = bindparam("member_city", type_=String())
_MEMBER_ID: Final = bindparam("member_id", type_=Uuid())
_OVERDUE: Final = bindparam("overdue", type_=DateTime(timezone=True))
_IDLE: Final = bindparam("idle", type_=DateTime(timezone=True))

# Aliases, which no list selects from, so that SQLAlchemy correlates them with none.
_Role: Final = aliased(StaffRole, name="granted")
_Reader: Final = aliased(User, name="reader")
# The reader's roles in the city, if their session goes on and they are not suspended.
_GRANTS: Final = (
    _Role.city == _CITY,
    _Role.user_city == _MEMBER_CITY,
    _Role.user_id == _MEMBER_ID,
    _Role.revoked_at.is_(None),
    exists().where(
        _Reader.city == _MEMBER_CITY,
        _Reader.id == _MEMBER_ID,
        _Reader.session_epoch == EPOCH,
        _Reader.deleted_at.is_(None),
        _Reader.suspended_at.is_(None),
    ),
)
_ROLES: Final = select(func.array_agg(_Role.role)).where(*_GRANTS).scalar_subquery()


def _granted(*roles: str) -> ColumnElement[bool]:
    """Return the condition that the reader is a manager of the city, or has one of these roles."""
    return exists().where(*_GRANTS, _Role.role.in_((*roles, MANAGER)))


def _for_staff(listed: Select[Any], *order: str, roles: Sequence[str] = ()) -> Select[Any]:
    """Select the member, their roles in the city, and the list if one of them permits it."""
    return _with_roles(with_member(listed.where(_granted(*roles)), *order), roles)


def _with_roles(statement: Select[Any], roles: Sequence[str]) -> Select[Any]:
    """Add the member's roles in the city, and whether one of `roles` is among them."""
    is_permitted = _granted(*roles).label("is_permitted")
    return statement.add_columns(_ROLES.label("staff_roles"), is_permitted)


def _count(*roles: str, where: Sequence[ColumnElement[bool]]) -> ScalarSelect[int]:
    """Count rows, at most MOST_COUNTED + 1; 0 without these roles."""
    some: Select[Any] = (
        select(literal_column("1")).where(_granted(*roles), *where).limit(MOST_COUNTED + 1)
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


_IS_UNDER_WAY: Final = (Ride.city == _CITY, Ride.end_time.is_(None))
_SINCE: Final = func.coalesce(Vehicle.available_since, Vehicle.date_added)
_IN_SERVICE: Final = (Vehicle.city == _CITY, Vehicle.removed_at.is_(None))
_IS_IDLE: Final = (*_IN_SERVICE, Vehicle.status == AVAILABLE, _SINCE < _IDLE)
_IS_OUT: Final = (*_IN_SERVICE, Vehicle.status == VehicleState.NON_OPERATIONAL)
_IS_MISSING: Final = (*_IN_SERVICE, Vehicle.status == VehicleState.MISSING)
_IS_OPEN: Final = (Report.city == _CITY, Report.closed_at.is_(None))
_IS_DEAD: Final = (Letter.city == _CITY, Letter.failed_at.is_not(None))

OVERVIEW: Final = _for_staff(
    select(
        _count(SUPPORT, where=_IS_UNDER_WAY).label("under_way"),
        _count(SUPPORT, where=(*_IS_UNDER_WAY, Ride.start_time < _OVERDUE)).label("overdue"),
        _count(MECHANIC, where=_IS_IDLE).label("idle"),
        _count(MECHANIC, where=_IS_OUT).label("out_of_service"),
        _count(MECHANIC, where=_IS_MISSING).label("missing"),
        _count(MECHANIC, SUPPORT, where=_IS_OPEN).label("reports"),
        _count(SUPPORT, where=_IS_DEAD).label("dead_letters"),
    ),
    "reports",
    roles=(SUPPORT, MECHANIC),
)


def _user_of_here(city: Column, id_: Column) -> ColumnElement[bool]:
    """Return the condition that joins a user if they live here.

    The rows of other cities' users are in other regions: their ids are left out, or CockroachDB
    would look them up there before it compares the cities.
    """
    return and_(User.city == _CITY, User.id == case((city == _CITY, id_)))


_VEHICLE_NAMES: Final = (
    Vehicle.type.label("vehicle_type"),
    Vehicle.brand.label("vehicle_brand"),
    Vehicle.number.label("vehicle_number"),
)


def _vehicle_of(row: FromClause | type[Ride] | type[Report]) -> ColumnElement[bool]:
    """Return the condition that joins a row's vehicle, with its city."""
    columns: Any = row.c if isinstance(row, FromClause) else row
    return and_(Vehicle.city == _CITY, Vehicle.id == columns.vehicle_id)


def _with_vehicle(listed: Select[Any], *order: str) -> Select[Any]:
    """Join the vehicles of a page, after its LIMIT."""
    page = listed.subquery("page")
    by = [page.c[name] for name in order]
    return select(*page.c, *_VEHICLE_NAMES).join(Vehicle, _vehicle_of(page)).order_by(*by)


RIDES_UNDER_WAY: Final = _for_staff(
    _with_vehicle(
        select(Ride.id, Ride.start_time, Ride.start_location, Ride.vehicle_id)
        .where(*_IS_UNDER_WAY, tuple_(Ride.start_time, Ride.id) > tuple_(_AT, _AFTER))
        .order_by(Ride.start_time, Ride.id)
        .limit(_LIMIT),
        "start_time",
        "id",
    ),
    "start_time",
    "id",
    roles=(SUPPORT,),
)

_VEHICLE: Final = (
    *(Vehicle.id, Vehicle.number, Vehicle.type, Vehicle.color, Vehicle.brand),
    state_of(Vehicle, bindparam("now", type_=DateTime(timezone=True))).label("state"),
    *(Vehicle.paused_by, Vehicle.last_location, Vehicle.latitude, Vehicle.longitude),
    _SINCE.label("since"),
    *(Vehicle.removed_at, Vehicle.owner_id),
)


def _vehicles(*where: ColumnElement[bool]) -> Select[Any]:
    """Select a page of vehicles, those first that were not ridden for the longest time."""
    return _for_staff(
        select(*_VEHICLE)
        .where(*where, tuple_(_SINCE, Vehicle.id) > tuple_(_AT, _AFTER))
        .order_by(_SINCE, Vehicle.id)
        .limit(_LIMIT),
        "since",
        "id",
        roles=(MECHANIC,),
    )


IDLE_VEHICLES: Final = _vehicles(*_IS_IDLE)
VEHICLES_OUT_OF_SERVICE: Final = _vehicles(*_IS_OUT)
MISSING_VEHICLES: Final = _vehicles(*_IS_MISSING)
VEHICLE_BY_NUMBER: Final = _for_staff(
    select(Vehicle.id).where(
        Vehicle.city == _CITY, Vehicle.number == bindparam("number", type_=Integer())
    ),
    "id",
    roles=(MECHANIC, SUPPORT),
)

_REPORT: Final = (
    *(Report.id, Report.kind, Report.words, Report.created_at, Report.closed_at),
    *(Report.outcome, Report.vehicle_id, Report.ride_id),
)
OPEN_REPORTS: Final = _for_staff(
    _with_vehicle(
        select(*_REPORT)
        .where(*_IS_OPEN, tuple_(Report.created_at, Report.id) > tuple_(_AT, _AFTER))
        .order_by(Report.created_at, Report.id)
        .limit(_LIMIT),
        "created_at",
        "id",
    ),
    "created_at",
    "id",
    roles=(SUPPORT, MECHANIC),
)

_IS_MEMBER_HERE: Final = (User.city == _CITY, User.deleted_at.is_(None))
FOUND_MEMBERS: Final = _for_staff(
    select(User.id, User.username, User.first_name, User.last_name)
    .where(
        *_IS_MEMBER_HERE,
        or_(
            User.username.like(bindparam("name", type_=String())),
            User.email == bindparam("email", type_=String()),
        ),
    )
    .order_by(User.username)
    .limit(MOST_FOUND + 1),
    "username",
    roles=(SUPPORT,),
)

_IS_OF_DAY: Final = (
    LedgerEntry.city == _CITY,
    LedgerEntry.created_at >= _AT,
    LedgerEntry.created_at < bindparam("until", type_=DateTime(timezone=True)),
)
_Earlier: Final = aliased(LedgerEntry, name="earlier")
_BOTH: Final = (PAYMENT, REFUND)
_SUMS: Final = (
    select(
        LedgerEntry.kind,
        LedgerEntry.account,
        LedgerEntry.currency,
        func.count().label("entries"),
        cast(func.sum(LedgerEntry.amount), BigInteger).label("amount"),
        # No ride, as an aggregate: CockroachDB v22.1 fails to explain a union with a constant NULL.
        cast(func.max(cast(null(), String)), Uuid).label("ride_id"),
    )
    .where(*_IS_OF_DAY)
    .group_by(LedgerEntry.kind, LedgerEntry.account, LedgerEntry.currency)
)
# Fares that are both paid and refunded, since one of both was booked on this day.
_CREDITS: Final = select(
    *(LedgerEntry.kind, LedgerEntry.account, LedgerEntry.currency, literal(1)),
    *(LedgerEntry.amount, LedgerEntry.ride_id),
).where(
    *_IS_OF_DAY,
    LedgerEntry.kind.in_(_BOTH),
    LedgerEntry.account == RIDER,
    exists().where(
        _Earlier.city == _CITY,
        _Earlier.ride_id == LedgerEntry.ride_id,
        _Earlier.kind.in_(_BOTH),
        _Earlier.account == LedgerEntry.account,
        tuple_(_Earlier.created_at, _Earlier.kind)
        < tuple_(LedgerEntry.created_at, LedgerEntry.kind),
    ),
)
SUMS_OF_DAY: Final = _for_staff(
    select(union_all(_SUMS, _CREDITS).subquery("booked")), "kind", "account", roles=(SUPPORT,)
)

_IS_BEFORE: Final = tuple_(_AT, _AFTER)
DEAD_LETTERS: Final = _for_staff(
    select(
        *(Letter.id, Letter.kind, Letter.created_at, Letter.failed_at, Letter.attempts),
        *(Letter.last_error.label("error"), Letter.user_id),
    )
    .where(*_IS_DEAD, tuple_(Letter.failed_at, Letter.id) < _IS_BEFORE)
    .order_by(Letter.failed_at.desc(), Letter.id.desc())
    .limit(_LIMIT),
    "id",
    roles=(SUPPORT,),
)


def _audit() -> Select[Any]:
    """Select a page of the audit, newest first, with the usernames of actors who live here."""
    entries = (
        select(
            *(AuditEntry.happened_at, AuditEntry.id, AuditEntry.actor_city, AuditEntry.actor_id),
            *(AuditEntry.action, AuditEntry.subject_kind, AuditEntry.subject_city),
            *(AuditEntry.subject_id, AuditEntry.before, AuditEntry.after, AuditEntry.reason),
        )
        .where(
            AuditEntry.city == _CITY,
            tuple_(AuditEntry.happened_at, AuditEntry.id) < tuple_(_AT, _AFTER),
        )
        .order_by(AuditEntry.happened_at.desc(), AuditEntry.id.desc())
        .limit(_LIMIT)
        .subquery("page")
    )
    of_here = _user_of_here(entries.c.actor_city, entries.c.actor_id)
    return select(*entries.c, User.username.label("actor_name")).outerjoin(User, of_here)


AUDIT: Final = _for_staff(_audit(), "id")


def _grants(*where: ColumnElement[bool]) -> Select[Any]:
    """Select roles in the city, with the usernames of members who live here."""
    return (
        select(
            *(StaffRole.user_city, StaffRole.user_id, StaffRole.role, StaffRole.granted_at),
            User.username,
        )
        .outerjoin(User, _user_of_here(StaffRole.user_city, StaffRole.user_id))
        .where(StaffRole.city == _CITY, StaffRole.revoked_at.is_(None), *where)
        .order_by(StaffRole.role, StaffRole.user_id)
        .limit(_LIMIT)
    )


_ROLE: Final = bindparam("role", type_=String())
GRANTS: Final = _for_staff(
    _grants(tuple_(StaffRole.role, StaffRole.user_id) > tuple_(_ROLE, _AFTER)), "role", "user_id"
)
GRANT: Final = _for_staff(
    _grants(
        StaffRole.user_city == bindparam("user_city", type_=String()),
        StaffRole.user_id == bindparam("user_id", type_=Uuid()),
        StaffRole.role == _ROLE,
    ),
    "user_id",
)


def _happened(
    source: str,
    at: Column,
    id_: Column,
    word: Column,
    *where: ColumnElement[bool],
    words: Column | None = None,
    ride_id: Column | None = None,
    amount: Column | None = None,
) -> Select[Any]:
    """Select the newest items of one kind of a history, before those of the earlier pages."""
    items = (
        select(
            at.label("at"),
            id_.label("id"),
            literal(source, String()).label("source"),
            cast(word, String).label("word"),
            cast(null() if words is None else words, String).label("words"),
            cast(null() if ride_id is None else ride_id, Uuid).label("ride_id"),
            cast(null() if amount is None else amount, BigInteger).label("amount"),
        )
        .where(*where, tuple_(at, id_) < tuple_(_AT, _AFTER))
        .order_by(at.desc(), id_.desc())
        .limit(_LIMIT)
    )
    return select(items.subquery())


# Of a vehicle, ride, member or report, for managers.
_AUDITED: Final = _happened(
    "audit",
    AuditEntry.happened_at,
    AuditEntry.id,
    AuditEntry.action,
    AuditEntry.city == _CITY,
    AuditEntry.subject_id == _ID,
    _granted(),
    words=AuditEntry.reason,
)


def _view(subject: Select[Any], *history: Select[Any], roles: Sequence[str]) -> Select[Any]:
    """Select one thing and a page of its history, in any order; both or nothing."""
    found = subject.where(_granted(*roles)).subquery("subject")
    items = union_all(*history, _AUDITED).subquery("items")
    newest = (
        select(items).order_by(items.c.at.desc(), items.c.id.desc()).limit(_LIMIT).subquery("page")
    )
    renamed = [column.label(f"history_{column.key}") for column in newest.c]
    both = select(*found.c, *renamed).select_from(found.outerjoin(newest, true()))
    return _with_roles(with_member(both, "id"), roles)


VEHICLE: Final = _view(
    select(*_VEHICLE).where(Vehicle.city == _CITY, Vehicle.id == _ID),
    _happened(
        "event",
        VehicleEvent.happened_at,
        VehicleEvent.id,
        func.array_to_string(VehicleEvent.event_types, ", "),
        VehicleEvent.city == _CITY,
        VehicleEvent.vehicle_id == _ID,
        words=VehicleEvent.state,
        ride_id=VehicleEvent.ride_id,
    ),
    _happened(
        "report",
        Report.created_at,
        Report.id,
        Report.kind,
        Report.city == _CITY,
        Report.vehicle_id == _ID,
        words=Report.words,
    ),
    roles=(MECHANIC, SUPPORT),
)

RIDE: Final = _view(
    select(
        *(Ride.id, Ride.vehicle_id, Ride.rider_city, Ride.rider_id, Ride.start_location),
        *(Ride.end_location, Ride.start_time, Ride.end_time, Ride.length, Ride.distance),
        *(Ride.undone, Ride.amount, User.username.label("rider_name"), *_VEHICLE_NAMES),
    )
    .join(Vehicle, _vehicle_of(Ride))
    .outerjoin(User, _user_of_here(Ride.rider_city, Ride.rider_id))
    .where(Ride.city == _CITY, Ride.id == _ID),
    _happened(
        "ledger",
        LedgerEntry.created_at,
        LedgerEntry.ride_id,
        LedgerEntry.kind + literal(": ") + LedgerEntry.account,
        LedgerEntry.city == _CITY,
        LedgerEntry.ride_id == _ID,
        amount=LedgerEntry.amount,
    ),
    roles=(SUPPORT,),
)

MEMBER: Final = _view(
    select(
        *(User.city, User.id, User.username, User.first_name, User.last_name, User.email),
        *(User.email_verified_at, User.suspended_at, User.is_owner),
    ).where(*_IS_MEMBER_HERE, User.id == _ID),
    # Only those in this city: its staff learn nothing of rides elsewhere.
    _happened(
        "ride",
        Ride.start_time,
        Ride.id,
        Ride.start_location,
        Ride.city == _CITY,
        Ride.rider_city == _CITY,
        Ride.rider_id == _ID,
        words=Ride.end_location,
        amount=Ride.amount,
    ),
    _happened(
        "vehicle",
        Vehicle.date_added,
        Vehicle.id,
        Vehicle.brand + literal(" ") + Vehicle.type,
        Vehicle.city == _CITY,
        Vehicle.owner_id == _ID,
        words=Vehicle.last_location,
    ),
    _happened(
        "report",
        Report.created_at,
        Report.id,
        Report.kind,
        Report.city == _CITY,
        Report.reporter_city == _CITY,
        Report.reporter_id == _ID,
        words=Report.words,
    ),
    roles=(SUPPORT,),
)

REPORT: Final = _view(
    select(*_REPORT, *_VEHICLE_NAMES)
    .join(Vehicle, _vehicle_of(Report))
    .where(Report.city == _CITY, Report.id == _ID),
    roles=(SUPPORT, MECHANIC),
)
