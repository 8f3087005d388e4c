"""What the site has acknowledged: written down by the riders, compared with the database later."""

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

JOURNAL_VARIABLE: Final = "LOADTEST_JOURNAL"  # the environment's word for the journal's path
REMEMBERED: Final = 200  # notes of each deed, for whoever wants somebody else's


class Event(StrEnum):
    """What somebody did, and the site said so."""

    REGISTERED = "account opened"
    ADDED = "vehicle added"
    STARTED = "ride started"
    ENDED = "ride ended"
    REMOVED = "vehicle removed"
    LEFT = "account deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One deed on the account, vehicle or ride (city, id); `place` is where a ride ended."""

    event: Event
    city: str
    id: str
    user_id: str
    place: str = ""


class Journal:
    """Notes in a file, a line each, the latest also in memory."""

    def __init__(self, path: Path) -> None:
        """Write to this file."""
        self._path = path
        self._latest = {event: deque[Note](maxlen=REMEMBERED) for event in Event}
        self.count = 0

    def add(self, note: Note) -> None:
        """Write it down at once: nobody knows when the crowd ends."""
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(note)) + "\n")
        self._latest[note.event].append(note)
        self.count += 1

    def of_others(self, event: Event, user_id: str) -> list[Note]:
        """What others have done lately."""
        return [note for note in self._latest[event] if note.user_id != user_id]


def read(path: Path) -> Iterator[Note]:
    """All notes of a file."""
    if path.exists():
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            yield Note(**entry | {"event": Event(entry["event"])})


def summary(notes: list[Note]) -> str:
    """How many of each deed."""
    done = Counter(note.event for note in notes)
    return "\n".join(f"{done[event]:>8}  {event}" for event in Event)
