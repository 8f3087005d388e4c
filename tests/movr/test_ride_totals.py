"""Stored totals equal those computed from the rides, and take fewer reads."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, text

from movr import transactions
from movr.cities import CITIES
from movr.database import invariants
from movr.database.admin import uri_text
from movr.database.engine import is_cockroachdb
from movr.formats import PERIODS
from movr.movr import MovR
from movr.placement.locality import SentStatement, recording_statements
from movr.results import Member
from scenarios import long_history
from scenarios.shared import world
from tests.conftest import Staged
from tests.movr.people import NOW, a_member, a_past_ride, a_ride, a_vehicle

RIDES = 20_000
PAGE = 30
# A page and one more of rides, from their index and from their table, and the city's few vehicles.
LISTED = 2 * (PAGE + 1) + long_history.VEHICLES
# The rider's 51 totals: PostgreSQL reads a table that small from end to end, once for the weeks and
# once for the months.
ADDED_UP = 2 * 51

# When clocks change, weeks, months and years turn, in every city's time and in UTC's.
TURNS = (
    datetime(2024, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2025, 3, 9, 7, tzinfo=UTC),  # daylight saving time begins in America, on a Sunday
    datetime(2025, 3, 30, 1, tzinfo=UTC),  # and in Europe
    datetime(2025, 6, 30, 23, tzinfo=UTC),  # a Monday
    datetime(2025, 10, 26, 1, tzinfo=UTC),  # daylight saving time ends in Europe
    datetime(2025, 11, 2, 6, tzinfo=UTC),  # and in America
    datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 30, tzinfo=UTC),
)
# The query of older versions, which computed totals for each page.
COUNT = text(
    "SELECT CAST(date_trunc(:period, timezone(:clock, start_time)) AS DATE) AS begin,"
    " count(*) AS rides, sum(length) AS length, coalesce(sum(distance), 0) AS distance"
    " FROM rides WHERE rider_city = :city AND rider_id = :id AND end_time IS NOT NULL"
    " GROUP BY 1 ORDER BY 1"
)
KEPT = text(
    "SELECT begin, rides, length, distance FROM ride_totals"
    " WHERE city = :city AND rider_id = :id AND period = :period ORDER BY begin"
)


def some_rides(connection: Connection, city: str, number: int, rng: random.Random) -> Any:
    """Create a rider of this city with rides around all period boundaries, and an active one."""
    rider = a_member(connection, city)
    for _ in range(number):
        start = rng.choice(TURNS) + timedelta(seconds=rng.uniform(-36 * 3600, 36 * 3600))
        length = timedelta(seconds=rng.uniform(0, 30 * 3600))
        distance = rng.choice((None, rng.randrange(20_000)))
        # Each with a vehicle of its own, because these times overlap.
        vehicle = a_vehicle(connection, a_member(connection))
        a_past_ride(connection, vehicle, rider, start, length=length, distance=distance)
    a_ride(connection, a_vehicle(connection, a_member(connection)), rider)
    return rider


@pytest.mark.parametrize("city", [CITIES[0], CITIES[3], CITIES[-1]], ids=lambda city: city.slug)
def test_totals_equal_a_count_when_clocks_change_and_years_end(engine: Engine, city: Any) -> None:
    rng = random.Random(city.name)
    with engine.begin() as connection:
        rider = some_rides(connection, city.name, 80, rng)

    with engine.connect() as connection:
        for period in PERIODS:
            of = {"city": rider.city, "id": rider.id, "period": period}
            counted = connection.execute(COUNT, {**of, "clock": city.timezone.key}).all()
            assert connection.execute(KEPT, of).all() == counted
            assert sum(total.rides for total in counted) == 80
    assert invariants.find_violations(engine) == []


def test_totals_of_generated_rows_are_the_same(engine: Engine) -> None:
    with engine.begin() as connection:
        some_rides(connection, "seattle", 40, random.Random(40))

    with engine.connect() as connection:
        rides = [row._asdict() for row in connection.execute(text("SELECT * FROM rides"))]
        kept = [row._asdict() for row in connection.execute(text("SELECT * FROM ride_totals"))]

    assert sorted(world.totals_of(rides), key=repr) == sorted(kept, key=repr)


def test_a_ride_that_is_ended_six_times_at_once_is_counted_once(movr: MovR, engine: Engine) -> None:
    with engine.begin() as connection:
        rider = a_member(connection)
        ride = a_ride(connection, a_vehicle(connection, rider), rider)
    barrier = Barrier(6)

    def end(number: int) -> None:
        barrier.wait()
        movr.end_ride(ride, rider, location=f"{number} Broadway")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(end, range(6)))

    with engine.connect() as connection:
        assert connection.execute(text("SELECT rides FROM ride_totals")).scalars().all() == [1, 1]
    assert invariants.find_violations(engine) == []


def test_a_deleted_account_keeps_its_totals_and_rides(engine: Engine) -> None:
    with engine.begin() as connection:
        rider = a_member(connection)
        vehicle = a_vehicle(connection, rider)
        a_past_ride(connection, vehicle, rider, NOW, length=timedelta(minutes=9), distance=1)
        transactions.delete_account(connection, rider, 0, now=NOW)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM ride_totals")).scalar() == 2
    assert invariants.find_violations(engine) == []


# Rows read


@pytest.fixture
def old_hand(scenario: Staged) -> Iterator[tuple[MovR, Member]]:
    """Create a rider with many rides."""
    engine = scenario("long_history", RIDES)
    movr = MovR(uri_text(engine.url))
    member = movr.find_member(long_history.RIDER.username)
    assert member
    yield movr, member
    movr.close()


def test_a_page_of_a_long_history_reads_no_more_than_it_shows(
    old_hand: tuple[MovR, Member],
) -> None:
    movr, rider = old_hand
    middle = datetime.now(UTC) - RIDES / 2 * long_history.EVERY
    for before, most in ((None, LISTED + ADDED_UP), ((middle, rider.id), LISTED)):
        with recording_statements(*movr.engines) as sent:
            page = movr.history(rider, before=before, size=PAGE)

        assert len(page.rides.items) == PAGE
        assert len(sent) == 1
        assert PAGE < rows_read(movr.engine, sent[0]) <= most


def rows_read(engine: Engine, sent: SentStatement) -> int:
    """Return the rows of tables and indexes that the server reports as read for a statement."""
    with engine.connect() as connection:
        if is_cockroachdb(engine.url):
            plan = connection.exec_driver_sql(f"EXPLAIN ANALYZE {sent.statement}", sent.parameters)
            return rows_read_by_cockroachdb(plan.all())
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {sent.statement}"
        (plan,) = connection.exec_driver_sql(explain, sent.parameters).scalar_one()
    return rows_read_by_postgresql(plan["Plan"])


def rows_read_by_cockroachdb(plan: Sequence[Row[Any]]) -> int:
    lines = "\n".join(line for (line,) in plan)
    total = re.search(r"rows (?:read|decoded) from KV: ([\d,]+)", lines)
    assert total, lines
    return int(total[1].replace(",", ""))


def rows_read_by_postgresql(node: Mapping[str, Any]) -> int:
    own = sum(node.get(rows, 0) for rows in ("Actual Rows", "Rows Removed by Filter"))
    here = own * node["Actual Loops"] if "Relation Name" in node else 0
    return round(here) + sum(rows_read_by_postgresql(part) for part in node.get("Plans", ()))
