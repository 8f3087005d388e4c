"""Members for benchmarks, each with more vehicles and rides than fit on a page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Engine, insert, select

from movr.cities import DEFAULT_CITY, Position
from movr.formats import AVAILABLE
from movr.models import Ride, RideTotal, User, Vehicle
from movr.passwords import hash_password
from scenarios.shared.world import analyze, totals_of

MORE_THAN_A_PAGE: Final = 40
# Far from the centre, so that searches there find only the scenario's vehicles.
FAR_FROM_CENTRE: Final = Position(DEFAULT_CITY.latitude + 0.2, DEFAULT_CITY.longitude)
PASSWORD: Final = "faster than a floor"  # noqa: S105 - of accounts in temporary databases


@dataclass(frozen=True, slots=True)
class Person:
    """A member with vehicles and past rides."""

    id: UUID
    username: str
    vehicle: UUID  # the member's first vehicle


def add(engine: Engine, number: int, *, now: datetime) -> list[Person]:
    """Add this number of members to the default city."""
    password_hash = hash_password(PASSWORD)
    people = [Person(id := uuid4(), f"bench-{id.hex}", uuid4()) for _ in range(number)]
    with engine.begin() as connection:
        for person in people:
            connection.execute(insert(User), _user(person, password_hash))
            vehicles = _vehicles(person, now)
            connection.execute(insert(Vehicle), vehicles)
            rides = _rides(person, now)
            connection.execute(insert(Ride), rides)
            connection.execute(insert(RideTotal), totals_of(rides))
    analyze(engine)
    return people


def public_id(engine: Engine, person: Person) -> UUID:
    """Return the public id of the member's first vehicle, which changes with each ride."""
    of = (Vehicle.city == DEFAULT_CITY.name, Vehicle.id == person.vehicle)
    with engine.connect() as connection:
        return connection.execute(select(Vehicle.public_id).where(*of)).scalar_one()


def _user(person: Person, password_hash: str) -> dict[str, object]:
    return {
        "city": DEFAULT_CITY.name,
        "id": person.id,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "username": person.username,
        "password_hash": password_hash,
        "is_owner": True,
        "cities_ridden": [DEFAULT_CITY.name],
    }


def _vehicles(person: Person, now: datetime) -> list[dict[str, object]]:
    others = (uuid4() for _ in range(MORE_THAN_A_PAGE - 1))
    return [
        {
            "city": DEFAULT_CITY.name,
            "id": vehicle,
            "type": "bike",
            "owner_id": person.id,
            "date_added": now,
            "status": AVAILABLE,
            "color": "red",
            "brand": "Kona",
            "last_location": "120 Amsterdam Avenue",
            "latitude": FAR_FROM_CENTRE.latitude,
            "longitude": FAR_FROM_CENTRE.longitude,
        }
        for vehicle in (person.vehicle, *others)
    ]


def _rides(person: Person, now: datetime) -> list[dict[str, object]]:
    length = timedelta(minutes=17)
    starts = (now - timedelta(days=day) for day in range(1, MORE_THAN_A_PAGE + 1))
    return [
        {
            "city": DEFAULT_CITY.name,
            "id": uuid4(),
            "vehicle_id": person.vehicle,
            "rider_city": DEFAULT_CITY.name,
            "rider_id": person.id,
            "start_location": "120 Amsterdam Avenue",
            "end_location": "64 Christopher Street",
            "start_time": start,
            "end_time": start + length,
            "length": length,
            "distance": None,
        }
        for start in starts
    ]
