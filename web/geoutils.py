"""From a request's headers to a city, and from there to a region.

The headers are a hint of the load balancer's, never a permission: whoever can reach the app can
send them.
"""

import math
from typing import Final

from geopy.distance import geodesic

from movr.cities import CITIES, City, find, of_region

LONGEST_HEADER: Final = 100  # characters
POLE: Final = 90  # degrees
ANTIMERIDIAN: Final = 180


def city_of_name(header: str | None) -> City | None:
    """The served city that this header names (`X-City: new york`), if any."""
    return find(header.strip()) if header and len(header) <= LONGEST_HEADER else None


def city_of_coordinates(header: str | None) -> City | None:
    """The city nearest to this position in degrees (`X-City-Lat-Long: 40.7,-74`), if it is one."""
    if not header or len(header) > LONGEST_HEADER:
        return None
    try:
        latitude, longitude = (float(part) for part in header.split(","))
    except ValueError:
        return None
    if not (
        math.isfinite(latitude + longitude)
        and abs(latitude) <= POLE
        and abs(longitude) <= ANTIMERIDIAN
    ):
        return None
    return nearest_city(latitude, longitude)


def city_of_region(region: str) -> City | None:
    """The first city of this region; None without a region."""
    return next(iter(of_region(region)), None)


def nearest_city(latitude: float, longitude: float) -> City:
    """The served city whose centre is nearest, over the ground."""
    return min(CITIES, key=lambda city: geodesic((latitude, longitude), city.centre).meters)
