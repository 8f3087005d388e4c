"""The rides of a city, for its staff."""

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from movr.cities import City
from movr.staff.results import OVERDUE_AFTER
from web.context import movr
from web.pages.staff.offers import show_page
from web.pages.staff.reads import RIDES, read_page

blueprint = Blueprint("staff_rides", __name__, url_prefix="/staff/<city:city>/rides")


@blueprint.get("")
def index(city: City) -> ResponseReturnValue:
    """List the rides under way, the longest first."""
    found = read_page(city, movr().staff_lists.rides_under_way)
    return render_template(
        "staff/rides.html",
        staff=found.staff,
        rides=found.page,
        overdue=OVERDUE_AFTER.total_seconds(),
    )


@blueprint.get("/<uuid:id_>")
def show(city: City, id_: UUID) -> ResponseReturnValue:
    """Show a ride, what was booked for it, and what staff did."""
    return show_page(RIDES, "staff/ride.html", city, id_)
