"""Permissions: every operation of the API, called by each kind of caller.

Which operations there are, and which require a token, is read from the description. Those of
staff are in test_staff.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, Self, cast
from uuid import UUID

import httpx
import pytest
from apiflask import APIFlask
from flask import Flask
from sqlalchemy import Engine

from tests.conftest import NewVisitor
from tests.databases import all_rows
from tests.visitor import PASSWORD, Visitor
from tests.web.api.v1.client import PROBLEM, ApiClient
from tests.web.api.v1.operations import Operation, operations_of
from tests.web.pages.test_permissions import Scene


class Who(Enum):
    """A kind of caller, in relation to the owner of the data."""

    STRANGER = "a program without a token"
    REVOKED = "a token of the owner's that was revoked"
    GHOST = "a token of the owner's, whose account was deleted"
    ANOTHER = "another member"
    FOREIGNER = "another member, at home in another city"
    OWNER = "the one it belongs to"


WITHOUT_TOKEN = (Who.STRANGER, Who.REVOKED, Who.GHOST)
OTHERS = frozenset({Who.ANOTHER, Who.FOREIGNER})
MEMBERS = OTHERS | {Who.OWNER}
OWNER = frozenset({Who.OWNER})
REFUSED = {403, 404}  # which of them may depend on the member's home city
NOBODY: frozenset[Who] = frozenset()


@dataclass(frozen=True)
class Row:
    """The ids in the path of an operation, its body, and the members who may call it.

    They get the status `reply`, other members one of REFUSED. Values refer to the scene.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    admits: frozenset[Who] = MEMBERS
    reply: int = 200


VEHICLE = {"city": "new-york", "vehicle_id": "{scene.vehicle}"}
RIDE = {"city": "new-york", "ride_id": "{scene.ride}"}
OWN = {"vehicle_id": "{scene.permanent_id}"}
LOOKS = {"color": "blue", "brand": "Trek"}
LISTED = {**LOOKS, "reference": "A-1", "type": "bike", "place": "1 Wall Street"}
DIRTY = {"kind": "dirty"}
NEWCOMER = {
    "city": "paris",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "password": PASSWORD,
}
NEAR_BY = {"latitude": 40.7128, "longitude": -74.006}

ROWS: Mapping[str, Row] = {
    "create_token": Row(
        body={"username": "{scene.friend.username}", "password": PASSWORD, "device": "phone"},
        reply=201,
    ),
    "refresh_token": Row(body={"refresh_token": "{scene.refresh_token}"}),
    "register": Row(body={**NEWCOMER, "username": "newcomer"}, reply=201),
    # In development letters are logged.
    "request_password_link": Row(body={"username": "{scene.friend.username}"}, reply=204),
    "list_tokens": Row(),
    "revoke_token": Row({"token_id": "{scene.token_id}"}, admits=OWNER, reply=204),
    "get_me": Row(),
    "change_password": Row(body={"current": PASSWORD, "new": f"another {PASSWORD}"}, reply=204),
    "change_email": Row(body={"email": "king@example.com", "password": PASSWORD}),
    "send_verification": Row(reply=204),
    "choose_language": Row(body={"language": "fr"}, reply=204),
    "get_my_data": Row(),
    "delete_account": Row(body={"password": PASSWORD, "confirm": True}, reply=204),
    "list_members": Row({"city": "new-york"}),
    "list_cities": Row(),
    "list_vehicles": Row({"city": "new-york"}),
    "get_vehicle": Row(VEHICLE),
    "find_vehicle_by_number": Row({"city": "boston", "number": "{scene.number}"}),
    "reserve_vehicle": Row(body=VEHICLE, reply=201),
    "give_up_reservation": Row(VEHICLE, reply=204),
    "start_ride": Row(body=VEHICLE, reply=201),
    "list_my_rides": Row(),
    "get_ride_totals": Row(),
    "get_ride": Row({"ride_id": "{scene.ended_ride}"}, admits=OWNER),
    "end_ride": Row(RIDE, {"place": "2 Broadway", **NEAR_BY}, OWNER),
    "undo_ride": Row(RIDE, NEAR_BY, OWNER),
    "explain_undo": Row(
        RIDE | {"ride_id": "{scene.undone_ride}"}, {"reason": "It is damaged"}, OWNER, reply=204
    ),
    "report_ride": Row(RIDE | {"ride_id": "{scene.ended_ride}"}, DIRTY, OWNER, reply=204),
    "report_vehicle": Row({"city": "boston", "vehicle_id": "{scene.name}"}, DIRTY, reply=204),
    "change_names": Row(body={"first_name": "Augusta", "last_name": "King"}, reply=204),
    "choose_receipts": Row(body={"by_mail": True}, reply=204),
    # Without mail it is not there.
    "send_receipt": Row({"ride_id": "{scene.ended_ride}"}, admits=NOBODY),
    "end_sessions": Row(reply=204),
    "list_my_vehicles": Row(),
    "list_my_earnings": Row(),
    "add_vehicle": Row(body={**LOOKS, "type": "bike", "place": "1 Wall Street"}, reply=201),
    "import_vehicles": Row(body={"vehicles": [LISTED]}),
    "get_my_vehicle": Row(OWN, admits=OWNER),
    "describe_vehicle": Row(OWN, LOOKS, OWNER, reply=204),
    "move_vehicle": Row(OWN, {"place": "2 Broadway"}, OWNER, reply=204),
    "pause_vehicle": Row(OWN, admits=OWNER),
    "resume_vehicle": Row({"vehicle_id": "{scene.paused_vehicle}"}, admits=OWNER, reply=204),
    "remove_vehicle": Row(OWN, admits=OWNER),
    "restore_vehicle": Row({"vehicle_id": "{scene.removed_vehicle}"}, admits=OWNER, reply=204),
    "list_reports": Row(OWN, admits=OWNER),
    "close_report": Row({"report_id": "{scene.report}"}, {"outcome": "mended"}, OWNER, reply=204),
}


class Anything:
    """A scene in which all ids are of nothing."""

    def __getattr__(self, name: str) -> Self:
        return self

    def __str__(self) -> str:
        return str(UUID(int=0))


class ApiScene(Scene):
    """The scene of the pages' tests, with programs."""

    def program(self, member: Visitor | None = None) -> ApiClient:
        client = ApiClient(self.new_visitor().client)
        return client.log_in(member.username) if member else client

    @cached_property
    def owner_s_program(self) -> ApiClient:
        return self.program(self.owner)

    @cached_property
    def token_id(self) -> str:
        """The id of the owner's only device."""
        (device,) = self.owner_s_program.get("/tokens").json()["items"]
        return str(device["id"])

    @cached_property
    def refresh_token(self) -> str:
        return self.owner_s_program.refresh

    def program_of(self, who: Who) -> ApiClient:
        """Return the program of this kind of caller. Call it last: it may delete the owner."""
        if who is Who.OWNER:
            return self.owner_s_program
        if who is Who.REVOKED:
            program = self.program(self.owner)
            for device in program.get("/tokens").json()["items"]:
                program.call("DELETE", f"/tokens/{device['id']}")
            return program
        if who is Who.GHOST:
            program = self.program(self.owner)
            self._ghost()
            return program
        if who is Who.STRANGER:
            return self.program()
        return self.program(
            self.new_visitor().register("rome" if who is Who.FOREIGNER else "new york")
        )


class Request(NamedTuple):
    """A call of an operation with the values of its row."""

    method: str
    path: str
    body: Mapping[str, Any]

    @classmethod
    def of(cls, operation: Operation, scene: object) -> Self:
        def fill(values: Mapping[str, Any]) -> dict[str, Any]:
            return {
                name: value.format(scene=scene) if isinstance(value, str) else value
                for name, value in values.items()
            }

        row = ROWS[operation.id]
        path = operation.path.format_map(fill(row.ids))
        return cls(operation.method, path, fill(row.body))

    def sent_by(self, program: ApiClient) -> httpx.Response:
        return program.call(self.method, self.path, **self.body)


@pytest.fixture
def scene(new_visitor: NewVisitor) -> ApiScene:
    return ApiScene(new_visitor)


@pytest.fixture
def operations(app: Flask) -> Mapping[str, Operation]:
    """All but those of staff, which are in test_staff.py."""
    described = operations_of(cast("APIFlask", app))
    return {name: each for name, each in described.items() if not each.path.startswith("/staff")}


def test_every_operation_has_a_row(operations: Mapping[str, Operation]) -> None:
    assert ROWS.keys() == operations.keys()


def test_every_write_requires_a_token_but_those_of_people_without_one(
    operations: Mapping[str, Operation],
) -> None:
    open_ = [each.id for each in operations.values() if each.is_write and not each.requires_token]

    assert set(open_) == {
        *("create_token", "refresh_token", "register", "request_password_link"),
    }


@pytest.mark.parametrize("who", WITHOUT_TOKEN, ids=lambda who: who.name.lower())
def test_without_a_valid_token_an_operation_is_refused_and_changes_nothing(
    scene: ApiScene, operations: Mapping[str, Operation], engine: Engine, who: Who
) -> None:
    program = scene.program_of(who)
    before = all_rows(engine)

    replies = {
        each.id: Request.of(each, Anything()).sent_by(program)
        for each in operations.values()
        if each.requires_token
    }

    assert {name: reply.status_code for name, reply in replies.items()} == dict.fromkeys(
        replies, 401
    )
    assert {reply.headers["Content-Type"] for reply in replies.values()} == {PROBLEM}
    assert all_rows(engine) == before


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.admits != MEMBERS])
def test_other_members_are_refused_and_change_nothing(
    scene: ApiScene, operations: Mapping[str, Operation], engine: Engine, name: str
) -> None:
    request = Request.of(operations[name], scene)
    programs = [scene.program_of(who) for who in MEMBERS - ROWS[name].admits]
    before = all_rows(engine)

    replies = [request.sent_by(program) for program in programs]

    assert {reply.status_code for reply in replies} <= REFUSED & operations[name].statuses
    assert {reply.headers["Content-Type"] for reply in replies} == {PROBLEM}
    assert all_rows(engine) == before


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.admits])
def test_a_member_who_is_admitted_gets_the_response(
    scene: ApiScene, operations: Mapping[str, Operation], name: str
) -> None:
    """Of what every member may do, members of other cities can do it too."""
    row = ROWS[name]
    who = Who.FOREIGNER if Who.FOREIGNER in row.admits else Who.OWNER

    reply = Request.of(operations[name], scene).sent_by(scene.program_of(who))

    assert reply.status_code == row.reply, reply.text
