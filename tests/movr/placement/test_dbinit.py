"""dbinit.sql agrees with the code and with CockroachDB's grammar."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from movr.database import invariants, schema
from movr.database.engine import is_cockroachdb
from movr.placement import dbinit
from movr.placement.definitions import TABLES
from scenarios.shared import sample
from scenarios.shared.context import Login
from tests import databases
from tests.conftest import settings_for, visiting
from tests.movr.database.test_schema import checks, columns
from tests.visitor import sentences
from web.app import create_app

FILE = Path(__file__).parents[3] / "dbinit.sql"
# The sample rides cost nothing, and the sample members are no staff.
EMPTY = {"ledger_entries", "staff_roles", "audit_entries"}
PARTITIONS = re.compile(r"PARTITION BY LIST \((\w+)\)")


@pytest.fixture(scope="module")
def file() -> str:
    return FILE.read_text()


def rendered() -> str:
    return dbinit.render(vars(sample.make()), sample.logins())


def test_the_file_and_the_code_agree(file: str) -> None:
    assert file == rendered(), "run: flask --app server placement sql partition > dbinit.sql"


def test_every_key_that_begins_with_a_city_is_partitioned_by_it(file: str) -> None:
    for table in TABLES:
        created = file[file.index(f"CREATE TABLE {table.name} (") :].partition(";")[0]
        columns = PARTITIONS.findall(created)
        leading = [next(iter(index.columns)).name for index in table.indexes]
        assert sorted(columns) == sorted(["city", *leading])
        key = ", ".join(column.name for column in table.primary_key)
        unquoted = created.replace('"', "")  # `role` is quoted
        assert f"CONSTRAINT {table.name}_pkey PRIMARY KEY ({key})" in unquoted
        assert key.startswith("city, ")


def test_every_partition_of_every_table_has_its_zone(file: str) -> None:
    zones = re.findall(
        r"ALTER PARTITION (\w+) OF INDEX movr\.public\.(\w+)@\*"
        r" CONFIGURE ZONE USING constraints = '\[\+region=([\w-]+)\]';",
        file,
    )
    regions = {"us_east": "gcp-us-east1", "us_west": "gcp-us-west1"}
    regions["europe_west"] = "gcp-europe-west1"
    tables = [table.name for table in TABLES]
    assert sorted(zones) == sorted((p, t, r) for p, r in regions.items() for t in tables)


@pytest.mark.usefixtures("fares")
def test_a_global_table_comes_first_and_is_not_partitioned() -> None:
    """Rows of other tables may refer to it."""
    rows = {"fares": [{"city": "paris", "type": "bike", "cents": 15}]}

    file = dbinit.render(rows, "")

    created = file[file.index("CREATE TABLE fares (") :].partition(";")[0]
    assert "INDEX fares_city_cents_idx (city, cents)" in created
    assert "PARTITION" not in created
    assert "OF INDEX movr.public.fares@*" not in file
    assert file.index("CREATE TABLE fares") < file.index("CREATE TABLE users")
    assert "INSERT INTO fares (city, type, cents) VALUES\n    ('paris', 'bike', 15);" in file


def test_the_head_revision_is_stamped(file: str) -> None:
    assert f"INSERT INTO alembic_version VALUES ('{schema.head()}');" in file


def test_all_tables_that_begin_filled_have_sample_rows(file: str) -> None:
    for table in ("users", "vehicles", "vehicle_events", "rides", "ride_totals", "tariffs"):
        assert f"INSERT INTO {table} (" in file


def test_the_file_says_who_can_log_in_and_that_it_is_for_demos(file: str) -> None:
    header = file.partition("CREATE DATABASE")[0]
    assert "not for production" in header
    for login in sample.LOGINS:
        assert login.username in header
        assert login.password in header


@pytest.fixture
def loaded(empty_engine: Engine, file: str) -> Engine:
    """A database that has loaded the file, without the parts that only some servers support."""
    load(empty_engine, file)
    return empty_engine


def load(engine: Engine, file: str) -> None:
    sql = without_placement(file)
    if not is_cockroachdb(engine.url):
        sql = as_on_postgresql(sql)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.exec_driver_sql(sql.replace("%", "%%"))
        except DBAPIError:
            connection.exec_driver_sql("ROLLBACK")  # of the file's own transaction
            raise


def without_placement(sql: str) -> str:
    """Return the file's SQL without the database, the partitions and the zones."""
    sql = re.sub(r"^(CREATE DATABASE|USE|ALTER PARTITION) .*\n", "", sql, flags=re.MULTILINE)
    return re.sub(r" PARTITION BY LIST \(\w+\) \(.*\)(?=,?;?$)", "", sql, flags=re.MULTILINE)


def as_on_postgresql(sql: str) -> str:
    """Convert indexes and computed columns to PostgreSQL's syntax."""
    inside = re.compile(r",\n    (UNIQUE )?INDEX (\w+ )(\(.*\))")

    def apart(table: re.Match[str]) -> str:
        indexes = "".join(
            f"\nCREATE {unique}INDEX {name}ON {table[1]} {columns};"
            for unique, name, columns in inside.findall(table[0])
        )
        return inside.sub("", table[0]) + indexes

    sql = sql.replace(" STORING (", " INCLUDE (")
    sql = re.sub(r" AS (?=\(.* STORED)", " GENERATED ALWAYS AS ", sql)
    return re.sub(r"CREATE TABLE (\w+) \(\n.*?;$", apart, sql, flags=re.MULTILINE | re.DOTALL)


def test_the_file_makes_the_schema_that_migrations_make(
    loaded: Engine, server: str, template: str
) -> None:
    with databases.copied_database(server, template) as other:
        engine = databases.connect(other)
        migrated = columns(engine), checks(engine)
        engine.dispose()

    assert schema.is_at_head(loaded)
    assert (columns(loaded), checks(loaded)) == migrated


EXAMPLE = (
    "users",
    "vehicles",
    "rides",
    "vehicle_location_histories",
    "promo_codes",
    "user_promo_codes",
)


def create(engine: Engine, *tables: str) -> None:
    """Create tables like those of CockroachDB's example, each with a row."""
    with engine.begin() as connection:
        for table in tables:
            key = ", city_id INTEGER REFERENCES users (id)" if table == "vehicles" else ""
            connection.execute(text(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY{key})"))
            connection.execute(text(f"INSERT INTO {table} (id) VALUES (1)"))


def count(engine: Engine, *tables: str) -> int:
    with engine.connect() as connection:
        return sum(connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in tables)


def test_the_file_loads_into_the_example_that_cockroach_demo_comes_with(
    empty_engine: Engine, file: str
) -> None:
    create(empty_engine, *EXAMPLE)

    load(empty_engine, file)

    assert schema.is_at_head(empty_engine)
    assert invariants.find_violations(empty_engine) == []
    assert not inspect(empty_engine).has_table("promo_codes")


@pytest.mark.parametrize(
    "tables",
    [("users", "vehicles", "rides"), (*EXAMPLE, "alembic_version"), (*EXAMPLE, "mine"), ("mine",)],
    ids=["the tutorial's", "MovR's", "the example with one more", "another"],
)
def test_the_file_never_drops_a_database_that_is_not_the_example(
    empty_engine: Engine, file: str, tables: tuple[str, ...]
) -> None:
    create(empty_engine, *tables)

    with pytest.raises(DBAPIError) as refused:
        load(empty_engine, file)

    assert f"The database movr has tables: {', '.join(sorted(tables))}." in str(refused.value)
    assert count(empty_engine, *tables) == len(tables)


def test_a_client_that_continues_after_an_error_drops_nothing(
    empty_engine: Engine, file: str
) -> None:
    """As psql does."""
    create(empty_engine, "users", "vehicles", "rides")
    guard = file[file.index("BEGIN;") : file.index("COMMIT;") + len("COMMIT;")]

    with empty_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in guard.split(";")[:-1]:
            with suppress(DBAPIError):
                connection.exec_driver_sql(statement)

    assert count(empty_engine, "users", "vehicles", "rides") == 3


def test_the_rows_of_the_file_keep_all_rules(loaded: Engine) -> None:
    assert invariants.find_violations(loaded) == []


@pytest.mark.parametrize("login", sample.LOGINS, ids=lambda login: login.username)
def test_a_sample_member_logs_in(loaded: Engine, empty_database: str, login: Login) -> None:
    assert schema.is_at_head(loaded)
    with visiting(create_app(settings_for(empty_database))) as new_visitor:
        visitor = new_visitor()

        reply = visitor.log_in(login.username, login.password)

        assert reply.status_code == 303, sentences(reply)
        assert visitor.get("/rides").status_code == 200
