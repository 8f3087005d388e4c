"""Checks, by the server's query plan, that a statement stays within its home region."""

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
from movr.placement.definitions import GLOBAL_TABLES, TABLES, partition_name
from movr.placement.postgresql import PARTITIONED

Json: TypeAlias = Any  # what json.loads gives

_TRANSACTION_CONTROL: Final = re.compile(
    r"(SAVEPOINT|RELEASE|ROLLBACK|LOCK|SET|SHOW)\b", re.IGNORECASE
)
_TABLE: Final = rf"\b({'|'.join(table.name for table in (*TABLES, *GLOBAL_TABLES))})\b"
_PARTITION_REGIONS: Final = {
    f"{table.name}_{partition_name(region)}": region for table in PARTITIONED for region in REGIONS
}


@dataclass(frozen=True, slots=True)
class SentStatement:
    """A statement that was sent to the database, with its parameters."""

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
    """The regions that a statement may access, and the accesses that are not proven."""

    regions: frozenset[str]
    unproven: tuple[str, ...] = ()

    def is_within(self, region: str) -> bool:
        """Return True if the statement is proven to access rows of this region only."""
        return not self.unproven and self.regions <= {region}


@dataclass(frozen=True, slots=True)
class LocalityCheck:
    """The result of checking one statement of one page."""

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
        """The result in a few words."""
        if self.is_home:
            return "stays home"
        if self.exception:
            return self.exception
        if self.unproven:
            return f"not proven: {'; '.join(self.unproven)}"
        return "MAY LEAVE ITS REGION"

    def __str__(self) -> str:
        """Return a row of the printed table."""
        cities, regions = ", ".join(self.cities), ", ".join(self.regions)
        return _row(self.page, self.statement, cities, regions, self.verdict)

    @staticmethod
    def heading() -> str:
        """Return the heading of the printed table."""
        return _row("page", "statement", "cities named", "partitions touched", "verdict")


def check_locality(
    connection: Connection, page: str, sent: SentStatement, home: City, exception: str | None
) -> LocalityCheck:
    """Check whether a statement, sent by a page of this city, stays in the city's region.

    It does if it names at least one city, all of them in that region, and the server's plan
    accesses no other region. It need not name a city to read global tables only. The connection is
    in autocommit, because CockroachDB does not plan a follower read in a transaction.
    """
    touched = touched_regions(connection, sent)
    regions = {city.region for city in map(find_city, sent.cities) if city}
    return LocalityCheck(
        page,
        _summary(sent.statement),
        sent.cities,
        tuple(sorted(touched.regions)),
        is_home=(regions == {home.region} or _is_global(sent, regions))
        and touched.is_within(home.region),
        unproven=touched.unproven,
        exception=exception,
    )


def _is_global(sent: SentStatement, regions: set[str]) -> bool:
    """Return True for a statement that names no city and no table but global ones."""
    words = set(re.findall(r"\w+", sent.statement))
    named, of_cities = (
        words & {table.name for table in tables} for tables in (GLOBAL_TABLES, TABLES)
    )
    return bool(named) and not of_cities and not regions


@contextmanager
def recording_statements(*engines: Engine) -> Iterator[list[SentStatement]]:
    """Record what these engines execute, apart from transaction control and what is refused."""
    sent: list[SentStatement] = []

    def record(*arguments: Any) -> None:
        _connection, _cursor, statement, parameters, *_ = arguments
        if not _TRANSACTION_CONTROL.match(statement):
            sent.append(SentStatement(statement, parameters))

    for engine in engines:
        event.listen(engine, "after_cursor_execute", record)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "after_cursor_execute", record)


def touched_regions(connection: Connection, sent: SentStatement) -> TouchedRegions:
    """Return the regions that the server's plan for this statement accesses. Changes nothing.

    On CockroachDB, a read is also executed under `enforce_home_region` if the server has it.
    """
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
    """Return True if CockroachDB refuses this read under `enforce_home_region`.

    Returns False for a server without that setting (before v22.2), and for writes, which must not
    be executed again.
    """
    if not sent.statement.startswith("SELECT"):
        return False
    try:
        connection.exec_driver_sql("SET enforce_home_region = on")
    except DBAPIError:
        return False
    try:
        connection.exec_driver_sql(sent.statement, sent.parameters)
    except DBAPIError as error:
        return "no home region" in str(error.orig)
    finally:
        connection.exec_driver_sql("RESET enforce_home_region")
    return False


def regions_in_postgresql_plan(plan: Json) -> TouchedRegions:
    """Return the regions of the partitions that remain after pruning, in EXPLAIN (FORMAT JSON)."""
    regions = {_PARTITION_REGIONS[name] for name in _relations(plan) if name in _PARTITION_REGIONS}
    return TouchedRegions(frozenset(regions))


def regions_in_cockroachdb_plan(plan: str) -> TouchedRegions:
    """Return the regions of the cities whose rows are accessed, in EXPLAIN (VERBOSE)."""
    cities, unproven = plan_analysis.read(plan)
    return TouchedRegions(
        frozenset(city.region for city in map(find_city, cities) if city), unproven
    )


def _relations(plan: Json) -> Iterator[str]:
    """Yield the names of all relations in a plan, recursively."""
    if isinstance(plan, list):
        for part in plan:
            yield from _relations(part)
    elif isinstance(plan, dict):
        if "Relation Name" in plan:
            yield plan["Relation Name"]
        for part in plan.values():
            yield from _relations(part)


def _summary(statement: str) -> str:
    """Return the statement's verb and tables, e.g. `UPDATE users` or `SELECT rides, vehicles`."""
    verbs = re.findall(r"\b(SELECT|INSERT|UPDATE)\b", statement)
    verb = next((verb for verb in verbs if verb != "SELECT"), "SELECT")
    tables = dict.fromkeys(re.findall(_TABLE, statement))
    return f"{verb} {', '.join(tables)}"


def _row(*cells: str) -> str:
    widths = (46, 26, 14, 20, 0)
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
