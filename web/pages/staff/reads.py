"""What the staff's pages share: they are read together with the member and their roles."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from flask import abort

from movr.cities import City
from movr.errors import (
    MemberNotFound,
    NotStaff,
    Refusal,
    ReportNotFound,
    RideNotFound,
    VehicleNotFound,
)
from movr.staff.lists import Reader, StaffLists
from movr.staff.results import HasStaff, StaffView
from web.context import movr, settings
from web.current_city import set_current_city
from web.pages import pagination
from web.security import session

Found = TypeVar("Found", bound=HasStaff)

RIDES, VEHICLES, MEMBERS, REPORTS = "rides", "vehicles", "members", "reports"
# What has a page of its own: how it is read, and the refusal if there is none.
THINGS: Final[dict[str, tuple[Callable[..., StaffView[Any]], type[Refusal]]]] = {
    RIDES: (StaffLists.ride, RideNotFound),
    VEHICLES: (StaffLists.vehicle, VehicleNotFound),
    MEMBERS: (StaffLists.member, MemberNotFound),
    REPORTS: (StaffLists.report, ReportNotFound),
}


def read(city: City, read: Callable[..., Found], **wanted: object) -> Found:
    """Read something of a city for its staff, in one round trip.

    `wanted` are further arguments of the method of class StaffLists. Redirects visitors to the
    login page, which ends the request. Raises NotStaff for members without a role that permits it,
    whatever there is in the city.
    """
    user = session.current_session()
    found = read(Reader(user.key, user.epoch, city), **wanted)
    user.member = found.staff.member
    if user.member is None:
        abort(session.login_manager.unauthorized())
    if not found.staff.is_permitted:
        raise NotStaff
    set_current_city(city)
    return found


def read_page(city: City, read_list: Callable[..., Found], **wanted: object) -> Found:
    """Read a page of a list, or one thing with a page of its history, like `read`."""
    size = settings().page_size
    return read(city, read_list, after=pagination.time_and_id(), size=size, **wanted)


def find(noun: str, city: City, id_: UUID) -> tuple[StaffView[Any], Any]:
    """Read one thing and a page of its history, like `read`, and return both and the thing.

    Raises the refusal of THINGS if there is none.
    """
    read_one, missing = THINGS[noun]
    found = read_page(city, partial(read_one, movr().staff_lists), id_=id_)
    if found.subject is None:
        raise missing
    return found, found.subject
