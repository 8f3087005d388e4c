"""dbinit.sql agrees with the code and with CockroachDB's grammar."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from movr.database import invariants, schema
from movr.database.engine import is_cockroachdb
from movr.models import Base
from movr.placement import dbinit
from scenarios.shared import sample
from scenarios.shared.context import Login
from tests import databases
from tests.conftest import settings_for, visiting
from tests.movr.database.test_schema import checks, columns
from tests.visitor import sentences
from web.app import create_app

FILE = Path(__file__).parents[3] / "dbinit.sql"
PARTITIONS = re.compile(r"PARTITION BY LIST \((\w+)\)")


@pytest.fixture(scope="module")
def file() -> str:
    return FILE.read_text()


def rendered() -> str:
    return dbinit.render(vars(sample.make()), sample.logins())


def test_the_file_and_the_code_agree(file: str) -> None:
    assert file == rendered(), "run: flask --app server placement sql partition > dbinit.sql"


def test_every_key_that_begins_with_a_city_is_partitioned_by_it(file: str) -> None:
    for table in Base.metadata.sorted_tables:
        created = file[file.index(f"CREATE TABLE {table.name} (") :].partition(";")[0]
        columns = PARTITIONS.findall(created)
        leading = [next(iter(index.columns)).name for index in table.indexes]
        assert sorted(columns) == sorted(["city", *leading])
        key = ", ".join(column.name for column in table.primary_key)
        assert f"CONSTRAINT {table.name}_pkey PRIMARY KEY ({key})" in created
        assert key.startswith("city, ")


def test_every_partition_of_every_table_has_its_zone(file: str) -> None:
    zones = re.findall(
        r"ALTER PARTITION (\w+) OF INDEX movr\.public\.(\w+)@\*"
        r" CONFIGURE ZONE USING constraints = '\[\+region=([\w-]+)\]';",
        file,
    )
    regions = {"us_east": "gcp-us-east1", "us_west": "gcp-us-west1"}
    regions["europe_west"] = "gcp-europe-west1"
    tables = [table.name for table in Base.metadata.sorted_tables]
    assert sorted(zones) == sorted((p, t, r) for p, r in regions.items() for t in tables)


def test_the_head_revision_is_stamped(file: str) -> None:
    assert f"INSERT INTO alembic_version VALUES ('{schema.head()}');" in file


def test_all_tables_have_sample_rows(file: str) -> None:
    for table in Base.metadata.tables:
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
    sql = without_placement(file)
    if not is_cockroachdb(empty_engine.url):
        sql = as_on_postgresql(sql)
    with empty_engine.begin() as connection:
        connection.exec_driver_sql(sql.replace("%", "%%"))
    return empty_engine


def without_placement(sql: str) -> str:
    """Return the file's SQL without the database, the partitions and the zones."""
    sql = re.sub(r"^(CREATE DATABASE|USE|ALTER PARTITION) .*\n", "", sql, flags=re.MULTILINE)
    return re.sub(r" PARTITION BY LIST \(\w+\) \(.*\)(?=,?;?$)", "", sql, flags=re.MULTILINE)


def as_on_postgresql(sql: str) -> str:
    """Convert indexes and computed columns to PostgreSQL's syntax."""
    inside = re.compile(r",\n    INDEX (\w+ )(\(.*\))")

    def apart(table: re.Match[str]) -> str:
        indexes = "".join(
            f"\nCREATE INDEX {name}ON {table[1]} {columns};"
            for name, columns in inside.findall(table[0])
        )
        return inside.sub("", table[0]) + indexes

    sql = sql.replace(" STORING (", " INCLUDE (")
    sql = re.sub(r" AS (?=\(.* STORED)", " GENERATED ALWAYS AS ", sql)
    return re.sub(r"CREATE TABLE (\w+) \(\n.*?;$", apart, sql, flags=re.MULTILINE | re.DOTALL)


def test_the_file_makes_the_schema_that_migrations_make(loaded: Engine, server: str) -> None:
    with databases.fresh_database(server) as other:
        databases.bring_to_head(other)
        engine = databases.connect(other)
        migrated = columns(engine), checks(engine)
        engine.dispose()

    assert schema.is_at_head(loaded)
    assert (columns(loaded), checks(loaded)) == migrated


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
