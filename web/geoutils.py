"""From a request's headers to a city, and from there to a region.

The headers are a hint of the load balancer's, never a permission: whoever can reach the app can
send them.
"""

import math
from collections.abc import Callable
from typing import Final

from geopy.distance import geodesic

from movr.cities import CITIES, City, find, of_region

LONGEST_HEADER: Final = 100  # characters
POLE: Final = 90  # degrees
ANTIMERIDIAN: Final = 180


def city_of_headers(get: Callable[[str], str | None], city_header: str) -> City | None:
    """The served city that the headers name, or the one nearest to the coordinates they give.

    `<header>` carries a name (`X-City: new york`), `<header>-Lat-Long` a position in degrees
    (`X-City-Lat-Long: 40.7,-74.0`). None if neither makes sense.
    """
    return _named(get(city_header)) or _nearest(get(f"{city_header}-Lat-Long"))


def city_of_region(region: str) -> City | None:
    """The first city of this region; None without a region."""
    return next(iter(of_region(region)), None)


def nearest_city(latitude: float, longitude: float) -> City:
    """The served city whose centre is nearest, over the ground."""
    return min(CITIES, key=lambda city: geodesic((latitude, longitude), city.centre).meters)


def _named(header: str | None) -> City | None:
    return find(header.strip()) if header and len(header) <= LONGEST_HEADER else None


def _nearest(header: str | None) -> City | None:
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
