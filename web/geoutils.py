"""Find a city from request headers, coordinates or a region.

The headers are set by the load balancer, but any client that reaches the app directly can send
them. Use them as a hint, never for authorization.
"""

from typing import Final

from movr.cities import CITIES, City, Position, cities_in, find_city
from movr.geo import metres_between

MAX_HEADER_LENGTH: Final = 100  # characters
POLE: Final = 90  # degrees
ANTIMERIDIAN: Final = 180


def city_of_name(header: str | None) -> City | None:
    """Return the city that this header names (`X-City: new york`), if MovR serves it."""
    return find_city(header.strip()) if header and len(header) <= MAX_HEADER_LENGTH else None


def city_of_coordinates(header: str | None) -> City | None:
    """Return the city nearest to this position (`X-City-Lat-Long: 40.7,-74`), if it is valid."""
    place = parse_position(header)
    return nearest_city(place) if place else None


def city_of_region(region: str) -> City | None:
    """Return the first city of this region; None without a region."""
    return next(iter(cities_in(region)), None)


def nearest_city(position: Position) -> City:
    """Return the city whose centre is nearest."""
    return min(CITIES, key=lambda city: metres_between(position, city.centre))


def parse_position(text: str | None) -> Position | None:
    """Parse `latitude,longitude` in degrees; return None if it is not a valid position."""
    if not text or len(text) > MAX_HEADER_LENGTH:
        return None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    is_on_earth = abs(latitude) <= POLE and abs(longitude) <= ANTIMERIDIAN  # False for NaN
    return Position(latitude, longitude) if is_on_earth else None
