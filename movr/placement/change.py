"""From one placement to another: the plan, and carrying it out."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from sqlalchemy import Engine

from movr.engine import take_time
from movr.placement import cockroachdb, postgresql
from movr.placement.found import Found
from movr.placement.kinds import TABLES, CannotPlace, Placement, Step, Survival
from movr.retries import retrying

_POSTGRESQL: Final = frozenset({Placement.NONE, Placement.POSTGRES_PARTITION})
_COCKROACHDB: Final = frozenset({Placement.NONE, Placement.PARTITION, Placement.MULTI_REGION})


def plan(found: Found, wanted: Placement, survive: Survival = Survival.ZONE) -> list[Step]:
    """The steps from what a database has to what is wanted; none if it has that already.

    Raises CannotPlace if that placement is another engine's.
    """
    engine, possible = (
        ("CockroachDB", _COCKROACHDB) if found.cockroachdb else ("PostgreSQL", _POSTGRESQL)
    )
    if wanted not in possible:
        raise CannotPlace(
            f"{engine} has no placement {wanted}; it has {', '.join(sorted(possible))}."
        )
    if found.placement is wanted and found.is_current:
        return [] if found.survival is survive else [cockroachdb.outlive(found.database, survive)]
    steps = [*_leave(found, wanted), *_reach(found, wanted, survive)]
    if found.locks_schemas:
        unlock, lock = (cockroachdb.lock_schemas(locked=locked) for locked in (False, True))
        steps = [*unlock, *steps, *lock]
    return steps


def carry_out(engine: Engine, steps: Iterable[Step], *, at_once: bool) -> Iterator[Step]:
    """Run the steps, yielding each once it is done.

    PostgreSQL takes them all `at_once`, in one transaction: all or none. On CockroachDB each is a
    change of its own that may run again, so that an interrupted plan is resumed by planning anew.
    """
    if at_once:
        with engine.begin() as connection:
            take_time(connection)
            for step in steps:
                connection.exec_driver_sql(step.sql)
                yield step
        return
    for step in steps:
        retrying(partial(_run, engine, step))
        yield step


def _run(engine: Engine, step: Step) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        take_time(connection)
        connection.exec_driver_sql(step.sql)


def _leave(found: Found, wanted: Placement) -> Iterator[Step]:
    """What must go before the wanted placement can come."""
    if found.placement is Placement.MULTI_REGION and not found.is_current:
        for table in TABLES:  # a city moves: its region is computed anew
            yield from cockroachdb.regional_by_table(table)
    if found.placement is wanted:
        return
    if found.placement is Placement.PARTITION:
        yield from cockroachdb.unpartition()
    if found.placement is Placement.MULTI_REGION:
        if found.is_current:
            for table in TABLES:
                yield from cockroachdb.regional_by_table(table)
        yield from cockroachdb.drop_regions(found.database, found.regions)
    if found.placement is Placement.POSTGRES_PARTITION:
        yield from postgresql.rebuild(partitioned=False)


def _reach(found: Found, wanted: Placement, survive: Survival) -> Iterator[Step]:
    if wanted is Placement.PARTITION:
        yield from cockroachdb.partition(found.database)
    if wanted is Placement.MULTI_REGION:
        yield from cockroachdb.add_regions(found.database, found.regions, survive)
        for table in TABLES:
            yield from cockroachdb.regional_by_row(table)
    if wanted is Placement.POSTGRES_PARTITION:
        yield from postgresql.rebuild(partitioned=True)
