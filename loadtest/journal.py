"""A journal of the writes that the site has acknowledged, to compare with the database later."""

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

JOURNAL_VARIABLE: Final = "LOADTEST_JOURNAL"  # environment variable with the journal's path
LATEST: Final = 200  # notes of each event kept in memory, for requests against other users


class Event(StrEnum):
    """A kind of write that the site has acknowledged."""

    REGISTERED = "account opened"
    ADDED = "vehicle added"
    STARTED = "ride started"
    ENDED = "ride ended"
    REMOVED = "vehicle removed"
    LEFT = "account deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """An event on the account, vehicle or ride (city, id); `place` is where a ride ended."""

    event: Event
    city: str
    id: str
    user_id: str
    place: str = ""


class Journal:
    """A file of notes in JSON, one per line; the latest are also kept in memory."""

    def __init__(self, path: Path) -> None:
        """Use this file."""
        self._path = path
        self._latest = {event: deque[Note](maxlen=LATEST) for event in Event}
        self.count = 0

    def add(self, note: Note) -> None:
        """Append a note to the file immediately, because the process may be killed at any time."""
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(note)) + "\n")
        self._latest[note.event].append(note)
        self.count += 1

    def of_others(self, event: Event, user_id: str) -> list[Note]:
        """Return the latest notes of this event by other users."""
        return [note for note in self._latest[event] if note.user_id != user_id]


def read(path: Path) -> Iterator[Note]:
    """Yield all notes of a file."""
    if path.exists():
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            yield Note(**entry | {"event": Event(entry["event"])})


def summary(notes: list[Note]) -> str:
    """Return a table with the number of notes of each event."""
    done = Counter(note.event for note in notes)
    return "\n".join(f"{done[event]:>8}  {event}" for event in Event)
