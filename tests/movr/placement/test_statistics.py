"""Estimated rows: the database's own statistics, on both engines, with and without placement."""

from datetime import UTC, datetime

from sqlalchemy import Engine, text

from movr.cities import CITIES
from movr.database.engine import is_cockroachdb
from movr.placement import change, inspection
from movr.placement.definitions import TABLES, Placement
from movr.placement.statistics import estimated_rows
from scenarios import demo
from scenarios.shared.context import ScenarioContext

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def analyze(engine: Engine) -> None:
    with engine.connect() as connection:
        for table in TABLES:
            connection.execute(text(f"ANALYZE {table.name}"))
        connection.commit()


def counted(engine: Engine) -> dict[str, dict[str, int]]:
    """Count the rows of each city; PostgreSQL keeps no common values of a column of one row."""
    rows: dict[str, dict[str, int]] = {}
    with engine.connect() as connection:
        for name in (table.name for table in TABLES):
            cities = connection.execute(text(f"SELECT city, count(*) FROM {name} GROUP BY city"))
            found = dict(cities.tuples().all())
            is_one = not is_cockroachdb(engine.url) and sum(found.values()) == 1
            rows[name] = {} if is_one else found
    return rows


def test_without_statistics_nothing_is_estimated(own_engine: Engine) -> None:
    assert estimated_rows(own_engine) == {table.name: {} for table in TABLES}


def test_the_estimate_of_a_small_table_is_its_number_of_rows(own_engine: Engine) -> None:
    demo.fill(ScenarioContext(own_engine, NOW))
    analyze(own_engine)

    assert set(counted(own_engine)["vehicles"]) == {city.name for city in CITIES}
    assert estimated_rows(own_engine) == counted(own_engine)


def test_the_estimate_is_of_the_latest_statistics(own_engine: Engine) -> None:
    demo.fill(ScenarioContext(own_engine, NOW))
    analyze(own_engine)
    with own_engine.begin() as connection:
        connection.execute(text("DELETE FROM ride_totals WHERE city = 'paris' AND period = 'week'"))
    analyze(own_engine)

    assert estimated_rows(own_engine)["ride_totals"] == counted(own_engine)["ride_totals"]


def test_the_estimate_of_a_partitioned_table_is_of_all_its_partitions(postgres: Engine) -> None:
    demo.fill(ScenarioContext(postgres, NOW))
    steps = change.plan(inspection.current_placement(postgres), Placement.POSTGRES_PARTITION)
    list(change.run_steps(postgres, steps, at_once=True))
    analyze(postgres)

    assert estimated_rows(postgres) == counted(postgres)
