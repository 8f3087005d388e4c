"""The members of a city, whom its staff find by a search only."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from movr.cities import City
from movr.staff.results import MOST_FOUND
from web.context import movr
from web.forms import MemberSearchForm
from web.pages.staff.offers import show_page
from web.pages.staff.reads import MEMBERS, read

blueprint = Blueprint("staff_members", __name__, url_prefix="/staff/<city:city>/members")


@blueprint.get("")
def index(city: City) -> ResponseReturnValue:
    """Show the search form, and with `?q=` the members that it finds."""
    form = MemberSearchForm(request.args)
    text = str(form.q.data) if form.q.raw_data and form.validate() else ""
    found = read(city, movr().staff_lists.search_members, text=text)
    page = render_template(
        "staff/members.html",
        staff=found.staff,
        form=form,
        text=text,
        members=found.page.items[:MOST_FOUND],
        has_more=len(found.page.items) > MOST_FOUND,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK


@blueprint.get("/<uuid:id_>")
def show(city: City, id_: UUID) -> ResponseReturnValue:
    """Show a member whose home is the city, and what they did in it."""
    return show_page(MEMBERS, "staff/member.html", city, id_)
