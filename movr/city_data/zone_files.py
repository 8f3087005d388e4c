"""Zones in a GeoJSON file, as operators write it. What is wrong is said in a sentence."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from movr import geo
from movr.cities import City, Position
from movr.city_data.zones import Zone, text_of
from movr.formats import AREA_LENGTH, MARKUP_OR_CONTROL, NAME_LENGTH

MAX_SIZE: Final = 1024 * 1024  # bytes of a file
MAX_ZONES: Final = 100
MAX_POSITIONS: Final = 5_000  # of all zones: the end of a ride looks at each, and so does its map
FARTHEST: Final = 100_000  # metres from the city's centre
DECIMALS: Final = 6  # of a degree: 11 cm
FEWEST_POSITIONS: Final = 4  # of a ring, whose last position is its first
WITH_HEIGHT: Final = 3  # numbers of a position; the height is left out
NOT_STORABLE: Final = r"[\x00\ud800-\udfff]"  # in a database's text, but in JSON
POLE: Final = 90
ANTIMERIDIAN: Final = 180


class InvalidZones(Exception):  # noqa: N818 - a message for the command line
    """The text does not describe zones of the city."""


def parse(text: bytes, city: City, *, begin: datetime) -> list[Zone]:
    """Return the zones of a GeoJSON FeatureCollection, which begin then. Raises InvalidZones."""
    zones = []
    for number, feature in enumerate(_features(text), 1):
        try:
            zones.append(_zone(feature, city, begin))
        except InvalidZones as error:
            raise InvalidZones(f"Feature {number}: {error}") from None
    positions = sum(len(ring) for zone in zones for polygon in zone.area for ring in polygon)
    if positions > MAX_POSITIONS:
        raise InvalidZones(f"It has {positions} positions, and may have {MAX_POSITIONS}.")
    return zones


def _features(text: bytes) -> list[Any]:
    if len(text) > MAX_SIZE:
        raise InvalidZones("It has more than 1 MB.")
    try:
        collection = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidZones("It is no JSON.") from None
    if not isinstance(collection, dict) or collection.get("type") != "FeatureCollection":
        raise InvalidZones("It is no GeoJSON FeatureCollection.")
    features = collection.get("features")
    if not isinstance(features, list) or not 1 <= len(features) <= MAX_ZONES:
        raise InvalidZones(f"It must have 1 to {MAX_ZONES} features.")
    return features


def _zone(feature: Any, city: City, begin: datetime) -> Zone:  # noqa: ANN401 - JSON
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise InvalidZones("it is no GeoJSON Feature.")
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        raise InvalidZones("it has no properties.")
    name = properties.get("name")
    if not isinstance(name, str) or not _is_name(name):
        raise InvalidZones(f"its name must be a text of 1 to {NAME_LENGTH} letters without < or >.")
    is_allowed = properties.get("ride_end_allowed")
    if not isinstance(is_allowed, bool):
        raise InvalidZones("its ride_end_allowed must be true or false.")
    area = tuple(_polygons(feature.get("geometry"), city))
    if len(text_of(area)) > AREA_LENGTH:
        raise InvalidZones("it has too many positions.")
    return Zone(name.strip(), area, is_allowed, begin)


def _is_name(name: str) -> bool:
    is_storable = not re.search(f"{MARKUP_OR_CONTROL}|{NOT_STORABLE}", name)
    return 1 <= len(name.strip()) <= NAME_LENGTH and is_storable


def _polygons(geometry: Any, city: City) -> Iterator[geo.Polygon]:  # noqa: ANN401 - JSON
    """Yield a geometry's polygons. Edges run counterclockwise and holes clockwise (RFC 7946)."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(kind, str) or kind not in {"Polygon", "MultiPolygon"}:
        raise InvalidZones("its geometry must be a Polygon or a MultiPolygon.")
    found = geometry.get("coordinates")
    polygons = [found] if kind == "Polygon" else found
    if not _is_list(polygons) or not all(map(_is_list, polygons)):
        raise InvalidZones("its coordinates must be a list of rings, or of polygons.")
    for polygon in polygons:
        rings = [_ring(ring, city) for ring in polygon]
        yield tuple(
            ring if (geo.signed_area(ring) > 0) == (n == 0) else ring[::-1]
            for n, ring in enumerate(rings)
        )


def _ring(found: Any, city: City) -> geo.Ring:  # noqa: ANN401 - JSON
    if not _is_list(found) or not all(map(_is_position, found)):
        raise InvalidZones("a position must be a longitude and a latitude in degrees.")
    ring = tuple(Position(round(each[1], DECIMALS), round(each[0], DECIMALS)) for each in found)
    if len(ring) < FEWEST_POSITIONS or ring[0] != ring[-1]:
        raise InvalidZones("a ring must have 4 positions or more, and end with its first.")
    if geo.signed_area(ring) == 0:
        raise InvalidZones("a ring has no area.")
    for position in ring:
        if geo.planar_metres_between(city.centre, position) > FARTHEST:
            raise InvalidZones(
                f"{position.longitude}, {position.latitude} is more than 100 km from {city.label}."
                " The longitude comes first."
            )
    return ring


def _is_list(found: object) -> bool:
    return isinstance(found, list) and bool(found)


def _is_position(found: object) -> bool:
    return (
        isinstance(found, list)
        and len(found) in {WITH_HEIGHT - 1, WITH_HEIGHT}
        and all(type(each) in {int, float} for each in found)
        and abs(found[0]) <= ANTIMERIDIAN  # False for NaN
        and abs(found[1]) <= POLE
    )
