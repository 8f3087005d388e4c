"""Counters for the rate limits that all gunicorn workers of one server share, in a SQLite file.

The library's own choices are one process's memory, or a server (Redis, Memcached) that a laptop
does not have. Named `shared:///path/to/file`; gunicorn.py makes one and takes it away again.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from limits.storage import Storage

BUSY_TIMEOUT: Final = 5  # seconds

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS counters (key TEXT PRIMARY KEY, count INTEGER, expires REAL)",
    "CREATE INDEX IF NOT EXISTS counters_expires ON counters (expires)",
)
# One statement, so that of any number of workers each sees a count of its own. What is given back
# (a negative amount) after its window has closed is nothing in the new one.
_COUNT: Final = """
    INSERT INTO counters VALUES (:key, max(:amount, 0), :now + :expiry)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN expires > :now THEN count + :amount ELSE max(:amount, 0) END,
        expires = CASE WHEN expires > :now THEN expires ELSE :now + :expiry END
    RETURNING count"""


class SharedCounters(Storage):
    """A storage of the limits library."""

    STORAGE_SCHEME = ["shared"]  # noqa: RUF012 - as the library declares it
    base_exceptions = sqlite3.Error

    def __init__(self, uri: str, **_options: object) -> None:
        """Use the file that follows `shared://`."""
        super().__init__(uri)
        self._path = uri.removeprefix("shared://")
        for statement in _TABLE:
            self._run(statement)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and return how many there are now in the window that `expiry` seconds end."""
        counted = {"key": key, "amount": amount, "now": time.time(), "expiry": expiry}
        count = int(self._run(_COUNT, counted)[0][0])
        if count == amount:  # a window opens: time to forget those that have closed
            self._run("DELETE FROM counters WHERE expires <= ?", (time.time(),))
        return count

    def get(self, key: str) -> int:
        """How many there are in the current window."""
        rows = self._run(
            "SELECT count FROM counters WHERE key = ? AND expires > ?", (key, time.time())
        )
        return int(rows[0][0]) if rows else 0

    def get_expiry(self, key: str) -> float:
        """When the current window ends, in seconds since the epoch."""
        rows = self._run("SELECT expires FROM counters WHERE key = ?", (key,))
        return float(rows[0][0]) if rows else time.time()

    def check(self) -> bool:
        """True: a file is always there."""
        return True

    def reset(self) -> int:
        """Forget all windows; how many there were."""
        return len(self._run("DELETE FROM counters RETURNING key"))

    def clear(self, key: str) -> None:
        """Forget one window."""
        self._run("DELETE FROM counters WHERE key = ?", (key,))

    def _run(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT, isolation_level=None)
        with closing(connection):
            return connection.execute(statement, parameters).fetchall()
