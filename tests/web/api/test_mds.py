"""Data for agencies: who may read them, what they have, and that they name no rider."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, text

from movr.city_data import city_data
from movr.movr import MovR
from tests.conftest import NewVisitor
from tests.movr.people import start_ride
from tests.visitor import registration
from web.api import mds, mds_parameters

JSON = "application/vnd.mds+json;version=2.0"
CSV = "text/vnd.mds+csv;version=2.0"
NEW_YORK = "/mds/new-york"
PATHS = (
    *("/vehicles", "/vehicles/status", "/trips?end_time=2026-05-01T12"),
    *("/events/recent?start_time=0&end_time=1", "/events/historical?event_time=2026-05-01T12"),
    "/reports/2026-05.csv",
)
NO_ID = UUID(int=0)
TWO_HOURS = timedelta(hours=2)

Read = Callable[..., httpx.Response]


@pytest.fixture
def token(movr: MovR) -> str:
    """The token of an agency of New York."""
    token = movr.city_data.add_agency("new york", "Department of Transportation")
    assert token
    return token


@pytest.fixture
def read(new_visitor: NewVisitor, token: str) -> Read:
    """Read a path below New York's as its agency."""
    client = new_visitor().client

    def read(path: str, accept: str = JSON, **changed: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept": accept, **changed}
        return client.get(f"{NEW_YORK}{path}" if path.startswith("/") else path, headers=headers)

    return read


def events(read: Read) -> list[dict[str, Any]]:
    """Return all events of the last day, page by page."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    since, until = (int(time.timestamp() * 1000) for time in (now - timedelta(days=1), now))
    following: str | None = f"/events/recent?start_time={since}&end_time={until}"
    found = []
    while following:
        page = read(following).json()
        found += page["events"]
        following = page["links"]["next"]
    return found


def status_of(read: Read, device: object) -> dict[str, Any]:
    """Return the status of a vehicle, which is the same in the list."""
    (status,) = read(f"/vehicles/status/{device}").json()["vehicles_status"]
    listed = read("/vehicles/status").json()["vehicles_status"]
    assert status in listed
    return dict(status)


def hour(ago: timedelta) -> str:
    return f"{datetime.now(UTC) - ago:%Y-%m-%dT%H}"


def move_back(engine: Engine, ago: timedelta) -> None:
    """Let everything have happened earlier."""
    columns = {
        "vehicle_events": ("happened_at", "expires_at"),
        "rides": ("start_time", "end_time"),
        "vehicles": ("date_added", "available_since", "state_since", "reserved_until"),
    }
    with engine.begin() as connection:
        for table, names in columns.items():
            earlier = ", ".join(f"{name} = {name} - :ago" for name in names)
            connection.execute(text(f"UPDATE {table} SET {earlier}"), {"ago": ago})


# Who may read


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer {}", "Bearer x", "Basic YTpi", "x"])
def test_only_an_agency_of_the_city_reads_its_data(
    new_visitor: NewVisitor, movr: MovR, read: Read, header: str
) -> None:
    """{} is the token of another city's agency, in the request of a member of this one."""
    other = movr.city_data.add_agency("boston", "Department of Transportation")
    header = header.format(other)
    member = new_visitor().register()

    for path in PATHS:
        refused = member.get(f"{NEW_YORK}{path}", {"Accept": JSON, "Authorization": header})
        assert refused.status_code == 401, path
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert refused.headers["Content-Type"] == JSON
        assert refused.json() | {"version": ""} == {
            "version": "",
            "error": "unauthorized",
            "error_description": "The token is missing, or it belongs to no agency of this city.",
            "error_details": ["The token is missing, or it belongs to no agency of this city."],
        }
    for path in PATHS:
        allowed = read(path, CSV if path.endswith("csv") else JSON)
        assert allowed.status_code in {200, 400, 404}
        assert "Set-Cookie" not in allowed.headers
        assert allowed.headers["Cache-Control"] == "no-store"


def test_a_revoked_token_is_refused_at_once(read: Read, movr: MovR) -> None:
    assert read("/vehicles").status_code == 200

    movr.city_data.revoke_agency("new york", "Department of Transportation")

    assert read("/vehicles").status_code == 401


def test_only_version_2_0_is_acceptable_and_named_in_the_answer(read: Read) -> None:
    for accept in (
        *("", "*/*", "application/json", "application/vnd.mds+json", CSV),
        *("application/vnd.mds+json;version=1.2", "application/vnd.mds+json;version=2.0.2"),
        "application/vnd.mds+json;version=2.0;q=0",
    ):
        refused = read("/vehicles", accept)
        assert (refused.status_code, refused.json()["error"]) == (406, "not_acceptable"), accept
        assert JSON in refused.json()["error_description"]
    for accept in (
        *(JSON, "application/vnd.mds+json; version=2.0"),
        f"text/html, {JSON};q=0.5, */*;q=0.1",
    ):
        answer = read("/vehicles", accept)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON), accept
        assert answer.json()["version"] == "2.0.2"


def test_requests_of_an_agency_and_wrong_tokens_are_limited(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mds, "REQUESTS", mds.REQUESTS._replace(at_most=2))
    monkeypatch.setattr(mds, "WRONG_TOKENS", mds.WRONG_TOKENS._replace(at_most=3))

    assert [read("/vehicles").status_code for _ in range(3)] == [200, 200, 429]
    wrong = [read("/vehicles", Authorization="Bearer wrong").status_code for _ in range(4)]
    assert wrong == [401, 401, 401, 429]


def test_an_address_without_data_answers_with_an_error_in_json(read: Read) -> None:
    for path in ("/stops", "/mds/gotham/vehicles"):
        missing = read(path)
        assert (missing.status_code, missing.json()["error"]) == (404, "not_found")


# What they read


def test_a_ride_is_two_events_and_a_trip_that_lead_to_no_rider(
    read: Read, new_visitor: NewVisitor, engine: Engine
) -> None:
    owner, rider = new_visitor().register(), new_visitor().register()
    public_id = owner.add_vehicle(type="scooter")
    device = str(owner.permanent_id(public_id))
    rider.start(public_id)
    ride = rider.active_ride()
    riding = status_of(read, device)
    rider.end(ride, latitude="40.72", longitude="-74.0")
    move_back(engine, TWO_HOURS)

    dropped, started, ended = events(read)
    (trip,) = read(f"/trips?end_time={hour(TWO_HOURS)}").json()["trips"]

    assert [(each["vehicle_state"], each["event_types"]) for each in (dropped, started, ended)] == [
        ("available", ["provider_drop_off"]),
        ("on_trip", ["trip_start"]),
        ("available", ["trip_end"]),
    ]
    assert started["trip_ids"] == ended["trip_ids"] == [trip["trip_id"]]
    assert "trip_ids" not in dropped
    assert started["location"] == trip["start_location"] == {"lat": 40.7128, "lng": -74.006}
    assert ended["location"] == trip["end_location"] == {"lat": 40.72, "lng": -74.0}
    assert dropped["location"]["horizontal_accuracy"] == 1500
    assert (trip["device_id"], trip["trip_type"]) == (device, ["rider"])
    assert 940 < trip["distance"] < 960
    assert riding["last_event"]["vehicle_state"] == "on_trip"
    assert riding["last_telemetry"]["trip_ids"] == [trip["trip_id"]]
    assert riding["last_telemetry"]["location"] == {"lat": 40.7128, "lng": -74.006}
    told = str((dropped, started, ended, trip, riding))
    for secret in (rider.id, owner.id, ride, public_id, "Broadway", rider.username):
        assert str(secret) not in told


def test_a_ride_under_way_is_no_trip_and_an_undone_one_ends_where_it_began(
    read: Read, new_visitor: NewVisitor, engine: Engine
) -> None:
    owner, rider = new_visitor().register(), new_visitor().register()
    rider.start(owner.add_vehicle())
    place = {"latitude": "40.7128", "longitude": "-74.0060"}
    rider.post(f"/rides/undo/{rider.active_ride()}", city="new york", **place)
    new_visitor().register().start(owner.add_vehicle())
    move_back(engine, TWO_HOURS)

    (trip,) = read(f"/trips?end_time={hour(TWO_HOURS)}").json()["trips"]

    cancelled = [each for each in events(read) if each["event_types"] == ["trip_cancel"]]
    assert [each["trip_ids"] for each in cancelled] == [[trip["trip_id"]]]
    assert trip["start_location"] == trip["end_location"] == cancelled[0]["location"]
    assert trip["distance"] == 0


def test_a_reservation_that_expired_has_ended_without_an_event_of_its_own(
    read: Read, new_visitor: NewVisitor, engine: Engine
) -> None:
    """But not one that was given up, ridden, or is still there."""
    owner = new_visitor().register()
    expired, given_up, ridden, reserved = (owner.add_vehicle() for _ in range(4))
    devices = {str(owner.permanent_id(each)): each for each in (expired, given_up, ridden)}
    for each in devices.values():
        rider = new_visitor().register()
        rider.reserve(each)
        if each == given_up:
            rider.post(f"/reservations/give-up/{each}", city="new york")
        if each == ridden:
            rider.start(each)
    move_back(engine, TWO_HOURS)
    new_visitor().register().reserve(reserved)

    found = [each for each in events(read) if each["event_types"] == ["reservation_cancel"]]

    assert {devices[each["device_id"]] for each in found} == {expired, given_up}
    (lapsed,) = (each for each in found if devices[each["device_id"]] == expired)
    (begin,) = (
        each
        for each in events(read)
        if each["device_id"] == lapsed["device_id"] and each["vehicle_state"] == "reserved"
    )
    assert lapsed["timestamp"] - begin["timestamp"] == pytest.approx(600_000, abs=2)
    assert lapsed["event_id"] != begin["event_id"]
    assert status_of(read, lapsed["device_id"])["last_event"]["event_id"] == lapsed["event_id"]


def test_vehicles_are_described_and_stay_known_when_they_are_removed(
    read: Read, new_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_visitor().register()
    kinds = {
        "bike": ("bicycle", ["human"]),
        "scooter": ("scooter_standing", ["electric"]),
        "skateboard": ("other", ["human"]),
    }
    for type_ in kinds:
        gone = owner.permanent_id(owner.add_vehicle(type=type_))
    owner.post(f"/vehicles/remove/{gone}")

    found = read("/vehicles").json()

    described = {(each["vehicle_type"], *each["propulsion_types"]) for each in found["vehicles"]}
    assert described == {(type_, *propulsion) for type_, propulsion in kinds.values()}
    assert all(re.fullmatch("[0-9]{6}", each["vehicle_id"]) for each in found["vehicles"])
    assert status_of(read, gone)["last_event"]["event_types"] == ["decommissioned"]
    with engine.begin() as connection:
        later = "UPDATE vehicles SET removed_at = removed_at - :ago WHERE removed_at IS NOT NULL"
        connection.execute(text(later), {"ago": timedelta(days=31)})
    assert len(read("/vehicles").json()["vehicles"]) == 2
    assert len(read("/vehicles/status").json()["vehicles_status"]) == 2
    assert len(read(f"/vehicles/{gone}").json()["vehicles"]) == 1
    assert read(f"/vehicles/{UUID(int=7)}").status_code == 404
    assert read(f"/vehicles/status/{UUID(int=7)}").status_code == 404


def test_pages_have_every_vehicle_and_event_once(
    read: Read, new_visitor: NewVisitor, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mds, "PAGE_SIZE", 2)
    monkeypatch.setattr(city_data, "BATCH", 2)
    owner = new_visitor().register()
    devices = {str(owner.permanent_id(owner.add_vehicle())) for _ in range(5)}
    move_back(engine, TWO_HOURS)

    pages = []
    following: str | None = "/vehicles"
    while following:
        pages.append(read(following).json())
        following = pages[-1]["links"]["next"]

    assert [len(page["vehicles"]) for page in pages] == [2, 2, 1]
    assert {each["device_id"] for page in pages for each in page["vehicles"]} == devices
    assert {each["device_id"] for each in events(read)} == devices
    whole_hour = read(f"/events/historical?event_time={hour(TWO_HOURS)}").json()["events"]
    assert whole_hour == events(read)


def test_a_place_that_is_not_known_is_somewhere_in_the_city(
    read: Read, new_visitor: NewVisitor
) -> None:
    owner = new_visitor().register()
    owner.add_vehicle(latitude="", longitude="")

    (status,) = read("/vehicles/status").json()["vehicles_status"]

    centre = {"lat": 40.7128, "lng": -74.006, "horizontal_accuracy": 30_000}
    assert status["last_telemetry"]["location"] == status["last_event"]["location"] == centre


def test_a_vehicle_without_events_has_the_state_of_its_row(
    read: Read, new_visitor: NewVisitor, engine: Engine
) -> None:
    new_visitor().register().add_vehicle()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM vehicle_events"))

    (status,) = read("/vehicles/status").json()["vehicles_status"]

    assert status["last_event"]["vehicle_state"] == "available"
    assert status["last_event"]["event_types"] == ["unspecified"]


def test_a_deleted_account_leaves_no_exact_places(
    read: Read, new_visitor: NewVisitor, engine: Engine
) -> None:
    owner, rider = new_visitor().register(), new_visitor().register()
    rider.start(owner.add_vehicle())
    rider.end(rider.active_ride(), latitude="40.7234", longitude="-74.0012")
    rider.delete_account()
    move_back(engine, TWO_HOURS)

    (trip,) = read(f"/trips?end_time={hour(TWO_HOURS)}").json()["trips"]

    rounded = {"lat": 40.72, "lng": -74.01, "horizontal_accuracy": 1500}
    assert trip["end_location"] == rounded
    assert rounded in [each["location"] for each in events(read)]


# Times


@pytest.mark.parametrize("path", ["/trips?end_time=", "/events/historical?event_time="])
def test_an_hour_is_complete_a_minute_after_it_and_unknown_before_and_afterwards(
    read: Read, new_visitor: NewVisitor, engine: Engine, path: str
) -> None:
    new_visitor().register().add_vehicle()
    move_back(engine, 3 * TWO_HOURS)

    ago = {hours: read(path + hour(timedelta(hours=hours))) for hours in (-1, 0, 5, 8)}

    assert [answer.status_code for answer in ago.values()] == [404, 404, 200, 404]
    assert ago[5].json() in ({"version": "2.0.2", name: []} for name in ("trips", "events"))
    assert ago[8].json()["error_description"] == "There are no data of this time."


def test_an_hour_that_has_just_ended_is_accepted_and_not_answered_yet(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mds_parameters, "SETTLED", timedelta(hours=2))

    answer = read(f"/trips?end_time={hour(timedelta(hours=1))}")

    assert (answer.status_code, answer.json()) == (202, {"version": "2.0.2"})


def test_a_wrong_parameter_is_named(read: Read) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    recent = f"/events/recent?start_time={now}&end_time={now}&page[after]="
    wrong = {
        "end_time": (
            *("/trips", "/trips?end_time=", "/trips?end_time=2026-05-01"),
            *("/trips?end_time=2026-5-1T1", "/trips?end_time=2026-05-01T24"),
            *("/trips?end_time=9999-12-31T23", "/trips?end_time=2026-02-30T01"),
            *("/trips?end_time=2026-05-01T0\u0661", f"/events/recent?start_time={now}"),
        ),
        "event_time": ("/events/historical", "/events/historical?event_time=today"),
        "start_time": (
            *("/events/recent", "/events/recent?start_time=0&end_time=1"),
            *(
                "/events/recent?start_time=-1&end_time=1",
                "/events/recent?start_time=1e3&end_time=1",
            ),
        ),
        "page[after]": (
            *("/vehicles?page[after]=x", "/vehicles/status?page[after]=0"),
            *(recent + after for after in ("x", "~", "2026-05-01~", f"0001-01-01T00+14~{NO_ID}")),
        ),
    }

    for name, paths in wrong.items():
        for path in paths:
            refused = read(path)
            assert (refused.status_code, refused.json()["error"]) == (400, "bad_request"), path
            assert name in refused.json()["error_description"], path


# Reports


@pytest.mark.usefixtures("many_vehicles")
def test_a_report_counts_the_trips_of_a_month_and_hides_counts_below_ten(
    read: Read, movr: MovR, engine: Engine
) -> None:
    """Ten trips with bikes by two riders, nine with scooters; others do not count."""
    riders = [movr.register(**registration()) for _ in range(2)]
    for type_, number in (("bike", 12), ("scooter", 9)):
        for n in range(number):
            vehicle = movr.add_vehicle(
                riders[0], type=type_, color="red", brand="Kona", location="here"
            )
            ride = start_ride(movr, vehicle, riders[n % 2])
            if (type_, n) == ("bike", 10):
                movr.undo_ride(ride, riders[n % 2])
            movr.end_ride(ride, riders[n % 2], location="there")
    month = f"{datetime.now(UTC) - timedelta(days=40):%Y-%m}"
    with engine.begin() as connection:
        middle = datetime.fromisoformat(f"{month}-15T12:00+00:00")
        connection.execute(
            text(
                "UPDATE rides SET start_time = :at, end_time = :at, length = INTERVAL '5 minutes'"
            ),
            {"at": middle},
        )
        connection.execute(text("UPDATE vehicle_events SET happened_at = :at"), {"at": middle})
        shortest = "UPDATE rides SET length = INTERVAL '59 seconds' WHERE id = (SELECT r.id FROM"
        connection.execute(
            text(
                f"{shortest} rides r JOIN vehicles v ON v.city = r.city AND v.id = r.vehicle_id"
                " WHERE v.type = 'bike' AND NOT r.undone LIMIT 1)"
            )
        )

    report = read(f"/reports/{month}.csv", CSV)

    assert report.headers["Content-Type"] == CSV
    rows = list(csv.DictReader(io.StringIO(report.text)))
    assert list(rows[0]) == list(mds.COLUMNS)
    counts = {
        (row["special_group_type"], row["vehicle_type"]): (row["trip_count"], row["rider_count"])
        for row in rows
    }
    assert len(rows) == len(counts) == 9
    assert counts.pop(("all_riders", "bicycle")) == ("10", "-1")
    assert {*counts.values()} == {("-1", "-1")}
    assert {(row["start_date"], row["duration"], row["geography_id"]) for row in rows} == {
        (f"{month}-01", "P1M", "null")
    }


def test_a_month_without_a_report_or_that_is_not_over_is_not_found(read: Read) -> None:
    now = f"{datetime.now(UTC):%Y-%m}"

    for month in (now, "2999-01", "1999-01", "2026-13", "2026-1", "x", "0000-00", "9999-12"):
        assert read(f"/reports/{month}.csv", CSV).status_code == 404, month
