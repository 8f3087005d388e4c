"""The members of a city, whom its staff find by a search only."""

from uuid import UUID

from apiflask import APIBlueprint
from pydantic import Field

from movr.cities import City
from movr.errors import MemberNotFound
from movr.formats import EMAIL_LENGTH
from movr.results import UserKey
from movr.staff.results import MOST_FOUND
from web.api.v1.authentication import auth
from web.api.v1.schemas import Input
from web.api.v1.staff import reads, requests
from web.api.v1.staff.reads import read, read_page
from web.api.v1.staff.requests import request_of
from web.api.v1.staff.schemas import (
    Done,
    FoundMember,
    FoundMembers,
    History,
    NewRole,
    StaffMember,
    TimePage,
    Why,
)
from web.context import movr

blueprint = APIBlueprint(
    "api_staff_members", __name__, url_prefix="/api/v1/staff/<city:city>/members", tag="Staff"
)


class MemberSearch(Input):
    """Whom to look for."""

    q: str = Field(
        min_length=1,
        max_length=EMAIL_LENGTH,
        description="An email address, a username, or at least the first three letters of one",
    )


@blueprint.get("")
@blueprint.auth_required(auth)
@blueprint.input(MemberSearch, location="query", arg_name="wanted")
@blueprint.output(FoundMembers)
@blueprint.doc(operation_id="search_staff_members", responses=reads.ERRORS)
def index(city: City, wanted: MemberSearch) -> FoundMembers:
    """Search the members whose home is the city."""
    found = read(city, movr().staff_lists.search_members, text=wanted.q.strip()).page.items
    items = [FoundMember.model_validate(member) for member in found[:MOST_FOUND]]
    return FoundMembers(items=items, has_more=len(found) > MOST_FOUND)


@blueprint.get("/<uuid:user_id>")
@blueprint.auth_required(auth)
@blueprint.input(TimePage, location="query", arg_name="wanted")
@blueprint.output(StaffMember)
@blueprint.doc(operation_id="get_staff_member", responses=reads.ERRORS)
def show(city: City, user_id: UUID, wanted: TimePage) -> StaffMember:
    """Return a member whose home is the city, and a page of what they did in it."""
    found = read_page(city, movr().staff_lists.member, wanted, id_=user_id)
    if found.subject is None:
        raise MemberNotFound
    return StaffMember.of(found.subject, History.of(found.history, city))


@blueprint.post("/<uuid:user_id>/suspend")
@blueprint.auth_required(auth)
@blueprint.input(Why, arg_name="why")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_suspend_account", responses=requests.ERRORS)
def suspend(city: City, user_id: UUID, why: Why) -> Done:
    """Suspend a member, who can still log in and end a ride, but not begin one."""
    return Done(changed=movr().staff.suspend_account(request_of(why, city), user_id))


@blueprint.post("/<uuid:user_id>/restore")
@blueprint.auth_required(auth)
@blueprint.input(Why, arg_name="why")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_restore_account", responses=requests.ERRORS)
def restore(city: City, user_id: UUID, why: Why) -> Done:
    """End the suspension of a member."""
    return Done(changed=movr().staff.restore_account(request_of(why, city), user_id))


@blueprint.post("/<uuid:user_id>/grant-role")
@blueprint.auth_required(auth)
@blueprint.input(NewRole, arg_name="new")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_grant_role", responses=requests.ERRORS)
def grant_role(city: City, user_id: UUID, new: NewRole) -> Done:
    """Give a member of the city a role in it."""
    user = UserKey(city.name, user_id)
    return Done(changed=movr().staff.grant_role(request_of(new, city), user, new.role))
