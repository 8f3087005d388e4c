"""What is remembered of pages: it follows what changes, and holds nothing of who looked."""

import re

from tests.conftest import NewVisitor
from tests.visitor import Visitor


def shown(visitor: Visitor, place: str) -> str:
    """The ticket of the vehicle that stands there."""
    tickets = re.findall(r"<li class=\"ticket\".*?</li>", visitor.get("/vehicles").text, re.DOTALL)
    (found,) = (ticket for ticket in tickets if place in ticket)
    return str(found)


def test_a_ticket_that_was_remembered_follows_its_vehicle(visitor: Visitor) -> None:
    vehicle = visitor.register().add_vehicle("1 Wall Street")
    assert "Free" in shown(visitor, "1 Wall Street")

    visitor.start(vehicle)
    assert "On a ride" in shown(visitor, "1 Wall Street")

    visitor.end(visitor.active_ride(), "2 Broadway")
    assert "Free" in shown(visitor, "2 Broadway")


def test_nothing_of_who_looked_is_remembered(new_visitor: NewVisitor) -> None:
    owner = new_visitor().register()
    owner.add_vehicle()
    tokens = {
        name: re.findall(r'name="csrf_token" value="([^"]+)"', owner.get(name).text)
        for name in ("/", "/vehicles", f"/users/{owner.id}")
    }
    assert all(tokens.values())

    page = new_visitor().get("/vehicles").text

    assert not any(token in page for found in tokens.values() for token in found)
    assert owner.username not in page
