"""Calls of every operation of the API as a member of one city, like the visits of pages."""

from collections.abc import Callable
from secrets import token_hex
from typing import Final
from uuid import UUID

from flask import Flask

from cli.api_caller import ApiCaller
from cli.page_visits import EMAIL, PageVisitor, delete_account, register
from cli.staff_api_visits import LISTED, call_as_manager
from movr.cities import City
from movr.formats import MANAGER
from movr.results import UserKey

_PLACE: Final = {"place": "here"}
_LOOK: Final = {"color": "red", "brand": "Tour"}
_PROBLEM: Final = {"kind": "lock"}


def call_every_operation(app: Flask, city: City, visited: Callable[[str], None]) -> None:
    """Call every operation in a city, and call `visited` with the method and route of each.

    Deletes the account and the vehicle at the end; as always, their rows remain.
    """
    app.config["WTF_CSRF_ENABLED"] = False  # the visitor is not a browser
    visitor = PageVisitor(app, city, visited)
    name, password = register(visitor)
    stranger = ApiCaller(visitor)
    member = _log_in(visitor, name, password)
    own = f"/me/vehicles/{member('POST', '/me/vehicles', type='bike', **_LOOK, **_PLACE)['id']}"
    _find_vehicles(stranger, member, own)
    reserved = _vehicle_to_take(member, own)
    member("POST", "/reservations", **reserved)
    member("GET", "/me")
    member("DELETE", f"/reservations/{reserved['city']}/{reserved['vehicle_id']}")
    for caller in (member, member.with_keys()):
        _ride(caller, own)
    _report_and_close(member, own)
    _manage_vehicle(member, own)
    _call_as_staff(app, PageVisitor(app, city, visited), member, own)
    _manage_account(member)
    _open_and_delete_account(visitor)
    phone = _log_in(visitor, name, password)
    visitor.post(f"{visitor.follow('/', '/users')}/devices/{_device_of(phone)}/logout")
    _log_in(visitor, name, password)("DELETE", "/me/sessions")
    visitor.post("/login", username=name, password=password)
    delete_account(visitor, password)


def _log_in(visitor: PageVisitor, name: str, password: str) -> ApiCaller:
    """Return a program with the second access token of a member."""
    login = {"username": name, "password": password, "device": "tour"}
    stranger = ApiCaller(visitor)
    tokens = stranger("POST", "/tokens", **login)
    tokens = stranger("POST", "/tokens/refresh", refresh_token=tokens["refresh_token"])
    return ApiCaller(visitor, tokens["access_token"])


def _find_vehicles(stranger: ApiCaller, member: ApiCaller, own: str) -> None:
    vehicle, vehicles = member("GET", own), f"/cities/{member.city}/vehicles"
    for caller in (stranger, member):
        caller("GET", "/cities")
        caller("GET", vehicles)
        caller("GET", f"{vehicles}/{vehicle['vehicle_id']}")
        caller("GET", f"{vehicles}/by-number/{vehicle['number']}")


def _ride(member: ApiCaller, own: str) -> None:
    """Undo a ride and end one."""
    undone = _path_of(member("POST", "/rides", **_vehicle_to_take(member, own)))
    member("POST", f"{undone}/undo", **_PLACE)
    member("POST", f"{undone}/undo/reason", reason="Wrong vehicle")
    ride = member("POST", "/rides", **_vehicle_to_take(member, own))
    member("POST", f"{_path_of(ride)}/end", **_PLACE)
    member("POST", f"{_path_of(ride)}/reports", **_PROBLEM)
    member("GET", f"/me/rides/{ride['id']}")
    member("GET", "/me/rides")
    member("GET", "/me/rides/totals")


def _vehicle_to_take(member: ApiCaller, own: str) -> dict[str, str]:
    """Return what names the vehicle until its next ride."""
    return {"city": member.city, "vehicle_id": member("GET", own)["vehicle_id"]}


def _path_of(ride: dict[str, str]) -> str:
    return f"/cities/{ride['city']}/rides/{ride['id']}"


def _report_and_close(owner: ApiCaller, own: str) -> None:
    vehicle = owner("GET", own)["vehicle_id"]
    owner("POST", f"/cities/{owner.city}/vehicles/{vehicle}/reports", **_PROBLEM)
    for report in owner("GET", f"{own}/reports")["items"]:
        owner("POST", f"/me/reports/{report['id']}/close", outcome="mended")


def _manage_vehicle(owner: ApiCaller, own: str) -> None:
    owner("PUT", f"{own}/description", **_LOOK)
    owner("PUT", f"{own}/place", **_PLACE)
    owner("POST", f"{own}/pause")
    owner("POST", f"{own}/resume")
    owner("POST", f"{own}/remove")
    owner("POST", f"{own}/restore")
    owner("POST", "/me/vehicles/import", vehicles=[LISTED])
    owner("GET", "/me/vehicles")
    owner("GET", "/me/earnings")


def _call_as_staff(app: Flask, visitor: PageVisitor, rider: ApiCaller, own: str) -> None:
    """Become a manager, who looks at a ride of the member with their own vehicle and ends it."""
    name, password = register(visitor)
    manager = _log_in(visitor, name, password)
    key = UserKey(visitor.city.name, UUID(manager("GET", "/me")["id"]))
    staff = app.extensions["movr"].staff
    staff.grant_role_as_operator(visitor.city.name, key, MANAGER, "placement check")
    ride = rider("POST", "/rides", **_vehicle_to_take(rider, own))
    rider("POST", f"{_path_of(ride)}/reports", **_PROBLEM)
    call_as_manager(manager, ride)
    delete_account(visitor, password)


def _open_and_delete_account(visitor: PageVisitor) -> None:
    """Open an account by the API, change what ends its tokens, and delete it."""
    stranger = ApiCaller(visitor)
    name, password = f"tour-{token_hex(8)}", token_hex(8)
    names = {"first_name": "On", "last_name": "Tour", "username": name, "email": EMAIL}
    stranger("POST", "/accounts", city=stranger.city, **names, password=password)
    stranger.if_there("POST", "/password-links", username=name)
    member = _log_in(visitor, name, password)
    member("POST", "/me/email/verification")
    member("PUT", "/me/password", current=password, new=(new := token_hex(8)))
    member = _log_in(visitor, name, new)
    member("PUT", "/me/email", email="still@example.com", password=new)
    member = _log_in(visitor, name, new)
    member("GET", "/me/data")
    member("POST", "/me/delete", password=new, confirm=True)


def _manage_account(member: ApiCaller) -> None:
    """Change what the API can change of an account, and revoke its tokens."""
    member("PUT", "/me/names", first_name="Still", last_name="Tour")
    member("PUT", "/me/receipts", by_mail=True)
    member("PUT", "/me/language", language="en")
    member("GET", f"/cities/{member.city}/members")
    member("DELETE", f"/tokens/{_device_of(member)}")


def _device_of(member: ApiCaller) -> str:
    (device,) = member("GET", "/tokens")["items"]
    return str(device["id"])
