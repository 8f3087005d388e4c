"""A cache of values that take long to build, built in the background for all requests."""

import math
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from movr.database import deadline
from movr.errors import DatabaseBusy

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

TTL: Final = 10  # seconds for which a value is current
# Seconds for which the last value is returned while the next one is built.
MAX_AGE: Final = 3 * TTL
BUILD_TIMEOUT: Final = 1.0  # seconds that requests wait for a value if there is none to return


class BackgroundCache(Generic[Key, Value]):
    """Keeps the last value of each key. One thread builds them, one after the other."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, max_age: float | None = None
    ) -> None:
        """Start without values. A value older than `max_age` seconds is not returned."""
        self._clock = clock
        self._max_age = max_age
        self._values: dict[Key, tuple[Value, float]] = {}  # and when they were built
        self._builds: dict[Key, tuple[Future[Value], float]] = {}  # and when they began
        self._builder = ThreadPoolExecutor(1)
        self._lock = threading.Lock()

    def get(self, key: Key, build: Callable[[], Value]) -> Value:
        """Return the value of this key, built by the first caller's `build`.

        Raises DatabaseBusy if there is none BUILD_TIMEOUT seconds after the build was asked for, so
        that later requests do not wait; and what a build raises.
        """
        last, age = self._last(key)
        if last is not None and age < TTL:
            return last
        future, began = self._start_build(key, build)
        if last is not None and age < (self._max_age or MAX_AGE):
            return last
        try:
            return future.result(max(0, began + BUILD_TIMEOUT - self._clock()))
        except TimeoutError:
            raise DatabaseBusy from None

    def _last(self, key: Key) -> tuple[Value | None, float]:
        value, built = self._values.get(key, (None, -math.inf))
        return value, self._clock() - built

    def _start_build(self, key: Key, build: Callable[[], Value]) -> "tuple[Future[Value], float]":
        with self._lock:
            current = self._builds.get(key)
            if current is None or current[0].done():
                future = self._builder.submit(self._build, key, build)
                current = self._builds[key] = future, self._clock()
            return current

    def _build(self, key: Key, build: Callable[[], Value]) -> Value:
        last, age = self._last(key)
        if last is not None and age < TTL:
            return last  # built since it was asked for
        deadline.start()
        value = build()
        self._values[key] = value, self._clock()
        return value
