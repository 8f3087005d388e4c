"""Find a city from request headers, coordinates or a region.

The headers are set by the load balancer, but any client that reaches the app directly can send
them. Use them as a hint, never for authorization.
"""

from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from movr.cities import CITIES, SERVICE_RADIUS, City, Position, cities_in, find_city_by_alias
from movr.geo import is_within, metres_between

MAX_HEADER_LENGTH: Final = 100  # characters
# A header's position farther than this from the city of its name is in another city of that name.
MAX_FROM_CENTRE: Final = 2 * SERVICE_RADIUS
CACHE_SIZE: Final = 1_000  # positions
POLE: Final = 90  # degrees
ANTIMERIDIAN: Final = 180

_UNKNOWN_POSITION: Final = Position(0, 0)
_UNKNOWN_NAMES: Final = frozenset({"unknown", "undefined", "none", "null"})
_PUNCTUATION: Final = " .'\N{RIGHT SINGLE QUOTATION MARK}-"


def city_of_name(header: str | None, position: Position | None = None) -> City | None:
    """Return the served city that this header names (`X-City: new york`).

    Return None if the position of the other header contradicts it, as that of Paris in Texas.
    """
    city = find_city_by_alias(_decode(header))
    if city and position and metres_between(city.centre, position) > MAX_FROM_CENTRE:
        return None
    return city


def unserved_name(header: str | None) -> str | None:
    """Return the name of the place in this header, to show it, if MovR serves no city of it."""
    name = _decode(header).strip(" ")
    is_readable = all(char.isalnum() or char in _PUNCTUATION for char in name)
    is_name = any(char.isalpha() for char in name) and name.casefold() not in _UNKNOWN_NAMES
    return name if is_readable and is_name and not find_city_by_alias(name) else None


def parse_position_header(header: str | None) -> Position | None:
    """Parse the load balancer's position (`X-City-Lat-Long: 40.7,-74`), None if it is unknown.

    It is accurate to a city, and 0,0 if the load balancer does not know it.
    """
    position = parse_position(header)
    return position if position != _UNKNOWN_POSITION else None


def city_of_region(region: str) -> City | None:
    """Return the first city of this region; None without a region."""
    return next(iter(cities_in(region)), None)


# Measuring the distances takes 0.8 ms, more than a tenth of a page, which may ask more than once.
@lru_cache(CACHE_SIZE)
def nearest_city(position: Position) -> City:
    """Return the city whose centre is nearest."""
    return min(CITIES, key=lambda city: metres_between(position, city.centre))


def city_at(position: Position) -> City | None:
    """Return the city in whose service area this position is."""
    city = nearest_city(position)
    return city if is_within(city, position) else None


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


def _decode(header: str | None) -> str:
    """Return the text of a header; empty if it is missing or too long.

    WSGI decodes headers as Latin-1, but load balancers send UTF-8, some of them percent-encoded.
    """
    if not header or len(header) > MAX_HEADER_LENGTH:
        return ""
    try:
        return unquote_to_bytes(header.encode("latin-1")).decode()
    except UnicodeError:
        return header
