"""What leaves the database: frozen facts in the words of the domain, times in UTC.

Rows are named tuples: a list makes a hundred of them, and pieces of pages are looked up by them.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from movr.cities import Position
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


class ActiveRide(NamedTuple):
    """A ride under way, as the rider's own row tells it.

    Of one that code of before migration 0004 started, the row says no more than which it is.
    """

    city: str
    id: UUID
    vehicle_type: str | None
    vehicle_brand: str | None
    start_time: datetime | None
    start: Position | None

    @property
    def key(self) -> RideKey:
        """The ride's primary key."""
        return RideKey(self.city, self.id)


class Member(NamedTuple):
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
    session_epoch: int
    cities_ridden: tuple[str, ...]
    active_ride: ActiveRide | None

    @property
    def key(self) -> UserKey:
        """The member's primary key."""
        return UserKey(self.city, self.id)

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


class CityMember(NamedTuple):
    """A member as the other members of the city see them."""

    id: UUID
    first_name: str
    is_owner: bool


class Vehicle(NamedTuple):
    """A vehicle in service: free to ride, or on a ride."""

    city: str
    id: UUID
    type: str
    color: str
    brand: str
    status: str
    last_location: str
    latitude: float
    longitude: float

    @property
    def key(self) -> VehicleKey:
        """The vehicle's primary key."""
        return VehicleKey(self.city, self.id)

    @property
    def position(self) -> Position:
        """Where it stands, as far as anybody knows."""
        return Position(self.latitude, self.longitude)

    @property
    def is_free(self) -> bool:
        """True while anybody may start a ride with it."""
        return self.status == AVAILABLE


class PublicVehicle(NamedTuple):
    """A free vehicle as other maps show it: under a name that lasts until its next ride."""

    public_id: UUID
    type: str
    latitude: float
    longitude: float


class NearbyVehicle(NamedTuple):
    """A vehicle and how far away it stands, in metres over the ground."""

    vehicle: Vehicle
    distance: float


class MonthlyActivity(NamedTuple):
    """What a vehicle did in the last 30 days: rides, time, metres."""

    rides: int
    time: timedelta
    distance: int


class OwnedVehicle(NamedTuple):
    """A vehicle as its owner sees it."""

    vehicle: Vehicle
    month: MonthlyActivity


class RideTotal(NamedTuple):
    """The rides that began in a week or month, which is named by its first day where they rode."""

    begin: date
    rides: int
    time: timedelta
    distance: int


class Ride(NamedTuple):
    """A ride and what was ridden. `end_time`, `end_location` and `length` are None while active.

    `distance` is in metres; None while active, and if nobody knew where it ended.
    """

    city: str
    id: UUID
    vehicle_type: str
    vehicle_brand: str
    start_location: str
    end_location: str | None
    start_time: datetime
    end_time: datetime | None
    length: timedelta | None
    distance: int | None

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
class MemberAndPage(Generic[Item]):
    """Who is looking (None once their sessions ended), and a page of what they look for."""

    member: Member | None
    page: Page[Item]


@dataclass(frozen=True, slots=True)
class History:
    """A page of a rider's rides, the newest first; and what they add up to, the newest first."""

    rides: Page[Ride]
    months: tuple[RideTotal, ...]
    weeks: tuple[RideTotal, ...]
