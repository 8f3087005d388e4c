"""Operations of the API on vehicles, reservations and rides."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask

from tests.conftest import NewVisitor
from tests.web.api.v1.client import ApiClient

CENTRE = {"latitude": 40.7128, "longitude": -74.006}


@pytest.fixture
def vehicle(new_visitor: NewVisitor) -> UUID:
    """The id of a vehicle in New York, of another member."""
    return new_visitor().register().add_vehicle()


def take(api: ApiClient, vehicle: UUID, noun: str = "rides", key: str = "") -> httpx.Response:
    """Start a ride or reserve, with an idempotency key if there is one."""
    headers = {"Authorization": f"Bearer {api.access}"} | ({"Idempotency-Key": key} if key else {})
    body = {"city": "new-york", "vehicle_id": str(vehicle)}
    return api.client.post(f"/api/v1/{noun}", json=body, headers=headers)


def act(api: ApiClient, ride: dict[str, Any], action: str, **body: Any) -> httpx.Response:
    return api.call("POST", f"/cities/{ride['city']}/rides/{ride['id']}/{action}", **body)


def kind_of(reply: httpx.Response) -> str:
    return str(reply.json()["type"]).rpartition("#")[2]


def test_a_ride_from_its_start_to_its_receipt(api: ApiClient, vehicle: UUID) -> None:
    started = take(api, vehicle)
    assert started.status_code == 201, started.text
    link = started.json()
    assert started.headers["Location"] == link["url"]
    ride = api.get(link["url"]).json()
    assert (ride["end_time"], ride["cost"]) == (None, None)
    assert api.get("/me").json()["active_ride"] == {"id": ride["id"], "city": "new-york"}
    assert api.get(f"/cities/new-york/vehicles/{vehicle}").status_code == 404

    ended = act(api, ride, "end", **CENTRE)
    assert ended.status_code == 200, ended.text
    assert ended.json() == link
    receipt = api.get(link["url"]).json()
    assert receipt["end_time"] is not None
    assert receipt["cost"]["currency"] == "USD"
    assert receipt["distance"] == 0
    assert act(api, ride, "end", place="elsewhere").json() == link
    assert api.get("/me/rides").json() == {"items": [receipt], "next": None}
    assert api.get("/me").json()["active_ride"] is None
    totals = api.get("/me/rides/totals").json()
    assert [total["rides"] for total in (*totals["months"], *totals["weeks"])] == [1, 1]
    assert {total["spent"]["currency"] for total in totals["spending"]} <= {"USD"}


def test_a_start_that_is_repeated_starts_one_ride_even_after_its_end(
    api: ApiClient, vehicle: UUID, new_visitor: NewVisitor
) -> None:
    first = take(api, vehicle, key="a")
    assert take(api, vehicle, key="a").json() == first.json()
    act(api, first.json(), "end", place="1 Wall Street")
    other = new_visitor().register().add_vehicle()
    assert take(api, other).status_code == 201

    again = take(api, vehicle, key="a")

    assert again.status_code == 201
    assert again.json() == first.json()
    assert kind_of(take(api, other, key="a")) == "idempotency-key-reused"
    assert kind_of(take(api, vehicle, key="b")) == "already-riding"


def test_starts_at_once_with_one_key_start_one_ride(api: ApiClient, vehicle: UUID) -> None:
    with ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(lambda _: take(api, vehicle, key="a"), range(4)))

    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert len(api.get("/me/rides").json()["items"]) == 1


def test_the_receipt_of_another_member_is_not_found(
    api: ApiClient, vehicle: UUID, new_visitor: NewVisitor
) -> None:
    ride = take(api, vehicle).json()
    other = ApiClient(api.client).log_in(new_visitor().register().username)

    assert other.get(f"/me/rides/{ride['id']}").status_code == 404
    trespasses = (
        act(other, ride, "end", **CENTRE),
        act(other, ride, "undo", **CENTRE),
        act(other, ride, "undo/reason", reason="Wrong vehicle"),
    )
    assert [reply.status_code for reply in trespasses] == [403, 403, 403]
    assert api.get(f"/me/rides/{ride['id']}").json()["end_time"] is None


def test_a_ride_is_undone_and_says_why(api: ApiClient, vehicle: UUID) -> None:
    ride = take(api, vehicle).json()

    undone = act(api, ride, "undo", **CENTRE)
    assert undone.status_code == 200, undone.text
    assert api.get(undone.json()["url"]).json()["undone"]
    why = act(api, ride, "undo/reason", reason="It does not work", words=" flat ")
    assert why.status_code == 204, why.text
    assert api.get(f"/me/rides/{ride['id']}").json()["undo_reason"] == "It does not work: flat"


def test_a_reservation_is_the_member_s_until_it_is_given_up(
    api: ApiClient, vehicle: UUID, new_visitor: NewVisitor
) -> None:
    path = f"/cities/new-york/vehicles/{vehicle}"
    number = api.get(path).json()["number"]
    reserved = take(api, vehicle, "reservations")
    assert reserved.status_code == 201, reserved.text
    assert take(api, vehicle, "reservations").json() == reserved.json()
    assert api.get("/me").json()["reservation"] == reserved.json()

    other = ApiClient(api.client).log_in(new_visitor().register().username)
    by_number = f"/cities/new-york/vehicles/by-number/{number}"
    for seen in (path, by_number):
        assert other.get(seen).status_code == 404
        assert api.get(seen).json()["id"] == str(vehicle)
    assert kind_of(take(other, vehicle)) == "vehicle-taken"
    own = f"/reservations/new-york/{vehicle}"
    assert other.call("DELETE", own).status_code == 204  # which is not theirs
    assert api.get(path).status_code == 200
    assert [api.call("DELETE", own).status_code for _ in range(2)] == [204, 204]
    assert "place" not in other.get(by_number).json()
    assert take(other, vehicle).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"latitude": 40.7}, ""),
        ({"place": " "}, "/place"),
        ({"place": "<b>"}, "/place"),
        ({"place": "a\x00b"}, "/place"),
        ({"place": "x" * 201}, "/place"),
        ({"latitude": 91, "longitude": 0}, "/latitude"),
        ({"latitude": "40", "longitude": True}, "/latitude"),
        ({"place": "here", "color": "red"}, "/color"),
    ],
)
def test_a_place_that_is_none_ends_no_ride(
    api: ApiClient, vehicle: UUID, body: dict[str, Any], pointer: str
) -> None:
    ride = take(api, vehicle).json()
    reply = api.client.post(
        f"/api/v1/cities/new-york/rides/{ride['id']}/end",
        json=body,
        headers={"Authorization": f"Bearer {api.access}"},
    )

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == pointer
    assert api.get(f"/me/rides/{ride['id']}").json()["end_time"] is None


def test_a_place_in_another_city_ends_no_ride(api: ApiClient, vehicle: UUID) -> None:
    far = act(api, take(api, vehicle).json(), "end", latitude=48.85, longitude=2.35)

    assert (far.status_code, kind_of(far)) == (422, "too-far-away")


def test_what_can_be_kept_is_not_sent_again(api: ApiClient, vehicle: UUID) -> None:
    ride = take(api, vehicle).json()
    receipt = f"/me/rides/{ride['id']}"
    assert "ETag" not in api.get(receipt).headers
    act(api, ride, "end", place="1 Wall Street")

    for path, control in ((receipt, "no-cache, private"), ("/cities", "no-cache, public")):
        headers = {"Authorization": f"Bearer {api.access}"}
        first = api.client.get(f"/api/v1{path}", headers=headers)
        headers["If-None-Match"] = first.headers["ETag"]
        again = api.client.get(f"/api/v1{path}", headers=headers)
        assert (first.status_code, again.status_code) == (200, 304)
        assert first.headers["Cache-Control"] == control


def test_rides_come_in_pages_with_the_statements_of_the_page(
    api: ApiClient, vehicle: UUID, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(app.extensions["settings"], page_size=1)
    monkeypatch.setitem(app.extensions, "settings", settings)
    first = take(api, vehicle).json()
    undone = api.get(act(api, first, "undo", **CENTRE).json()["url"]).json()
    found = api.get("/cities/new-york/vehicles").json()["items"][0]["id"]
    second = api.get(take(api, found).json()["url"]).json()

    newest = api.get("/me/rides")
    assert newest.json()["items"] == [second]
    assert "2 statements" in newest.headers["Server-Timing"]
    older = api.get(newest.json()["next"]).json()
    assert older == {"items": [undone], "next": None}
    assert api.get("/me/rides?after=then").status_code == 422
