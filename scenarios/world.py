"""A world of any size: people, vehicles at real streets, rides of a month, in all nine cities.

The same seed makes the same world; only its clock follows the day it is made.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from faker import Faker
from sqlalchemy import Engine, insert

from movr.cities import CITIES, City
from movr.formats import AVAILABLE, IN_USE
from movr.models import Ride, User, Vehicle
from scenarios.streets import STREETS, Street

SEED: Final = 2019_11_12  # the day CockroachDB 19.2 brought the tutorial
DAYS: Final = 30
LONGEST_NUMBER: Final = 240

_LOCALES: Final = {"amsterdam": "nl_NL", "paris": "fr_FR", "rome": "it_IT"}
_NUMBER_LAST: Final = frozenset({"amsterdam", "rome"})
_BRANDS: Final = {
    "bike": ("Kona", "Merida", "Fuji", "Cervelo", "Pinarello", "Santa Cruz"),
    "scooter": ("Voltrider", "Kickstone", "Zephyr", "Curbside"),
    "skateboard": ("Element", "Longboarder", "Plank & Sons", "Quarterpipe"),
}
_COLORS: Final = ("red", "yellow", "blue", "green", "black", "white", "orange", "teal")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything a city has; `under_way` counts the rides that have not ended."""

    owners: int
    riders: int
    vehicles: int
    rides: int
    under_way: int


@dataclass
class World:
    """The rows of all three tables, as they come into being."""

    users: list[Row] = field(default_factory=list)
    vehicles: list[Row] = field(default_factory=list)
    rides: list[Row] = field(default_factory=list)


def make(now: datetime, size: Size, *, password_hash: str) -> World:
    """The world as it is at `now`, everybody with the same password."""
    world = World()
    chance = random.Random(SEED)  # noqa: S311 - a game of chance, not of secrets
    for city in CITIES:
        _populate(world, city, size, chance, password_hash=password_hash, now=now)
    return world


def insert_rows(engine: Engine, world: World) -> None:
    """Put a world into an empty database, in one transaction."""
    with engine.begin() as connection:
        for model, rows in ((User, world.users), (Vehicle, world.vehicles), (Ride, world.rides)):
            connection.execute(insert(model), rows)


def _populate(
    world: World,
    city: City,
    size: Size,
    chance: random.Random,
    *,
    password_hash: str,
    now: datetime,
) -> None:
    names = Faker(_LOCALES.get(city.name, "en_US"))
    names.seed_instance(chance.getrandbits(32))
    number = size.owners + size.riders
    people = [_person(city, names, chance, password_hash) for _ in range(number)]
    owners, riders = people[: size.owners], people[size.owners :]
    for owner in owners:
        owner["is_owner"] = True
    owned = (owners[n % size.owners] for n in range(size.vehicles))
    vehicles = [_vehicle(city, owner, chance, now) for owner in owned]
    world.users.extend(people)
    world.vehicles.extend(vehicles)
    world.rides.extend(_rides(size, riders, vehicles, chance, now))


def _person(city: City, names: Faker, chance: random.Random, password_hash: str) -> Row:
    id_ = _id(chance)
    username = f"{city.name.replace(' ', '-')}-{id_.hex[:8]}"
    return {
        "city": city.name,
        "id": id_,
        "first_name": names.first_name(),
        "last_name": names.last_name(),
        "email": f"{username}@example.com",
        "username": username,
        "password_hash": password_hash,
        "is_owner": False,
        "active_ride_city": None,
        "active_ride_id": None,
        "cities_ridden": [],
    }


def _vehicle(city: City, owner: Row, chance: random.Random, now: datetime) -> Row:
    type_ = chance.choice(sorted(_BRANDS))
    return {
        "city": city.name,
        "id": _id(chance),
        "type": type_,
        "owner_id": owner["id"],
        "date_added": now - timedelta(days=DAYS + chance.randrange(1, 300)),
        "status": AVAILABLE,
        "color": chance.choice(_COLORS),
        "brand": chance.choice(_BRANDS[type_]),
        **_place(city.name, chance),
    }


def _place(city: str, chance: random.Random) -> Row:
    """A house number in a real street, within about 50 metres of the street's point."""
    street: Street = chance.choice(STREETS[city])
    number = chance.randrange(1, LONGEST_NUMBER)
    return {
        "last_location": f"{street.name} {number}"
        if city in _NUMBER_LAST
        else f"{number} {street.name}",
        "latitude": round(street.latitude + chance.uniform(-0.0004, 0.0004), 6),
        "longitude": round(street.longitude + chance.uniform(-0.0004, 0.0004), 6),
    }


def _rides(
    size: Size, riders: list[Row], vehicles: list[Row], chance: random.Random, now: datetime
) -> Iterator[Row]:
    """A month of rides, none of which shares its vehicle or its rider with another at a time.

    Those that have not ended at `now` are under way.
    """
    start = now - timedelta(days=DAYS)
    starts = sorted(
        start + timedelta(seconds=chance.uniform(0, DAYS * 86400)) for _ in range(size.rides)
    )
    starts += [now - timedelta(minutes=chance.uniform(1, 15)) for _ in range(size.under_way)]
    busy_until: dict[UUID, datetime] = {}
    for time in sorted(starts):
        rider = chance.choice([r for r in riders if busy_until.get(r["id"], start) <= time])
        vehicle = chance.choice([v for v in vehicles if busy_until.get(v["id"], start) <= time])
        end = time + timedelta(seconds=chance.randrange(180, 2700))
        busy_until[rider["id"]] = busy_until[vehicle["id"]] = end
        yield _ride(rider, vehicle, time, end if end <= now else None, chance)


def _ride(
    rider: Row, vehicle: Row, start: datetime, end: datetime | None, chance: random.Random
) -> Row:
    ride = {
        "city": vehicle["city"],
        "id": _id(chance),
        "vehicle_id": vehicle["id"],
        "rider_city": rider["city"],
        "rider_id": rider["id"],
        "start_location": vehicle["last_location"],
        "end_location": None,
        "start_time": start,
        "end_time": end,
        "length": end and end - start,
    }
    rider["cities_ridden"] = [vehicle["city"]]
    if end:
        vehicle.update(_place(vehicle["city"], chance))
        ride["end_location"] = vehicle["last_location"]
    else:
        vehicle["status"] = IN_USE
        rider.update(active_ride_city=ride["city"], active_ride_id=ride["id"])
    return ride


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
