"""A world of any size: people, vehicles at real streets, rides of a month, in all nine cities.

The same seed makes the same world; only its clock follows the day it is made. Every row of every
scenario is made by `person`, `vehicle` and `ride`.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from faker import Faker
from sqlalchemy import Engine

from movr.cities import CITIES, DEFAULT_CITY, City, Position
from movr.database.engine import disable_statement_timeout
from movr.database.retries import retrying
from movr.formats import AVAILABLE, IN_USE, PERIODS
from movr.geo import planar_metres_between
from movr.passwords import hash_password
from movr.ride_totals import begin
from scenarios.shared.context import Login
from scenarios.shared.copying import Row, copy
from scenarios.shared.streets import STREETS, Street

SEED: Final = 2019_11_12  # the day CockroachDB 19.2 brought the tutorial
DAYS: Final = 30
LONGEST_NUMBER: Final = 240
AT_A_STREET: Final = 0.0004  # degrees around its point: some 40 metres

_CLOCKS: Final = {city.name: city.timezone for city in CITIES}
_NUMBER_LAST: Final = frozenset({"amsterdam", "rome"})
_BRANDS: Final = {
    "bike": ("Kona", "Merida", "Fuji", "Cervelo", "Pinarello", "Santa Cruz"),
    "scooter": ("Voltrider", "Kickstone", "Zephyr", "Curbside"),
    "skateboard": ("Element", "Longboarder", "Plank & Sons", "Quarterpipe"),
}
_TYPES: Final = sorted(_BRANDS)
_COLORS: Final = ("red", "yellow", "blue", "green", "black", "white", "orange", "teal")


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
    """The rows of all tables, by their names, as they come into being.

    A table comes after those that it refers to.
    """

    users: list[Row] = field(default_factory=list)
    vehicles: list[Row] = field(default_factory=list)
    rides: list[Row] = field(default_factory=list)
    ride_totals: list[Row] = field(default_factory=list)

    def free_rider(self) -> Row:
        """Somebody of the first city who has ridden, and rides nothing now."""
        return next(u for u in self._at_home() if u["cities_ridden"] and not u["active_ride_id"])

    def owner(self) -> Row:
        """An owner of the first city."""
        return next(user for user in self._at_home() if user["is_owner"])

    def _at_home(self) -> Iterator[Row]:
        return (user for user in self.users if user["city"] == DEFAULT_CITY.name)


def make(now: datetime, size: Size, *, password_hash: str) -> World:
    """The world as it is at `now`, everybody with the same password."""
    world = World()
    chance = random.Random(SEED)  # noqa: S311 - a game of chance, not of secrets
    for city in CITIES:
        _populate(world, city, size, chance, password_hash=password_hash, now=now)
    world.ride_totals = totals_of(world.rides)
    return world


def load(engine: Engine, world: World) -> None:
    """Add a world to a database, in one transaction."""
    retrying(lambda: _load(engine, world))


def analyze(engine: Engine) -> None:
    """Tell the database's planner what it has been given, before it finds out by itself."""
    # CockroachDB gathers statistics outside of transactions only.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        disable_statement_timeout(connection)
        for table in vars(World()):
            retrying(partial(connection.exec_driver_sql, f"ANALYZE {table}"))


def names_of(city: City, chance: random.Random) -> Faker:
    """Makes names as the city's people have them."""
    names = Faker(city.locale)
    names.seed_instance(chance.getrandbits(32))
    return names


def person(
    city: City, first_name: str, last_name: str, chance: random.Random, *, password_hash: str
) -> Row:
    """A member who has neither vehicles nor rides yet."""
    id_ = _id(chance)
    username = f"{city.name.replace(' ', '-')}-{id_.hex[:12]}"
    return {
        "city": city.name,
        "id": id_,
        "first_name": first_name,
        "last_name": last_name,
        "email": f"{username}@example.com",
        "username": username,
        "password_hash": password_hash,
        "is_owner": False,
        "active_ride_city": None,
        "active_ride_id": None,
        "active_ride_type": None,
        "active_ride_brand": None,
        "active_ride_start": None,
        "active_ride_latitude": None,
        "active_ride_longitude": None,
        "cities_ridden": [],
    }


def admit(user: Row, login: Login) -> None:
    """Let somebody be logged in as."""
    user.update(username=login.username, password_hash=hash_password(login.password))


def vehicle(
    owner: Row, chance: random.Random, *, before: datetime, around: float = AT_A_STREET
) -> Row:
    """A vehicle on a street of its owner's city (see `place`), there since some time `before`."""
    owner["is_owner"] = True
    type_ = chance.choice(_TYPES)
    return {
        "city": owner["city"],
        "id": _id(chance),
        "type": type_,
        "owner_id": owner["id"],
        "date_added": before - timedelta(days=chance.randrange(1, 300)),
        "status": AVAILABLE,
        "public_id": _id(chance),
        "color": chance.choice(_COLORS),
        "brand": chance.choice(_BRANDS[type_]),
        **place(owner["city"], chance, around=around),
    }


def ride(
    rider: Row,
    vehicle: Row,
    start: datetime,
    end: tuple[datetime, Row] | None,
    chance: random.Random,
) -> Row:
    """A ride from where the vehicle stands, and what it changes on rider and vehicle.

    `end` is when it ended and at which `place`, None while the ride is under way.
    """
    made = {
        "city": vehicle["city"],
        "id": _id(chance),
        "vehicle_id": vehicle["id"],
        "rider_city": rider["city"],
        "rider_id": rider["id"],
        "start_location": vehicle["last_location"],
        "start_latitude": vehicle["latitude"],
        "start_longitude": vehicle["longitude"],
        "end_latitude": None,
        "end_longitude": None,
        "distance": None,
        "end_location": None,
        "start_time": start,
        "end_time": None,
        "length": None,
    }
    if vehicle["city"] not in rider["cities_ridden"]:
        rider["cities_ridden"].append(vehicle["city"])
    if end:
        time, left = end
        vehicle.update(left)
        made.update(
            end_location=left["last_location"],
            end_latitude=left["latitude"],
            end_longitude=left["longitude"],
            end_time=time,
            length=time - start,
            distance=round(_metres(made, left)),
        )
    else:
        vehicle["status"] = IN_USE
        rider.update(
            active_ride_city=made["city"],
            active_ride_id=made["id"],
            active_ride_type=vehicle["type"],
            active_ride_brand=vehicle["brand"],
            active_ride_start=start,
            active_ride_latitude=vehicle["latitude"],
            active_ride_longitude=vehicle["longitude"],
        )
    return made


def totals_of(rides: Iterable[Row]) -> list[Row]:
    """What rides add up to, for rows that no statement of MovR's has added up."""
    totals: dict[tuple[str, UUID, str, date], Row] = {}
    for ride in rides:
        if not ride["end_time"]:
            continue
        day = ride["start_time"].astimezone(_CLOCKS[ride["rider_city"]]).date()
        for period in PERIODS:
            key = (ride["rider_city"], ride["rider_id"], period, begin(period, day))
            total = totals.setdefault(key, _nothing(*key))
            total["rides"] += 1
            total["length"] += ride["length"]
            total["distance"] += ride["distance"] or 0
    return list(totals.values())


def _nothing(city: str, rider_id: UUID, period: str, begin: date) -> Row:
    key = {"city": city, "rider_id": rider_id, "period": period, "begin": begin}
    return {**key, "rides": 0, "length": timedelta(), "distance": 0}


def place(city: str, chance: random.Random, *, around: float = AT_A_STREET) -> Row:
    """Where a vehicle stands: at a house in a real street, `around` degrees of its point."""
    street: Street = chance.choice(STREETS[city])
    number = chance.randrange(1, LONGEST_NUMBER)
    return {
        "last_location": f"{street.name} {number}"
        if city in _NUMBER_LAST
        else f"{number} {street.name}",
        "latitude": round(street.latitude + chance.uniform(-around, around), 6),
        "longitude": round(street.longitude + chance.uniform(-around, around), 6),
    }


def _metres(ride: Row, place: Row) -> float:
    """How far it is from where the ride began, or nearly: millions are asked for."""
    start = Position(ride["start_latitude"], ride["start_longitude"])
    return planar_metres_between(start, Position(place["latitude"], place["longitude"]))


def _load(engine: Engine, world: World) -> None:
    with engine.begin() as connection:
        disable_statement_timeout(connection)
        for table, rows in vars(world).items():
            copy(connection, table, rows)


def _populate(
    world: World,
    city: City,
    size: Size,
    chance: random.Random,
    *,
    password_hash: str,
    now: datetime,
) -> None:
    names = names_of(city, chance)
    people = [
        person(city, names.first_name(), names.last_name(), chance, password_hash=password_hash)
        for _ in range(size.owners + size.riders)
    ]
    owners, riders = people[: size.owners], people[size.owners :]
    start = now - timedelta(days=DAYS)
    owned = (owners[n % size.owners] for n in range(size.vehicles))
    vehicles = [vehicle(owner, chance, before=start) for owner in owned]
    world.users.extend(people)
    world.vehicles.extend(vehicles)
    world.rides.extend(_rides(size, riders, vehicles, chance, now))


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
        ended = (end, place(vehicle["city"], chance)) if end <= now else None
        yield ride(rider, vehicle, time, ended, chance)


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
