"""What staff of a city read: frozen types without ORM objects."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from movr.cities import Position
from movr.formats import MANAGER, MECHANIC, SUPPORT
from movr.results import Member, Page, UserKey

Item = TypeVar("Item")

OVERDUE_AFTER: Final = timedelta(hours=4)  # of a ride
IDLE_AFTER: Final = timedelta(days=7)  # without a ride
IDLE, OUT_OF_SERVICE, MISSING = "idle", "out", "missing"  # lists of vehicles
MOST_FOUND: Final = 20  # members by a search
SHORTEST_SEARCH: Final = 3  # letters of a username


@dataclass(frozen=True, slots=True)
class Staff:
    """The member, or None if their session or token has ended, and their roles in the city.

    `is_permitted` says whether one of the roles permits what was read; otherwise it is empty.
    """

    member: Member | None
    roles: frozenset[str]
    is_permitted: bool

    @property
    def is_manager(self) -> bool:
        """True for managers."""
        return MANAGER in self.roles

    @property
    def is_support(self) -> bool:
        """True for those who see members, rides and money."""
        return self.is_manager or SUPPORT in self.roles

    @property
    def is_mechanic(self) -> bool:
        """True for those who see to vehicles."""
        return self.is_manager or MECHANIC in self.roles


class HasStaff(Protocol):
    """What class StaffLists returns."""

    @property
    def staff(self) -> Staff:
        """The member and their roles."""


@dataclass(frozen=True, slots=True)
class StaffList(Generic[Item]):
    """A page of a list."""

    staff: Staff
    page: Page[Item]


class HistoryItem(NamedTuple):
    """Something that happened to a vehicle, ride or member.

    `source` says what it is ("event", "report", "ride", "vehicle", "ledger" or "audit"), `word` its
    kind. Those of an event are the types of MDS 2.0, and `words` the state to which it has led.
    `id` is that of the thing itself, `ride_id` that of a ride that caused it. `amount` is in the
    currency's minor unit.
    """

    at: datetime
    id: UUID
    source: str
    word: str
    words: str | None
    ride_id: UUID | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class StaffView(Generic[Item]):
    """One vehicle, ride, member or report, or None if there is none, and its history."""

    staff: Staff
    subject: Item | None
    history: Page[HistoryItem]


class Overview(NamedTuple):
    """How much there is to do in a city; each number is at most MOST_COUNTED + 1.

    What the reader's roles do not include is 0.
    """

    under_way: int
    overdue: int
    idle: int
    out_of_service: int
    missing: int
    reports: int
    dead_letters: int


class NumberedId(NamedTuple):
    """The id of the vehicle that has a number."""

    id: UUID


class RideUnderWay(NamedTuple):
    """A ride that goes on, and its vehicle."""

    id: UUID
    start_time: datetime
    start_location: str
    vehicle_id: UUID
    vehicle_type: str
    vehicle_brand: str
    vehicle_number: int | None


class StaffVehicle(NamedTuple):
    """A vehicle as staff of its city see it. `state` is one of MDS 2.0's.

    `since` is when it was last ridden, or added.
    """

    id: UUID
    number: int | None
    type: str
    color: str
    brand: str
    state: str
    paused_by: str | None
    last_location: str
    latitude: float | None
    longitude: float | None
    since: datetime
    removed_at: datetime | None
    owner_id: UUID

    @property
    def position(self) -> Position | None:
        """The position, if it is known."""
        if self.latitude is None or self.longitude is None:
            return None
        return Position(self.latitude, self.longitude)


class StaffRide(NamedTuple):
    """A ride as staff of its city see it. `amount` is in the minor unit of the city's currency.

    `rider_name` is the username of a rider whose home is this city; None for other riders.
    """

    id: UUID
    vehicle_id: UUID
    vehicle_type: str
    vehicle_brand: str
    vehicle_number: int | None
    rider_city: str
    rider_id: UUID
    rider_name: str | None
    start_location: str
    end_location: str | None
    start_time: datetime
    end_time: datetime | None
    length: timedelta | None
    distance: int | None
    undone: bool
    amount: int | None


class FoundMember(NamedTuple):
    """A member whose home is the city, found by staff."""

    id: UUID
    username: str
    first_name: str
    last_name: str


class StaffMember(NamedTuple):
    """A member as staff of their home city see them."""

    city: str
    id: UUID
    username: str
    first_name: str
    last_name: str
    email: str
    email_verified_at: datetime | None
    suspended_at: datetime | None
    is_owner: bool

    @property
    def key(self) -> UserKey:
        """The member's primary key."""
        return UserKey(self.city, self.id)


class StaffReport(NamedTuple):
    """A problem that a rider has reported, and its vehicle; `closed_at` is None if it is open."""

    id: UUID
    kind: str
    words: str | None
    created_at: datetime
    closed_at: datetime | None
    outcome: str | None
    vehicle_id: UUID
    vehicle_type: str
    vehicle_brand: str
    vehicle_number: int | None
    ride_id: UUID | None


class SumOfDay(NamedTuple):
    """The sum of a day's ledger entries of a kind and an account, in the currency's minor unit.

    With `ride_id` it is a payment to be returned: the fare of this ride is paid and refunded.
    """

    kind: str
    account: str
    currency: str
    entries: int
    amount: int
    ride_id: UUID | None


class DeadLetter(NamedTuple):
    """A letter that could not be delivered; `error` is the type of the last failure."""

    id: UUID
    kind: str
    created_at: datetime
    failed_at: datetime
    attempts: int
    error: str | None
    user_id: UUID | None


class AuditLine(NamedTuple):
    """A row of the audit. `before` and `after` are JSON texts; the actor is None for an operator.

    `actor_name` is the username of an actor whose home is this city; None for others.
    """

    happened_at: datetime
    id: UUID
    actor_city: str | None
    actor_id: UUID | None
    actor_name: str | None
    action: str
    subject_kind: str
    subject_city: str
    subject_id: UUID
    before: str | None
    after: str | None
    reason: str


class Grant(NamedTuple):
    """A role that a member has in the city.

    `username` is that of a member whose home is this city; None for others.
    """

    user_city: str
    user_id: UUID | None
    role: str
    granted_at: datetime
    username: str | None
