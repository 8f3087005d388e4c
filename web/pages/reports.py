"""Problems with vehicles: the form of riders, and what owners see and close."""

from functools import partial
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.cities import City, find_city
from movr.errors import TooFarAway, VehicleNotFound
from movr.formats import OUTCOMES
from movr.reports import Problem, ShownVehicle
from movr.results import RideKey
from web.context import movr
from web.current_city import city_of_form, set_current_city
from web.forms import ReportForm
from web.languages import gettext as _
from web.languages import translate
from web.pages.search import find_by_public_id
from web.security import rate_limits, session
from web.security.redirects import kept_fields

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.get("/ride/<uuid:ride_id>")
@login_required
def about_ride(ride_id: UUID) -> ResponseReturnValue:
    """Show the form about the vehicle of the member's own ride."""
    return _page_of_ride(ride_id, ReportForm(data=kept_fields(request.args)))


@blueprint.post("/ride/<uuid:ride_id>")
def report_ride(ride_id: UUID) -> ResponseReturnValue:
    """Report a problem with the vehicle of the member's own ride."""
    session.current_session()
    form = ReportForm()
    if not (form.validate() and _is_reported(RideKey(city_of_form().name, ride_id), form)):
        return _page_of_ride(ride_id, form), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for("rides.receipt", ride_id=ride_id), HTTPStatus.SEE_OTHER)


@blueprint.get("/vehicle/<city:city>/<uuid:public_id>")
def about_vehicle(city: City, public_id: UUID) -> ResponseReturnValue:
    """Show the form about a vehicle that the member can ride."""
    return _page_of_vehicle(city, public_id, ReportForm(data=kept_fields(request.args)))


@blueprint.post("/vehicle/<city:city>/<uuid:public_id>")
def report_vehicle(city: City, public_id: UUID) -> ResponseReturnValue:
    """Report a problem with a vehicle that the member can ride."""
    session.current_session()
    form = ReportForm()
    if not (form.validate() and _is_reported(ShownVehicle(city.name, public_id), form)):
        return _page_of_vehicle(city, public_id, form), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for("vehicles.index"), HTTPStatus.SEE_OTHER)


@blueprint.get("/of/<uuid:vehicle_id>")
def of_vehicle(vehicle_id: UUID) -> ResponseReturnValue:
    """List the open reports about the member's own vehicle."""
    read = partial(movr().reports.of_vehicle, vehicle_id=vehicle_id)
    page = session.read_as_member(read)
    return render_template("reports/of_vehicle.html", reports=page.items, vehicle_id=vehicle_id)


@blueprint.post("/of/<uuid:vehicle_id>/close/<uuid:report_id>")
@login_required
def close(vehicle_id: UUID, report_id: UUID) -> ResponseReturnValue:
    """Close a report about the member's own vehicle."""
    outcome = request.form.get("outcome")
    if outcome not in OUTCOMES:
        abort(HTTPStatus.BAD_REQUEST)
    owner = session.current_member()
    movr().reports.close(report_id, owner.key, owner.session_epoch, outcome=outcome)
    flash(_("The report is closed."), "success")
    return redirect(url_for("reports.of_vehicle", vehicle_id=vehicle_id), HTTPStatus.SEE_OTHER)


def _is_reported(about: RideKey | ShownVehicle, form: ReportForm) -> bool:
    """Report the problem and say so; if the place is too far away, set the form's error.

    Return False in that case.
    """
    reporter = session.current_session()
    rate_limits.count_report(reporter.key)
    problem = Problem(kind=form.kind.data, words=form.words.data or None, position=form.position)
    try:
        movr().reports.report(
            about, reporter.key, reporter.epoch, problem, idempotency_key=form.idempotency_key
        )
    except TooFarAway as refusal:
        form.refuse_position(translate(refusal.message()))
        return False
    flash(_("Thank you for telling us. The owner will look at it."), "success")
    return True


def _page_of_ride(ride_id: UUID, form: ReportForm) -> str:
    """Return the form about the vehicle of the member's own ride. Raises RideNotFound."""
    member = session.current_member()
    ride = movr().ride(member, ride_id)
    return render_template(
        "reports/form.html",
        form=form,
        place=find_city(ride.city),
        what=(ride.vehicle_type, ride.vehicle_brand),
        around=member.active_ride and member.active_ride.start,
        is_riding=ride.is_active,
    )


def _page_of_vehicle(city: City, public_id: UUID, form: ReportForm) -> str:
    """Return the form about a vehicle that the member can ride. Raises VehicleNotFound."""
    session.current_session()
    set_current_city(city)
    vehicle = find_by_public_id(city.name, public_id)
    session.current_member()
    if vehicle is None:
        raise VehicleNotFound
    what = (vehicle.type, vehicle.brand)
    return render_template(
        "reports/form.html", form=form, place=city, what=what, around=vehicle.position
    )
