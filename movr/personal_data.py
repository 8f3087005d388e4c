"""All that MovR keeps about one member, table by table, for the file that the member downloads.

Each table of the models is read here or listed in WITHOUT_MEMBERS, and each column is exported
unless OMITTED names it (tests/movr/test_personal_data.py).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    or_,
    select,
    tuple_,
)

from movr import errors
from movr.database import deadline
from movr.database.access import Database
from movr.formats import OWNER, RIDER
from movr.models import (
    ApiToken,
    AuditEntry,
    Base,
    LedgerEntry,
    Letter,
    Report,
    Ride,
    RideTotal,
    StaffRole,
    User,
    Vehicle,
    VehicleEvent,
)
from movr.results import UserKey

BATCH: Final = 1_000  # rows that are read at once

WITHOUT_MEMBERS: Final = frozenset({"tariffs", "agency_tokens", "zones", "idempotency_keys"})
# Columns of no part: secrets; the id of another owner's vehicle, which stays; and another member.
OMITTED: Final = frozenset(
    {
        "users.password_hash",
        "api_tokens.access_hash",
        "api_tokens.refresh_hash",
        "rides.vehicle_id",
        "reports.vehicle_id",
        "staff_roles.granted_by_city",
        "staff_roles.granted_by_id",
    }
)

# Before all values of a column, by its type.
_FIRST: Final[Mapping[type, object]] = {
    UUID: UUID(int=0),
    str: "",
    date: date.min,
    datetime: datetime.min.replace(tzinfo=UTC),
}

Values = dict[str, Any]  # of a row, by the names of its columns

_CITY: Final = bindparam("city", type_=String())
_MEMBER_CITY: Final = bindparam("member_city", type_=String())
_MEMBER_ID: Final = bindparam("member_id", type_=Uuid())


class Rows(NamedTuple):
    """Some rows of a part of the file."""

    part: str
    rows: list[Values]


class Part(NamedTuple):
    """A list of the file: rows of a table in some cities, in the order of some columns."""

    name: str
    table: Table
    columns: tuple[str, ...]
    statement: Select[Any]
    order: tuple[str, ...]
    cities: Callable[[Values], tuple[str, ...]]

    @property
    def first(self) -> Values:
        """The values of `order` before those of all rows."""
        return {name: _FIRST[self.table.c[name].type.python_type] for name in self.order}


def _home(account: Values) -> tuple[str, ...]:
    return (account["city"],)


def _ridden(account: Values) -> tuple[str, ...]:
    """Return the cities that may have rides of the member, and what follows from rides."""
    return tuple(sorted({account["city"], *account["cities_ridden"]}))


def _reserved(account: Values) -> tuple[str, ...]:
    """Return the cities that may have a vehicle that the member had reserved last."""
    last = account["reservation_city"]
    return tuple(sorted({*_ridden(account), *([last] if last else [])}))


def _visited(account: Values) -> tuple[str, ...]:
    """Return the cities where the member has ridden, reported a problem or is staff."""
    others = (*account["cities_reported"], *account["staff_cities"])
    return tuple(sorted({*_ridden(account), *others}))


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def _part(
    name: str,
    model: type[Base],
    is_theirs: ColumnElement[bool],
    order: tuple[str, ...] = ("id",),
    cities: Callable[[Values], tuple[str, ...]] = _home,
    *,
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> Part:
    """Return a part with all columns that are not OMITTED, or with `only` these.

    `order` names columns that identify a row in its city, and should be those of an index.
    """
    table = _table(model)
    columns = only or tuple(
        c.name for c in table.c if str(c) not in OMITTED and c.name not in without
    )
    last = (bindparam(f"after_{each}", type_=table.c[each].type) for each in order)
    keys = [table.c[each] for each in order]
    statement = (
        select(*(table.c[name] for name in dict.fromkeys((*columns, *order))))
        .where(table.c.city == _CITY, is_theirs, tuple_(*keys) > tuple_(*last))
        .order_by(*keys)
        .limit(bindparam("limit", type_=Integer()))
    )
    return Part(name, table, columns, statement, order, cities)


_LAST_RESERVED: Final = and_(
    Vehicle.reserved_by_city == _MEMBER_CITY, Vehicle.reserved_by_id == _MEMBER_ID
)
_RIDDEN_BY_MEMBER: Final = and_(Ride.rider_city == _MEMBER_CITY, Ride.rider_id == _MEMBER_ID)
_HELD_BY_MEMBER: Final = and_(
    LedgerEntry.holder_city == _MEMBER_CITY, LedgerEntry.holder_id == _MEMBER_ID
)
_REPORTED_BY_MEMBER: Final = and_(
    Report.reporter_city == _MEMBER_CITY, Report.reporter_id == _MEMBER_ID
)
_CLOSED_BY_MEMBER: Final = and_(
    Report.closed_by_city == _MEMBER_CITY, Report.closed_by_id == _MEMBER_ID
)
_IS_MEMBERS: Final = and_(Vehicle.city == _MEMBER_CITY, Vehicle.owner_id == _MEMBER_ID)
_HAS_ROLE: Final = and_(StaffRole.user_city == _MEMBER_CITY, StaffRole.user_id == _MEMBER_ID)
_DONE_BY_MEMBER: Final = and_(
    AuditEntry.actor_city == _MEMBER_CITY, AuditEntry.actor_id == _MEMBER_ID
)
_DONE_TO_MEMBER: Final = or_(
    and_(AuditEntry.subject_city == _MEMBER_CITY, AuditEntry.subject_id == _MEMBER_ID),
    AuditEntry.subject_id.in_(select(Ride.id).where(Ride.city == _CITY, _RIDDEN_BY_MEMBER)),
    AuditEntry.subject_id.in_(select(Vehicle.id).where(Vehicle.city == _CITY, _IS_MEMBERS)),
    AuditEntry.subject_id.in_(select(Report.id).where(Report.city == _CITY, _REPORTED_BY_MEMBER)),
)
_BY_TIME: Final = ("created_at", "ride_id", "kind", "account")

PARTS: Final = (
    _part("account", User, and_(User.id == _MEMBER_ID, User.deleted_at.is_(None))),
    _part(
        "vehicles",
        Vehicle,
        Vehicle.owner_id == _MEMBER_ID,
        without=("reserved_by_city", "reserved_by_id"),  # another member
    ),
    _part(
        "last_reservations",
        Vehicle,
        _LAST_RESERVED,
        cities=_reserved,
        only=("city", "type", "brand", "reserved_by_city", "reserved_by_id", "reserved_until"),
    ),
    _part("rides", Ride, _RIDDEN_BY_MEMBER, ("start_time", "id"), _ridden),
    _part("ride_totals", RideTotal, RideTotal.rider_id == _MEMBER_ID, ("period", "begin")),
    _part(
        "fares_and_payments",
        LedgerEntry,
        and_(_HELD_BY_MEMBER, LedgerEntry.account == RIDER),
        _BY_TIME,
        _ridden,
        without=("vehicle_id",),
    ),
    _part("earnings", LedgerEntry, and_(_HELD_BY_MEMBER, LedgerEntry.account == OWNER), _BY_TIME),
    _part(
        "events_of_vehicles",
        VehicleEvent,
        VehicleEvent.vehicle_id.in_(select(Vehicle.id).where(Vehicle.city == _CITY, _IS_MEMBERS)),
        ("vehicle_id", "happened_at", "id"),
    ),
    _part(
        "reports",
        Report,
        _REPORTED_BY_MEMBER,
        ("created_at", "id"),
        _visited,
        without=("closed_by_city", "closed_by_id"),
    ),
    _part(
        "reports_closed",
        Report,
        _CLOSED_BY_MEMBER,
        cities=_visited,
        only=("city", "id", "kind", "closed_at", "closed_by_city", "closed_by_id", "outcome"),
    ),
    _part("devices", ApiToken, ApiToken.holder_id == _MEMBER_ID, ("created_at", "id")),
    _part("letters", Letter, Letter.user_id == _MEMBER_ID),
    _part("roles", StaffRole, _HAS_ROLE, ("role",), _visited),
    _part(
        "done_by_staff",
        AuditEntry,
        _DONE_TO_MEMBER,
        cities=_visited,
        without=("actor_city", "actor_id"),
    ),
    _part(
        "done_as_staff",
        AuditEntry,
        _DONE_BY_MEMBER,
        cities=_visited,
        without=("subject_city", "subject_id", "before", "after"),
    ),
)


class PersonalData:
    """Reads what MovR keeps about a member."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    def of(self, user: UserKey) -> Iterator[Rows]:
        """Yield all rows of all parts, in the order of PARTS and in batches of BATCH.

        Each read names one city: the home city, or one where the member has ridden, reported a
        problem or is staff. Each part but the first begins with an empty batch. Raises
        AccountDeleted.
        """
        account = next(self._of_city(PARTS[0], user, user.city), None)
        if account is None:
            raise errors.AccountDeleted
        yield account
        for part in PARTS[1:]:
            yield Rows(part.name, [])
            for city in part.cities(account.rows[0]):
                yield from self._of_city(part, user, city)

    def _of_city(self, part: Part, user: UserKey, city: str) -> Iterator[Rows]:
        last, is_last = part.first, False
        while not is_last:
            deadline.restart()
            rows = self._database.read(
                part.statement,
                city=city,
                member_city=user.city,
                member_id=user.id,
                limit=BATCH,
                **{f"after_{name}": value for name, value in last.items()},
            )
            is_last = len(rows) < BATCH
            if rows:
                yield Rows(part.name, [_values(part, row) for row in rows])
                last = {name: getattr(rows[-1], name) for name in part.order}


def _values(part: Part, row: Row[Any]) -> Values:
    return {name: getattr(row, name) for name in part.columns}
