"""The member's rides: start, end, undo, receipt and history."""

from typing import Annotated
from uuid import UUID

from apiflask import APIBlueprint
from flask import url_for

from movr.cities import City, served_city
from movr.results import RideKey
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.caching import revalidated
from web.api.v1.cursors import AFTER, next_url, parsed_by, time_and_id
from web.api.v1.places import position_of, words_of
from web.api.v1.schemas import (
    Input,
    Parking,
    Ride,
    RideLink,
    Rides,
    RideTotals,
    UndoReason,
    VehicleToTake,
    Whereabouts,
)
from web.context import movr, settings, site_url
from web.current_city import set_current_city
from web.operations import metrics
from web.security import rate_limits
from web.services.zones import zones_in_force

blueprint = APIBlueprint("api_rides", __name__, url_prefix="/api/v1", tag="Rides")


class History(Input):
    """Which rides to list."""

    after: Annotated[str, parsed_by(time_and_id)] | None = AFTER


@blueprint.get("/me/rides")
@blueprint.auth_required(auth)
@blueprint.input(History, location="query", arg_name="wanted")
@blueprint.output(Rides)
@blueprint.doc(operation_id="list_my_rides", responses=[401, 422])
def index(wanted: History) -> Rides:
    """List the member's rides, newest first; the first is the active one, if there is one."""
    before = time_and_id(wanted.after) if wanted.after else None
    page = movr().rides(authentication.member(), before=before, size=settings().page_size)
    return Rides(items=[Ride.of(ride) for ride in page.items], next=next_url(page.next))


@blueprint.get("/me/rides/<uuid:ride_id>")
@blueprint.auth_required(auth)
@blueprint.output(Ride)
@blueprint.doc(operation_id="get_ride", responses=[401, 404])
def show(ride_id: UUID) -> Ride:
    """Return one of the member's rides: what goes on, or the receipt."""
    ride = movr().ride(authentication.member(), ride_id)
    if not ride.is_active:
        revalidated()
    return Ride.of(ride)


@blueprint.get("/me/rides/totals")
@blueprint.auth_required(auth)
@blueprint.output(RideTotals)
@blueprint.doc(operation_id="get_ride_totals", responses=[401])
def totals() -> RideTotals:
    """Return the sums of the member's rides by week and month, in the time zone of their city."""
    return RideTotals.of(movr().history(authentication.member(), before=None, size=1))


@blueprint.post("/rides")
@blueprint.auth_required(auth)
@blueprint.input(VehicleToTake, arg_name="wanted")
@blueprint.output(RideLink, status_code=201)
@blueprint.doc(operation_id="start_ride", responses=[401, 403, 409, 422, 429])
def start(wanted: VehicleToTake) -> tuple[RideLink, int, dict[str, str]]:
    """Start a ride with an available vehicle, or with the one that the member has reserved."""
    token, city = authentication.token(), wanted.served_city
    set_current_city(city)
    rate_limits.count_vehicle_taken(settings().writes_per_minute)
    ride = movr().start_ride(city.name, wanted.vehicle_id, token.user, token)
    if ride.is_new:
        metrics.RIDES_STARTED.labels(city.name).inc()
    link = _link(ride.key)
    return link, 201, {"Location": link.url}


@blueprint.post("/cities/<city:city>/rides/<uuid:ride_id>/end")
@blueprint.auth_required(auth)
@blueprint.input(Parking, arg_name="parking")
@blueprint.output(RideLink)
@blueprint.doc(operation_id="end_ride", responses=[401, 403, 404, 422])
def end(city: City, ride_id: UUID, parking: Parking) -> RideLink:
    """End the member's ride. Without a position its distance is unknown.

    The receipt is at its URL.
    """
    token, ride = authentication.token(), RideKey(city.name, ride_id)
    position = position_of(parking, city)
    is_new = movr().end_ride(
        ride,
        token.user,
        token,
        location=words_of(parking, position, city),
        position=position,
        zones=zones_in_force(city),
    )
    if is_new:
        metrics.RIDES_ENDED.labels(city.name).inc()
    return _link(ride)


@blueprint.post("/cities/<city:city>/rides/<uuid:ride_id>/undo")
@blueprint.auth_required(auth)
@blueprint.input(Whereabouts, arg_name="whereabouts")
@blueprint.output(RideLink)
@blueprint.doc(operation_id="undo_ride", responses=[401, 403, 404, 409, 422, 429])
def undo(city: City, ride_id: UUID, whereabouts: Whereabouts) -> RideLink:
    """Undo the member's ride in its first three minutes, near its start. It costs nothing."""
    token, ride = authentication.token(), RideKey(city.name, ride_id)
    rate_limits.count_undo(token.user)
    position = position_of(whereabouts, city)
    if movr().undo_ride(ride, token.user, token, position=position):
        metrics.RIDES_ENDED.labels(city.name).inc()
    return _link(ride)


@blueprint.post("/cities/<city:city>/rides/<uuid:ride_id>/undo/reason")
@blueprint.auth_required(auth)
@blueprint.input(UndoReason, arg_name="why")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="explain_undo", responses=[401, 403, 404, 422])
def explain_undo(city: City, ride_id: UUID, why: UndoReason) -> str:
    """Say why the member has undone a ride."""
    token = authentication.token()
    movr().explain_undo(RideKey(city.name, ride_id), token.user, token, why.text)
    return ""


def _link(ride: RideKey) -> RideLink:
    """Return the key and the URL of the member's own ride."""
    url = url_for("api_rides.show", ride_id=ride.id)
    return RideLink(id=ride.id, city=served_city(ride.city).slug, url=f"{site_url()}{url}")
