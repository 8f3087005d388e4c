"""The vehicles of a city, for its staff."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from movr.cities import City
from movr.errors import VehicleNotFound
from movr.staff.results import IDLE, IDLE_AFTER, MISSING, OUT_OF_SERVICE
from web.context import movr
from web.pages.numbers import SIX_DIGITS
from web.pages.staff.offers import show_page
from web.pages.staff.reads import VEHICLES, read, read_page

blueprint = Blueprint("staff_vehicles", __name__, url_prefix="/staff/<city:city>/vehicles")


@blueprint.get("")
def index(city: City) -> ResponseReturnValue:
    """List the vehicles that are idle, or by `?show=` those out of service or missing."""
    which = request.args.get("show", IDLE)
    if which not in {IDLE, OUT_OF_SERVICE, MISSING}:
        abort(HTTPStatus.NOT_FOUND)
    found = read_page(city, movr().staff_lists.vehicles, which=which)
    return render_template(
        "staff/vehicles.html",
        staff=found.staff,
        vehicles=found.page,
        which=which,
        idle=IDLE_AFTER,
    )


@blueprint.get("/find")
def find(city: City) -> ResponseReturnValue:
    """Redirect to the vehicle with the number in the form."""
    digits = "".join(request.args.get("number", "").split())
    number = int(digits) if SIX_DIGITS.fullmatch(digits) else 0  # which no vehicle has
    found = read(city, movr().staff_lists.vehicle_by_number, number=number)
    if not found.page.items:
        raise VehicleNotFound
    (vehicle,) = found.page.items
    page = url_for("staff_vehicles.show", city=city, id_=vehicle.id)
    return redirect(page, HTTPStatus.SEE_OTHER)


@blueprint.get("/<uuid:id_>")
def show(city: City, id_: UUID) -> ResponseReturnValue:
    """Show a vehicle and what happened to it."""
    return show_page(VEHICLES, "staff/vehicle.html", city, id_)
