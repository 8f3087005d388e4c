"""The comparison of acknowledged writes with the database."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine

from loadtest import database_check, journal
from loadtest.journal import Event, Journal, Note
from movr import transactions
from movr.results import RideKey, UserKey, VehicleKey
from tests.movr.people import NOW, a_member, a_ride, a_vehicle, end


@pytest.fixture
def notes(engine: Engine) -> list[Note]:
    """One note of each event, all of them in the database."""
    with engine.begin() as connection:
        return list(_life(connection))


def _life(connection: Connection) -> Iterator[Note]:
    rider = a_member(connection, "paris")
    yield _note(Event.REGISTERED, rider, rider)
    vehicle = a_vehicle(connection, rider)
    yield _note(Event.ADDED, vehicle, rider)
    ride = a_ride(connection, vehicle, rider)
    yield _note(Event.STARTED, ride, rider)
    end(connection, ride, rider, "Bench 7")
    yield _note(Event.ENDED, ride, rider, "Bench 7")
    transactions.remove_vehicle(connection, vehicle, rider, now=NOW)
    yield _note(Event.REMOVED, vehicle, rider)
    transactions.delete_account(connection, rider, 0, now=NOW)
    yield _note(Event.LEFT, rider, rider)


def _note(event: Event, key: UserKey | VehicleKey | RideKey, who: UserKey, place: str = "") -> Note:
    return Note(event=event, city=key.city, id=str(key.id), user_id=str(who.id), place=place)


def test_no_event_of_an_account_s_lifetime_is_lost(engine: Engine, notes: list[Note]) -> None:
    assert [note.event for note in notes] == list(Event)
    assert database_check.missing_from_database(engine, notes) == []


@pytest.mark.parametrize("event", Event)
def test_an_event_without_its_row_is_lost(engine: Engine, notes: list[Note], event: Event) -> None:
    (note,) = [note for note in notes if note.event is event]
    gone = replace(note, id=str(uuid4()))

    assert database_check.missing_from_database(engine, [*notes, gone]) == [
        f"Lost: {event}, paris, {gone.id}."
    ]


@pytest.mark.parametrize("event", [Event.REMOVED, Event.LEFT])
def test_a_removal_whose_row_is_still_active_is_lost(engine: Engine, event: Event) -> None:
    with engine.begin() as connection:
        owner = a_member(connection)
        key = owner if event is Event.LEFT else a_vehicle(connection, owner)

    assert len(database_check.missing_from_database(engine, [_note(event, key, owner)])) == 1


@pytest.mark.parametrize("event", [Event.ADDED, Event.STARTED])
def test_a_row_of_another_user_is_lost(engine: Engine, notes: list[Note], event: Event) -> None:
    (note,) = [note for note in notes if note.event is event]

    assert (
        len(database_check.missing_from_database(engine, [replace(note, user_id=str(uuid4()))]))
        == 1
    )


def test_a_ride_that_ended_elsewhere_was_not_ended_as_acknowledged(
    engine: Engine, notes: list[Note]
) -> None:
    (note,) = [note for note in notes if note.event is Event.ENDED]

    assert len(database_check.missing_from_database(engine, [replace(note, place="Bench 8")])) == 1


def test_a_journal_reads_as_it_was_written(tmp_path: Path) -> None:
    user = UserKey("rome", uuid4())
    note, other = _note(Event.REGISTERED, user, user), _note(Event.LEFT, user, user)
    written = Journal(tmp_path / "journal")
    written.add(note)
    written.add(other)

    assert list(journal.read(tmp_path / "journal")) == [note, other]
    assert written.of_others(Event.LEFT, str(uuid4())) == [other]
    assert written.of_others(Event.LEFT, other.user_id) == []
