"""Distances between positions, search boxes on the index on positions, and areas."""

import math
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from geopy.distance import geodesic

from movr.cities import SERVICE_RADIUS, City, Position

BANDS_PER_DEGREE: Final = 2_000  # a band is about 55 m high
EQUATOR: Final = 6_378_137.0  # equatorial radius of WGS 84, in metres
ECCENTRICITY_SQUARED: Final = 0.006_694_379_990_14


# A ring ends with its first position. The first ring of a polygon is its edge, others are holes.
Ring: TypeAlias = tuple[Position, ...]
Polygon: TypeAlias = tuple[Ring, ...]
Area: TypeAlias = tuple[Polygon, ...]


class Box(NamedTuple):
    """A range of the index on positions: latitude bands and a longitude range in degrees.

    Bands are numbered northwards from the equator, BANDS_PER_DEGREE to a degree.
    """

    bands: list[int]
    west: float
    east: float


def metres_between(one: Position, other: Position) -> float:
    """Return the distance in metres along the WGS 84 ellipsoid (geopy's geodesic)."""
    distance: float = geodesic(one, other).meters
    return distance


def planar_metres_between(one: Position, other: Position) -> float:
    """Return the approximate distance in metres, on the plane tangent to the earth at `one`.

    Within a city it differs from `metres_between` by less than 1 % and takes 1 % of the time.
    """
    north, east = metres_per_degree(one.latitude)
    up, right = other.latitude - one.latitude, other.longitude - one.longitude
    return math.hypot(up * north, right * east)


def bearing(one: Position, other: Position) -> float:
    """Return the direction from `one` to `other` in degrees clockwise from north, -180 to 180."""
    north, east = metres_per_degree(one.latitude)
    up, right = other.latitude - one.latitude, other.longitude - one.longitude
    return math.degrees(math.atan2(right * east, up * north))


def is_within(city: City, position: Position) -> bool:
    """Return True if the position is within SERVICE_RADIUS of the city's centre."""
    return metres_between(city.centre, position) <= SERVICE_RADIUS


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Return the length of a degree of latitude and of longitude at this latitude, in metres.

    Uses the ellipsoid's radii of curvature (WGS 84) in the meridian and in the prime vertical.
    """
    flattened = 1 - ECCENTRICITY_SQUARED * math.sin(math.radians(latitude)) ** 2
    across = EQUATOR / math.sqrt(flattened)
    along = across * (1 - ECCENTRICITY_SQUARED) / flattened
    return math.radians(along), math.radians(across * math.cos(math.radians(latitude)))


def box(origin: Position, radius: float) -> Box:
    """Return the box around the circle of `radius` metres about the origin, on the tangent plane.

    Not valid at a pole or across the antimeridian; none of MovR's cities is there.
    """
    north, east = metres_per_degree(origin.latitude)
    high, wide = radius / north, radius / east
    south_end, north_end = origin.latitude - high, origin.latitude + high
    bands = range(_band(south_end), _band(north_end) + 1)
    return Box(list(bands), origin.longitude - wide, origin.longitude + wide)


def is_inside(area: Area, position: Position) -> bool:
    """Return True if the position is in one of the polygons, and not in a hole of it."""
    return any(_crossings(polygon, position) % 2 for polygon in area)


def signed_area(ring: Ring) -> float:
    """Return a ring's area in square degrees: positive if it runs counterclockwise."""
    return 0.5 * sum(
        one.longitude * other.latitude - other.longitude * one.latitude
        for one, other in pairwise(ring)
    )


def _crossings(polygon: Polygon, position: Position) -> int:
    """Return how many edges a line from the position to the east crosses."""
    latitude, longitude = position
    crossings = 0
    for ring in polygon:
        for (south, west), (north, east) in pairwise(ring):
            if (south > latitude) != (north > latitude):
                crossing = west + (latitude - south) / (north - south) * (east - west)
                crossings += crossing > longitude
    return crossings


def _band(latitude: float) -> int:
    return math.floor(latitude * BANDS_PER_DEGREE)
