"""The roles that members have in a city, and the audit of what staff did, for its managers."""

from typing import Annotated
from uuid import UUID

from apiflask import APIBlueprint

from movr.cities import City
from movr.results import UserKey
from web.api.v1.authentication import auth
from web.api.v1.cursors import AFTER, next_url, parsed_by
from web.api.v1.schemas import Input
from web.api.v1.staff import reads, requests
from web.api.v1.staff.reads import read, read_page
from web.api.v1.staff.requests import request_of
from web.api.v1.staff.schemas import Audit, AuditLine, Done, Grant, Grants, TimePage, Why
from web.context import movr, settings
from web.cursors import role_and_id

blueprint = APIBlueprint(
    "api_staff_roles", __name__, url_prefix="/api/v1/staff/<city:city>", tag="Staff"
)


class RoleList(Input):
    """Which roles to list."""

    after: Annotated[str, parsed_by(role_and_id)] | None = AFTER


@blueprint.get("/roles")
@blueprint.auth_required(auth)
@blueprint.input(RoleList, location="query", arg_name="wanted")
@blueprint.output(Grants)
@blueprint.doc(operation_id="list_staff_roles", responses=reads.ERRORS)
def index(city: City, wanted: RoleList) -> Grants:
    """List who has which role in the city."""
    after = role_and_id(wanted.after) if wanted.after else None
    size = settings().page_size
    page = read(city, movr().staff_lists.grants, after=after, size=size).page
    return Grants(items=[Grant.of(grant) for grant in page.items], next=next_url(page.next))


@blueprint.post("/roles/<city:home>/<uuid:user_id>/<any(support, mechanic, manager):role>/revoke")
@blueprint.auth_required(auth)
@blueprint.input(Why, arg_name="why")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_revoke_role", responses=requests.ERRORS)
def revoke(city: City, home: City, user_id: UUID, role: str, why: Why) -> Done:
    """Take a role in the city from a member, who may live in another one."""
    user = UserKey(home.name, user_id)
    return Done(changed=movr().staff.revoke_role(request_of(why, city), user, role))


@blueprint.get("/audit")
@blueprint.auth_required(auth)
@blueprint.input(TimePage, location="query", arg_name="wanted")
@blueprint.output(Audit)
@blueprint.doc(operation_id="list_staff_audit", responses=reads.ERRORS)
def audit(city: City, wanted: TimePage) -> Audit:
    """List what staff did in the city and why, newest first."""
    page = read_page(city, movr().staff_lists.audit, wanted).page
    return Audit(items=[AuditLine.of(line) for line in page.items], next=next_url(page.next))
