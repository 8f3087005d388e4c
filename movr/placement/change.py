"""Planning and running the change from one placement to another."""

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
    """Return the steps from the current to the wanted placement; none if they are the same.

    Raises PlacementNotSupported if the database's engine does not have the wanted placement.
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
    """Run the steps and yield each one when it is done.

    With `at_once`, for PostgreSQL, all steps run in one transaction. Otherwise, for CockroachDB,
    each step is a separate schema change that may be repeated; an interrupted change is continued
    by planning again.
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
    """Yield the steps that remove parts of the current placement."""
    if current.placement is Placement.MULTI_REGION and not current.is_current:
        for table in TABLES:  # a city has moved, so the computed region must be replaced
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
