"""Rides: start, end, receipt and history."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.errors import NoParking, TooFarAway
from movr.results import RideKey
from movr.undo import UNDO_WITHIN
from web.context import movr, settings
from web.current_city import city_of_form
from web.forms import EndRideForm, UndoReasonForm, UndoRideForm
from web.languages import gettext as _
from web.languages import translate
from web.operations import metrics
from web.pages import pagination, receipts
from web.pages.place import POSITION_UNKNOWN, position_and_words
from web.security import rate_limits, session
from web.security.redirects import kept_fields
from web.services.geocoding import position_from_form
from web.services.zones import zones_in_force

blueprint = Blueprint("rides", __name__, url_prefix="/rides")


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    """Show the active rides with the form that ends them, then the history."""
    return _history(EndRideForm(data=kept_fields(request.args)))


@blueprint.get("/<uuid:ride_id>")
@login_required
def receipt(ride_id: UUID) -> ResponseReturnValue:
    """Show the receipt of the member's own ride; redirect to the list if it is active."""
    ride = movr().ride(session.current_member(), ride_id)
    if ride.is_active:
        return redirect(url_for("rides.index", _anchor="riding"), HTTPStatus.SEE_OTHER)
    return receipts.page(ride, UndoReasonForm())


@blueprint.post("/start/<uuid:public_id>")
def start(public_id: UUID) -> ResponseReturnValue:
    """Start a ride with the vehicle of this public id."""
    city = city_of_form().name
    rider = session.current_session()
    rate_limits.count_vehicle_taken(settings().writes_per_minute)
    ride = movr().start_ride(city, public_id, rider.key, rider.epoch)
    if ride.is_new:  # otherwise the form was sent twice
        metrics.RIDES_STARTED.labels(city).inc()
    flash(_("Have a good ride. Come back here to end it."), "success")
    return redirect(url_for("rides.index"), HTTPStatus.SEE_OTHER)


@blueprint.post("/end/<uuid:ride_id>")
def end(ride_id: UUID) -> ResponseReturnValue:
    """End the member's own ride."""
    form = EndRideForm()
    if not (form.validate() and _is_ended(ride_id, form)):
        return _history(form), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for("rides.receipt", ride_id=ride_id), HTTPStatus.SEE_OTHER)


@blueprint.post("/undo/<uuid:ride_id>")
def undo(ride_id: UUID) -> ResponseReturnValue:
    """Undo the member's own ride, which has just begun."""
    rider, ride = session.current_session(), RideKey(city_of_form().name, ride_id)
    rate_limits.count_undo(rider.key)
    form = UndoRideForm()
    is_given = form.validate() and (form.position or form.location.data)
    position = position_from_form(form, ride.city) if is_given else None
    if movr().undo_ride(ride, rider.key, rider.epoch, position=position):
        metrics.RIDES_ENDED.labels(ride.city).inc()
    flash(_("Your ride is undone. It costs you nothing."), "success")
    return redirect(url_for("rides.receipt", ride_id=ride_id), HTTPStatus.SEE_OTHER)


@blueprint.post("/reason/<uuid:ride_id>")
def explain_undo(ride_id: UUID) -> ResponseReturnValue:
    """Note why the member has undone a ride."""
    rider, ride = session.current_session(), RideKey(city_of_form().name, ride_id)
    form = UndoReasonForm()
    if not form.validate():
        shown = movr().ride(session.current_member(), ride_id)
        return receipts.page(shown, form), HTTPStatus.UNPROCESSABLE_ENTITY
    movr().explain_undo(ride, rider.key, rider.epoch, form.reason)
    flash(_("Thank you for telling us."), "success")
    return redirect(url_for("rides.receipt", ride_id=ride_id), HTTPStatus.SEE_OTHER)


def _is_ended(ride_id: UUID, form: EndRideForm) -> bool:
    """End the ride and say so; if it can't end at this place, set the form's error.

    Return False in that case.
    """
    city = city_of_form()
    rider, ride = session.current_session(), RideKey(city.name, ride_id)
    try:
        position = position_and_words(form, ride.city)
        is_new = movr().end_ride(
            ride,
            rider.key,
            rider.epoch,
            location=str(form.location.data),
            position=position,
            zones=zones_in_force(city),
        )
    except TooFarAway as refusal:
        form.refuse_position(translate(refusal.message()))
        return False
    except NoParking as refusal:
        form.refuse_place(translate(refusal.message()))
        return False
    flash(_("Your ride has ended. Thank you for riding."), "success")
    if not position:
        flash(_(POSITION_UNKNOWN), "info")
    if is_new:  # otherwise the form was sent twice
        metrics.RIDES_ENDED.labels(ride.city).inc()
    return True


def _history(form: EndRideForm) -> str:
    member = session.current_member()
    history = movr().history(member, before=pagination.time_and_id(), size=settings().page_size)
    return render_template(
        "rides/index.html",
        history=history,
        # Its button acts on what is shown, which therefore must not be stale.
        active=[ride for ride in history.rides.items if ride.is_active and not history.is_stale],
        past=[ride for ride in history.rides.items if not ride.is_active],
        home=member.city,
        form=form,
        undo_seconds=UNDO_WITHIN.total_seconds(),
        can_look_up=settings().geocoder != "none",
    )
