"""Transactions that conflict, lose their connection or their reply: each is done once."""

import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from psycopg2.errors import FeatureNotSupported
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import NotSupportedError, OperationalError
from sqlalchemy_cockroachdb import run_transaction

from movr import errors, transactions
from movr.database.access import MAX_RETRIES
from movr.database.admin import uri_text
from movr.database.engine import is_cockroachdb, parse_uri
from movr.movr import MovR
from movr.results import RideKey, StartedRide, UserKey, VehicleKey
from tests.database_proxy import CuttingProxy
from tests.movr.people import NOW, public_id, public_id_in, start_ride
from tests.movr.test_movr import near
from tests.visitor import PASSWORD, registration

AT_ONCE = 1  # attempt to start or end a ride by one statement, before the transaction


@pytest.fixture
def proxy(database: str) -> Iterator[CuttingProxy]:
    if parse_uri(database).query.get("sslmode", "disable") != "disable":
        pytest.skip("the proxy cannot read an encrypted connection")
    with CuttingProxy(parse_uri(database)) as proxy:
        yield proxy


@pytest.fixture
def distant(proxy: CuttingProxy, engine: Engine) -> Iterator[MovR]:  # noqa: ARG001 - emptied afterwards
    """MovR, connected through a proxy that can cut the connection."""
    movr = MovR(uri_text(proxy.url))
    yield movr
    movr.close()


@pytest.fixture
def rider(movr: MovR) -> UserKey:
    return movr.register(**registration())


@pytest.fixture
def vehicle(movr: MovR, rider: UserKey) -> VehicleKey:
    return movr.add_vehicle(rider, type="bike", color="red", brand="Kona", location="here")


@pytest.fixture
def losing(engine: Engine) -> Iterator[Engine]:
    """An engine whose server refuses rides with 40001, as often as the table `losses` says."""
    if is_cockroachdb(engine.url):
        pytest.skip("PostgreSQL's triggers; CockroachDB has retries of its own to inject")
    run(
        engine,
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('tries') <= TG_ARGV[0]::int THEN"
        " RAISE SQLSTATE '40001' USING MESSAGE = 'restart transaction'; END IF;"
        " RETURN NEW; END $$",
    )
    yield engine
    run(engine, "DROP FUNCTION lose() CASCADE", "DROP SEQUENCE tries")


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def lose(engine: Engine, times: int, table: str = "rides") -> None:
    run(
        engine,
        f"CREATE TRIGGER lose BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION lose({times})",
    )


def scalar(engine: Engine, statement: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(statement)).scalar_one())


def assert_one_ride(engine: Engine, *, ended: bool) -> None:
    riding = 0 if ended else 1
    assert scalar(engine, "SELECT count(*) FROM rides") == 1
    assert scalar(engine, "SELECT count(*) FROM rides WHERE end_time IS NULL") == riding
    assert scalar(engine, "SELECT count(*) FROM vehicles WHERE status = 'in_use'") == riding
    assert scalar(engine, "SELECT count(*) FROM users WHERE active_ride_id IS NOT NULL") == riding
    assert scalar(engine, "SELECT coalesce(sum(rides), 0) FROM ride_totals") == 2 * (1 - riding)


def test_a_conflicting_transaction_is_retried_until_it_succeeds(
    losing: Engine, movr: MovR, vehicle: VehicleKey, rider: UserKey
) -> None:
    lose(losing, times=AT_ONCE + MAX_RETRIES)

    start_ride(movr, vehicle, rider)

    assert scalar(losing, "SELECT last_value FROM tries") == AT_ONCE + MAX_RETRIES + 1
    assert_one_ride(losing, ended=False)


def test_a_conflicting_end_adds_the_ride_to_the_totals_once(
    losing: Engine, movr: MovR, vehicle: VehicleKey, rider: UserKey
) -> None:
    ride = start_ride(movr, vehicle, rider)
    lose(losing, times=AT_ONCE + MAX_RETRIES, table="ride_totals")

    movr.end_ride(ride, rider, location="there")
    movr.end_ride(ride, rider, location="there")

    assert scalar(losing, "SELECT last_value FROM tries") > MAX_RETRIES
    assert_one_ride(losing, ended=True)


def test_a_transaction_that_always_conflicts_is_refused_and_changes_nothing(
    losing: Engine, movr: MovR, vehicle: VehicleKey, rider: UserKey
) -> None:
    lose(losing, times=AT_ONCE + MAX_RETRIES + 1)

    with pytest.raises(errors.DatabaseBusy):
        start_ride(movr, vehicle, rider)

    assert scalar(losing, "SELECT count(*) FROM rides") == 0
    assert scalar(losing, "SELECT count(*) FROM vehicles WHERE status = 'in_use'") == 0
    assert scalar(losing, "SELECT count(*) FROM users WHERE active_ride_id IS NOT NULL") == 0


def test_a_retry_that_cockroachdb_asks_for_ends_in_one_ride(
    engine: Engine, vehicle: VehicleKey, rider: UserKey
) -> None:
    """The server answers 40001 to the first attempt."""
    if not is_cockroachdb(engine.url):
        pytest.skip("CockroachDB injects these")
    ride, attempts = RideKey(vehicle.city, uuid4()), []

    def start(connection: Connection) -> None:
        attempts.append(ride)
        transactions.start_ride(connection, ride, public_id(connection, vehicle), rider, now=NOW)

    run_transaction(engine, start, max_retries=MAX_RETRIES, max_backoff=0, inject_error=True)

    assert len(attempts) > 1
    assert_one_ride(engine, ended=False)


def test_contention_that_outlasts_the_retries_is_refused_and_changes_nothing(
    database: str, engine: Engine, movr: MovR, vehicle: VehicleKey, rider: UserKey
) -> None:
    """At SERIALIZABLE, PostgreSQL answers 40001 to every retry within one transaction."""
    if is_cockroachdb(engine.url):
        pytest.skip("CockroachDB's retries win")
    strict = create_engine(parse_uri(database), isolation_level="SERIALIZABLE")
    attempts = 0

    def start(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        connection.execute(text("SELECT 1 FROM users"))  # takes the transaction's snapshot
        if attempts == 1:
            movr.end_ride(start_ride(movr, vehicle, rider), rider, location="elsewhere")
        ride = RideKey(vehicle.city, uuid4())
        transactions.start_ride(connection, ride, public_id(connection, vehicle), rider, now=NOW)

    with pytest.raises(OperationalError, match="could not serialize"):
        run_transaction(strict, start, max_retries=3, max_backoff=0)

    strict.dispose()
    assert attempts == 4
    assert_one_ride(engine, ended=True)


@pytest.mark.parametrize("answer_only", [False, True], ids=["unheard", "unanswered"])
@pytest.mark.parametrize("statement", [b"BEGIN", b"UPDATE", b"INSERT", b"RELEASE", b"COMMIT"])
def test_an_added_vehicle_whose_connection_is_cut_is_one_vehicle(
    distant: MovR,
    proxy: CuttingProxy,
    engine: Engine,
    rider: UserKey,
    statement: bytes,
    answer_only: bool,
) -> None:
    distant.is_at_head()  # connects
    proxy.cut_at(statement, answer_only=answer_only)

    distant.add_vehicle(
        rider, type="bike", color="red", brand="Kona", location="here", idempotency_key="once"
    )

    assert proxy.has_cut
    assert scalar(engine, "SELECT count(*) FROM vehicles") == 1


@pytest.mark.parametrize("answer_only", [False, True], ids=["unheard", "unanswered"])
def test_a_start_whose_connection_is_cut_is_one_ride(
    movr: MovR,
    distant: MovR,
    proxy: CuttingProxy,
    engine: Engine,
    vehicle: VehicleKey,
    rider: UserKey,
    answer_only: bool,
) -> None:
    public_id = public_id_in(movr, vehicle)
    proxy.cut_at(b"UPDATE", answer_only=answer_only)

    ride = distant.start_ride(vehicle.city, public_id, rider)

    assert proxy.has_cut
    assert_one_ride(engine, ended=False)
    member = distant.session_member(rider)
    assert member
    assert member.active_ride
    assert ride == StartedRide(member.active_ride.key, is_new=True)


def test_an_end_whose_connection_is_cut_ends_once(
    distant: MovR,
    proxy: CuttingProxy,
    engine: Engine,
    vehicle: VehicleKey,
    rider: UserKey,
) -> None:
    ride = start_ride(distant, vehicle, rider)
    proxy.cut_at(b"UPDATE", answer_only=True)

    distant.end_ride(ride, rider, location="there")

    assert proxy.has_cut
    assert_one_ride(engine, ended=True)


def test_every_other_transaction_that_loses_its_reply_is_done_once(
    distant: MovR, proxy: CuttingProxy, engine: Engine
) -> None:
    proxy.cut_at(b"COMMIT", answer_only=True)
    member = distant.register(**registration())
    proxy.cut_at(b"COMMIT", answer_only=True)
    vehicle = distant.add_vehicle(member, type="bike", color="red", brand="Kona", location="here")
    proxy.cut_at(b"COMMIT", answer_only=True)
    distant.remove_vehicle(vehicle, member)
    proxy.cut_at(b"COMMIT", answer_only=True)
    distant.change_names(member, first_name="Augusta", last_name="King")
    proxy.cut_at(b"COMMIT", answer_only=True)
    distant.confirm_new_email(member, 0, "first@home.example")
    proxy.cut_at(b"COMMIT", answer_only=True)
    distant.change_email(member, 1, "second@home.example")
    assert scalar(engine, "SELECT session_epoch FROM users") == 2
    proxy.cut_at(b"COMMIT", answer_only=True)
    distant.delete_account(member, 2, password=PASSWORD)

    assert proxy.has_cut
    assert scalar(engine, "SELECT count(*) FROM users WHERE deleted_at IS NOT NULL") == 1
    assert scalar(engine, "SELECT count(*) FROM vehicles WHERE removed_at IS NOT NULL") == 1
    assert scalar(engine, "SELECT count(*) FROM vehicles") == 1


def test_a_read_whose_connection_died_is_read_again(distant: MovR, proxy: CuttingProxy) -> None:
    distant.vehicles(near("rome"))
    proxy.cut_at(b"SELECT", answer_only=False)

    assert distant.vehicles(near("rome")).items == ()
    assert proxy.has_cut


def test_the_error_before_a_refused_rollback_is_raised(
    movr: MovR, engine: Engine, rider: UserKey, vehicle: VehicleKey
) -> None:
    """A statement waits too long, and the server refuses to roll back to the savepoint.

    CockroachDB does if the statement was cancelled while a node did not answer.
    """

    def refuse(*_: object) -> None:
        refusal = FeatureNotSupported("unimplemented: cannot rollback to savepoint after error")
        refusal.__context__ = sys.exception()
        raise NotSupportedError("ROLLBACK TO SAVEPOINT", None, refusal)

    known = public_id_in(movr, vehicle)
    event.listen(movr.engine, "rollback_savepoint", refuse)
    with engine.begin() as other:
        other.execute(text("UPDATE vehicles SET color = 'blue'"))
        with pytest.raises((errors.DatabaseBusy, errors.DatabaseSlow)):
            movr.start_ride(vehicle.city, known, rider)
    event.remove(movr.engine, "rollback_savepoint", refuse)

    assert movr.start_ride(vehicle.city, known, rider)
