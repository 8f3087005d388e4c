"""The first pages of staff: their cities, what there is to do in a city, its money and letters."""

from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from movr.cities import CITIES, City
from movr.errors import NotStaff
from movr.results import MOST_COUNTED
from movr.staff.results import IDLE_AFTER, OVERDUE_AFTER
from web.context import movr
from web.pages.staff.reads import read, read_page
from web.security import session

FIRST_DAY: Final = date(2000, 1, 1)  # of money that can be asked for

blueprint = Blueprint("staff", __name__, url_prefix="/staff")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Redirect staff of one city to its page, and list the cities of others."""
    names = session.current_member().staff_cities
    cities = [city for city in CITIES if city.name in names]
    if not cities:
        raise NotStaff
    if len(cities) == 1:
        return redirect(url_for("staff.overview", city=cities[0]), HTTPStatus.SEE_OTHER)
    return render_template("staff/cities.html", cities=cities)


@blueprint.get("/<city:city>")
def overview(city: City) -> ResponseReturnValue:
    """Show how much there is to do in the city."""
    found = read(city, movr().staff_lists.overview)
    (counts,) = found.page.items
    return render_template(
        "staff/overview.html",
        staff=found.staff,
        counts=counts,
        most=MOST_COUNTED,
        hours=OVERDUE_AFTER // timedelta(hours=1),
        idle=IDLE_AFTER,
    )


@blueprint.get("/<city:city>/money")
def money(city: City) -> ResponseReturnValue:
    """Show what was booked on a day of the city's calendar: today, or `?day=`."""
    today = datetime.now(city.timezone).date()
    day = _day(request.args.get("day"), today)
    found = read(city, movr().staff_lists.sums_of_day, day=day)
    return render_template(
        "staff/money.html", staff=found.staff, sums=found.page.items, day=day, today=today
    )


@blueprint.get("/<city:city>/letters")
def letters(city: City) -> ResponseReturnValue:
    """List the letters to the city's members that could not be delivered."""
    found = read_page(city, movr().staff_lists.dead_letters)
    return render_template("staff/letters.html", staff=found.staff, letters=found.page)


def _day(text: str | None, today: date) -> date:
    """Return the day of the query string, at most today. Anything else is a 404."""
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError:
        abort(HTTPStatus.NOT_FOUND)
    if not FIRST_DAY <= day <= today:
        abort(HTTPStatus.NOT_FOUND)
    return day
