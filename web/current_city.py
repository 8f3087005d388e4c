"""The current city of a request, from its URL, session, headers or the settings."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from flask import abort, flash, g, request, session
from flask_login import current_user
from werkzeug.routing import BaseConverter, ValidationError

from movr.cities import DEFAULT_CITY, City, find_city, find_city_by_slug
from web.context import settings
from web.geoutils import city_of_coordinates, city_of_name, city_of_region

CITY_UNKNOWN_MESSAGE: Final = (
    f"We could not tell where you are, so here is {DEFAULT_CITY.label}."
    " You can choose your city at the top of the page."
)


class CityConverter(BaseConverter):
    """URL converter for cities: `/<city:city>` matches `/new-york`; unknown cities are a 404."""

    def to_python(self, value: str) -> City:
        """Return the city with this slug."""
        city = find_city_by_slug(value)
        if city is None:
            raise ValidationError
        return city

    def to_url(self, value: City) -> str:
        """Return the slug of this city."""
        return value.slug


def current_city() -> City:
    """Return the city of this request: the first that `_hints` yields."""
    city: City | None = g.get("city")
    if city is None:
        city, g.city_from = next((city, source) for city, source in _hints() if city)
        g.city = city
    return city


def set_current_city(city: City) -> None:
    """Set the city of this request, from its URL."""
    g.city = city


def city_of_form() -> City:
    """Return the city in the form's hidden field, or else the current city."""
    named = request.form.get("city")
    city = find_city(named) if named else current_city()
    if city is None:
        abort(HTTPStatus.NOT_FOUND)
    return city


def _hints() -> Iterator[tuple[City | None, str]]:
    """Yield candidates for the city and their source (sent as X-City-From), by priority.

    These are the city chosen on the page, the load balancer's headers, the member's home city,
    the first city of this deployment's region, and New York, which a message mentions once.
    """
    header = settings().city_header
    yield find_city(session.get("city", "")), "chosen"
    yield city_of_name(request.headers.get(header)), "header"
    yield city_of_coordinates(request.headers.get(f"{header}-Lat-Long")), "coordinates"
    key = current_user.key
    yield find_city(key.city) if key else None, "home"
    yield city_of_region(settings().region), "region"
    if not session.get("guessed"):
        session["guessed"] = True
        flash(CITY_UNKNOWN_MESSAGE, "info")
    yield DEFAULT_CITY, "default"
