"""Cached fragments: they change with their data and contain nothing about the viewer."""

import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from movr.results import NearbyVehicle, Ride, Vehicle
from tests.conftest import NewVisitor, settings_for, visiting
from tests.visitor import Visitor
from web.app import create_app
from web.languages import in_language
from web.rendering import fragments


def cards(visitor: Visitor) -> list[str]:
    return re.findall(
        r"<li class=\"vehicle-card\".*?</li>", visitor.get("/vehicles").text, re.DOTALL
    )


def test_a_cached_list_follows_its_vehicles(visitor: Visitor) -> None:
    vehicle = visitor.register().add_vehicle("1 Wall Street")
    (card,) = cards(visitor)
    assert "1 Wall Street" in card

    visitor.start(vehicle)
    assert cards(visitor) == []

    visitor.end(visitor.active_ride(), "2 Broadway")
    (card,) = cards(visitor)
    assert "2 Broadway" in card
    assert str(vehicle) not in card


def test_a_list_is_rendered_once_for_all_members_at_the_same_position(
    app: Flask, new_visitor: NewVisitor
) -> None:
    cache: Any = app.jinja_env.globals["cached_fragment"]
    owner = new_visitor().register()
    vehicles = [owner.add_vehicle("1 Wall Street") for _ in range(5)]
    here, elsewhere = "/vehicles?near=40.71,-74.01", "/vehicles?near=40.75,-73.99"
    before = cache.cache_info()

    from_here = owner.get(here).text
    assert new_visitor().register().get(here).text.count("vehicle-card-distance") == 5
    assert cache.cache_info().misses == before.misses + 2  # the list, and the map
    assert cache.cache_info().hits == before.hits + 2

    from_elsewhere = owner.get(elsewhere).text
    assert len(distances(from_here)) == len(distances(from_elsewhere)) == 5
    assert distances(from_here) != distances(from_elsewhere)

    owner.start(vehicles[0])
    assert len(distances(owner.get(elsewhere).text)) == 4


@pytest.mark.usefixtures("guillemets")
def test_a_fragment_is_cached_for_readers_of_its_language_only(app: Flask) -> None:
    cached_fragment: Any = app.jinja_env.globals["cached_fragment"]
    ride = past_ride(1)

    with app.test_request_context():
        pages = []
        for language in ("en", "fr", "en", "fr"):
            with in_language(language):
                pages.append(cached_fragment("past_ride", ride))

    english, french, *again = pages
    assert "«" not in english
    assert "«" in french
    assert again == [english, french]


def distances(page: str) -> list[str]:
    return re.findall(r"<span class=\"visually-hidden\">, </span>([^<]+)<", page)


def test_cached_fragments_contain_nothing_about_the_viewer(new_visitor: NewVisitor) -> None:
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
def test_each_blank_form_has_its_viewer_s_token_and_a_new_key(
    new_visitor: NewVisitor, path: str
) -> None:
    pages = [new_visitor().register().get(path).text for _ in range(2)]
    for name in ("csrf_token", "key"):
        said = [re.findall(rf'name="{name}"[^>]* value="([^"]+)"', page) for page in pages]
        assert all(said)
        assert not set(said[0]) & set(said[1])


def test_no_cached_fragment_contains_a_token_a_nonce_or_the_viewer(database: str) -> None:
    app = create_app(replace(settings_for(database), api_key="a key"))
    cache: Any = app.jinja_env.globals["cached_fragment"]
    with visiting(app) as new:
        user = new().register(first_name="Zebedee")
        user.start(user.add_vehicle())
        user.end(user.active_ride())
        paths = ("/", "/vehicles", "/vehicles/add", "/users", f"/users/{user.id}", "/rides")
        pages = [user.get(path).text for path in paths]

    assert all("csrf_token" in page for page in pages)
    assert "nonce=" in pages[0]
    fragments = cache.cache.items()  # by the macro's name and its arguments
    assert len(fragments) >= 7
    secrets = ("csrf_token", "nonce", user.username)
    assert not [secret for secret in secrets for _, text in fragments if secret in text]
    # All members see the first names of a city's members.
    assert {key[0] for key, text in fragments if "Zebedee" in text} == {"members"}


def nearby(number: int) -> NearbyVehicle:
    """Return a new vehicle with distinct values, as read from a row."""
    city, type_, status = (str(text.encode(), "ascii") for text in ("paris", "bike", "available"))
    vehicle = Vehicle(
        city=city,
        type=type_,
        status=status,
        public_id=UUID(int=number),
        color=f"red {number}",
        brand=f"Kona {number}",
        last_location=f"{number} rue Saint-Honoré, 东京" + "x" * (number % 80),
        latitude=48.85 + number / 1e6,
        longitude=2.35 + number / 1e6,
    )
    return NearbyVehicle(vehicle, number / 7)


def past_ride(number: int) -> Ride:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    length = timedelta(minutes=7)
    places = (f"{number} rue de Rivoli", f"{number} quai Voltaire")
    facts = (f"Kona {number}", *places, start, start + length, length, number, False, None)
    return Ride("paris", UUID(int=number), "bike", *facts)


@pytest.mark.parametrize(
    ("macro", "arguments"),
    [
        (
            "available_vehicles",
            lambda n: (tuple(map(nearby, range(30 * n, 30 * n + 30))), "h2", (), False, True),
        ),
        ("past_ride", lambda n: (past_ride(n),)),
    ],
)
def test_the_cache_is_bounded_in_bytes_including_its_keys(
    app: Flask, macro: str, arguments: Callable[[int], tuple[Any, ...]]
) -> None:
    most = 500_000
    cache: Any = fragments.make_cache(most)
    tracemalloc.start()
    try:
        with app.test_request_context():
            number = 0
            while len(cache.cache) == number:  # until the first is evicted
                cache(macro, *arguments(number))
                number += 1
        kept = tracemalloc.get_traced_memory()[0]
        cache.cache_clear()
        held = kept - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert most / 4 < held < most


def test_form_input_is_not_shown_to_other_visitors(new_visitor: NewVisitor) -> None:
    first = new_visitor()
    refused = first.post("/login", username="somebody-else", password="")
    assert 'value="somebody-else"' in refused.text

    assert "somebody-else" not in new_visitor().get("/login").text
    assert "somebody-else" not in first.get("/login").text


def test_the_navigation_is_that_of_the_viewer(new_visitor: NewVisitor) -> None:
    members = [new_visitor().register() for _ in range(2)]  # of the same first name
    for member in (*members, *reversed(members)):
        profiles = re.findall(
            r'class="nav-link top-name" href="([^"]+)"', member.get("/vehicles").text
        )
        assert profiles == [f"/users/{member.id}"]
    assert "top-name" not in new_visitor().get("/vehicles").text
