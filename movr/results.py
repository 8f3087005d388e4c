"""What leaves the database: frozen facts in the words of the domain, times in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from movr.formats import AVAILABLE

Item = TypeVar("Item")


class UserKey(NamedTuple):
    """Primary key of a user: the home city and the id within it."""

    city: str
    id: UUID


class VehicleKey(NamedTuple):
    """Primary key of a vehicle: the city it stands in and the id within it."""

    city: str
    id: UUID


class RideKey(NamedTuple):
    """Primary key of a ride: the vehicle's city and the id within it."""

    city: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Member:
    """A user with an account, as only this member sees it.

    `cities_ridden` names the cities where the member has ever ridden, so that their history is
    looked for there and nowhere else.
    """

    city: str
    id: UUID
    first_name: str
    last_name: str
    email: str
    username: str
    is_owner: bool
    active_ride_city: str | None
    active_ride_id: UUID | None
    cities_ridden: tuple[str, ...]

    @property
    def key(self) -> UserKey:
        """The member's primary key."""
        return UserKey(self.city, self.id)

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A member as the other members of the city see them."""

    id: UUID
    first_name: str
    is_owner: bool


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle in service: free to ride, or on a ride."""

    city: str
    id: UUID
    type: str
    color: str
    brand: str
    status: str
    last_location: str

    @property
    def is_free(self) -> bool:
        """True while anybody may start a ride with it."""
        return self.status == AVAILABLE


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride and what was ridden. `end_time`, `end_location` and `length` are None while active."""

    city: str
    id: UUID
    vehicle_type: str
    vehicle_brand: str
    start_location: str
    end_location: str | None
    start_time: datetime
    end_time: datetime | None
    length: timedelta | None

    @property
    def is_active(self) -> bool:
        """True until the ride is ended."""
        return self.end_time is None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next` is where the following page starts, None on the last one."""

    items: tuple[Item, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Home:
    """What the home page shows: who is looking (None for strangers) and what they can ride."""

    member: Member | None
    vehicles: Page[Vehicle]
