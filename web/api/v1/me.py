"""The member who calls."""

from apiflask import APIBlueprint

from movr.cities import served_city
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.schemas import Me, Reservation, RideKey

blueprint = APIBlueprint("api_me", __name__, url_prefix="/api/v1/me", tag="Me")


@blueprint.get("")
@blueprint.auth_required(auth)
@blueprint.output(Me)
@blueprint.doc(operation_id="get_me", responses=[401])
def show() -> Me:
    """Return the member's account."""
    member = authentication.member()
    ride = member.active_ride
    return Me(
        id=member.id,
        city=served_city(member.city).slug,
        username=member.username,
        first_name=member.first_name,
        last_name=member.last_name,
        email=member.email,
        email_verified=member.email_verified_at is not None,
        is_owner=member.is_owner,
        suspended_at=member.suspended_at,
        active_ride=ride and RideKey(id=ride.id, city=served_city(ride.city).slug),
        reservation=member.reservation and Reservation.of(member.reservation),
    )
