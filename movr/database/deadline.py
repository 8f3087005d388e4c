"""A request's deadline for its database calls, and the watchdog that enforces it.

libpq waits for a reply as long as the connection is open, and the connection to a frozen server
stays open. The watchdog therefore shuts down the socket of a call that passes its deadline; libpq
and SQLAlchemy then report a lost connection. Callers without a deadline (migrations, scenarios)
are not watched.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

from movr import errors

# Seconds for the time in the server's queue and all database calls of a request together.
REQUEST_DEADLINE: Final = 2.5
# Seconds after which the server itself cancels a statement and reports it.
STATEMENT_TIMEOUT: Final = 2.0

_queued: ContextVar[float] = ContextVar("queued", default=0)  # seconds
_remaining: ContextVar[float] = ContextVar("remaining", default=math.inf)  # seconds
_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)  # by time.monotonic()
_last_reply: ContextVar[float] = ContextVar("last_reply", default=-math.inf)  # the same clock


def set_queued(seconds: float) -> None:
    """Set how long this thread's next request waited for a thread."""
    _queued.set(seconds)


def start() -> None:
    """Limit the time that this thread waits for its database to what its deadline leaves."""
    _remaining.set(REQUEST_DEADLINE - _queued.get())


def restart() -> None:
    """Give the next statement of a request with several long ones the time of a request."""
    if _remaining.get() < math.inf:
        start()


def end(_error: BaseException | None = None) -> None:
    """Remove this thread's limit."""
    _remaining.set(math.inf)


@contextmanager
def waiting() -> Iterator[None]:
    """Call the database inside the block; only time spent in it counts towards the limit.

    Raises DatabaseBusy if no time is left.
    """
    if _remaining.get() <= 0:
        raise errors.DatabaseBusy
    began = time.monotonic()
    _deadline.set(began + _remaining.get())
    _last_reply.set(began)
    try:
        yield
    finally:
        _deadline.set(math.inf)
        _remaining.set(_remaining.get() - (time.monotonic() - began))


def record_reply() -> None:
    """Record that the database has just replied to this thread."""
    _last_reply.set(time.monotonic())


def is_database_silent() -> bool:
    """Return True if this thread's last statement had no reply for STATEMENT_TIMEOUT seconds.

    A live server would have cancelled the statement by then. A deadline that passes earlier,
    because previous statements were slow, does not mean that the server is down.
    """
    return time.monotonic() - _last_reply.get() >= STATEMENT_TIMEOUT


def current_deadline() -> float:
    """Return this thread's deadline, by time.monotonic(); infinity if it has none."""
    return _deadline.get()


def seconds_left() -> float:
    """Return the seconds until this thread's deadline; infinity if it has none."""
    return _deadline.get() - time.monotonic()


class Interruptible(Protocol):
    """A connection whose blocking call can be interrupted from another thread."""

    def interrupt(self) -> None:
        """Make the blocking call fail."""


class Watchdog:
    """Interrupts connections at their deadlines, in a daemon thread that starts on first use."""

    def __init__(self) -> None:
        """Start with nothing to watch."""
        self._deadlines: dict[Interruptible, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._next_wakeup = math.inf

    def start_watching(self, connection: Interruptible, until: float) -> None:
        """Interrupt the connection at `until` (time.monotonic()) unless watching stops before."""
        with self._changed:
            self._deadlines.setdefault(connection, until)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            elif until < self._next_wakeup:
                self._changed.notify()

    def stop_watching(self, connection: Interruptible) -> None:
        """Forget the connection's deadline."""
        with self._changed:
            self._deadlines.pop(connection, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                self._interrupt_overdue()
                self._next_wakeup = min(self._deadlines.values(), default=math.inf)
                seconds = self._next_wakeup - time.monotonic()
                self._changed.wait(None if math.isinf(seconds) else max(seconds, 0))

    def _interrupt_overdue(self) -> None:
        now = time.monotonic()
        overdue = [connection for connection, until in self._deadlines.items() if until <= now]
        for connection in overdue:
            del self._deadlines[connection]
            connection.interrupt()
