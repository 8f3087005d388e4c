"""The file with all that MovR keeps about a member."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, Select, column, select, table, update
from sqlalchemy.orm import Session

from movr import personal_data
from movr.models import AuditEntry, Base, Letter, Report, StaffRole, User, VehicleEvent
from tests.conftest import NewVisitor
from tests.visitor import Visitor, sentences
from tests.web.pages.test_prices import charging, longer, new_rider  # noqa: F401 - fixtures
from tests.web.pages.test_ride_export import add_rides


def path_of(visitor: Visitor) -> str:
    return f"/users/{visitor.id}/export"


def data_of(visitor: Visitor) -> dict[str, list[dict[str, Any]]]:
    reply = visitor.get(path_of(visitor))
    assert reply.status_code == 200, sentences(reply)
    data: dict[str, list[dict[str, Any]]] = json.loads(reply.text)
    return data


def test_the_file_has_all_that_movr_keeps_about_the_member_and_nothing_about_others(
    new_rider: NewVisitor,  # noqa: F811
    engine: Engine,
) -> None:
    rider, other = new_rider().register("paris"), new_rider().register(last_name="Byron")
    rider.start(rider.add_vehicle("Rue Cler"), "paris")
    longer(engine, 2)
    rider.end(rider.active_ride(), city="paris", location="Rue Daru")
    rider.start(other.add_vehicle("Wall Street"))
    longer(engine, 2)
    rider.end(rider.active_ride(), city="new york", location="5th Avenue")
    other.start(rider.add_vehicle("Rue Bosquet"), "paris")
    longer(engine, 2)
    other.end(other.active_ride(), city="paris", location="Rue Daru")

    reply = rider.get(path_of(rider))
    data = json.loads(reply.text)

    assert reply.headers["Content-Disposition"] == 'attachment; filename="movr-data.json"'
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    (account,) = data["account"]
    assert (account["last_name"], account["email"]) == ("Lovelace", "ada@example.com")
    assert sorted(account["cities_ridden"]) == ["new york", "paris"]
    assert len(data["vehicles"]) == 2
    assert {ride["end_location"] for ride in data["rides"]} == {"Rue Daru", "5th Avenue"}
    assert [ride["length"] > 0 for ride in data["rides"]] == [True, True]
    assert {total["rides"] for total in data["ride_totals"]} == {2}
    assert sorted(entry["currency"] for entry in data["fares_and_payments"]) == ["EUR", "USD"]
    assert [entry["amount"] > 0 for entry in data["earnings"]] == [True, True]
    for secret in ("Byron", str(other.id), "hash", "argon2"):
        assert secret not in reply.text


def test_only_the_last_reservation_that_is_the_member_s_is_in_the_file(
    new_visitor: NewVisitor,
) -> None:
    owner, rider = new_visitor().register(), new_visitor().register()
    rider.reserve(vehicle := owner.add_vehicle(brand="Yuba"))
    rider.post(f"/reservations/give-up/{vehicle}", city="new york")

    (reserved,) = data_of(rider)["last_reservations"]

    assert (reserved["brand"], UUID(reserved["reserved_by_id"])) == ("Yuba", rider.id)
    assert data_of(owner)["last_reservations"] == []
    assert str(rider.id) not in owner.get(path_of(owner)).text


def test_a_reservation_in_a_city_where_the_member_never_rode_is_in_the_file(
    new_visitor: NewVisitor,
) -> None:
    owner, rider = new_visitor().register(), new_visitor().register("rome")
    rider.reserve(owner.add_vehicle(brand="Yuba"))

    (reserved,) = data_of(rider)["last_reservations"]

    assert (reserved["city"], reserved["brand"]) == ("new york", "Yuba")


STAFF = UUID(int=7)
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def rows_about(member: UUID, vehicle: UUID) -> list[Base]:
    """Return a row of each table that follows from problems and from staff."""
    home, key = {"city": "new york", "id": uuid4()}, {"user_city": "new york", "user_id": member}
    by_member = {"reporter_city": "new york", "reporter_id": member}
    closed = {"closed_at": AT, "closed_by_city": "rome", "closed_by_id": STAFF, "outcome": "mended"}
    report = {"vehicle_id": UUID(int=8), "kind": "brakes", "created_at": AT}
    audited = {"happened_at": AT, "actor_city": "rome", "actor_id": STAFF, "action": "x"}
    return [
        VehicleEvent(
            city="new york",
            vehicle_id=vehicle,
            happened_at=AT,
            event_types=["maintenance"],
            previous_state="available",
            state="non_operational",
        ),
        Report(city="rome", id=uuid4(), words="It squeals", **report, **by_member, **closed),
        Report(
            city="rome", id=home["id"], **report, **by_member | {"reporter_id": STAFF}, **closed
        ),
        Letter(**home, user_id=member, kind="receipt", data="{}", created_at=AT, due_at=AT),
        StaffRole(city="paris", **key, role="manager", granted_at=AT),
        *(
            AuditEntry(
                city="new york",
                id=uuid4(),
                subject_kind=kind,
                subject_city="new york",
                subject_id=subject,
                reason=f"about a {kind}",
                **audited,
            )
            for kind, subject in (("account", member), ("vehicle", vehicle), ("ride", STAFF))
        ),
    ]


def test_the_file_has_problems_letters_roles_and_what_staff_did(
    visitor: Visitor, engine: Engine
) -> None:
    vehicle = visitor.register().permanent_id(visitor.add_vehicle())
    with Session(engine) as session, session.begin():
        session.add_all(rows_about(visitor.id, vehicle))
        session.execute(update(User).values(cities_reported=["rome"], staff_cities=["paris"]))

    data = data_of(visitor)

    states = {event["state"] for event in data["events_of_vehicles"]}
    assert "non_operational" in states
    assert [report["words"] for report in data["reports"]] == ["It squeals"]
    assert [letter["kind"] for letter in data["letters"]] == ["receipt"]
    assert [(role["city"], role["role"]) for role in data["roles"]] == [("paris", "manager")]
    reasons = {entry["reason"] for entry in data["done_by_staff"]}
    assert reasons == {"about a account", "about a vehicle"}
    assert data["reports_closed"] == data["done_as_staff"] == []
    assert str(STAFF) not in json.dumps(data)


def test_a_long_history_is_complete_in_batches(
    visitor: Visitor, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "BATCH", 7)
    visitor.register().add_vehicle()
    add_rides(engine, 21)

    rides = data_of(visitor)["rides"]

    assert [ride["start_location"] for ride in rides] == [f"{n} Broadway" for n in range(21)]


def test_a_member_downloads_ten_files_an_hour(visitor: Visitor) -> None:
    path = path_of(visitor.register())

    assert [visitor.get(path).status_code for _ in range(11)] == [200] * 10 + [429]


def test_a_failure_of_the_database_is_an_error_page(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(visitor.register())
    absent: Select[Any] = select(column("absent")).select_from(table("users"))
    broken = personal_data.PARTS[0]._replace(statement=absent)
    monkeypatch.setattr(personal_data, "PARTS", (broken,))

    assert visitor.get(path).status_code == 503
