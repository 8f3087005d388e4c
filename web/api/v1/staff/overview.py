"""The cities of staff, what there is to do in one, and its money and letters."""

from datetime import date, datetime

from apiflask import APIBlueprint
from pydantic import Field

from movr.cities import CITIES, City
from movr.errors import NotStaff
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.cursors import next_url
from web.api.v1.schemas import Input
from web.api.v1.staff.reads import ERRORS, read, read_page
from web.api.v1.staff.schemas import (
    DeadLetter,
    DeadLetters,
    Overview,
    StaffCities,
    SumsOfDay,
    TimePage,
)
from web.context import movr

blueprint = APIBlueprint("api_staff", __name__, url_prefix="/api/v1/staff", tag="Staff")


class Day(Input):
    """A day of the city's calendar, otherwise today."""

    day: date | None = Field(None, ge=date(2000, 1, 1), le=date(2999, 12, 31))


@blueprint.get("")
@blueprint.auth_required(auth)
@blueprint.output(StaffCities)
@blueprint.doc(operation_id="list_staff_cities", responses=[401, 403])
def index() -> StaffCities:
    """List the cities in which the member has a role."""
    names = authentication.member().staff_cities
    slugs = [city.slug for city in CITIES if city.name in names]
    if not slugs:
        raise NotStaff
    return StaffCities(items=slugs)


@blueprint.get("/<city:city>")
@blueprint.auth_required(auth)
@blueprint.output(Overview)
@blueprint.doc(operation_id="get_staff_overview", responses=ERRORS)
def overview(city: City) -> Overview:
    """Return how much there is to do in the city."""
    (counts,) = read(city, movr().staff_lists.overview).page.items
    return Overview.model_validate(counts)


@blueprint.get("/<city:city>/money")
@blueprint.auth_required(auth)
@blueprint.input(Day, location="query", arg_name="wanted")
@blueprint.output(SumsOfDay)
@blueprint.doc(operation_id="get_staff_money", responses=ERRORS)
def money(city: City, wanted: Day) -> SumsOfDay:
    """Return what was booked on a day, by kind and account, and which payments to return."""
    day = wanted.day or datetime.now(city.timezone).date()
    return SumsOfDay.of(day, read(city, movr().staff_lists.sums_of_day, day=day).page.items)


@blueprint.get("/<city:city>/letters")
@blueprint.auth_required(auth)
@blueprint.input(TimePage, location="query", arg_name="wanted")
@blueprint.output(DeadLetters)
@blueprint.doc(operation_id="list_dead_letters", responses=ERRORS)
def letters(city: City, wanted: TimePage) -> DeadLetters:
    """List the letters to the city's members that could not be delivered, newest first."""
    page = read_page(city, movr().staff_lists.dead_letters, wanted).page
    items = [DeadLetter.model_validate(letter) for letter in page.items]
    return DeadLetters(items=items, next=next_url(page.next))
