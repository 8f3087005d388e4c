"""The engine: which database, how long MovR waits for it, how many connections it holds."""

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
POOL_TIMEOUT: Final = 1
# Each is shorter than the next, and all are shorter than a request's deadline: a server that is
# alive says which limit was reached, and only one that is not says nothing.
TIMEOUTS: Final = {  # milliseconds, as the server counts them
    "lock_timeout": 1_500,
    "statement_timeout": round(STATEMENT_TIMEOUT * 1000),
    "idle_in_transaction_session_timeout": 20_000,
}
SESSION_SETTINGS: Final = {
    **TIMEOUTS,
    # To compile a statement or to call helpers takes PostgreSQL longer than to run any of ours.
    "jit": "off",
    "max_parallel_workers_per_gather": 0,
    # Floats with all their digits; up to v22.1 CockroachDB's default is 15 of 17.
    "extra_float_digits": 3,
}
# How long before the kernel gives up a server that no longer acknowledges what is sent.
KEEPALIVES: Final = {
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
CONNECTION_AGE: Final = (600, 1200)  # seconds; each connection draws its own, so as not to herd
# What a server says as it shuts down or drains; SQLAlchemy does not take it for a disconnect.
SHUTTING_DOWN: Final = frozenset({"57P01", "57P02", "57P03"})

# Ids that were read lately. The same ones come again and again, and Python takes as long to make a
# UUID as to read the rest of a vehicle.
IDS: Final = 20_000
_id: Final = lru_cache(IDS)(UUID)
_UUID: Final = new_type((2950,), "UUID", lambda text, _cursor: _id(text) if text else None)

_DRIVERS: Final = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "cockroachdb": "cockroachdb+psycopg2",
}


class Connection(psycopg2.extensions.connection):
    """A connection that can be shut while somebody waits for its answer."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Connect."""
        super().__init__(*arguments, **named)
        # A copy: the number may be another socket's by the time it is shut.
        self._socket_copy = os.dup(self.fileno())
        self._close_copy = weakref.finalize(self, os.close, self._socket_copy)

    def interrupt(self) -> None:
        """Have libpq take it for lost."""
        if self._close_copy.alive:
            end = socket.socket(fileno=self._socket_copy)
            with suppress(OSError):  # the server was faster
                end.shutdown(socket.SHUT_RDWR)
            end.detach()

    def close(self) -> None:
        """Close it, and its copy."""
        self._close_copy()
        super().close()


def parse_uri(uri: str) -> URL:
    """The address of a database from `postgres://`, `postgresql://` or `cockroachdb://`.

    Raises ValueError, with a sentence that does not repeat the address (it holds a password).
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
    """Each server of an address, as host and port ("" for libpq's default), in libpq's order.

    Raises ArgumentError or ValueError if the address does not pair hosts with ports.
    """
    _, parameters = url.get_dialect()().create_connect_args(url)
    names = str(parameters.get("host", "")).split(",")
    ports = str(parameters.get("port", "")).split(",")
    return list(zip(names, ports, strict=True))


def make_engine(
    uri: str, *, pool_size: int, application_name: str, autocommit: bool = False
) -> Engine:
    """An engine with a bounded pool; it connects when it is first used.

    With `autocommit` each statement is a transaction of its own, in one round trip: an engine for
    reading. One that does both would spend another round trip on every change from one to the
    other. Otherwise it is READ COMMITTED on PostgreSQL, whatever the server's default: decisions
    rest on locks that hold there; CockroachDB keeps its SERIALIZABLE.
    """
    url = parse_uri(uri)
    isolation_level = "SERIALIZABLE" if is_cockroachdb(url) else "READ COMMITTED"
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT" if autocommit else isolation_level,
        skip_autocommit_rollback=True,  # what is no transaction need not be rolled back
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        use_native_hstore=False,  # or each new connection would ask for it, and we have none
        hide_parameters=True,  # names, emails and hashes are for no log
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
    event.listen(engine, "connect", _draw_age)
    event.listen(engine, "checkout", _retire)
    event.listen(engine, "handle_error", _drop_connections_of_a_server_that_leaves)
    event.listen(engine, "handle_error", _forget_details)
    return engine


def is_cockroachdb(url: URL) -> bool:
    """True if this address is a CockroachDB cluster's."""
    return url.get_backend_name() == "cockroachdb"


def _set_up(connection: Connection, _record: ConnectionPoolEntry) -> None:
    """By SET: older servers silently ignore `options=-c …`. In one round trip, if it can be.

    Versions of CockroachDB that do not know one of them go without it.
    """
    register_type(_UUID, connection)
    settings = [f"SET {name} = {value}" for name, value in SESSION_SETTINGS.items()]
    before, connection.autocommit = connection.autocommit, True
    if not _is_done(connection, "; ".join(settings)):
        for setting in settings:
            _is_done(connection, setting)
    connection.autocommit = before


def _is_done(connection: Connection, setting: str) -> bool:
    """Whether the server knows this setting, and keeps to it."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(setting)
        except (FeatureNotSupported, InvalidParameterValue, UndefinedObject):
            return False
    return True


def _enforce_deadline(engine: Engine) -> None:
    """Have no connection of this engine outlast the patience of whoever uses it.

    A transaction is watched as a whole, its COMMIT too: from when its connection is made or taken
    from the pool until it is given back.
    """
    watchdog = deadline.Watchdog()
    # libpq waits for each host as long as `connect_timeout` says, in whole seconds.
    patience_a_host = max(1, CONNECT_TIMEOUT // len(hosts(engine.url)))

    @event.listens_for(engine, "do_connect")
    def connecting(*arguments: Any) -> None:  # SQLAlchemy passes four, libpq's parameters last
        if (left := deadline.seconds_left()) < 1:
            raise psycopg2.OperationalError("no patience left to connect")
        arguments[3]["connect_timeout"] = int(min(left, patience_a_host))

    @event.listens_for(engine, "connect", insert=True)  # SQLAlchemy asks a new server who it is
    @event.listens_for(engine, "checkout")
    def taken(connection: Connection, *_: object) -> None:
        if (limit := deadline.current_deadline()) < math.inf:
            watchdog.start_watching(connection, limit)

    @event.listens_for(engine, "checkin")
    @event.listens_for(engine, "close")
    def given_back(connection: Connection, _record: ConnectionPoolEntry) -> None:
        watchdog.stop_watching(connection)


def disable_statement_timeout(connection: sqlalchemy.Connection) -> None:
    """Let statements on this connection take as long as they need: migrations, placements."""
    connection.exec_driver_sql("SET statement_timeout = 0")


def _draw_age(_connection: Connection, record: ConnectionPoolEntry) -> None:
    record.info["retires"] = time.monotonic() + random.uniform(*CONNECTION_AGE)  # noqa: S311


def _retire(
    _connection: Connection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """Have the pool replace a connection that is old enough, so that new nodes get their share."""
    if time.monotonic() > record.info["retires"]:
        raise DisconnectionError


def _drop_connections_of_a_server_that_leaves(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "pgcode", None) in SHUTTING_DOWN:
        context.is_disconnect = True


def _forget_details(context: ExceptionContext) -> None:
    """Keep the first line of what the server said: the others may repeat the row, for every log."""
    said = str(context.original_exception)
    first_line = said.strip().partition("\n")[0]
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error:
            error.args = tuple(str(part).replace(said, first_line) for part in error.args)
