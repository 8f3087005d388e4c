"""Check that the database contains all writes that the site has acknowledged."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, select, tuple_

from loadtest.journal import Event, Note
from movr.formats import ERASED
from movr.models import Ride, User, Vehicle

BATCH: Final = 500  # rows per query

Key = tuple[str, UUID]

# For each event, the model of its row and a condition that the row must meet.
_KEPT: Final[dict[Event, tuple[type[User | Vehicle | Ride], Callable[[Row[Any], Note], bool]]]] = {
    Event.REGISTERED: (User, lambda _row, _note: True),
    Event.LEFT: (User, lambda row, _note: row.deleted_at is not None),
    Event.ADDED: (Vehicle, lambda row, note: row.owner_id == UUID(note.user_id)),
    Event.REMOVED: (Vehicle, lambda row, _note: row.removed_at is not None),
    Event.STARTED: (Ride, lambda row, note: row.rider_id == UUID(note.user_id)),
    Event.ENDED: (Ride, lambda row, note: row.end_location == note.place),
}


def missing_from_database(engine: Engine, notes: Sequence[Note]) -> list[str]:
    """Return a sentence for each acknowledged event that is not in the database.

    The rides of deleted accounts have no places.
    """
    deleted = {note.id for note in notes if note.event is Event.LEFT}
    notes = [replace(n, place=ERASED) if n.user_id in deleted else n for n in notes]
    with engine.connect() as connection:
        return [
            f"Lost: {note.event}, {note.city}, {note.id}."
            for event, (model, is_kept) in _KEPT.items()
            for note, row in _with_rows(connection, model, [n for n in notes if n.event is event])
            if row is None or not is_kept(row, note)
        ]


def _with_rows(
    connection: Connection, model: type[User | Vehicle | Ride], notes: Sequence[Note]
) -> Iterator[tuple[Note, Row[Any] | None]]:
    for start in range(0, len(notes), BATCH):
        part = notes[start : start + BATCH]
        keys = tuple_(model.city, model.id).in_([_key(note) for note in part])
        found = connection.execute(select(model.__table__).where(keys))
        rows = {(row.city, row.id): row for row in found}
        yield from ((note, rows.get(_key(note))) for note in part)


def _key(note: Note) -> Key:
    return note.city, UUID(note.id)
