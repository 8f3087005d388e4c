"""A city's home page, and the choice of another city."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from movr.cities import find_city
from movr.results import MOST_COUNTED
from web.current_city import current_city
from web.pages.search import count_vehicles
from web.security.redirects import safe_redirect_path

blueprint = Blueprint("city", __name__)


@blueprint.get("/")
@blueprint.get("/home")
def home() -> ResponseReturnValue:
    """Show the city, how many vehicles are available and how MovR works; no login needed."""
    counts = count_vehicles(current_city()).items
    return render_template(
        "city/home.html",
        counts=counts,
        has_more=sum(count.vehicles for count in counts) > MOST_COUNTED,
        most=MOST_COUNTED,
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
