"""Where a vehicle stands or its rider is, from the body of a request."""

from movr.cities import City, Position
from web.api.v1 import authentication
from web.api.v1.schemas import Whereabouts
from web.rendering.template_filters import stored_place_name
from web.services import geocoding


def position_of(where: Whereabouts, city: City) -> Position | None:
    """Return the position that was sent, or else that of the place, if it is found.

    A place is looked up for members only, so that their token is checked before. Raises
    TokenInvalid.
    """
    if where.position or not where.place or not geocoding.is_available():
        return where.position
    return geocoding.look_up(where.place, city, authentication.member().key)


def words_of(where: Whereabouts, position: Position | None, city: City) -> str:
    """Return the place that was sent, or else the position in words."""
    return where.place or stored_place_name(position or city.centre, city)
