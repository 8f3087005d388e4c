"""Rate limits over all replicas, on a Redis or Valkey server, and what counts while it is away."""

import logging
import sqlite3
import time
from collections.abc import Callable
from math import inf
from typing import Final, TypeVar

from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from web.security.rate_limit_store import RateLimit, Store

SERVER_TIMEOUT: Final = 0.25  # seconds, for connecting and for each reply
PAUSE: Final = 5  # seconds for which a store that failed is not asked

Result = TypeVar("Result")
logger = logging.getLogger("movr")


class SharedRateLimitStore:
    """Counts attempts on a server, in a window that slides approximately (docs/decisions/0002).

    All methods raise limits.errors.StorageError if the server does not answer.
    """

    def __init__(self, uri: str) -> None:
        """Use the server at this URI; the connection is opened when it is needed."""
        # Not imported without RATE_LIMIT_URI, because redis imports OpenTelemetry if it is there.
        from redis import ConnectionPool  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        pool = ConnectionPool.from_url(
            uri,
            socket_connect_timeout=SERVER_TIMEOUT,
            socket_timeout=SERVER_TIMEOUT,
            retry=Retry(NoBackoff(), retries=0),
        )
        storage = RedisStorage(uri, pool, key_prefix="movr", wrap_exceptions=True)
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    def try_count(self, limit: RateLimit, who: str) -> bool:
        """Count an attempt, unless the limit is reached; return True if counted."""
        return self._limiter.hit(_item(limit), limit.key(who))

    def remaining(self, limit: RateLimit, who: str) -> int:
        """Return how many more attempts are allowed now."""
        return self._limiter.get_window_stats(_item(limit), limit.key(who)).remaining

    def seconds_until_next(self, limit: RateLimit, who: str) -> float:
        """Return the seconds until the server may allow another attempt."""
        stats = self._limiter.get_window_stats(_item(limit), limit.key(who))
        return max(0.0, stats.reset_time - time.time())

    def uncount(self, limit: RateLimit, who: str) -> None:
        """Uncount one attempt."""
        self._limiter.hit(_item(limit), limit.key(who), cost=-1)


class FallbackStore:
    """Uses the first of its stores that works; a store that failed is not asked for PAUSE seconds.

    The last one must not fail.
    """

    def __init__(self, *stores: Store, clock: Callable[[], float] = time.monotonic) -> None:
        """Prefer these stores in this order."""
        *self._preferred, self._last = stores
        self._now = clock
        self._asked_from = dict.fromkeys(self._preferred, -inf)

    def try_count(self, limit: RateLimit, who: str) -> bool:
        """Count an attempt, unless the limit is reached; return True if counted."""
        return self._first(lambda store: store.try_count(limit, who))

    def remaining(self, limit: RateLimit, who: str) -> int:
        """Return how many more attempts are allowed now."""
        return self._first(lambda store: store.remaining(limit, who))

    def seconds_until_next(self, limit: RateLimit, who: str) -> float:
        """Return the seconds until another attempt may be allowed."""
        return self._first(lambda store: store.seconds_until_next(limit, who))

    def uncount(self, limit: RateLimit, who: str) -> None:
        """Uncount the latest attempt."""
        self._first(lambda store: store.uncount(limit, who))

    def _first(self, call: Callable[[Store], Result]) -> Result:
        """Return the result of the first store that works."""
        for store in self._preferred:
            if self._now() < self._asked_from[store]:
                continue
            try:
                return call(store)
            except (StorageError, sqlite3.Error) as error:
                self._asked_from[store] = self._now() + PAUSE
                reason = error.__cause__ or error
                logger.warning("%s does not work: %s", type(store).__name__, reason)
        return call(self._last)


def _item(limit: RateLimit) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(limit.at_most, limit.seconds)
