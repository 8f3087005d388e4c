"""The immutable types that class MovR returns. Times are in UTC.

Types of rows are named tuples, because a list page creates many of them and they are keys of the
fragment cache.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from movr.cities import Position
from movr.fares import Tariff, fare
from movr.formats import AVAILABLE
from movr.messages import Message
from movr.vehicle_states import VehicleState

Item = TypeVar("Item")

MOST_COUNTED = 1_000  # available vehicles; where there are more, the counts are of some of them


def _position(latitude: float | None, longitude: float | None) -> Position | None:
    return None if latitude is None or longitude is None else Position(latitude, longitude)


class UserKey(NamedTuple):
    """Primary key of a user: the home city and the id within it."""

    city: str
    id: UUID


class VehicleKey(NamedTuple):
    """Primary key of a vehicle: its city and the id within it."""

    city: str
    id: UUID


class RideKey(NamedTuple):
    """Primary key of a ride: the vehicle's city and the id within it."""

    city: str
    id: UUID


class ReportKey(NamedTuple):
    """Primary key of a report: the vehicle's city and the id within it."""

    city: str
    id: UUID


class StartedRide(NamedTuple):
    """The rider's active ride; `is_new` is False if an earlier call has started it."""

    key: RideKey
    is_new: bool


class ActiveRide(NamedTuple):
    """A rider's active ride, as recorded in the rider's row.

    The optional fields are None for a ride that was started by code before migration 0004.
    `tariff` is None for a ride that is free of charge.
    """

    city: str
    id: UUID
    vehicle_type: str | None
    vehicle_brand: str | None
    start_time: datetime | None
    start: Position | None
    tariff: Tariff | None

    @property
    def key(self) -> RideKey:
        """The ride's primary key."""
        return RideKey(self.city, self.id)


class Reservation(NamedTuple):
    """A rider's reservation that goes on, as recorded in the rider's row."""

    city: str
    public_id: UUID
    vehicle_type: str
    vehicle_brand: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Account:
    """What a person enters to register, and their language; named like the columns of users."""

    first_name: str
    last_name: str
    email: str
    username: str
    language: str | None = None


@dataclass(frozen=True, kw_only=True)
class Member(Account):
    """A user with an account, with the data that only this member may see.

    `cities_ridden` names the cities where the member has ever ridden; their history is searched
    only there. `staff_cities` are those where the member has a role.
    """

    city: str
    id: UUID
    email_verified_at: datetime | None
    is_owner: bool
    session_epoch: int
    receipts_by_mail: bool
    suspended_at: datetime | None
    staff_cities: tuple[str, ...]
    cities_ridden: tuple[str, ...]
    active_ride: ActiveRide | None
    reservation: Reservation | None

    @property
    def key(self) -> UserKey:
        """The member's primary key."""
        return UserKey(self.city, self.id)

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


class KeyedRequest(NamedTuple):
    """A request with an idempotency key: the id of the key's row, and the hash of the request.

    `result` is what a single statement stores if it makes the change, as JSON.
    """

    id: UUID
    fingerprint: str
    result: str = "null"


class AccessToken(NamedTuple):
    """A token of the API: whose it is, the id of its row, and the hash of its secret.

    `epoch` is that of the member's sessions when it was created. Only a statement that checks the
    token proves any of this. `request` is the request that it comes with, if that has a key.
    """

    user: UserKey
    id: UUID
    hash: str
    epoch: int = 0
    request: KeyedRequest | None = None


class TokenPair(NamedTuple):
    """New tokens of the API as texts, the id of their row, and how long the access token lasts."""

    id: UUID
    access: str
    refresh: str
    expires_in: timedelta


class ApiDevice(NamedTuple):
    """A device or program that uses the API for a member."""

    id: UUID
    device: str
    created_at: datetime
    last_used_at: datetime


class CityMember(NamedTuple):
    """A member with the data that other members of the city may see."""

    id: UUID
    first_name: str
    is_owner: bool


class Vehicle(NamedTuple):
    """A vehicle in service, available or in use, without the permanent id.

    `public_id` changes with each ride. Coordinates are in degrees (WGS 84); None if unknown.
    `number` is None for visitors, and for a vehicle that has none yet. Of reserved vehicles, riders
    see their own only, and owners all of theirs.
    """

    city: str
    public_id: UUID
    type: str
    color: str
    brand: str
    status: str
    last_location: str
    latitude: float | None
    longitude: float | None
    number: int | None = None
    is_reserved: bool = False

    @property
    def position(self) -> Position | None:
        """The position, if it is known."""
        return _position(self.latitude, self.longitude)

    @property
    def is_free(self) -> bool:
        """True if the vehicle is available, or reserved."""
        return self.status == AVAILABLE


class NewVehicle(NamedTuple):
    """A vehicle in a file that is imported; `reference` is its owner's own name for it."""

    line: int
    reference: str
    type: str
    brand: str
    color: str
    location: str
    position: Position | None


class LineError(NamedTuple):
    """What is wrong in a line of a file, and in which column; the whole file has no line.

    The sentence is a Message until it is translated.
    """

    line: int | None
    column: str
    sentence: str | Message


class NumberedVehicle(NamedTuple):
    """A vehicle that was found by its number, or of which the owner prints a label.

    Its place is left out: a rider who reads the number knows it, and others are not told.
    """

    city: str
    number: int
    public_id: UUID
    type: str
    color: str
    brand: str


class PublicVehicle(NamedTuple):
    """An available or reserved vehicle in the public feed, whose position is known."""

    public_id: str
    type: str
    latitude: float
    longitude: float
    is_reserved: bool


class NearbyVehicle(NamedTuple):
    """An available vehicle and its distance from the origin of the search, in metres.

    The distance is None if the vehicle's position is unknown.
    """

    vehicle: Vehicle
    distance: float | None


class TypeCount(NamedTuple):
    """The number of available vehicles of a type."""

    type: str
    vehicles: int


class MonthlyActivity(NamedTuple):
    """Sums of a vehicle's rides in the last 30 days; `distance` is in metres."""

    rides: int
    time: timedelta
    distance: int


class OwnedVehicle(NamedTuple):
    """A vehicle with the data that only its owner may see.

    `reports` is the number of open reports about it.
    """

    id: UUID
    remove_after_ride: bool
    state: VehicleState
    vehicle: Vehicle
    month: MonthlyActivity
    reports: int

    @property
    def key(self) -> VehicleKey:
        """The vehicle's primary key."""
        return VehicleKey(self.vehicle.city, self.id)


class VehicleEvent(NamedTuple):
    """A change of a vehicle's state in the words of MDS 2.0; `expires_at` is of a reservation."""

    happened_at: datetime
    event_types: tuple[str, ...]
    state: VehicleState
    expires_at: datetime | None


class ManagedVehicle(NamedTuple):
    """A vehicle as its owner manages it: its earnings by month and its history, newest first.

    `removed_at` may be in the future, while a rider has the vehicle reserved.
    """

    owned: OwnedVehicle
    paused_by: str | None
    removed_at: datetime | None
    earned: tuple["Sum", ...]
    history: "Page[VehicleEvent]"


class OpenReport(NamedTuple):
    """A problem that a member has reported about a vehicle, without the member.

    Coordinates are in degrees (WGS 84); None if the member did not say where the vehicle was.
    """

    city: str
    id: UUID
    kind: str
    words: str | None
    latitude: float | None
    longitude: float | None
    created_at: datetime
    vehicle_id: UUID
    vehicle_type: str
    vehicle_brand: str
    vehicle_number: int | None

    @property
    def position(self) -> Position | None:
        """The position, if it is known."""
        return _position(self.latitude, self.longitude)


class CityTariff(NamedTuple):
    """The prices of a vehicle type in a city from `valid_from` on, and its owner's share."""

    vehicle_type: str
    valid_from: datetime
    unlock_fee: int
    per_minute: int
    daily_cap: int
    owner_percent: int

    @property
    def prices(self) -> Tariff:
        """What a ride notes of it."""
        return Tariff(self.unlock_fee, self.per_minute, self.daily_cap)


class UnpaidFare(NamedTuple):
    """A fare that was charged to a rider and not paid yet, in the currency's minor unit."""

    ride_id: UUID
    rider_city: str
    rider_id: UUID
    amount: int
    currency: str

    @property
    def rider(self) -> UserKey:
        """The rider's primary key."""
        return UserKey(self.rider_city, self.rider_id)


class Sum(NamedTuple):
    """The sum of a month in one currency, in its minor unit; `month` is the first day."""

    month: date
    currency: str
    amount: int


class Earnings(NamedTuple):
    """What a vehicle has earned its owner in a month, which begins with the day `month`."""

    month: date
    vehicle_id: UUID
    vehicle_type: str
    vehicle_brand: str
    currency: str
    amount: int


class RideTotal(NamedTuple):
    """Sums of a rider's rides that began in a week or month; `distance` is in metres.

    `begin` is the first day of the period in the time zone of the rider's home city.
    """

    begin: date
    rides: int
    time: timedelta
    distance: int


class Ride(NamedTuple):
    """A ride and its vehicle. `end_time`, `end_location` and `length` are None while active.

    `distance` is in metres. It is None while the ride is active, if the position of its start or
    end is unknown, or if the ride was undone. `amount` is what the ride costs; None while it is
    active.
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
    undone: bool
    undo_reason: str | None
    vehicle_number: int | None = None
    unlock_fee: int | None = None
    per_minute: int | None = None
    daily_cap: int | None = None
    amount: int | None = None

    @property
    def tariff(self) -> Tariff | None:
        """The tariff at the start, or None if the ride is free of charge."""
        if self.unlock_fee is None or self.per_minute is None or self.daily_cap is None:
            return None
        return Tariff(self.unlock_fee, self.per_minute, self.daily_cap)

    @property
    def is_capped(self) -> bool:
        """True if the ride costs less than its tariff says, because staff have ended it."""
        if self.tariff is None or self.amount is None or self.length is None or self.undone:
            return False
        return self.amount < fare(self.tariff, self.length)

    @property
    def is_active(self) -> bool:
        """True until the ride is ended."""
        return self.end_time is None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next` is the key of the following page, None on the last one."""

    items: tuple[Item, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class MemberAndPage(Generic[Item]):
    """The session's member, or None if the session has ended, and a page of a list."""

    member: Member | None
    page: Page[Item]


@dataclass(frozen=True, slots=True)
class History:
    """A page of a rider's rides, with totals and spending by month and week; all newest first.

    `is_stale` is True for rides as they were some five seconds ago.
    """

    rides: Page[Ride]
    months: tuple[RideTotal, ...]
    weeks: tuple[RideTotal, ...]
    spent: tuple[Sum, ...] = ()
    is_stale: bool = False
