"""What the operations of staff take and return, by the rules of web/api/v1/schemas.py."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from movr.cities import City, served_city
from movr.results import Page
from movr.staff import results
from movr.staff.permissions import Action
from movr.vehicle_states import VehicleState
from web.api.v1.cursors import AFTER, next_url, parsed_by, time_and_id
from web.api.v1.schemas import (
    CitySlug,
    Input,
    Latitude,
    Longitude,
    Money,
    Output,
    Parking,
    ReportKind,
    VehicleList,
    VehicleType,
)
from web.api.v1.texts import Reason

Role = Literal["support", "mechanic", "manager"]  # those of movr/formats.py


class TimePage(Input):
    """Which page to return of a list or history."""

    after: Annotated[str, parsed_by(time_and_id)] | None = AFTER


class Why(Input):
    """Why staff do something."""

    reason: Reason = Field(description="Managers can read it in the audit")


class PlaceByStaff(Parking, Why):
    """Where a vehicle is, as staff of its city see it."""


class VehicleListByStaff(VehicleList, Why):
    """Vehicles to add for a member, or to check only."""


class OutcomeByStaff(Why):
    """What came of a report."""

    outcome: Literal["mended", "no_fault"]


class NewRole(Why):
    """A role in the city."""

    role: Role


class Done(Output):
    """Whether an action has changed something, now or by an earlier request with its key."""

    changed: bool


class StaffCities(Output):
    """The cities in which the member has a role."""

    items: list[CitySlug]


class Overview(Output):
    """How much there is to do. Each number is at most 1,000, and 0 without the role to see it."""

    under_way: int = Field(description="Rides under way")
    overdue: int = Field(description="Rides that began more than four hours ago")
    idle: int = Field(description="Available vehicles that nobody has ridden for a week")
    out_of_service: int
    missing: int
    reports: int = Field(description="Open reports")
    dead_letters: int = Field(description="Letters that could not be delivered")


class HistoryItem(Output):
    """Something that happened. `word` is its kind, and `words` are what was said or led to."""

    at: AwareDatetime
    id: UUID
    source: Literal["event", "report", "ride", "vehicle", "ledger", "audit"]
    word: str
    words: str | None
    ride_id: UUID | None
    amount: Money | None

    @classmethod
    def of(cls, item: results.HistoryItem, city: City) -> Self:
        """Return an item of a history in this city."""
        return cls(**item._asdict() | {"amount": money(item.amount, city)})


class History(Output):
    """A page of a history, newest first; `next` is the URL of the next one."""

    items: list[HistoryItem]
    next: str | None

    @classmethod
    def of(cls, page: Page[results.HistoryItem], city: City) -> Self:
        """Return a page of a history in this city."""
        items = [HistoryItem.of(item, city) for item in page.items]
        return cls(items=items, next=next_url(page.next))


class RideUnderWay(Output):
    """A ride that goes on, and its vehicle by its permanent id."""

    id: UUID
    start_time: AwareDatetime
    start_place: str
    vehicle_id: UUID
    vehicle_type: VehicleType
    vehicle_brand: str
    vehicle_number: int | None

    @classmethod
    def of(cls, ride: results.RideUnderWay) -> Self:
        """Return a ride that class StaffLists has found."""
        return cls(**ride._asdict(), start_place=ride.start_location)


class RidesUnderWay(Output):
    """A page of the rides under way, the longest first; `next` is the URL of the next one."""

    items: list[RideUnderWay]
    next: str | None


class StaffRide(Output):
    """A ride in the city. `rider_name` is the username of a rider whose home is the city."""

    id: UUID
    vehicle_id: UUID
    vehicle_type: VehicleType
    vehicle_brand: str
    vehicle_number: int | None
    rider_city: CitySlug
    rider_id: UUID
    rider_name: str | None
    start_place: str
    start_time: AwareDatetime
    end_place: str | None
    end_time: AwareDatetime | None
    duration: int | None = Field(description="Seconds")
    distance: int | None = Field(description="Metres; null if one of the positions is not known")
    cost: Money | None
    undone: bool
    history: History

    @classmethod
    def of(cls, ride: results.StaffRide, city: City, history: History) -> Self:
        """Return a ride in this city, with what was booked and done for it."""
        changed = {
            "rider_city": served_city(ride.rider_city).slug,
            "start_place": ride.start_location,
            "end_place": ride.end_location,
            "duration": None if ride.length is None else round(ride.length.total_seconds()),
            "cost": money(ride.amount, city),
        }
        return cls(**ride._asdict() | changed, history=history)


class StaffVehicle(Output):
    """A vehicle by its permanent id. `since` is when it was last ridden, or added."""

    id: UUID
    number: int | None
    type: VehicleType
    brand: str
    color: str
    state: VehicleState
    paused_by: Literal["owner", "reports", "staff"] | None
    place: str
    latitude: Latitude | None
    longitude: Longitude | None
    since: AwareDatetime
    removed_at: AwareDatetime | None
    owner_id: UUID

    @classmethod
    def of(cls, vehicle: results.StaffVehicle, **more: object) -> Self:
        """Return a vehicle that class StaffLists has found."""
        return cls(**vehicle._asdict() | more, place=vehicle.last_location)


class StaffVehicleWithHistory(StaffVehicle):
    """A vehicle, and what happened to it."""

    history: History


class StaffVehicles(Output):
    """A page of vehicles, those first that were not ridden for the longest time."""

    items: list[StaffVehicle]
    next: str | None


class NumberedId(Output):
    """The permanent id of the vehicle that has a number."""

    id: UUID


class FoundMember(Output):
    """A member whose home is the city."""

    id: UUID
    username: str
    first_name: str
    last_name: str


class FoundMembers(Output):
    """The members that a search has found, at most 20."""

    items: list[FoundMember]
    has_more: bool


class StaffMember(FoundMember):
    """A member whose home is the city, and what they did in it."""

    email: str
    email_verified: bool
    suspended_at: AwareDatetime | None
    is_owner: bool
    history: History

    @classmethod
    def of(cls, member: results.StaffMember, history: History) -> Self:
        """Return a member that class StaffLists has found."""
        is_verified = member.email_verified_at is not None
        return cls(**member._asdict(), email_verified=is_verified, history=history)


class StaffReport(Output):
    """A problem that a rider has reported, and its vehicle; `closed_at` is null if it is open."""

    id: UUID
    kind: ReportKind
    words: str | None
    created_at: AwareDatetime
    closed_at: AwareDatetime | None
    outcome: str | None
    vehicle_id: UUID
    vehicle_type: VehicleType
    vehicle_brand: str
    vehicle_number: int | None
    ride_id: UUID | None


class StaffReportWithHistory(StaffReport):
    """A report, and what staff did about it."""

    history: History


class StaffReports(Output):
    """A page of the open reports, the oldest first; `next` is the URL of the next one."""

    items: list[StaffReport]
    next: str | None


class SumOfDay(Output):
    """The sum of a day's ledger entries of a kind and an account."""

    kind: str
    account: str
    entries: int
    sum: Money

    @classmethod
    def of(cls, sum_: results.SumOfDay) -> Self:
        """Return a sum that class StaffLists has found."""
        total = Money(amount=sum_.amount, currency=sum_.currency)
        return cls(kind=sum_.kind, account=sum_.account, entries=sum_.entries, sum=total)


class Credit(Output):
    """A payment to be returned by the payment service: the fare of this ride is refunded."""

    ride_id: UUID
    sum: Money


class SumsOfDay(Output):
    """What was booked on a day of the city's calendar, and which payments are to be returned."""

    day: date
    items: list[SumOfDay]
    to_return: list[Credit]

    @classmethod
    def of(cls, day: date, booked: Iterable[results.SumOfDay]) -> Self:
        """Return what class StaffLists has found."""
        sums, credits_ = list[SumOfDay](), list[Credit]()
        for each in booked:
            if each.ride_id:
                total = Money(amount=each.amount, currency=each.currency)
                credits_.append(Credit(ride_id=each.ride_id, sum=total))
            else:
                sums.append(SumOfDay.of(each))
        return cls(day=day, items=sums, to_return=credits_)


class DeadLetter(Output):
    """A letter that could not be delivered; `error` is the type of the last failure."""

    id: UUID
    kind: str
    created_at: AwareDatetime
    failed_at: AwareDatetime
    attempts: int
    error: str | None
    user_id: UUID | None


class DeadLetters(Output):
    """A page of the letters that could not be delivered, newest first."""

    items: list[DeadLetter]
    next: str | None


class AuditLine(Output):
    """What staff did, and why. The actor is null for an operator at the command line."""

    id: UUID
    happened_at: AwareDatetime
    actor_city: CitySlug | None
    actor_id: UUID | None
    actor_name: str | None = Field(description="The username, if the actor's home is the city")
    action: Action
    subject_kind: str
    subject_city: CitySlug
    subject_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str

    @classmethod
    def of(cls, line: results.AuditLine) -> Self:
        """Return a line that class StaffLists has found."""
        changed = {
            "actor_city": line.actor_city and served_city(line.actor_city).slug,
            "subject_city": served_city(line.subject_city).slug,
            "before": line.before and json.loads(line.before),
            "after": line.after and json.loads(line.after),
        }
        return cls(**line._asdict() | changed)


class Audit(Output):
    """A page of what staff did, newest first; `next` is the URL of the next one."""

    items: list[AuditLine]
    next: str | None


class Grant(Output):
    """A role that a member has in the city; their home may be another one."""

    city: CitySlug = Field(description="The member's home")
    user_id: UUID | None
    role: Role
    granted_at: AwareDatetime
    username: str | None = Field(description="Null for members of other cities")

    @classmethod
    def of(cls, grant: results.Grant) -> Self:
        """Return a role that class StaffLists has found."""
        return cls(**grant._asdict(), city=served_city(grant.user_city).slug)


class Grants(Output):
    """A page of the roles in the city; `next` is the URL of the next one."""

    items: list[Grant]
    next: str | None


def money(amount: int | None, city: City) -> Money | None:
    """Return an amount in the city's currency."""
    return None if amount is None else Money(amount=amount, currency=city.currency)
