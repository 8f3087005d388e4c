"""How long a request waits for its database, and the watch that ends the waiting.

libpq waits for an answer as long as the connection stands, and that of a frozen server does. So a
watch shuts the socket of whoever waits too long: libpq takes it for a connection that was lost, and
so does everybody above. Whoever has set no limit (migrations, scenarios) is not watched.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

REQUEST_DEADLINE: Final = 2.5  # seconds, all that a request asks for taken together
# Seconds after which a server ends a statement by itself, and says so.
STATEMENT_TIMEOUT: Final = 2.0

_left: ContextVar[float] = ContextVar("left", default=math.inf)  # seconds
_limit: ContextVar[float] = ContextVar("limit", default=math.inf)  # a time.monotonic()
_answered: ContextVar[float] = ContextVar("answered", default=-math.inf)  # a time.monotonic()


def start() -> None:
    """Limit what this thread waits for its database from now on."""
    _left.set(REQUEST_DEADLINE)


def end(_error: BaseException | None = None) -> None:
    """Let this thread wait as long as it likes again."""
    _left.set(math.inf)


@contextmanager
def waiting() -> Iterator[None]:
    """Wait for the database inside; what this thread does elsewhere costs it no patience."""
    began = time.monotonic()
    _limit.set(began + _left.get())
    _answered.set(began)
    try:
        yield
    finally:
        _limit.set(math.inf)
        _left.set(_left.get() - (time.monotonic() - began))


def answered() -> None:
    """Note that the database has just answered this thread."""
    _answered.set(time.monotonic())


def is_database_silent() -> bool:
    """True if this thread's last statement has no answer, though the server had time to end it.

    A deadline that passes earlier, because statements before it took their time, says nothing.
    """
    return time.monotonic() - _answered.get() >= STATEMENT_TIMEOUT


def current_deadline() -> float:
    """When this thread's patience ends, by time.monotonic()."""
    return _limit.get()


def seconds_left() -> float:
    """How many seconds this thread may wait yet: infinitely many without a limit."""
    return _limit.get() - time.monotonic()


class Interruptible(Protocol):
    """Something that somebody waits for."""

    def interrupt(self) -> None:
        """End the waiting."""


class Watchdog:
    """Shuts lines at their time, in a thread of its own that starts with the first."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._limits: dict[Interruptible, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wakes = math.inf

    def start_watching(self, waiting_for: Interruptible, until: float) -> None:
        """Shut this line at `until`, unless the waiting ends before."""
        with self._changed:
            self._limits.setdefault(waiting_for, until)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep_watch, daemon=True)
                self._thread.start()
            elif until < self._wakes:
                self._changed.notify()

    def stop_watching(self, waiting_for: Interruptible) -> None:
        """Nobody waits for it any longer."""
        with self._changed:
            self._limits.pop(waiting_for, None)

    def _keep_watch(self) -> None:
        with self._changed:
            while True:
                self._interrupt_the_late()
                self._wakes = min(self._limits.values(), default=math.inf)
                seconds = self._wakes - time.monotonic()
                self._changed.wait(None if math.isinf(seconds) else max(seconds, 0))

    def _interrupt_the_late(self) -> None:
        now = time.monotonic()
        for waiting_for in [
            waiting_for for waiting_for, until in self._limits.items() if until <= now
        ]:
            del self._limits[waiting_for]
            waiting_for.interrupt()
