"""Operations of the API on an owner's vehicles."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.conftest import HERE, NewVisitor
from tests.databases import all_rows
from tests.visitor import Visitor
from tests.web.api.v1.client import PROBLEM, ApiClient
from tests.web.pages.test_prices import charging, longer  # noqa: F401 - a fixture

BIKE = {"type": "bike", "color": "red", "brand": "Kona", "place": "1 Wall Street"}
WALL_STREET = {"latitude": 40.7128, "longitude": -74.006}
PARIS = {"latitude": 48.85, "longitude": 2.35}


@pytest.fixture
def vehicle(api: ApiClient) -> str:
    """The path of a vehicle that the member has added."""
    return added(api)


@pytest.fixture
def rider(new_visitor: NewVisitor) -> Visitor:
    return new_visitor().register()


def added(api: ApiClient, **changed: Any) -> str:
    """Add a vehicle and return its path."""
    reply = api.call("POST", "/me/vehicles", **BIKE | WALL_STREET | changed)
    assert reply.status_code == 201, reply.text
    return str(reply.headers["Location"].removeprefix("/api/v1"))


def shown(api: ApiClient, vehicle: str) -> dict[str, Any]:
    """Return the member's vehicle, which is read together with the member."""
    reply = api.get(vehicle)
    assert reply.status_code == 200, reply.text
    assert "1 statement" in reply.headers["Server-Timing"]
    return dict(reply.json())


def test_an_owner_adds_a_vehicle_which_riders_find(
    api: ApiClient, vehicle: str, rider: Visitor
) -> None:
    own = shown(api, vehicle)
    (listed,) = api.get("/me/vehicles").json()["items"]

    assert (own["state"], own["place"], own["color"]) == ("available", "1 Wall Street", "red")
    assert {name: own[name] for name in WALL_STREET} == WALL_STREET
    assert [event["event_types"] for event in own["history"]["items"]] == [["provider_drop_off"]]
    assert own["last_30_days"] == {"rides": 0, "duration": 0, "distance": 0}
    assert listed.items() <= own.items()
    assert own["vehicle_id"] in rider.get("/vehicles").text
    assert own["id"] not in rider.get("/vehicles").text
    assert api.get("/me").json()["is_owner"]


def test_a_vehicle_added_again_with_its_key_is_one_vehicle(api: ApiClient) -> None:
    api.client.headers["Idempotency-Key"] = "one"
    assert added(api) == added(api)
    api.client.headers["Idempotency-Key"] = "two"
    added(api)

    assert len(api.get("/me/vehicles").json()["items"]) == 2


def test_an_owner_describes_and_moves_a_vehicle(api: ApiClient, vehicle: str) -> None:
    new = {"color": "blue", "brand": "Trek"}
    assert api.call("PUT", f"{vehicle}/description", **new).status_code == 204
    place = {"latitude": 40.72, "longitude": -74.0}
    assert api.call("PUT", f"{vehicle}/place", **place).status_code == 204

    own = shown(api, vehicle)

    assert (new | place).items() <= own.items()
    assert own["place"].endswith("of the centre of New York")


def test_a_pause_ends_when_the_vehicle_is_resumed(api: ApiClient, vehicle: str) -> None:
    assert api.call("POST", f"{vehicle}/pause").json() == {"is_pending": False}
    paused = shown(api, vehicle)
    assert (paused["state"], paused["paused_by"]) == ("non_operational", "owner")

    assert api.call("POST", f"{vehicle}/resume").status_code == 204
    assert shown(api, vehicle)["state"] == "available"


def test_a_vehicle_leaves_service_when_its_rider_is_done(
    api: ApiClient, vehicle: str, rider: Visitor
) -> None:
    rider.start(UUID(shown(api, vehicle)["vehicle_id"]))

    assert api.call("POST", f"{vehicle}/pause").json() == {"is_pending": True}
    assert api.call("POST", f"{vehicle}/remove").json() == {"is_pending": True}
    refused = api.call("PUT", f"{vehicle}/place", place="2 Broadway")

    assert refused.status_code == 409
    assert refused.json()["type"].endswith("#vehicle-in-use")
    assert shown(api, vehicle)["state"] == "on_trip"
    rider.end(rider.active_ride())
    assert shown(api, vehicle)["state"] == "removed"


def test_a_removal_is_taken_back(api: ApiClient, vehicle: str) -> None:
    assert api.call("POST", f"{vehicle}/remove").json() == {"is_pending": False}
    removed = shown(api, vehicle)
    assert (removed["state"], removed["is_leaving"]) == ("removed", True)
    assert removed["removed_at"].endswith("Z")

    assert api.call("POST", f"{vehicle}/restore").status_code == 204
    assert shown(api, vehicle)["state"] == "available"


@pytest.mark.parametrize(
    ("wrong", "pointer", "said"),
    [
        ({"place": "<b>"}, "/place", "do not use < or >"),
        ({"place": "a\x00b"}, "/place", "a character that we cannot read"),
        ({"place": "x" * 201}, "/place", "200 characters"),
        ({"color": "\u200b"}, "/color", "Please enter a text"),
        ({"brand": 7}, "/brand", "string"),
        ({"type": "car"}, "/type", "bike"),
        ({"latitude": "40.7"}, "/latitude", "number"),
        ({"latitude": 91}, "/latitude", "90"),
        ({"latitude": None}, "", "latitude and longitude together"),
        ({"place": None, "latitude": None, "longitude": None}, "", "a position, a place or both"),
        ({"owner": "me"}, "/owner", "not permitted"),
    ],
)
def test_what_is_wrong_with_a_new_vehicle_is_named_and_nothing_is_added(
    api: ApiClient, engine: Engine, wrong: dict[str, Any], pointer: str, said: str
) -> None:
    before = all_rows(engine)

    reply = api.call("POST", "/me/vehicles", **BIKE | WALL_STREET | wrong)

    assert (reply.status_code, reply.headers["Content-Type"]) == (422, PROBLEM)
    (error,) = reply.json()["errors"]
    assert error["pointer"] == pointer
    assert said in error["detail"]
    assert all_rows(engine) == before


def test_a_vehicle_far_from_the_member_s_city_is_not_added(api: ApiClient, vehicle: str) -> None:
    for reply in (
        api.call("POST", "/me/vehicles", **BIKE | PARIS),
        api.call("PUT", f"{vehicle}/place", **PARIS),
    ):
        assert reply.status_code == 422
        assert reply.json()["type"].endswith("#too-far-away")
    assert len(api.get("/me/vehicles").json()["items"]) == 1


def test_pages_follow_one_another(
    api: ApiClient, vehicle: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(app.extensions["settings"], page_size=1)
    monkeypatch.setitem(app.extensions, "settings", small)
    api.call("POST", f"{vehicle}/pause")
    vehicles = {vehicle, added(api)}

    first = api.get("/me/vehicles").json()
    last = api.get(first["next"]).json()
    events = shown(api, vehicle)["history"]
    earlier = api.get(events["next"]).json()["history"]

    assert {f"/me/vehicles/{page['items'][0]['id']}" for page in (first, last)} == vehicles
    assert last["next"] is None
    assert [page["items"][0]["state"] for page in (events, earlier)] == [
        "non_operational",
        "available",
    ]
    for path in ("/me/vehicles", vehicle, "/me/earnings"):
        assert api.get(f"{path}?after=no~one").status_code == 422


def test_an_owner_reads_what_each_vehicle_has_earned(
    charging: Flask,  # noqa: F811
    engine: Engine,
) -> None:
    with httpx.Client(transport=httpx.WSGITransport(charging), base_url=HERE) as client:
        owner = Visitor(client).register("amsterdam")
        owner.start(owner.add_vehicle(), "amsterdam")
        longer(engine, minutes=4)
        owner.end(owner.active_ride(), city="amsterdam")
        api = ApiClient(client).log_in(owner.username)

        (earned,) = api.get("/me/earnings").json()["items"]

        assert earned["earned"] == {"amount": 122, "currency": "EUR"}
        (month,) = shown(api, f"/me/vehicles/{earned['id']}")["earned"]
        assert month.items() <= earned.items()
