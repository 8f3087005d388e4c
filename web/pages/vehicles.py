"""The city's vehicles, and those of an owner."""

from functools import partial
from http import HTTPStatus
from typing import Final
from uuid import UUID

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from markupsafe import Markup

from movr.cities import City, find_city
from movr.errors import TooFarAway, VehicleNotFound
from movr.messages import gettext_noop
from web.context import movr, site_url
from web.current_city import current_city, set_current_city
from web.forms import VehicleForm
from web.languages import gettext as _
from web.languages import translate
from web.pages.place import POSITION_UNKNOWN, position_and_words
from web.pages.search import find_by_public_id, find_vehicles, parse_search
from web.security import session
from web.security.redirects import kept_fields

blueprint = Blueprint("vehicles", __name__, url_prefix="/vehicles")

LISTED: Final = {
    "bike": gettext_noop("Your bike is listed. Riders can find it now."),
    "scooter": gettext_noop("Your scooter is listed. Riders can find it now."),
    "skateboard": gettext_noop("Your skateboard is listed. Riders can find it now."),
}


@blueprint.get("")
def index() -> ResponseReturnValue:
    """List the city's available vehicles, nearest first; no login needed."""
    wanted = parse_search(current_city())
    return render_template(
        "vehicles/index.html", vehicles=find_vehicles(wanted.search), vehicle_search=wanted
    )


@blueprint.get("/add")
@login_required
def form() -> ResponseReturnValue:
    """Show the form for a vehicle in the owner's home city."""
    form = VehicleForm(data=kept_fields(request.args))
    return render_template("vehicles/add.html", form=form, home=_home())


@blueprint.post("/add")
@login_required
def add() -> ResponseReturnValue:
    """Add a vehicle."""
    form = VehicleForm()
    if not (form.validate() and _is_added(form)):
        page = render_template("vehicles/add.html", form=form, home=_home())
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(session.own_profile(), HTTPStatus.SEE_OTHER)


@blueprint.get("/label/<uuid:vehicle_id>")
def label(vehicle_id: UUID) -> ResponseReturnValue:
    """Show the number of the member's own vehicle and its QR code, to print and stick on it."""
    page = session.read_as_member(partial(movr().vehicle_of, vehicle_id=vehicle_id))
    if not page.items:
        raise VehicleNotFound
    (vehicle,) = page.items
    path = url_for("numbers.show", city=find_city(vehicle.city), number=vehicle.number)
    address = f"{site_url()}{path}"
    code = segno.make(address, error="m", micro=False)
    drawing = Markup(code.svg_inline(border=4, light="#fff", omitsize=True))  # noqa: S704 - modules
    return render_template(
        "vehicles/label.html", vehicle=vehicle, path=path, address=address, code=drawing
    )


@blueprint.get("/<city:city>/<uuid:public_id>")
def show(city: City, public_id: UUID) -> ResponseReturnValue:
    """Show a vehicle that can be ridden by its public id, which changes with each ride."""
    set_current_city(city)
    vehicle = find_by_public_id(city.name, public_id)
    page = render_template("vehicles/public.html", vehicle=vehicle)
    status = HTTPStatus.OK if vehicle else HTTPStatus.NOT_FOUND
    return page, status, {"X-Robots-Tag": "noindex"}


def _is_added(form: VehicleForm) -> bool:
    """Add the vehicle and say so; if it is too far away, set the form's error.

    Return False in that case.
    """
    owner = session.current_member()
    try:
        position = position_and_words(form, owner.city)
        movr().add_vehicle(
            owner.key,
            owner.session_epoch,
            **form.values(),
            position=position,
            idempotency_key=form.idempotency_key,
        )
    except TooFarAway as refusal:
        form.refuse_position(translate(refusal.message()))
        return False
    flash(_(LISTED[form.type.data]), "success")
    if not position:
        flash(_(POSITION_UNKNOWN), "info")
    return True


def _home() -> City | None:
    return find_city(session.current_member().city)
