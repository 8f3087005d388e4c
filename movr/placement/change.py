"""Planning and running the change from one placement to another."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from sqlalchemy import Engine

from movr.database.engine import disable_statement_timeout
from movr.database.retries import retrying
from movr.placement import cockroachdb, postgresql
from movr.placement.definitions import (
    TABLES,
    Placement,
    PlacementNotSupported,
    Step,
    Survival,
    super_regions,
)
from movr.placement.inspection import CurrentPlacement

_POSTGRESQL: Final = frozenset({Placement.NONE, Placement.POSTGRES_PARTITION})
_COCKROACHDB: Final = frozenset({Placement.NONE, Placement.PARTITION, Placement.MULTI_REGION})


def plan(
    current: CurrentPlacement,
    wanted: Placement,
    survive: Survival = Survival.ZONE,
    *,
    domiciled: bool = False,
) -> list[Step]:
    """Return the steps from the current to the wanted placement; none if they are the same.

    `survive` and `domiciled`, which keeps rows on their continent by super regions, are options of
    the placement MULTI_REGION. Raises PlacementNotSupported if the database's engine does not have
    the wanted placement, or the placement not both options.
    """
    engine, possible = (
        ("CockroachDB", _COCKROACHDB) if current.cockroachdb else ("PostgreSQL", _POSTGRESQL)
    )
    if wanted not in possible:
        raise PlacementNotSupported(
            f"{engine} has no placement {wanted}; it has {', '.join(sorted(possible))}."
        )
    if domiciled and survive is Survival.REGION:
        _check_super_regions()
    steps: list[Step] = []
    if not (current.placement is wanted and current.is_current):
        steps += [*_dismantle(current, wanted), *_establish(current, wanted)]
    if wanted is Placement.MULTI_REGION:
        steps += _set_options(current, survive, domiciled=domiciled)
    if steps and current.locks_schemas:
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
        yield from cockroachdb.drop_super_regions(current.database, current.super_regions)
        yield from cockroachdb.drop_regions(current.database, current.regions)
    if current.placement is Placement.POSTGRES_PARTITION:
        yield from postgresql.rebuild(partitioned=False)


def _check_super_regions() -> None:
    """Raise PlacementNotSupported if a super region has too few regions to survive one's failure.

    CockroachDB refuses these, because super regions have the database's survival goal.
    """
    small = [n for n, regions in super_regions().items() if len(regions) < cockroachdb.MIN_REGIONS]
    if small:
        raise PlacementNotSupported(
            f"Only a super region of {cockroachdb.MIN_REGIONS} or more regions survives the failure"
            f" of one; {' and '.join(small)} cannot."
        )


def _set_options(
    current: CurrentPlacement, survive: Survival, *, domiciled: bool
) -> Iterator[Step]:
    """Yield the steps that change the options of MULTI_REGION from the database's current ones."""
    if not domiciled:
        yield from cockroachdb.drop_super_regions(current.database, current.super_regions)
    if (current.placement, current.survival) != (Placement.MULTI_REGION, survive):
        yield cockroachdb.set_survival_goal(current.database, survive)
    if domiciled:
        yield from cockroachdb.add_super_regions(current.database, current.super_regions)
    yield from cockroachdb.make_global(current.global_tables)


def _establish(current: CurrentPlacement, wanted: Placement) -> Iterator[Step]:
    if wanted is Placement.PARTITION:
        yield from cockroachdb.partition(current.database)
    if wanted is Placement.MULTI_REGION:
        yield from cockroachdb.add_regions(current.database, current.regions)
        for table in TABLES:
            yield from cockroachdb.regional_by_row(table)
    if wanted is Placement.POSTGRES_PARTITION:
        yield from postgresql.rebuild(partitioned=True)
