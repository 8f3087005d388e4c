"""Where a vehicle stands or its rider is, from the body of a request."""

from movr.cities import City, Position
from movr.results import Member
from web.api.v1.schemas import Whereabouts
from web.rendering.template_filters import place_name
from web.services.geocoding import look_up


def position_of(where: Whereabouts, city: City, member: Member) -> Position | None:
    """Return the position that was sent, or else that of the place, if it is found."""
    if where.position or not where.place:
        return where.position
    return look_up(where.place, city, member.key)


def words_of(where: Whereabouts, position: Position | None, city: City) -> str:
    """Return the place that was sent, or else the position in words."""
    return where.place or place_name(position or city.centre, city)
