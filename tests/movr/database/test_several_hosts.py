"""A database with several hosts, one of which fails: the others are used instead."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from movr import errors
from movr.database import deadline
from movr.database.admin import at_one_host, shell_command, sibling_uri, uri_text
from movr.database.engine import CONNECT_TIMEOUT, hosts, parse_uri
from movr.movr import MovR
from tests.cli.test_serve import wait_until
from tests.conftest import free_port
from tests.database_proxy import SilentProxy, StoppingProxy, at_both
from tests.movr.database.test_deadline import PROMISED_SECONDS, answers, seconds_to_refuse
from tests.movr.test_movr import near
from tests.visitor import registration

SEVERAL = "cockroachdb://movr:secret@/movr?host=a:26257&host=b:26258&sslmode=require"
MANY = 20  # requests


@pytest.fixture(autouse=True)
def no_deadline_afterwards() -> Iterator[None]:
    yield
    deadline.end()


@pytest.fixture
def plain(database: str, engine: Engine) -> str:  # noqa: ARG001 - emptied afterwards
    """The URI of a database without TLS, so that proxies can read the traffic."""
    if parse_uri(database).query.get("sslmode", "disable") != "disable":
        pytest.skip("the proxy cannot read an encrypted connection")
    return database


@pytest.fixture
def stopping(plain: str) -> Iterator[StoppingProxy]:
    with StoppingProxy(parse_uri(plain)) as proxy:
        yield proxy


@pytest.fixture
def silent(plain: str) -> Iterator[SilentProxy]:
    with SilentProxy(parse_uri(plain)) as proxy:
        yield proxy
        proxy.release_replies()


@pytest.fixture
def live(plain: str) -> Iterator[StoppingProxy]:
    with StoppingProxy(parse_uri(plain)) as proxy:
        yield proxy


def ride(movr: MovR) -> None:
    """Use both pools of MovR. Raises DatabaseUnavailable if either gets no reply."""
    deadline.start()
    rider = movr.register(**registration())
    deadline.start()
    movr.add_vehicle(rider, type="bike", color="red", brand="Kona", location="here")
    deadline.start()
    movr.vehicles(near("rome"))


def failures(movr: MovR) -> int:
    """Return how many of MANY requests were not answered, each within its deadline."""
    return MANY - sum(answers(movr) for _ in range(MANY))


def test_hosts_are_paired_with_their_ports() -> None:
    assert hosts(parse_uri(SEVERAL)) == [("a", "26257"), ("b", "26258")]
    assert hosts(parse_uri("postgresql://movr@/movr?host=a,b&port=1,2")) == [("a", "1"), ("b", "2")]
    assert hosts(parse_uri("postgresql://movr@db:5433/movr")) == [("db", "5433")]
    assert hosts(parse_uri("postgresql:///movr?host=/run/postgresql")) == [("/run/postgresql", "")]


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://movr:secret@a:1,b:2/movr",
        "postgresql://movr:secret@/movr?host=a&host=b&port=1",
        "postgresql://movr:secret@/movr?host=a,b,c&port=1,2",
        "postgresql://movr:secret@/movr?host=a:one&host=b:two",
    ],
)
def test_a_wrong_notation_of_several_hosts_is_refused_with_the_right_one(uri: str) -> None:
    with pytest.raises(
        ValueError, match=r"several hosts like .*\?host=a:5432&host=b:5432"
    ) as error:
        parse_uri(uri)

    assert "secret" not in str(error.value)


def test_a_sibling_database_has_all_the_hosts() -> None:
    there = parse_uri(sibling_uri(SEVERAL, "movr_race"))

    assert there.database == "movr_race"
    assert hosts(there) == hosts(parse_uri(SEVERAL))


def test_a_shell_is_given_one_host_and_no_password() -> None:
    url = "postgresql://movr@a:26257/movr?sslmode=require"

    assert shell_command(f"{SEVERAL}&load_balance_hosts=random") == f"cockroach sql --url '{url}'"
    assert (
        shell_command("postgresql://movr@/movr?host=a,b&port=1,2")
        == "psql postgresql://movr@a:1/movr"
    )


def test_the_path_of_a_socket_is_kept_in_the_query() -> None:
    uri = "postgresql://movr@/movr?host=%2Frun%2Fpostgresql"

    assert uri_text(at_one_host(parse_uri(uri))) == uri


def test_a_host_that_refuses_connections_is_skipped(live: StoppingProxy) -> None:
    url = parse_uri(at_both(live, live))
    query = {"host": (f"127.0.0.1:{free_port()}", f"127.0.0.1:{live.url.port}")}
    movr = MovR(uri_text(url.update_query_dict(query)))

    ride(movr)

    assert failures(movr) == 0
    movr.close()


def test_a_host_that_never_replies_is_skipped_within_the_deadline(
    silent: SilentProxy, live: StoppingProxy
) -> None:
    silent.hold_replies()
    movr = MovR(at_both(silent, live))

    ride(movr)

    assert failures(movr) == 0
    movr.close()


def test_no_request_fails_when_a_host_dies(stopping: StoppingProxy, live: StoppingProxy) -> None:
    movr = MovR(at_both(stopping, live))
    ride(movr)
    assert live.round_trips == 0

    stopping.stop()

    ride(movr)
    assert failures(movr) == 0
    assert live.round_trips > MANY
    movr.close()


def test_a_host_that_stops_replying_is_left_by_all_later_requests(
    silent: SilentProxy, live: StoppingProxy
) -> None:
    """A call that waits for its reply fails and invalidates the whole pool."""
    movr = MovR(at_both(silent, live))
    ride(movr)
    silent.hold_replies()

    assert seconds_to_refuse(movr) < PROMISED_SECONDS
    wait_until(lambda: answers(movr), "the other answers")

    assert failures(movr) == 0
    movr.close()


def test_if_no_host_replies_the_request_is_refused_within_the_deadline(
    silent: SilentProxy, plain: str
) -> None:
    silent.hold_replies()
    with SilentProxy(parse_uri(plain)) as other:
        other.hold_replies()
        movr = MovR(at_both(silent, other))

        assert CONNECT_TIMEOUT - 0.5 < seconds_to_refuse(movr) < PROMISED_SECONDS
        other.release_replies()
    movr.close()


def test_as_soon_as_one_of_them_answers_so_does_movr(
    silent: SilentProxy, live: StoppingProxy
) -> None:
    live.stop()
    movr = MovR(at_both(live, silent))
    silent.hold_replies()
    with pytest.raises(errors.DatabaseUnavailable):
        ride(movr)

    silent.release_replies()

    wait_until(lambda: answers(movr), "the one that is left answers")
    movr.close()
