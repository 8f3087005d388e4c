"""A circuit breaker: while the database is known to be away, requests fail at once.

Without it each thread of a server would wait until its deadline, and later requests would queue
behind them, /healthz among them. A request that reached its own deadline on a slow page is no sign
that the database is away: only lost connections, silence, and servers that say so are.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from movr import errors
from movr.database import deadline
from movr.database.deadline import REQUEST_DEADLINE
from movr.database.engine import SHUTTING_DOWN

PAUSE: Final = 1.0  # seconds after which one looks again


class CircuitBreaker:
    """Between a call that got no answer and the first that does, one at a time looks."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """The database is there, as far as we know."""
        self._clock = clock
        self._lock = threading.Lock()
        self._answered = -math.inf  # when the database last did
        self._open_until = -math.inf

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Call the database inside. Raises DatabaseUnavailable at once if the breaker is open."""
        began = self._enter()
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            if has_answer(error):
                self._reset()
            elif deadline.seconds_left() > 0 or deadline.is_database_silent():
                self._trip(began)
            raise
        else:
            self._reset()

    def _enter(self) -> float:
        now = self._clock()
        with self._lock:
            if now < self._open_until:
                raise errors.DatabaseUnavailable("it was away a moment ago")
            if self._open_until > self._answered:  # this one looks; for as long nobody else does
                self._open_until = now + REQUEST_DEADLINE
        return now

    def _trip(self, began: float) -> None:
        """Have nobody ask for a moment, unless others got answers while this one waited."""
        with self._lock:
            if self._answered < began:
                self._open_until = self._clock() + PAUSE

    def _reset(self) -> None:
        with self._lock:
            self._answered = self._clock()
            self._open_until = -math.inf


def has_answer(error: DBAPIError) -> bool:
    """True if a server sent this error that is neither leaving nor still starting."""
    code = getattr(error.orig, "pgcode", None)
    return code is not None and code not in SHUTTING_DOWN
