"""Search for vehicles by the query string, `?type=bike&near=40.7,-74.0`, or by public id or number.

The current member is read in the same round trip.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from uuid import UUID

from flask import abort, request
from flask_login import current_user

from movr.cities import City, Position
from movr.errors import VehicleNotFound
from movr.formats import VEHICLE_TYPES
from movr.geo import is_within
from movr.results import NearbyVehicle, NumberedVehicle, Page, TypeCount, Vehicle
from movr.search import FIRST_PAGE, Search
from web.context import movr, settings
from web.geoutils import parse_position
from web.pages import earlier_vehicles, pagination


@dataclass(frozen=True, slots=True)
class VehicleSearch:
    """A search, and details of its origin that the page shows."""

    search: Search
    from_visitor: bool
    is_too_far: bool

    @property
    def visitor(self) -> Position | None:
        """The visitor's position, if distances are measured from it, and shown."""
        return self.search.origin if self.from_visitor else None

    @property
    def link(self) -> dict[str, str]:
        """The query parameters of links to this list, without the page.

        They include the visitor's position, so that a shared link shows the same distances.
        """
        parameters = {"type": self.search.type} if self.search.type else {}
        if self.from_visitor:
            latitude, longitude = self.search.origin
            parameters["near"] = f"{latitude},{longitude}"
        return parameters


def parse_search(city: City) -> VehicleSearch:
    """Parse the search from the query string. An invalid filter or position is a 404.

    The load balancer's position is that of a city, so distances are not measured from it.
    """
    requested = _near()
    visitor = requested if requested and is_within(city, requested) else None
    search = Search(
        city=city,
        origin=visitor or city.centre,
        size=settings().page_size,
        type=_type(),
        after=pagination.after_distance() or FIRST_PAGE,
    )
    return VehicleSearch(
        search,
        from_visitor=visitor is not None,
        is_too_far=requested is not None and visitor is None,
    )


def find_vehicles(wanted: Search) -> Page[NearbyVehicle]:
    """Return a page of available vehicles; the current member is read in the same round trip."""
    page: Page[NearbyVehicle] = (
        movr().vehicles(wanted)
        if current_user.key is None
        else current_user.read(partial(movr().vehicles_and_member, search=wanted))
    )
    earlier_vehicles.remember(wanted, page)
    return page


def count_vehicles(city: City) -> Page[TypeCount]:
    """Count available vehicles by type; the current member is read in the same round trip."""
    if current_user.key is None:
        return movr().vehicle_counts(city.name)
    counts: Page[TypeCount] = current_user.read(
        partial(movr().vehicle_counts_and_member, city=city.name)
    )
    return counts


def find_by_public_id(city: str, public_id: UUID) -> Vehicle | None:
    """Return the available vehicle with this public id, with its number for a member."""
    if current_user.key is None:
        with suppress(VehicleNotFound):
            return movr().vehicle(city, public_id)
        return None
    wanted = partial(movr().vehicle_and_member, city=city, public_id=public_id)
    page: Page[Vehicle] = current_user.read(wanted)
    return next(iter(page.items), None)


def find_by_number(city: str, number: int) -> NumberedVehicle | None:
    """Return the available vehicle with this number."""
    if current_user.key is None:
        page = movr().vehicle_by_number(city, number)
    else:
        wanted = partial(movr().vehicle_by_number_and_member, city=city, number=number)
        page = current_user.read(wanted)
    return next(iter(page.items), None)


def _near() -> Position | None:
    text = request.args.get("near")
    if text and parse_position(text) is None:
        abort(HTTPStatus.NOT_FOUND)
    return parse_position(text)


def _type() -> str | None:
    text = request.args.get("type") or None
    if text is not None and text not in VEHICLE_TYPES:
        abort(HTTPStatus.NOT_FOUND)
    return text
