"""One available vehicle: by its id, or by the number that stands on it."""

from functools import partial
from uuid import UUID

from apiflask import APIBlueprint

from movr import errors, results
from movr.cities import City
from web.api.v1 import authentication
from web.api.v1.authentication import OPTIONAL, auth
from web.api.v1.schemas import NumberedVehicle, Vehicle
from web.context import movr
from web.security import number_limits

blueprint = APIBlueprint(
    "api_vehicles", __name__, url_prefix="/api/v1/cities/<city:city>/vehicles", tag="Cities"
)


@blueprint.get("/<uuid:vehicle_id>")
@auth.login_required(optional=True)
@blueprint.output(Vehicle)
@blueprint.doc(operation_id="get_vehicle", responses=[401, 404], security=OPTIONAL)
def show(city: City, vehicle_id: UUID) -> Vehicle:
    """Return an available vehicle, or the one that the member has reserved.

    Its id changes with each ride. Members see the number on it.
    """
    if auth.current_user is None:
        return Vehicle.of(movr().vehicle(city.name, vehicle_id))
    wanted = partial(movr().vehicle_and_member, city=city.name, public_id=vehicle_id)
    for vehicle in authentication.read(wanted).items:
        return Vehicle.of(vehicle)
    raise errors.VehicleNotFound


@blueprint.get("/by-number/<int(fixed_digits=6):number>")
@auth.login_required(optional=True)
@blueprint.output(NumberedVehicle)
@blueprint.doc(operation_id="find_vehicle_by_number", responses=[401, 404, 429], security=OPTIONAL)
def find_by_number(city: City, number: int) -> NumberedVehicle:
    """Return the available vehicle with this number, or the one that the member has reserved.

    Where it is is left out: riders who read the number stand beside it.
    """
    number_limits.count_lookup(city, number)
    for vehicle in _numbered(city.name, number):
        return NumberedVehicle.of(vehicle)
    raise errors.VehicleNotFound


def _numbered(city: str, number: int) -> tuple[results.NumberedVehicle, ...]:
    if auth.current_user is None:
        return movr().vehicle_by_number(city, number).items
    wanted = partial(movr().vehicle_by_number_and_member, city=city, number=number)
    found = authentication.read(wanted).items
    number_limits.count_lookup_of(authentication.member().key)
    return found
