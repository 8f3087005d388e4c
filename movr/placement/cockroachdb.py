"""CockroachDB's placements: partitions with zone constraints, and multi-region SQL.

See CockroachDB's documentation of PARTITION BY, CONFIGURE ZONE and "Multi-Region Capabilities". The
two placements exclude each other: the server refuses PARTITION BY in a database with regions.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Index, Table

from movr.cities import REGIONS, cities_in
from movr.database.schema_locks import set_lock
from movr.placement.definitions import (
    GLOBAL_TABLES,
    PRIMARY_REGION,
    TABLES,
    Step,
    Survival,
    partition_name,
    quoted,
    super_regions,
)

REGION_COLUMN: Final = "region"
MIN_REGIONS: Final = 3  # to survive the failure of one
SUPER_REGION_COST: Final = (
    "Keep all replicas of a row on its continent; on others, follower reads cross the ocean too."
)
SURVIVAL_COSTS: Final = {
    Survival.ZONE: "Survive the failure of a zone; writes are committed within their region.",
    Survival.REGION: "Survive the failure of a region; every write waits for another region.",
}
_CITY_COLUMNS: Final = frozenset({"city", "rider_city"})


def partition(database: str) -> Iterator[Step]:
    """Yield the steps that partition every index by city and constrain the partitions."""
    for table in TABLES:
        yield Step(
            f"Partition {table.name} by region.",
            f"ALTER TABLE {table.name} {partition_by('city')}",
        )
        for index in city_indexes(table):
            yield Step(
                f"Partition the index {index.name} the same way.",
                f"ALTER INDEX {table.name}@{index.name} {partition_by(leading_column(index))}",
            )
    yield from constrain(database)


def constrain(database: str) -> Iterator[Step]:
    """Yield the steps that keep all replicas of each partition in its region."""
    for table in TABLES:
        for region in REGIONS:
            name = partition_name(region)
            yield Step(
                f"Keep partition {name} of {table.name} and its indexes in {region}.",
                f"ALTER PARTITION {name} OF INDEX {database}.public.{table.name}@*"
                f" CONFIGURE ZONE USING constraints = '[+region={region}]'",
            )


def unpartition() -> Iterator[Step]:
    """Yield the steps that remove all partitions, and with them their zone configurations."""
    for table in TABLES:
        for index in city_indexes(table):
            yield Step(
                f"Remove the partitions of the index {index.name}.",
                f"ALTER INDEX {table.name}@{index.name} PARTITION BY NOTHING",
            )
        yield Step(
            f"Remove the partitions of {table.name}.",
            f"ALTER TABLE {table.name} PARTITION BY NOTHING",
        )


def add_regions(database: str, present: frozenset[str]) -> Iterator[Step]:
    """Yield the steps that add the missing regions."""
    if PRIMARY_REGION not in present:
        yield Step(
            "Discard the database's zone configuration, which would conflict with its regions.",
            f"ALTER DATABASE {database} CONFIGURE ZONE DISCARD",
        )
        yield Step(
            "Set the primary region, which stores tables without a locality.",
            f'ALTER DATABASE {database} SET PRIMARY REGION "{PRIMARY_REGION}"',
        )
    for region in REGIONS:
        if region not in present | {PRIMARY_REGION}:
            yield Step(
                f"Add the region of the nodes with --locality=region={region}.",
                f'ALTER DATABASE {database} ADD REGION "{region}"',
            )


def set_survival_goal(database: str, survive: Survival) -> Step:
    """Return the step that sets the survival goal."""
    return Step(
        SURVIVAL_COSTS[survive], f"ALTER DATABASE {database} SURVIVE {survive.upper()} FAILURE"
    )


def add_super_regions(database: str, present: frozenset[str]) -> Iterator[Step]:
    """Yield the steps that add the missing super regions."""
    for name, regions in super_regions().items():
        if name not in present:
            values = ", ".join(f'"{region}"' for region in regions)
            yield Step(
                SUPER_REGION_COST,
                f'ALTER DATABASE {database} ADD SUPER REGION "{name}" VALUES {values}',
            )


def drop_super_regions(database: str, present: frozenset[str]) -> Iterator[Step]:
    """Yield the steps that drop these super regions, which would prevent dropping regions."""
    for name in sorted(present):
        yield Step(
            f"Let all regions have replicas of the rows of {name}.",
            f'ALTER DATABASE {database} DROP SUPER REGION "{name}"',
        )


def lock_schemas(*, locked: bool) -> Iterator[Step]:
    """Yield the steps that lock or unlock all schemas; v26.1 and later lock new tables."""
    for table in (*TABLES, *GLOBAL_TABLES):
        yield Step(
            f"{'Disallow' if locked else 'Allow'} changes of {table.name}'s schema.",
            set_lock(table.name, locked=locked),
        )


def regional_by_row(table: Table) -> Iterator[Step]:
    """Yield the steps that store each row in the region of its city, by a computed column."""
    yield Step(
        f"Compute the region of each row of {table.name} from its city.",
        f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {REGION_COLUMN} crdb_internal_region"
        f" AS ({region_expression()}) STORED",
    )
    yield Step(
        "Require a region in each row.",
        f"ALTER TABLE {table.name} ALTER COLUMN {REGION_COLUMN} SET NOT NULL",
    )
    yield Step(
        f"Store each row of {table.name}, and its index entries, in its region.",
        f"ALTER TABLE {table.name} SET LOCALITY REGIONAL BY ROW AS {REGION_COLUMN}",
    )


def make_global(present: frozenset[str]) -> Iterator[Step]:
    """Yield the steps that make GLOBAL_TABLES global, apart from those in `present`."""
    for table in GLOBAL_TABLES:
        if table.name not in present:
            yield Step(
                f"Read {table.name} in every region without leaving it; each write waits for all"
                " regions and for the difference of clocks that is allowed, 500 ms by default.",
                f"ALTER TABLE {table.name} SET LOCALITY GLOBAL",
            )


def store_in_primary_region(table: Table) -> Step:
    """Return the step that moves a table back to the primary region."""
    return Step(
        f"Store {table.name} in the primary region again.",
        f"ALTER TABLE {table.name} SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION",
    )


def regional_by_table(table: Table) -> Iterator[Step]:
    """Yield the steps that move a table back to the primary region and drop the computed one."""
    yield store_in_primary_region(table)
    yield Step(
        "Drop the computed region.",
        f"ALTER TABLE {table.name} DROP COLUMN IF EXISTS {REGION_COLUMN}",
    )


def drop_regions(database: str, present: frozenset[str]) -> Iterator[Step]:
    """Yield the steps that drop the database's regions, the primary one last."""
    for table in GLOBAL_TABLES:
        yield store_in_primary_region(table)
    yield Step(
        "Lower the survival goal, which would prevent dropping regions.",
        f"ALTER DATABASE {database} SURVIVE ZONE FAILURE",
    )
    for region in sorted(present, key=lambda region: region == PRIMARY_REGION):
        yield Step(f"Drop {region}.", f'ALTER DATABASE {database} DROP REGION "{region}"')


def partition_by(column: str) -> str:
    """Return the PARTITION BY clause of an index that begins with this column."""
    partitions = (
        f"PARTITION {partition_name(region)} VALUES IN ({_rows(region)})" for region in REGIONS
    )
    return f"PARTITION BY LIST ({column}) ({', '.join(partitions)})"


def region_expression() -> str:
    """Return the SQL expression that computes the region of a city."""
    cases = (
        f"WHEN city IN ({quoted(tuple(city.name for city in cities_in(region)))}) THEN '{region}'"
        for region in REGIONS
    )
    return f"CASE {' '.join(cases)} END"


def city_indexes(table: Table) -> list[Index]:
    """Return the table's secondary indexes that begin with a city, sorted by name."""
    found = (index for index in table.indexes if leading_column(index) in _CITY_COLUMNS)
    return sorted(found, key=lambda index: str(index.name))


def leading_column(index: Index) -> str:
    """Return the name of an index's first column."""
    return str(index.columns[0].name)


def _rows(region: str) -> str:
    return ", ".join(f"('{city.name}')" for city in cities_in(region))
