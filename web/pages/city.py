"""The city looked at: which one it is, its home page, and a look at another."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter, ValidationError

from movr.cities import DEFAULT_CITY, City, find_city, find_city_by_slug
from web.context import settings
from web.geoutils import city_of_coordinates, city_of_name, city_of_region
from web.pages.search import find_vehicles, parse_search
from web.rendering.templating import render_page
from web.security.redirects import safe_redirect_path
from web.security.session import current_user

blueprint = Blueprint("city", __name__)

GUESSED: Final = (
    f"We could not tell where you are, so here is {DEFAULT_CITY.label}."
    " You can choose your city at the top of the page."
)


class CityConverter(BaseConverter):
    """The city in an address: `/<city:city>` is `/new-york`, and there is no `/atlantis`."""

    def to_python(self, value: str) -> City:
        """The city of this slug."""
        city = find_city_by_slug(value)
        if city is None:
            raise ValidationError
        return city

    def to_url(self, value: City) -> str:
        """The slug of this city."""
        return value.slug


@blueprint.get("/")
@blueprint.get("/home")
def home() -> ResponseReturnValue:
    """The city, its region, and what is free to ride there: one statement, for everyone."""
    wanted = parse_search(current_city(), only_free=True)
    return render_page(
        "city/home.html", vehicles=find_vehicles(wanted.search), vehicle_search=wanted
    )


@blueprint.post("/city/<name>")
def choose(name: str) -> ResponseReturnValue:
    """Look at another city, until another is chosen."""
    city = find_city(name)
    if city is None:
        abort(HTTPStatus.NOT_FOUND)
    session["city"] = city.name
    wanted = safe_redirect_path(request.form.get("next")) or url_for("city.home")
    return redirect(wanted, HTTPStatus.SEE_OTHER)


def current_city() -> City:
    """The city being looked at: of those that `_hints` gives, the first that there is."""
    city: City | None = g.get("city")
    if city is None:
        city, g.city_from = next((city, source) for city, source in _hints() if city)
        g.city = city
    return city


def set_current_city(city: City) -> None:
    """Have this request's page be about this city, which its address names."""
    g.city = city


def city_of_form() -> City:
    """The city that a form names, so that it means what its page showed; else the current one."""
    named = request.form.get("city")
    city = find_city(named) if named else current_city()
    if city is None:
        abort(HTTPStatus.NOT_FOUND)
    return city


def _hints() -> Iterator[tuple[City | None, str]]:
    """Which city it may be, and what says so, which the reply repeats; the most deliberate first.

    The one chosen on the page; else where the balancer says the visitor is; else the member's
    home; else the first of this deployment's region; else New York, which is said once.
    """
    header = settings().city_header
    yield find_city(session.get("city", "")), "chosen"
    yield city_of_name(request.headers.get(header)), "header"
    yield city_of_coordinates(request.headers.get(f"{header}-Lat-Long")), "coordinates"
    yield _home_city(), "home"
    yield city_of_region(settings().region), "region"
    yield _guess(), "default"


def _home_city() -> City | None:
    key = current_user().key
    return find_city(key.city) if key else None


def _guess() -> City:
    if not session.get("guessed"):
        session["guessed"] = True
        flash(GUESSED, "info")
    return DEFAULT_CITY
