"""Open data: available vehicles for maps and trip planners, as GBFS 3.0 feeds.

The specification: https://github.com/MobilityData/gbfs/blob/v3.0/gbfs.md. Each city is a dataset.
The session is not read, so that shared caches may store the responses.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, jsonify, request, url_for
from werkzeug.datastructures import HeaderSet

from movr.cities import CITIES, City
from movr.city_data.zones import Zone, coordinates
from movr.results import CityTariff, PublicVehicle
from web.api import pricing_plans
from web.api.vehicle_feeds import VERSION, VehicleFeeds, envelope
from web.background_cache import TTL
from web.context import settings, site_url
from web.languages import in_language
from web.services.prices import tariffs_in_force
from web.services.zones import known_zones, zones_in_force

blueprint = Blueprint("gbfs", __name__, url_prefix="/gbfs/v3")

JSON: Final = "application/json"
LANGUAGE: Final = "en"  # of the pages
MINUTE, HOUR = 60, 3600  # seconds
DECIMALS: Final = 6  # of a degree: 11 cm
NO_ID: Final = UUID(int=0)
# The last update of feeds that do not come from the database: the start of this process.
STARTED: Final = datetime.now(UTC).replace(microsecond=0)
FEEDS: Final = ("system_information", "vehicle_types", "vehicle_status", "geofencing_zones")
PRICES: Final = "system_pricing_plans"  # a feed only where rides cost
FULL_RANGE: Final = 25_000  # metres, of a scooter; MovR does not know the levels of batteries

# In the terms of GBFS.
VEHICLE_TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "bike": {"form_factor": "bicycle", "propulsion_type": "human", "wheel_count": 2},
    "scooter": {
        "form_factor": "scooter_standing",
        "propulsion_type": "electric",
        "wheel_count": 2,
        "max_range_meters": FULL_RANGE,
    },
    "skateboard": {"form_factor": "other", "propulsion_type": "human", "wheel_count": 4},
}


def init_app(app: Flask) -> None:
    """Create the feeds of vehicles of this process."""
    app.extensions["vehicle_feeds"] = VehicleFeeds(app.extensions["movr"].free_vehicles)


def is_request() -> bool:
    """True if this request's path is below the feeds' prefix, even if there is no such feed."""
    return request.path.startswith(f"{blueprint.url_prefix}/")


def error(status: HTTPStatus, sentence: str) -> Response:
    """Return an error as JSON; a 404 is cached for a minute: the feed may be added later."""
    is_missing = status is HTTPStatus.NOT_FOUND
    response = jsonify(error="There is no feed at this address." if is_missing else sentence)
    response.status_code = status
    if is_missing:
        response.cache_control.public = True
        response.cache_control.max_age = MINUTE
    return response


@blueprint.after_app_request  # also where no feed is
def _allow_any_origin(response: Response) -> Response:
    """Allow scripts of any site to request feeds, with any headers, and to read the response."""
    if is_request():
        response.access_control_allow_origin = "*"
        response.access_control_allow_headers = HeaderSet(["*"])
    return response


@blueprint.get("/manifest.json")
def manifest() -> Response:
    """List the URLs of all cities' datasets."""
    datasets = [
        {
            "system_id": _system_id(city),
            "versions": [{"version": VERSION, "url": _url("gbfs.discovery", city=city)}],
        }
        for city in CITIES
    ]
    return _feed({"datasets": datasets})


@blueprint.get("/<city:city>/gbfs.json")
def discovery(city: City) -> Response:
    """List the URLs of this city's feeds."""
    names = (*FEEDS, PRICES) if settings().payments else FEEDS
    feeds = [{"name": name, "url": _url(f"gbfs.{name}", city=city)} for name in names]
    return _feed({"feeds": feeds})


@blueprint.get("/<city:city>/system_information.json")
def system_information(city: City) -> Response:
    """Describe the system: its operator, time zone and opening hours."""
    return _feed(
        {
            "system_id": _system_id(city),
            "languages": [LANGUAGE],
            "name": _text(f"MovR {city.label}"),
            "short_name": _text("MovR"),
            "opening_hours": "24/7",
            "url": _url("city.home"),
            "feed_contact_email": settings().contact_email,
            "manifest_url": _url("gbfs.manifest"),
            "timezone": city.timezone.key,
        }
    )


@blueprint.get("/<city:city>/vehicle_types.json")
def vehicle_types(city: City) -> Response:
    """List the vehicle types, with their pricing plans where rides cost."""
    tariffs = tariffs_in_force(city)
    plans = {each.vehicle_type: pricing_plans.plan_id(each) for each in tariffs}
    types = [
        {
            "vehicle_type_id": type_,
            "name": _text(type_.capitalize()),
            "rider_capacity": 1,
            "return_constraint": "free_floating",
            **terms,
            **({"default_pricing_plan_id": plans[type_]} if type_ in plans else {}),
        }
        for type_, terms in VEHICLE_TYPES.items()
    ]
    return _feed({"vehicle_types": types}, *_begins(tariffs))


@blueprint.get("/<city:city>/system_pricing_plans.json")
def system_pricing_plans(city: City) -> Response:
    """List the pricing plans of the tariffs in force; none if rides are free of charge."""
    tariffs = tariffs_in_force(city)
    with in_language(LANGUAGE):
        plans = [pricing_plans.plan(city, each, LANGUAGE) for each in tariffs]
    return _feed({"plans": plans}, *_begins(tariffs))


@blueprint.get("/<city:city>/geofencing_zones.json")
def geofencing_zones(city: City) -> Response:
    """List the zones where rides may end or may not, by the rule of movr/city_data/zones.py.

    Of several zones at a place the first one counts, so those without parking come first.
    """
    zones = known_zones(city)
    is_limited = any(zone.ride_end_allowed for zone in zones_in_force(city))
    collection = {"type": "FeatureCollection", "features": [_zone(zone) for zone in zones]}
    rules = {"geofencing_zones": collection, "global_rules": [_rule(is_allowed=not is_limited)]}
    return _feed(rules, datetime.now(UTC))


def _zone(zone: Zone) -> dict[str, Any]:
    until = zone.valid_until
    return {
        "type": "Feature",
        "properties": {
            "name": _text(zone.name),
            "start": _time(zone.valid_from),
            **({"end": _time(until)} if until else {}),
            "rules": [_rule(is_allowed=zone.ride_end_allowed)],
        },
        "geometry": {"type": "MultiPolygon", "coordinates": coordinates(zone.area)},
    }


def _rule(*, is_allowed: bool) -> dict[str, bool]:
    """Return a GBFS rule: whether a ride may end here. It may start, and pass."""
    return {
        "ride_start_allowed": True,
        "ride_end_allowed": is_allowed,
        "ride_through_allowed": True,
    }


@blueprint.get("/<city:city>/vehicle_status.json")
def vehicle_status(city: City) -> Response:
    """List the vehicles that are not ridden, as they were TTL seconds ago or later."""
    feeds: VehicleFeeds = current_app.extensions["vehicle_feeds"]
    feed = feeds.feed(city, partial(_vehicle, _vehicle_pages(city)))
    if request.accept_encodings.quality("gzip"):
        response = Response(feed.gzipped, mimetype=JSON)
        response.content_encoding = "gzip"
    else:
        response = Response(feed.text(), mimetype=JSON)
        response.content_length = feed.length
    return _cacheable(response, feed.tag, TTL)


def _vehicle_pages(city: City) -> str:
    """Return the URL of the pages of this city's vehicles, without the id; "" if it is not known.

    The feed is for all clients, so the host that one of them names is used in development only.
    """
    site = site_url() if settings().site_url or settings().debug else ""
    page = url_for("vehicles.show", city=city, public_id=NO_ID)
    return f"{site}{page.removesuffix(str(NO_ID))}" if site else ""


def _vehicle(pages: str, vehicle: PublicVehicle) -> dict[str, Any]:
    has_page = pages and not vehicle.is_reserved
    return {
        "vehicle_id": vehicle.public_id,
        "vehicle_type_id": vehicle.type,
        "lat": round(vehicle.latitude, DECIMALS),
        "lon": round(vehicle.longitude, DECIMALS),
        "is_reserved": vehicle.is_reserved,
        "is_disabled": False,
        **({"rental_uris": {"web": f"{pages}{vehicle.public_id}"}} if has_page else {}),
        **({"current_range_meters": FULL_RANGE} if vehicle.type == "scooter" else {}),
    }


def _begins(tariffs: Sequence[CityTariff]) -> list[datetime]:
    return [each.valid_from for each in tariffs]


def _feed(data: Mapping[str, Any], *changes: datetime) -> Response:
    """Return a feed that changes only with the code, the settings and at these times."""
    updated = max([STARTED, *changes])
    ttl = MINUTE if changes else HOUR
    text = json.dumps(data, separators=(",", ":"))
    response = Response(f"{envelope(updated, ttl)}{text}}}", mimetype=JSON)
    response.last_modified = updated
    return _cacheable(response, sha256(text.encode()).hexdigest(), ttl)


def _cacheable(response: Response, tag: str, ttl: int) -> Response:
    """Let caches keep a feed for its ttl.

    Its ETag is weak because it is computed from the data alone, without `last_updated`.
    """
    response.set_etag(tag, weak=True)
    response.cache_control.public = True
    response.cache_control.max_age = ttl
    response.cache_control.must_revalidate = True
    response.make_conditional(request)
    return response


def _text(text: str) -> list[Mapping[str, str]]:
    """Return a GBFS localized string, in the only language."""
    return [{"text": text, "language": LANGUAGE}]


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _system_id(city: City) -> str:
    return f"movr_{city.name.replace(' ', '_')}"


def _url(endpoint: str, **values: Any) -> str:
    """Return the absolute URL of a view."""
    return f"{site_url()}{url_for(endpoint, **values)}"
