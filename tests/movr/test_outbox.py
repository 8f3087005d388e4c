"""The outbox: letters are written with their cause, each is claimed by one process at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, Row, select

from movr import errors, outbox
from movr.models import Letter as Stored
from movr.movr import MovR
from movr.outbox import LAST_RETRY, LEASE, MAX_ATTEMPTS, MAX_PENDING, Kind, Letter, NewLetter
from movr.results import RideKey, UserKey
from tests.movr.people import start_ride
from tests.movr.test_reservations import Clock
from tests.visitor import PASSWORD, registration

CITIES = ("new york", "paris")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def movr(database: str, engine: Engine, clock: Clock) -> Iterator[MovR]:  # noqa: ARG001 - emptied
    movr = MovR(database, clock=clock, pool_size=20)
    yield movr
    movr.close()


@pytest.fixture
def member(movr: MovR) -> UserKey:
    return movr.register(**registration())


def stored(engine: Engine) -> list[Row[Any]]:
    """Return the rows of all letters."""
    with engine.connect() as connection:
        return list(connection.execute(select(Stored.__table__)).all())


def put(movr: MovR, member: UserKey) -> None:
    movr.outbox.put(NewLetter(member, Kind.VERIFY_EMAIL, {"n": 1}))


def claim(movr: MovR) -> Letter:
    letter = movr.outbox.claim(CITIES)
    assert letter
    return letter


def a_ride(movr: MovR, rider: UserKey) -> RideKey:
    owner = movr.register(**registration())
    vehicle = movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here")
    return start_ride(movr, vehicle, rider)


def test_a_letter_is_claimed_once_until_its_lease_ends(
    movr: MovR, member: UserKey, clock: Clock
) -> None:
    put(movr, member)
    clock.now += MINUTE
    first = claim(movr)
    assert (first.recipient, first.kind, first.data) == (member, Kind.VERIFY_EMAIL, {"n": 1})
    assert (first.attempts, first.lag) == (1, MINUTE)
    assert movr.outbox.claim(CITIES) is None

    clock.now += LEASE
    second = claim(movr)

    assert (second.id, second.attempts) == (first.id, 2)


def test_a_letter_is_claimed_only_for_the_cities_of_the_process(
    movr: MovR, member: UserKey
) -> None:
    put(movr, member)

    assert movr.outbox.claim(["paris", "rome"]) is None
    assert movr.outbox.claim([member.city])


def test_processes_at_once_claim_each_letter_once(movr: MovR, member: UserKey) -> None:
    for _ in range(MAX_PENDING):
        put(movr, member)

    def claim_all(_process: int) -> list[UUID]:
        return [letter.id for _ in range(MAX_PENDING) if (letter := movr.outbox.claim(CITIES))]

    with ThreadPoolExecutor(4) as processes:
        claimed = [id_ for ids in processes.map(claim_all, range(4)) for id_ in ids]

    assert len(claimed) == len(set(claimed)) == MAX_PENDING


def test_a_sent_letter_keeps_nothing_of_its_text_and_is_not_claimed_again(
    movr: MovR, member: UserKey, clock: Clock, engine: Engine
) -> None:
    movr.outbox.put(NewLetter(member, Kind.EMAIL_CHANGED, {"new_email": "b@example.com"}, "a@b.c"))
    movr.outbox.mark_sent(claim(movr))
    clock.now += 24 * HOUR

    (row,) = stored(engine)

    assert (row.data, row.address, row.failed_at) == (None, None, None)
    assert row.sent_at == clock.now - 24 * HOUR
    assert movr.outbox.claim(CITIES) is None


def test_a_letter_that_fails_is_tried_again_ever_later_and_given_up_in_the_end(
    movr: MovR, member: UserKey, clock: Clock, engine: Engine
) -> None:
    put(movr, member)
    waits = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        is_dead = movr.outbox.mark_failed(claim(movr), "SMTPException")
        assert is_dead == (attempt == MAX_ATTEMPTS)
        (row,) = stored(engine)
        waits.append(row.due_at - clock.now)
        clock.now = row.due_at - timedelta(seconds=1)
        assert movr.outbox.claim(CITIES) is None
        clock.now = row.due_at

    assert waits[:3] == [MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert waits[-1] == outbox.retry_time(50, clock.now) - clock.now == LAST_RETRY
    assert (row.failed_at, row.last_error) == (clock.now - LAST_RETRY, "SMTPException")
    assert movr.outbox.claim(CITIES) is None


def test_a_slow_process_does_not_delay_the_attempt_of_another(
    movr: MovR, member: UserKey, clock: Clock, engine: Engine
) -> None:
    """Its lease has ended. What it has sent is sent; what it has not is left to the other one."""
    put(movr, member)
    slow = claim(movr)
    clock.now += LEASE
    fast = claim(movr)

    assert not movr.outbox.mark_failed(slow, "TimeoutError")
    assert stored(engine)[0].due_at == clock.now + LEASE
    movr.outbox.mark_sent(slow)
    assert not movr.outbox.mark_failed(fast, "TimeoutError")

    assert stored(engine)[0].sent_at == clock.now


def test_only_so_many_letters_to_a_member_wait(movr: MovR, member: UserKey, engine: Engine) -> None:
    for _ in range(MAX_PENDING):
        put(movr, member)

    with pytest.raises(errors.TooManyLetters):
        put(movr, member)
    put(movr, movr.register(**registration()))
    movr.outbox.mark_sent(claim(movr))
    put(movr, member)

    assert len(stored(engine)) == MAX_PENDING + 2


def test_what_others_have_caused_is_written_however_many_letters_wait(
    movr: MovR, member: UserKey, engine: Engine
) -> None:
    for _ in range(MAX_PENDING):
        put(movr, member)

    with engine.begin() as connection:
        for kind in (Kind.RIDE_ENDED_BY_STAFF, Kind.REPORT_CLOSED, Kind.ACCOUNT_SUSPENDED):
            assert outbox.put(connection, member, kind, {}, id=uuid4(), now=datetime.now(UTC))

    assert len(stored(engine)) == MAX_PENDING + 3


def test_a_request_for_a_link_is_refused_if_too_many_of_a_city_wait(
    movr: MovR, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = outbox._put(outbox._is_below(3, Stored.user_id.is_(None)))  # noqa: SLF001 - fewer
    monkeypatch.setattr(outbox, "_REQUEST", few)
    for n in range(3):
        movr.outbox.request_password_reset("paris", f"name-{n}")

    with pytest.raises(errors.TooManyResets):
        movr.outbox.request_password_reset("paris", "name-3")

    assert len(stored(engine)) == 3


def test_a_letter_is_written_only_with_its_cause(movr: MovR, engine: Engine) -> None:
    account = registration()
    user = movr.register_with_link(**account, idempotency_key="form")
    movr.register_with_link(**account, idempotency_key="form")
    with pytest.raises(errors.UsernameTaken):
        movr.register_with_link(**account)

    assert [(row.user_id, row.kind) for row in stored(engine)] == [(user.id, Kind.VERIFY_EMAIL)]


def test_deleting_an_account_erases_its_letters_that_were_not_sent(
    movr: MovR, member: UserKey, clock: Clock, engine: Engine
) -> None:
    for _ in range(2):
        movr.outbox.put(NewLetter(member, Kind.EMAIL_CHANGED, {"new_email": "x@y.z"}, "a@b.c"))
    failed = claim(movr)
    for _ in range(MAX_ATTEMPTS):
        movr.outbox.mark_failed(failed, "OSError")
        clock.now += LAST_RETRY
        failed = claim(movr)
    put(movr, other := movr.register(**registration()))

    movr.delete_account(member, 0, password=PASSWORD)

    left = {row.user_id: (row.data, row.address) for row in stored(engine)}
    assert left == {member.id: (None, None), other.id: ('{"n": 1}', None)}
    assert claim(movr).user_id == other.id
    assert movr.outbox.claim(CITIES) is None


@pytest.mark.parametrize(
    ("mails", "wants", "verified", "letters"),
    [(True, True, True, 1), (False, True, True, 0), (True, False, True, 0), (True, True, False, 0)],
)
def test_the_end_of_a_ride_writes_its_receipt_to_those_who_want_it(
    database: str, engine: Engine, *, mails: bool, wants: bool, verified: bool, letters: int
) -> None:
    movr = MovR(database)
    rider = movr.register(**registration())
    ride = a_ride(movr, rider)
    movr.choose_receipts(rider, by_mail=wants)
    if verified:
        movr.verify_email(rider, registration()["email"])
    mailing = MovR(database, only_verified=mails)

    for _ in range(2):  # the form may be sent again
        mailing.end_ride(ride, rider, location="there")
    for each in (movr, mailing):
        each.close()

    rows = [(row.city, row.user_id, row.kind, row.data) for row in stored(engine)]
    assert rows == letters * [(*rider, Kind.RECEIPT, f'{{"ride_id": "{ride.id}"}}')]


def test_a_rider_is_asked_once_after_two_hours_in_their_home_city(
    movr: MovR, clock: Clock, engine: Engine
) -> None:
    rider = movr.register(**registration("paris"))
    ride = a_ride(movr, rider)
    ended = movr.register(**registration("paris"))
    movr.end_ride(a_ride(movr, ended), ended, location="there")
    clock.now += 2 * HOUR - MINUTE
    assert movr.outbox.remind_riders("new york") == 0

    clock.now += MINUTE
    assert [movr.outbox.remind_riders(city) for city in ("new york", "new york", "paris")] == [
        *(1, 0, 0)
    ]

    rows = [(row.city, row.id, row.user_id, row.kind) for row in stored(engine)]
    assert rows == [("paris", ride.id, rider.id, Kind.STILL_RIDING)]


def test_nobody_is_asked_about_a_ride_of_yesterday(
    movr: MovR, member: UserKey, clock: Clock
) -> None:
    a_ride(movr, member)
    clock.now += 24 * HOUR

    assert movr.outbox.remind_riders("new york") == 0


def test_a_letter_in_a_transaction_is_written_once(movr: MovR, member: UserKey) -> None:
    letter: dict[str, Any] = {"id": uuid4(), "now": datetime.now(UTC)}

    with movr.engine.begin() as connection:
        for is_new in (True, False):
            written = outbox.put(connection, member, Kind.ACCOUNT_SUSPENDED, {}, **letter)
            assert written == is_new
