"""The storage of the rate limits.

A SQLite file, which all workers of one gunicorn share; without a file, the memory of this process.
See docs/decisions/0002 for why this is not a library.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final

BUSY_TIMEOUT: Final = 5  # seconds
IN_MEMORY: Final = ":memory:"

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS counted (who TEXT, until REAL);
    CREATE INDEX IF NOT EXISTS counted_who ON counted (who, until);
    CREATE INDEX IF NOT EXISTS counted_until ON counted (until)"""


class RateLimitStore:
    """Counts attempts in a sliding window."""

    def __init__(self, path: str = IN_MEMORY, *, clock: Callable[[], float] = time.time) -> None:
        """Open this file or create it. Raises sqlite3.Error if that fails."""
        self._now = clock
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        self._connection.executescript(_TABLE)

    def try_count(self, who: str, *, at_most: int, seconds: int) -> bool:
        """Count an attempt for `seconds`, unless `at_most` are counted; return True if counted."""
        now = self._now()
        with self._lock:
            # Take the write lock first, so that count and insert are atomic.
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM counted WHERE until <= ?", (now,))
            free = self._count(who) < at_most
            if free:
                row = (who, now + seconds)
                self._connection.execute("INSERT INTO counted VALUES (?, ?)", row)
            self._connection.execute("COMMIT")
        return free

    def seconds_until_next(self, who: str) -> float:
        """Return the seconds until the oldest counted attempt expires."""
        first = "SELECT min(until) FROM counted WHERE who = ?"
        with self._lock:
            until = self._connection.execute(first, (who,)).fetchone()[0]
        return max(0.0, until - self._now()) if until else 0.0

    def uncount(self, who: str) -> None:
        """Uncount the latest attempt."""
        latest = "SELECT rowid FROM counted WHERE who = ? ORDER BY until DESC LIMIT 1"
        with self._lock:
            self._connection.execute(f"DELETE FROM counted WHERE rowid = ({latest})", (who,))  # noqa: S608

    def clear(self) -> None:
        """Delete all attempts."""
        with self._lock:
            self._connection.execute("DELETE FROM counted")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _count(self, who: str) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM counted WHERE who = ?", (who,)
        ).fetchone()
        return int(row[0])
