"""The circuit breaker: while the database is unavailable only one call at a time probes it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import UUID

import psycopg2
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from movr.database import deadline
from movr.database.admin import sibling_uri
from movr.database.circuit_breaker import PAUSE, CircuitBreaker
from movr.database.deadline import REQUEST_DEADLINE, STATEMENT_TIMEOUT
from movr.database.engine import is_cockroachdb
from movr.errors import DatabaseSlow, DatabaseUnavailable, VehicleNotFound
from movr.models import Base
from movr.movr import MovR
from movr.results import UserKey
from tests.clock import Clock


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock)


def call(breaker: CircuitBreaker, answer: Exception | None = None) -> None:
    """Make a call to the database, which gives this result."""
    with suppress(OperationalError), breaker.guard():
        if answer:
            raise answer


def no_answer() -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg2.OperationalError("server closed"))


def test_after_a_call_without_reply_the_breaker_is_open_for_a_pause(
    breaker: CircuitBreaker,
) -> None:
    call(breaker, no_answer())

    with pytest.raises(DatabaseUnavailable):
        call(breaker)


def test_after_the_pause_one_call_probes_and_the_others_fail_at_once(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    call(breaker, no_answer())
    clock.now += PAUSE

    with breaker.guard():
        clock.now += REQUEST_DEADLINE / 2
        with pytest.raises(DatabaseUnavailable):
            call(breaker)


def test_one_reply_closes_the_breaker(breaker: CircuitBreaker, clock: Clock) -> None:
    call(breaker, no_answer())
    clock.now += PAUSE
    call(breaker)

    call(breaker)
    call(breaker)


def test_a_probe_without_reply_opens_the_breaker_again(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    call(breaker, no_answer())
    clock.now += PAUSE
    call(breaker, no_answer())

    with pytest.raises(DatabaseUnavailable):
        call(breaker)


def test_a_probe_that_never_returns_does_not_keep_the_breaker_open(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    call(breaker, no_answer())
    clock.now += PAUSE
    probe = breaker.guard()
    probe.__enter__()
    clock.now += REQUEST_DEADLINE

    call(breaker)


def test_a_call_without_reply_while_others_succeed_does_not_open_the_breaker(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """A call that waits for a locked row."""
    with suppress(OperationalError), breaker.guard():
        clock.now += 1
        call(breaker)
        raise no_answer()

    call(breaker)


def test_an_error_sent_by_the_server_does_not_open_the_breaker(
    breaker: CircuitBreaker, engine: Engine
) -> None:
    """With a full disk, reads still work."""
    if is_cockroachdb(engine.url):
        pytest.skip("PostgreSQL's way to fail")
    with pytest.raises(OperationalError), breaker.guard(), engine.connect() as connection:
        connection.execute(text("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$"))

    call(breaker)


# A slow page does not open the breaker

UNKNOWN = UserKey("rome", UUID(int=1))


@pytest.fixture
def slow(own_database: str, own_engine: Engine) -> Iterator[Callable[[float], MovR]]:
    """Create a MovR whose database takes this many seconds to find a vehicle."""
    movr = MovR(own_database)

    columns = ", ".join(Base.metadata.tables["vehicles"].columns.keys())

    def slowed(seconds: float) -> MovR:
        with own_engine.begin() as connection:
            connection.execute(text("ALTER TABLE vehicles RENAME TO all_vehicles"))
            connection.execute(
                text(
                    f"CREATE VIEW vehicles AS SELECT {columns} FROM all_vehicles"
                    f" WHERE (SELECT count(*) FROM pg_sleep({seconds})) = 1"
                )
            )
        deadline.start()
        return movr

    yield slowed
    deadline.end()
    movr.close()


def find_a_vehicle(movr: MovR) -> None:
    with suppress(VehicleNotFound):
        movr.vehicle("rome", UUID(int=1))


def is_answered(movr: MovR) -> bool:
    deadline.start()
    return movr.session_member(UNKNOWN) is None


def test_a_slow_page_is_refused_as_slow_and_the_next_is_answered(
    slow: Callable[[float], MovR],
) -> None:
    movr = slow(STATEMENT_TIMEOUT + 1)

    with pytest.raises(DatabaseSlow):
        find_a_vehicle(movr)

    assert is_answered(movr)


def test_a_request_that_spends_its_deadline_on_several_statements_does_not_open_the_breaker(
    slow: Callable[[float], MovR],
) -> None:
    movr = slow(STATEMENT_TIMEOUT * 0.75)
    find_a_vehicle(movr)

    with pytest.raises(DatabaseUnavailable):
        find_a_vehicle(movr)

    assert is_answered(movr)


def test_a_request_that_has_waited_too_long_to_connect_does_not_open_the_breaker(
    database: str,
) -> None:
    movr = MovR(database)
    deadline.set_queued(REQUEST_DEADLINE - 0.5)
    deadline.start()
    with pytest.raises(DatabaseUnavailable):
        movr.ping()

    deadline.set_queued(0)
    deadline.start()
    movr.ping()
    movr.close()


def test_a_database_that_does_not_exist_is_unavailable(server: str) -> None:
    movr = MovR(sibling_uri(server, "movr_nowhere"))

    with pytest.raises(DatabaseUnavailable) as refused:
        movr.session_member(UNKNOWN)

    assert 'database "movr_nowhere" does not exist' in refused.value.reason
    movr.close()


def test_a_database_that_is_reported_missing_at_a_statement_is_unavailable(
    own_database: str, own_engine: Engine
) -> None:
    """As CockroachDB does: it accepts the connection and refuses the first statement."""
    if is_cockroachdb(own_engine.url):
        pytest.skip("PostgreSQL's way to be like CockroachDB, which the test before this asks")
    movr = MovR(own_database)

    @event.listens_for(movr.engines[1], "checkout")
    def ask(connection: psycopg2.extensions.connection, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE SQLSTATE '3D000' USING MESSAGE = 'no movr'; END $$")

    with pytest.raises(DatabaseUnavailable) as refused:
        movr.session_member(UNKNOWN)

    assert refused.value.reason == "no movr"
    movr.close()
