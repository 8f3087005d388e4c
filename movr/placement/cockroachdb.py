"""CockroachDB's placements: partitions with zone constraints, and multi-region SQL.

Where each rule comes from: CockroachDB's documentation of PARTITION BY, CONFIGURE ZONE and
"Multi-Region Capabilities". The two exclude one another: in a database with regions the server
refuses PARTITION BY.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Index, Table

from movr.cities import REGIONS, cities_in
from movr.database.schema_locks import set_lock
from movr.placement.definitions import (
    PRIMARY_REGION,
    TABLES,
    Step,
    Survival,
    partition_name,
    quoted,
)

REGION_COLUMN: Final = "region"
SURVIVAL_COSTS: Final = {
    Survival.ZONE: "Outlive a zone; writes are answered within their region.",
    Survival.REGION: "Outlive a region; every write waits for another region's answer.",
}
_CITY_COLUMNS: Final = frozenset({"city", "rider_city"})


def partition(database: str) -> Iterator[Step]:
    """Partition every key that begins with a city, and pin each partition to its region."""
    for table in TABLES:
        yield Step(
            f"Rows of {table.name} in a partition a region.",
            f"ALTER TABLE {table.name} {partition_by('city')}",
        )
        for index in city_indexes(table):
            yield Step(
                f"The index {index.name} the same way.",
                f"ALTER INDEX {table.name}@{index.name} {partition_by(leading_column(index))}",
            )
    yield from constrain(database)


def constrain(database: str) -> Iterator[Step]:
    """Keep all replicas of each partition in its region."""
    for table in TABLES:
        for region in REGIONS:
            name = partition_name(region)
            yield Step(
                f"Partition {name} of {table.name} and its indexes stays in {region}.",
                f"ALTER PARTITION {name} OF INDEX {database}.public.{table.name}@*"
                f" CONFIGURE ZONE USING constraints = '[+region={region}]'",
            )


def unpartition() -> Iterator[Step]:
    """Back to one range of keys for each table and index; its zones go with the partitions."""
    for table in TABLES:
        for index in city_indexes(table):
            yield Step(
                f"The index {index.name} in one piece again.",
                f"ALTER INDEX {table.name}@{index.name} PARTITION BY NOTHING",
            )
        yield Step(
            f"{table.name} in one piece again.", f"ALTER TABLE {table.name} PARTITION BY NOTHING"
        )


def add_regions(database: str, present: frozenset[str], survive: Survival) -> Iterator[Step]:
    """Give the database its regions, one statement each, and its survival goal."""
    if PRIMARY_REGION not in present:
        yield Step(
            "Zone settings of the database's own would stand in the way of its regions.",
            f"ALTER DATABASE {database} CONFIGURE ZONE DISCARD",
        )
        yield Step(
            "The primary region first: tables without a locality live there.",
            f'ALTER DATABASE {database} SET PRIMARY REGION "{PRIMARY_REGION}"',
        )
    for region in REGIONS:
        if region not in present | {PRIMARY_REGION}:
            yield Step(
                f"Nodes with --locality=region={region} hold the rows of its cities.",
                f'ALTER DATABASE {database} ADD REGION "{region}"',
            )
    yield set_survival_goal(database, survive)


def set_survival_goal(database: str, survive: Survival) -> Step:
    """Set the survival goal."""
    return Step(
        SURVIVAL_COSTS[survive], f"ALTER DATABASE {database} SURVIVE {survive.upper()} FAILURE"
    )


def lock_schemas(*, locked: bool) -> Iterator[Step]:
    """From v26.1 on, new tables refuse most schema changes until they are unlocked."""
    for table in TABLES:
        yield Step(
            f"{'No more' if locked else 'Allow'} changes of {table.name}'s schema.",
            set_lock(table.name, locked=locked),
        )


def regional_by_row(table: Table) -> Iterator[Step]:
    """Have each row live in the region of its city: computed, so that no statement names it."""
    yield Step(
        f"The region of each row of {table.name} follows from its city.",
        f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {REGION_COLUMN} crdb_internal_region"
        f" AS ({region_expression()}) STORED",
    )
    yield Step(
        "A row without a region has nowhere to live.",
        f"ALTER TABLE {table.name} ALTER COLUMN {REGION_COLUMN} SET NOT NULL",
    )
    yield Step(
        f"Each row of {table.name}, and its entries in every index, in its region.",
        f"ALTER TABLE {table.name} SET LOCALITY REGIONAL BY ROW AS {REGION_COLUMN}",
    )


def regional_by_table(table: Table) -> Iterator[Step]:
    """Bring a table back to the primary region."""
    yield Step(
        f"{table.name} in the primary region again.",
        f"ALTER TABLE {table.name} SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION",
    )
    yield Step(
        "Nobody asks for the region of its rows any more.",
        f"ALTER TABLE {table.name} DROP COLUMN IF EXISTS {REGION_COLUMN}",
    )


def drop_regions(database: str, present: frozenset[str]) -> Iterator[Step]:
    """Take the database's regions away, the primary one last."""
    yield Step(
        "A region can't leave while the database is to outlive one.",
        f"ALTER DATABASE {database} SURVIVE ZONE FAILURE",
    )
    for region in sorted(present, key=lambda region: region == PRIMARY_REGION):
        yield Step(f"{region} leaves.", f'ALTER DATABASE {database} DROP REGION "{region}"')


def partition_by(column: str) -> str:
    """The PARTITION BY clause of a key that begins with this column."""
    partitions = (
        f"PARTITION {partition_name(region)} VALUES IN ({_rows(region)})" for region in REGIONS
    )
    return f"PARTITION BY LIST ({column}) ({', '.join(partitions)})"


def region_expression() -> str:
    """SQL that computes a region from a city."""
    cases = (
        f"WHEN city IN ({quoted(tuple(city.name for city in cities_in(region)))}) THEN '{region}'"
        for region in REGIONS
    )
    return f"CASE {' '.join(cases)} END"


def city_indexes(table: Table) -> list[Index]:
    """The table's indexes that begin with a city, by name."""
    found = (index for index in table.indexes if leading_column(index) in _CITY_COLUMNS)
    return sorted(found, key=lambda index: str(index.name))


def leading_column(index: Index) -> str:
    """The name of an index's first column."""
    return str(index.columns[0].name)


def _rows(region: str) -> str:
    return ", ".join(f"('{city.name}')" for city in cities_in(region))
