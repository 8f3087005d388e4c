"""Operations of staff: who may call which, what they return, and what the actions do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import httpx
import pytest
from apiflask import APIFlask
from flask import Flask
from sqlalchemy import Engine

from movr.cities import Position
from movr.formats import MANAGER, MECHANIC, SUPPORT
from movr.results import UserKey
from tests.conftest import NewVisitor
from tests.databases import all_rows
from tests.movr.city_data.test_zones import square
from tests.visitor import Visitor
from tests.web.api.v1.client import ApiClient
from tests.web.api.v1.operations import operations_of
from tests.web.pages.test_staff_pages import (
    ALL,
    MANAGERS,
    MECHANICS,
    NOWHERE,
    OTHERS,
    SUPPORTERS,
    WHY,
    Who,
    World,
)

PLACE = {"place": "5 Wall Street"}
LISTED = {
    "reference": "A-1",
    "type": "bike",
    "brand": "Kona",
    "color": "red",
    "place": "1 Wall Street",
}
ROLE_OF_MECHANIC = "/roles/new-york/{mechanic}/mechanic"


@dataclass(frozen=True)
class Row:
    """The path of an operation, who may call it, and the body of an action beside its reason."""

    path: str
    admits: frozenset[Who]
    body: Mapping[str, Any] = field(default_factory=dict)
    reply: Mapping[str, Any] = field(default_factory=lambda: {"changed": True})


# By operation_id.
READS: Mapping[str, Row] = {
    "get_staff_overview": Row("", ALL),
    "get_staff_money": Row("/money", SUPPORTERS),
    "list_dead_letters": Row("/letters", SUPPORTERS),
    "list_staff_rides": Row("/rides", SUPPORTERS),
    "get_staff_ride": Row("/rides/{ride}", SUPPORTERS),
    "list_staff_vehicles": Row("/vehicles", MECHANICS),
    "find_staff_vehicle": Row("/vehicles/by-number/{number}", ALL),
    "get_staff_vehicle": Row("/vehicles/{vehicle}", ALL),
    "search_staff_members": Row("/members?q=ada", SUPPORTERS),
    "get_staff_member": Row("/members/{rider}", SUPPORTERS),
    "list_staff_reports": Row("/reports", ALL),
    "get_staff_report": Row("/reports/{report}", ALL),
    "list_staff_audit": Row("/audit", MANAGERS),
    "list_staff_roles": Row("/roles", MANAGERS),
}
# In an order in which each is possible.
ACTIONS: Mapping[str, Row] = {
    "staff_end_ride": Row("/rides/{ride}/end", SUPPORTERS, PLACE),
    "staff_refund_fare": Row("/rides/{ride}/refund", SUPPORTERS),
    "staff_move_vehicle": Row("/vehicles/{vehicle}/move", MECHANICS, PLACE),
    "staff_pause_vehicle": Row("/vehicles/{vehicle}/pause", MECHANICS),
    "staff_resume_vehicle": Row("/vehicles/{vehicle}/resume", MECHANICS),
    "staff_mark_missing": Row("/vehicles/{vehicle}/mark-missing", MECHANICS),
    "staff_mark_found": Row("/vehicles/{vehicle}/mark-found", MECHANICS, PLACE),
    "staff_remove_vehicle": Row("/vehicles/{vehicle}/remove", ALL),
    "staff_close_report": Row("/reports/{report}/close", ALL, {"outcome": "mended"}),
    "staff_suspend_account": Row("/members/{rider}/suspend", SUPPORTERS),
    "staff_restore_account": Row("/members/{rider}/restore", SUPPORTERS),
    "staff_add_vehicles": Row(
        "/members/{rider}/vehicles",
        MANAGERS,
        {"vehicles": [LISTED]},
        {"new": 1, "known": 0, "added": True},
    ),
    "staff_grant_role": Row("/members/{rider}/grant-role", MANAGERS, {"role": SUPPORT}),
    "staff_revoke_role": Row(f"{ROLE_OF_MECHANIC}/revoke", MANAGERS),
}


class ApiWorld(World):
    """The world of the pages' tests, for programs."""

    def client_of(self, who: Who) -> ApiClient:
        """Return a program of such a user, who has logged in unless they are a visitor."""
        if who is Who.LOGGED_OUT:
            former = self.staff(MANAGER)
            client = self.client(former)
            self.movr.end_sessions(UserKey("new york", former.id), 0)
            return client
        browser = self.browser_of(who)
        return ApiClient(browser.client) if who is Who.VISITOR else self.client(browser)

    def client(self, browser: Visitor) -> ApiClient:
        """Return a program of the member, in a client without cookies."""
        return ApiClient(self.new_visitor().client).log_in(browser.username)

    def read(self, client: ApiClient, path: str) -> httpx.Response:
        return client.get(f"/staff/new-york{path.format(**self.ids)}")

    def act(self, client: ApiClient, row: Row, **body: Any) -> httpx.Response:
        path = f"/staff/new-york{row.path.format(**self.ids)}"
        return client.call("POST", path, **{**WHY, **row.body, **body})


@pytest.fixture
def world(
    new_visitor: NewVisitor, app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> ApiWorld:
    monkeypatch.setattr(app.extensions["movr"], "_charges_rides", True)
    return ApiWorld(new_visitor, app, engine)


def test_every_operation_of_staff_has_its_row(app: Flask) -> None:
    """A new operation needs a row that says who may call it."""
    described = operations_of(cast("APIFlask", app)).values()

    of_a_city = {each.id: each for each in described if each.path.startswith("/staff/")}
    assert of_a_city.keys() == {*READS, *ACTIONS}
    for name, operation in of_a_city.items():
        assert operation.requires_token, name
        assert operation.is_write == (name in ACTIONS), name


@pytest.mark.parametrize("who", Who, ids=lambda who: who.name.lower())
def test_each_operation_is_for_those_whose_role_permits_it_only(world: ApiWorld, who: Who) -> None:
    """An action adds one row of audit; a refusal changes nothing."""
    client = world.client_of(who)
    refused = 401 if who in {Who.VISITOR, Who.LOGGED_OUT} else 403
    for name, row in READS.items():
        reply = world.read(client, row.path)
        assert reply.status_code == (200 if who in row.admits else refused), (name, reply.text)
    for name, row in ACTIONS.items():
        before = all_rows(world.engine)

        reply = world.act(client, row)

        if who in row.admits:
            assert (reply.status_code, reply.json()) == (200, row.reply), name
            assert len(world.audit()) == len(before["audit_entries"]) + 1, name
        else:
            assert reply.status_code == refused, (name, reply.text)
            assert all_rows(world.engine) == before, name


@pytest.mark.parametrize("who", OTHERS, ids=lambda who: who.name.lower())
def test_the_answer_does_not_tell_what_there_is(world: ApiWorld, who: Who) -> None:
    """It is the same for vehicles, rides, members and reports that do not exist."""
    client, known = world.client_of(who), world.ids

    def answers() -> list[tuple[int, str]]:
        replies = [
            *(world.read(client, row.path) for row in READS.values()),
            *(world.act(client, row) for row in ACTIONS.values()),
        ]
        return [(reply.status_code, reply.text) for reply in replies]

    there = answers()
    world.ids = dict.fromkeys(known, NOWHERE) | {"number": "100000"}
    assert there == answers()


def test_what_is_not_there_is_a_problem_to_staff(world: ApiWorld) -> None:
    client = world.client(world.manager)
    world.ids = dict.fromkeys(world.ids, NOWHERE) | {"number": "100000"}
    things = {name: row for name, row in READS.items() if "{" in row.path}

    replies = {
        **{name: world.read(client, row.path) for name, row in things.items()},
        **{name: world.act(client, row) for name, row in ACTIONS.items()},
    }

    assert {name: reply.status_code for name, reply in replies.items()} == dict.fromkeys(
        replies, 404
    )


def test_a_read_is_one_statement(world: ApiWorld) -> None:
    client = world.client(world.manager)

    for name, row in READS.items():
        assert "1 statement" in world.read(client, row.path).headers["Server-Timing"], name


def test_staff_list_their_cities_and_others_do_not(world: ApiWorld, stranger: ApiClient) -> None:
    key = UserKey("new york", world.manager.id)
    world.movr.staff.grant_role_as_operator("boston", key, SUPPORT, "Hired")

    assert world.client(world.manager).get("/staff").json() == {"items": ["new-york", "boston"]}
    assert world.client(world.rider).get("/staff").status_code == 403
    assert stranger.get("/staff").status_code == 401


def test_the_manager_reads_a_ride_from_its_list_to_the_audit(world: ApiWorld) -> None:
    client = world.client(world.manager)
    (under_way,) = world.read(client, "/rides").json()["items"]
    assert under_way["id"] == str(world.ids["ride"])
    assert under_way["start_time"].endswith("Z")

    world.act(client, ACTIONS["staff_end_ride"])
    ride = world.read(client, "/rides/{ride}").json()
    assert ride["end_place"] == PLACE["place"]
    assert ride["rider_city"] == "new-york"
    assert ride["rider_name"] == world.rider.username
    assert ride["cost"]["currency"] == "USD"
    booked = [item for item in ride["history"]["items"] if item["source"] == "ledger"]
    assert sum(item["amount"]["amount"] for item in booked) == 0
    (sums, line) = (world.read(client, path).json()["items"] for path in ("/money", "/audit"))
    assert sum(each["sum"]["amount"] for each in sums) == 0
    assert line[0]["action"] == "end_ride"
    assert line[0]["reason"] == WHY["reason"]
    assert line[0]["actor_name"] == world.manager.username
    assert line[0]["before"]["end_time"] is None
    assert line[0]["after"]["amount"] == ride["cost"]["amount"]


def test_a_program_reads_which_payments_are_to_be_returned(world: ApiWorld) -> None:
    client = world.client(world.manager)
    world.act(client, ACTIONS["staff_end_ride"])
    world.movr.book_payment("new york", world.ids["ride"])
    assert world.read(client, "/money").json()["to_return"] == []

    world.movr.refund_fare("new york", world.ids["ride"])

    cost = world.read(client, "/rides/{ride}").json()["cost"]
    credit = {"ride_id": str(world.ids["ride"]), "sum": cost}
    assert world.read(client, "/money").json()["to_return"] == [credit]


def test_a_mechanic_finds_a_vehicle_and_sees_its_history(world: ApiWorld) -> None:
    client = world.client(world.staff(MECHANIC))
    pause = ACTIONS["staff_pause_vehicle"]

    found = world.read(client, "/vehicles/by-number/{number}").json()
    assert world.act(client, pause).json() == {"changed": True}
    assert world.act(client, pause).json() == {"changed": False}
    (listed,) = world.read(client, "/vehicles?show=non_operational").json()["items"]
    vehicle = world.read(client, "/vehicles/{vehicle}").json()

    assert found["id"] == listed["id"] == vehicle["id"] == str(world.ids["vehicle"])
    assert (vehicle["state"], vehicle["paused_by"]) == ("non_operational", "staff")
    assert {item["source"] for item in vehicle["history"]["items"]} == {"event", "report"}
    assert world.read(client, "/vehicles?show=idle").json()["items"] == []


def test_lists_and_histories_come_in_pages(
    world: ApiWorld, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.client(world.manager)
    for name in ("staff_suspend_account", "staff_restore_account"):
        world.act(client, ACTIONS[name])
    whole = {
        "/audit": world.read(client, "/audit").json()["items"],
        "/roles": world.read(client, "/roles").json()["items"],
        "/members/{rider}": world.read(client, "/members/{rider}").json()["history"]["items"],
    }
    small = replace(app.extensions["settings"], page_size=1)
    monkeypatch.setitem(app.extensions, "settings", small)

    for path, items in whole.items():
        read, url = [], f"/staff/new-york{path.format(**world.ids)}"
        while url:
            body = client.get(url).json()
            page = body.get("history", body)
            read += page["items"]
            url = page["next"]
        assert len(read) > 1
        assert read == items


def test_an_action_that_is_sent_twice_with_its_key_is_one_row_of_audit(world: ApiWorld) -> None:
    client = world.client(world.manager)
    url = f"/api/v1/staff/new-york/members/{world.ids['rider']}/suspend"
    headers = {"Authorization": f"Bearer {client.access}", "Idempotency-Key": "one"}
    audited = len(world.audit())

    replies = [client.client.post(url, json=WHY, headers=headers) for _ in range(2)]
    other = client.client.post(url, json={"reason": "Another one"}, headers=headers)

    assert [reply.json() for reply in replies] == [{"changed": True}] * 2
    assert other.status_code == 422
    assert len(world.audit()) == audited + 1


def test_a_fault_is_named_and_changes_nothing(world: ApiWorld) -> None:
    park = square("Battery Park", Position(40.7033, -74.0170), 0.002, allowed=False)
    world.movr.city_data.replace_zones("new york", [park], begin=park.valid_from)
    client, end = world.client(world.manager), ACTIONS["staff_end_ride"]
    faults: list[tuple[dict[str, Any], str]] = [
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 301}, "/reason"),
        ({"reason": "<b>"}, "/reason"),
        ({"reason": " \u2800 "}, "/reason"),
        ({"latitude": 40.7}, ""),
        ({"latitude": "north", "longitude": 2}, "/latitude"),
        ({"color": "red"}, "/color"),
    ]
    places = {"too-far-away": (48.85, 2.35), "no-parking": (40.7033, -74.0170)}
    before = all_rows(world.engine)

    for body, pointer in faults:
        reply = world.act(client, end, **body)
        assert reply.status_code == 422, body
        assert reply.json()["errors"][0]["pointer"] == pointer, body
    for kind, (latitude, longitude) in places.items():
        reply = world.act(client, end, latitude=latitude, longitude=longitude)
        assert reply.status_code == 422
        assert reply.json()["type"].endswith(f"#{kind}")
    assert world.read(client, "/money?day=1999-12-31").status_code == 422
    assert world.read(client, "/roles?after=owner~1").status_code == 422
    assert all_rows(world.engine) == before


def test_staff_do_nothing_for_themselves(world: ApiWorld) -> None:
    client = world.client(world.manager)
    world.ids["rider"] = world.manager.id

    for name in ("staff_suspend_account", "staff_grant_role"):
        reply = world.act(client, ACTIONS[name])
        assert reply.status_code == 403
        assert reply.json()["type"].endswith("#not-for-yourself")
