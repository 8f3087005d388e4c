"""The deadline, with a database that accepts connections and does not reply."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Engine, event, text

from movr import errors
from movr.database import deadline, query_stats
from movr.database.admin import uri_text
from movr.database.deadline import REQUEST_DEADLINE
from movr.database.engine import disable_statement_timeout, is_cockroachdb, parse_uri
from movr.movr import MovR
from tests.cli.test_serve import wait_until
from tests.database_proxy import SilentProxy
from tests.movr.people import public_id_in
from tests.movr.test_movr import near
from tests.visitor import registration

# The maximum seconds of a request, and of one that is refused without a call. Both are generous,
# for a busy machine; the difference shows whether the request waited for the database.
PROMISED_SECONDS, SECONDS_WITHOUT_ASKING = 3.0, 1.0


@pytest.fixture
def proxy(database: str) -> Iterator[SilentProxy]:
    if parse_uri(database).query.get("sslmode", "disable") != "disable":
        pytest.skip("the proxy cannot read an encrypted connection")
    with SilentProxy(parse_uri(database)) as proxy:
        yield proxy
        proxy.release_replies()


@pytest.fixture
def distant(proxy: SilentProxy, engine: Engine) -> Iterator[MovR]:  # noqa: ARG001 - emptied afterwards
    """MovR, connected through a proxy that can hold back replies."""
    movr = MovR(uri_text(proxy.url))
    movr.vehicles(near("rome"))
    yield movr
    movr.close()


@pytest.fixture(autouse=True)
def no_deadline_afterwards() -> Iterator[None]:
    yield
    deadline.end()


def seconds_to_refuse(movr: MovR) -> float:
    """Return the seconds until a request is refused with DatabaseUnavailable."""
    deadline.start()
    began = time.monotonic()
    with pytest.raises(errors.DatabaseUnavailable):
        movr.vehicles(near("rome"))
    return time.monotonic() - began


def answers(movr: MovR) -> bool:
    deadline.start()
    try:
        movr.vehicles(near("rome"))
    except errors.DatabaseUnavailable:
        return False
    return True


def test_a_database_that_does_not_reply_is_unavailable_within_the_deadline(
    distant: MovR, proxy: SilentProxy
) -> None:
    proxy.hold_replies()

    assert REQUEST_DEADLINE - 0.1 < seconds_to_refuse(distant) < PROMISED_SECONDS


def test_a_statement_without_reply_is_counted(proxy: SilentProxy, distant: MovR) -> None:
    proxy.hold_replies()
    cost = query_stats.start()

    seconds_to_refuse(distant)

    assert cost.statements == 1
    assert cost.seconds >= REQUEST_DEADLINE / 2


def test_a_connection_that_never_replied_is_counted(proxy: SilentProxy) -> None:
    proxy.hold_replies()
    movr = MovR(uri_text(proxy.url))

    assert seconds_to_refuse(movr) < PROMISED_SECONDS


def test_the_next_request_is_refused_at_once(distant: MovR, proxy: SilentProxy) -> None:
    proxy.hold_replies()
    seconds_to_refuse(distant)

    assert seconds_to_refuse(distant) < SECONDS_WITHOUT_ASKING


def test_it_is_available_again_as_soon_as_it_replies(distant: MovR, proxy: SilentProxy) -> None:
    proxy.hold_replies()
    seconds_to_refuse(distant)
    proxy.release_replies()

    began = time.monotonic()
    wait_until(lambda: answers(distant), "the database answers")
    assert time.monotonic() - began < 5


def test_a_start_without_reply_is_one_ride_when_it_is_sent_again(
    distant: MovR, movr: MovR, proxy: SilentProxy
) -> None:
    rider = movr.register(**registration())
    vehicle = movr.add_vehicle(rider, type="bike", color="red", brand="Kona", location="here")
    public_id = public_id_in(movr, vehicle)
    proxy.hold_replies(at=b"UPDATE")
    deadline.start()
    with pytest.raises(errors.DatabaseUnavailable):
        distant.start_ride(vehicle.city, public_id, rider)
    proxy.release_replies()
    wait_until(lambda: answers(distant), "the database answers")

    ride = distant.start_ride(vehicle.city, public_id, rider).key

    member = distant.session_member(rider)
    assert member
    assert member.active_ride
    assert member.active_ride.key == ride


def test_all_that_a_request_asks_for_counts_together() -> None:
    """Time between the calls does not count."""
    deadline.start()
    with deadline.waiting():
        time.sleep(0.2)  # the time of a database call
    time.sleep(0.2)  # the time of hashing a password
    with deadline.waiting():
        assert REQUEST_DEADLINE - 0.35 < deadline.seconds_left() < REQUEST_DEADLINE - 0.2


def test_a_call_without_a_deadline_waits_longer_than_any_request(engine: Engine) -> None:
    """For example migrations and scenarios."""
    if is_cockroachdb(engine.url):
        pytest.skip("PostgreSQL's way to wait")
    wait = text("SELECT pg_sleep(:seconds)")
    with engine.connect() as connection:
        disable_statement_timeout(connection)
        assert connection.execute(wait, {"seconds": REQUEST_DEADLINE + 0.5}).rowcount == 1


def sockets() -> set[str]:
    """Return the sockets of this process; duplicates count once."""
    links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return {name for link in links if (name := str(link.readlink())).startswith("socket:")}


def test_a_connection_that_is_closed_leaves_no_socket_open(database: str) -> None:
    before = sockets()
    movr = MovR(database)
    deadline.start()
    movr.vehicles(near("rome"))
    opened = sockets() - before
    assert opened

    movr.close()

    assert not opened & sockets()


def test_a_connection_that_failed_to_set_up_leaves_no_socket_open(database: str) -> None:
    opened = set()
    movr = MovR(database)
    before = sockets()

    @event.listens_for(movr.engines[1], "connect")
    def fail(*_: object) -> None:
        opened.update(sockets() - before)
        raise psycopg2.OperationalError("gone again")

    deadline.start()
    with pytest.raises(errors.DatabaseUnavailable):
        movr.vehicles(near("rome"))

    assert opened
    assert not opened & sockets()
