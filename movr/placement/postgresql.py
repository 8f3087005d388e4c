"""PostgreSQL's placement: LIST partitions of vehicles and rides, one a region.

A table can't become partitioned where it stands, so both are built anew beside themselves and
filled, in one transaction. Users stay whole: a username is unique over all cities, which no
partitioned table can promise.
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
    """Build vehicles and rides anew, with partitions or without, and move their rows."""
    names = ", ".join(table.name for table in PARTITIONED)
    yield Step("Nobody writes while rows move.", f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
    for table in PARTITIONED:
        yield from _fill_anew(table, partitioned=partitioned)
    for table in reversed(PARTITIONED):
        yield Step(f"The old {table.name} goes.", f"DROP TABLE {table.name}")
    for table in PARTITIONED:
        yield from _take_place(table, partitioned=partitioned)


def _fill_anew(table: Table, *, partitioned: bool) -> Iterator[Step]:
    clause = " PARTITION BY LIST (city)" if partitioned else ""
    yield Step(
        f"A new {table.name} with the same columns and checks.",
        f"CREATE TABLE {table.name}_new (LIKE {table.name} INCLUDING DEFAULTS"
        f" INCLUDING CONSTRAINTS INCLUDING GENERATED){clause}",
    )
    for region in REGIONS if partitioned else ():
        cities = quoted(tuple(city.name for city in cities_in(region)))
        yield Step(
            f"Its rows of {region}.",
            f"CREATE TABLE {_child(table, region)}_new PARTITION OF {table.name}_new"
            f" FOR VALUES IN ({cities})",
        )
    stored = ", ".join(column.name for column in table.columns if column.computed is None)
    yield Step(
        "Every row moves.",
        f"INSERT INTO {table.name}_new ({stored}) SELECT {stored} FROM {table.name}",
    )


def _take_place(table: Table, *, partitioned: bool) -> Iterator[Step]:
    yield Step(
        f"The new {table.name} takes its place.",
        f"ALTER TABLE {table.name}_new RENAME TO {table.name}",
    )
    for region in REGIONS if partitioned else ():
        child = _child(table, region)
        yield Step("And so do its partitions.", f"ALTER TABLE {child}_new RENAME TO {child}")
    kinds = (PrimaryKeyConstraint, ForeignKeyConstraint)
    for kind in kinds:
        for constraint in sorted(table.constraints, key=lambda each: str(each.name)):
            if isinstance(constraint, kind):
                add = AddConstraint(constraint, isolate_from_table=False)
                yield Step(f"Its {constraint.name}.", _sql(add))
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        yield Step(f"Its index {index.name}.", _sql(CreateIndex(index)))


def _child(table: Table, region: str) -> str:
    return f"{table.name}_{partition_name(region)}"


def _sql(element: ExecutableDDLElement) -> str:
    return str(element.compile(dialect=_DIALECT)).strip()
