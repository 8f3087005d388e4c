"""Calls of every operation of the API as a member of one city, like the visits of pages."""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask

from cli.page_visits import PageVisitor, delete_account, register
from movr.cities import City

_VEHICLE: Final = {"type": "bike", "color": "red", "brand": "Tour", "location": "here"}


class ApiCaller:
    """A program that calls the API, with an access token unless that is empty."""

    def __init__(self, visitor: PageVisitor, token: str = "") -> None:
        """Call in the name of this visitor, and with their vehicle."""
        self.city = visitor.city
        self._visitor = visitor
        self._token = token

    def __call__(self, method: str, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """Call the operation at a path below /api/v1, and return its JSON, if it has any."""
        reply = self._visitor.call(method, f"/api/v1{path}", self._token, body or None)
        return reply.json if reply.data else None

    def vehicle_id(self) -> str:
        """Return the present id of the member's vehicle, which changes with each ride."""
        profile = self._visitor.follow("/", "/users")
        return self._visitor.follow(profile, f"/vehicles/{self.city.slug}").rpartition("/")[2]


def call_every_operation(app: Flask, city: City, visited: Callable[[str], None]) -> None:
    """Call every operation in a city, and call `visited` with the method and route of each.

    Deletes the account and the vehicle at the end; as always, their rows remain.
    """
    app.config["WTF_CSRF_ENABLED"] = False  # the visitor is not a browser
    visitor = PageVisitor(app, city, visited)
    name, password = register(visitor)
    visitor.post("/vehicles/add", **_VEHICLE)
    stranger = ApiCaller(visitor)
    member = _log_in(visitor, stranger, name, password)
    _find_vehicles(stranger, member)
    _reserve_and_ride(member)
    (device,) = member("GET", "/tokens")["items"]
    member("DELETE", f"/tokens/{device['id']}")
    delete_account(visitor, password)


def _log_in(visitor: PageVisitor, stranger: ApiCaller, name: str, password: str) -> ApiCaller:
    """Return a caller with the second access token of the member."""
    tokens = stranger("POST", "/tokens", username=name, password=password, device="tour")
    tokens = stranger("POST", "/tokens/refresh", refresh_token=tokens["refresh_token"])
    return ApiCaller(visitor, tokens["access_token"])


def _find_vehicles(stranger: ApiCaller, member: ApiCaller) -> None:
    vehicles = f"/cities/{member.city.slug}/vehicles"
    for caller in (stranger, member):
        caller("GET", "/cities")
        caller("GET", vehicles)
        number = member("GET", f"{vehicles}/{member.vehicle_id()}")["number"]
        caller("GET", f"{vehicles}/{member.vehicle_id()}")
        caller("GET", f"{vehicles}/by-number/{number}")


def _reserve_and_ride(member: ApiCaller) -> None:
    """Reserve a vehicle, undo a ride and end one."""
    vehicle = {"city": member.city.slug, "vehicle_id": member.vehicle_id()}
    member("POST", "/reservations", **vehicle)
    member("GET", "/me")
    member("DELETE", "/reservations")
    undone = _path_of(member("POST", "/rides", **vehicle))
    member("POST", f"{undone}/undo", place="here")
    member("POST", f"{undone}/undo/reason", reason="Wrong vehicle")
    ride = member("POST", "/rides", **vehicle | {"vehicle_id": member.vehicle_id()})
    member("POST", f"{_path_of(ride)}/end", place="there")
    member("GET", f"/me/rides/{ride['id']}")
    member("GET", "/me/rides")


def _path_of(ride: dict[str, Any]) -> str:
    return f"/cities/{ride['city']}/rides/{ride['id']}"
