"""Starting and ending a ride, and a rider's history."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.results import Member, RideKey, VehicleKey
from web import metrics, paging, session
from web.city import city_of_form
from web.context import movr, settings
from web.forms import EndRideForm

blueprint = Blueprint("rides", __name__, url_prefix="/rides")


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    """The active ride first, with its form; then the history."""
    return _history(EndRideForm())


@blueprint.post("/start/<uuid:vehicle_id>")
@login_required
def start(vehicle_id: UUID) -> ResponseReturnValue:
    """Start a ride with this vehicle."""
    city = city_of_form().name
    movr().start_ride(VehicleKey(city, vehicle_id), session.member().key)
    metrics.RIDES_STARTED.labels(city).inc()
    flash("Have a good ride. Come back here to end it.", "success")
    return redirect(url_for("rides.index"), HTTPStatus.SEE_OTHER)


@blueprint.post("/end/<uuid:ride_id>")
@login_required
def end(ride_id: UUID) -> ResponseReturnValue:
    """End one's own ride where the vehicle is left."""
    form = EndRideForm()
    if not form.validate():
        return _history(form), HTTPStatus.UNPROCESSABLE_ENTITY
    rider = session.member()
    ride = _ride_key(rider, ride_id)
    movr().end_ride(ride, rider.key, **form.words())
    metrics.RIDES_ENDED.labels(ride.city).inc()
    flash("Your ride has ended. Thank you for riding.", "success")
    return redirect(url_for("rides.index"), HTTPStatus.SEE_OTHER)


def _history(form: EndRideForm) -> str:
    page = movr().rides(session.member(), before=paging.before_ride(), size=settings().page_size)
    return render_template("rides/index.html", rides=page, form=form)


def _ride_key(rider: Member, ride_id: UUID) -> RideKey:
    """The ride's key: the rider's own row knows the city of the ride under way."""
    if rider.active_ride_id == ride_id and rider.active_ride_city:
        return RideKey(rider.active_ride_city, ride_id)
    return RideKey(city_of_form().name, ride_id)
