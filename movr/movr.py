"""Class MovR, the only door to the data: a method for each thing people do."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from sqlalchemy import Connection, Engine, Executable, Row, text
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy_cockroachdb import run_transaction

from movr import errors, geo, passwords, queries, results, transactions
from movr import rows as rows_to
from movr.cities import CITIES, City, Position
from movr.database import deadline, query_stats, schema
from movr.database.circuit_breaker import CircuitBreaker
from movr.database.engine import make_engine
from movr.database.execution import run
from movr.formats import MONTH, WEEK
from movr.results import MemberAndPage, Page, RideKey, UserKey, VehicleKey
from movr.ride_totals import begin
from movr.search import GROWTH, Search, SearchRadii

Result = TypeVar("Result")

MAX_RETRIES: Final = 10
MAX_BACKOFF: Final = 0.3  # seconds

DAYS: Final = timedelta(days=30)  # in which an owner sees what vehicles did
# How far back a rider sees what rides add up to: this month and those of a year, half a year of
# weeks.
YEARS: Final = 1
WEEKS: Final = 26

FIRST_ID: Final = UUID(int=0)
LAST_ID: Final = UUID(int=2**128 - 1)

_NOTHING: Final = text("SELECT 1")

# SQLSTATE of a statement that the server may have completed, or not (CockroachDB)
_RESULT_UNKNOWN: Final = "40003"
# SQLSTATEs of a transaction that lost against others: serialization failure, deadlock, lock timeout
_LOST_AGAINST_OTHERS: Final = frozenset({"40001", "40P01", "55P03"})
# SQLSTATE of a statement that the server ended: it had reached `statement_timeout`
_TOOK_TOO_LONG: Final = "57014"
# SQLSTATEs of a schema that is not (yet) what this code expects: no such table, no such column
_SCHEMA_BEHIND: Final = frozenset({"42P01", "42703"})
# SQLSTATE of a database that does not exist. PostgreSQL says so at connect, CockroachDB later.
_NO_DATABASE: Final = "3D000"


class MovR:
    """Vehicle sharing in nine cities. Every method is one read or one transaction.

    Any method raises DatabaseUnavailable when the database can't be reached or does not answer in
    time, DatabaseSlow when a statement takes too long, and DatabaseBusy when a transaction lost
    against others too often.
    """

    def __init__(
        self,
        uri: str,
        *,
        pool_size: int = 5,
        application_name: str = "movr",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare to talk to the database at `uri`; the first connection is made when needed."""
        self.engine: Final = make_engine(
            uri, pool_size=pool_size, application_name=application_name
        )
        self._reader = make_engine(
            uri, pool_size=pool_size, application_name=application_name, autocommit=True
        )
        self._circuit_breaker = CircuitBreaker()
        self._radii = SearchRadii()
        self._now = clock

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """All that talks to the database: to write, and to read."""
        return self.engine, self._reader

    def close(self) -> None:
        """Close all connections that are not in use."""
        for engine in self.engines:
            engine.dispose()

    def is_at_head(self) -> bool:
        """True if the database has the schema that this code expects."""
        return self._with_retry(lambda: schema.is_at_head(self.engine))

    def ping(self) -> None:
        """Ask the database for nothing but an answer: one round trip, to no table of anybody's."""
        self._read(_NOTHING)

    # Who is there

    def register(
        self,
        city: str,
        *,
        first_name: str,
        last_name: str,
        email: str,
        username: str,
        password: str,
        idempotency_key: str = "",
    ) -> UserKey:
        """Open an account in its home city, one for all calls of the same `idempotency_key`.

        Raises UsernameTaken.
        """
        user = UserKey(city, _id(NAMESPACE_OID, idempotency_key))
        self._write(
            transactions.register,
            user,
            first_name=first_name,
            last_name=last_name,
            email=email,
            username=username,
            password_hash=passwords.hash_password(password),
        )
        return user

    def log_in(self, username: str, password: str) -> results.Member:
        """The member with these credentials, names in any letter case. Raises WrongCredentials."""
        rows = self._read(queries.CREDENTIALS, username=username.lower())
        *member, password_hash = rows[0] if rows else (None,)
        if not passwords.is_password(password, password_hash):
            raise errors.WrongCredentials
        return rows_to.member(member)

    def session_member(self, user: UserKey, epoch: int = 0) -> results.Member | None:
        """The member of this key, while sessions of this epoch last; None once they have ended.

        Epochs are counted from 0, which is that of a new account.
        """
        rows = self._read(
            queries.SESSION_MEMBER, member_city=user.city, member_id=user.id, epoch=epoch
        )
        return rows_to.member(rows[0]) if rows else None

    def find_member(self, username: str) -> results.Member | None:
        """The member of this name, in any letter case."""
        rows = self._read(queries.MEMBER_BY_USERNAME, username=username.lower())
        return rows_to.member(rows[0]) if rows else None

    def change_password(self, user: UserKey, epoch: int, *, present: str, new: str) -> int:
        """Change the password and end all sessions; the epoch of those that begin from now on.

        Raises WrongPassword, SessionEnded, AccountDeleted.
        """
        rows = self._read(queries.PASSWORD_HASH, user_city=user.city, user_id=user.id)
        if not passwords.is_password(present, rows[0].password_hash if rows else None):
            raise errors.WrongPassword
        self._set_password(user, epoch, new)
        return epoch + 1

    def reset_password(self, user: UserKey, epoch: int, new: str) -> str:
        """Change a forgotten password and end all sessions; the username to log in with.

        Raises ResetLinkExpired if the sessions of this epoch ended before.
        """
        try:
            return self._set_password(user, epoch, new)
        except (errors.SessionEnded, errors.AccountDeleted):
            raise errors.ResetLinkExpired from None

    def end_sessions(self, user: UserKey, epoch: int) -> None:
        """Log out everywhere."""
        self._write(transactions.end_sessions, user, epoch)

    def erase_account(self, user: UserKey) -> None:
        """Delete an account and retire its vehicles. Raises StillRiding, VehiclesInUse."""
        self._write(transactions.erase_account, user, now=self._now())

    def members_of_city(
        self, user: UserKey, epoch: int, city: str, *, after: UUID | None, size: int
    ) -> MemberAndPage[results.CityMember]:
        """The session's member, and a page of the city's members; both empty for anybody else."""
        wanted = {"city": city, "after": after or FIRST_ID, "limit": size + 1}
        member, rows = self._read_with_member(user, epoch, queries.MEMBERS_OF_CITY, **wanted)
        people = [results.CityMember(*row) for row in rows if member]
        return MemberAndPage(
            member, rows_to.page(people, size, lambda neighbour: str(neighbour.id))
        )

    # Vehicles

    def vehicles(self, search: Search) -> Page[results.NearbyVehicle]:
        """A page of the city's vehicles, the nearest first."""
        radius = self._radii.radius(search)
        rows = self._read(search.statement(radius), **search.parameters(radius))
        return self._page_of_vehicles(search, radius, rows)

    def vehicles_and_member(
        self, user: UserKey, epoch: int, search: Search
    ) -> MemberAndPage[results.NearbyVehicle]:
        """What `session_member` and `vehicles` say, in one read where the radius is known."""
        radius = self._radii.radius(search)
        statement = search.statement_with_member(radius)
        member, rows = self._read_with_member(user, epoch, statement, **search.parameters(radius))
        return MemberAndPage(member, self._page_of_vehicles(search, radius, rows))

    def vehicles_of(
        self, owner: UserKey, epoch: int, *, after: UUID | None, size: int
    ) -> MemberAndPage[results.OwnedVehicle]:
        """The session's member, and a page of their vehicles; both empty for anybody else.

        Free or ridden, and what each did in the last 30 days.
        """
        member, rows = self._read_with_member(
            owner,
            epoch,
            queries.VEHICLES_OF_OWNER,
            city=owner.city,
            owner_id=owner.id,
            since=self._now() - DAYS,
            after=after or FIRST_ID,
            limit=size + 1,
        )
        owned = [rows_to.owned_vehicle(row) for row in rows if member]
        return MemberAndPage(member, rows_to.page(owned, size, lambda item: str(item.vehicle.id)))

    def vehicle(self, city: str, public_id: UUID) -> results.Vehicle:
        """The vehicle of this public name. Raises VehicleNotFound, also once it was ridden."""
        rows = self._read(queries.VEHICLE_BY_PUBLIC_ID, city=city, public_id=public_id)
        if not rows:
            raise errors.VehicleNotFound
        return results.Vehicle(*rows[0])

    def free_vehicles(self, city: str) -> list[results.PublicVehicle]:
        """All that is free in the city, for maps elsewhere."""
        return [results.PublicVehicle(*row) for row in self._read(queries.FREE_VEHICLES, city=city)]

    def add_vehicle(
        self,
        owner: UserKey,
        *,
        type: str,
        color: str,
        brand: str,
        location: str,
        position: Position | None = None,
        idempotency_key: str = "",
    ) -> VehicleKey:
        """Put a vehicle on the street of its owner's home city; adding one makes an owner.

        Without a position it stands at the city's centre. All the owner's calls of the same
        `idempotency_key` add one. Raises TooFarAway.
        """
        vehicle = VehicleKey(owner.city, _id(owner.id, idempotency_key))
        self._write(
            transactions.add_vehicle,
            vehicle,
            owner,
            type=type,
            color=color,
            brand=brand,
            location=location,
            position=_within_city(owner.city, position) or _city(owner.city).centre,
            now=self._now(),
        )
        return vehicle

    def remove_vehicle(self, vehicle: VehicleKey, owner: UserKey) -> None:
        """Retire a vehicle. Raises VehicleNotFound, NotYourVehicle, VehicleInUse."""
        self._write(transactions.remove_vehicle, vehicle, owner, now=self._now())

    # Rides

    def start_ride(self, vehicle: VehicleKey, rider: UserKey) -> RideKey:
        """The ride under way with this vehicle: started now, or before by the same rider.

        Raises AlreadyRiding, VehicleTaken, VehicleNotFound, AccountDeleted.
        """
        ride = RideKey(vehicle.city, uuid4())
        return self._write(transactions.start_ride, ride, vehicle, rider, now=self._now())

    def end_ride(
        self,
        ride: RideKey,
        rider: UserKey,
        *,
        location: str,
        position: Position | None = None,
        start: Position | None = None,
    ) -> None:
        """End the rider's own active ride; it was as long as the way from `start` to `position`.

        Without a position the vehicle stays where it was last known to be. A ride ends once: to
        end it again changes nothing. Raises RideNotFound, NotYourRide, TooFarAway.
        """
        end = _within_city(ride.city, position)
        self._write(
            transactions.end_ride,
            ride,
            rider,
            location=location,
            position=end,
            distance=round(geo.metres_between(start, end)) if start and end else None,
            public_id=uuid4(),
            timezone=_city(rider.city).timezone.key,
            now=self._now(),
        )

    def ride(self, rider: results.Member, id: UUID) -> results.Ride:
        """One of the rider's own rides. Raises RideNotFound."""
        wanted = {**_ridden_by(rider), "id": id, "limit": 1}
        rows = self._read(queries.RIDE, **wanted) if rider.cities_ridden else ()
        if not rows:
            raise errors.RideNotFound
        return rows_to.ride(rows[0])

    def history(
        self, rider: results.Member, *, before: tuple[datetime, UUID] | None, size: int
    ) -> results.History:
        """A page of the rider's history, the newest first; `before` is where the last one ended.

        The first page also says what the rides of a year add up to by month, and of half a year by
        week, on the clock of the rider's home city.
        """
        if not rider.cities_ridden:
            return results.History(Page((), None), (), ())
        time, after = before or (datetime.max.replace(tzinfo=UTC), LAST_ID)
        wanted = {**_ridden_by(rider), "before": time, "after": after, "limit": size + 1}
        if before:
            rides = self._read(queries.RIDES, **wanted)
            return results.History(rows_to.page_of_rides(rides, size), (), ())
        spans = _spans(self._now().astimezone(_city(rider.city).timezone).date())
        rows = self._read(queries.HISTORY, **wanted, **spans)
        months, weeks = (rows[0].months, rows[0].weeks) if rows else (None, None)
        page = rows_to.page_of_rides(rows, size)
        return results.History(page, rows_to.ride_totals(months), rows_to.ride_totals(weeks))

    # Operators

    def update_region(self) -> None:
        """Have the hidden `crdb_region` of every row say the region of its city, city by city."""
        for city in CITIES:
            self._write(transactions.update_region, city.name, city.region)

    def _page_of_vehicles(
        self, search: Search, radius: float, rows: Sequence[Sequence[Any]]
    ) -> Page[results.NearbyVehicle]:
        """A page of the rows found within `radius`; of a wider circle if they are too few."""
        while len(rows) <= search.size and radius < search.farthest:
            radius *= GROWTH
            rows = self._read(search.statement(radius), **search.parameters(radius))
        found = [rows_to.nearby_vehicle(row) for row in rows]
        self._radii.learn(search, found)
        return rows_to.page_of_vehicles(found, search.size)

    def _set_password(self, user: UserKey, epoch: int, password: str) -> str:
        hashed = passwords.hash_password(password)
        return self._write(transactions.set_password, user, epoch, password_hash=hashed)

    # One way to read, one way to write

    def _read(self, statement: Executable, **parameters: object) -> Sequence[Row[Any]]:
        """One statement, one round trip; CockroachDB retries it by itself."""

        @query_stats.counting_retries
        def read() -> Sequence[Row[Any]]:
            with self._reader.connect() as connection:
                return run(connection, statement, **parameters).all()

        return self._with_retry(read)

    def _read_with_member(
        self, user: UserKey, epoch: int, statement: Executable, **parameters: object
    ) -> tuple[results.Member | None, Sequence[Sequence[Any]]]:
        """What `session_member` says, and the rows of the other of two that are one statement."""
        key = {"member_city": user.city, "member_id": user.id, "epoch": epoch}
        rows = self._read(statement, **key, **parameters)
        split = queries.MEMBER_COLUMNS
        member = rows_to.member(rows[0][:split]) if rows[0][0] else None
        return member, [row[split:] for row in rows if row[split]]

    def _write(
        self, transaction: Callable[..., Result], *arguments: object, **named: object
    ) -> Result:
        """One transaction, retried when it loses against others, but not for ever.

        Its arguments hold all that makes it this one (ids, clock), so that a second run finds out
        whether the first got through.
        """

        @query_stats.counting_retries
        def callback(connection: Connection) -> Result:
            return transaction(connection, *arguments, **named)

        def write() -> Result:
            with _statement_error_before_rollback_error():
                result: Result = run_transaction(
                    self.engine, callback, max_retries=MAX_RETRIES, max_backoff=MAX_BACKOFF
                )
            return result

        return self._with_retry(write)

    def _with_retry(self, act: Callable[[], Result]) -> Result:
        """Act; once more, on a new connection, if the one from the pool was dead or died meanwhile.

        This spares every request the round trip that would ask first (pool_pre_ping).
        """
        with deadline.waiting(), _errors_as_refusals(), self._circuit_breaker.guard():
            try:
                return act()
            except DBAPIError as error:
                if not (error.connection_invalidated or _sqlstate(error) == _RESULT_UNKNOWN):
                    raise
            return act()


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "pgcode", None)


@contextmanager
def _statement_error_before_rollback_error() -> Iterator[None]:
    """Raise the error of a statement after which the server refused to roll back to the savepoint.

    CockroachDB does, with 0A000, if the statement was cancelled while a node did not answer.
    """
    try:
        yield
    except NotSupportedError as error:
        statement_error = error.orig and error.orig.__context__
        if not isinstance(statement_error, DBAPIError):
            raise
        raise statement_error from error


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]


@contextmanager
def _errors_as_refusals() -> Iterator[None]:
    """Turn what can go wrong between MovR and its database into refusals."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if _sqlstate(error) in _LOST_AGAINST_OTHERS:
            raise errors.DatabaseBusy from error
        if _sqlstate(error) == _TOOK_TOO_LONG:
            raise errors.DatabaseSlow from error
        raise errors.DatabaseUnavailable(_first_line(error)) from error
    except ProgrammingError as error:
        if _sqlstate(error) == _NO_DATABASE:
            raise errors.DatabaseUnavailable(_first_line(error)) from error
        if _sqlstate(error) not in _SCHEMA_BEHIND:
            raise
        raise errors.DatabaseUnavailable("its schema is not what this code expects") from error
    except PoolTimeout as error:
        raise errors.DatabaseBusy from error


def _id(namespace: UUID, idempotency_key: str) -> UUID:
    """An id for something new: the same one whenever it is the same that is to be done once."""
    return uuid5(namespace, idempotency_key) if idempotency_key else uuid4()


def _ridden_by(rider: results.Member) -> dict[str, Any]:
    """Whose rides, and in which cities."""
    return {"rider_city": rider.city, "rider_id": rider.id, "cities": rider.cities_ridden}


def _spans(today: date) -> dict[str, date]:
    """The first month and the first week whose totals are shown."""
    return {
        "months_since": begin(MONTH, today).replace(year=today.year - YEARS),
        "weeks_since": begin(WEEK, today) - timedelta(weeks=WEEKS - 1),
    }


def _city(name: str) -> City:
    """The city of a row."""
    (city,) = (city for city in CITIES if city.name == name)  # the database holds no others
    return city


def _within_city(city: str, position: Position | None) -> Position | None:
    """The position, if there is one. Raises TooFarAway."""
    if position and not geo.is_within(_city(city), position):
        raise errors.TooFarAway
    return position
