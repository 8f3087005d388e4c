"""The vehicles of a city, for its staff, by their permanent ids."""

from typing import Final, Literal
from uuid import UUID

from apiflask import APIBlueprint

from movr.cities import City
from movr.errors import VehicleNotFound
from movr.staff.results import IDLE, MISSING, OUT_OF_SERVICE
from web.api.v1.authentication import auth
from web.api.v1.cursors import next_url
from web.api.v1.staff import reads, requests
from web.api.v1.staff.reads import read, read_page
from web.api.v1.staff.requests import place_of, request_of
from web.api.v1.staff.schemas import (
    Done,
    History,
    NumberedId,
    PlaceByStaff,
    StaffVehicle,
    StaffVehicles,
    StaffVehicleWithHistory,
    TimePage,
    Why,
)
from web.context import movr

LISTS: Final = {"idle": IDLE, "non_operational": OUT_OF_SERVICE, "missing": MISSING}

blueprint = APIBlueprint(
    "api_staff_vehicles", __name__, url_prefix="/api/v1/staff/<city:city>/vehicles", tag="Staff"
)


class VehicleList(TimePage):
    """Which vehicles to list; those are idle that nobody has ridden for a week."""

    show: Literal["idle", "non_operational", "missing"] = "idle"


@blueprint.get("")
@blueprint.auth_required(auth)
@blueprint.input(VehicleList, location="query", arg_name="wanted")
@blueprint.output(StaffVehicles)
@blueprint.doc(operation_id="list_staff_vehicles", responses=reads.ERRORS)
def index(city: City, wanted: VehicleList) -> StaffVehicles:
    """List the vehicles that are idle, out of service or missing, the longest first."""
    page = read_page(city, movr().staff_lists.vehicles, wanted, which=LISTS[wanted.show]).page
    items = [StaffVehicle.of(vehicle) for vehicle in page.items]
    return StaffVehicles(items=items, next=next_url(page.next))


@blueprint.get("/by-number/<int(fixed_digits=6):number>")
@blueprint.auth_required(auth)
@blueprint.output(NumberedId)
@blueprint.doc(operation_id="find_staff_vehicle", responses=reads.ERRORS)
def find(city: City, number: int) -> NumberedId:
    """Return the id of the vehicle with this number, also of a removed one."""
    for vehicle in read(city, movr().staff_lists.vehicle_by_number, number=number).page.items:
        return NumberedId(id=vehicle.id)
    raise VehicleNotFound


@blueprint.get("/<uuid:vehicle_id>")
@blueprint.auth_required(auth)
@blueprint.input(TimePage, location="query", arg_name="wanted")
@blueprint.output(StaffVehicleWithHistory)
@blueprint.doc(operation_id="get_staff_vehicle", responses=reads.ERRORS)
def show(city: City, vehicle_id: UUID, wanted: TimePage) -> StaffVehicleWithHistory:
    """Return a vehicle, and a page of what happened to it."""
    found = read_page(city, movr().staff_lists.vehicle, wanted, id_=vehicle_id)
    if found.subject is None:
        raise VehicleNotFound
    return StaffVehicleWithHistory.of(found.subject, history=History.of(found.history, city))


@blueprint.post("/<uuid:vehicle_id>/move")
@blueprint.auth_required(auth)
@blueprint.input(PlaceByStaff, arg_name="where")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_move_vehicle", responses=requests.ERRORS)
def move(city: City, vehicle_id: UUID, where: PlaceByStaff) -> Done:
    """Note where a vehicle is now."""
    request, place = request_of(where, city), place_of(where, city)
    return Done(changed=movr().staff.move_vehicle(request, vehicle_id, **place))


@blueprint.post("/<uuid:vehicle_id>/pause")
@blueprint.auth_required(auth)
@blueprint.input(Why, arg_name="why")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_pause_vehicle", responses=requests.ERRORS)
def pause(city: City, vehicle_id: UUID, why: Why) -> Done:
    """Take a vehicle out of service: at once, or at the end of its ride. A reservation ends."""
    return Done(changed=movr().staff.pause_vehicle(request_of(why, city), vehicle_id))


@blueprint.post("/<uuid:vehicle_id>/resume")
@blueprint.auth_required(auth)
@blueprint.input(Why, arg_name="why")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_resume_vehicle", responses=requests.ERRORS)
def resume(city: City, vehicle_id: UUID, why: Why) -> Done:
    """Put a vehicle back into service."""
    return Done(changed=movr().staff.resume_vehicle(request_of(why, city), vehicle_id))


@blueprint.post("/<uuid:vehicle_id>/mark-missing")
@blueprint.auth_required(auth)
@blueprint.input(Why, arg_name="why")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_mark_missing", responses=requests.ERRORS)
def mark_missing(city: City, vehicle_id: UUID, why: Why) -> Done:
    """Note that a vehicle is not where it should be."""
    return Done(changed=movr().staff.mark_missing(request_of(why, city), vehicle_id))


@blueprint.post("/<uuid:vehicle_id>/mark-found")
@blueprint.auth_required(auth)
@blueprint.input(PlaceByStaff, arg_name="where")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_mark_found", responses=requests.ERRORS)
def mark_found(city: City, vehicle_id: UUID, where: PlaceByStaff) -> Done:
    """Note where a missing vehicle was found."""
    request, place = request_of(where, city), place_of(where, city)
    return Done(changed=movr().staff.mark_found(request, vehicle_id, **place))


@blueprint.post("/<uuid:vehicle_id>/remove")
@blueprint.auth_required(auth)
@blueprint.input(Why, arg_name="why")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_remove_vehicle", responses=requests.ERRORS)
def remove(city: City, vehicle_id: UUID, why: Why) -> Done:
    """Remove a vehicle for its owner: at once, or at the end of its ride."""
    return Done(changed=movr().staff.remove_vehicle(request_of(why, city), vehicle_id))
