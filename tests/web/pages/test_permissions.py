"""Permissions: every route, requested by each kind of user."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from html import unescape
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine

from movr import api_tokens
from tests.conftest import HERE, NewVisitor
from tests.databases import all_rows
from tests.visitor import DELETION, PASSWORD, Visitor, registration, sentences
from web.security.rate_limit_store import RateLimitStore
from web.security.redirects import KEPT_FIELDS


class Who(Enum):
    """A kind of user, in relation to the owner of the data."""

    STRANGER = "a stranger"
    GHOST = "a session of the owner's, whose account was deleted in another browser"
    ANOTHER = "another member"
    FOREIGNER = "another member, at home in another city"
    OWNER = "the one it belongs to"


# Those of staff are in test_staff_pages.py, those of the API in ../api/v1/test_permissions.py.
OTHER_TABLES = ("staff", "api_")
ALL_USERS = frozenset(Who)
NO_USERS: frozenset[Who] = frozenset()
MEMBERS = frozenset({Who.ANOTHER, Who.FOREIGNER, Who.OWNER})
OWNER = frozenset({Who.OWNER})


@dataclass(frozen=True)
class Route:
    """A request, the users who are permitted, and those for whom it changes something.

    Paths and fields refer to the scene. Members who are permitted get the status `reply`, others
    the status `refusal`.
    """

    path: str
    admits: frozenset[Who]
    changes: frozenset[Who] = NO_USERS
    method: str = "GET"
    fields: Mapping[str, str] = field(default_factory=dict)
    refusal: int = 403
    reply: int = 200


def posted(
    path: str,
    admits: frozenset[Who],
    fields: Mapping[str, str],
    changes: frozenset[Who] | None = None,
) -> Route:
    """Return a POST route, which by default changes something for all permitted users."""
    return Route(path, admits, admits if changes is None else changes, "POST", fields, reply=303)


VEHICLE = {"type": "bike", "color": "red", "brand": "Kona", "location": "1 Wall Street"}
LEFT_AT = {"location": "2 Broadway", "city": "new york"}
DIRTY, MENDED = {"kind": "dirty"}, {"outcome": "mended"}
NEAR_BY = {"city": "new york", "latitude": "40.7128", "longitude": "-74.006"}

ROUTES: Mapping[str, Route] = {
    "static": Route("/static/favicon.svg", ALL_USERS),
    "robots.txt": Route("/robots.txt", ALL_USERS),
    "favicon.ico": Route("/favicon.ico", ALL_USERS),
    "offline.page": Route("/offline", ALL_USERS),
    "offline.worker": Route("/service-worker.js", ALL_USERS),
    "leaflet": Route("/leaflet/leaflet.css", ALL_USERS),
    "swagger": Route("/swagger/swagger-ui.css", ALL_USERS),
    "openapi.spec": Route("/api/v1/openapi.json", ALL_USERS),
    "bootstrap.static": Route("/bootstrap/static/css/bootstrap.min.css", ALL_USERS),
    "health.alive": Route("/healthz", ALL_USERS),
    "health.ready": Route("/readyz", ALL_USERS),
    "metrics.show": Route("/metrics", ALL_USERS),
    "city.home": Route("/", ALL_USERS),
    "city.choose": posted("/city/paris", ALL_USERS, {}),
    "language.choose": posted("/language", ALL_USERS, {"language": "fr"}, changes=MEMBERS),
    "auth.register": Route("/register", ALL_USERS),
    "auth.create_account": posted(
        "/register", ALL_USERS, registration() | {"username": "newcomer"}
    ),
    "auth.login": Route("/login", ALL_USERS),
    "auth.create_session": posted(
        "/login", ALL_USERS, {"username": "{scene.friend.username}", "password": PASSWORD}
    ),
    "auth.logout": posted("/logout", ALL_USERS, {}, changes=MEMBERS),
    "auth.change_password": Route("/.well-known/change-password", MEMBERS, reply=303),
    "password_reset.forgot": Route("/forgot", ALL_USERS),
    "password_reset.send_link": posted(
        "/forgot", ALL_USERS, {"username": "{scene.friend.username}"}, changes=ALL_USERS
    ),
    "password_reset.form": Route("/reset", ALL_USERS),
    # Without a valid link the response redirects to the form that sends one.
    "password_reset.reset": posted("/reset", ALL_USERS, {"password": PASSWORD}, changes=NO_USERS),
    "vehicles.index": Route("/vehicles", ALL_USERS),
    "vehicles.show": Route("/vehicles/boston/{scene.name}", ALL_USERS),
    "vehicles.label": Route("/vehicles/label/{scene.permanent_id}", OWNER, refusal=404),
    "numbers.find": Route("/v/boston", ALL_USERS),
    "numbers.show": Route("/v/boston/{scene.number}", ALL_USERS),
    "vehicles.form": Route("/vehicles/add", MEMBERS),
    "vehicles.add": posted("/vehicles/add", MEMBERS, VEHICLE),
    "fleet.show": Route("/vehicles/own/{scene.permanent_id}", OWNER, refusal=404),
    "fleet.pause": posted("/vehicles/pause/{scene.permanent_id}", OWNER, {}),
    "fleet.resume": posted("/vehicles/resume/{scene.paused_vehicle}", OWNER, {}),
    "fleet.move_form": Route("/vehicles/move/{scene.permanent_id}", OWNER, refusal=404),
    "fleet.move": posted("/vehicles/move/{scene.permanent_id}", OWNER, {"location": "2 Broadway"}),
    "fleet.describe_form": Route("/vehicles/describe/{scene.permanent_id}", OWNER, refusal=404),
    "fleet.describe": posted(
        "/vehicles/describe/{scene.permanent_id}", OWNER, {"color": "blue", "brand": "Trek"}
    ),
    "fleet.confirm_removal": Route("/vehicles/remove/{scene.permanent_id}", OWNER, refusal=404),
    "fleet.remove": posted("/vehicles/remove/{scene.permanent_id}", OWNER, {}),
    "fleet.restore": posted("/vehicles/restore/{scene.removed_vehicle}", OWNER, {}),
    "vehicle_import.form": Route("/vehicles/import", MEMBERS),
    "vehicle_import.send": posted(
        "/vehicles/import",
        MEMBERS,
        {"text": "reference,type,brand,color,location\nA1,bike,Kona,red,1 Wall Street", "add": "1"},
    ),
    "rides.index": Route("/rides", MEMBERS),
    "rides.receipt": Route("/rides/{scene.ended_ride}", OWNER, refusal=404),
    "rides.start": posted("/rides/start/{scene.vehicle}", MEMBERS, {"city": "new york"}),
    "rides.end": posted("/rides/end/{scene.ride}", OWNER, LEFT_AT),
    "reservations.start": posted(
        "/reservations/start/{scene.vehicle}", MEMBERS, {"city": "new york"}
    ),
    "reservations.give_up": posted(
        "/reservations/give-up/{scene.reserved}", MEMBERS, {"city": "new york"}, changes=OWNER
    ),
    "rides.undo": posted("/rides/undo/{scene.ride}", OWNER, NEAR_BY),
    "rides.explain_undo": posted(
        "/rides/reason/{scene.undone_ride}", OWNER, {"city": "new york", "why": "It is damaged"}
    ),
    "reports.about_ride": Route("/reports/ride/{scene.ended_ride}", OWNER, refusal=404),
    "reports.report_ride": replace(
        posted("/reports/ride/{scene.ended_ride}", OWNER, {"city": "new york", **DIRTY}),
        refusal=404,
    ),
    "reports.about_vehicle": Route("/reports/vehicle/boston/{scene.name}", MEMBERS),
    "reports.report_vehicle": posted("/reports/vehicle/boston/{scene.name}", MEMBERS, DIRTY),
    "reports.of_vehicle": Route("/reports/of/{scene.permanent_id}", OWNER, refusal=404),
    "reports.close": replace(
        posted("/reports/of/{scene.permanent_id}/close/{scene.report}", OWNER, MENDED),
        refusal=404,
    ),
    # Without mail there is no such button.
    "receipts.send": Route("/rides/mail/{scene.ended_ride}", NO_USERS, method="POST", refusal=404),
    "receipts.choose": posted("/users/{scene.owner.id}/receipts", OWNER, {"by_mail": "1"}),
    "ride_export.download": Route("/rides.csv", MEMBERS),
    "data_export.download": Route("/users/{scene.owner.id}/export", OWNER),
    "about.regions": Route("/about/regions", ALL_USERS),
    "information.help": Route("/help", ALL_USERS),
    "information.prices": Route("/prices", ALL_USERS),
    "information.privacy": Route("/privacy", ALL_USERS),
    "information.terms": Route("/terms", ALL_USERS),
    "information.contact": Route("/contact", ALL_USERS),
    "gbfs.manifest": Route("/gbfs/v3/manifest.json", ALL_USERS),
    "gbfs.discovery": Route("/gbfs/v3/boston/gbfs.json", ALL_USERS),
    "gbfs.system_information": Route("/gbfs/v3/boston/system_information.json", ALL_USERS),
    "gbfs.vehicle_types": Route("/gbfs/v3/boston/vehicle_types.json", ALL_USERS),
    "gbfs.system_pricing_plans": Route("/gbfs/v3/boston/system_pricing_plans.json", ALL_USERS),
    "gbfs.geofencing_zones": Route("/gbfs/v3/boston/geofencing_zones.json", ALL_USERS),
    "gbfs.vehicle_status": Route("/gbfs/v3/boston/vehicle_status.json", ALL_USERS),
    # For agencies: tests/web/api/test_mds.py.
    "mds.vehicles": Route("/mds/boston/vehicles", ALL_USERS, reply=401),
    "mds.vehicle": Route("/mds/boston/vehicles/{scene.name}", ALL_USERS, reply=401),
    "mds.vehicles_status": Route("/mds/boston/vehicles/status", ALL_USERS, reply=401),
    "mds.vehicle_status": Route("/mds/boston/vehicles/status/{scene.name}", ALL_USERS, reply=401),
    "mds.recent_events": Route("/mds/boston/events/recent", ALL_USERS, reply=401),
    "mds.historical_events": Route("/mds/boston/events/historical", ALL_USERS, reply=401),
    "mds.trips": Route("/mds/boston/trips", ALL_USERS, reply=401),
    "mds.reports": Route("/mds/boston/reports/2026-05.csv", ALL_USERS, reply=401),
    "users.index": Route("/users", MEMBERS),
    "users.profile": Route("/users/{scene.owner.id}", OWNER),
    "users.earnings": Route("/users/{scene.owner.id}/earnings", OWNER),
    "users.security": Route("/users/{scene.owner.id}/security", OWNER),
    "users.change_password": posted(
        "/users/{scene.owner.id}/security", OWNER, {"current": PASSWORD, "new": PASSWORD[::-1]}
    ),
    "users.end_sessions": posted("/users/{scene.owner.id}/logout", OWNER, {}),
    "users.log_out_device": posted(
        "/users/{scene.owner.id}/devices/{scene.device}/logout", OWNER, {}
    ),
    "users.confirm_removal": Route("/users/remove/{scene.owner.id}", OWNER),
    "users.remove": posted("/users/remove/{scene.owner.id}", OWNER, DELETION),
    "account.names": Route("/users/{scene.owner.id}/names", OWNER),
    "account.change_names": posted(
        "/users/{scene.owner.id}/names", OWNER, {"first_name": "Augusta", "last_name": "King"}
    ),
    "account.email": Route("/users/{scene.owner.id}/email", OWNER),
    "account.change_email": posted(
        "/users/{scene.owner.id}/email", OWNER, {"email": "a@b.example", "password": PASSWORD}
    ),
    "account.link": Route("/email", ALL_USERS),
    # Without a valid link the response redirects to the home page.
    "account.confirm_email": posted("/email", ALL_USERS, {"token": "x"}, changes=NO_USERS),
    "email_verification.form": Route("/verify", ALL_USERS),
    # Without a valid link the response redirects to the profile, where there is another.
    "email_verification.verify": posted("/verify", ALL_USERS, {"token": "x"}, changes=NO_USERS),
    "email_verification.send_again": posted(
        "/users/{scene.owner.id}/verify", OWNER, {}, changes=NO_USERS
    ),
}

ADMITTED = [(name, who) for name, route in ROUTES.items() for who in Who if who in route.admits]
REFUSED = [(name, who) for name, route in ROUTES.items() for who in Who if who not in route.admits]
POSTS = [name for name, route in ROUTES.items() if route.method == "POST"]


class Scene:
    """A member in New York with vehicles and rides, each created on first use."""

    def __init__(self, new_visitor: NewVisitor) -> None:
        self.new_visitor = new_visitor

    @cached_property
    def owner(self) -> Visitor:
        return self.new_visitor().register(last_name="Byron", email="byron@secret.example")

    @cached_property
    def vehicle(self) -> UUID:
        return self.owner.add_vehicle()

    @cached_property
    def permanent_id(self) -> UUID:
        return self.owner.permanent_id(self.vehicle)

    @cached_property
    def device(self) -> UUID:
        """The id of an app that uses the API in the owner's name."""
        login = {"username": self.owner.username, "password": PASSWORD, "device": "phone"}
        tokens = self.owner.client.post("/api/v1/tokens", json=login).json()
        return api_tokens.parse(tokens["access_token"]).id

    @cached_property
    def paused_vehicle(self) -> UUID:
        self.owner.post(f"/vehicles/pause/{self.permanent_id}")
        return self.permanent_id

    @cached_property
    def removed_vehicle(self) -> UUID:
        self.owner.post(f"/vehicles/remove/{self.permanent_id}")
        return self.permanent_id

    @cached_property
    def reserved(self) -> UUID:
        """The public id of the vehicle that the owner has reserved."""
        self.owner.reserve(self.vehicle)
        return self.vehicle

    @cached_property
    def ride(self) -> UUID:
        self.owner.start(self.vehicle)
        return self.owner.active_ride()

    @cached_property
    def ended_ride(self) -> UUID:
        self.owner.end(self.ride)
        return self.ride

    @cached_property
    def undone_ride(self) -> UUID:
        self.owner.post(f"/rides/undo/{self.ride}", **NEAR_BY)
        return self.ride

    @cached_property
    def report(self) -> str:
        """The id of a report about the owner's vehicle."""
        self.friend.post(f"/reports/vehicle/new-york/{self.vehicle}", **DIRTY)
        page = self.owner.get(f"/reports/of/{self.permanent_id}").text
        (report,) = re.findall(r"/close/([0-9a-f-]{36})", page)
        return str(report)

    @cached_property
    def friend(self) -> Visitor:
        """A second member."""
        return self.new_visitor().register("boston")

    @cached_property
    def name(self) -> str:
        """The public id of the friend's vehicle."""
        return str(self.friend.add_vehicle())

    @cached_property
    def number(self) -> str:
        """The number of the friend's vehicle."""
        page = self.friend.get(f"/vehicles/boston/{self.name}").text
        (number,) = re.findall(r">([0-9]{6})</dd>", page)
        return str(number)

    def fill(self, name: str) -> Route:
        """Return the route with the ids of this scene."""
        route = ROUTES[name]
        path = route.path.format(scene=self)
        fields = {key: value.format(scene=self) for key, value in route.fields.items()}
        return replace(route, path=path, fields=fields)

    def browser_of(self, who: Who) -> Visitor:
        """Return the browser of this kind of user. Call it last, because a ghost is deleted."""
        if who is Who.OWNER:
            return self.owner
        if who is Who.GHOST:
            return self._ghost()
        browser = self.new_visitor()
        if who is Who.STRANGER:
            return browser
        return browser.register("rome" if who is Who.FOREIGNER else "new york")

    def _ghost(self) -> Visitor:
        browser = self.new_visitor()
        assert browser.log_in(self.owner.username).status_code == 303
        if "ride" in vars(self):
            self.owner.end(self.ride)
        assert "deleted" in self.owner.follow(self.owner.delete_account())
        return browser


class World(NamedTuple):
    """The state that requests can change: all rows, and a browser's user and city."""

    rows: Mapping[str, list[Any]]
    member: str | None
    city: str | None


@pytest.fixture(autouse=True)
def _fresh_limits(app: Flask) -> None:
    """Reset the rate limits, because all tests use one address."""
    app.extensions["rate_limit_store"] = RateLimitStore()


@pytest.fixture
def scene(new_visitor: NewVisitor) -> Scene:
    return Scene(new_visitor)


def world(engine: Engine, browser: Visitor) -> World:
    page = browser.get("/").text
    member = re.search(r'href="/users/([0-9a-f-]{36})"', page)
    city = re.search(r"<strong>([^<]+)</strong>", page)
    return World(all_rows(engine), member and member[1], city and city[1])


def ask(browser: Visitor, route: Route) -> httpx.Response:
    if route.method == "GET":
        return browser.get(route.path)
    return browser.post(route.path, **route.fields)


def page_to_return_to(route: Route) -> str:
    if re.search("/(rides|reservations)/(start|give-up)/", route.path):
        return "/vehicles"
    words = {name: text for name, text in route.fields.items() if name in KEPT_FIELDS}
    return f"{route.path}?{urlencode(words)}".removesuffix("?")


def wanted(login_url: str) -> str | None:
    """Return the page in `next` of the login form."""
    parts = urlsplit(login_url)
    assert (parts.netloc, parts.path) == ("", "/login")
    return parse_qs(parts.query).get("next", [None])[0]


def title(value: object) -> str:
    return value.name.lower() if isinstance(value, Who) else str(value)


# The table


def test_every_route_has_its_entry_in_the_table(app: Flask) -> None:
    """A new route needs an entry that defines who may use it; some tables are elsewhere."""
    rules = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith(OTHER_TABLES)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert rules == {(name, route.method) for name, route in ROUTES.items()}


@pytest.mark.parametrize("name", ROUTES)
def test_each_entry_of_the_table_requests_its_route(app: Flask, name: str) -> None:
    nobody = SimpleNamespace(id=UUID(int=0))
    some = UUID(int=0)
    anything = SimpleNamespace(
        owner=nobody,
        vehicle=some,
        permanent_id=some,
        paused_vehicle=some,
        removed_vehicle=some,
        reserved=some,
        ride=some,
        ended_ride=some,
        undone_ride=some,
        name=nobody.id,
        number=123456,
        report=some,
        device=some,
    )
    path = ROUTES[name].path.format(scene=anything)

    assert app.url_map.bind("movr.test").match(path, ROUTES[name].method)[0] == name


# Permitted and refused users


@pytest.mark.parametrize(("name", "who"), ADMITTED, ids=title)
def test_a_permitted_user_gets_the_response(
    scene: Scene, engine: Engine, name: str, who: Who
) -> None:
    route = scene.fill(name)
    browser = scene.browser_of(who)
    before = world(engine, browser)

    reply = ask(browser, route)

    assert reply.status_code == route.reply, sentences(reply)
    assert not reply.headers.get("Location", "").startswith("/login")
    assert (world(engine, browser) != before) == (who in route.changes)


@pytest.mark.parametrize(("name", "who"), REFUSED, ids=title)
def test_a_refused_user_changes_nothing_and_sees_nothing(
    scene: Scene, engine: Engine, name: str, who: Who
) -> None:
    route = scene.fill(name)
    browser = scene.browser_of(who)
    before = all_rows(engine)

    reply = ask(browser, route)

    assert all_rows(engine) == before
    assert not re.search("byron|wall street", reply.text, re.IGNORECASE)
    if who in MEMBERS:  # it may not be found from another city
        assert reply.status_code in ({403, 404} if who is Who.FOREIGNER else {route.refusal})
    else:
        assert reply.status_code == 303, sentences(reply)
        assert wanted(reply.headers["Location"]) == page_to_return_to(route)
        assert re.search(r"Please log in (first|again)\.", browser.follow(reply))


@pytest.mark.parametrize("name", POSTS)
def test_a_forged_form_changes_nothing(scene: Scene, engine: Engine, name: str) -> None:
    """The form is sent by a permitted user's browser, from another site."""
    route = scene.fill(name)
    browser = scene.browser_of(Who.OWNER if Who.OWNER in route.changes else Who.ANOTHER)
    before = world(engine, browser)
    token = browser.token()
    forgeries = {
        "no token": {},
        "an empty token": {"csrf_token": ""},
        "a made-up token": {"csrf_token": "made-up"},
        "a token with a tail": {"csrf_token": f"{token}x"},
        "a stranger's token": {"csrf_token": scene.new_visitor().token()},
    }

    replies = {
        forgery: browser.client.post(route.path, data={**route.fields, **fields}).status_code
        for forgery, fields in forgeries.items()
    }
    in_address = browser.client.post(f"{route.path}?csrf_token={token}", data=route.fields)

    assert replies == dict.fromkeys(forgeries, 400)
    assert in_address.status_code == 400
    assert world(engine, browser) == before


@pytest.mark.parametrize("name", POSTS)
def test_a_form_without_the_cookie_of_its_session_changes_nothing(
    scene: Scene, engine: Engine, name: str
) -> None:
    """A browser sends no SameSite=Lax cookie with a form of another site."""
    route = scene.fill(name)
    browser = scene.new_visitor()
    token = browser.token()
    browser.client.cookies.clear()
    before = all_rows(engine)

    reply = browser.client.post(route.path, data={"csrf_token": token, **route.fields})

    assert reply.status_code == 400
    assert all_rows(engine) == before


# What members see of each other


def test_members_learn_first_names_only(scene: Scene) -> None:
    scene.owner.add_vehicle()

    page = scene.browser_of(Who.ANOTHER).get("/users").text

    assert "Ada" in page
    for secret in ("Byron", "byron@secret.example", scene.owner.username, str(scene.owner.id)):
        assert secret not in page


def test_a_ride_is_only_in_its_rider_s_history(scene: Scene) -> None:
    scene.owner.end(scene.ride, "the corner of 5th")

    assert "the corner of 5th" in scene.owner.get("/rides").text
    assert "the corner of 5th" not in scene.browser_of(Who.ANOTHER).get("/rides").text


# Sessions of deleted accounts


@pytest.mark.parametrize("path", ["/", "/home", "/vehicles", "/login", "/register"])
def test_the_session_of_a_deleted_account_is_anonymous(scene: Scene, path: str) -> None:
    page = scene.browser_of(Who.GHOST).get(path)

    assert page.status_code == 200
    assert re.search(r'href="/login">\s*Log in\s*</a>', page.text)
    assert "Log out" not in page.text
    assert "/users/" not in page.text


def test_a_deleted_account_cannot_log_in(scene: Scene, engine: Engine) -> None:
    ghost = scene.browser_of(Who.GHOST)

    reply = ghost.log_in(scene.owner.username)

    assert "422: That username and password do not match." in sentences(reply)
    assert world(engine, ghost).member is None


def test_a_session_is_anonymous_after_logout(scene: Scene) -> None:
    scene.owner.post("/logout")

    assert wanted(scene.owner.get("/rides").headers["Location"]) == "/rides"


# Redirects

ELSEWHERE = [
    "https://evil.example",
    "http:evil.example",
    "//evil.example",
    "///evil.example",
    r"/\evil.example",
    r"\\evil.example",
    r"https:/\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "evil.example",
    "javascript:alert('evil.example')",
    "data:text/html,evil.example",
    "/%0d%0aSet-Cookie:x=evil.example",
    "/\r\nSet-Cookie: x=evil.example",
    "/\0//evil.example",
    "/\u2028//evil.example",
    "@evil.example",
]


def stays(reply: httpx.Response) -> bool:
    """Return True if the response redirects within the site and repeats no input."""
    location = reply.headers.get("Location", "")
    return (
        reply.status_code == 303
        and re.fullmatch(r"/(?![/\\])[!-~]*", location) is not None
        and urlsplit(urljoin(HERE, location)).netloc == urlsplit(HERE).netloc
        and "x" not in reply.cookies
    )


def test_login_never_redirects_to_another_site(visitor: Visitor) -> None:
    credentials = {"username": visitor.register().username, "password": PASSWORD}

    replies = {next_: visitor.post("/login", **credentials, next=next_) for next_ in ELSEWHERE}

    assert [next_ for next_, reply in replies.items() if not stays(reply)] == []


def test_next_of_the_login_page_never_names_another_site(visitor: Visitor) -> None:
    username = visitor.register().username

    def log_in_at(next_: str) -> httpx.Response:
        address = httpx.URL("/login", params={"next": next_})
        return visitor.post(str(address), username=username, password=PASSWORD)

    assert [next_ for next_ in ELSEWHERE if not stays(log_in_at(next_))] == []


def test_registration_never_redirects_to_another_site(new_visitor: NewVisitor) -> None:
    replies = {
        next_: new_visitor().post("/register", **registration(), next=next_) for next_ in ELSEWHERE
    }

    assert [next_ for next_, reply in replies.items() if not stays(reply)] == []


@pytest.mark.parametrize("next_", ELSEWHERE)
def test_choosing_a_city_or_a_language_never_leaves_the_site(visitor: Visitor, next_: str) -> None:
    assert stays(visitor.post("/city/paris", next=next_))
    assert stays(visitor.post("/language", language="fr", next=next_))


@pytest.mark.parametrize("path", ["/rides", "/vehicles?after=00000000-0000-0000-0000-000000000000"])
def test_choosing_a_city_redirects_to_next(visitor: Visitor, path: str) -> None:
    assert visitor.post("/city/paris", next=path).headers["Location"] == path


@pytest.mark.parametrize("path", ["/rides", "/vehicles/add", "/users?after=x~y&z=%2F%3F"])
def test_login_redirects_to_the_requested_page(scene: Scene, path: str) -> None:
    stranger = scene.browser_of(Who.STRANGER)
    login_page = stranger.get(stranger.get(path).headers["Location"])

    username = scene.friend.username
    reply = stranger.post("/login", username=username, password=PASSWORD, next=kept(login_page))

    assert reply.headers["Location"] == path


@pytest.mark.parametrize("path", ["/rides", "/vehicles/add", "/users?after=x~y&z=%2F%3F"])
def test_registration_redirects_to_the_requested_page(visitor: Visitor, path: str) -> None:
    login_page = visitor.get(visitor.get(path).headers["Location"])
    form_page = visitor.get(link_to("/register", login_page))
    refused = visitor.post("/register", next=kept(form_page))

    reply = visitor.post("/register", **registration(), next=kept(refused))

    assert (refused.status_code, reply.headers["Location"]) == (422, path)
    for page in (form_page, refused):  # a member who does have an account
        assert kept(visitor.get(link_to("/login", page))) == path


LIST = "/vehicles?type=bike"


@pytest.mark.parametrize(
    ("came_from", "leads_on_to"),
    [
        (f"{HERE}{LIST}", LIST),
        (f"{HERE}/paris", "/paris"),
        ("https://elsewhere.example/vehicles?type=bike", "/vehicles"),
        (f"{HERE}//elsewhere.example", "/vehicles"),
        ("http://[", "/vehicles"),
        ("", "/vehicles"),
    ],
)
def test_login_redirects_to_the_page_of_the_ride_button(
    scene: Scene, came_from: str, leads_on_to: str
) -> None:
    stranger = scene.browser_of(Who.STRANGER)

    reply = stranger.post(f"/rides/start/{scene.vehicle}", {"Referer": came_from})

    assert wanted(reply.headers["Location"]) == leads_on_to


def link_to(path: str, page: httpx.Response) -> str:
    """Return the URL of the page's link to this path."""
    (found,) = re.findall(rf'<p class="mt-3 mb-0">[^<]*<a href="({path}[^"]*)"', page.text)
    return unescape(found)


def kept(page: httpx.Response) -> str:
    """Return the value of the form's `next` field."""
    (found,) = re.findall(r'name="next" value="([^"]+)">\s*<div class="mb-3">', page.text)
    return unescape(found)
