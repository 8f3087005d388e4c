"""The demo scenario: the same each time, in nine cities, and valid by MovR's rules."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from geopy.distance import geodesic
from sqlalchemy import Engine, text

from movr.cities import CITIES, DEFAULT_CITY
from movr.movr import MovR
from movr.passwords import check_password
from movr.results import Member
from scenarios import demo
from scenarios.shared.context import Login, ScenarioContext
from scenarios.shared.copying import Row
from scenarios.shared.world import World
from tests.conftest import NewVisitor

NOW = datetime(2024, 2, 29, 23, 30, tzinfo=UTC)
FAR = 30  # kilometres
SALTED = "password_hash"
CLOCKED = {"date_added", "start_time", "active_ride_start", "end_time", "available_since", SALTED}

Key = tuple[str, UUID]


@pytest.fixture(scope="module")
def world() -> World:
    return demo.make(NOW)


def key(row: Row) -> Key:
    return row["city"], row["id"]


def rider_of(ride: Row) -> Key:
    return ride["rider_city"], ride["rider_id"]


def without(rows: list[Row], names: set[str]) -> list[Row]:
    return [{name: row[name] for name in row if name not in names} for row in rows]


def tables(world: World, *, but: set[str]) -> list[list[Row]]:
    return [without(rows, but) for rows in (world.users, world.vehicles, world.rides)]


def per_city(rows: list[Row]) -> Counter[str]:
    return Counter(row["city"] for row in rows)


# The same each time


def test_the_same_moment_makes_the_same_world(world: World) -> None:
    assert tables(demo.make(NOW), but={SALTED}) == tables(world, but={SALTED})


def test_another_day_moves_the_clocks_and_nothing_else(world: World) -> None:
    later = demo.make(NOW + timedelta(days=400, seconds=1))

    assert tables(later, but=CLOCKED) == tables(world, but=CLOCKED)
    assert later.rides[0]["start_time"] - world.rides[0]["start_time"] == timedelta(
        days=400, seconds=1
    )


def test_no_two_rows_have_the_same_key_and_no_two_people_the_same_name(world: World) -> None:
    for rows in (world.users, world.vehicles, world.rides):
        assert len({row["id"] for row in rows}) == len(rows)
    usernames = {user["username"] for user in world.users}
    assert len(usernames) == len(world.users)
    assert {demo.RIDER.username, demo.OWNER.username} <= usernames


# Nine cities


def test_every_city_has_people_vehicles_and_rides(world: World) -> None:
    cities = {city.name for city in CITIES}

    assert len(cities) == 9
    for rows, least in ((world.users, 10), (world.vehicles, 40), (world.rides, 100)):
        assert set(per_city(rows)) == cities
        assert min(per_city(rows).values()) >= least


def test_every_vehicle_stands_in_its_city(world: World) -> None:
    centres = {city.name: city.centre for city in CITIES}

    distances = {
        key(vehicle): geodesic(
            (vehicle["latitude"], vehicle["longitude"]), centres[vehicle["city"]]
        ).km
        for vehicle in world.vehicles
    }

    assert {vehicle: far for vehicle, far in distances.items() if far > FAR} == {}


def test_every_city_has_all_three_kinds_and_something_free_to_ride(world: World) -> None:
    for city in CITIES:
        free = [v for v in world.vehicles if v["city"] == city.name and v["status"] == "available"]
        assert {vehicle["type"] for vehicle in free} == {"bike", "scooter", "skateboard"}


def test_most_addresses_are_different(world: World) -> None:
    places = [vehicle["last_location"] for vehicle in world.vehicles]

    assert len(set(places)) > len(places) * 3 / 4


# Rules beyond those that test_scenarios.py checks for every scenario


def test_a_rider_s_row_names_the_cities_of_their_rides(world: World) -> None:
    ridden: defaultdict[Key, set[str]] = defaultdict(set)
    for ride in world.rides:
        ridden[rider_of(ride)].add(ride["city"])

    for user in world.users:
        assert sorted(user["cities_ridden"]) == sorted(ridden[key(user)])


def test_an_owner_is_who_owns_a_vehicle_of_their_home_city(world: World) -> None:
    owners = {(vehicle["city"], vehicle["owner_id"]) for vehicle in world.vehicles}

    assert {key(user) for user in world.users if user["is_owner"]} == owners


# In a database


def test_an_empty_database_is_filled_and_no_longer_empty(engine: Engine, world: World) -> None:
    assert demo.is_empty(engine)

    demo.fill(ScenarioContext(engine, NOW))

    assert not demo.is_empty(engine)
    with engine.connect() as connection:
        for table, rows in (("users", 40), ("vehicles", 48), ("rides", 365)):
            count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert count == len(getattr(world, table)) == rows * 9


@pytest.mark.parametrize(
    "now",
    [
        datetime(2024, 3, 31, 1, 0, tzinfo=UTC),  # daylight saving time begins in Europe
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, 999999, tzinfo=UTC),
    ],
)
def test_any_moment_makes_a_world_that_the_database_takes(engine: Engine, now: datetime) -> None:
    demo.fill(ScenarioContext(engine, now))

    assert not demo.is_empty(engine)


def member(movr: MovR, login: Login) -> Member:
    return movr.log_in(login.username, login.password)


def test_both_demo_logins_log_in(movr: MovR) -> None:
    demo.fill(ScenarioContext(movr.engine, NOW))

    rider, owner = member(movr, demo.RIDER), member(movr, demo.OWNER)

    assert {rider.city, owner.city} == {DEFAULT_CITY.name}
    assert rider.active_ride is None
    assert movr.history(rider, before=None, size=10).rides.items
    assert owner.is_owner
    assert movr.vehicles_of(owner.key, 0, after=None, size=10).page.items


def test_the_demo_rider_rides_and_the_demo_owner_sees_it(
    new_visitor: NewVisitor, engine: Engine
) -> None:
    demo.fill(ScenarioContext(engine, datetime.now(UTC)))
    rider, owner = new_visitor(), new_visitor()
    rider.log_in(demo.RIDER.username, demo.RIDER.password)
    owner.log_in(demo.OWNER.username, demo.OWNER.password)
    vehicle = owner.add_vehicle("1 Test Street")

    rider.start(vehicle)
    rider.end(rider.active_ride(), "2 Test Street")

    assert "2 Test Street" in rider.get("/rides").text
    assert "2 Test Street" in owner.get(f"/users/{owner.id}").text


def test_accounts_without_a_login_have_a_random_password(world: World) -> None:
    others = {user[SALTED] for user in world.users if not user["username"].startswith("demo-")}

    assert not any(check_password(demo.RIDER.password, hash_) for hash_ in others)
    assert demo.make(NOW).users[5][SALTED] not in others
