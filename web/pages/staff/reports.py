"""The problems that riders have reported in a city, for its staff."""

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from movr.cities import City
from web.context import movr
from web.pages.staff.offers import show_page
from web.pages.staff.reads import REPORTS, read_page

blueprint = Blueprint("staff_reports", __name__, url_prefix="/staff/<city:city>/reports")


@blueprint.get("")
def index(city: City) -> ResponseReturnValue:
    """List the open reports, the oldest first."""
    found = read_page(city, movr().staff_lists.open_reports)
    return render_template("staff/reports.html", staff=found.staff, reports=found.page)


@blueprint.get("/<uuid:id_>")
def show(city: City, id_: UUID) -> ResponseReturnValue:
    """Show a report and what staff did about it."""
    return show_page(REPORTS, "staff/report.html", city, id_)
