"""What operations take and return. Times are RFC 3339 in UTC, amounts in minor currency units."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from flask import url_for
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StrictBool,
    field_validator,
    model_validator,
)

from movr import formats, results
from movr.cities import CITIES, Position, find_city_by_slug, served_city
from movr.cities import City as ServedCity
from movr.fares import Tariff as Prices
from movr.formats import OTHER
from movr.vehicle_states import VehicleState
from web.api.v1.texts import (
    Cell,
    CellOfPlace,
    Name,
    Place,
    Reason,
    Reference,
    Remark,
    Word,
)
from web.context import site_url
from web.forms import UNREADABLE_TEXT, is_readable
from web.languages import gettext as _


def _known_city(slug: str) -> str:
    if find_city_by_slug(slug) is None:
        raise ValueError(_("MovR is not in this city."))
    return slug


CitySlug = Annotated[
    str,
    AfterValidator(_known_city),
    Field(json_schema_extra={"enum": [city.slug for city in CITIES]}),
]
VehicleType = Literal["bike", "scooter", "skateboard"]  # those of movr/formats.py
ReportKind = Literal["brakes", "tyre", "lock", "battery", "not_there", "dirty", "other"]  # as there
Latitude = Annotated[
    float, Field(ge=-90, le=90, strict=True, allow_inf_nan=False, description="Degrees, WGS 84")
]
Longitude = Annotated[
    float, Field(ge=-180, le=180, strict=True, allow_inf_nan=False, description="Degrees, WGS 84")
]


# Longer than allowed, so that letters can be composed (web/forms.py).
Password = Annotated[str, Field(max_length=4 * 128)]
ChosenPassword = Annotated[str, Field(max_length=4 * 128, description="10 to 128 characters")]
Email = Annotated[str, Field(max_length=formats.EMAIL_LENGTH)]


class Input(BaseModel):
    """The base of what operations take: unknown fields and unreadable texts are refused."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*")
    @classmethod
    def _is_readable(cls, value: object) -> object:
        if isinstance(value, str) and not is_readable(value):
            raise ValueError(_(UNREADABLE_TEXT))
        return value


class InCity(Input):
    """The base of what is in a city."""

    city: CitySlug

    @property
    def served_city(self) -> ServedCity:
        """The city of this slug."""
        return cast("ServedCity", find_city_by_slug(self.city))


class Output(BaseModel):
    """The base of what operations return, made from the results of class MovR."""

    model_config = ConfigDict(from_attributes=True)


class Problem(Output):
    """An error, as in RFC 9457."""

    type: str = Field(description="A URI that names the kind of problem")
    title: str
    status: int
    detail: str | None = Field(None, description="A sentence for people")
    errors: list["FieldError"] | None = None


class FieldError(Output):
    """What is wrong with a field of the request."""

    pointer: str = Field(description="A JSON pointer (RFC 6901) to the field, or its name")
    detail: str


class Credentials(Input):
    """A username with its password, and a name for the device that logs in."""

    username: str = Field(max_length=formats.USERNAME_LENGTH)
    password: Password
    device: Word


class Username(Input):
    """A username; usernames ignore case."""

    username: str = Field(max_length=formats.USERNAME_LENGTH)


class NewAccount(InCity, Username):
    """An account to open, with its home city."""

    first_name: Name
    last_name: Name
    email: Email
    password: ChosenPassword


class AccountKey(Output):
    """What names an account."""

    id: UUID
    city: CitySlug


class NewPassword(Input):
    """The current and a new password."""

    current: Password
    new: ChosenPassword


class NewEmail(Input):
    """A new email address, and the current password."""

    email: Email
    password: Password


class EmailChange(Output):
    """Whether the email address is the new one."""

    is_pending: bool = Field(description="True until the link in the letter is opened")


class Language(Input):
    """The language of a member's letters."""

    language: Literal["en", "es", "fr", "it", "nl"]  # those of web/languages.py


class Deletion(Input):
    """The current password, and the member's confirmation."""

    password: Password
    confirm: Literal[True]


class MyData(RootModel[dict[str, list[dict[str, Any]]]]):
    """All that MovR keeps about a member: for each table, its rows."""


class RefreshToken(Input):
    """A refresh token."""

    refresh_token: str = Field(max_length=200)


class Tokens(Output):
    """An access token and the refresh token that gets the next pair, as in RFC 6749."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - no password
    expires_in: int = Field(description="Seconds until the access token ends")


class Device(Output):
    """A device or program that has tokens."""

    id: UUID
    device: str
    created_at: AwareDatetime
    last_used_at: AwareDatetime


class Devices(Output):
    """All devices of the member, oldest first."""

    items: list[Device]


class City(Output):
    """A city where MovR rents vehicles."""

    slug: CitySlug
    name: str
    region: str
    timezone: str
    currency: str
    latitude: Latitude
    longitude: Longitude


class CityMember(Output):
    """A member, as other members of the city see them."""

    first_name: str
    is_owner: bool


class CityMembers(Output):
    """A page of members; `next` is the URL of the next one."""

    items: list[CityMember]
    next: str | None


class Cities(Output):
    """All cities."""

    items: list[City]


class Vehicle(Output):
    """An available vehicle. Its id changes with each ride."""

    id: UUID
    city: CitySlug
    type: VehicleType
    brand: str
    color: str
    state: VehicleState = Field(description="Available, or reserved by the member")
    place: str
    latitude: Latitude | None
    longitude: Longitude | None
    number: int | None = Field(description="What stands on the vehicle; for members only")
    distance: int | None = Field(None, description="Metres from the position of the search")

    @classmethod
    def of(cls, vehicle: results.Vehicle, distance: int | None = None) -> Self:
        """Return the vehicle that class MovR has found, with its distance if that is known."""
        return cls(
            id=vehicle.public_id,
            city=served_city(vehicle.city).slug,
            type=cast("VehicleType", vehicle.type),
            brand=vehicle.brand,
            color=vehicle.color,
            state=VehicleState.RESERVED if vehicle.is_reserved else VehicleState.AVAILABLE,
            place=vehicle.last_location,
            latitude=vehicle.latitude,
            longitude=vehicle.longitude,
            number=vehicle.number,
            distance=distance,
        )


class NumberedVehicle(Output):
    """A vehicle that was found by its number, without its place."""

    id: UUID
    city: CitySlug
    type: VehicleType
    brand: str
    color: str
    number: int

    @classmethod
    def of(cls, vehicle: results.NumberedVehicle) -> Self:
        """Return the vehicle that class MovR has found."""
        return cls(
            id=vehicle.public_id,
            city=served_city(vehicle.city).slug,
            type=cast("VehicleType", vehicle.type),
            brand=vehicle.brand,
            color=vehicle.color,
            number=vehicle.number,
        )


class Vehicles(Output):
    """A page of vehicles, nearest first; `next` is the URL of the next one."""

    items: list[Vehicle]
    next: str | None


class VehicleToTake(InCity):
    """The vehicle to reserve or to ride, by its present id."""

    vehicle_id: UUID


class Reservation(Output):
    """A reservation, which ends by itself."""

    city: CitySlug
    vehicle_id: UUID
    until: AwareDatetime

    @classmethod
    def of(cls, reserved: results.Reservation) -> Self:
        """Return the reservation of a member."""
        slug = served_city(reserved.city).slug
        return cls(city=slug, vehicle_id=reserved.public_id, until=reserved.until)


class RideKey(Output):
    """What names a ride."""

    id: UUID
    city: CitySlug


class RideLink(RideKey):
    """What names a ride of the member, and the URL of the ride with its receipt."""

    url: str


class Me(Output):
    """The member who calls."""

    id: UUID
    city: CitySlug
    username: str
    first_name: str
    last_name: str
    email: str
    email_verified: bool
    receipts_by_mail: bool
    is_owner: bool
    suspended_at: datetime | None
    active_ride: RideKey | None
    reservation: Reservation | None


class Located(Input):
    """The base of what has a position or none."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @property
    def position(self) -> Position | None:
        """The position, if it was sent."""
        if self.latitude is None or self.longitude is None:
            return None
        return Position(self.latitude, self.longitude)

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError(_("Please send latitude and longitude together."))
        return self


class Whereabouts(Located):
    """Where the rider is: a position, or a place in words, which may be looked up."""

    place: Place | None = None


class Parking(Whereabouts):
    """Where a vehicle is left."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if not (self.position or self.place):
            raise ValueError(_("Please send a position, a place or both."))
        return self


class UndoReason(Input):
    """Why a ride was undone."""

    reason: Literal[
        "Wrong vehicle",
        "It does not work",
        "It is damaged",
        "I changed my mind",
        "Something else",
    ]  # those of movr/formats.py
    words: Remark | None = None

    @property
    def text(self) -> str:
        """The reason, with the words if there are any."""
        return f"{self.reason}: {self.words}" if self.words else self.reason


class Money(Output):
    """An amount in the currency's minor unit, such as cents."""

    amount: int
    currency: str


class Tariff(Output):
    """What a ride costs: to unlock, for each minute begun, and at most a day; in minor units."""

    unlock_fee: int
    per_minute: int
    daily_cap: int
    currency: str

    @classmethod
    def of(cls, prices: Prices, currency: str) -> Self:
        """Return the prices that a ride has noted."""
        return cls(**prices._asdict(), currency=currency)


class Ride(Output):
    """A ride, and its receipt once it has ended."""

    id: UUID
    city: CitySlug
    vehicle_type: VehicleType
    vehicle_brand: str
    vehicle_number: int | None
    start_place: str
    start_time: AwareDatetime
    end_place: str | None
    end_time: AwareDatetime | None
    duration: int | None = Field(description="Seconds")
    distance: int | None = Field(description="Metres; null if one of the positions is not known")
    tariff: Tariff | None = Field(description="The prices at the start; null if it is free")
    cost: Money | None = Field(description="Null while the ride goes on")
    undone: bool
    undo_reason: str | None

    @classmethod
    def of(cls, ride: results.Ride) -> Self:
        """Return a ride of the member."""
        city = served_city(ride.city)
        return cls(
            id=ride.id,
            city=city.slug,
            vehicle_type=cast("VehicleType", ride.vehicle_type),
            vehicle_brand=ride.vehicle_brand,
            vehicle_number=ride.vehicle_number,
            start_place=ride.start_location,
            start_time=ride.start_time,
            end_place=ride.end_location,
            end_time=ride.end_time,
            duration=None if ride.length is None else round(ride.length.total_seconds()),
            distance=ride.distance,
            tariff=ride.tariff and Tariff.of(ride.tariff, city.currency),
            cost=None if ride.amount is None else Money(amount=ride.amount, currency=city.currency),
            undone=ride.undone,
            undo_reason=ride.undo_reason,
        )


class RideTotal(Output):
    """The rides that began in a week or month, which starts with the day `begin`."""

    begin: date
    rides: int
    duration: int = Field(description="Seconds")
    distance: int = Field(description="Metres")

    @classmethod
    def of(cls, total: results.RideTotal) -> Self:
        """Return the sums of a period."""
        return cls(
            begin=total.begin,
            rides=total.rides,
            duration=round(total.time.total_seconds()),
            distance=total.distance,
        )


class Spending(Output):
    """What the member's rides cost in a month, which starts with the day `month`."""

    month: date
    spent: Money


class RideTotals(Output):
    """The sums of a member's rides by month for a year, and by week for half a year."""

    months: list[RideTotal]
    weeks: list[RideTotal]
    spending: list[Spending]

    @classmethod
    def of(cls, history: results.History) -> Self:
        """Return the sums of a history, newest first."""
        return cls(
            months=[RideTotal.of(total) for total in history.months],
            weeks=[RideTotal.of(total) for total in history.weeks],
            spending=[
                Spending(month=total.month, spent=Money.model_validate(total))
                for total in history.spent
            ],
        )


class Rides(Output):
    """A page of rides, newest first; `next` is the URL of the next one."""

    items: list[Ride]
    next: str | None


class Names(Input):
    """The member's names."""

    first_name: Name
    last_name: Name


class ReceiptsByMail(Input):
    """Whether the member wants the receipt of each ride by email."""

    by_mail: StrictBool


class Description(Input):
    """What a vehicle looks like."""

    color: Word
    brand: Word


class NewVehicle(Description, Parking):
    """A vehicle to add, and where it stands."""

    type: VehicleType


class ListedVehicle(Located):
    """A vehicle of a list, with its owner's own reference for it."""

    reference: Reference
    type: VehicleType
    brand: Cell
    color: Cell
    place: CellOfPlace

    def as_line(self, number: int) -> results.NewVehicle:
        """Return it as the line of this number of a file."""
        return results.NewVehicle(
            line=number,
            reference=self.reference,
            type=self.type,
            brand=self.brand,
            color=self.color,
            location=self.place,
            position=self.position,
        )


class VehicleList(Input):
    """Vehicles to add, or to check only."""

    vehicles: list[ListedVehicle] = Field(min_length=1, max_length=5_000)  # as a file
    dry_run: StrictBool = Field(default=False, description="Check the vehicles only, and add none")


class ImportedVehicles(Output):
    """How many vehicles are new and how many were added before."""

    new: int
    known: int
    added: bool = Field(description="False if they were checked only")


class AddedVehicle(Output):
    """The permanent id of a vehicle, which only its owner sees."""

    id: UUID


class Departure(Output):
    """Whether a vehicle is out of service now."""

    is_pending: bool = Field(
        description="True while a rider has the vehicle, which leaves service when they are done"
    )


class Activity(Output):
    """Sums of a vehicle's rides."""

    rides: int
    duration: int = Field(description="Seconds")
    distance: int = Field(description="Metres")


def _label_url(vehicle: results.Vehicle) -> str | None:
    """Return the URL of the page of a vehicle's number, if it has one."""
    if vehicle.number is None:
        return None
    city = served_city(vehicle.city)
    return f"{site_url()}{url_for('numbers.show', city=city, number=vehicle.number)}"


class OwnedVehicle(Output):
    """A vehicle as its owner sees it."""

    id: UUID = Field(description="The permanent id, which only the owner sees")
    vehicle_id: UUID = Field(description="The id by which riders know it until its next ride")
    city: CitySlug
    number: int | None
    label_url: str | None = Field(description="What the QR code on its label leads to")
    type: VehicleType
    brand: str
    color: str
    state: VehicleState
    place: str
    latitude: Latitude | None
    longitude: Longitude | None
    is_leaving: bool = Field(description="Removed, or about to be; it can be restored")
    open_reports: int
    last_30_days: Activity

    @classmethod
    def of(cls, owned: results.OwnedVehicle, **more: Any) -> Self:
        """Return a vehicle of the member."""
        vehicle, month = owned.vehicle, owned.month
        return cls(
            id=owned.id,
            vehicle_id=vehicle.public_id,
            city=served_city(vehicle.city).slug,
            number=vehicle.number,
            label_url=_label_url(vehicle),
            type=cast("VehicleType", vehicle.type),
            brand=vehicle.brand,
            color=vehicle.color,
            state=owned.state,
            place=vehicle.last_location,
            latitude=vehicle.latitude,
            longitude=vehicle.longitude,
            is_leaving=owned.remove_after_ride,
            open_reports=owned.reports,
            last_30_days=Activity(
                rides=month.rides,
                duration=round(month.time.total_seconds()),
                distance=month.distance,
            ),
            **more,
        )


class OwnedVehicles(Output):
    """A page of the member's vehicles; `next` is the URL of the next one."""

    items: list[OwnedVehicle]
    next: str | None


class Month(Output):
    """What a vehicle has earned in a month."""

    month: date = Field(description="The first day")
    earned: Money


class VehicleEvent(Output):
    """A change of a vehicle's state, in the words of MDS 2.0."""

    happened_at: AwareDatetime
    event_types: tuple[str, ...]
    state: VehicleState
    expires_at: AwareDatetime | None = Field(description="When the reservation ends")


class VehicleEvents(Output):
    """A page of a vehicle's events, newest first; `next` is the URL of the next one."""

    items: list[VehicleEvent]
    next: str | None


class ManagedVehicle(OwnedVehicle):
    """A vehicle with its history, and what it has earned in the months of the last year."""

    paused_by: Literal["owner", "reports", "staff"] | None
    removed_at: AwareDatetime | None
    earned: list[Month]
    history: VehicleEvents

    @classmethod
    def of_managed(cls, managed: results.ManagedVehicle, next_events: str | None) -> Self:
        """Return a vehicle of the member, with the URL of the next page of its history."""
        events = [VehicleEvent.model_validate(event) for event in managed.history.items]
        return cls.of(
            managed.owned,
            paused_by=managed.paused_by,
            removed_at=managed.removed_at,
            earned=[
                Month(month=each.month, earned=Money.model_validate(each))
                for each in managed.earned
            ],
            history=VehicleEvents(items=events, next=next_events),
        )


class MonthlyEarnings(Month):
    """What one of the member's vehicles has earned in a month."""

    id: UUID = Field(description="The permanent id of the vehicle")
    type: VehicleType
    brand: str

    @classmethod
    def of(cls, earnings: results.Earnings) -> Self:
        """Return what a vehicle of the member has earned."""
        return cls(
            month=earnings.month,
            earned=Money.model_validate(earnings),
            id=earnings.vehicle_id,
            type=cast("VehicleType", earnings.vehicle_type),
            brand=earnings.vehicle_brand,
        )


class Earnings(Output):
    """A page of earnings, newest first; `next` is the URL of the next one."""

    items: list[MonthlyEarnings]
    next: str | None


class NewReport(Located):
    """A problem with a vehicle, and where the vehicle was."""

    kind: ReportKind
    words: Reason | None = Field(None, description="What is wrong, if the kind is `other`")

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.kind == OTHER and not self.words:
            raise ValueError(_("Please say what is wrong."))
        return self


class Report(Output):
    """An open report about a vehicle of the member."""

    id: UUID
    kind: ReportKind
    words: str | None
    latitude: Latitude | None
    longitude: Longitude | None
    created_at: AwareDatetime


class Reports(Output):
    """The open reports about a vehicle, oldest first; at most 100."""

    items: list[Report]
    next: None = None


class Outcome(Input):
    """What came of a report."""

    outcome: Literal["mended", "no_fault"]
