"""What the acting operations of staff share: who wants something done, where, and why."""

from typing import Any, Final
from uuid import uuid4

from movr.cities import City
from movr.staff.permissions import StaffRequest
from web.api.v1 import authentication
from web.api.v1.places import position_of, words_of
from web.api.v1.staff.schemas import PlaceByStaff, Why

ERRORS: Final = [401, 403, 404, 409, 422]  # statuses of an action


def request_of(why: Why, city: City) -> StaffRequest:
    """Return who calls and why."""
    token = authentication.token()
    return StaffRequest(token.user, token, city.name, why.reason, uuid4().hex)


def place_of(where: PlaceByStaff, city: City) -> dict[str, Any]:
    """Return where a vehicle is, as arguments of the methods of class Staff."""
    position = position_of(where, city)
    return {"location": words_of(where, position, city), "position": position}
