"""Inspection of a database's current placement by queries to the server."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import DBAPIError

from movr.cities import REGIONS
from movr.database.engine import is_cockroachdb
from movr.database.schema_locks import locks_schemas
from movr.placement.cockroachdb import REGION_COLUMN, city_indexes
from movr.placement.definitions import (
    GLOBAL_TABLES,
    TABLES,
    Placement,
    Survival,
    partition_name,
    region_of_city,
)
from movr.placement.postgresql import PARTITIONED

Rows = Sequence[Row[Any]]

_LITERAL: Final = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True)
class CurrentPlacement:
    """A database's placement, with the region of each city (`cities` is empty for none)."""

    database: str
    cockroachdb: bool
    placement: Placement
    cities: Mapping[str, str]
    regions: frozenset[str] = frozenset()
    survival: Survival = Survival.ZONE
    super_regions: frozenset[str] = frozenset()
    global_tables: frozenset[str] = frozenset()
    locks_schemas: bool = False

    @property
    def is_current(self) -> bool:
        """True if each city is in the region that cities.py defines."""
        return self.placement is Placement.NONE or dict(self.cities) == dict(region_of_city())

    @property
    def whole_tables(self) -> list[str]:
        """The names of GLOBAL_TABLES that are not global: a read may leave its region."""
        return [table.name for table in GLOBAL_TABLES if table.name not in self.global_tables]


def current_placement(engine: Engine) -> CurrentPlacement:
    """Return the current placement of this database."""
    with engine.connect() as connection:
        if is_cockroachdb(engine.url):
            return _cockroachdb(connection)
        return _postgresql(connection)


def _postgresql(connection: Connection) -> CurrentPlacement:
    database = str(connection.scalar(text("SELECT current_database()")))
    bounds = connection.execute(
        text(
            "SELECT parent.relname, child.relname, pg_get_expr(child.relpartbound, child.oid)"
            " FROM pg_inherits JOIN pg_class parent ON parent.oid = inhparent"
            " JOIN pg_class child ON child.oid = inhrelid"
            " WHERE parent.relname = :table AND parent.relkind = 'p'"
            " AND pg_table_is_visible(parent.oid)"
        ),
        {"table": PARTITIONED[-1].name},
    ).all()
    regions = {partition_name(region): region for region in REGIONS}
    cities = {
        city: regions.get(child.removeprefix(f"{parent}_"), child)
        for parent, child, bound in bounds
        for city in _LITERAL.findall(bound)
    }
    placement = Placement.POSTGRES_PARTITION if bounds else Placement.NONE
    return CurrentPlacement(database, cockroachdb=False, placement=placement, cities=cities)


def _cockroachdb(connection: Connection) -> CurrentPlacement:
    database, version = connection.execute(text("SELECT current_database(), version()")).one()
    regions = _query(connection, f"SELECT region FROM [SHOW REGIONS FROM DATABASE {database}]")
    placement, cities = Placement.NONE, {}
    if regions:
        placement, cities = Placement.MULTI_REGION, _cities_by_row(connection)
    elif partitions := _partitions(connection, database):
        placement, cities = Placement.PARTITION, cities_of_partitions(partitions)
    return CurrentPlacement(
        database,
        cockroachdb=True,
        placement=placement,
        cities=cities,
        regions=frozenset(region for (region,) in regions),
        survival=_survival(connection, database),
        super_regions=_super_regions(connection, database),
        global_tables=_tables_with(connection, "GLOBAL"),
        locks_schemas=locks_schemas(version),
    )


def _survival(connection: Connection, database: str) -> Survival:
    goals = _query(
        connection, f"SELECT survival_goal FROM [SHOW SURVIVAL GOAL FROM DATABASE {database}]"
    )
    return Survival.REGION if goals and goals[0][0] == "region" else Survival.ZONE


def _super_regions(connection: Connection, database: str) -> frozenset[str]:
    names = _query(
        connection, f"SELECT super_region_name FROM [SHOW SUPER REGIONS FROM DATABASE {database}]"
    )
    return frozenset(name for (name,) in names)


def _tables_with(connection: Connection, locality: str) -> frozenset[str]:
    """Return the names of the tables whose locality contains these words."""
    localities = _query(connection, "SELECT table_name, locality FROM [SHOW TABLES]")
    return frozenset(name for name, found in localities if locality in (found or ""))


def _cities_by_row(connection: Connection) -> dict[str, str]:
    """Return the regions of the computed column; empty unless all tables are REGIONAL BY ROW."""
    by_row = _tables_with(connection, "BY ROW")
    expressions = _query(
        connection,
        "SELECT generation_expression FROM information_schema.columns"
        f" WHERE table_name = '{TABLES[0].name}' AND column_name = '{REGION_COLUMN}'",
    )
    if not expressions or by_row < {table.name for table in TABLES}:
        return {}
    return cities_of_expression(expressions[0][0])


def cities_of_expression(expression: str) -> dict[str, str]:
    """Parse the region of each city from `CASE WHEN city IN (…) THEN region … END`."""
    cities: dict[str, str] = {}
    names: list[str] = []
    for literal in _LITERAL.findall(expression):
        if literal in REGIONS:
            cities.update(dict.fromkeys(names, literal))
            names.clear()
        else:
            names.append(literal)
    return cities


def _partitions(connection: Connection, database: str) -> Rows:
    return _query(
        connection,
        "SELECT index_name, partition_name, partition_value, zone_config"
        f" FROM [SHOW PARTITIONS FROM DATABASE {database}]",
    )


def cities_of_partitions(partitions: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Return the region of each city; empty unless all keys are partitioned and constrained.

    Each row of `partitions` is (index name, partition name, values, zone configuration).
    """
    keys = {index for index, *_ in partitions}
    pinned = all("region=" in (zone or "") for *_, zone in partitions)
    if not pinned or len(keys) < sum(1 + len(city_indexes(table)) for table in TABLES):
        return {}
    regions = {partition_name(region): region for region in REGIONS}
    return {
        city: regions.get(partition, partition)
        for _, partition, values, _ in partitions
        for city in _LITERAL.findall(values)
    }


def _query(connection: Connection, sql: str) -> Rows:
    """Execute a query and return its rows; none if the server does not support it."""
    try:
        return connection.execute(text(sql)).all()
    except DBAPIError:
        connection.rollback()
        return []
