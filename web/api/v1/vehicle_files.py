"""Many vehicles at once: a check that changes nothing, or the import of all or none."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from typing import ParamSpec
from uuid import UUID

from apiflask import APIBlueprint, HTTPError

from movr import geo
from movr.cities import City, served_city
from movr.errors import MemberNotFound, NotStaff, TooFarAway
from movr.messages import Message, gettext_noop
from movr.results import LineError, NewVehicle, UserKey
from movr.staff.permissions import Action, may
from movr.vehicle_import import ImportPlan
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.schemas import ImportedVehicles, VehicleList
from web.api.v1.staff import requests
from web.api.v1.staff.reads import read_page
from web.api.v1.staff.requests import request_of
from web.api.v1.staff.schemas import TimePage, VehicleListByStaff
from web.context import movr
from web.languages import translate
from web.services.vehicle_files import THREADS, count_file

Given = ParamSpec("Given")

blueprint = APIBlueprint("api_vehicle_files", __name__, url_prefix="/api/v1")

TWICE = gettext_noop("Another vehicle of this list has this reference, too.")


def _counted(
    operation: Callable[Given, ImportedVehicles],
) -> Callable[Given, ImportedVehicles]:
    """Check the token and count the list before it is validated, which takes a second.

    Raises TokenInvalid, TooManyAttempts.
    """

    @wraps(operation)
    def counted(*arguments: Given.args, **named: Given.kwargs) -> ImportedVehicles:
        count_file(authentication.member().key)
        return operation(*arguments, **named)

    return counted


@blueprint.post("/me/vehicles/import")
@blueprint.auth_required(auth)
@_counted
@blueprint.input(VehicleList, arg_name="body")
@blueprint.output(ImportedVehicles)
@blueprint.doc(
    operation_id="import_vehicles", responses=[401, 403, 409, 422, 429], tags=["My vehicles"]
)
def import_vehicles(body: VehicleList) -> ImportedVehicles:
    """Add vehicles in the member's home city: all of the list, or none if one is not valid.

    Each has a reference of its owner's own, by which it is known when it is sent again.
    """
    owner, token = authentication.member().key, authentication.token()
    vehicles = _checked(body, served_city(owner.city))
    plan = movr().vehicle_import.plan(owner, vehicles)
    add = partial(movr().vehicle_import.add, owner, vehicles, proof=token)
    return _carried_out(plan, None if body.dry_run else add)


@blueprint.post("/staff/<city:city>/members/<uuid:user_id>/vehicles")
@blueprint.auth_required(auth)
@_counted
@blueprint.input(VehicleListByStaff, arg_name="body")
@blueprint.output(ImportedVehicles)
@blueprint.doc(operation_id="staff_add_vehicles", responses=[*requests.ERRORS, 429], tags=["Staff"])
def add_vehicles(city: City, user_id: UUID, body: VehicleListByStaff) -> ImportedVehicles:
    """Add vehicles of a member whose home is the city, without the bounds of owners."""
    found = read_page(city, movr().staff_lists.member, TimePage(), id_=user_id)
    if not may(found.staff.roles, Action.ADD_VEHICLES):
        raise NotStaff
    if found.subject is None:
        raise MemberNotFound
    request, owner = request_of(body, city), UserKey(city.name, user_id)
    vehicles = _checked(body, city)
    plan = movr().vehicle_import.plan(owner, vehicles, is_bounded=False)
    add = partial(movr().vehicle_import.add_as_staff, request, owner, vehicles)
    return _carried_out(plan, None if body.dry_run else add)


def _checked(body: VehicleList, city: City) -> list[NewVehicle]:
    """Return the vehicles of a list. Raises HTTPError with what is wrong with which."""
    vehicles = [each.as_line(n) for n, each in enumerate(body.vehicles)]
    _refuse(list(_errors(vehicles, city)))
    return vehicles


def _errors(vehicles: Sequence[NewVehicle], city: City) -> Iterator[LineError]:
    references = set[str]()
    for vehicle in vehicles:
        if vehicle.position and not geo.is_within(city, vehicle.position):
            yield LineError(vehicle.line, "latitude", TooFarAway().message())
        if vehicle.reference in references:
            yield LineError(vehicle.line, "reference", Message(TWICE))
        references.add(vehicle.reference)


def _refuse(errors: Sequence[LineError]) -> None:
    """Raise HTTPError if there are errors."""
    said = dict[str, list[str]]()
    for line, column, sentence in errors:
        field = "vehicles" if line is None else f"vehicles.{line}.{column}"
        text = translate(sentence) if isinstance(sentence, Message) else sentence
        said.setdefault(field, []).append(text)
    if said:
        raise HTTPError(422, detail={"json": said})


def _carried_out(plan: ImportPlan, add: Callable[[], object] | None) -> ImportedVehicles:
    """Add the vehicles of a plan, if this is wanted. Raises HTTPError, and what `add` raises."""
    _refuse(plan.errors)
    if add:
        THREADS.submit(add).result()
    return ImportedVehicles(new=len(plan.new), known=len(plan.known), added=add is not None)
