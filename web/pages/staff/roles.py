"""The roles that members have in a city, for its managers."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from movr.cities import City
from movr.messages import gettext_noop
from movr.results import UserKey
from web.context import movr, settings
from web.forms import StaffForm
from web.pages import pagination
from web.pages.staff.actions import request_of, say
from web.pages.staff.reads import read

blueprint = Blueprint("staff_roles", __name__, url_prefix="/staff/<city:city>/roles")

PATH = "/<city:home>/<uuid:user_id>/<any(support, mechanic, manager):role>"


@blueprint.get("")
def index(city: City) -> ResponseReturnValue:
    """List who has which role."""
    after, size = pagination.role_and_id(), settings().page_size
    found = read(city, movr().staff_lists.grants, after=after, size=size)
    return render_template("staff/roles.html", staff=found.staff, grants=found.page)


@blueprint.get(PATH)
def form(city: City, home: City, user_id: UUID, role: str) -> ResponseReturnValue:
    """Show the form that takes a role from a member."""
    return _page(city, UserKey(home.name, user_id), role, StaffForm())


@blueprint.post(PATH)
def revoke(city: City, home: City, user_id: UUID, role: str) -> ResponseReturnValue:
    """Take a role from a member."""
    user, form = UserKey(home.name, user_id), StaffForm()
    if not form.validate():
        return _page(city, user, role, form), HTTPStatus.UNPROCESSABLE_ENTITY
    is_done = movr().staff.revoke_role(request_of(form, city), user, role)
    say(gettext_noop("The member no longer has the role."), is_done=is_done)
    return redirect(url_for("staff_roles.index", city=city), HTTPStatus.SEE_OTHER)


def _page(city: City, user: UserKey, role: str, form: StaffForm) -> str:
    """Return the page with the form. It is a 404 if the member does not have the role."""
    found = read(city, movr().staff_lists.grant, user=user, role=role)
    if not found.page.items:
        abort(HTTPStatus.NOT_FOUND)
    (grant,) = found.page.items
    return render_template("staff/revoke.html", staff=found.staff, grant=grant, form=form)
