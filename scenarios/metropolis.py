"""Nine large cities: --rows vehicles in each, and ten times as many rides.

A city is generated and loaded in districts, so that transactions stay small enough for CockroachDB.
Time is divided into slots; in each slot a vehicle or a rider has at most one ride.
"""

import random
import secrets
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from sqlalchemy import Engine

from movr.cities import CITIES, City
from movr.passwords import hash_password
from scenarios.shared import world
from scenarios.shared.context import Login, ScenarioContext
from scenarios.shared.copying import Row
from scenarios.shared.world import World

RIDER: Final = Login("a rider", "city-rider")
OWNER: Final = Login("an owner", "city-owner")
LOGINS: Final = (RIDER, OWNER)

DISTRICT: Final = 500  # vehicles
LOADERS: Final = 2  # connections; loading takes the database longer than generating takes Python
ROUNDS: Final = 10  # rides of each vehicle
PAST: Final = timedelta(days=30)
VEHICLES_A_RIDER: Final = 2
VEHICLES_AN_OWNER: Final = 50
SPREAD: Final = 0.02  # degrees, about two kilometres, so that vehicles do not crowd at the streets
NAMES, PLACES = 200, 2_000  # per city, reused because generating them is slow
UNDER_WAY: Final = 10  # one in so many rides of the last slot is active
SHORTEST, LONGEST = timedelta(minutes=3), timedelta(minutes=45)


def fill(context: ScenarioContext, *, rows: int = 1_000) -> None:
    """Fill an empty database with `rows` vehicles a city."""
    done = 0
    for vehicles in _load_all(context.engine, _districts(rows, context.now)):
        if done == 0:
            world.analyze(context.engine)  # else foreign key checks use a wrong index
        done += vehicles
        context.report_progress(done / (rows * len(CITIES)))
    world.analyze(context.engine)


def _load_all(engine: Engine, districts: Iterator[World]) -> Iterator[int]:
    """Load districts while the next is generated, and yield the number of vehicles of each."""
    with ThreadPoolExecutor(LOADERS) as pool:
        loading: deque[Future[int]] = deque()
        for district in districts:
            loading.append(pool.submit(_load, engine, district))
            if len(loading) > LOADERS:
                yield loading.popleft().result()
        yield from (future.result() for future in loading)


def _load(engine: Engine, district: World) -> int:
    world.load(engine, district)
    return len(district.vehicles)


def _districts(rows: int, now: datetime) -> Iterator[World]:
    """Generate all cities, district by district; the first district contains the logins."""
    password_hash = hash_password(secrets.token_urlsafe())
    districts = chain.from_iterable(
        _districts_of_city(city, rows, now, password_hash) for city in CITIES
    )
    first = next(districts)
    world.set_login(first.free_rider(), RIDER)
    world.set_login(first.owner(), OWNER)
    yield first
    yield from districts


def _districts_of_city(city: City, rows: int, now: datetime, password_hash: str) -> Iterator[World]:
    """Generate the city's `rows` vehicles in districts, with their users and rides."""
    rng = random.Random(f"{world.SEED} {city.name}")  # noqa: S311 - a game of rng
    faker = world.name_generator(city, rng)
    names = [(faker.first_name(), faker.last_name()) for _ in range(NAMES)]
    places = [world.place(city.name, rng, around=SPREAD) for _ in range(PLACES)]
    for first in range(0, rows, DISTRICT):
        number = min(DISTRICT, rows - first)
        people = [
            world.person(city, *rng.choice(names), rng, password_hash=password_hash)
            for _ in range(
                _number_of_parts(number, VEHICLES_AN_OWNER)
                + _number_of_parts(number, VEHICLES_A_RIDER)
            )
        ]
        owners = people[: _number_of_parts(number, VEHICLES_AN_OWNER)]
        vehicles = [
            world.vehicle(owners[n % len(owners)], first + n, rng, before=now - PAST, around=SPREAD)
            for n in range(number)
        ]
        rides = list(_rides(people[len(owners) :], vehicles, places, now, rng))
        yield World(people, vehicles, rides, world.totals_of(rides))


def _rides(
    riders: list[Row], vehicles: list[Row], places: list[Row], now: datetime, rng: random.Random
) -> Iterator[Row]:
    """Generate ROUNDS rides for each vehicle; in each slot of a round every rider rides once.

    In the last slot, one of UNDER_WAY rides is active.
    """
    parts = _number_of_parts(len(vehicles), len(riders))
    slots = ROUNDS * parts
    slot = PAST / slots
    for number in range(slots):
        begin = now - PAST + number * slot
        first = number % parts * len(riders)
        for n, vehicle in enumerate(vehicles[first : first + len(riders)]):
            rider = riders[(n + number) % len(riders)]
            if number == slots - 1 and n % UNDER_WAY == UNDER_WAY - 1:
                start, end = now - rng.random() * SHORTEST, None
            else:
                start = begin + rng.random() * (slot - LONGEST)
                length = SHORTEST + rng.random() * (LONGEST - SHORTEST)
                end = start + length, rng.choice(places)
            yield world.ride(rider, vehicle, start, end, rng)


def _number_of_parts(number: int, size: int) -> int:
    """Return the number of parts of this size, rounded up."""
    return -(-number // size)
