"""Statistics about a request's database queries, and about the use of the connection pool."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

import psycopg2.extensions
from psycopg2.extensions import STATUS_READY
from psycopg2.sql import Composable
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from movr.database import deadline

Result = TypeVar("Result")
Parameters = Mapping[str, Any] | Sequence[Any] | None


@dataclass(slots=True)
class QueryStats:
    """Counts of statements, round trips and retries, and seconds spent waiting for replies.

    BEGIN and COMMIT each count as a round trip. `began` is a `time.perf_counter()` reading.
    """

    statements: int = 0
    round_trips: int = 0
    seconds: float = 0.0
    retries: int = 0
    began: float = field(default_factory=time.perf_counter)


_stats: ContextVar[QueryStats] = ContextVar("usage")


def start() -> QueryStats:
    """Start new statistics for this thread and return them; later statements update them."""
    stats = QueryStats()
    _stats.set(stats)
    return stats


class CountingCursor(psycopg2.extensions.cursor):
    """A cursor that counts what it sends; but for `executemany`, which MovR does not use.

    Not by SQLAlchemy's events: with any of them, each of its connections prepares for all.
    """

    def execute(self, statement: str | bytes | Composable, parameters: Parameters = None) -> None:
        """Send a statement, and wait for its answer, whatever it is."""
        used = _stats.get(None)
        if not used:
            super().execute(statement, parameters)
            deadline.answered()
            return
        used.statements += 1
        used.round_trips += 2 if _begins(self.connection) else 1
        sent_at = time.perf_counter()
        try:
            super().execute(statement, parameters)
            deadline.answered()
        finally:
            used.seconds += time.perf_counter() - sent_at


def count_transaction_ends(engine: Engine) -> None:
    """Have the ends of this engine's transactions counted, too.

    Its events say when a transaction is about to end, and not when it has.
    """
    dialect = engine.dialect
    dialect.do_commit = _counted(dialect.do_commit)  # type: ignore[method-assign, assignment]
    dialect.do_rollback = _counted(dialect.do_rollback)  # type: ignore[method-assign, assignment]


def _counted(end: Callable[[Any], None]) -> Callable[[Any], None]:
    """The same end of a transaction, counted and timed where psycopg2 has one to end."""

    def counted(connection: Any) -> None:  # noqa: ANN401 - psycopg2's, in its pool's clothes
        stats = _stats.get(None)
        if not stats or connection.status == STATUS_READY:
            end(connection)
            return
        stats.round_trips += 1
        sent_at = time.perf_counter()
        try:
            end(connection)
        finally:
            stats.seconds += time.perf_counter() - sent_at

    return counted


def counting_retries(act: Callable[..., Result]) -> Callable[..., Result]:
    """The same act, every run of which but the first is counted as a retry."""
    runs = count()

    def counted(*arguments: Any) -> Result:
        if next(runs) and (stats := _stats.get(None)):
            stats.retries += 1
        return act(*arguments)

    return counted


def watch_pool(engine: Engine, taken: Callable[[], None], given_back: Callable[[], None]) -> None:
    """Have it said when a connection of this engine's pool is taken, and when it is given back."""
    busy: set[ConnectionPoolEntry] = set()

    @event.listens_for(engine, "checkout")
    def taking(_connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        busy.add(entry)
        taken()

    @event.listens_for(engine, "checkin")
    def giving_back(_connection: object, entry: ConnectionPoolEntry) -> None:
        if entry in busy:  # the pool also says so of one that could not be made
            busy.remove(entry)
            given_back()


def _begins(connection: psycopg2.extensions.connection) -> bool:
    """True if psycopg2 will send BEGIN before the next statement, and wait for its answer."""
    return connection.status == STATUS_READY and not connection.autocommit
