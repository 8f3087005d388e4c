"""The engine: parsing of URIs, session settings, and lost connections."""

import pytest
from sqlalchemy import Engine, text

from movr.database.engine import is_cockroachdb, make_engine, parse_uri
from movr.movr import MovR
from tests.movr.test_movr import near


@pytest.mark.parametrize(
    ("uri", "driver"),
    [
        ("postgres://movr@db/movr", "postgresql+psycopg2"),
        ("postgresql://movr@db:5432/movr", "postgresql+psycopg2"),
        ("postgresql+psycopg2://movr@db/movr", "postgresql+psycopg2"),
        ("cockroachdb://movr@db:26257/movr", "cockroachdb+psycopg2"),
    ],
)
def test_every_way_to_write_an_address_has_the_one_driver(uri: str, driver: str) -> None:
    assert parse_uri(uri).drivername == driver


@pytest.mark.parametrize("uri", ["", "movr", "mysql://movr:secret@db/movr", "postgresql://a:b:c:d"])
def test_an_address_of_another_kind_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(ValueError, match="must look like") as refused:
        parse_uri(uri)

    assert "secret" not in str(refused.value)


def test_tls_parameters_and_certificates_reach_the_driver() -> None:
    uri = (
        "cockroachdb://movr:p%40ss@gateway:26257/movr?sslmode=verify-full"
        "&sslrootcert=/certs/cert&sslcert=/certs/client.crt&sslkey=/certs/client.key"
    )
    engine = make_engine(uri, pool_size=1, application_name="movr-test")

    _, parameters = engine.dialect.create_connect_args(engine.url)

    assert parameters["password"] == "p@ss"
    assert {name: parameters[name] for name in parameters if name.startswith("ssl")} == {
        "sslmode": "verify-full",
        "sslrootcert": "/certs/cert",
        "sslcert": "/certs/client.crt",
        "sslkey": "/certs/client.key",
    }


def setting(engine: Engine, name: str) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text(f"SHOW {name}")).scalar_one())


@pytest.mark.parametrize("autocommit", [False, True])
def test_every_connection_has_timeouts_and_a_name(database: str, *, autocommit: bool) -> None:
    engine = make_engine(
        database, pool_size=1, application_name="movr-gcp-us-east1", autocommit=autocommit
    )

    assert setting(engine, "application_name") == "movr-gcp-us-east1"
    assert setting(engine, "statement_timeout") in {"2s", "2000"}
    if not is_cockroachdb(engine.url):
        assert setting(engine, "lock_timeout") == "1500ms"
        assert setting(engine, "transaction_isolation") == "read committed"
    engine.dispose()


def test_a_name_in_the_address_goes_first(database: str) -> None:
    join = "&" if "?" in database else "?"
    uri = f"{database}{join}application_name=mine"
    engine = make_engine(uri, pool_size=1, application_name="movr")

    assert setting(engine, "application_name") == "mine"
    engine.dispose()


def backend(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_an_old_connection_is_replaced_by_a_new_one(engine: Engine, database: str) -> None:
    if is_cockroachdb(engine.url):
        pytest.skip("tells connections apart by PostgreSQL's processes")
    own = make_engine(database, pool_size=1, application_name="movr")
    first, again = backend(own), backend(own)

    with own.connect() as connection:
        connection.info["retires"] = 0.0

    assert first == again != backend(own)
    own.dispose()


def test_a_read_is_repeated_when_the_server_ends_the_connections(
    movr: MovR, session_engine: Engine
) -> None:
    """A drain or a restart sends 57P01 to all connections."""
    if is_cockroachdb(session_engine.url):
        pytest.skip("ends connections as PostgreSQL does")
    movr.vehicles(near("rome"))
    for _ in range(2):
        with session_engine.begin() as connection:
            ended = connection.execute(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE application_name = 'movr' AND datname = current_database()"
                )
            ).scalar_one()

        assert ended > 0
        assert movr.vehicles(near("rome")).items == ()
