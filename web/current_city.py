"""The current city of a request, from its URL, session, headers or the settings."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from flask import abort, flash, g, request, session
from flask_login import current_user
from werkzeug.routing import BaseConverter, ValidationError

from movr.cities import DEFAULT_CITY, City, Position, find_city, find_city_by_slug
from movr.messages import gettext_noop
from web.context import location_headers, settings
from web.geoutils import (
    city_at,
    city_of_name,
    city_of_region,
    nearest_city,
    parse_position_header,
    unserved_name,
)
from web.languages import gettext as _

YOU_CAN_CHOOSE: Final = gettext_noop("You can choose another city at the top of the page.")


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
    """Return the city of this request: the first that `_candidates` yields."""
    city: City | None = g.get("city")
    if city is None:
        city, g.city_from = next((city, source) for city, source in _candidates() if city)
        g.city = city
        _explain(city, g.city_from)
    return city


def offered_city() -> City | None:
    """Return the served city where the headers place a visitor who chose another city."""
    if g.get("city_from") != "chosen":
        return None
    position = _position()
    city = city_of_name(_name(), position) or (position and city_at(position))
    return city if city != current_city() else None


def set_current_city(city: City) -> None:
    """Set the city of this request, from its URL."""
    g.city = city


def city_of_form() -> City:
    """Return the city in the form's hidden field, or else the current city."""
    named = request.form.get("city")
    city = find_city(named) if named else current_city()
    if city is None:
        abort(HTTPStatus.NOT_FOUND)
    g.city_of_form = city  # for the log and the metrics
    return city


def _name() -> str | None:
    return location_headers()[0]


def _position() -> Position | None:
    return parse_position_header(location_headers()[1])


def _candidates() -> Iterator[tuple[City | None, str]]:
    """Yield candidates for the city and their source (sent as X-City-From), by priority.

    These are the city chosen on the page, the load balancer's headers, the member's home city,
    the first city of this deployment's region, and New York.
    """
    yield find_city(session.get("city", "")), "chosen"
    position = _position()
    yield city_of_name(_name(), position), "header"
    yield nearest_city(position) if position else None, "coordinates"
    key = current_user.key
    yield find_city(key.city) if key else None, "home"
    yield city_of_region(settings().region), "region"
    yield DEFAULT_CITY, "default"


def _explain(city: City, source: str) -> None:
    """Flash why this city is shown, once, if MovR does not know or serve the visitor's city."""
    reason = _reason(city, source)
    if reason and session.get("city_reason") != reason:
        session["city_reason"] = reason
        flash(f"{reason} {_(YOU_CAN_CHOOSE)}", "info")


def _reason(city: City, source: str) -> str | None:
    position = _position()
    if source in {"chosen", "header"} or (position and city_at(position)):
        return None
    names = {"place": unserved_name(_name()), "city": _(city.label)}
    if position and names["place"]:
        return _("MovR is not in %(place)s yet; the nearest city is %(city)s.", **names)
    if position:
        return _("MovR is not in your city yet; the nearest city is %(city)s.", **names)
    if names["place"]:
        return _("MovR is not in %(place)s yet, so this page shows %(city)s.", **names)
    if source == "default":
        return _("We do not know where you are, so this page shows %(city)s.", **names)
    return None
