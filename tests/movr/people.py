"""Factories for members, vehicles and rides, using MovR's own transactions."""

import random
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from geopy.distance import distance as geopy_distance
from sqlalchemy import Connection, select, update

from movr import transactions
from movr.cities import CITIES, Position
from movr.formats import MANAGER, NUMBERS
from movr.models import Vehicle
from movr.movr import MovR
from movr.results import Account, RideKey, UserKey, VehicleKey
from movr.staff.permissions import StaffRequest

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLACE = CITIES[0].centre
HERE = Position(40.71287, -74.00604)


def a_member(
    connection: Connection, city: str = "new york", username: str | None = None
) -> UserKey:
    user = UserKey(city, uuid4())
    transactions.register(
        connection,
        user,
        Account(
            first_name="Ada",
            last_name="Lovelace",
            email="ada@example.com",
            username=username or f"ada-{secrets.token_hex(6)}",
        ),
        password_hash="$argon2id$…",
        now=NOW,
    )
    return user


def suspend(movr: MovR, user: UserKey) -> None:
    """Suspend a member, by a new manager of their city."""
    with movr.engine.begin() as connection:
        manager = a_member(connection, user.city)
    movr.staff.grant_role_as_operator(user.city, manager, MANAGER, "Hired")
    request = StaffRequest(manager, 0, user.city, "Rides on pavements", uuid4().hex)
    movr.staff.suspend_account(request, user.id)


def a_vehicle(
    connection: Connection, owner: UserKey, location: str = "1 Wall Street"
) -> VehicleKey:
    vehicle = VehicleKey(owner.city, uuid4())
    transactions.add_vehicle(
        connection,
        vehicle,
        owner,
        type="bike",
        color="red",
        brand="Kona",
        location=location,
        position=PLACE,
        numbers=random.sample(NUMBERS, 10),
        now=NOW,
    )
    return vehicle


def public_id(connection: Connection, vehicle: VehicleKey) -> UUID:
    """Return the vehicle's public id, which changes with each ride."""
    where = (Vehicle.city == vehicle.city, Vehicle.id == vehicle.id)
    return connection.execute(select(Vehicle.public_id).where(*where)).scalar_one()


def public_id_in(movr: MovR, vehicle: VehicleKey) -> UUID:
    """Return the vehicle's public id from MovR's database."""
    with movr.engine.connect() as connection:
        return public_id(connection, vehicle)


def start_ride(movr: MovR, vehicle: VehicleKey, rider: UserKey) -> RideKey:
    """Start a ride with a vehicle, whatever its public id is now."""
    return movr.start_ride(vehicle.city, public_id_in(movr, vehicle), rider).key


def timezone_of(user: UserKey) -> str:
    return next(city.timezone.key for city in CITIES if city.name == user.city)


def end(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    location: str,
    *,
    position: Position | None = None,
    now: datetime = NOW,
) -> None:
    transactions.end_ride(
        connection,
        ride,
        rider,
        location=location,
        position=position,
        public_id=uuid4(),
        timezone=timezone_of(rider),
        now=now,
    )


def a_ride(
    connection: Connection,
    vehicle: VehicleKey,
    rider: UserKey,
    now: datetime = NOW,
    *,
    is_charged: bool = False,
) -> RideKey:
    ride = RideKey(vehicle.city, uuid4())
    known = public_id(connection, vehicle)
    return transactions.start_ride(connection, ride, known, rider, is_charged=is_charged, now=now)


def a_past_ride(
    connection: Connection,
    vehicle: VehicleKey,
    rider: UserKey,
    start: datetime,
    *,
    length: timedelta,
    distance: int | None,
) -> RideKey:
    """Insert a ride that has ended, before or after the vehicle's other rides.

    `distance` is in metres; None is that of a ride without positions.
    """
    of = (Vehicle.city == vehicle.city, Vehicle.id == vehicle.id)
    there = None if distance is None else in_direction(HERE, distance / 1000, bearing=90)
    latitude, longitude = HERE if there else (None, None)
    before = {"available_since": None, "latitude": latitude, "longitude": longitude}
    connection.execute(update(Vehicle).where(*of).values(before))
    ride = a_ride(connection, vehicle, rider, now=start)
    end(connection, ride, rider, "there", position=there, now=start + length)
    return ride


def in_direction(origin: Position, kilometres: float, bearing: float) -> Position:
    """Return the position at this distance along the ground."""
    there = geopy_distance(kilometers=kilometres).destination(origin, bearing)
    return Position(there.latitude, there.longitude)
