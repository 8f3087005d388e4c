"""The cities, and their available vehicles."""

from functools import partial
from typing import Annotated
from uuid import UUID

from apiflask import APIBlueprint
from pydantic import Field

from movr.cities import CITIES, Position
from movr.cities import City as ServedCity
from movr.geo import is_within
from movr.results import NearbyVehicle, Page
from movr.search import FIRST_PAGE, Search
from web.api.v1 import authentication
from web.api.v1.authentication import OPTIONAL, auth
from web.api.v1.caching import revalidated
from web.api.v1.cursors import AFTER, LONGEST, next_url, parsed_by
from web.api.v1.schemas import (
    Cities,
    City,
    CityMember,
    CityMembers,
    Input,
    Vehicle,
    Vehicles,
    VehicleType,
)
from web.context import movr, settings
from web.cursors import distance_and_id
from web.languages import gettext as _

blueprint = APIBlueprint("api_cities", __name__, url_prefix="/api/v1/cities", tag="Cities")


def _position(text: str) -> Position:
    latitude, longitude = map(float, text.split(","))
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004 - degrees
        raise ValueError(_("These are not degrees of latitude and longitude."))
    return Position(latitude, longitude)


class VehicleSearch(Input):
    """Which vehicles to list."""

    type: VehicleType | None = None
    near: Annotated[str, parsed_by(_position)] | None = Field(
        None, max_length=LONGEST, description="`<latitude>,<longitude>`; otherwise the centre"
    )
    after: Annotated[str, parsed_by(distance_and_id)] | None = AFTER


class MemberList(Input):
    """Which members to list."""

    after: Annotated[str, parsed_by(UUID)] | None = AFTER


@blueprint.get("")
@blueprint.output(Cities)
@blueprint.doc(operation_id="list_cities")
def index() -> Cities:
    """List the cities."""
    revalidated(by_all=True)
    return Cities(items=[_city(city) for city in CITIES])


@blueprint.get("/<city:city>/vehicles")
@auth.login_required(optional=True)
@blueprint.input(VehicleSearch, location="query", arg_name="wanted")
@blueprint.output(Vehicles)
@blueprint.doc(operation_id="list_vehicles", responses=[401, 404, 422], security=OPTIONAL)
def vehicles(city: ServedCity, wanted: VehicleSearch) -> Vehicles:
    """List the available vehicles of a city, nearest first.

    Members see the numbers on them, and the vehicle that they have reserved.
    """
    near = _position(wanted.near) if wanted.near else None
    search = Search(
        city=city,
        origin=near if near and is_within(city, near) else city.centre,
        size=settings().page_size,
        type=wanted.type,
        after=distance_and_id(wanted.after) if wanted.after else FIRST_PAGE,
    )
    page = _find(search)
    items = [_vehicle(found, is_near=search.origin == near) for found in page.items]
    return Vehicles(items=items, next=next_url(page.next))


@blueprint.get("/<city:city>/members")
@blueprint.auth_required(auth)
@blueprint.input(MemberList, location="query", arg_name="wanted")
@blueprint.output(CityMembers)
@blueprint.doc(operation_id="list_members", responses=[401, 404, 422])
def members(city: ServedCity, wanted: MemberList) -> CityMembers:
    """List the first names of the members whose home is the city."""
    after = UUID(wanted.after) if wanted.after else None
    page = authentication.read(
        movr().members_of_city, city.name, after=after, size=settings().page_size
    )
    items = [CityMember.model_validate(member) for member in page.items]
    return CityMembers(items=items, next=next_url(page.next))


def _find(search: Search) -> Page[NearbyVehicle]:
    if auth.current_user is None:
        return movr().vehicles(search)
    return authentication.read(partial(movr().vehicles_and_member, search=search))


def _city(city: ServedCity) -> City:
    return City(
        slug=city.slug,
        name=city.label,
        region=city.region,
        timezone=city.timezone.key,
        currency=city.currency,
        latitude=city.centre.latitude,
        longitude=city.centre.longitude,
    )


def _vehicle(found: NearbyVehicle, *, is_near: bool) -> Vehicle:
    distance = found.distance if is_near else None
    return Vehicle.of(found.vehicle, None if distance is None else round(distance))
