"""What is remembered of pages: it follows what changes, and holds nothing of who looked."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NewVisitor
from tests.visitor import Visitor
from web.placeholders import PLACEHOLDERS


def shown(visitor: Visitor, place: str) -> str:
    """The card of the vehicle that stands there."""
    cards = re.findall(
        r"<li class=\"vehicle-card\".*?</li>", visitor.get("/vehicles").text, re.DOTALL
    )
    (found,) = (vehicle_card for vehicle_card in cards if place in vehicle_card)
    return str(found)


def test_a_ticket_that_was_remembered_follows_its_vehicle(visitor: Visitor) -> None:
    vehicle = visitor.register().add_vehicle("1 Wall Street")
    assert "Free" in shown(visitor, "1 Wall Street")

    visitor.start(vehicle)
    assert "On a ride" in shown(visitor, "1 Wall Street")

    visitor.end(visitor.active_ride(), "2 Broadway")
    assert "Free" in shown(visitor, "2 Broadway")


def test_who_looks_from_elsewhere_or_after_a_ride_began_has_the_other_tickets_remembered(
    app: Flask, visitor: Visitor
) -> None:
    fragments: Any = app.jinja_env.globals["fragment"]
    vehicle_card = fragments.vehicle_card
    visitor.register()
    vehicles = [visitor.add_vehicle("1 Wall Street") for _ in range(5)]
    here, elsewhere = "/vehicles?near=40.71,-74.01", "/vehicles?near=40.75,-73.99"
    before = vehicle_card.cache_info().misses

    from_here, from_elsewhere = visitor.get(here).text, visitor.get(elsewhere).text
    assert vehicle_card.cache_info().misses == before + 5
    assert (
        from_here.count("vehicle-card-distance")
        == from_elsewhere.count("vehicle-card-distance")
        == 5
    )
    assert distances(from_here) != distances(from_elsewhere)

    visitor.start(vehicles[0])
    assert visitor.get(elsewhere).text.count("On a ride") == 1
    assert vehicle_card.cache_info().misses == before + 6


def distances(page: str) -> list[str]:
    return re.findall(r"<span class=\"visually-hidden\">, </span>([^<]+)<", page)


def test_nothing_of_who_looked_is_remembered(new_visitor: NewVisitor) -> None:
    owner = new_visitor().register(first_name="Zebedee")
    owner.add_vehicle()
    tokens = {
        name: re.findall(r'name="csrf_token" value="([^"]+)"', owner.get(name).text)
        for name in ("/", "/vehicles", f"/users/{owner.id}")
    }
    assert all(tokens.values())

    page = new_visitor().get("/vehicles").text

    assert not any(token in page for found in tokens.values() for token in found)
    assert "Zebedee" in owner.get("/vehicles").text
    assert "Zebedee" not in page
    assert str(owner.id) not in page


@pytest.mark.parametrize("path", ["/register", "/vehicles/add"])
def test_a_blank_form_that_is_remembered_has_its_viewers_token_and_a_key_of_its_own(
    new_visitor: NewVisitor, path: str
) -> None:
    pages = [new_visitor().register().get(path).text for _ in range(2)]
    for name in ("csrf_token", "key"):
        said = [re.findall(rf'name="{name}"[^>]* value="([^"]+)"', page) for page in pages]
        assert all(said)
        assert not set(said[0]) & set(said[1])


def test_no_mark_of_a_template_reaches_a_browser(visitor: Visitor) -> None:
    user = visitor.register()
    user.start(user.add_vehicle())
    paths = ("/", "/vehicles", "/vehicles/add", "/users", f"/users/{user.id}", "/rides", "/nowhere")
    pages = [visitor.get(path).text for path in (*paths, f"/users/{user.id}/security")]
    visitor.post("/logout")
    pages += [visitor.get(path).text for path in ("/", "/login", "/register", "/forgot", "/reset")]

    assert len(pages) == 13
    assert not [page for page in pages if any(mark in page for mark in PLACEHOLDERS.values())]
    assert not [page for page in pages if re.search(r"(TOKEN|NONCE|KEY|AWAY)-", page)]


def test_what_somebody_wrote_into_a_form_is_nobody_elses(new_visitor: NewVisitor) -> None:
    first = new_visitor()
    refused = first.post("/login", username="somebody-else", password="")
    assert 'value="somebody-else"' in refused.text

    assert "somebody-else" not in new_visitor().get("/login").text
    assert "somebody-else" not in first.get("/login").text


def test_the_top_of_a_page_is_its_viewers_own(new_visitor: NewVisitor) -> None:
    members = [new_visitor().register() for _ in range(2)]  # of the same first name
    for member in (*members, *reversed(members)):
        profiles = re.findall(r'class="top-name" href="([^"]+)"', member.get("/vehicles").text)
        assert profiles == [f"/users/{member.id}"]
    assert "top-name" not in new_visitor().get("/vehicles").text
