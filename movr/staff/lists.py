"""What staff of a city read: lists, single things with their history, and sums.

Each read is one statement, which returns nothing but the session's member if they have no role in
the city that permits it (movr/staff/queries.py).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Row, Select

from movr import rows as rows_to
from movr.cities import City
from movr.database import deadline
from movr.database.access import Database
from movr.member_reads import read_rows
from movr.proofs import Proof
from movr.results import UserKey
from movr.staff import queries, results
from movr.staff.results import (
    IDLE,
    IDLE_AFTER,
    MISSING,
    OUT_OF_SERVICE,
    OVERDUE_AFTER,
    SHORTEST_SEARCH,
)

Item = TypeVar("Item")
Key = tuple[datetime, UUID]

BATCH: Final = 1_000  # rows of the audit that its file reads at once
FIRST_ID: Final = UUID(int=0)
FIRST: Final = (datetime.min.replace(tzinfo=UTC), FIRST_ID)
LAST: Final = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


VEHICLES: Final[Mapping[str, Select[Any]]] = {
    IDLE: queries.IDLE_VEHICLES,
    OUT_OF_SERVICE: queries.VEHICLES_OUT_OF_SERVICE,
    MISSING: queries.MISSING_VEHICLES,
}


class Reader(NamedTuple):
    """A member with the proof of a session or token, and the city of which they read something."""

    user: UserKey
    proof: Proof
    city: City


class _Found(NamedTuple):
    """The rows of a statement, with the member and their roles."""

    staff: results.Staff
    rows: Sequence[Row[Any]]

    def page(
        self, items: Sequence[Item], size: int, key: Callable[[Item], str]
    ) -> results.StaffList[Item]:
        """Return a page of these items, of which `size` are shown."""
        return results.StaffList(self.staff, rows_to.page(items, size, key))


class StaffLists:
    """What staff of a city read. Each method is one statement.

    `after` is the key of the last item of the previous page: its time, and its id.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Read from this database; `clock` returns the current time in UTC."""
        self._database = database
        self._now = clock

    def overview(self, reader: Reader) -> results.StaffList[results.Overview]:
        """Return how much there is to do in the city, as the only item."""
        now = self._now()
        bounds = {"overdue": now - OVERDUE_AFTER, "idle": now - IDLE_AFTER}
        return self._whole_list(results.Overview, queries.OVERVIEW, reader, **bounds)

    def rides_under_way(
        self, reader: Reader, *, after: Key | None, size: int
    ) -> results.StaffList[results.RideUnderWay]:
        """Return a page of the rides under way, the longest first."""
        found = self._read(queries.RIDES_UNDER_WAY, reader, **_bounds(after or FIRST, size))
        rides = rows_to.named_tuples(results.RideUnderWay, found.rows)
        return found.page(rides, size, lambda ride: _key(ride.start_time, ride.id))

    def vehicles(
        self, reader: Reader, which: str, *, after: Key | None, size: int
    ) -> results.StaffList[results.StaffVehicle]:
        """Return a page of vehicles that are idle, out of service or missing, the longest first."""
        now = self._now()
        idle = {"idle": now - IDLE_AFTER} if which == IDLE else {}
        bounds = {**_bounds(after or FIRST, size), **idle, "now": now}
        found = self._read(VEHICLES[which], reader, **bounds)
        vehicles = rows_to.named_tuples(results.StaffVehicle, found.rows)
        return found.page(vehicles, size, lambda vehicle: _key(vehicle.since, vehicle.id))

    def vehicle_by_number(
        self, reader: Reader, number: int
    ) -> results.StaffList[results.NumberedId]:
        """Return the id of the vehicle with this number, also of a removed one."""
        return self._whole_list(
            results.NumberedId, queries.VEHICLE_BY_NUMBER, reader, number=number
        )

    def open_reports(
        self, reader: Reader, *, after: Key | None, size: int
    ) -> results.StaffList[results.StaffReport]:
        """Return a page of the open reports, the oldest first."""
        found = self._read(queries.OPEN_REPORTS, reader, **_bounds(after or FIRST, size))
        reports = rows_to.named_tuples(results.StaffReport, found.rows)
        return found.page(reports, size, lambda report: _key(report.created_at, report.id))

    def search_members(self, reader: Reader, text: str) -> results.StaffList[results.FoundMember]:
        """Return members whose home is this city, by username, its beginning, or email address.

        There are at most MOST_FOUND, and none for fewer letters than SHORTEST_SEARCH.
        """
        is_short = len(text) < SHORTEST_SEARCH
        name = None if is_short else f"{_escaped(text.lower())}%"
        return self._whole_list(
            results.FoundMember, queries.FOUND_MEMBERS, reader, name=name, email=text
        )

    def sums_of_day(self, reader: Reader, day: date) -> results.StaffList[results.SumOfDay]:
        """Return what was booked on a day of the city's calendar, by kind and account.

        Payments to be returned are items of their own, each of a ride whose fare is refunded.
        """
        start, end = (
            datetime.combine(when, time(), reader.city.timezone)
            for when in (day, day + timedelta(days=1))
        )
        return self._whole_list(results.SumOfDay, queries.SUMS_OF_DAY, reader, at=start, until=end)

    def dead_letters(
        self, reader: Reader, *, after: Key | None, size: int
    ) -> results.StaffList[results.DeadLetter]:
        """Return a page of the letters that could not be delivered, newest first."""
        found = self._read(queries.DEAD_LETTERS, reader, **_bounds(after or LAST, size))
        letters = _newest(rows_to.named_tuples(results.DeadLetter, found.rows), "failed_at", "id")
        return found.page(letters, size, lambda letter: _key(letter.failed_at, letter.id))

    def audit(
        self, reader: Reader, *, after: Key | None, size: int
    ) -> results.StaffList[results.AuditLine]:
        """Return a page of the audit, newest first."""
        found = self._read(queries.AUDIT, reader, **_bounds(after or LAST, size))
        lines = _newest(rows_to.named_tuples(results.AuditLine, found.rows), "happened_at", "id")
        return found.page(lines, size, lambda line: _key(line.happened_at, line.id))

    def whole_audit(self, reader: Reader) -> Iterator[results.StaffList[results.AuditLine]]:
        """Yield the whole audit, newest first, in batches of BATCH; each checks the role again."""
        after: Key | None = LAST
        while after:
            deadline.restart()
            batch = self.audit(reader, after=after, size=BATCH)
            yield batch
            last = batch.page.items[-1] if batch.page.next else None
            after = (last.happened_at, last.id) if last else None

    def grants(
        self, reader: Reader, *, after: tuple[str, UUID] | None, size: int
    ) -> results.StaffList[results.Grant]:
        """Return a page of the roles that members have in the city."""
        role, user = after or ("", FIRST_ID)
        found = self._read(queries.GRANTS, reader, role=role, after=user, limit=size + 1)
        grants = rows_to.named_tuples(results.Grant, found.rows)
        return found.page(grants, size, lambda grant: f"{grant.role}~{grant.user_id}")

    def grant(
        self, reader: Reader, *, user: UserKey, role: str
    ) -> results.StaffList[results.Grant]:
        """Return a member's role in the city as the only item, if they have it."""
        key = {"user_city": user.city, "user_id": user.id, "role": role, "limit": 1}
        return self._whole_list(results.Grant, queries.GRANT, reader, **key)

    def vehicle(
        self, reader: Reader, id_: UUID, *, after: Key | None, size: int
    ) -> results.StaffView[results.StaffVehicle]:
        """Return a vehicle and a page of what happened to it, newest first."""
        return self._view(
            *(results.StaffVehicle, queries.VEHICLE, reader, id_),
            after=after,
            size=size,
            now=self._now(),
        )

    def ride(
        self, reader: Reader, id_: UUID, *, after: Key | None, size: int
    ) -> results.StaffView[results.StaffRide]:
        """Return a ride and a page of what was booked and done for it, newest first."""
        return self._view(results.StaffRide, queries.RIDE, reader, id_, after=after, size=size)

    def member(
        self, reader: Reader, id_: UUID, *, after: Key | None, size: int
    ) -> results.StaffView[results.StaffMember]:
        """Return a member whose home is the city, and a page of what they did here."""
        return self._view(results.StaffMember, queries.MEMBER, reader, id_, after=after, size=size)

    def report(
        self, reader: Reader, id_: UUID, *, after: Key | None, size: int
    ) -> results.StaffView[results.StaffReport]:
        """Return a report and a page of what staff did about it, newest first."""
        return self._view(results.StaffReport, queries.REPORT, reader, id_, after=after, size=size)

    def _view(
        self,
        kind: type[Item],
        statement: Select[Any],
        reader: Reader,
        id_: UUID,
        *,
        after: Key | None,
        size: int,
        **parameters: object,
    ) -> results.StaffView[Item]:
        """Return one thing and a page of its history."""
        bounds = _bounds(after or LAST, size)
        found = self._read(statement, reader, id=id_, **bounds, **parameters)
        subjects = rows_to.named_tuples(kind, found.rows[:1])
        history = rows_to.page(_history(found.rows), size, lambda item: _key(item.at, item.id))
        return results.StaffView(found.staff, next(iter(subjects), None), history)

    def _whole_list(
        self, kind: type[Item], statement: Select[Any], reader: Reader, **parameters: object
    ) -> results.StaffList[Item]:
        """Return all rows as the only page of a list."""
        found = self._read(statement, reader, **parameters)
        return results.StaffList(found.staff, rows_to.whole_list(kind, found.rows))

    def _read(self, statement: Select[Any], reader: Reader, **parameters: object) -> _Found:
        """Execute a statement of movr/staff/queries.py."""
        user, proof, city = reader
        now, parameters = self._now(), {**parameters, "city": city.name}
        rows = read_rows(self._database, user, proof, statement, parameters, now=now)
        first = rows[0]  # there is one even if member or list are missing: their columns are NULL
        member = rows_to.member(first, now) if first.member_id else None
        roles = frozenset(first.staff_roles or ())
        staff = results.Staff(member, roles, is_permitted=bool(first.is_permitted))
        return _Found(staff, rows if first.is_found else ())


def _bounds(key: Key, size: int) -> dict[str, object]:
    """Return the query parameters of a page after, or before, this key."""
    at, after = key
    return {"at": at, "after": after, "limit": size + 1}


def _key(at: datetime, id_: UUID) -> str:
    """Return the key of a page's last item, as web/pages/pagination.py parses it."""
    return f"{at.isoformat()}~{id_}"


def _escaped(text: str) -> str:
    """Return text for LIKE that matches itself only."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _newest(items: Iterable[Item], *key: str) -> list[Item]:
    return sorted(items, key=attrgetter(*key), reverse=True)


def _history(rows: Sequence[Row[Any]]) -> list[results.HistoryItem]:
    """Return the items of a history from the `history_…` columns, newest first."""
    names = [f"history_{name}" for name in results.HistoryItem._fields]
    items = (results.HistoryItem(*(getattr(row, name) for name in names)) for row in rows)
    return _newest((item for item in items if item.at), "at", "id")
