"""Class CityData: what agencies read of a city, and the zones that a city defines."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID, uuid4

from sqlalchemy import Executable, Row

from movr import errors
from movr import rows as rows_to
from movr.city_data import agencies, mobility, zones
from movr.city_data.agencies import Agency
from movr.city_data.mobility import Event, ListedVehicle, Trip
from movr.city_data.zones import Zone
from movr.database import deadline
from movr.database.access import Database
from movr.results import Page

Key: TypeAlias = tuple[datetime, UUID]  # of a row: its time and id
Rows: TypeAlias = Sequence[Row[Any]]

BATCH: Final = 1_000  # rows that are read at once where there are no pages
FIRST_ID: Final = UUID(int=0)


class Period(NamedTuple):
    """The time from `since` until just before `until`."""

    since: datetime
    until: datetime


class TripCount(NamedTuple):
    """How many trips there were, and of how many riders."""

    trips: int
    riders: int


class CityData:
    """Each method is one read or one transaction of one city."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Use this database. `clock` returns the current time in UTC."""
        self._database: Final = database
        self._now: Final = clock

    # Agencies

    def agencies(self, city: str) -> list[Agency]:
        """Return the tokens of the city's agencies, oldest first, revoked ones included."""
        return rows_to.named_tuples(Agency, self._database.read(agencies.LIST, agency_city=city))

    def add_agency(self, city: str, name: str) -> str | None:
        """Add an agency and return its token, or None if this name has one that is not revoked."""
        token = agencies.make_token()
        new = {"id_": uuid4(), "now": self._now()}
        return token if self._database.write(agencies.add, city, name, token, **new) else None

    def revoke_agency(self, city: str, name: str) -> bool:
        """Revoke the token of the agency of this name; return False if it has none."""
        return self._database.write(agencies.revoke, city, name, now=self._now())

    def check_token(self, city: str, token: str) -> UUID:
        """Return the id of a token of one of this city's agencies. Raises NotAnAgency."""
        found = self._database.read(
            agencies.FIND, agency_city=city, hash=agencies.hash_token(token)
        )
        if not found:
            raise errors.NotAnAgency
        return UUID(str(found[0].id))

    # Mobility data

    def vehicles(self, city: str, *, after: UUID | None, size: int) -> Page[ListedVehicle]:
        """Return a page of the vehicles that were in the city in the last 30 days."""
        since = self._now() - mobility.VEHICLES_KEPT
        rows = self._page(mobility.VEHICLES, city, after, size, since=since)
        return rows_to.page(rows_to.named_tuples(ListedVehicle, rows), size, _id)

    def vehicle(self, city: str, id_: UUID) -> ListedVehicle:
        """Return one of the city's vehicles, removed ones included. Raises VehicleNotFound."""
        rows = self._database.read(mobility.VEHICLE, city=city, id=id_)
        if not rows:
            raise errors.VehicleNotFound
        return rows_to.named_tuples(ListedVehicle, rows)[0]

    def last_events(self, city: str, *, after: UUID | None, size: int) -> Page[Event]:
        """Return a page of the last events of the city's vehicles, in the order of their ids.

        Removed and missing vehicles are listed for 90 minutes.
        """
        now = self._now()
        since = now - mobility.STATUS_KEPT
        rows = self._page(mobility.STATES, city, after, size, since=since, now=now)
        found = [mobility.current_event(row, now) for row in rows]
        return rows_to.page(found, size, lambda event: str(event.vehicle_id))

    def last_event(self, city: str, vehicle_id: UUID) -> Event:
        """Return the last event of one of the city's vehicles. Raises VehicleNotFound."""
        now = self._now()
        rows = self._database.read(mobility.STATE, city=city, id=vehicle_id, now=now)
        if not rows:
            raise errors.VehicleNotFound
        return mobility.current_event(rows[0], now)

    def events(self, city: str, period: Period, *, after: Key | None, size: int) -> Page[Event]:
        """Return a page of the events of a period, oldest first.

        `after` is the time and id of the last event of the page before.
        """
        found = [mobility.event(row) for row in self._events(city, period, after, size)]
        return rows_to.page(found, size, lambda last: f"{last.happened_at.isoformat()}~{last.id}")

    def all_events(self, city: str, period: Period) -> list[Event]:
        """Return all events of a period, oldest first. Raises NoOperation."""
        return [mobility.event(row) for row in self._all(self._events, city, period)]

    def trips(self, city: str, period: Period) -> list[Trip]:
        """Return all trips that ended in a period. Raises NoOperation."""
        return [mobility.trip(row) for row in self._all(self._trips, city, period)]

    def trip_counts(self, city: str, days: Sequence[Period]) -> dict[str, TripCount]:
        """Return the numbers of trips that began on these days, and of riders, by vehicle type.

        Raises NoOperation.
        """
        trips, riders = Counter[str](), defaultdict[str, set[UUID]](set)
        for day in days:
            deadline.restart()
            for row in self._database.read(mobility.RIDERS, city=city, **day._asdict()):
                trips[row.type] += row.trips
                riders[row.type].add(row.rider_id)
        if not trips:
            self._check_operation(city, days[-1])
        return {type_: TripCount(trips[type_], len(riders[type_])) for type_ in trips}

    def _page(
        self, statement: Executable, city: str, after: UUID | None, size: int, **parameters: object
    ) -> Rows:
        wanted = {"city": city, "after": after or FIRST_ID, "limit": size + 1, **parameters}
        return self._database.read(statement, **wanted)

    def _events(self, city: str, period: Period, after: Key | None, size: int) -> Rows:
        """Return a page of events, and one more if there are more.

        Reservations that lapsed are looked up for the time of the page only.
        """
        stored = self._of_period(mobility.EVENTS, city, period, after, size)
        until = stored[-1].happened_at if len(stored) > size else period.until
        of_page = period._replace(until=until)
        lapsed = self._of_period(mobility.LAPSED, city, of_page, after, size, now=self._now())
        return sorted([*stored, *lapsed], key=attrgetter("happened_at", "id"))[: size + 1]

    def _trips(self, city: str, period: Period, after: Key | None, size: int) -> Rows:
        return self._of_period(mobility.TRIPS, city, period, after, size)

    def _of_period(
        self,
        statement: Executable,
        city: str,
        period: Period,
        after: Key | None,
        size: int,
        **parameters: object,
    ) -> Rows:
        """Return a page of rows, and one more if there are more."""
        time, id_ = after or (period.since, FIRST_ID)
        since = max(time, period.since)
        wanted = {"after_time": time, "since": since, "until": period.until, **parameters}
        return self._page(statement, city, id_, size, **wanted)

    def _all(self, read_page: Callable[..., Rows], city: str, period: Period) -> list[Row[Any]]:
        """Return the rows of all pages of a period. Raises NoOperation."""
        rows: list[Row[Any]] = []
        page: Rows | None = None
        while page is None or len(page) > BATCH:
            deadline.restart()
            after = (rows[-1].happened_at, rows[-1].id) if rows else None
            page = read_page(city, period, after, BATCH)
            rows += page[:BATCH]
        if not rows:
            self._check_operation(city, period)
        return rows

    def _check_operation(self, city: str, period: Period) -> None:
        """Check that the city had an event before the period's end. Raises NoOperation."""
        first = self._database.read(mobility.FIRST_EVENT, city=city)
        if not first or first[0].happened_at >= period.until:
            raise errors.NoOperation

    # Zones

    def zones(self, city: str) -> tuple[Zone, ...]:
        """Return the zones of a city in force and those that will be, those without parking first.

        No zone begins sooner than NOTICE after it was added.
        """
        rows = self._database.read(zones.SELECT_ZONES, zone_city=city, at=self._now())
        return tuple(zones.Zone(row.name, zones.area_of(row.area), *row[2:]) for row in rows)

    def zones_in_force(self, city: str) -> list[Zone]:
        """Return the zones of a city that are in force now."""
        now = self._now()
        return [zone for zone in self.zones(city) if zone.is_in_force(now)]

    def replace_zones(self, city: str, new: Sequence[Zone], *, begin: datetime) -> int:
        """Let these zones replace a city's at `begin`; return how many those are."""
        by_id = {uuid4(): zone for zone in new}
        return len(self._database.write(zones.replace, city, by_id, begin=begin))


def _id(item: ListedVehicle) -> str:
    return str(item.id)
