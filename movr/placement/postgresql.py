"""PostgreSQL's placement: LIST partitions of vehicles and rides, one for each region.

PostgreSQL can't partition an existing table, so new tables are created, filled and renamed in one
transaction. The users table is not partitioned: usernames are unique over all cities, and a unique
constraint of a partitioned table must contain the partition key.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, Table
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.schema import AddConstraint, CreateIndex, ExecutableDDLElement

from movr.cities import REGIONS, cities_in
from movr.models import Ride, Vehicle
from movr.placement.definitions import Step, partition_name, quoted

_DIALECT: Final = PGDialect_psycopg2()  # type: ignore[no-untyped-call]

PARTITIONED: Final[tuple[Table, ...]] = tuple(
    model.metadata.tables[model.__tablename__] for model in (Vehicle, Ride)
)


def rebuild(*, partitioned: bool) -> Iterator[Step]:
    """Yield the steps that recreate vehicles and rides, with or without partitions."""
    names = ", ".join(table.name for table in PARTITIONED)
    lock = f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"
    yield Step("Lock the tables while their rows are copied.", lock)
    for table in PARTITIONED:
        yield from _create_copy(table, partitioned=partitioned)
    for table in reversed(PARTITIONED):
        yield Step(f"Drop the old {table.name}.", f"DROP TABLE {table.name}")
    for table in PARTITIONED:
        yield from _rename_copy(table, partitioned=partitioned)


def _create_copy(table: Table, *, partitioned: bool) -> Iterator[Step]:
    clause = " PARTITION BY LIST (city)" if partitioned else ""
    yield Step(
        f"Create a new {table.name} with the same columns and checks.",
        f"CREATE TABLE {table.name}_new (LIKE {table.name} INCLUDING DEFAULTS"
        f" INCLUDING CONSTRAINTS INCLUDING GENERATED){clause}",
    )
    for region in REGIONS if partitioned else ():
        cities = quoted(tuple(city.name for city in cities_in(region)))
        yield Step(
            f"Create its partition for {region}.",
            f"CREATE TABLE {_partition(table, region)}_new PARTITION OF {table.name}_new"
            f" FOR VALUES IN ({cities})",
        )
    stored = ", ".join(column.name for column in table.columns if column.computed is None)
    yield Step(
        "Copy all rows.",
        f"INSERT INTO {table.name}_new ({stored}) SELECT {stored} FROM {table.name}",
    )


def _rename_copy(table: Table, *, partitioned: bool) -> Iterator[Step]:
    yield Step(
        f"Rename the new {table.name}.",
        f"ALTER TABLE {table.name}_new RENAME TO {table.name}",
    )
    for region in REGIONS if partitioned else ():
        partition = _partition(table, region)
        yield Step("Rename its partition.", f"ALTER TABLE {partition}_new RENAME TO {partition}")
    kinds = (PrimaryKeyConstraint, ForeignKeyConstraint)
    for kind in kinds:
        for constraint in sorted(table.constraints, key=lambda each: str(each.name)):
            if isinstance(constraint, kind):
                add = AddConstraint(constraint, isolate_from_table=False)
                yield Step(f"Add the constraint {constraint.name}.", _sql(add))
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        yield Step(f"Create the index {index.name}.", _sql(CreateIndex(index)))


def _partition(table: Table, region: str) -> str:
    return f"{table.name}_{partition_name(region)}"


def _sql(element: ExecutableDDLElement) -> str:
    return str(element.compile(dialect=_DIALECT)).strip()
