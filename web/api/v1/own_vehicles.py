"""The vehicles of an owner, in the owner's home city, by their permanent ids."""

from typing import Annotated
from uuid import UUID

from apiflask import APIBlueprint
from flask import url_for

from movr import errors
from movr.cities import Position, served_city
from movr.results import UserKey, VehicleKey
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.cursors import AFTER, next_url, parsed_by, time
from web.api.v1.places import position_of, words_of
from web.api.v1.schemas import (
    AddedVehicle,
    Departure,
    Description,
    Earnings,
    Input,
    ManagedVehicle,
    MonthlyEarnings,
    NewVehicle,
    OwnedVehicle,
    OwnedVehicles,
    Parking,
)
from web.context import movr, settings
from web.cursors import month_and_id

blueprint = APIBlueprint("api_own_vehicles", __name__, url_prefix="/api/v1/me", tag="My vehicles")


class OwnVehicleList(Input):
    """Which vehicles to list."""

    after: Annotated[str, parsed_by(UUID)] | None = AFTER


class EventList(Input):
    """Which events of a vehicle to list."""

    after: Annotated[str, parsed_by(time)] | None = AFTER


class EarningsList(Input):
    """Which months to list."""

    after: Annotated[str, parsed_by(month_and_id)] | None = AFTER


@blueprint.get("/vehicles")
@blueprint.auth_required(auth)
@blueprint.input(OwnVehicleList, location="query", arg_name="wanted")
@blueprint.output(OwnedVehicles)
@blueprint.doc(operation_id="list_my_vehicles", responses=[401, 422])
def index(wanted: OwnVehicleList) -> OwnedVehicles:
    """List the member's vehicles, in whatever state.

    Removed ones are listed for a day, while they can be restored.
    """
    after = UUID(wanted.after) if wanted.after else None
    page = authentication.read(movr().vehicles_of, after=after, size=settings().page_size)
    return OwnedVehicles(
        items=[OwnedVehicle.of(owned) for owned in page.items], next=next_url(page.next)
    )


@blueprint.post("/vehicles")
@blueprint.auth_required(auth)
@blueprint.input(NewVehicle, arg_name="new")
@blueprint.output(AddedVehicle, status_code=201)
@blueprint.doc(operation_id="add_vehicle", responses=[401, 403, 409, 422])
def add(new: NewVehicle) -> tuple[AddedVehicle, int, dict[str, str]]:
    """Add a vehicle in the member's home city."""
    token = authentication.token()
    place, position = _place(new, token.user)
    vehicle = movr().add_vehicle(
        token.user,
        token,
        type=new.type,
        color=new.color,
        brand=new.brand,
        location=place,
        position=position,
    )
    location = url_for("api_own_vehicles.show", vehicle_id=vehicle.id)
    return AddedVehicle(id=vehicle.id), 201, {"Location": location}


@blueprint.get("/vehicles/<uuid:vehicle_id>")
@blueprint.auth_required(auth)
@blueprint.input(EventList, location="query", arg_name="wanted")
@blueprint.output(ManagedVehicle)
@blueprint.doc(operation_id="get_my_vehicle", responses=[401, 404, 422])
def show(vehicle_id: UUID, wanted: EventList) -> ManagedVehicle:
    """Return one of the member's vehicles with its earnings and history."""
    page = authentication.read(
        movr().fleet.vehicle,
        vehicle_id,
        before=time(wanted.after) if wanted.after else None,
        size=settings().page_size,
    )
    if not page.items:
        raise errors.VehicleNotFound
    (managed,) = page.items
    return ManagedVehicle.of_managed(managed, next_url(managed.history.next))


@blueprint.put("/vehicles/<uuid:vehicle_id>/description")
@blueprint.auth_required(auth)
@blueprint.input(Description, arg_name="new")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="describe_vehicle", responses=[401, 403, 404, 422])
def describe(vehicle_id: UUID, new: Description) -> str:
    """Change the color and the brand of the member's vehicle."""
    token = authentication.token()
    movr().fleet.describe(token.user, token, vehicle_id, color=new.color, brand=new.brand)
    return ""


@blueprint.put("/vehicles/<uuid:vehicle_id>/place")
@blueprint.auth_required(auth)
@blueprint.input(Parking, arg_name="where")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="move_vehicle", responses=[401, 403, 404, 409, 422])
def move(vehicle_id: UUID, where: Parking) -> str:
    """Note where the member has put their vehicle."""
    token = authentication.token()
    place, position = _place(where, token.user)
    movr().fleet.move(token.user, token, vehicle_id, location=place, position=position)
    return ""


@blueprint.post("/vehicles/<uuid:vehicle_id>/pause")
@blueprint.auth_required(auth)
@blueprint.output(Departure)
@blueprint.doc(operation_id="pause_vehicle", responses=[401, 403, 404, 409])
def pause(vehicle_id: UUID) -> Departure:
    """Take the member's vehicle out of service: now, or when its ride ends."""
    token = authentication.token()
    is_done = movr().fleet.pause(token.user, token, vehicle_id)
    return Departure(is_pending=not is_done)


@blueprint.post("/vehicles/<uuid:vehicle_id>/resume")
@blueprint.auth_required(auth)
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="resume_vehicle", responses=[401, 403, 404, 409])
def resume(vehicle_id: UUID) -> str:
    """Put the member's vehicle back into service."""
    token = authentication.token()
    movr().fleet.resume(token.user, token, vehicle_id)
    return ""


@blueprint.post("/vehicles/<uuid:vehicle_id>/remove")
@blueprint.auth_required(auth)
@blueprint.output(Departure)
@blueprint.doc(operation_id="remove_vehicle", responses=[401, 403, 404])
def remove(vehicle_id: UUID) -> Departure:
    """Remove the member's vehicle: now, or after its ride or reservation.

    For a day it is still listed and can be restored.
    """
    owner = authentication.member().key
    vehicle = VehicleKey(owner.city, vehicle_id)
    is_done = movr().remove_vehicle(vehicle, owner, authentication.token())
    return Departure(is_pending=not is_done)


@blueprint.post("/vehicles/<uuid:vehicle_id>/restore")
@blueprint.auth_required(auth)
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="restore_vehicle", responses=[401, 403, 404, 409])
def restore(vehicle_id: UUID) -> str:
    """Take the removal of the member's vehicle back, within a day."""
    token = authentication.token()
    movr().fleet.restore(token.user, token, vehicle_id)
    return ""


@blueprint.get("/earnings")
@blueprint.auth_required(auth)
@blueprint.input(EarningsList, location="query", arg_name="wanted")
@blueprint.output(Earnings)
@blueprint.doc(operation_id="list_my_earnings", responses=[401, 422])
def earnings(wanted: EarningsList) -> Earnings:
    """List what the member's vehicles have earned by month in the last year, newest first."""
    before = month_and_id(wanted.after) if wanted.after else None
    page = authentication.read(movr().earnings, before=before, size=settings().page_size)
    return Earnings(
        items=[MonthlyEarnings.of(earned) for earned in page.items], next=next_url(page.next)
    )


def _place(where: Parking, owner: UserKey) -> tuple[str, Position | None]:
    """Return where a vehicle stands, in words and, if it is known, as a position."""
    city = served_city(owner.city)
    position = position_of(where, city)
    return words_of(where, position, city), position
