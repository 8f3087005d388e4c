"""The storage of the rate limits on one machine.

A SQLite file, which all workers of one gunicorn share; without a file, the memory of this process.
See docs/decisions/0002 for why this is not a library.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

BUSY_TIMEOUT: Final = 5  # seconds
IN_MEMORY: Final = ":memory:"
MAX_SECONDS: Final = 60 * 60  # seconds of a limit
# About 130 bytes each. Beyond it the oldest attempts are forgotten, whatever their limit.
MAX_ATTEMPTS: Final = 100_000

# Not synchronous: after a crash of the machine the counts mean nothing.
_TABLE: Final = """
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS counted (who TEXT, until REAL);
    CREATE INDEX IF NOT EXISTS counted_who ON counted (who, until);
    CREATE INDEX IF NOT EXISTS counted_until ON counted (until)"""


class RateLimit(NamedTuple):
    """At most `at_most` attempts in any `seconds`, which are at most MAX_SECONDS."""

    name: str
    at_most: int
    seconds: int = 60

    def key(self, who: str) -> str:
        """Return a text of fixed length for this limit and `who`."""
        return blake2b(f"{self.name}: {who}".encode(), digest_size=16).hexdigest()


class Store(Protocol):
    """Counts attempts."""

    def try_count(self, limit: RateLimit, who: str) -> bool:
        """Count an attempt, unless the limit is reached; return True if counted."""

    def remaining(self, limit: RateLimit, who: str) -> int:
        """Return how many more attempts are allowed now."""

    def seconds_until_next(self, limit: RateLimit, who: str) -> float:
        """Return the seconds until another attempt may be allowed."""

    def uncount(self, limit: RateLimit, who: str) -> None:
        """Uncount the latest attempt."""


class RateLimitStore:
    """Counts attempts in a sliding window.

    `clock` must be the same for all processes that use the file. It may start again at 0, with the
    machine; attempts that would then expire too late are forgotten.
    """

    def __init__(
        self, path: str = IN_MEMORY, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open this file or create it. Raises sqlite3.Error if that fails."""
        self._now = clock
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        self._connection.executescript(_TABLE)

    def try_count(self, limit: RateLimit, who: str) -> bool:
        """Count an attempt, unless the limit is reached; return True if counted."""
        now, key = self._now(), limit.key(who)
        expired = "DELETE FROM counted WHERE until <= ? OR until > ?"
        with self._transaction():
            self._connection.execute(expired, (now, now + MAX_SECONDS))
            free = self._count(key) < limit.at_most
            if free:
                self._insert(key, now + limit.seconds)
        return free

    def remaining(self, limit: RateLimit, who: str) -> int:
        """Return how many more attempts are allowed now."""
        unexpired = "SELECT count(*) FROM counted WHERE who = ? AND until > ?"
        with self._lock:
            found = self._connection.execute(unexpired, (limit.key(who), self._now()))
            counted: int = found.fetchone()[0]
        return max(0, limit.at_most - counted)

    def seconds_until_next(self, limit: RateLimit, who: str) -> float:
        """Return the seconds until the oldest counted attempt expires."""
        first = "SELECT min(until) FROM counted WHERE who = ?"
        with self._lock:
            until = self._connection.execute(first, (limit.key(who),)).fetchone()[0]
        return max(0.0, until - self._now()) if until else 0.0

    def uncount(self, limit: RateLimit, who: str) -> None:
        """Uncount the latest attempt."""
        latest = "SELECT rowid FROM counted WHERE who = ? ORDER BY until DESC LIMIT 1"
        with self._transaction():
            self._connection.execute(
                f"DELETE FROM counted WHERE rowid = ({latest})",  # noqa: S608 - a constant
                (limit.key(who),),
            )

    def clear(self) -> None:
        """Delete all attempts."""
        with self._transaction():
            self._connection.execute("DELETE FROM counted")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit the block's statements together, or none of them after an error."""
        with self._lock, self._connection:
            # Take the write lock first, so that count and insert are atomic.
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    def _count(self, key: str) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM counted WHERE who = ?", (key,)
        ).fetchone()
        return int(row[0])

    def _insert(self, key: str, until: float) -> None:
        added = self._connection.execute("INSERT INTO counted VALUES (?, ?)", (key, until))
        # SQLite numbers rows in the order in which they are inserted.
        oldest = (added.lastrowid or 0) - MAX_ATTEMPTS
        self._connection.execute("DELETE FROM counted WHERE rowid <= ?", (oldest,))
