"""A city's home page, and the choice of another city."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from movr.cities import find_city
from web.current_city import current_city
from web.pages.search import find_vehicles, parse_search
from web.security.redirects import safe_redirect_path

blueprint = Blueprint("city", __name__)


@blueprint.get("/")
@blueprint.get("/home")
def home() -> ResponseReturnValue:
    """Show the city and its available vehicles, in one statement; no login needed."""
    wanted = parse_search(current_city())
    return render_template(
        "city/home.html", vehicles=find_vehicles(wanted.search), vehicle_search=wanted
    )


@blueprint.post("/city/<name>")
def choose(name: str) -> ResponseReturnValue:
    """Set the city of this session."""
    city = find_city(name)
    if city is None:
        abort(HTTPStatus.NOT_FOUND)
    session["city"] = city.name
    wanted = safe_redirect_path(request.form.get("next")) or url_for("city.home")
    return redirect(wanted, HTTPStatus.SEE_OTHER)
