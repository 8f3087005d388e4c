"""The place where a vehicle stands or was left, from a form."""

from typing import Final

from movr.cities import DEFAULT_CITY, Position, find_city
from movr.messages import gettext_noop
from web.forms import LocationForm
from web.rendering.template_filters import stored_place_name
from web.services.geocoding import position_from_form

POSITION_UNKNOWN: Final = gettext_noop(
    "We do not know the exact place, so the vehicle is not on the map."
)


def position_and_words(form: LocationForm, city: str) -> Position | None:
    """Return the position of a valid form, if it is known; fill in its words if they are empty."""
    position = position_from_form(form, city)
    if position and not form.location.data:
        form.location.data = stored_place_name(position, find_city(city) or DEFAULT_CITY)
    return position
