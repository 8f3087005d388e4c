"""Factories for members, vehicles and rides, using MovR's own transactions."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection

from movr import transactions
from movr.cities import CITIES, Position
from movr.results import Account, RideKey, UserKey, VehicleKey

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLACE = CITIES[0].centre


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
    )
    return user


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
        now=NOW,
    )
    return vehicle


def timezone_of(user: UserKey) -> str:
    return next(city.timezone.key for city in CITIES if city.name == user.city)


def end(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    location: str,
    *,
    position: Position | None = None,
    distance: int | None = None,
    now: datetime = NOW,
) -> None:
    transactions.end_ride(
        connection,
        ride,
        rider,
        location=location,
        position=position,
        distance=distance,
        public_id=uuid4(),
        timezone=timezone_of(rider),
        now=now,
    )


def a_ride(
    connection: Connection, vehicle: VehicleKey, rider: UserKey, now: datetime = NOW
) -> RideKey:
    ride = RideKey(vehicle.city, uuid4())
    transactions.start_ride(connection, ride, vehicle, rider, now=now)
    return ride


def a_past_ride(
    connection: Connection,
    vehicle: VehicleKey,
    rider: UserKey,
    start: datetime,
    *,
    length: timedelta,
    distance: int | None,
) -> RideKey:
    """Insert a ride that has ended."""
    ride = a_ride(connection, vehicle, rider, now=start)
    end(connection, ride, rider, "there", distance=distance, now=start + length)
    return ride
