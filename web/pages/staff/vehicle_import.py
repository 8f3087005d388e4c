"""The import of an owner's vehicles by managers of their city, without the bounds of owners."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from movr.cities import City
from movr.errors import NotStaff
from movr.messages import gettext_noop
from movr.results import UserKey
from movr.staff.permissions import Action, may
from movr.staff.results import FoundMember, StaffList
from movr.vehicle_import import ImportPlan, Report
from web.context import movr
from web.forms import VehicleFileByStaffForm
from web.languages import gettext as _
from web.pages import vehicle_import
from web.pages.staff.actions import request_of
from web.pages.staff.reads import read
from web.security import session
from web.services import vehicle_csv, vehicle_files

blueprint = Blueprint("staff_import", __name__, url_prefix="/staff/<city:city>/import")

NO_MEMBER = gettext_noop("No member of this city has this username.")


@blueprint.get("")
def form(city: City) -> ResponseReturnValue:
    """Show the form for a file of an owner's vehicles."""
    form = VehicleFileByStaffForm()
    return _page(form, city, _read(city, ""))


@blueprint.post("")
def send(city: City) -> ResponseReturnValue:
    """Check a file and show what it would do; add its vehicles if this was seen."""
    vehicle_files.count_file(session.current_session().key)
    form = VehicleFileByStaffForm()
    is_valid = form.validate()
    found = _read(city, str(form.username.data) if is_valid else "")
    owner = _owner(form, found) if is_valid else None
    if owner is None:
        return _page(form, city, found), HTTPStatus.UNPROCESSABLE_ENTITY
    key = UserKey(city.name, owner.id)
    file = vehicle_csv.parse(form.content, city)
    plan = movr().vehicle_import.plan(key, file.vehicles, is_bounded=False)
    plan = vehicle_import.with_errors_of(file, plan)
    if plan.errors or not form.add.data:
        return _page(form, city, found, plan), vehicle_import.status_of(plan)
    add = partial(movr().vehicle_import.add_as_staff, request_of(form, city), key, file.vehicles)
    next_page = url_for("staff_members.show", city=city, id_=owner.id)
    return vehicle_import.added(_counting(add, len(plan.new)), len(plan.new), next_page)


def _counting(add: Callable[[Report], bool], number: int) -> Callable[[Report], int]:
    """Return a function that returns how many vehicles were added."""
    return lambda report: number if add(report) else 0


def _read(city: City, username: str) -> StaffList[FoundMember]:
    """Read the members of the city whose names begin with this. Raises NotStaff."""
    found = read(city, movr().staff_lists.search_members, text=username)
    if not may(found.staff.roles, Action.ADD_VEHICLES):
        raise NotStaff
    return found


def _owner(form: VehicleFileByStaffForm, found: StaffList[FoundMember]) -> FoundMember | None:
    """Return the member with this username, or set the form's error and return None."""
    for member in found.page.items:
        if member.username == form.username.data:
            return member
    form.username.errors = [_(NO_MEMBER)]
    return None


def _page(
    form: VehicleFileByStaffForm,
    city: City,
    found: StaffList[FoundMember],
    plan: ImportPlan | None = None,
) -> str:
    staff = found.staff
    return vehicle_import.page(form, city, plan, layout="staff/layout.html", staff=staff)
