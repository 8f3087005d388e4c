"""The SQLAlchemy engine: database address, timeouts, session settings and connection pool."""

import math
import os
import random
import socket
import time
import weakref
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import psycopg2
import sqlalchemy
from psycopg2 import ProgrammingError
from psycopg2.errors import FeatureNotSupported, InvalidParameterValue, UndefinedObject
from psycopg2.extensions import make_dsn, new_type, register_type
from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from movr.database import deadline, query_stats
from movr.database.deadline import STATEMENT_TIMEOUT

CONNECT_TIMEOUT: Final = 2  # seconds
POOL_TIMEOUT: Final = 1  # seconds
# The first two are shorter than a request's deadline, so that a live server reports which limit was
# reached before MovR cuts the connection.
TIMEOUTS: Final = {  # milliseconds, PostgreSQL's unit
    "lock_timeout": 1_500,
    "statement_timeout": round(STATEMENT_TIMEOUT * 1000),
    "idle_in_transaction_session_timeout": 20_000,
}
SESSION_SETTINGS: Final = {
    **TIMEOUTS,
    # JIT compilation and parallel workers cost PostgreSQL more than any of MovR's statements.
    "jit": "off",
    "max_parallel_workers_per_gather": 0,
    # Return floats with all 17 digits; the default of CockroachDB up to v22.1 is 15.
    "extra_float_digits": 3,
}
# TCP settings: when the kernel gives up on a server that no longer acknowledges packets.
KEEPALIVES: Final = {
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
# Maximum age in seconds, random for each connection, so that they are not all replaced at once.
CONNECTION_AGE: Final = (600, 1200)
# SQLSTATEs of a server that shuts down or drains; SQLAlchemy does not treat them as a disconnect.
SHUTTING_DOWN: Final = frozenset({"57P01", "57P02", "57P03"})

# A cache of UUID objects. Creating a UUID takes as long as reading the rest of a vehicle's row, and
# the same ids are read repeatedly.
UUID_CACHE_SIZE: Final = 20_000
_cached_uuid: Final = lru_cache(UUID_CACHE_SIZE)(UUID)
_UUID: Final = new_type((2950,), "UUID", lambda text, _cursor: _cached_uuid(text) if text else None)

_DRIVERS: Final = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "cockroachdb": "cockroachdb+psycopg2",
}


class NoTimeToConnectError(psycopg2.OperationalError):
    """A request has waited too long to open a connection; it was not tried."""

    def __str__(self) -> str:
        """Return the reason, for the log."""
        return "the request's deadline leaves no time to connect"


class Connection(psycopg2.extensions.connection):
    """A psycopg2 connection whose blocking call can be interrupted from another thread."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Connect."""
        super().__init__(*arguments, **named)
        # A duplicate: after `close` the original number may belong to another socket.
        self._socket_copy = os.dup(self.fileno())
        self._close_copy = weakref.finalize(self, os.close, self._socket_copy)

    def interrupt(self) -> None:
        """Shut the socket down, so that libpq reports a lost connection."""
        if self._close_copy.alive:
            end = socket.socket(fileno=self._socket_copy)
            with suppress(OSError):  # the server closed it first
                end.shutdown(socket.SHUT_RDWR)
            end.detach()

    def close(self) -> None:
        """Close the connection and the duplicate of its socket."""
        self._close_copy()
        super().close()


def parse_uri(uri: str) -> URL:
    """Parse a database URI (`postgres://`, `postgresql://` or `cockroachdb://`).

    Raises ValueError with a message that does not contain the URI, which may hold a password.
    """
    try:
        url = make_url(uri)
        name = url.drivername.partition("+")[0]
        url = url.set(drivername=_DRIVERS[name])
        hosts(url)
    except (ArgumentError, KeyError, ValueError):
        message = (
            "must look like postgresql://user:password@host:port/database (or cockroachdb://);"
            " several hosts like postgresql://user:password@/database?host=a:5432&host=b:5432"
        )
        raise ValueError(message) from None
    try:
        make_dsn(**{name: str(value) for name, value in url.query.items()})
    except ProgrammingError as error:
        raise ValueError(f"has a parameter that libpq does not know: {error}".strip()) from None
    return url


def hosts(url: URL) -> list[tuple[str, str]]:
    """Return the (host, port) pairs of a URL in libpq's order; "" stands for libpq's default.

    Raises ArgumentError or ValueError if the numbers of hosts and ports differ.
    """
    _, parameters = url.get_dialect()().create_connect_args(url)
    names = str(parameters.get("host", "")).split(",")
    ports = str(parameters.get("port", "")).split(",")
    return list(zip(names, ports, strict=True))


def make_engine(
    uri: str, *, pool_size: int, application_name: str, autocommit: bool = False
) -> Engine:
    """Return an engine with at most `pool_size` connections; it connects on first use.

    With `autocommit` each statement is its own transaction, in one round trip: an engine for
    reads. A single engine for reads and writes would need an extra round trip for each switch.
    Otherwise transactions are READ COMMITTED on PostgreSQL, regardless of the server's default
    (movr/transactions.py relies on row locks, which that level provides), and SERIALIZABLE on
    CockroachDB.
    """
    url = parse_uri(uri)
    isolation_level = "SERIALIZABLE" if is_cockroachdb(url) else "READ COMMITTED"
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT" if autocommit else isolation_level,
        skip_autocommit_rollback=True,  # autocommit leaves nothing to roll back
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        use_native_hstore=False,  # spares each new connection a query; MovR has no hstore
        hide_parameters=True,  # keep names, emails and hashes out of logs
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT,
            "connection_factory": Connection,
            **KEEPALIVES,
            "application_name": url.query.get("application_name", application_name),
        },
    )
    query_stats.count_queries(engine)
    _enforce_deadline(engine)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "connect", _choose_maximum_age)
    event.listen(engine, "checkout", _replace_if_too_old)
    event.listen(engine, "handle_error", _treat_shutdown_as_disconnect)
    event.listen(engine, "handle_error", _remove_error_details)
    return engine


def is_cockroachdb(url: URL) -> bool:
    """Return True if the URL's dialect is CockroachDB's."""
    return url.get_backend_name() == "cockroachdb"


def _set_up(connection: Connection, _record: ConnectionPoolEntry) -> None:
    """Apply the session settings, all in one round trip if the server knows each of them.

    SET is used because older versions of CockroachDB ignore `options=-c …` silently. A version
    that does not know one of the settings goes without it.
    """
    register_type(_UUID, connection)
    settings = [f"SET {name} = {value}" for name, value in SESSION_SETTINGS.items()]
    before, connection.autocommit = connection.autocommit, True
    if not _try_set(connection, "; ".join(settings)):
        for setting in settings:
            _try_set(connection, setting)
    connection.autocommit = before


def _try_set(connection: Connection, setting: str) -> bool:
    """Run a SET statement and return True, or False if the server does not support it."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(setting)
        except (FeatureNotSupported, InvalidParameterValue, UndefinedObject):
            return False
    return True


def _enforce_deadline(engine: Engine) -> None:
    """Interrupt calls on this engine's connections that pass the deadline of their thread.

    A connection is watched from its creation or checkout until its checkin, so the whole
    transaction is covered, including COMMIT.
    """
    watchdog = deadline.Watchdog()
    # libpq applies `connect_timeout` to each host in turn, in whole seconds.
    timeout_per_host = max(1, CONNECT_TIMEOUT // len(hosts(engine.url)))

    @event.listens_for(engine, "do_connect")
    def connecting(*arguments: Any) -> None:  # SQLAlchemy passes four, libpq's parameters last
        if (left := deadline.seconds_left()) < 1:
            raise NoTimeToConnectError
        arguments[3]["connect_timeout"] = int(min(left, timeout_per_host))

    # Inserted first: SQLAlchemy's own listener queries the version of a new server.
    @event.listens_for(engine, "connect", insert=True)
    @event.listens_for(engine, "checkout")
    def start_watching(connection: Connection, *_: object) -> None:
        if (limit := deadline.current_deadline()) < math.inf:
            watchdog.start_watching(connection, limit)

    @event.listens_for(engine, "checkin")
    @event.listens_for(engine, "close")
    def stop_watching(connection: Connection, _record: ConnectionPoolEntry) -> None:
        watchdog.stop_watching(connection)


def disable_statement_timeout(connection: sqlalchemy.Connection) -> None:
    """Remove the statement timeout of this connection, for migrations and placements."""
    connection.exec_driver_sql("SET statement_timeout = 0")


def _choose_maximum_age(_connection: Connection, record: ConnectionPoolEntry) -> None:
    record.info["retires"] = time.monotonic() + random.uniform(*CONNECTION_AGE)  # noqa: S311


def _replace_if_too_old(
    _connection: Connection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """Make the pool replace an old connection, so that connections spread to new nodes."""
    if time.monotonic() > record.info["retires"]:
        raise DisconnectionError


def _treat_shutdown_as_disconnect(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "pgcode", None) in SHUTTING_DOWN:
        context.is_disconnect = True


def _remove_error_details(context: ExceptionContext) -> None:
    """Keep only the first line of the server's message: its DETAIL may contain the row."""
    message = str(context.original_exception)
    first_line = message.strip().partition("\n")[0]
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error:
            error.args = tuple(str(part).replace(message, first_line) for part in error.args)
