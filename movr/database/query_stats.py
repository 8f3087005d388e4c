"""Statistics about a request's database queries, and about the use of the connection pool."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from psycopg2.extensions import STATUS_READY
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from movr.database import deadline

Result = TypeVar("Result")


@dataclass(slots=True)
class QueryStats:
    """Counts of statements, round trips and retries, and seconds spent waiting for replies.

    BEGIN and COMMIT each count as a round trip. `began` is a `time.perf_counter()` reading, and
    `waiting_since` another while an answer is awaited.
    """

    statements: int = 0
    round_trips: int = 0
    seconds: float = 0.0
    retries: int = 0
    began: float = field(default_factory=time.perf_counter)
    waiting_since: float | None = None

    def start_waiting(self, *, round_trips: int) -> None:
        """Add these round trips, and start to measure the time of waiting."""
        self.round_trips += round_trips
        self.waiting_since = time.perf_counter()

    def stop_waiting(self) -> None:
        """Add the seconds since `start_waiting`."""
        if self.waiting_since is not None:
            self.seconds += time.perf_counter() - self.waiting_since
            self.waiting_since = None


_stats: ContextVar[QueryStats | None] = ContextVar("query_stats", default=None)


def start() -> QueryStats:
    """Start new statistics for this thread and return them; later statements update them."""
    stats = QueryStats()
    _stats.set(stats)
    return stats


def count_queries(engine: Engine) -> None:
    """Count the round trips of this engine's connections, and the seconds until each reply."""
    event.listen(engine, "before_cursor_execute", _statement_begins)
    event.listen(engine, "after_cursor_execute", _statement_ended)
    event.listen(engine, "commit", _transaction_ends)
    event.listen(engine, "rollback", _transaction_ends)
    # There is no event after COMMIT, but its connection is checked in immediately afterwards.
    event.listen(engine, "checkin", _stop_waiting)
    event.listen(engine, "handle_error", _stop_waiting)


def _statement_begins(connection: Connection, *_: object) -> None:
    if stats := _stats.get():
        stats.statements += 1
        stats.start_waiting(round_trips=2 if _sends_begin(connection) else 1)


def _statement_ended(*_: object) -> None:
    deadline.record_reply()
    _stop_waiting()


def _transaction_ends(connection: Connection) -> None:
    """Count COMMIT or ROLLBACK; neither is sent if no transaction has begun."""
    stats = _stats.get()
    if stats and not connection.invalidated and _driver(connection).status != STATUS_READY:
        stats.start_waiting(round_trips=1)


def _stop_waiting(*_: object) -> None:
    if stats := _stats.get():
        stats.stop_waiting()


def _sends_begin(connection: Connection) -> bool:
    """Return True if psycopg2 will send BEGIN, in a separate round trip, before a statement."""
    driver = _driver(connection)
    return driver.status == STATUS_READY and not driver.autocommit


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - psycopg2's connection, untyped here
    return connection.connection.dbapi_connection


def counting_retries(act: Callable[..., Result]) -> Callable[..., Result]:
    """Decorate `act` so that each of its calls after the first is counted as a retry."""
    runs = count()

    def counted(*arguments: Any) -> Result:
        if next(runs) and (stats := _stats.get()):
            stats.retries += 1
        return act(*arguments)

    return counted


def watch_pool(engine: Engine, taken: Callable[[], None], given_back: Callable[[], None]) -> None:
    """Call `taken` when a connection of the pool is checked out, `given_back` when checked in."""
    busy: set[ConnectionPoolEntry] = set()

    @event.listens_for(engine, "checkout")
    def checked_out(_connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        busy.add(entry)
        taken()

    @event.listens_for(engine, "checkin")
    def checked_in(_connection: object, entry: ConnectionPoolEntry) -> None:
        if entry in busy:  # also sent for a connection that could not be made
            busy.remove(entry)
            given_back()
