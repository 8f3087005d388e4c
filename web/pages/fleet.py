"""A member's own vehicle: its page, and what its owner changes."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.cities import served_city
from movr.errors import TooFarAway, VehicleNotFound
from movr.fleet import RESTORABLE
from movr.messages import gettext_noop
from movr.results import ManagedVehicle, VehicleKey
from web.context import movr, settings
from web.forms import DescribeVehicleForm, MoveVehicleForm
from web.languages import gettext as _
from web.languages import translate
from web.pages import pagination
from web.pages.place import POSITION_UNKNOWN, position_and_words
from web.security import session
from web.security.redirects import kept_fields

blueprint = Blueprint("fleet", __name__, url_prefix="/vehicles")

PAUSED: Final = gettext_noop("Your vehicle is paused. Riders do not find it until you resume it.")
WILL_BE_PAUSED: Final = gettext_noop(
    "A rider has your vehicle. It will be paused when the ride ends."
)
REMOVED: Final = gettext_noop("Your vehicle has been removed. You can undo this for a day.")
WILL_BE_REMOVED: Final = gettext_noop(
    "A rider has your vehicle. It will be removed when they are done."
)


@blueprint.get("/own/<uuid:vehicle_id>")
def show(vehicle_id: UUID) -> ResponseReturnValue:
    """Show the member's own vehicle with its earnings and history."""
    vehicle = _read(vehicle_id)
    undo_until = vehicle.removed_at and vehicle.removed_at + RESTORABLE
    return render_template("fleet/show.html", vehicle=vehicle, undo_until=undo_until)


@blueprint.post("/pause/<uuid:vehicle_id>")
def pause(vehicle_id: UUID) -> ResponseReturnValue:
    """Take the member's own vehicle out of service."""
    owner = session.current_session()
    if movr().fleet.pause(owner.key, owner.epoch, vehicle_id):
        flash(_(PAUSED), "success")
    else:
        flash(_(WILL_BE_PAUSED), "info")
    return redirect(_vehicle_page(), HTTPStatus.SEE_OTHER)


@blueprint.post("/resume/<uuid:vehicle_id>")
def resume(vehicle_id: UUID) -> ResponseReturnValue:
    """Put the member's own vehicle back into service."""
    owner = session.current_session()
    movr().fleet.resume(owner.key, owner.epoch, vehicle_id)
    flash(_("Your vehicle is back in service."), "success")
    return redirect(_vehicle_page(), HTTPStatus.SEE_OTHER)


@blueprint.get("/describe/<uuid:vehicle_id>")
def describe_form(vehicle_id: UUID) -> ResponseReturnValue:
    """Show the form for the color and brand of the member's own vehicle."""
    vehicle = _read(vehicle_id)
    known = {"color": vehicle.owned.vehicle.color, "brand": vehicle.owned.vehicle.brand}
    form = DescribeVehicleForm(data={**known, **kept_fields(request.args)})
    return _page_of("describe", vehicle, form)


@blueprint.post("/describe/<uuid:vehicle_id>")
def describe(vehicle_id: UUID) -> ResponseReturnValue:
    """Change the color and brand of the member's own vehicle."""
    owner, form = session.current_session(), DescribeVehicleForm()
    if not form.validate():
        page = _page_of("describe", _read(vehicle_id), form)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    movr().fleet.describe(owner.key, owner.epoch, vehicle_id, **form.values())
    flash(_("Your vehicle has been changed."), "success")
    return redirect(_vehicle_page(), HTTPStatus.SEE_OTHER)


@blueprint.get("/move/<uuid:vehicle_id>")
def move_form(vehicle_id: UUID) -> ResponseReturnValue:
    """Show the form for the place of the member's own vehicle."""
    form = MoveVehicleForm(data=kept_fields(request.args))
    return _page_of("move", _read(vehicle_id), form)


@blueprint.post("/move/<uuid:vehicle_id>")
def move(vehicle_id: UUID) -> ResponseReturnValue:
    """Note the place of the member's own vehicle."""
    form = MoveVehicleForm()
    session.current_session()
    if not (form.validate() and _is_moved(vehicle_id, form)):
        return _page_of("move", _read(vehicle_id), form), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(_vehicle_page(), HTTPStatus.SEE_OTHER)


@blueprint.get("/remove/<uuid:vehicle_id>")
def confirm_removal(vehicle_id: UUID) -> ResponseReturnValue:
    """Ask whether the member's own vehicle should be removed."""
    return render_template("fleet/remove.html", vehicle=_read(vehicle_id))


@blueprint.post("/remove/<uuid:vehicle_id>")
@login_required
def remove(vehicle_id: UUID) -> ResponseReturnValue:
    """Remove the member's own vehicle."""
    owner = session.current_member().key
    if movr().remove_vehicle(VehicleKey(owner.city, vehicle_id), owner):
        flash(_(REMOVED), "success")
    else:
        flash(_(WILL_BE_REMOVED), "info")
    return redirect(_vehicle_page(), HTTPStatus.SEE_OTHER)


@blueprint.post("/restore/<uuid:vehicle_id>")
def restore(vehicle_id: UUID) -> ResponseReturnValue:
    """Take back the removal of the member's own vehicle."""
    owner = session.current_session()
    movr().fleet.restore(owner.key, owner.epoch, vehicle_id)
    flash(_("Your vehicle is listed again."), "success")
    return redirect(_vehicle_page(), HTTPStatus.SEE_OTHER)


def _vehicle_page() -> str:
    """Return the URL of the page of the vehicle that this request names."""
    return url_for("fleet.show", **(request.view_args or {}))


def _read(vehicle_id: UUID) -> ManagedVehicle:
    """Return the member's own vehicle, in one round trip with the member."""
    page = session.read_as_member(
        lambda owner, epoch: movr().fleet.vehicle(
            owner, epoch, vehicle_id, before=pagination.before_time(), size=settings().page_size
        )
    )
    if not page.items:
        raise VehicleNotFound
    return page.items[0]


def _page_of(
    action: str, vehicle: ManagedVehicle, form: DescribeVehicleForm | MoveVehicleForm
) -> str:
    home = served_city(vehicle.owned.vehicle.city)
    return render_template(f"fleet/{action}.html", vehicle=vehicle, form=form, home=home)


def _is_moved(vehicle_id: UUID, form: MoveVehicleForm) -> bool:
    """Move the vehicle and say so; if it is too far away, set the form's error.

    Return False in that case.
    """
    owner = session.current_session()
    try:
        position = position_and_words(form, owner.key.city)
        movr().fleet.move(owner.key, owner.epoch, vehicle_id, **form.values(), position=position)
    except TooFarAway as refusal:
        form.refuse_position(translate(refusal.message()))
        return False
    flash(_("Your vehicle has been moved."), "success")
    if not position:
        flash(_(POSITION_UNKNOWN), "info")
    return True
