"""While the database is away one at a time looks whether it is back; nobody else waits."""

from contextlib import suppress

import psycopg2
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from movr.engine import is_cockroachdb
from movr.errors import DatabaseAway
from movr.outage import PAUSE, Outage
from movr.patience import PATIENCE
from tests.clock import Clock


@pytest.fixture
def outage(clock: Clock) -> Outage:
    return Outage(clock)


def ask(outage: Outage, answer: Exception | None = None) -> None:
    """Ask the database, which answers like this."""
    with suppress(OperationalError), outage.noticed():
        if answer:
            raise answer


def silence() -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg2.OperationalError("server closed"))


def test_after_a_silence_nobody_asks_for_a_moment(outage: Outage) -> None:
    ask(outage, silence())

    with pytest.raises(DatabaseAway):
        ask(outage)


def test_then_one_looks_and_the_others_do_not_wait_for_it(outage: Outage, clock: Clock) -> None:
    ask(outage, silence())
    clock.now += PAUSE

    with outage.noticed():
        clock.now += PATIENCE / 2
        with pytest.raises(DatabaseAway):
            ask(outage)


def test_one_answer_and_everybody_asks_again(outage: Outage, clock: Clock) -> None:
    ask(outage, silence())
    clock.now += PAUSE
    ask(outage)

    ask(outage)
    ask(outage)


def test_another_silence_is_another_pause(outage: Outage, clock: Clock) -> None:
    ask(outage, silence())
    clock.now += PAUSE
    ask(outage, silence())

    with pytest.raises(DatabaseAway):
        ask(outage)


def test_one_who_looks_and_never_returns_shuts_nobody_out(outage: Outage, clock: Clock) -> None:
    ask(outage, silence())
    clock.now += PAUSE
    looking = outage.noticed()
    looking.__enter__()
    clock.now += PATIENCE

    ask(outage)


def test_a_silence_while_others_are_answered_is_no_outage(outage: Outage, clock: Clock) -> None:
    """One who waits for a row that somebody holds."""
    with suppress(OperationalError), outage.noticed():
        clock.now += 1
        ask(outage)
        raise silence()

    ask(outage)


def test_a_server_that_says_what_is_wrong_is_there(outage: Outage, engine: Engine) -> None:
    """Its disk is full: who only reads need not know."""
    if is_cockroachdb(engine.url):
        pytest.skip("PostgreSQL's way to fail")
    with pytest.raises(OperationalError), outage.noticed(), engine.connect() as connection:
        connection.execute(text("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$"))

    ask(outage)
