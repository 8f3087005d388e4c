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


def ask(breaker: CircuitBreaker, answer: Exception | None = None) -> None:
    """Make a call to the database, which gives this result."""
    with suppress(OperationalError), breaker.guard():
        if answer:
            raise answer


def no_answer() -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg2.OperationalError("server closed"))


def test_after_a_silence_nobody_asks_for_a_moment(breaker: CircuitBreaker) -> None:
    ask(breaker, no_answer())

    with pytest.raises(DatabaseUnavailable):
        ask(breaker)


def test_then_one_looks_and_the_others_do_not_wait_for_it(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    ask(breaker, no_answer())
    clock.now += PAUSE

    with breaker.guard():
        clock.now += REQUEST_DEADLINE / 2
        with pytest.raises(DatabaseUnavailable):
            ask(breaker)


def test_one_answer_and_everybody_asks_again(breaker: CircuitBreaker, clock: Clock) -> None:
    ask(breaker, no_answer())
    clock.now += PAUSE
    ask(breaker)

    ask(breaker)
    ask(breaker)


def test_another_silence_is_another_pause(breaker: CircuitBreaker, clock: Clock) -> None:
    ask(breaker, no_answer())
    clock.now += PAUSE
    ask(breaker, no_answer())

    with pytest.raises(DatabaseUnavailable):
        ask(breaker)


def test_one_who_looks_and_never_returns_shuts_nobody_out(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    ask(breaker, no_answer())
    clock.now += PAUSE
    looking = breaker.guard()
    looking.__enter__()
    clock.now += REQUEST_DEADLINE

    ask(breaker)


def test_a_silence_while_others_are_answered_is_no_outage(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """A call that waits for a locked row."""
    with suppress(OperationalError), breaker.guard():
        clock.now += 1
        ask(breaker)
        raise no_answer()

    ask(breaker)


def test_a_server_that_says_what_is_wrong_is_there(breaker: CircuitBreaker, engine: Engine) -> None:
    """With a full disk, reads still work."""
    if is_cockroachdb(engine.url):
        pytest.skip("PostgreSQL's way to fail")
    with pytest.raises(OperationalError), breaker.guard(), engine.connect() as connection:
        connection.execute(text("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$"))

    ask(breaker)


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


def look_for_a_vehicle(movr: MovR) -> None:
    with suppress(VehicleNotFound):
        movr.vehicle("rome", UUID(int=1))


def is_answered(movr: MovR) -> bool:
    deadline.start()
    return movr.session_member(UNKNOWN) is None


def test_a_page_that_takes_too_long_is_said_to_and_the_next_is_answered(
    slow: Callable[[float], MovR],
) -> None:
    movr = slow(STATEMENT_TIMEOUT + 1)

    with pytest.raises(DatabaseSlow):
        look_for_a_vehicle(movr)

    assert is_answered(movr)


def test_a_request_that_spends_its_deadline_on_several_statements_shuts_nobody_out(
    slow: Callable[[float], MovR],
) -> None:
    movr = slow(STATEMENT_TIMEOUT * 0.75)
    look_for_a_vehicle(movr)

    with pytest.raises(DatabaseUnavailable):
        look_for_a_vehicle(movr)

    assert is_answered(movr)


def test_a_database_that_does_not_exist_is_away(server: str) -> None:
    movr = MovR(sibling_uri(server, "movr_nowhere"))

    with pytest.raises(DatabaseUnavailable) as refused:
        movr.session_member(UNKNOWN)

    assert 'database "movr_nowhere" does not exist' in refused.value.reason
    movr.close()


def test_so_is_one_that_is_said_not_to_exist_only_when_it_is_asked(
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
