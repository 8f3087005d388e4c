"""Class MovR, the only door to the data: a method for each thing people do."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Engine, Executable, Row, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy_cockroachdb import run_transaction

from movr import errors, passwords, queries, results, schema, transactions, usage
from movr.cities import CITIES
from movr.engine import make_engine
from movr.results import Page, RideKey, UserKey, VehicleKey

Result = TypeVar("Result")
Item = TypeVar("Item")

MAX_RETRIES: Final = 10
MAX_BACKOFF: Final = 0.3  # seconds

FIRST_ID: Final = UUID(int=0)
LAST_ID: Final = UUID(int=2**128 - 1)

# SQLSTATE of a statement that the server may have completed, or not (CockroachDB)
_RESULT_UNKNOWN: Final = "40003"
# SQLSTATEs of a transaction that lost against others: serialization failure, deadlock, lock timeout
_LOST_AGAINST_OTHERS: Final = frozenset({"40001", "40P01", "55P03"})
# SQLSTATEs of a schema that is not (yet) what this code expects: no such table, no such column
_SCHEMA_BEHIND: Final = frozenset({"42P01", "42703"})


class MovR:
    """Vehicle sharing in nine cities. Every method is one read or one transaction.

    Any method raises DatabaseAway when the database can't be reached or does not answer in time,
    and DatabaseBusy when a transaction lost against others too often.
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
        self._sessions = sessionmaker(self.engine, autoflush=False)
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
        return _persistently(lambda: schema.is_at_head(self.engine))

    def reach(self) -> None:
        """Ask the database for nothing but an answer: one round trip, to no table of anybody's."""
        self._read(text("SELECT 1"))

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
    ) -> UserKey:
        """Open an account in its home city. Raises UsernameTaken."""
        user = UserKey(city, uuid4())
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
        return _member(member)

    def who_is(self, user: UserKey) -> results.Member | None:
        """The member of this key; None once the account is deleted."""
        rows = self._read(queries.WHO_IS, member_city=user.city, member_id=user.id)
        return _member(rows[0]) if rows else None

    def erase_account(self, user: UserKey) -> None:
        """Delete an account and retire its vehicles. Raises StillRiding, VehiclesInUse."""
        self._write(transactions.erase_account, user, now=self._now())

    def neighbours(self, city: str, *, after: UUID | None, size: int) -> Page[results.Neighbour]:
        """A page of the city's members."""
        rows = self._read(queries.NEIGHBOURS, city=city, after=after or FIRST_ID, limit=size + 1)
        return _page([results.Neighbour(*row) for row in rows], size, next_by=_id)

    # Vehicles

    def home(
        self, city: str, user: UserKey | None, *, after: UUID | None, size: int
    ) -> results.Home:
        """Who is looking (None: a stranger) and a page of what is free in the city, in one read."""
        rows = self._read(
            queries.HOME,
            city=city,
            member_city=user and user.city,
            member_id=user and user.id,
            after=after or FIRST_ID,
            limit=size + 1,
        )
        split = len(results.Member.__slots__)
        member = _member(rows[0][:split]) if rows[0][0] else None
        vehicles = [results.Vehicle(*row[split:]) for row in rows if row[split]]
        return results.Home(member, _page(vehicles, size, next_by=_id))

    def vehicles(self, city: str, *, after: UUID | None, size: int) -> Page[results.Vehicle]:
        """A page of the city's vehicles, free or ridden."""
        rows = self._read(queries.VEHICLES, city=city, after=after or FIRST_ID, limit=size + 1)
        return _page([results.Vehicle(*row) for row in rows], size, next_by=_id)

    def vehicles_of(
        self, owner: UserKey, *, after: UUID | None, size: int
    ) -> Page[results.Vehicle]:
        """A page of the owner's vehicles, free or ridden."""
        rows = self._read(
            queries.VEHICLES_OF_OWNER,
            city=owner.city,
            owner_id=owner.id,
            after=after or FIRST_ID,
            limit=size + 1,
        )
        return _page([results.Vehicle(*row) for row in rows], size, next_by=_id)

    def add_vehicle(
        self, owner: UserKey, *, type: str, color: str, brand: str, location: str
    ) -> VehicleKey:
        """Put a vehicle on the street of its owner's home city; adding one makes an owner."""
        vehicle = VehicleKey(owner.city, uuid4())
        self._write(
            transactions.add_vehicle,
            vehicle,
            owner,
            type=type,
            color=color,
            brand=brand,
            location=location,
            now=self._now(),
        )
        return vehicle

    def remove_vehicle(self, vehicle: VehicleKey, owner: UserKey) -> None:
        """Retire a vehicle. Raises VehicleNotFound, NotYourVehicle, VehicleInUse."""
        self._write(transactions.remove_vehicle, vehicle, owner, now=self._now())

    # Rides

    def start_ride(self, vehicle: VehicleKey, rider: UserKey) -> RideKey:
        """Start a ride. Raises AlreadyRiding, VehicleTaken, VehicleNotFound, AccountGone."""
        ride = RideKey(vehicle.city, uuid4())
        self._write(transactions.start_ride, ride, vehicle, rider, now=self._now())
        return ride

    def end_ride(self, ride: RideKey, rider: UserKey, *, location: str) -> None:
        """End the rider's own active ride. Raises RideNotFound, NotYourRide, RideEnded."""
        self._write(transactions.end_ride, ride, rider, location=location, now=self._now())

    def rides(
        self, rider: results.Member, *, before: tuple[datetime, UUID] | None, size: int
    ) -> Page[results.Ride]:
        """A page of the rider's history, the newest first; `before` is where the last one ended."""
        if not rider.cities_ridden:
            return Page((), None)
        time, after = before or (datetime.max.replace(tzinfo=UTC), LAST_ID)
        rows = self._read(
            queries.RIDES,
            rider_city=rider.city,
            rider_id=rider.id,
            cities=rider.cities_ridden,
            before=time,
            after=after,
            limit=size + 1,
        )
        rides = [results.Ride(*row) for row in rows]
        return _page(rides, size, next_by=lambda ride: f"{ride.start_time.isoformat()}~{ride.id}")

    # Operators

    def update_region(self) -> None:
        """Have the hidden `crdb_region` of every row say the region of its city, city by city."""
        for city in CITIES:
            self._write(transactions.update_region, city.name, city.region)

    # One way to read, one way to write

    def _read(self, statement: Executable, **parameters: object) -> Sequence[Row[Any]]:
        """One statement, one round trip; CockroachDB retries it by itself."""

        @usage.counting_retries
        def read() -> Sequence[Row[Any]]:
            with self._reader.connect() as connection:
                return connection.execute(statement, parameters).all()

        return _persistently(read)

    def _write(
        self, transaction: Callable[..., Result], *arguments: object, **named: object
    ) -> Result:
        """One transaction, retried when it loses against others, but not for ever.

        Its arguments hold all that makes it this one (ids, clock), so that a second run finds out
        whether the first got through.
        """

        @usage.counting_retries
        def callback(session: Session) -> Result:
            return transaction(session, *arguments, **named)

        def write() -> Result:
            result: Result = run_transaction(
                self._sessions, callback, max_retries=MAX_RETRIES, max_backoff=MAX_BACKOFF
            )
            return result

        return _persistently(write)


def _persistently(act: Callable[[], Result]) -> Result:
    """Act; once more, on a new connection, if the one from the pool was dead or died meanwhile.

    This spares every request the round trip that would ask first (pool_pre_ping).
    """
    with _calmly():
        try:
            return act()
        except DBAPIError as error:
            if not (error.connection_invalidated or _sqlstate(error) == _RESULT_UNKNOWN):
                raise
        return act()


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "pgcode", None)


@contextmanager
def _calmly() -> Iterator[None]:
    """Turn what can go wrong between MovR and its database into refusals."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if _sqlstate(error) in _LOST_AGAINST_OTHERS:
            raise errors.DatabaseBusy from error
        raise errors.DatabaseAway(str(error.orig).strip().partition("\n")[0]) from error
    except ProgrammingError as error:
        if _sqlstate(error) not in _SCHEMA_BEHIND:
            raise
        raise errors.DatabaseAway("its schema is not what this code expects") from error
    except PoolTimeout as error:
        raise errors.DatabaseBusy from error


def _member(row: Sequence[Any]) -> results.Member:
    fields = [*row[:-1], tuple(row[-1])]
    return results.Member(*fields)


def _id(item: results.Vehicle | results.Neighbour) -> str:
    return str(item.id)


def _page(found: Sequence[Item], size: int, *, next_by: Callable[[Item], str]) -> Page[Item]:
    """A page out of one item more than fits, which tells whether there is a next."""
    items = tuple(found[:size])
    return Page(items, next_by(items[-1]) if len(found) > size else None)
