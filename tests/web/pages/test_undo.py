"""Undo on the page of rides, its receipt, and the reason."""

import re

import pytest
from sqlalchemy import Engine, text

from tests.conftest import NewVisitor
from tests.visitor import Visitor, sentences
from tests.web.pages.test_rides import words

CENTRE = {"city": "new york", "latitude": "40.7128", "longitude": "-74.0060"}
BROADWAY = {"city": "new york", "latitude": "40.7200", "longitude": "-74.0060"}  # 800 m away
FORM = 'action="/rides/undo/'


@pytest.fixture
def rider(visitor: Visitor) -> Visitor:
    return visitor.register()


def age(engine: Engine, minutes: int) -> None:
    """Let the active ride have begun this many minutes earlier."""
    with engine.begin() as connection:
        for change in (
            "users SET active_ride_start = active_ride_start",
            "rides SET start_time = start_time",
        ):
            connection.execute(text(f"UPDATE {change} - INTERVAL '{minutes} minutes'"))


def test_undo_leads_to_a_receipt_that_asks_why(rider: Visitor) -> None:
    rider.start(rider.add_vehicle())
    ride = rider.active_ride()
    assert FORM in rider.get("/rides").text

    undone = rider.post(f"/rides/undo/{ride}", **CENTRE)
    receipt = rider.get(undone.headers["Location"])

    assert sentences(receipt) == "200: Your ride is undone. It costs you nothing."
    assert "Your ride in New York, undone" in words(receipt.text)
    reason = {"city": "new york", "why": "It is damaged", "words": "no brakes"}
    refused = rider.post(f"/rides/reason/{ride}", **reason | {"words": "<b>"})
    assert (refused.status_code, "invalid-feedback" in refused.text) == (422, True)
    told = rider.get(rider.post(f"/rides/reason/{ride}", **reason).headers["Location"])
    assert "You told us why: It is damaged: no brakes" in words(told.text)
    in_french = rider.get(f"{told.url.path}?lang=fr")
    assert "Il est abîmé: no brakes" in words(in_french.text)
    assert "/rides/reason/" not in told.text


@pytest.mark.parametrize(
    ("minutes", "fields", "sentence"),
    [
        (0, BROADWAY, "within 100 m"),
        (0, {"city": "new york"}, "we need your position"),
        (0, {"city": "new york", "latitude": "x", "longitude": "y"}, "we need your position"),
        (0, {"city": "new york", "location": "<b>"}, "we need your position"),
        (4, CENTRE, "in its first 3 minutes"),
    ],
)
def test_a_refused_undo_says_why_and_the_ride_goes_on(
    rider: Visitor, engine: Engine, minutes: int, fields: dict[str, str], sentence: str
) -> None:
    rider.start(rider.add_vehicle())
    ride = rider.active_ride()
    age(engine, minutes)

    assert sentence in rider.follow(rider.post(f"/rides/undo/{ride}", **fields))

    assert rider.active_ride() == ride
    assert (FORM in rider.get("/rides").text) == (minutes < 3)


def test_an_ended_ride_is_not_undone(rider: Visitor) -> None:
    rider.start(rider.add_vehicle())
    ride = rider.active_ride()
    rider.end(ride)

    assert "has ended already" in rider.follow(rider.post(f"/rides/undo/{ride}", **CENTRE))


def test_a_ride_of_unknown_start_is_undone_by_a_plain_button(rider: Visitor) -> None:
    rider.start(rider.add_vehicle(latitude="", longitude=""))
    form = rider.get("/rides").text.split(FORM)[1].split("</form>")[0]

    assert "data-locate" not in form
    undone = rider.post(f"/rides/undo/{rider.active_ride()}", city="new york")
    assert "Your ride is undone" in rider.follow(undone)


def test_the_history_marks_undone_rides_and_leaves_them_out_of_totals(rider: Visitor) -> None:
    vehicle = rider.add_vehicle()
    permanent = rider.permanent_id(vehicle)
    rider.start(vehicle)
    rider.post(f"/rides/undo/{rider.active_ride()}", **CENTRE)
    rider.start(rider.public_id(permanent))
    rider.end(rider.active_ride())

    said = words(rider.get("/rides").text)

    assert said.count(" Undone ") == 1
    assert re.search(r"In 26 weeks 1 ride,", rider.get("/rides").text)


def test_others_see_no_undone_ride_under_the_ids_of_before(
    rider: Visitor, new_visitor: NewVisitor
) -> None:
    vehicle = rider.add_vehicle()
    rider.start(vehicle)
    rider.post(f"/rides/undo/{rider.active_ride()}", **CENTRE)

    assert new_visitor().get(f"/vehicles/new-york/{vehicle}").status_code == 404


def test_a_vehicle_is_not_held_by_rides_that_are_undone_again_and_again(rider: Visitor) -> None:
    vehicle = rider.permanent_id(rider.add_vehicle())

    def hold() -> int:
        rider.start(rider.public_id(vehicle))
        return rider.post(f"/rides/undo/{rider.active_ride()}", **CENTRE).status_code

    assert [hold() for _ in range(7)] == [303] * 6 + [429]
