"""A circuit breaker: requests fail immediately while the database is known to be unavailable.

Without it each thread of a server would wait for its deadline, and later requests, /healthz among
them, would queue behind. The breaker opens on lost connections, on missing replies and on servers
that report a shutdown. A request that reaches its deadline on a slow page does not open it.
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
from movr.database.engine import SHUTTING_DOWN, NoTimeToConnectError

PAUSE: Final = 1.0  # seconds until one call may probe the database again


class CircuitBreaker:
    """Opens after a call without a reply, then lets one probe at a time through until one succeeds.

    The state is per process.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start closed. `clock` returns seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._last_success = -math.inf  # when the database last replied
        self._open_until = -math.inf

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Call the database inside the block.

        Raises DatabaseUnavailable immediately if the breaker is open.
        """
        began = self._enter()
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            if is_reply(error):
                self._reset()
            elif deadline.is_database_silent() or _is_lost_in_time(error):
                self._trip(began)
            raise
        else:
            self._reset()

    def _enter(self) -> float:
        now = self._clock()
        with self._lock:
            if now < self._open_until:
                raise errors.DatabaseUnavailable("it did not answer the last call")
            if self._open_until > self._last_success:  # this call probes; keep others out
                self._open_until = now + REQUEST_DEADLINE
        return now

    def _trip(self, began: float) -> None:
        """Open the breaker for PAUSE seconds unless another call succeeded in the meantime."""
        with self._lock:
            if self._last_success < began:
                self._open_until = self._clock() + PAUSE

    def _reset(self) -> None:
        with self._lock:
            self._last_success = self._clock()
            self._open_until = -math.inf


def _is_lost_in_time(error: DBAPIError) -> bool:
    """Return True if the database has failed to connect or lost a connection before the deadline.

    A request that has waited for a thread may have no time left to try.
    """
    return deadline.seconds_left() > 0 and not isinstance(error.orig, NoTimeToConnectError)


def is_reply(error: DBAPIError) -> bool:
    """Return True if the error was sent by a server that is neither shutting down nor starting."""
    code = getattr(error.orig, "pgcode", None)
    return code is not None and code not in SHUTTING_DOWN
