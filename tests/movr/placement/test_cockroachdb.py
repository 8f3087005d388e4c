"""CockroachDB's placements: their SQL, and their effect on a server that supports them."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from movr.cities import CITIES, REGIONS
from movr.movr import MovR
from movr.placement import change, inspection
from movr.placement.cockroachdb import city_indexes
from movr.placement.definitions import (
    TABLES,
    Placement,
    PlacementNotSupported,
    Survival,
    region_of_city,
)
from movr.placement.inspection import CurrentPlacement
from tests.visitor import registration

NOWHERE = CurrentPlacement("movr", cockroachdb=True, placement=Placement.NONE, cities={})
PARTITIONED = CurrentPlacement(
    "movr", cockroachdb=True, placement=Placement.PARTITION, cities=region_of_city()
)
MULTI_REGION = CurrentPlacement(
    "movr",
    cockroachdb=True,
    placement=Placement.MULTI_REGION,
    cities=region_of_city(),
    regions=frozenset(REGIONS),
)

KEYS = sum(1 + len(city_indexes(table)) for table in TABLES)


def sql(has: CurrentPlacement, wanted: Placement, survive: Survival = Survival.ZONE) -> list[str]:
    return [step.sql for step in change.plan(has, wanted, survive)]


def test_every_step_has_a_reason() -> None:
    for wanted in (Placement.PARTITION, Placement.MULTI_REGION):
        assert all(step.why.endswith(".") for step in change.plan(NOWHERE, wanted))


def test_partitions_are_made_before_they_are_pinned() -> None:
    steps = sql(NOWHERE, Placement.PARTITION)

    made = [n for n, step in enumerate(steps) if " PARTITION BY LIST " in step]
    pinned = [n for n, step in enumerate(steps) if "CONFIGURE ZONE" in step]
    assert (len(made), len(pinned)) == (KEYS, len(TABLES) * 3)
    assert max(made) < min(pinned)
    index = "rides@rides_rider_city_rider_id_start_time_id_idx"
    assert (
        f"ALTER INDEX {index} PARTITION BY LIST (rider_city)"
        " (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')),"
        " PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')),"
        " PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))"
    ) in steps


def test_the_primary_region_comes_first_and_the_others_one_by_one() -> None:
    steps = sql(NOWHERE, Placement.MULTI_REGION)

    assert steps[:4] == [
        "ALTER DATABASE movr CONFIGURE ZONE DISCARD",
        'ALTER DATABASE movr SET PRIMARY REGION "gcp-us-east1"',
        'ALTER DATABASE movr ADD REGION "gcp-us-west1"',
        'ALTER DATABASE movr ADD REGION "gcp-europe-west1"',
    ]
    assert steps[-1] == "ALTER DATABASE movr SURVIVE ZONE FAILURE"


def test_each_table_s_region_is_computed_before_its_locality_is_set() -> None:
    steps = sql(NOWHERE, Placement.MULTI_REGION)[4:-1]

    expression = (
        "CASE WHEN city IN ('new york', 'boston', 'washington dc') THEN 'gcp-us-east1'"
        " WHEN city IN ('seattle', 'san francisco', 'los angeles') THEN 'gcp-us-west1'"
        " WHEN city IN ('amsterdam', 'paris', 'rome') THEN 'gcp-europe-west1' END"
    )
    table = f"ALTER TABLE {TABLES[0].name}"
    add = f"{table} ADD COLUMN IF NOT EXISTS region crdb_internal_region"
    assert steps[:3] == [
        f"{add} AS ({expression}) STORED",
        f"{table} ALTER COLUMN region SET NOT NULL",
        f"{table} SET LOCALITY REGIONAL BY ROW AS region",
    ]
    assert len(steps) == 3 * len(TABLES)


def test_partitions_are_removed_before_regions_are_added() -> None:
    steps = sql(PARTITIONED, Placement.MULTI_REGION)

    assert sum("PARTITION BY NOTHING" in step for step in steps[:KEYS]) == KEYS
    assert steps[KEYS] == "ALTER DATABASE movr CONFIGURE ZONE DISCARD"


def test_regions_are_dropped_the_primary_one_last() -> None:
    steps = sql(MULTI_REGION, Placement.NONE)

    assert steps[-1] == 'ALTER DATABASE movr DROP REGION "gcp-us-east1"'
    assert [step for step in steps if "DROP REGION" in step] == steps[-3:]
    assert sum("REGIONAL BY TABLE" in step for step in steps) == len(TABLES)


def test_existing_regions_are_not_added_again() -> None:
    interrupted = CurrentPlacement(
        "movr",
        cockroachdb=True,
        placement=Placement.MULTI_REGION,
        cities={},
        regions=frozenset({"gcp-us-east1", "gcp-us-west1"}),
    )

    steps = sql(interrupted, Placement.MULTI_REGION)

    assert [s for s in steps if 'REGION "' in s] == [
        'ALTER DATABASE movr ADD REGION "gcp-europe-west1"'
    ]
    assert sum("REGIONAL BY ROW" in step for step in steps) == len(TABLES)


def test_a_city_that_moves_has_its_region_computed_anew() -> None:
    moved = {**region_of_city(), "rome": "gcp-us-west1"}
    for has in (PARTITIONED, MULTI_REGION):
        placed_once = CurrentPlacement(
            "movr", cockroachdb=True, placement=has.placement, cities=moved, regions=has.regions
        )
        assert sql(has, has.placement) == []
        assert sql(placed_once, has.placement)


def test_only_the_survival_goal_changes_when_only_that_is_asked_for() -> None:
    assert sql(MULTI_REGION, Placement.MULTI_REGION, Survival.REGION) == [
        "ALTER DATABASE movr SURVIVE REGION FAILURE"
    ]


def test_schemas_that_are_locked_are_unlocked_and_locked_again() -> None:
    locked = CurrentPlacement(
        "movr", cockroachdb=True, placement=Placement.NONE, cities={}, locks_schemas=True
    )

    steps = sql(locked, Placement.MULTI_REGION)

    assert steps[0] == f"ALTER TABLE {TABLES[0].name} SET (schema_locked = false)"
    assert steps[-1] == "ALTER TABLE rides SET (schema_locked = true)"


def test_the_guide_s_hidden_column_is_set_to_the_region_of_each_city(
    own_database: str, postgres: Engine
) -> None:
    """On PostgreSQL, with an ordinary column."""
    movr = MovR(own_database)
    owner = movr.register(**registration("paris"))
    movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here")
    with postgres.begin() as connection:
        for table in TABLES:
            column = "crdb_region VARCHAR(30) NOT NULL DEFAULT 'gcp-us-east1'"
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column}"))

    movr.update_region()
    movr.close()

    with postgres.connect() as connection:
        for name in ("users", "vehicles"):
            regions = connection.execute(text(f"SELECT crdb_region FROM {name}")).scalars().all()
            assert regions == ["gcp-europe-west1"]


@pytest.mark.usefixtures("fares")
def test_a_table_that_is_read_everywhere_is_global_and_its_plan_tells_the_cost_of_a_write() -> None:
    *steps, last = change.plan(NOWHERE, Placement.MULTI_REGION)
    back = sql(MULTI_REGION, Placement.NONE)

    assert last.sql == "ALTER TABLE fares SET LOCALITY GLOBAL"
    assert "each write waits for all regions" in last.why
    assert not any("fares" in step.sql for step in steps)
    assert "ALTER TABLE fares SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION" in back


@pytest.mark.usefixtures("fares")
def test_only_a_new_table_becomes_global_in_a_database_that_is_placed() -> None:
    placed = replace(MULTI_REGION, global_tables=frozenset({"fares"}))

    assert sql(MULTI_REGION, Placement.MULTI_REGION) == ["ALTER TABLE fares SET LOCALITY GLOBAL"]
    assert sql(placed, Placement.MULTI_REGION) == []


@pytest.mark.usefixtures("fares")
def test_a_locked_schema_is_unlocked_before_its_table_becomes_global() -> None:
    steps = sql(replace(MULTI_REGION, locks_schemas=True), Placement.MULTI_REGION)

    unlock, lock = (f"ALTER TABLE fares SET (schema_locked = {is_}" for is_ in ("false)", "true)"))
    assert steps.index(unlock) < steps.index("ALTER TABLE fares SET LOCALITY GLOBAL")
    assert steps[-1] == lock


@pytest.mark.usefixtures("fares")
def test_partitions_leave_a_table_that_is_read_everywhere_as_it_is() -> None:
    assert not any("fares" in step for step in sql(NOWHERE, Placement.PARTITION))
    assert not any("fares" in step for step in sql(PARTITIONED, Placement.NONE))


def test_super_regions_keep_rows_on_their_continent_and_are_dropped_before_regions() -> None:
    domiciled = replace(MULTI_REGION, super_regions=frozenset({"us", "europe"}))
    add = [
        'ALTER DATABASE movr ADD SUPER REGION "us" VALUES "gcp-us-east1", "gcp-us-west1"',
        'ALTER DATABASE movr ADD SUPER REGION "europe" VALUES "gcp-europe-west1"',
    ]
    drop = [f'ALTER DATABASE movr DROP SUPER REGION "{name}"' for name in ("europe", "us")]

    fresh = [step.sql for step in change.plan(NOWHERE, Placement.MULTI_REGION, domiciled=True)]
    assert [step for step in fresh if "SUPER" in step] == add
    changed = change.plan(MULTI_REGION, Placement.MULTI_REGION, domiciled=True)
    assert [step.sql for step in changed] == add
    assert all("follower reads cross the ocean" in step.why for step in changed)
    assert change.plan(domiciled, Placement.MULTI_REGION, domiciled=True) == []
    assert sql(domiciled, Placement.MULTI_REGION) == drop
    back = sql(domiciled, Placement.NONE)
    assert [step for step in back if "DROP" in step and "REGION" in step][:2] == drop


def test_super_regions_are_dropped_before_the_database_is_to_survive_a_region() -> None:
    domiciled = replace(MULTI_REGION, super_regions=frozenset({"europe"}))

    assert sql(domiciled, Placement.MULTI_REGION, Survival.REGION) == [
        'ALTER DATABASE movr DROP SUPER REGION "europe"',
        "ALTER DATABASE movr SURVIVE REGION FAILURE",
    ]


def test_a_continent_of_fewer_than_three_regions_cannot_survive_the_loss_of_one() -> None:
    with pytest.raises(PlacementNotSupported, match="us and europe cannot"):
        change.plan(NOWHERE, Placement.MULTI_REGION, Survival.REGION, domiciled=True)


@pytest.mark.usefixtures("on_cockroachdb")
@pytest.mark.parametrize("wanted", [Placement.PARTITION, Placement.MULTI_REGION])
def test_a_server_that_has_a_placement_keeps_each_city_in_its_region(
    own_engine: Engine, wanted: Placement
) -> None:
    place_or_skip(own_engine, wanted)

    placed = inspection.current_placement(own_engine)
    again = change.plan(placed, wanted)
    for _ in change.run_steps(own_engine, change.plan(placed, Placement.NONE), at_once=False):
        pass

    assert placed.placement is wanted
    assert dict(placed.cities) == {city.name: city.region for city in CITIES}
    assert again == []
    assert inspection.current_placement(own_engine).placement is Placement.NONE


def place_or_skip(engine: Engine, wanted: Placement) -> None:
    """Apply a placement; skip the test if the server does not support it or lacks its regions."""
    cannot = (
        "license",
        "enterprise",
        "CCL",
        "not supported",
        "unimplemented",
        "no nodes",
        "region",
    )
    try:
        for _ in change.run_steps(
            engine, change.plan(inspection.current_placement(engine), wanted), at_once=False
        ):
            pass
    except DBAPIError as error:
        if any(word in str(error.orig) for word in cannot):
            pytest.skip(f"this server has no {wanted}: {error.orig}")
        raise
