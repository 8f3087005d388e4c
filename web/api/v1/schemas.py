"""What operations take and return. Times are RFC 3339 in UTC, amounts in minor currency units."""

from datetime import datetime
from typing import Annotated, Literal, Self, cast
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from movr import results
from movr.cities import CITIES, served_city
from movr.formats import WORD_LENGTH

CitySlug = Annotated[str, Field(json_schema_extra={"enum": [city.slug for city in CITIES]})]
VehicleType = Literal["bike", "scooter", "skateboard"]  # those of movr/formats.py
Latitude = Annotated[float, Field(ge=-90, le=90, description="Degrees, WGS 84")]
Longitude = Annotated[float, Field(ge=-180, le=180, description="Degrees, WGS 84")]


class Input(BaseModel):
    """The base of what operations take: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


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

    username: str = Field(max_length=64)
    password: str = Field(max_length=128)
    device: str = Field(min_length=1, max_length=WORD_LENGTH)


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
    state: Literal["available", "reserved"]
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
            state="reserved" if vehicle.is_reserved else "available",
            place=vehicle.last_location,
            latitude=vehicle.latitude,
            longitude=vehicle.longitude,
            number=vehicle.number,
            distance=distance,
        )


class Vehicles(Output):
    """A page of vehicles, nearest first; `next` is the URL of the next one."""

    items: list[Vehicle]
    next: str | None


class Me(Output):
    """The member who calls."""

    id: UUID
    city: CitySlug
    username: str
    first_name: str
    last_name: str
    email: str
    email_verified: bool
    is_owner: bool
    suspended_at: datetime | None
