"""From a request's headers to a city, and from there to a region.

The headers are a hint of the load balancer's, never a permission: whoever can reach the app can
send them.
"""

from typing import Final

from movr.cities import CITIES, City, Position, cities_in, find_city
from movr.geo import metres_between

LONGEST_HEADER: Final = 100  # characters
POLE: Final = 90  # degrees
ANTIMERIDIAN: Final = 180


def city_of_name(header: str | None) -> City | None:
    """The served city that this header names (`X-City: new york`), if any."""
    return find_city(header.strip()) if header and len(header) <= LONGEST_HEADER else None


def city_of_coordinates(header: str | None) -> City | None:
    """The city nearest to this position in degrees (`X-City-Lat-Long: 40.7,-74`), if it is one."""
    place = parse_position(header)
    return nearest_city(place) if place else None


def city_of_region(region: str) -> City | None:
    """The first city of this region; None without a region."""
    return next(iter(cities_in(region)), None)


def nearest_city(position: Position) -> City:
    """The served city whose centre is nearest, over the ground."""
    return min(CITIES, key=lambda city: metres_between(position, city.centre))


def parse_position(text: str | None) -> Position | None:
    """The place on earth that `latitude,longitude` in degrees names; None if it names none."""
    if not text or len(text) > LONGEST_HEADER:
        return None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    is_on_earth = abs(latitude) <= POLE and abs(longitude) <= ANTIMERIDIAN  # and NaN is not
    return Position(latitude, longitude) if is_on_earth else None
