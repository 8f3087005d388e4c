"""The pages of an own vehicle: pause, move, describe, remove and undo."""

import re
from uuid import UUID

import pytest
from sqlalchemy import Engine

from tests.conftest import NewVisitor
from tests.databases import all_rows
from tests.visitor import Visitor, sentences

HERE = {"latitude": "40.7128", "longitude": "-74.006"}


@pytest.fixture
def vehicle(visitor: Visitor) -> UUID:
    """The permanent id of the visitor's own vehicle."""
    return visitor.register().permanent_id(visitor.add_vehicle())


def status(owner: Visitor, vehicle: UUID) -> str:
    """Return the status that the vehicle's page shows."""
    page = owner.get(f"/vehicles/own/{vehicle}").text
    (shown,) = re.findall(r"<dt>Status</dt><dd>\s*<span[^>]*>([^<]+)<", page)
    return str(shown)


def test_an_owner_pauses_and_resumes_a_vehicle(visitor: Visitor, vehicle: UUID) -> None:
    paused = visitor.follow(visitor.post(f"/vehicles/pause/{vehicle}"))
    assert paused == "200: Your vehicle is paused. Riders do not find it until you resume it."
    assert status(visitor, vehicle) == "Out of service"
    assert "No vehicles are available" in visitor.get("/vehicles").text

    resumed = visitor.follow(visitor.post(f"/vehicles/resume/{vehicle}"))

    assert resumed == "200: Your vehicle is back in service."
    assert status(visitor, vehicle) == "Available"


def test_an_owner_is_told_that_a_pause_waits_for_the_ride(
    visitor: Visitor, vehicle: UUID, new_visitor: NewVisitor
) -> None:
    new_visitor().register().start(visitor.public_id(vehicle))

    said = visitor.follow(visitor.post(f"/vehicles/pause/{vehicle}"))

    assert said == "200: A rider has your vehicle. It will be paused when the ride ends."
    assert status(visitor, vehicle) == "On a ride"


def test_a_refused_change_leads_back_to_the_page_of_its_button(
    visitor: Visitor, vehicle: UUID, new_visitor: NewVisitor
) -> None:
    own = f"/vehicles/own/{vehicle}"
    new_visitor().register().reserve(visitor.public_id(vehicle))

    reply = visitor.post(f"/vehicles/pause/{vehicle}", {"Referer": f"http://movr.test{own}"})

    assert reply.headers["Location"] == own
    assert "A rider has reserved this vehicle." in visitor.follow(reply)


def test_an_owner_moves_and_describes_a_vehicle(visitor: Visitor, vehicle: UUID) -> None:
    moved = visitor.post(f"/vehicles/move/{vehicle}", location="2 Broadway", **HERE)
    assert visitor.follow(moved) == "200: Your vehicle has been moved."
    described = visitor.post(f"/vehicles/describe/{vehicle}", color="blue", brand="Trek")
    assert visitor.follow(described) == "200: Your vehicle has been changed."

    page = visitor.get("/vehicles").text
    assert all(words in page for words in ("2 Broadway", "Trek", "blue bike"))
    form = visitor.get(f"/vehicles/describe/{vehicle}").text
    assert 'value="blue"' in form
    assert 'value="Trek"' in form


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("move", {}, "Please enter a place."),
        ("move", {"location": "<b>"}, "Please do not use < or >."),
        ("move", {"location": "x" * 201}, "Please use at most 200 characters."),
        ("move", {"location": "a\x00b"}, "This contains a character that we cannot read."),
        ("move", {"latitude": "91", "longitude": "0"}, "We could not read that position."),
        ("move", {"latitude": "48.85", "longitude": "2.35"}, "That is too far away."),
        ("describe", {"color": "", "brand": "Trek"}, "Please enter its color."),
        ("describe", {"color": "red", "brand": "\u200b"}, "Please enter its brand."),
        ("describe", {"color": "red", "brand": "x" * 51}, "Please use at most 50 characters."),
    ],
)
def test_bad_input_is_refused_with_a_sentence_and_changes_nothing(
    visitor: Visitor,
    vehicle: UUID,
    engine: Engine,
    action: str,
    fields: dict[str, str],
    said: str,
) -> None:
    before = all_rows(engine)

    reply = visitor.post(f"/vehicles/{action}/{vehicle}", **fields)

    assert reply.status_code == 422
    assert said in sentences(reply)
    assert all_rows(engine) == before


def test_a_removal_asks_once_and_can_be_undone(visitor: Visitor, vehicle: UUID) -> None:
    page = visitor.get(f"/vehicles/remove/{vehicle}")
    assert (page.status_code, status(visitor, vehicle)) == (200, "Available")
    assert "Yes, remove it" in page.text

    removed = visitor.post(f"/vehicles/remove/{vehicle}")
    assert "You can undo this for a day." in visitor.follow(removed)
    assert status(visitor, vehicle) == "Removed"
    assert "Removed" in visitor.get(f"/users/{visitor.id}").text

    restored = visitor.post(f"/vehicles/restore/{vehicle}")
    assert visitor.follow(restored) == "200: Your vehicle is listed again."
    assert status(visitor, vehicle) == "Available"
