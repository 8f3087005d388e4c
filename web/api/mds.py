"""Data for cities' agencies: the Provider API of MDS 2.0, each city's below /mds/<city>.

The specification: https://github.com/openmobilityfoundation/mobility-data-specification, 2.0.2. An
agency sends its token as a bearer token, and the version that it reads as a media type. The session
is not read.
"""

import csv
import io
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, jsonify, request, url_for
from werkzeug.http import parse_options_header

from movr.cities import City
from movr.errors import NotAnAgency, Refusal
from web.api import mds_objects
from web.api import mds_parameters as parameters
from web.api.gbfs import VEHICLE_TYPES
from web.context import movr, site_url
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit

# With `before_request`, APIFlask wants to know whether it describes these paths: MDS does.
blueprint = APIBlueprint("mds", __name__, url_prefix="/mds/<city:city>", enable_openapi=False)

VERSION: Final = "2.0.2"
MEDIA_TYPE: Final = "application/vnd.mds+json"
CSV_TYPE: Final = "text/vnd.mds+csv"
PARAMETERS: Final = {"version": "2.0"}
PAGE_SIZE: Final = 500
FEWEST: Final = 10  # of trips or riders that a report counts: smaller numbers may identify a rider
SUPPRESSED: Final = -1
GROUPS: Final = ("all_riders", "low_income", "adaptive_scooter")  # MovR knows only the first one
COLUMNS: Final = (
    *("provider_id", "start_date", "duration", "special_group_type", "geography_id"),
    *("vehicle_type", "trip_count", "rider_count"),
)

REQUESTS: Final = RateLimit("requests of agency", 120)
WRONG_TOKENS: Final = RateLimit("wrong tokens from", 30)


class UnsupportedVersion(Refusal):
    """The Accept header does not name the version that MovR supports."""

    sentence = f"Please accept {MEDIA_TYPE};version=2.0, or {CSV_TYPE};version=2.0 for reports."


def is_request() -> bool:
    """True if this request's path is below /mds, even if there is nothing."""
    return request.path.startswith("/mds/")


def error(status: HTTPStatus, sentence: str) -> Response:
    """Return an error as JSON."""
    facts = {"error_description": sentence, "error_details": [sentence]}
    response = _json(error=status.name.lower(), **facts)
    response.status_code = status
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@blueprint.before_request
def _check() -> None:
    """Check the token and the version. Raises NotAnAgency, TooManyAttempts, UnsupportedVersion."""
    city: City = (request.view_args or {})["city"]
    with rate_limits.counting_failures(*rate_limits.by_network(WRONG_TOKENS), failure=NotAnAgency):
        agency = movr().city_data.check_token(city.name, _token())
    rate_limits.count_attempts((REQUESTS, str(agency)))
    wanted = CSV_TYPE if request.endpoint == "mds.reports" else MEDIA_TYPE
    accepted = [parse_options_header(name) for name, quality in request.accept_mimetypes if quality]
    if (wanted, PARAMETERS) not in accepted:
        raise UnsupportedVersion


def _token() -> str:
    """Return the bearer token of this request. Raises NotAnAgency if it has none."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise NotAnAgency
    return authorization.token


@blueprint.get("/vehicles")
def vehicles(city: City) -> Response:
    """List the vehicles that were in the city in the last 30 days."""
    page = movr().city_data.vehicles(city.name, after=parameters.last_id(), size=PAGE_SIZE)
    links = _links("mds.vehicles", city, page.next)
    return _current(vehicles=[*map(mds_objects.vehicle, page.items)], links=links)


@blueprint.get("/vehicles/<uuid:device_id>")
def vehicle(city: City, device_id: UUID) -> Response:
    """Show one vehicle, also if it was removed long ago."""
    found = movr().city_data.vehicle(city.name, device_id)
    return _current(vehicles=[mds_objects.vehicle(found)])


@blueprint.get("/vehicles/status")
def vehicles_status(city: City) -> Response:
    """List the last event and position of each vehicle."""
    page = movr().city_data.last_events(city.name, after=parameters.last_id(), size=PAGE_SIZE)
    status = partial(mds_objects.vehicle_status, city)
    links = _links("mds.vehicles_status", city, page.next)
    return _current(vehicles_status=[*map(status, page.items)], links=links)


@blueprint.get("/vehicles/status/<uuid:device_id>")
def vehicle_status(city: City, device_id: UUID) -> Response:
    """Show the last event and position of one vehicle."""
    found = movr().city_data.last_event(city.name, device_id)
    return _current(vehicles_status=[mds_objects.vehicle_status(city, found)])


@blueprint.get("/events/recent")
def recent_events(city: City) -> Response:
    """List the events between two times of the last two weeks."""
    period, after = parameters.recent_period(), parameters.last_event()
    page = movr().city_data.events(city.name, period, after=after, size=PAGE_SIZE)
    query = {name: request.args[name] for name in ("start_time", "end_time")}
    links = _links("mds.recent_events", city, page.next, **query)
    return _json(events=[mds_objects.event(city, each) for each in page.items], links=links)


@blueprint.get("/events/historical")
def historical_events(city: City) -> Response:
    """List all events of an hour."""
    hour, is_complete = parameters.hour("event_time")
    if not is_complete:
        return _not_yet()
    found = movr().city_data.all_events(city.name, hour)
    return _json(events=[mds_objects.event(city, each) for each in found])


@blueprint.get("/trips")
def trips(city: City) -> Response:
    """List all trips that ended in an hour."""
    hour, is_complete = parameters.hour("end_time")
    if not is_complete:
        return _not_yet()
    found = movr().city_data.trips(city.name, hour)
    return _json(trips=[mds_objects.trip(city, each) for each in found])


@blueprint.get("/reports/<month>.csv")
def reports(city: City, month: str) -> Response:
    """Count the trips that began in a month, and their riders, by vehicle type."""
    counts = movr().city_data.trip_counts(city.name, parameters.days_of_month(month, city))
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(COLUMNS)
    for group in GROUPS:
        for type_, terms in VEHICLE_TYPES.items():
            key = (mds_objects.provider_id(), f"{month}-01", "P1M", group, "null")
            count = counts.get(type_) if group == GROUPS[0] else None
            table.writerow((*key, terms["form_factor"], *map(_suppressed, count or (0, 0))))
    return Response(file.getvalue(), content_type=f"{CSV_TYPE};version=2.0")


def _suppressed(count: int) -> int:
    return count if count >= FEWEST else SUPPRESSED


def _not_yet() -> Response:
    response = _json()
    response.status_code = HTTPStatus.ACCEPTED
    return response


def _links(endpoint: str, city: City, after: str | None, **query: str) -> dict[str, str | None]:
    """Return the URLs of the first page and of the next one, which is None on the last page."""
    first: dict[str, Any] = {"city": city, **query}
    following = {**first, parameters.AFTER: after}
    return {
        "first": f"{site_url()}{url_for(endpoint, **first)}",
        "next": f"{site_url()}{url_for(endpoint, **following)}" if after else None,
    }


def _current(**payload: Any) -> Response:
    """Return data that are read anew for each request."""
    return _json(last_updated=mds_objects.timestamp(datetime.now(UTC)), ttl=0, **payload)


def _json(**payload: Any) -> Response:
    response = jsonify(version=VERSION, **payload)
    response.content_type = f"{MEDIA_TYPE};version=2.0"
    return response
