"""Visits to every page as a member of one city, to record the statements of each page."""

import re
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextvars import Context
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from secrets import token_hex
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

import click
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from movr.cities import City
from movr.city_data.city_data import CityData
from movr.formats import MANAGER, MENDED, SUPPORT
from movr.movr import MovR
from movr.results import UserKey
from web.security.link_tokens import email_tokens, new_email_tokens, reset_tokens

# https, because cookies are Secure except in debug mode.
_SITE: Final = "https://movr.test"
EMAIL: Final = "tour@example.com"
_WHY: Final = "placement check"
_PLACE: Final = {"location": "there"}
_FILE: Final = "reference,type,brand,color,location\nA1,bike,Tour,red,here"
_MDS: Final = "application/vnd.mds+json;version=2.0"
_REPORTS: Final = "text/vnd.mds+csv;version=2.0"
_NO_ID: Final = UUID(int=0)
_HOUR: Final = 3600  # seconds
# The key of a ride after all others, for the second page of the history.
_LATER: Final = "2100-01-01T00:00Z~00000000-0000-0000-0000-000000000000"

_FOUND: Final = {HTTPStatus.OK, HTTPStatus.SEE_OTHER}
_FOUND_OR_NOT: Final = {HTTPStatus.OK, HTTPStatus.NOT_FOUND}
_DONE: Final = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}

# Visits pages of a city, and calls a function with the method and route of each.
Visit: TypeAlias = Callable[[Flask, City, Callable[[str], None]], None]


class PageVisitFailed(click.ClickException):
    """A page gave an unexpected response."""


class PageVisitor:
    """A client of the site, in one city, that reports the route of each page that it visits."""

    def __init__(self, app: Flask, city: City, visited: Callable[[str], None]) -> None:
        """Create a client. It calls `visited` with a method and route after each response."""
        self.city = city
        self.signing_keys = app.extensions["settings"].signing_keys
        self._client = FlaskClient(app, app.response_class)
        self._headers = {app.extensions["settings"].city_header: city.name, "Origin": _SITE}
        self._urls = app.url_map.bind("movr.test")
        self._visited = visited

    def get(self, path: str) -> str:
        """Open a page and return its HTML."""
        return self._open("GET", path).text

    def read(self, path: str, token: str, accept: str) -> None:
        """Read data of the city as an agency; there may be none of the time that is asked for."""
        headers = {**self._headers, "Authorization": f"Bearer {token}", "Accept": accept}
        self._open("GET", f"/mds/{self.city.slug}{path}", _FOUND_OR_NOT, headers=headers)

    def call(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: object,
        *,
        may_be_missing: bool = False,
    ) -> TestResponse:
        """Call an operation of the API with these headers."""
        expected = _DONE | ({HTTPStatus.NOT_FOUND} if may_be_missing else set())
        return self._open(method, path, expected, headers=self._headers | headers, json=body)

    def post(self, path: str, **fields: str) -> str:
        """Send a form and return the path that it redirects to."""
        return urlsplit(self._open("POST", path, data=fields).headers["Location"]).path

    def follow(self, page: str, link: str) -> str:
        """Return the first path on a page of the form `<link>/<id>`. Raises PageVisitFailed.

        The id is a UUID or a vehicle's number.
        """
        found = re.search(rf'"({link}/[0-9a-f-]{{6,36}})"', self.get(page))
        if not found:
            raise PageVisitFailed(f"{page} has no {link}.")
        return found[1]

    def follow_email(self, page: str, token: str, **fields: str) -> None:
        """Open the page to which an email leads, and send its form."""
        self.get(f"{page}?token={token}")
        self.get(page)
        self.post(page, token=token, **fields)

    def _open(
        self,
        method: str,
        path: str,
        expected: AbstractSet[HTTPStatus] = _FOUND,
        **request: Any,
    ) -> TestResponse:
        # In a new context: the request would otherwise share the command's application context,
        # and so the `g` of the previous request.
        reply = Context().run(
            self._client.open,
            path,
            method=method,
            base_url=_SITE,
            buffered=True,  # so that a file that is sent while it is read is read
            **{"headers": self._headers, **request},
        )
        if reply.status_code not in expected:
            raise PageVisitFailed(f"{method} {path} answered {reply.status}.")
        rule, _ = self._urls.match(urlsplit(path).path, method, return_rule=True)
        self._visited(f"{method} {rule.rule}")
        return reply


def visit_every_page(app: Flask, city: City, visited: Callable[[str], None]) -> None:
    """Visit every page of a city, and call `visited` with the method and route of each.

    Deletes the account and the vehicle at the end; as always, their rows remain.
    """
    app.config["WTF_CSRF_ENABLED"] = False  # the client is not a browser
    member = PageVisitor(app, city, visited)
    password = _visit_as_new_member(member)
    _add_vehicle_and_ride(member)
    _read_as_agency(app, member)
    _visit_as_staff(app, member, PageVisitor(app, city, visited))
    delete_account(member, password)


def delete_account(member: PageVisitor, password: str) -> None:
    """Delete the account, and with it its vehicles."""
    removal = member.follow(member.follow("/", "/users"), "/users/remove")
    member.get(removal)
    member.post(removal, password=password, confirm="1")


def _visit_as_staff(app: Flask, rider: PageVisitor, staff: PageVisitor) -> None:
    """Visit the pages of the city's staff as a new manager, and use each form."""
    name, password = register(staff)
    manager = UserKey(staff.city.name, UUID(staff.follow("/", "/users").rpartition("/")[2]))
    movr: MovR = app.extensions["movr"]
    movr.staff.grant_role_as_operator(staff.city.name, manager, MANAGER, _WHY)
    _ride_and_report(rider)
    home = f"/staff/{staff.city.slug}"
    for page in ("/staff", home, f"{home}/vehicles", f"{home}/members?q={name}"):
        staff.get(page)
    ride = staff.follow(f"{home}/rides", f"{home}/rides")
    report = staff.follow(f"{home}/reports", f"{home}/reports")
    member, vehicle = (staff.follow(ride, f"{home}/{noun}") for noun in ("members", "vehicles"))
    number = re.search("[0-9]{6}", staff.get(vehicle).partition("</title>")[0])
    staff.get(f"{home}/vehicles/find?number={number and number[0]}")
    for page in (member, report):
        staff.get(page)
    for page, action, fields in (
        *((ride, "end-ride", _PLACE), (ride, "refund-fare", {}), (vehicle, "move-vehicle", _PLACE)),
        *((vehicle, "pause-vehicle", {}), (vehicle, "resume-vehicle", {})),
        *((vehicle, "mark-missing", {}), (vehicle, "mark-found", _PLACE)),
        *((vehicle, "remove-vehicle", {}), (report, "close-report", {"outcome": MENDED})),
        *((member, "suspend-account", {}), (member, "restore-account", {})),
        (member, "grant-role", {"role": SUPPORT}),
        (member.replace("/members", f"/roles/{staff.city.slug}"), SUPPORT, {}),  # taken again
    ):
        staff.get(f"{page}/{action}")
        staff.post(f"{page}/{action}", reason=_WHY, **fields)
    _import_as_manager(staff, f"{home}/import", owner=rider)
    for page in ("roles", "money", "letters", "audit", "audit.csv"):
        staff.get(f"{home}/{page}")
    delete_account(staff, password)


def _import_as_manager(staff: PageVisitor, path: str, owner: PageVisitor) -> None:
    name = re.search("tour-[0-9a-f]+", owner.get(owner.follow("/", "/users")))
    staff.get(path)
    file = {"text": _FILE.replace("A1", "A2"), "add": "1", "reason": _WHY}
    staff.post(path, username=name[0] if name else "", **file)


def _ride_and_report(rider: PageVisitor) -> None:
    """Start a ride with a new vehicle, and report a problem with it."""
    profile = rider.post("/vehicles/add", type="bike", color="red", brand="Tour", location="here")
    vehicle = rider.follow(profile, f"/vehicles/{rider.city.slug}").rpartition("/")[2]
    rider.post(f"/rides/start/{vehicle}")
    ride = rider.follow("/rides", "/rides/end").rpartition("/")[2]
    rider.post(f"/reports/ride/{ride}", kind="lock", words="It does not open")


def _read_as_agency(app: Flask, visitor: PageVisitor) -> None:
    """Read what an agency of the city can, with a token that is revoked afterwards."""
    data: CityData = app.extensions["movr"].city_data
    name, city = f"tour {token_hex(8)}", visitor.city.name
    token = data.add_agency(city, name)
    now = datetime.now(UTC)
    hour, month = f"{now - timedelta(hours=2):%Y-%m-%dT%H}", f"{now - timedelta(days=31):%Y-%m}"
    period = f"start_time={now.timestamp() - _HOUR:.0f}000&end_time={now.timestamp():.0f}000"
    for path in ("/vehicles", "/vehicles/status", f"/events/recent?{period}"):
        visitor.read(path, str(token), _MDS)
    for path in (f"/vehicles/{_NO_ID}", f"/vehicles/status/{_NO_ID}"):
        visitor.read(path, str(token), _MDS)
    for path in (f"/events/historical?event_time={hour}", f"/trips?end_time={hour}"):
        visitor.read(path, str(token), _MDS)
    visitor.read(f"/reports/{month}.csv", str(token), _REPORTS)
    data.revoke_agency(city, name)


def visit_page_about_regions(app: Flask, city: City, visited: Callable[[str], None]) -> None:
    """Visit the page that is the same for all cities, and call `visited` like `visit_every_page`.

    Visit it last: a thread in the background sends its statements, some perhaps after the response.
    """
    PageVisitor(app, city, visited).get("/about/regions")


def _visit_as_new_member(member: PageVisitor) -> str:
    """Visit the pages of accounts and return the password of the new one."""
    for page in ("/", "/home", "/login", "/register", "/forgot"):
        member.get(page)
    name, _ = register(member)
    password, new_password = token_hex(8), token_hex(8)
    _follow_emails(member, name, password)
    member.post("/logout")
    member.post("/login", username=name, password=password)
    for page in ("/", "/vehicles", "/users", "/rides", "/vehicles/add"):
        member.get(page)
    for page in ("/help", "/prices", "/privacy", "/terms", "/contact"):
        member.get(page)
    profile = member.follow("/", "/users")
    member.get(f"{profile}/names")
    member.post(f"{profile}/names", first_name="Still", last_name="Tour")
    member.get(f"{profile}/email")
    member.post(f"{profile}/email", email="still@example.com", password=password)
    member.get(f"{profile}/security")
    member.get(f"{profile}/earnings")
    member.post(f"{profile}/security", current=password, new=new_password)
    member.post(f"{profile}/logout")
    member.post("/login", username=name, password=new_password)
    return new_password


def register(member: PageVisitor) -> tuple[str, str]:
    """Open an account and return its username and password."""
    name, password = f"tour-{token_hex(8)}", token_hex(8)
    names = {"first_name": "On", "last_name": "Tour", "username": name, "email": EMAIL}
    member.post("/register", city=member.city.name, **names, password=password)
    return name, password


def _follow_emails(member: PageVisitor, name: str, password: str) -> None:
    """Verify the address, reset the password and change the address, by links as in emails."""
    user = UserKey(member.city.name, UUID(member.follow("/", "/users").rpartition("/")[2]))
    keys, now = member.signing_keys, time.time()
    member.follow_email("/verify", email_tokens(keys).make(user, EMAIL, now))
    member.follow_email("/reset", reset_tokens(keys).make(user, 0, now), password=password)
    member.post("/login", username=name, password=password)
    member.follow_email("/email", new_email_tokens(keys).make(user, (1, "new@example.com"), now))


def _add_vehicle_and_ride(member: PageVisitor) -> None:
    profile = member.post("/vehicles/add", type="bike", color="red", brand="Tour", location="here")
    own = member.follow(profile, "/vehicles/own").rpartition("/")[2]
    vehicle = member.follow(profile, f"/vehicles/{member.city.slug}")
    for feed in ("vehicle_status", "geofencing_zones"):
        member.get(f"/gbfs/v3/{member.city.slug}/{feed}.json")
    member.get(vehicle)
    label = member.follow(f"/vehicles/own/{own}", "/vehicles/label")
    member.get(member.follow(label, f"/v/{member.city.slug}"))
    member.get(f"/v/{member.city.slug}")
    public_id = vehicle.rpartition("/")[2]
    member.post(f"/reservations/start/{public_id}")
    member.post(f"/reservations/give-up/{public_id}")
    member.post(f"/rides/start/{public_id}")
    undone = member.post(member.follow("/rides", "/rides/undo"))
    member.post(member.follow(undone, "/rides/reason"), why="Wrong vehicle")
    vehicle = member.follow(profile, f"/vehicles/{member.city.slug}")
    member.post(f"/rides/start/{vehicle.rpartition('/')[2]}")
    receipt = member.post(member.follow("/rides", "/rides/end"), location="there")
    member.get(receipt)
    _report_and_close(member, profile, receipt.replace("/rides", "/reports/ride"))
    vehicle = member.follow(profile, f"/vehicles/{member.city.slug}")
    _report_and_close(member, profile, vehicle.replace("/vehicles", "/reports/vehicle"))
    member.get("/rides")
    member.get(f"/rides?after={_LATER}")
    member.get("/rides.csv")
    member.get(f"{profile}/export")
    member.get("/vehicles/import")
    member.post("/vehicles/import", text=_FILE, add="1")
    member.post(f"/users/{profile.rpartition('/')[2]}/receipts", by_mail="1")
    member.post("/language", language="en")
    _manage_vehicle(member, own)


def _manage_vehicle(owner: PageVisitor, vehicle: str) -> None:
    owner.get(owner.post(f"/vehicles/pause/{vehicle}"))
    owner.get(f"/vehicles/own/{vehicle}?after={_LATER.partition('~')[0]}")
    owner.post(f"/vehicles/resume/{vehicle}")
    for action, fields in (
        ("move", {"location": "over there"}),
        ("describe", {"color": "blue", "brand": "Tour"}),
        ("remove", {}),
    ):
        owner.get(f"/vehicles/{action}/{vehicle}")
        owner.post(f"/vehicles/{action}/{vehicle}", **fields)
    owner.post(f"/vehicles/restore/{vehicle}")
    owner.post(f"/vehicles/remove/{vehicle}")


def _report_and_close(member: PageVisitor, profile: str, form: str) -> None:
    """Report a problem with this form, and close the report as the owner."""
    member.get(form)
    member.post(form, kind="lock", words="It does not open")
    reports = member.follow(profile, "/reports/of")
    member.post(member.follow(reports, f"{reports}/close"), outcome="mended")
