"""The number of round trips of each page, counted on the wire."""

import logging
import math
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine

from bench.latency_proxy import LatencyProxy
from movr import movr as movr_module
from movr.database import query_stats
from movr.database.admin import uri_text
from movr.database.engine import parse_uri
from movr.formats import MANAGER
from movr.movr import MovR
from movr.results import UserKey
from tests.conftest import NewVisitor, as_new, settings_for, visitors_of
from tests.visitor import DELETION, PASSWORD, Visitor, registration
from tests.web.api.v1.client import ApiClient
from web import background_cache
from web.app import create_app
from web.config import DEVELOPMENT_SECRET
from web.security.link_tokens import reset_tokens

UNKNOWN_ID = UUID(int=1)
CENTRE = {"latitude": 40.7128, "longitude": -74.006}
NEWCOMER = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "username": "ada",
    "password": PASSWORD,
}


@pytest.fixture(scope="module")
def proxy(database: str) -> Iterator[LatencyProxy]:
    with LatencyProxy(parse_uri(database)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def distant_app(proxy: LatencyProxy) -> Iterator[Flask]:
    """MovR where rides cost, whose database is behind the counting proxy."""
    app = create_app(replace(settings_for(uri_text(proxy.url)), payments="fake"))
    yield app
    app.extensions["movr"].close()


@pytest.fixture
def distant(
    distant_app: Flask,
    engine: Engine,  # noqa: ARG001 - emptied
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Visitor]:
    """A visitor of this app.

    The prices and zones of New York, which are read in the background, are known and do not become
    old.
    """
    monkeypatch.setattr(background_cache, "TTL", math.inf)
    with visitors_of(as_new(distant_app)) as new:
        visitor = new()
        visitor.get("/vehicles")  # connects
        visitor.get("/prices")
        visitor.get("/gbfs/v3/new-york/geofencing_zones.json")
        yield visitor


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        *(("/", 1), ("/home", 1), ("/vehicles", 1)),
        *(("/login", 0), ("/forgot", 0), ("/reset", 0), ("/healthz", 0)),
        *(("/help", 0), ("/prices", 0), ("/privacy", 0), ("/terms", 0), ("/contact", 0)),
        *(("/offline", 0), ("/service-worker.js", 0)),
    ],
)
def test_round_trips_of_a_page_without_login(
    distant: Visitor, proxy: LatencyProxy, path: str, budget: int
) -> None:
    proxy.reset()

    assert distant.get(path).status_code == 200

    assert proxy.round_trips == budget


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        ("/", 1),
        ("/vehicles", 1),
        ("/users", 1),
        ("/rides", 2),
        ("/vehicles/add", 1),
        ("/privacy", 1),
    ],
)
def test_round_trips_of_a_page_for_a_member(
    distant: Visitor, proxy: LatencyProxy, path: str, budget: int
) -> None:
    distant.register()
    distant.start(distant.add_vehicle())
    proxy.reset()

    reply = distant.get(path)

    assert reply.status_code == 200
    assert proxy.round_trips == budget
    assert f'desc="{budget} statement' in reply.headers["Server-Timing"]


@pytest.mark.usefixtures("complete_feeds")
def test_round_trips_of_open_data(distant: Visitor, proxy: LatencyProxy) -> None:
    """Includes the linked vehicle page, with and without login."""
    feed = "/gbfs/v3/new-york/vehicle_status.json"
    distant.register().add_vehicle()
    page = distant.get(feed).json()["data"]["vehicles"][0]["rental_uris"]["web"]

    def cost(path: str) -> int:
        proxy.reset()
        assert distant.get(path).status_code == 200
        return proxy.round_trips

    assert (cost("/gbfs/v3/manifest.json"), cost(feed), cost(page)) == (0, 0, 1)
    distant.post("/logout")
    assert cost(page) == 1


def test_round_trips_of_an_agency(distant: Visitor, proxy: LatencyProxy, movr: MovR) -> None:
    """The token, and the data; events are stored ones and reservations that have expired."""
    token = movr.city_data.add_agency("new york", "Department of Transportation")
    headers = {"Accept": "application/vnd.mds+json;version=2.0", "Authorization": f"Bearer {token}"}
    now = int(time.time() * 1000)
    costs = {}
    for path in ("vehicles", "vehicles/status", f"events/recent?start_time={now}&end_time={now}"):
        proxy.reset()
        assert distant.get(f"/mds/new-york/{path}", headers).status_code == 200
        costs[path.partition("?")[0]] = proxy.round_trips

    assert costs == {"vehicles": 2, "vehicles/status": 2, "events/recent": 3}


def test_round_trips_of_the_page_of_a_number(distant: Visitor, proxy: LatencyProxy) -> None:
    """With and without login, whether there is such a vehicle or not."""
    vehicle = distant.register().add_vehicle()
    found = re.search(r">([0-9]{6})</dd>", distant.get(f"/vehicles/new-york/{vehicle}").text)
    assert found

    def costs() -> list[tuple[int, int]]:
        answers = []
        for number in (found[1], "100000"):
            proxy.reset()
            status = distant.get(f"/v/new-york/{number}").status_code
            answers.append((status, proxy.round_trips))
        return answers

    assert costs() == [(200, 1), (404, 1)]
    distant.post("/logout")
    assert costs() == [(200, 1), (404, 1)]


def test_round_trips_of_managing_a_vehicle(distant: Visitor, proxy: LatencyProxy) -> None:
    """Four of a transaction, the owner's row, the vehicle's, its change, and its event."""
    vehicle = distant.register().permanent_id(distant.add_vehicle())
    token = distant.token()

    def cost(method: str, action: str, **fields: str) -> tuple[int, int]:
        proxy.reset()
        form = {"csrf_token": token, **fields}
        reply = distant.client.request(method, f"/vehicles/{action}/{vehicle}", data=form)
        return reply.status_code, proxy.round_trips

    assert {cost("GET", page) for page in ("own", "move", "describe", "remove")} == {(200, 1)}
    assert cost("POST", "pause") == cost("POST", "resume") == (303, 8)
    assert cost("POST", "describe", color="blue", brand="Trek") == (303, 7)
    place = {"latitude": "40.7128", "longitude": "-74.006"}
    assert cost("POST", "move", location="2 Broadway", **place) == (303, 7)
    distant.post(f"/vehicles/remove/{vehicle}")
    assert cost("POST", "restore") == (303, 8)


def test_round_trips_of_the_page_about_regions(distant: Visitor, proxy: LatencyProxy) -> None:
    """Only the member is read; the rest was read in the background for an earlier request."""
    page = "/about/regions"
    distant.get(page)

    proxy.reset()
    distant.get(page)
    assert proxy.round_trips == 0

    distant.register()
    proxy.reset()
    distant.get(page)
    assert proxy.round_trips == 1


def test_round_trips_of_a_profile(distant: Visitor, proxy: LatencyProxy) -> None:
    path = f"/users/{distant.register().id}"
    proxy.reset()

    assert distant.get(path).status_code == 200

    assert proxy.round_trips == 1


def test_round_trips_of_a_receipt(distant: Visitor, proxy: LatencyProxy) -> None:
    distant.register().start(distant.add_vehicle())
    receipt = distant.end(distant.active_ride()).headers["Location"]
    proxy.reset()

    reply = distant.get(receipt)

    assert (reply.status_code, proxy.round_trips) == (200, 2)
    assert 'desc="2 statements"' in reply.headers["Server-Timing"]


def test_round_trips_of_the_security_page(distant: Visitor, proxy: LatencyProxy) -> None:
    path = f"/users/{distant.register().id}/security"
    proxy.reset()

    assert distant.get(path).status_code == 200

    assert proxy.round_trips == 1


def test_round_trips_of_starting_and_ending_a_ride(distant: Visitor, proxy: LatencyProxy) -> None:
    """One statement each, which also checks the session."""
    vehicle = distant.register().add_vehicle()
    token = distant.token()

    proxy.reset()
    started = distant.client.post(f"/rides/start/{vehicle}", data={"csrf_token": token})
    cost_of_start = proxy.round_trips
    ride = distant.active_ride()
    proxy.reset()
    ended = distant.client.post(
        f"/rides/end/{ride}", data={"csrf_token": token, "location": "2 Broadway"}
    )
    cost_of_end = proxy.round_trips

    assert (started.status_code, ended.status_code) == (303, 303)
    assert (cost_of_start, cost_of_end) == (1, 1)


def test_round_trips_of_a_reservation(
    distant: Visitor, proxy: LatencyProxy, new_visitor: NewVisitor
) -> None:
    """One statement to reserve, to give up and to start; pages have no more than without it."""
    owner = new_visitor().register()
    first, second = owner.add_vehicle(), owner.add_vehicle()
    distant.register()
    token = distant.token()

    def cost(method: str, path: str) -> tuple[int, int]:
        proxy.reset()
        reply = distant.client.request(method, path, data={"csrf_token": token})
        return reply.status_code, proxy.round_trips

    assert cost("POST", f"/reservations/start/{first}") == (303, 1)
    assert cost("GET", f"/vehicles/new-york/{first}") == (200, 1)
    assert cost("GET", "/vehicles") == cost("GET", "/") == (200, 1)
    assert cost("POST", f"/reservations/start/{second}") == (303, 7)  # refused
    assert cost("POST", f"/reservations/give-up/{first}") == (303, 1)
    assert cost("POST", f"/reservations/start/{second}") == (303, 1)
    assert cost("POST", f"/rides/start/{second}") == (303, 1)


def test_round_trips_of_undoing_a_ride_and_saying_why(
    distant: Visitor, proxy: LatencyProxy
) -> None:
    distant.register().start(distant.add_vehicle())
    ride, token = distant.active_ride(), distant.token()

    def cost(path: str, **fields: str) -> int:
        proxy.reset()
        form = {"csrf_token": token, "city": "new york", **fields}
        assert distant.client.post(path, data=form).status_code == 303
        return proxy.round_trips

    undo = cost(f"/rides/undo/{ride}", latitude="40.7128", longitude="-74.006")
    reason = cost(f"/rides/reason/{ride}", why="Wrong vehicle")

    assert (undo, reason) == (1, 1)


def test_round_trips_of_reports(distant: Visitor, proxy: LatencyProxy) -> None:
    """BEGIN, SAVEPOINT, RELEASE, COMMIT (4), and the statements.

    A report locks the reporter, counts their reports, finds the vehicle and is added. If it is
    about safety, the vehicle is locked between two counts of the reports of others.
    """
    vehicle = distant.register().add_vehicle()
    permanent_id, token = distant.permanent_id(vehicle), distant.token()

    def cost(method: str, path: str, status: int, **fields: str) -> int:
        proxy.reset()
        reply = distant.client.request(method, path, data={"csrf_token": token, **fields})
        assert reply.status_code == status
        return proxy.round_trips

    about_vehicle = f"/reports/vehicle/new-york/{vehicle}"
    assert cost("GET", about_vehicle, 200) == 1
    assert cost("POST", about_vehicle, 303, kind="dirty") == 4 + 4
    distant.start(vehicle)
    about_ride = f"/reports/ride/{distant.active_ride()}"
    assert cost("GET", about_ride, 200) == 2
    assert cost("POST", about_ride, 303, city="new york", kind="lock") == 4 + 7
    of_vehicle = f"/reports/of/{permanent_id}"
    assert cost("GET", of_vehicle, 200) == 1
    close = re.findall(rf"{of_vehicle}/close/[0-9a-f-]+", distant.get(of_vehicle).text)
    # The member; then the owner is locked, and the report is read and closed with a letter.
    assert cost("POST", close[0], 303, outcome="mended") == 1 + 4 + 4


def test_round_trips_of_the_file_of_rides(
    distant: Visitor, proxy: LatencyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The member, and one statement for each batch."""
    monkeypatch.setattr(movr_module, "BATCH", 2)
    vehicle = distant.register().permanent_id(distant.add_vehicle())
    for _ in range(5):
        distant.start(distant.public_id(vehicle))
        distant.end(distant.active_ride())
    proxy.reset()

    assert distant.get("/rides.csv").text.count("\r\n") == 1 + 5

    assert proxy.round_trips == 1 + 3


def test_round_trips_of_a_refused_start_and_end(
    distant: Visitor, proxy: LatencyProxy, new_visitor: NewVisitor
) -> None:
    """The statement; BEGIN, SAVEPOINT, the statement, the reason, two ROLLBACKs (6)."""
    owner = new_visitor().register()
    taken, free, other = (owner.add_vehicle() for _ in range(3))
    new_visitor().register().start(taken)
    others_ride = owner.start(other) and owner.active_ride()
    distant.register()

    def cost(path: str, **fields: str) -> tuple[int, int]:
        token = distant.token()
        proxy.reset()
        reply = distant.client.post(path, data={"csrf_token": token, **fields})
        return reply.status_code, proxy.round_trips

    assert cost(f"/rides/start/{taken}") == (303, 7)
    assert cost(f"/rides/end/{others_ride}", location="here") == (403, 7)
    assert cost(f"/rides/end/{UNKNOWN_ID}", location="here") == (404, 7)
    distant.start(free)
    assert cost(f"/rides/start/{taken}") == (303, 7)  # riding already
    assert cost(f"/rides/start/{free}") == (303, 7)  # sent twice


def test_round_trips_of_a_password_reset(distant: Visitor, proxy: LatencyProxy) -> None:
    distant.register()
    key = UserKey("new york", distant.id)
    distant.post("/logout")
    token = {"csrf_token": distant.token()}
    link = reset_tokens([DEVELOPMENT_SECRET]).make(key, 0, time.time())
    distant.get(f"/reset?token={link}")
    proxy.reset()
    reply = distant.client.post("/reset", data={**token, "password": PASSWORD})

    assert reply.headers["Location"] == "/login"
    assert proxy.round_trips == 6


def test_round_trips_of_login(distant: Visitor, proxy: LatencyProxy) -> None:
    distant.register()
    username = distant.username
    distant.post("/logout")
    token = distant.token()
    proxy.reset()

    reply = distant.client.post(
        "/login", data={"csrf_token": token, "username": username, "password": PASSWORD}
    )

    assert reply.status_code == 303
    assert proxy.round_trips == 1


def test_round_trips_of_each_change(distant: Visitor, proxy: LatencyProxy) -> None:
    """BEGIN, SAVEPOINT, RELEASE, COMMIT (4), the statements, and the session's member (1)."""

    def cost(path: str, **fields: str) -> int:
        token = distant.token()
        proxy.reset()
        reply = distant.client.post(path, data={"csrf_token": token, **fields})
        assert reply.status_code == 303
        return proxy.round_trips

    distant.register().post("/logout")  # connects
    register = cost("/register", **registration())
    add = cost("/vehicles/add", type="bike", color="red", brand="Kona", location="here")
    remove = cost(f"/vehicles/remove/{distant.permanent_id(distant.add_vehicle())}")
    own = f"/users/{distant.id}"
    change = cost(f"{own}/security", current=PASSWORD, new=PASSWORD)
    log_out = cost(f"{own}/logout")
    distant.log_in(distant.username)
    own = f"/users/{distant.id}"
    names = cost(f"{own}/names", first_name="Augusta", last_name="King")
    email = cost(f"{own}/email", email="king@example.com", password=PASSWORD)
    log_out_here = cost("/logout")  # which says whether a ride goes on
    distant.log_in(distant.username)
    receipts = cost(f"/users/{distant.id}/receipts", by_mail="1")
    language = cost("/language", language="fr")
    leave = cost(f"/users/remove/{distant.id}", **DELETION)

    assert (register, add, remove, leave) == (5, 7, 7, 10)
    assert (change, log_out) == (7, 6)  # the password's hash is read by a separate statement
    assert (names, email, log_out_here, receipts, language) == (6, 7, 1, 6, 1)


def test_round_trips_of_staff(distant: Visitor, proxy: LatencyProxy, movr: MovR) -> None:
    """Who it is, what they may see and what they see, in one; and ten to suspend an account."""
    distant.register().start(distant.add_vehicle())
    rider, ride = movr.register("new york", **NEWCOMER), distant.active_ride()
    manager = UserKey("new york", distant.id)
    movr.staff.grant_role_as_operator("new york", manager, MANAGER, "Hired")
    paths = (
        *("", "/rides", f"/rides/{ride}", "/vehicles", "/reports", "/members?q=ada", "/money"),
        *("/letters", "/audit", "/audit.csv", "/roles", f"/members/{rider.id}"),
        f"/members/{rider.id}/suspend-account",
    )

    def cost(method: str, path: str, **fields: str) -> int:
        token = distant.token()
        proxy.reset()
        address = f"/staff/new-york{path}"
        reply = distant.client.request(method, address, data={"csrf_token": token, **fields})
        assert reply.status_code in {200, 303}
        return proxy.round_trips

    assert {path: cost("GET", path) for path in paths} == dict.fromkeys(paths, 1)
    # BEGIN, SAVEPOINT, RELEASE, COMMIT; the role, the audit, the member, the change, the letter,
    # the audit.
    assert cost("POST", paths[-1], reason="Rides on pavements") == 10


def test_the_app_counts_the_round_trips_on_the_wire(
    distant: Visitor, proxy: LatencyProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the same number as the proxy."""
    caplog.set_level(logging.INFO, "movr.access")

    def counted() -> int:
        facts = caplog.records[-1].__dict__["facts"]
        return int(facts["round_trips"])

    vehicle = distant.register().add_vehicle()
    token = distant.token()
    for method, path in (
        ("GET", "/"),
        ("GET", "/vehicles"),
        ("POST", f"/rides/start/{vehicle}"),
        ("POST", f"/rides/start/{vehicle}"),  # refused, and rolled back
    ):
        proxy.reset()
        distant.client.request(method, path, data={"csrf_token": token})
        assert counted() == proxy.round_trips > 0


def test_waiting_for_begin_and_commit_is_measured(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied afterwards
) -> None:
    """The alert on the time of a round trip would otherwise be too low for writes."""
    distance = 0.05
    with LatencyProxy(parse_uri(database), distance=distance) as proxy:
        movr = MovR(uri_text(proxy.url))
        movr.is_at_head()  # connects
        cost = query_stats.start()
        movr.register("paris", **NEWCOMER)
        movr.close()

    assert cost.round_trips == 5  # BEGIN, SAVEPOINT, INSERT, RELEASE, COMMIT
    assert cost.seconds >= cost.round_trips * distance


def test_round_trips_of_the_api(
    distant: Visitor, proxy: LatencyProxy, new_visitor: NewVisitor
) -> None:
    """A read is one, a ride's two as on its page. A write has those of its form on a page, or less.

    Its statement or transaction checks the token. An idempotency key costs a single statement
    nothing, and a transaction two statements: the claim, and its result.
    """
    vehicle = distant.register().add_vehicle()
    api, own = ApiClient(distant.client).log_in(distant.username), distant.permanent_id(vehicle)
    number = api.get(f"/me/vehicles/{own}").json()["number"]

    def cost(method: str, path: str, /, **body: object) -> tuple[int, int]:
        costs = []
        for key in ("", uuid4().hex):
            proxy.reset()
            reply = api.with_key(key).call(method, path, **body)
            assert reply.status_code in {200, 201, 204}, reply.text
            costs.append(proxy.round_trips)
        return costs[0], costs[1]

    found, mine = "/cities/new-york/vehicles", f"/me/vehicles/{own}"
    reads = (
        *("/me", "/tokens", found, f"{found}/{vehicle}", f"{found}/by-number/{number}"),
        *("/me/vehicles", mine, f"{mine}/reports", "/me/earnings"),
    )
    assert {path: cost("GET", path) for path in reads} == dict.fromkeys(reads, (1, 1))
    assert cost("GET", "/cities") == (0, 0)
    assert cost("PUT", "/me/names", first_name="Ada", last_name="King") == (5, 7)
    assert cost("PUT", "/me/receipts", by_mail=True) == (5, 7)
    added = {"type": "bike", "color": "red", "brand": "Kona", "place": "here"}
    assert cost("POST", "/me/vehicles", **added) == (6, 8)
    assert cost("PUT", f"{mine}/description", color="blue", brand="Trek") == (7, 9)
    about = f"{found}/{vehicle}/reports"
    assert cost("POST", about, kind="dirty", **CENTRE) == (8, 10)
    ride = _costs_of_a_ride(api, proxy, new_visitor().register())
    assert ride == dict.fromkeys(ride, (1, 1))
    assert cost("GET", "/me/rides") == (2, 2)


def _costs_of_a_ride(
    api: ApiClient, proxy: LatencyProxy, owner: Visitor
) -> dict[str, tuple[int, ...]]:
    """Return the round trips of each write of a ride, without and with a key."""
    costs: dict[str, tuple[int, ...]] = {}
    for key in ("", "key"):

        def act(action: str, method: str, path: str, key: str = key, **body: object) -> Any:
            proxy.reset()
            reply = api.with_key(key and f"{key}-{action}").call(method, path, **body)
            assert reply.status_code in {200, 201, 204}, reply.text
            costs[action] = (*costs.get(action, ()), proxy.round_trips)
            return reply.json() if reply.content else None

        for last, more in (("end", {"place": "here"}), ("undo", CENTRE)):
            vehicle = str(owner.add_vehicle())
            wanted = {"city": "new-york", "vehicle_id": vehicle}
            act(f"reserve-{last}", "POST", "/reservations", **wanted)
            act(f"give-up-{last}", "DELETE", f"/reservations/new-york/{vehicle}")
            ride = act(f"start-{last}", "POST", "/rides", **wanted)
            path = f"/cities/new-york/rides/{ride['id']}"
            act(last, "POST", f"{path}/{last}", **more)
        act("reason", "POST", f"{path}/undo/reason", reason="Wrong vehicle")
    return costs
