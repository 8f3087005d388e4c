"""From one placement to another: the plan, and carrying it out."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from sqlalchemy import Engine

from movr.database.engine import disable_statement_timeout
from movr.database.retries import retrying
from movr.placement import cockroachdb, postgresql
from movr.placement.definitions import TABLES, Placement, PlacementNotSupported, Step, Survival
from movr.placement.inspection import CurrentPlacement

_POSTGRESQL: Final = frozenset({Placement.NONE, Placement.POSTGRES_PARTITION})
_COCKROACHDB: Final = frozenset({Placement.NONE, Placement.PARTITION, Placement.MULTI_REGION})


def plan(
    current: CurrentPlacement, wanted: Placement, survive: Survival = Survival.ZONE
) -> list[Step]:
    """The steps from what a database has to what is wanted; none if it has that already.

    Raises PlacementNotSupported if that placement is another engine's.
    """
    engine, possible = (
        ("CockroachDB", _COCKROACHDB) if current.cockroachdb else ("PostgreSQL", _POSTGRESQL)
    )
    if wanted not in possible:
        raise PlacementNotSupported(
            f"{engine} has no placement {wanted}; it has {', '.join(sorted(possible))}."
        )
    if current.placement is wanted and current.is_current:
        return (
            []
            if current.survival is survive
            else [cockroachdb.set_survival_goal(current.database, survive)]
        )
    steps = [*_dismantle(current, wanted), *_establish(current, wanted, survive)]
    if current.locks_schemas:
        unlock, lock = (cockroachdb.lock_schemas(locked=locked) for locked in (False, True))
        steps = [*unlock, *steps, *lock]
    return steps


def run_steps(engine: Engine, steps: Iterable[Step], *, at_once: bool) -> Iterator[Step]:
    """Run the steps, yielding each once it is done.

    PostgreSQL takes them all `at_once`, in one transaction: all or none. On CockroachDB each is a
    change of its own that may run again, so that an interrupted plan is resumed by planning anew.
    """
    if at_once:
        with engine.begin() as connection:
            disable_statement_timeout(connection)
            for step in steps:
                connection.exec_driver_sql(step.sql)
                yield step
        return
    for step in steps:
        retrying(partial(_run, engine, step))
        yield step


def _run(engine: Engine, step: Step) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        disable_statement_timeout(connection)
        connection.exec_driver_sql(step.sql)


def _dismantle(current: CurrentPlacement, wanted: Placement) -> Iterator[Step]:
    """What must go before the wanted placement can come."""
    if current.placement is Placement.MULTI_REGION and not current.is_current:
        for table in TABLES:  # a city moves: its region is computed anew
            yield from cockroachdb.regional_by_table(table)
    if current.placement is wanted:
        return
    if current.placement is Placement.PARTITION:
        yield from cockroachdb.unpartition()
    if current.placement is Placement.MULTI_REGION:
        if current.is_current:
            for table in TABLES:
                yield from cockroachdb.regional_by_table(table)
        yield from cockroachdb.drop_regions(current.database, current.regions)
    if current.placement is Placement.POSTGRES_PARTITION:
        yield from postgresql.rebuild(partitioned=False)


def _establish(current: CurrentPlacement, wanted: Placement, survive: Survival) -> Iterator[Step]:
    if wanted is Placement.PARTITION:
        yield from cockroachdb.partition(current.database)
    if wanted is Placement.MULTI_REGION:
        yield from cockroachdb.add_regions(current.database, current.regions, survive)
        for table in TABLES:
            yield from cockroachdb.regional_by_row(table)
    if wanted is Placement.POSTGRES_PARTITION:
        yield from postgresql.rebuild(partitioned=True)
