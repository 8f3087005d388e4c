"""The rides of a city, for its staff."""

from uuid import UUID

from apiflask import APIBlueprint

from movr.cities import City
from movr.errors import RideNotFound
from web.api.v1.authentication import auth
from web.api.v1.cursors import next_url
from web.api.v1.staff import reads, requests
from web.api.v1.staff.reads import read_page
from web.api.v1.staff.requests import place_of, request_of
from web.api.v1.staff.schemas import (
    Done,
    History,
    PlaceByStaff,
    RidesUnderWay,
    RideUnderWay,
    StaffRide,
    TimePage,
    Why,
)
from web.context import movr

blueprint = APIBlueprint(
    "api_staff_rides", __name__, url_prefix="/api/v1/staff/<city:city>/rides", tag="Staff"
)


@blueprint.get("")
@blueprint.auth_required(auth)
@blueprint.input(TimePage, location="query", arg_name="wanted")
@blueprint.output(RidesUnderWay)
@blueprint.doc(operation_id="list_staff_rides", responses=reads.ERRORS)
def index(city: City, wanted: TimePage) -> RidesUnderWay:
    """List the rides under way, the longest first."""
    page = read_page(city, movr().staff_lists.rides_under_way, wanted).page
    items = [RideUnderWay.of(ride) for ride in page.items]
    return RidesUnderWay(items=items, next=next_url(page.next))


@blueprint.get("/<uuid:ride_id>")
@blueprint.auth_required(auth)
@blueprint.input(TimePage, location="query", arg_name="wanted")
@blueprint.output(StaffRide)
@blueprint.doc(operation_id="get_staff_ride", responses=reads.ERRORS)
def show(city: City, ride_id: UUID, wanted: TimePage) -> StaffRide:
    """Return a ride, and a page of what was booked and done for it."""
    found = read_page(city, movr().staff_lists.ride, wanted, id_=ride_id)
    if found.subject is None:
        raise RideNotFound
    return StaffRide.of(found.subject, city, History.of(found.history, city))


@blueprint.post("/<uuid:ride_id>/end")
@blueprint.auth_required(auth)
@blueprint.input(PlaceByStaff, arg_name="where")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_end_ride", responses=requests.ERRORS)
def end(city: City, ride_id: UUID, where: PlaceByStaff) -> Done:
    """End a ride that its rider has forgotten. It costs at most what a day costs.

    Support may from two hours after its start on, and managers at any time.
    """
    request, place = request_of(where, city), place_of(where, city)
    return Done(changed=movr().staff.end_ride(request, ride_id, **place))


@blueprint.post("/<uuid:ride_id>/refund")
@blueprint.auth_required(auth)
@blueprint.input(Why, arg_name="why")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_refund_fare", responses=requests.ERRORS)
def refund(city: City, ride_id: UUID, why: Why) -> Done:
    """Take the whole fare of a ride back, for its rider. The payment gateway returns no money."""
    return Done(changed=movr().staff.refund_fare(request_of(why, city), ride_id))
