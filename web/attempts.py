"""What was tried in the last minute, and by whom: the memory of the rate limits.

A SQLite file, so that all workers of one gunicorn count together without a server for it; without
a file, this process's memory. Why not a library: docs/decisions/0002.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final

WINDOW: Final = 60  # seconds
BUSY_TIMEOUT: Final = 5  # seconds
IN_MEMORY: Final = ":memory:"

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS attempts (who TEXT, at REAL);
    CREATE INDEX IF NOT EXISTS attempts_who ON attempts (who, at);
    CREATE INDEX IF NOT EXISTS attempts_at ON attempts (at)"""


class Attempts:
    """Counts attempts in a window that moves along: at most so many in any minute."""

    def __init__(self, path: str = IN_MEMORY, *, clock: Callable[[], float] = time.time) -> None:
        """Use this file, made if it is missing. Raises sqlite3.Error where there can be none."""
        self._now = clock
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        self._connection.executescript(_TABLE)

    def take(self, who: str, *, at_most: int) -> bool:
        """Count one more attempt, unless there were so many in the last minute; whether it was."""
        now = self._now()
        with self._lock:
            # From its first statement on, this is the only one to read or write.
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM attempts WHERE at <= ?", (now - WINDOW,))
            free = self._count(who) < at_most
            if free:
                self._connection.execute("INSERT INTO attempts VALUES (?, ?)", (who, now))
            self._connection.execute("COMMIT")
        return free

    def give_back(self, who: str) -> None:
        """Uncount the latest attempt."""
        latest = "SELECT rowid FROM attempts WHERE who = ? ORDER BY at DESC LIMIT 1"
        with self._lock:
            self._connection.execute(f"DELETE FROM attempts WHERE rowid = ({latest})", (who,))  # noqa: S608

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._connection.execute("DELETE FROM attempts")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _count(self, who: str) -> int:
        found = self._connection.execute("SELECT count(*) FROM attempts WHERE who = ?", (who,))
        return int(found.fetchone()[0])
