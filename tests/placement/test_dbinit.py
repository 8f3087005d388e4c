"""dbinit.sql is what the code says, and what CockroachDB's grammar wants."""

import re
from pathlib import Path

import pytest

from movr import schema
from movr.models import Base
from movr.placement import dbinit
from scenarios.shared import sample

FILE = Path(__file__).parent.parent.parent / "dbinit.sql"
PARTITIONS = re.compile(r"PARTITION BY LIST \((\w+)\)")


@pytest.fixture(scope="module")
def file() -> str:
    return FILE.read_text()


def rendered() -> str:
    return dbinit.render(sample.make().by_table())


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


def test_all_tables_have_sample_rows_that_nobody_can_log_in_with(file: str) -> None:
    for table in Base.metadata.tables:
        assert f"INSERT INTO {table} (" in file
    assert "argon2" not in file
