"""The area of a city, outside of which no vehicle may stand."""

from movr import errors, geo
from movr.cities import Position, served_city


def within_city(city: str, position: Position | None) -> Position | None:
    """Return the position unchanged. Raises TooFarAway if it is outside the city's area."""
    if position and not geo.is_within(served_city(city), position):
        raise errors.TooFarAway
    return position
