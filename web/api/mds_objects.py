"""The objects of MDS 2.0: https://github.com/openmobilityfoundation/mobility-data-specification.

Ids of trips, of derived events and of telemetry are derived from MovR's own by a hash (UUID version
5), so that the id of a ride, which is in its receipt's address, is not given away.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from movr.cities import SERVICE_RADIUS, City
from movr.city_data.mobility import Event, ListedVehicle, Place, Trip
from web.api.gbfs import DECIMALS, VEHICLE_TYPES
from web.context import site_url

ROUNDED: Final = 1500  # metres, of a position that is rounded to a hundredth of a degree
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def provider_id() -> str:
    """Return the id of this deployment as a provider, which depends on its address."""
    return str(uuid5(NAMESPACE_URL, site_url()))


def timestamp(time: datetime) -> int:
    """Return the milliseconds since 1970."""
    return (time - _EPOCH) // _MILLISECOND


def vehicle(found: ListedVehicle) -> dict[str, Any]:
    """Return a Vehicle. Its id there is the number that stands on it."""
    terms = VEHICLE_TYPES[found.type]
    return {
        "device_id": str(found.id),
        "provider_id": provider_id(),
        "vehicle_id": str(found.number or found.id),
        "vehicle_type": terms["form_factor"],
        "vehicle_attributes": {"make": found.brand},
        "propulsion_types": [terms["propulsion_type"]],
    }


def vehicle_status(city: City, last: Event) -> dict[str, Any]:
    """Return a Vehicle Status: the last event and position of a vehicle."""
    of_event = event(city, last)
    common = {name: of_event[name] for name in ("device_id", "provider_id", "timestamp")}
    trips = of_event.get("trip_ids") if last.state == "on_trip" else None
    telemetry = {
        **common,
        "telemetry_id": _derived("telemetry", UUID(of_event["event_id"])),
        "trip_ids": trips,
        "journey_id": None,
        "location": of_event["location"],
    }
    return {
        "device_id": of_event["device_id"],
        "provider_id": of_event["provider_id"],
        "last_event": of_event,
        "last_telemetry": telemetry,
    }


def event(city: City, found: Event) -> dict[str, Any]:
    """Return an Event."""
    id_ = _derived(f"event {found.state}", found.id) if found.is_derived else str(found.id)
    return {
        "device_id": str(found.vehicle_id),
        "provider_id": provider_id(),
        "event_id": id_,
        "vehicle_state": found.state,
        "event_types": list(found.event_types),
        "timestamp": timestamp(found.happened_at),
        "location": _location(city, found.place),
        **({"trip_ids": [trip_id(found.ride_id)]} if found.ride_id else {}),
    }


def trip(city: City, found: Trip) -> dict[str, Any]:
    """Return a Trip. Without the positions of both ends its distance is 0."""
    return {
        "provider_id": provider_id(),
        "device_id": str(found.vehicle_id),
        "trip_id": trip_id(found.ride_id),
        "trip_type": ["rider"],
        "start_time": timestamp(found.start_time),
        "end_time": timestamp(found.end_time),
        "start_location": _location(city, found.start),
        "end_location": _location(city, found.end),
        "duration": (found.end_time - found.start_time) // timedelta(seconds=1),
        "distance": found.distance or 0,
    }


def trip_id(ride_id: UUID) -> str:
    """Return the id of a ride's trip."""
    return _derived("trip", ride_id)


def _derived(kind: str, id_: UUID) -> str:
    return str(uuid5(id_, kind))


def _location(city: City, place: Place) -> dict[str, float]:
    """Return a GPS object. MDS requires one: of an unknown place it is the whole city's."""
    latitude, longitude = place.position or city.centre
    location = {"lat": round(latitude, DECIMALS), "lng": round(longitude, DECIMALS)}
    if place.position is None:
        return {**location, "horizontal_accuracy": SERVICE_RADIUS}
    return {**location, "horizontal_accuracy": ROUNDED} if place.is_rounded else location
