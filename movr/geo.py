"""Positions, and what lies near one."""

import math
from typing import Final, NamedTuple

from geopy.distance import geodesic

from movr.cities import SERVICE_RADIUS, City, Position

BANDS_PER_DEGREE: Final = 2_000  # one is about 55 m high
EQUATOR: Final = 6_378_137.0  # metres from the centre of the earth, as all of WGS 84
ECCENTRICITY_SQUARED: Final = 0.006_694_379_990_14


class Box(NamedTuple):
    """A part of the index on positions: bands of latitude, and a range of longitude in degrees.

    Bands are numbered northwards from the equator, BANDS_A_DEGREE to a degree.
    """

    bands: list[int]
    west: float
    east: float


def metres_between(one: Position, other: Position) -> float:
    """How far it is over the ground, in metres, on the ellipsoid (geopy's geodesic)."""
    distance: float = geodesic(one, other).meters
    return distance


def planar_metres_between(one: Position, other: Position) -> float:
    """About how far, in metres: on the plane that touches the earth at the first of both.

    Within a city that is within a percent of the way over the ground, in a hundredth of the time.
    """
    north, east = metres_per_degree(one.latitude)
    up, right = other.latitude - one.latitude, other.longitude - one.longitude
    return math.hypot(up * north, right * east)


def is_within(city: City, position: Position) -> bool:
    """True if vehicles of the city may stand there."""
    return metres_between(city.centre, position) <= SERVICE_RADIUS


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """How far a degree of latitude and one of longitude reach there, in metres.

    By the ellipsoid's two radii of curvature (WGS 84), the meridian's and the prime vertical's.
    """
    flattened = 1 - ECCENTRICITY_SQUARED * math.sin(math.radians(latitude)) ** 2
    across = EQUATOR / math.sqrt(flattened)
    along = across * (1 - ECCENTRICITY_SQUARED) / flattened
    return math.radians(along), math.radians(across * math.cos(math.radians(latitude)))


def box(origin: Position, radius: float) -> Box:
    """Return the box around all places within `radius` metres of the origin, on its own plane.

    For places that are neither at a pole nor at the antimeridian, as all of MovR's cities.
    """
    north, east = metres_per_degree(origin.latitude)
    high, wide = radius / north, radius / east
    south_end, north_end = origin.latitude - high, origin.latitude + high
    bands = range(_band(south_end), _band(north_end) + 1)
    return Box(list(bands), origin.longitude - wide, origin.longitude + wide)


def _band(latitude: float) -> int:
    return math.floor(latitude * BANDS_PER_DEGREE)
