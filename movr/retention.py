"""How long MovR keeps what it knows about members, and the removal of what is older.

The command `flask retention run` applies RULES, as the owner of the tables: the app's own role may
not delete rows. SECURITY.md and the privacy page name the periods. The ledger is not among them:
books are kept as long as the law demands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Executable,
    Integer,
    Row,
    Select,
    String,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from movr.changes.accounts import ERASED_PLACES, HAS_PLACES
from movr.changes.reservations import NO_RESERVATION
from movr.database.access import Database
from movr.database.execution import run
from movr.formats import AUDIT_DAYS, ERASED
from movr.messages import Message, gettext_noop, ngettext_noop
from movr.models import (
    ApiToken,
    AuditEntry,
    IdempotencyKey,
    Letter,
    Report,
    Ride,
    User,
    Vehicle,
    VehicleEvent,
)
from movr.vehicle_events import coarse

BATCH: Final = 1_000  # rows that are read at once
LAST_ID: Final = 2**128 - 1
# The columns of a page's order, each with what is before its first value.
BEGIN: Final[dict[str, Any]] = {
    "id": UUID(int=0),
    "vehicle_id": UUID(int=0),
    "happened_at": datetime(1970, 1, 1, tzinfo=UTC),
}
YEAR: Final = 365  # days

_users, _vehicles, _rides, _events, _reports, _letters, _audit, _devices = (
    cast("Table", model.__table__)
    for model in (User, Vehicle, Ride, VehicleEvent, Report, Letter, AuditEntry, ApiToken)
)
_keys: Final = cast("Table", IdempotencyKey.__table__)

_IS_PENDING: Final = and_(_letters.c.sent_at.is_(None), _letters.c.failed_at.is_(None))
_CITY: Final = bindparam("row_city", type_=String())
_BEFORE: Final = bindparam("before", type_=DateTime(timezone=True))


class Rule(NamedTuple):
    """What is removed after a number of days, in words for members, and how."""

    what: str
    since: str  # the event from which the days count
    days: int
    order: Sequence[str]  # of the rows, by which they are read in pages; from a UUID to the id
    find: Select[Any]  # the keys of a page of rows, and which of them are due
    remove: Executable

    @property
    def period(self) -> Message:
        """The period in words."""
        if self.days < YEAR:
            return Message(*ngettext_noop("%(count)d day", "%(count)d days"), self.days)
        return Message(*ngettext_noop("%(count)d year", "%(count)d years"), self.days // YEAR)


class Step(NamedTuple):
    """How much of a city's rows has been looked at, from 0 to 1, and how many were due."""

    done: float
    rows: int


def _rule(
    table: Table,
    is_due: ColumnElement[bool],
    values: Mapping[Any, Any] | None = None,
    order: Sequence[str] = ("id",),
    **words: Any,
) -> Rule:
    """Return a rule that sets these values in the rows that are due, or else deletes the rows.

    The rows are changed by their keys, as always on CockroachDB (docs/multi-region.md).
    """
    keys = [table.c[name] for name in order]
    after = tuple_(*(bindparam(f"after_{key.name}", type_=key.type) for key in keys))
    find = (
        select(*keys, func.coalesce(is_due, literal(value=False)).label("is_due"))
        .where(table.c.city == _CITY, tuple_(*keys) > after)
        .order_by(*keys)
        .limit(bindparam("limit", type_=Integer()))
    )
    change = update(table).values(values) if values else delete(table)
    found = (table.c.city == _CITY, table.c.id.in_(bindparam("ids", expanding=True)))
    remove = change.where(*found, is_due).returning(table.c.id)
    return Rule(**words, order=order, find=find, remove=remove)


def _is_superseded() -> ColumnElement[bool]:
    """Return SQL: a vehicle has a later event, too. The last one of each vehicle is kept."""
    later = _events.alias("later")
    return exists().where(
        later.c.city == _CITY,
        later.c.vehicle_id == _events.c.vehicle_id,
        later.c.happened_at > _events.c.happened_at,
    )


def _has_place() -> ColumnElement[bool]:
    """Return SQL: a vehicle's place is not erased. Riders choose words, also the erased ones."""
    columns = (_vehicles.c.latitude, _vehicles.c.longitude)
    return or_(
        _vehicles.c.last_location != ERASED, *(column != coarse(column) for column in columns)
    )


RULES: Final = (
    _rule(
        _letters,
        or_(
            _letters.c.sent_at < _BEFORE,
            _letters.c.failed_at < _BEFORE,
            and_(_IS_PENDING, _letters.c.created_at < _BEFORE),  # there was no mail server
        ),
        what=gettext_noop("emails that MovR has sent, or could not send"),
        since=gettext_noop("that"),
        days=30,
    ),
    _rule(
        _devices,
        or_(_devices.c.revoked_at < _BEFORE, _devices.c.refresh_until < _BEFORE),
        what=gettext_noop("a device or program that does not use MovR for you any more"),
        since=gettext_noop("that"),
        days=30,
    ),
    _rule(
        _keys,
        _keys.c.created_at < _BEFORE,
        what=gettext_noop("what makes a request of a program repeatable"),
        since=gettext_noop("it was sent first"),
        days=1,
    ),
    _rule(
        _users,
        _users.c.reservation_until < _BEFORE,
        NO_RESERVATION,
        what=gettext_noop("your last reservation"),
        since=gettext_noop("its end"),
        days=1,
    ),
    _rule(
        _vehicles,
        _vehicles.c.reserved_until < _BEFORE,
        dict.fromkeys(("reserved_until", "reserved_by_city", "reserved_by_id")),
        what=gettext_noop("who had a vehicle reserved last"),
        since=gettext_noop("the end of the reservation"),
        days=1,
    ),
    _rule(
        _reports,
        and_(
            _reports.c.closed_at < _BEFORE,
            or_(_reports.c.words.is_not(None), _reports.c.latitude.is_not(None)),
        ),
        dict.fromkeys(("words", "latitude", "longitude")),
        what=gettext_noop("the words and the position of a report"),
        since=gettext_noop("it was closed"),
        days=YEAR,
    ),
    _rule(
        _rides,
        and_(_rides.c.end_time < _BEFORE, HAS_PLACES),
        ERASED_PLACES,
        what=gettext_noop(
            "the words and exact positions of a ride (then rounded to about a kilometre)"
        ),
        since=gettext_noop("its end"),
        days=2 * YEAR,
    ),
    _rule(
        _vehicles,
        and_(_vehicles.c.removed_at < _BEFORE, _has_place()),
        {
            "last_location": ERASED,
            **{name: coarse(_vehicles.c[name]) for name in ("latitude", "longitude")},
        },
        what=gettext_noop("the exact place of a removed vehicle (then rounded, too)"),
        since=gettext_noop("it was removed"),
        days=2 * YEAR,
    ),
    _rule(
        _events,
        and_(_events.c.happened_at < _BEFORE, _is_superseded()),
        order=("vehicle_id", "happened_at", "id"),  # what is left is a chain at any time
        what=gettext_noop("the events of a vehicle, except its last one"),
        since=gettext_noop("they happened"),
        days=2 * YEAR,
    ),
    _rule(
        _audit,
        _audit.c.happened_at < _BEFORE,
        what=gettext_noop("what staff did, and why"),
        since=gettext_noop("that"),
        days=AUDIT_DAYS,
    ),
)


class Retention:
    """Removes what is older than its period."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Use this database."""
        self._database = database
        self._now = clock

    def apply(self, rule: Rule, city: str, *, is_trial: bool = False) -> Iterator[Step]:
        """Apply a rule to a city's rows, in batches; a trial only counts those that are due.

        It may be stopped and repeated at any time.
        """
        before = self._now() - timedelta(days=rule.days)
        after, is_last = [BEGIN[name] for name in rule.order], False
        while not is_last:
            rows = self._page(rule, after, row_city=city, before=before)
            is_last = len(rows) < BATCH
            after = [getattr(rows[-1], name) for name in rule.order] if rows else after
            due = [row.id for row in rows if row.is_due]
            if due and not is_trial:
                self._database.write(_remove, rule, row_city=city, before=before, ids=due)
            yield Step(1 if is_last else after[0].int / LAST_ID, len(due))

    def _page(self, rule: Rule, after: Sequence[Any], **wanted: object) -> Sequence[Row[Any]]:
        keys = {f"after_{name}": value for name, value in zip(rule.order, after, strict=True)}
        return self._database.read(rule.find, **keys, **wanted, limit=BATCH)


def _remove(connection: Connection, rule: Rule, **rows: object) -> None:
    run(connection, rule.remove, **rows)
