"""All scenarios: each fills an empty database, and the invariants hold."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache

import pytest
from sqlalchemy import Engine, text

import scenarios
from movr.cities import CITIES, DEFAULT_CITY
from movr.database import invariants
from movr.database.admin import uri_text
from movr.movr import MovR
from movr.results import Member
from scenarios import demo, long_history, metropolis, race, traveller
from scenarios.shared import world
from scenarios.shared.context import Login
from scenarios.shared.world import World
from tests.conftest import Staged, settings_for, staging, visiting
from tests.databases import all_rows
from web.app import create_app

FEW = 7

Filled = Callable[[str], Engine]


@pytest.fixture(scope="module")
def filled(server: str, template: str) -> Iterator[Filled]:
    """Return the database with this scenario, which several tests read."""
    with staging(server, template) as scenario:

        @cache
        def filled(name: str) -> Engine:
            return scenario(name, FEW if scenarios.find(name).takes_rows else None)

        yield filled


def ask(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def count(engine: Engine, what: str) -> int:
    ((number,),) = ask(engine, f"SELECT count(*) FROM {what}")
    return int(str(number))


def log_in(engine: Engine, login: Login) -> Member:
    movr = MovR(uri_text(engine.url))
    try:
        return movr.log_in(login.username, login.password)
    finally:
        movr.close()


def test_every_file_of_the_folder_is_a_scenario_and_shared_code_is_not() -> None:
    assert {"empty", "demo", "rush_hour", "traveller", "race", "long_history", "metropolis"} <= set(
        scenarios.names()
    )
    assert "shared" not in scenarios.names()


@pytest.mark.parametrize("name", scenarios.names())
def test_its_first_line_says_what_it_is(name: str) -> None:
    assert 20 < len(scenarios.find(name).summary) <= 100


@pytest.mark.parametrize("name", scenarios.names())
def test_it_fills_a_database_that_keeps_the_invariants_and_has_working_logins(
    filled: Filled, name: str
) -> None:
    engine = filled(name)

    assert invariants.find_violations(engine) == []
    assert {log_in(engine, login).username for login in scenarios.find(name).logins} == {
        login.username for login in scenarios.find(name).logins
    }
    assert scenarios.find(name).logins or name == "empty"


@pytest.mark.parametrize("name", scenarios.names())
def test_no_rider_and_no_vehicle_has_two_rides_at_a_time(filled: Filled, name: str) -> None:
    engine = filled(name)

    for whose in ("city, vehicle_id", "rider_city, rider_id"):
        overlaps = (
            "SELECT id FROM (SELECT id, start_time,"
            f" lag(coalesce(end_time, 'infinity')) OVER (PARTITION BY {whose} ORDER BY start_time)"
            " AS last_end FROM rides) AS one WHERE start_time < last_end"
        )
        assert ask(engine, overlaps) == []
    jumps = (
        "SELECT id FROM (SELECT id, start_location, lag(end_location) OVER"
        " (PARTITION BY city, vehicle_id ORDER BY start_time) AS left_at FROM rides) AS one"
        " WHERE start_location <> left_at"
    )
    assert ask(engine, jumps) == []
    stands_elsewhere = (
        "SELECT id FROM (SELECT vehicles.id, vehicles.last_location,"
        " coalesce(end_location, start_location) AS left_at, row_number() OVER"
        " (PARTITION BY rides.city, vehicle_id ORDER BY start_time DESC) AS number FROM rides"
        " JOIN vehicles ON vehicles.city = rides.city AND vehicles.id = rides.vehicle_id) AS one"
        " WHERE number = 1 AND last_location <> left_at"
    )
    assert ask(engine, stands_elsewhere) == []


@pytest.mark.parametrize("name", scenarios.names())
def test_no_ride_is_of_the_future_or_older_than_its_vehicle(filled: Filled, name: str) -> None:
    engine = filled(name)

    assert count(engine, "rides WHERE start_time > now() OR end_time > now()") == 0
    assert count(engine, "rides WHERE length <> end_time - start_time") == 0
    assert (
        count(
            engine,
            "rides JOIN vehicles ON vehicles.city = rides.city AND vehicles.id = rides.vehicle_id"
            " WHERE rides.start_time < vehicles.date_added",
        )
        == 0
    )


def test_a_few_rows_of_one_table_are_found_by_the_foreign_keys_of_the_next(
    own_engine: Engine,
) -> None:
    """In the same transaction, where a second COPY needs a statement before it on CockroachDB."""
    rng = random.Random(1)
    owner = world.person(DEFAULT_CITY, "Ada", "Lovelace", rng, password_hash="none")
    vehicle = world.vehicle(owner, 0, rng, before=datetime.now(UTC))

    world.load(own_engine, World([owner], [vehicle]))

    assert count(own_engine, "users JOIN vehicles ON owner_id = users.id") == 1


def test_empty_has_no_row(filled: Filled) -> None:
    assert set(map(len, all_rows(filled("empty")).values())) == {0}


def test_in_the_rush_hour_most_vehicles_of_every_city_are_ridden_and_some_are_free(
    filled: Filled,
) -> None:
    ridden = ask(
        filled("rush_hour"),
        "SELECT city, avg(CASE status WHEN 'in_use' THEN 1 ELSE 0 END) FROM vehicles GROUP BY city",
    )

    assert len(ridden) == len(CITIES)
    assert all(0.5 < float(str(share)) < 1 for _, share in ridden)


def test_the_traveller_lives_in_new_york_rides_in_paris_and_can_end_the_ride(
    scenario: Staged,
) -> None:
    engine = scenario("traveller")
    app = create_app(settings_for(uri_text(engine.url)))

    rider = log_in(engine, traveller.TRAVELLER)
    with visiting(app) as new:
        visitor = new()
        visitor.log_in(*traveller.TRAVELLER[1:])
        page = visitor.get("/rides").text
        visitor.end(visitor.active_ride(), "1 Rue de Rivoli", city="paris")
        after = visitor.get("/rides").text

    assert rider.city == "new york"
    assert rider.active_ride
    assert rider.active_ride.city == "paris"
    assert {"new york", "paris"} <= set(rider.cities_ridden)
    assert "/rides/end/" in page
    assert "1 Rue de Rivoli" in after
    assert invariants.find_violations(engine) == []


def test_the_race_is_for_one_vehicle_and_any_of_its_riders_may_win(
    filled: Filled,
) -> None:
    engine = filled("race")

    assert count(engine, "vehicles WHERE status = 'available'") == 1
    assert count(engine, "users WHERE NOT is_owner") == len(race.RIDERS) >= 100
    assert log_in(engine, Login("the last", race.RIDERS[-1])).active_ride is None


def test_a_long_history_is_one_rider_s(scenario: Staged) -> None:
    shares: list[float] = []
    engine = scenario("long_history", report_progress=shares.append)

    rider = log_in(engine, long_history.RIDER)

    assert count(engine, "rides") == count(engine, f"rides WHERE rider_id = '{rider.id}'") == 50_000
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("rows", [1, FEW, metropolis.DISTRICT + 1])
def test_a_metropolis_has_as_many_vehicles_as_wanted_and_ten_rides_each(
    scenario: Staged, rows: int
) -> None:
    shares: list[float] = []
    engine = scenario("metropolis", rows, report_progress=shares.append)

    assert ask(engine, "SELECT city, count(*) FROM vehicles GROUP BY city ORDER BY city") == [
        (city, rows) for city in sorted(city.name for city in CITIES)
    ]
    assert count(engine, "rides") == 10 * rows * len(CITIES)
    assert count(engine, "vehicles WHERE status = 'in_use'") > 0 or rows <= FEW
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert invariants.find_violations(engine) == []


def test_an_exception_of_report_progress_stops_the_scenario(scenario: Staged) -> None:
    def enough(_share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        scenario("metropolis", 2 * metropolis.DISTRICT, report_progress=enough)


def test_an_unknown_scenario_is_not_found() -> None:
    with pytest.raises(KeyError):
        scenarios.find("shared")


def test_the_demo_is_not_empty(filled: Filled) -> None:
    assert demo.is_empty(filled("empty"))
    assert not demo.is_empty(filled("demo"))
