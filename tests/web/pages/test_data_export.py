"""The file with all that MovR keeps about a member."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, Select, column, select, table

from movr import personal_data
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
