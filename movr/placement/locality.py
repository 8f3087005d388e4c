"""Proof that a statement stays home: what the server itself says it will read and write."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from movr.cities import REGIONS, City, find_city
from movr.database.engine import is_cockroachdb
from movr.placement import plan_analysis
from movr.placement.definitions import TABLES, partition_name
from movr.placement.postgresql import PARTITIONED

Json: TypeAlias = Any  # what json.loads gives

_TRANSACTION_CONTROL: Final = re.compile(r"(SAVEPOINT|RELEASE|ROLLBACK|SET|SHOW)\b", re.IGNORECASE)
_TABLE: Final = rf"\b({'|'.join(table.name for table in TABLES)})\b"
_PARTITION_REGIONS: Final = {
    f"{table.name}_{partition_name(region)}": region for table in PARTITIONED for region in REGIONS
}


@dataclass(frozen=True, slots=True)
class SentStatement:
    """A statement as it was sent, with its parameters."""

    statement: str
    parameters: Any

    @property
    def cities(self) -> tuple[str, ...]:
        """The served cities among the parameters."""
        values = self.parameters.values() if isinstance(self.parameters, dict) else ()
        return tuple(
            sorted({value for value in values if isinstance(value, str) and find_city(value)})
        )


@dataclass(frozen=True, slots=True)
class TouchedRegions:
    """How far a statement reaches: the regions it may touch, and what is not proven of it."""

    regions: frozenset[str]
    unproven: tuple[str, ...] = ()

    def is_within(self, region: str) -> bool:
        """True if it is proven to touch no other region's rows."""
        return not self.unproven and self.regions <= {region}


@dataclass(frozen=True, slots=True)
class LocalityCheck:
    """The verdict on one statement of one page."""

    page: str
    statement: str
    cities: tuple[str, ...]
    regions: tuple[str, ...]
    is_home: bool
    unproven: tuple[str, ...]
    exception: str | None

    @property
    def is_violation(self) -> bool:
        """True if the statement may leave its region without a reason."""
        return not self.is_home and self.exception is None

    @property
    def verdict(self) -> str:
        """In a few words."""
        if self.is_home:
            return "stays home"
        if self.exception:
            return self.exception
        if self.unproven:
            return f"not proven: {'; '.join(self.unproven)}"
        return "MAY LEAVE ITS REGION"

    def __str__(self) -> str:
        """A row of the table."""
        cities, regions = ", ".join(self.cities), ", ".join(self.regions)
        return _row(self.page, self.statement, cities, regions, self.verdict)

    @staticmethod
    def heading() -> str:
        """The table's first row."""
        return _row("page", "statement", "cities named", "partitions touched", "verdict")


def check_locality(
    connection: Connection, page: str, sent: SentStatement, home: City, exception: str | None
) -> LocalityCheck:
    """Whether a statement that a page in this city sent stays in the city's region.

    It does if it names cities, all of that region, and the server's plan touches no other.
    """
    touched = touched_regions(connection, sent)
    regions = {city.region for city in map(find_city, sent.cities) if city}
    return LocalityCheck(
        page,
        _summary(sent.statement),
        sent.cities,
        tuple(sorted(touched.regions)),
        is_home=regions == {home.region} and touched.is_within(home.region),
        unproven=touched.unproven,
        exception=exception,
    )


@contextmanager
def recording_statements(*engines: Engine) -> Iterator[list[SentStatement]]:
    """The statements that these engines send in the meantime, but for those that bracket them."""
    sent: list[SentStatement] = []

    def record(*arguments: Any) -> None:
        _connection, _cursor, statement, parameters, *_ = arguments
        if not _TRANSACTION_CONTROL.match(statement):
            sent.append(SentStatement(statement, parameters))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", record)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", record)


def touched_regions(connection: Connection, sent: SentStatement) -> TouchedRegions:
    """What the server's plan for this statement touches. Nothing is changed."""
    if is_cockroachdb(connection.engine.url):
        rows = connection.exec_driver_sql(f"EXPLAIN (VERBOSE) {sent.statement}", sent.parameters)
        planned = regions_in_cockroachdb_plan("\n".join(str(row[0]) for row in rows))
        if _has_no_home(connection, sent):
            return replace(planned, unproven=("the server finds no home region", *planned.unproven))
        return planned
    plan = connection.exec_driver_sql(
        f"EXPLAIN (FORMAT JSON) {sent.statement}", sent.parameters
    ).scalar_one()
    return regions_in_postgresql_plan(plan)


def _has_no_home(connection: Connection, sent: SentStatement) -> bool:
    """Whether a multi-region CockroachDB would refuse this read, since no one region can answer it.

    False from a server that does not know `enforce_home_region` (before v22.2), and for writes,
    which are not to be run again.
    """
    if not sent.statement.startswith("SELECT"):
        return False
    connection.rollback()
    try:
        connection.exec_driver_sql("SET LOCAL enforce_home_region = on")
    except DBAPIError:
        connection.rollback()
        return False
    try:
        connection.exec_driver_sql(sent.statement, sent.parameters)
    except DBAPIError as error:
        return "no home region" in str(error.orig)
    finally:
        connection.rollback()
    return False


def regions_in_postgresql_plan(plan: Json) -> TouchedRegions:
    """From EXPLAIN (FORMAT JSON): which partitions are left after pruning."""
    regions = {_PARTITION_REGIONS[name] for name in _relations(plan) if name in _PARTITION_REGIONS}
    return TouchedRegions(frozenset(regions))


def regions_in_cockroachdb_plan(plan: str) -> TouchedRegions:
    """From EXPLAIN (VERBOSE): the regions of the cities whose rows it touches."""
    cities, unproven = plan_analysis.read(plan)
    return TouchedRegions(
        frozenset(city.region for city in map(find_city, cities) if city), unproven
    )


def _relations(plan: Json) -> Iterator[str]:
    """Every relation's name in a plan, however deep."""
    if isinstance(plan, list):
        for part in plan:
            yield from _relations(part)
    elif isinstance(plan, dict):
        if "Relation Name" in plan:
            yield plan["Relation Name"]
        for part in plan.values():
            yield from _relations(part)


def _summary(statement: str) -> str:
    """`UPDATE users`, `SELECT rides, vehicles`: what a statement does to which tables."""
    verbs = re.findall(r"\b(SELECT|INSERT|UPDATE)\b", statement)
    verb = next((verb for verb in verbs if verb != "SELECT"), "SELECT")
    tables = dict.fromkeys(re.findall(_TABLE, statement))
    return f"{verb} {', '.join(tables)}"


def _row(*cells: str) -> str:
    widths = (28, 26, 14, 20, 0)
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
