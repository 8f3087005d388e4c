"""Access to the database: reads and transactions with deadline, retries and circuit breaker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy_cockroachdb import run_transaction

from movr import errors
from movr.database import deadline, query_stats
from movr.database.circuit_breaker import CircuitBreaker
from movr.database.engine import make_engine
from movr.database.execution import run

Result = TypeVar("Result")

MAX_RETRIES: Final = 10
MAX_BACKOFF: Final = 0.3  # seconds

# SQLSTATE of a statement that the server may or may not have completed (CockroachDB)
_RESULT_UNKNOWN: Final = "40003"
# SQLSTATEs of conflicts between transactions: serialization failure, deadlock, lock timeout
_CONFLICTS: Final = frozenset({"40001", "40P01", "55P03"})
# SQLSTATE of a statement that the server cancelled after `statement_timeout`
_STATEMENT_TIMEOUT: Final = "57014"
# SQLSTATEs of a schema older than this code expects: undefined table, undefined column
_SCHEMA_BEHIND: Final = frozenset({"42P01", "42703"})
# SQLSTATE of a missing database; PostgreSQL reports it at connect, CockroachDB at a statement
_NO_DATABASE: Final = "3D000"


class Database:
    """Runs statements and transactions of requests.

    Each method raises DatabaseUnavailable if the database can't be reached or does not answer in
    time, DatabaseSlow if a statement takes too long, and DatabaseBusy if a transaction conflicts
    with others too often or no connection is free.
    """

    def __init__(self, uri: str, *, pool_size: int, application_name: str) -> None:
        """Create the engines for the database at `uri`; they connect on first use.

        `pool_size` is the maximum number of connections of each engine.
        """
        self.engine: Final = make_engine(
            uri, pool_size=pool_size, application_name=application_name
        )
        # Each statement is its own transaction, in one round trip.
        self.autocommit: Final = make_engine(
            uri, pool_size=pool_size, application_name=application_name, autocommit=True
        )
        self._circuit_breaker = CircuitBreaker()

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """The engines for transactions and for single statements."""
        return self.engine, self.autocommit

    def close(self) -> None:
        """Close all idle connections."""
        for engine in self.engines:
            engine.dispose()

    def read(self, statement: Executable, **parameters: object) -> Sequence[Row[Any]]:
        """Execute one statement in one round trip; CockroachDB retries it on the server."""

        @query_stats.counting_retries
        def read() -> Sequence[Row[Any]]:
            with self.autocommit.connect() as connection:
                return run(connection, statement, **parameters).all()

        return self.with_retry(read)

    def attempt(self, change: Callable[..., bool], *arguments: object, **named: object) -> bool:
        """Run a change of one statement in one round trip; return False if a condition failed.

        Also returns False after a conflict that CockroachDB has not resolved by a retry on the
        server, if the reply to a change was lost: it is sent again, and changes nothing then; and
        if there is a row already that the change would add.
        """

        @query_stats.counting_retries
        def change_row() -> bool:
            with self.autocommit.connect() as connection:
                return change(connection, *arguments, **named)

        try:
            return self.with_retry(change_row)
        except (errors.DatabaseBusy, IntegrityError):
            return False

    def write(
        self, transaction: Callable[..., Result], *arguments: object, **named: object
    ) -> Result:
        """Run a transaction, retrying it after conflicts at most MAX_RETRIES times.

        New ids and the clock are passed as arguments, so that a second run can tell whether the
        first was committed.
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

        return self.with_retry(write)

    def with_retry(self, act: Callable[[], Result]) -> Result:
        """Call `act`, and repeat it once on a new connection if the pooled one was lost.

        This spares every request the additional round trip of pool_pre_ping.
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
    """Convert the database errors that MovR expects to refusals."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if _sqlstate(error) in _CONFLICTS:
            raise errors.DatabaseBusy from error
        if _sqlstate(error) == _STATEMENT_TIMEOUT:
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
