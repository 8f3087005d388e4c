"""What the reads of staff share: each is one statement with the member and their roles."""

from collections.abc import Callable
from typing import Final, TypeVar

from movr import errors
from movr.cities import City
from movr.staff.lists import Reader
from movr.staff.results import HasStaff
from web.api.v1 import authentication
from web.api.v1.cursors import time_and_id
from web.api.v1.staff.schemas import TimePage
from web.context import settings

ERRORS: Final = [401, 403, 404, 422]  # statuses of a read


Found = TypeVar("Found", bound=HasStaff)


def read(city: City, read: Callable[..., Found], **wanted: object) -> Found:
    """Read something of a city for its staff, in one round trip.

    `wanted` are further arguments of the method of class StaffLists. Raises TokenInvalid, and
    NotStaff for members without a role that permits it, whatever there is in the city.
    """
    token = authentication.token()
    found = read(Reader(token.user, token, city), **wanted)
    if found.staff.member is None:
        raise errors.TokenInvalid
    if not found.staff.is_permitted:
        raise errors.NotStaff
    return found


def read_page(
    city: City, read_list: Callable[..., Found], page: TimePage, **wanted: object
) -> Found:
    """Read a page of a list, or one thing with a page of its history, like `read`."""
    after = time_and_id(page.after) if page.after else None
    return read(city, read_list, after=after, size=settings().page_size, **wanted)
