"""The member's reservation."""

from uuid import UUID

from apiflask import APIBlueprint

from movr.cities import City
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.schemas import Reservation, VehicleToTake
from web.context import movr, settings
from web.security import rate_limits

blueprint = APIBlueprint(
    "api_reservations", __name__, url_prefix="/api/v1/reservations", tag="Rides"
)


@blueprint.post("")
@blueprint.auth_required(auth)
@blueprint.input(VehicleToTake, arg_name="wanted")
@blueprint.output(Reservation, status_code=201)
@blueprint.doc(operation_id="reserve_vehicle", responses=[401, 403, 409, 422, 429])
def create(wanted: VehicleToTake) -> Reservation:
    """Reserve a vehicle for ten minutes."""
    token, city = authentication.token(), wanted.served_city
    rate_limits.count_vehicle_taken(settings().writes_per_minute)
    until = movr().reserve(city.name, wanted.vehicle_id, token.user, token)
    return Reservation(city=wanted.city, vehicle_id=wanted.vehicle_id, until=until)


@blueprint.delete("/<city:city>/<uuid:vehicle_id>")
@blueprint.auth_required(auth)
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="give_up_reservation", responses=[401, 404])
def delete(city: City, vehicle_id: UUID) -> str:
    """Give up the member's reservation of this vehicle, if there is one."""
    token = authentication.token()
    movr().give_up_reservation(city.name, vehicle_id, token.user, token)
    return ""
