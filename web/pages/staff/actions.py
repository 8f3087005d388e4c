"""What staff do: each action has a form of its own, which asks why."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from movr.cities import City
from movr.errors import NoParking, NotStaff, TooFarAway
from movr.staff.permissions import Action, StaffRequest, may
from web.context import movr
from web.forms import LocationForm, StaffForm
from web.languages import gettext as _
from web.languages import translate
from web.pages.place import position_and_words
from web.pages.staff.offers import OFFERS, Offer
from web.pages.staff.reads import find
from web.security import session

blueprint = Blueprint("staff_actions", __name__, url_prefix="/staff/<city:city>")

PATH = "/<any(rides, vehicles, members, reports):noun>/<uuid:id_>/<action>"


@blueprint.get(PATH)
def form(city: City, noun: str, id_: UUID, action: str) -> ResponseReturnValue:
    """Show the form of an action."""
    wanted, offer = _offer(noun, action)
    return _page(city, id_, wanted, offer, offer.form())


@blueprint.post(PATH)
def act(city: City, noun: str, id_: UUID, action: str) -> ResponseReturnValue:
    """Do an action, and show what it was done to."""
    wanted, offer = _offer(noun, action)
    form = offer.form()
    if not (form.validate() and _is_done(city, id_, offer, form)):
        page = _page(city, id_, wanted, offer, form)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for(f"staff_{noun}.show", city=city, id_=id_), HTTPStatus.SEE_OTHER)


def request_of(form: StaffForm, city: City) -> StaffRequest:
    """Return who wants what their form says in this city, and why.

    Redirects visitors to the login page, which ends the request.
    """
    user = session.current_session()
    return StaffRequest(
        user.key, user.epoch, city.name, str(form.reason.data), form.idempotency_key
    )


def _offer(noun: str, name: str) -> tuple[Action, Offer]:
    """Return the action of this name that the pages of `noun` offer. Anything else is a 404."""
    try:
        action = Action(name.replace("-", "_"))
    except ValueError:
        abort(HTTPStatus.NOT_FOUND)
    if action not in OFFERS or OFFERS[action].noun != noun:
        abort(HTTPStatus.NOT_FOUND)
    return action, OFFERS[action]


def _page(city: City, id_: UUID, action: Action, offer: Offer, form: StaffForm) -> str:
    """Return the page with the form of an action. Raises NotStaff."""
    found, subject = find(offer.noun, city, id_)
    if not may(found.staff.roles, action):
        raise NotStaff
    return render_template(
        "staff/action.html",
        staff=found.staff,
        subject=subject,
        offer=offer,
        form=form,
        back=url_for(f"staff_{offer.noun}.show", city=city, id_=id_),
    )


def _is_done(city: City, id_: UUID, offer: Offer, form: StaffForm) -> bool:
    """Do an action and say so; if it can't be at this place, set the form's error.

    Return False in that case.
    """
    request = request_of(form, city)
    if not isinstance(form, LocationForm):
        say(offer.done, is_done=offer.act(movr().staff, request, id_, **form.details()))
        return True
    try:
        position = position_and_words(form, city.name)
        is_done = offer.act(movr().staff, request, id_, **form.details(), position=position)
    except TooFarAway as refusal:
        form.refuse_position(translate(refusal.message()))
        return False
    except NoParking as refusal:
        form.refuse_place(translate(refusal.message()))
        return False
    say(offer.done, is_done=is_done)
    return True


def say(done: str, *, is_done: bool) -> None:
    """Say on the next page that an action is done, or that it was not needed."""
    flash(_(done) if is_done else _("Nothing had to change."), "success" if is_done else "info")
