"""Vehicles by the number that stands on them, for riders who stand beside them."""

import re
from http import HTTPStatus
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from movr.cities import City
from web.current_city import set_current_city
from web.pages.search import find_by_number
from web.security import number_limits

SIX_DIGITS: Final = re.compile("[0-9]{6}")
NO_INDEX: Final = {"X-Robots-Tag": "noindex"}

blueprint = Blueprint("numbers", __name__, url_prefix="/v")


@blueprint.get("/<city:city>")
def find(city: City) -> ResponseReturnValue:
    """Redirect to the page of the number in the form, or show the form with what is wrong."""
    set_current_city(city)
    entered = request.args.get("number", "")
    digits = "".join(entered.split())
    if SIX_DIGITS.fullmatch(digits):
        return redirect(
            url_for("numbers.show", city=city, number=int(digits)), HTTPStatus.SEE_OTHER
        )
    is_wrong = "number" in request.args
    page = render_template("numbers/find.html", entered=entered, is_wrong=is_wrong)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return page, status, NO_INDEX


@blueprint.get("/<city:city>/<int(fixed_digits=6):number>")
def show(city: City, number: int) -> ResponseReturnValue:
    """Show whether the vehicle of this number can be ridden, but not where it is.

    The answer is the same for a vehicle in use, a removed one and a number of no vehicle.
    """
    set_current_city(city)
    number_limits.count_lookup(city, number)
    if current_user.key:
        number_limits.count_lookup_of(current_user.key)
    vehicle = find_by_number(city.name, number)
    page = render_template("numbers/show.html", vehicle=vehicle, number=number)
    return page, HTTPStatus.OK if vehicle else HTTPStatus.NOT_FOUND, NO_INDEX
