"""Numbers of vehicles are unique in their city, whoever adds vehicles at the same time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from movr import movr as movr_module
from movr.cities import DEFAULT_CITY
from movr.database import invariants, schema
from movr.formats import NUMBERS
from movr.models import Vehicle
from movr.movr import MovR
from movr.results import VehicleKey
from movr.search import Search
from tests.movr.people import start_ride
from tests.movr.test_movr import a_member

HERE = Search(city=DEFAULT_CITY, origin=DEFAULT_CITY.centre, size=9)
BIKE: dict[str, Any] = {"type": "bike", "color": "red", "brand": "Kona", "location": "here"}
ROUNDS = 10
OLD_VEHICLES = 1_200  # more than the migration numbers in one statement


def number_of(engine: Engine, vehicle: VehicleKey) -> int:
    with engine.connect() as connection:
        key = (Vehicle.city == vehicle.city, Vehicle.id == vehicle.id)
        return connection.execute(select(Vehicle.number).where(*key)).scalar_one() or 0


def numbers_in(engine: Engine) -> list[tuple[str, int]]:
    with engine.connect() as connection:
        found = connection.execute(select(Vehicle.city, Vehicle.number).order_by(Vehicle.id))
        return [(city, number) for city, number in found]


def wanting(monkeypatch: pytest.MonkeyPatch, numbers: Sequence[int]) -> None:
    """Let each new vehicle have one of these numbers."""

    class Candidates:
        def sample(self, _all: range, _size: int) -> Sequence[int]:
            return numbers

    monkeypatch.setattr(movr_module, "RANDOM", Candidates())


def test_a_new_vehicle_has_six_digits(movr: MovR) -> None:
    owner = a_member(movr)
    numbers = {number_of(movr.engine, movr.add_vehicle(owner, **BIKE)) for _ in range(5)}

    assert len(numbers) == 5
    assert all(number in NUMBERS and len(str(number)) == 6 for number in numbers)


def test_a_number_is_that_of_one_vehicle_in_its_city_and_of_others_elsewhere(
    movr: MovR, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanting(monkeypatch, [111_111, 222_222])
    owner, parisian = a_member(movr), a_member(movr, "paris")

    removed = movr.add_vehicle(owner, **BIKE)
    movr.remove_vehicle(removed, owner)
    added = [movr.add_vehicle(who, **BIKE) for who in (owner, parisian)]

    assert number_of(movr.engine, removed) == 111_111
    assert [number_of(movr.engine, vehicle) for vehicle in added] == [222_222, 111_111]


def test_two_vehicles_added_at_the_same_time_get_different_numbers(
    movr: MovR, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners, together = [a_member(movr), a_member(movr)], Barrier(2)

    def add(owner: Any) -> VehicleKey:
        together.wait()
        return movr.add_vehicle(owner, **BIKE)

    with ThreadPoolExecutor(2) as threads:
        for n in range(ROUNDS):
            wanting(monkeypatch, [NUMBERS[n * 2], NUMBERS[n * 2 + 1]])
            added = list(threads.map(add, owners))
            numbers = {number_of(movr.engine, vehicle) for vehicle in added}
            assert numbers == {NUMBERS[n * 2], NUMBERS[n * 2 + 1]}


def test_a_number_stays_over_rides_and_is_on_the_receipt(movr: MovR) -> None:
    rider = a_member(movr)
    vehicle = movr.add_vehicle(rider, **BIKE)
    number = number_of(movr.engine, vehicle)

    ride = start_ride(movr, vehicle, rider)
    movr.end_ride(ride, rider, location="there")

    assert number_of(movr.engine, vehicle) == number
    member = movr.session_member(rider)
    assert member
    assert movr.ride(member, ride.id).vehicle_number == number


def test_members_see_numbers_and_visitors_and_ended_sessions_do_not(movr: MovR) -> None:
    member = a_member(movr)
    number = number_of(movr.engine, movr.add_vehicle(member, **BIKE))

    seen, ended = (movr.vehicles_and_member(member, epoch, HERE) for epoch in (0, 1))

    def numbers(page: Any) -> list[int | None]:
        return [item.vehicle.number for item in page.items]

    assert (seen.member is None, numbers(seen.page)) == (False, [number])
    assert (ended.member is None, numbers(ended.page)) == (True, [None])
    assert numbers(movr.vehicles(HERE)) == [None]
    public_id = seen.page.items[0].vehicle.public_id
    assert movr.vehicle("new york", public_id).number is None


def old_code_adds_vehicles(engine: Engine, how_many: int) -> None:
    owner = f"INSERT INTO users (city, id, first_name, last_name, email, username, password_hash,\
 is_owner, cities_ridden) SELECT 'paris', gen_random_uuid(), 'Ada', 'Lovelace',\
 'ada@example.com', 'ada-{how_many}', 'none', true, ARRAY[]::VARCHAR[]"
    vehicles = f"INSERT INTO vehicles (city, id, type, owner_id, date_added, status,\
 last_location, color, brand) SELECT 'paris', gen_random_uuid(), 'bike', users.id, now(),\
 'available', 'here', 'red', 'Kona' FROM users, generate_series(1, {how_many})\
 WHERE username = 'ada-{how_many}'"
    with engine.begin() as connection:
        connection.execute(text(owner))
        connection.execute(text(vehicles))


def test_the_migration_numbers_old_vehicles_and_the_command_those_of_old_code(
    empty_engine: Engine,
) -> None:
    schema.upgrade(empty_engine, "0014")
    old_code_adds_vehicles(empty_engine, OLD_VEHICLES)
    schema.upgrade(empty_engine)
    migrated = numbers_in(empty_engine)
    old_code_adds_vehicles(empty_engine, 2)  # during the deployment
    unnumbered = invariants.find_violations(empty_engine)
    for _ in range(2):
        schema.fill_numbers(empty_engine)

    assert len({number for _, number in migrated} & set(NUMBERS)) == OLD_VEHICLES
    assert unnumbered[0].startswith("Every vehicle has a number. Broken by 2: paris, ")
    assert set(migrated) < set(numbers_in(empty_engine))
    assert len(set(numbers_in(empty_engine))) == OLD_VEHICLES + 2
    assert invariants.find_violations(empty_engine) == []


def test_the_database_refuses_a_number_that_another_vehicle_of_the_city_has(movr: MovR) -> None:
    owner = a_member(movr)
    for _ in range(2):
        movr.add_vehicle(owner, **BIKE)

    with pytest.raises(IntegrityError), movr.engine.begin() as connection:
        connection.execute(text("UPDATE vehicles SET number = 123456 WHERE city = 'new york'"))
