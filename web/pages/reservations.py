"""Reservations of vehicles, which every page shows until they end."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from web.context import movr, settings
from web.current_city import city_of_form
from web.languages import gettext as _
from web.security import rate_limits, session

blueprint = Blueprint("reservations", __name__, url_prefix="/reservations")


@blueprint.post("/start/<uuid:public_id>")
def start(public_id: UUID) -> ResponseReturnValue:
    """Reserve the vehicle of this public id, and show it."""
    city, rider = city_of_form(), session.current_session()
    rate_limits.count_vehicle_taken(settings().writes_per_minute)
    movr().reserve(city.name, public_id, rider.key, rider.epoch)
    flash(_("It is reserved for you."), "success")
    page = url_for("vehicles.show", city=city, public_id=public_id)
    return redirect(page, HTTPStatus.SEE_OTHER)


@blueprint.post("/give-up/<uuid:public_id>")
def give_up(public_id: UUID) -> ResponseReturnValue:
    """End the member's reservation of the vehicle of this public id."""
    city, rider = city_of_form().name, session.current_session()
    movr().give_up_reservation(city, public_id, rider.key, rider.epoch)
    flash(_("Your reservation is cancelled."), "info")
    return redirect(url_for("vehicles.index"), HTTPStatus.SEE_OTHER)
