"""What MovR does after a backup was restored, by itself; with the command: test_settle_restore."""

from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from movr import errors, outbox
from movr import movr as movr_module
from movr.movr import MovR
from movr.outbox import Kind, NewLetter
from movr.results import RideKey, UserKey, VehicleKey
from tests.movr.people import start_ride
from tests.visitor import PASSWORD, registration

NEW = "a wholly other password"


def new_members(movr: MovR, number: int, city: str = "new york") -> list[UserKey]:
    return [movr.register(**registration(city)) for _ in range(number)]


def riding(movr: MovR, owner: UserKey, rider: UserKey) -> tuple[VehicleKey, RideKey]:
    vehicle = movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here")
    return vehicle, start_ride(movr, vehicle, rider)


def username_of(movr: MovR, user: UserKey) -> str:
    member = movr.session_member(user)
    assert member
    return member.username


def test_all_sessions_of_all_cities_end_in_short_transactions(
    movr: MovR, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movr_module, "ACCOUNTS_AT_ONCE", 2)
    members = [user for city in ("new york", "rome") for user in new_members(movr, 5, city)]

    movr.end_all_sessions()

    assert [movr.session_member(user) for user in members] == [None] * 10


def test_no_epoch_that_was_in_use_comes_again(movr: MovR, engine: Engine) -> None:
    """The backup has the epoch 0; a thief has a session of any later one."""
    (member,) = new_members(movr, 1)

    movr.end_all_sessions()

    with engine.connect() as connection:
        epoch = connection.execute(text("SELECT session_epoch FROM users")).scalar_one()
    assert epoch > 1_000_000
    assert movr.session_member(member, epoch)


def test_a_password_is_locked_if_it_was_changed_after_the_backup(movr: MovR) -> None:
    before, after = new_members(movr, 2)
    names = [username_of(movr, user) for user in (before, after)]
    epoch = movr.change_password(before, 0, current=PASSWORD, new=NEW)

    assert movr.lock_password(before, epoch) is False
    assert movr.lock_password(after, 1) is True

    assert movr.log_in(names[0], NEW).key == before
    with pytest.raises(errors.WrongCredentials):
        movr.log_in(names[1], PASSWORD)


def test_an_account_that_came_back_on_a_ride_is_deleted(movr: MovR) -> None:
    owner, rider = new_members(movr, 2)
    vehicle, _ = riding(movr, owner, rider)

    assert movr.delete_restored_account(rider) is True

    assert movr.session_member(rider) is None
    assert start_ride(movr, vehicle, owner)


def test_the_ride_of_an_account_that_came_back_costs_nothing(database: str, engine: Engine) -> None:
    movr = MovR(database, charges_rides=True)
    owner, rider = new_members(movr, 2)
    riding(movr, owner, rider)

    movr.delete_restored_account(rider)
    movr.close()

    with engine.connect() as connection:
        assert connection.execute(text("SELECT amount, unlock_fee FROM rides")).one() == (0, None)
        assert connection.execute(text("SELECT count(*) FROM ledger_entries")).scalar() == 0


def test_an_account_that_did_not_come_back_is_left_alone(movr: MovR) -> None:
    gone, never = *new_members(movr, 1), UserKey("rome", movr_module.LAST_ID)
    movr.delete_account(gone, 0, password=PASSWORD)

    assert [movr.delete_restored_account(user) for user in (gone, never)] == [False, False]
    assert movr.lock_password(gone, 9) is False


def test_letters_that_were_sent_are_not_sent_again_whatever_their_number(
    movr: MovR, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MARKED_AT_ONCE", 2)
    for member in new_members(movr, 5):
        movr.outbox.put(NewLetter(member, Kind.RECEIPT, {}))
    sent = [movr.outbox.claim(["new york"]) for _ in range(4)]
    ids = {letter.id for letter in sent if letter}
    waiting = movr.outbox.claim(["new york"])

    marked = movr.outbox.mark_all_sent("new york", ids)
    again = movr.outbox.mark_all_sent("new york", {*ids, uuid4()})

    assert (marked, again) == (4, 0)
    assert waiting
    assert movr.outbox.mark_all_sent("new york", [waiting.id]) == 1
