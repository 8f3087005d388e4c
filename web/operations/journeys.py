"""What riders come for, and what is good there: the events of the objectives (docs/slo.md)."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from movr.cities import City
from web.context import location_headers, settings
from web.geoutils import city_of_name, nearest_city, parse_position_header
from web.operations import request_logging


class Result(StrEnum):
    """How a request of a journey ended. Refusals, such as of a wrong password, are good answers."""

    GOOD = "good"
    SLOW = "slow"
    FAILED = "failed"


class Journey(StrEnum):
    """Something that riders come for."""

    LOOK = "look"
    START = "start"
    END = "end"
    LOG_IN = "log_in"


SLOW_AFTER: Final = {  # seconds
    Journey.LOOK: 0.5,
    Journey.START: 1.0,
    Journey.END: 1.0,
    Journey.LOG_IN: 2.5,
}
OF_ENDPOINT: Final = {
    "city.home": Journey.LOOK,
    "vehicles.index": Journey.LOOK,
    "vehicles.show": Journey.LOOK,
    "numbers.show": Journey.LOOK,
    "api_cities.vehicles": Journey.LOOK,
    "api_vehicles.show": Journey.LOOK,
    "api_vehicles.find_by_number": Journey.LOOK,
    "rides.start": Journey.START,
    "api_rides.start": Journey.START,
    "rides.end": Journey.END,
    "api_rides.end": Journey.END,
    "auth.create_session": Journey.LOG_IN,
    "api_tokens.create": Journey.LOG_IN,
}


def of(endpoint: str | None) -> Journey | None:
    """Return the journey of which this endpoint is a part."""
    return OF_ENDPOINT.get(endpoint or "")


def result(journey: Journey, status: int, seconds: float) -> Result:
    """Return how a request of this journey ended."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Result.FAILED
    return Result.SLOW if seconds > SLOW_AFTER[journey] else Result.GOOD


def region(journey: Journey) -> str:
    """Return the region of the city that this request is about, or else of this deployment.

    When a region is away others answer its riders, and a failure is to be found where its cause is.
    A login is about no city: it counts where the load balancer places the visitor.
    """
    city = None if journey is Journey.LOG_IN else request_logging.requested_city()
    city = city or _city_of_visitor()
    return city.region if city else settings().region


def _city_of_visitor() -> City | None:
    name, position_header = location_headers()
    position = parse_position_header(position_header)
    return city_of_name(name, position) or (nearest_city(position) if position else None)
