"""What visitors look for: a kind, near them; and that links keep it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask

from movr.cities import Position
from movr.movr import MovR
from movr.results import UserKey
from tests.conftest import NewVisitor, settings_for, visiting
from tests.visitor import Visitor, next_page
from web.app import create_app

CENTRE = "40.7128,-74.006"
NORTH = Position(40.76, -74.006)
SOUTH = Position(40.70, -74.006)


@pytest.fixture
def owner(new_visitor: NewVisitor) -> UserKey:
    return UserKey("new york", new_visitor().register().id)


@pytest.fixture
def street(movr: MovR, owner: UserKey) -> None:
    """A bike and a skateboard in the south, a scooter in the north."""
    stand(movr, owner, "bike", "Kona", SOUTH)
    stand(movr, owner, "skateboard", "Element", SOUTH)
    stand(movr, owner, "scooter", "Zephyr", NORTH)


@pytest.fixture
def short_pages(database: str) -> Iterator[NewVisitor]:
    """Create visitors of a site with a PAGE_SIZE of two."""
    settings = replace(settings_for(database), page_size=2)
    with visiting(create_app(settings)) as new:
        yield new


def stand(movr: MovR, owner: UserKey, type_: str, brand: str, place: Position) -> None:
    movr.add_vehicle(
        owner, type=type_, color="red", brand=brand, location="a street", position=place
    )


def brands(page: str) -> list[str]:
    """Return the brands of the cards in order."""
    return re.findall(r'class="vehicle-card-title">(?:<a [^>]*>)?([^<]+)<', page)


def link(page: str, words: str) -> str:
    found = re.search(rf'href="([^"]*)">{words}<', page)
    assert found, page
    return unescape(found[1])


@pytest.mark.usefixtures("street")
def test_vehicles_are_filtered_by_type(visitor: Visitor) -> None:
    assert brands(visitor.get("/vehicles?type=scooter").text) == ["Zephyr"]
    assert sorted(brands(visitor.get("/vehicles?type=").text)) == ["Element", "Kona", "Zephyr"]


@pytest.mark.usefixtures("street")
def test_only_available_vehicles_are_listed(visitor: Visitor, new_visitor: NewVisitor) -> None:
    rider = new_visitor().register()
    page = rider.get("/vehicles?type=scooter").text
    found = re.search(r'action="(/rides/start/[^"]+)"', page)
    assert found
    assert rider.post(found[1], city="new york").status_code == 303

    for who in (visitor, rider):
        assert sorted(brands(who.get("/vehicles").text)) == ["Element", "Kona"]


@pytest.mark.usefixtures("street")
def test_the_nearest_to_the_visitor_comes_first(visitor: Visitor) -> None:
    assert brands(visitor.get("/vehicles?near=40.77,-74.006").text)[0] == "Zephyr"
    assert brands(visitor.get("/vehicles?near=40.69,-74.006").text)[2] == "Zephyr"


@pytest.mark.usefixtures("street")
def test_each_vehicle_shows_its_distance(visitor: Visitor) -> None:
    page = visitor.get("/vehicles?type=scooter&near=40.7456,-74.006").text

    assert re.search(r'"vehicle-card-distance[^>]*>.*?1\.0 mi<', page)  # 0.0144 degrees of latitude


@pytest.mark.usefixtures("street")
def test_the_page_names_the_origin_of_distances(visitor: Visitor) -> None:
    assert "Sorted by distance from the city centre" in visitor.get("/vehicles").text
    assert "Sorted by distance from your position" in visitor.get(f"/vehicles?near={CENTRE}").text


HINT = {"X-City": "New York", "X-City-Lat-Long": "40.712775,-74.005973"}
DISTANCE = 'class="vehicle-card-distance'


@pytest.mark.usefixtures("street")
def test_the_load_balancer_s_position_is_never_where_you_are(visitor: Visitor) -> None:
    """It is the centre of a city, so it selects the city only."""
    hinted = visitor.get("/vehicles", HINT).text

    assert "Sorted by distance from the city centre" in hinted
    assert 'name="near" value="" disabled' in hinted
    assert "near=" not in hinted
    assert not any(
        mark in hinted for mark in ("from your position", "map-you", "data-visitor", ">You<")
    )
    assert "Forget my position" not in hinted
    assert brands(hinted) == brands(visitor.get("/vehicles").text)


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("headers", [{}, HINT])
@pytest.mark.parametrize("query", ["", "?type=bike", "?near=48.85,2.35"])
def test_a_distance_from_the_city_s_centre_is_not_shown_as_the_rider_s(
    visitor: Visitor, headers: dict[str, str], query: str
) -> None:
    assert DISTANCE not in visitor.get(f"/vehicles{query}", headers).text
    assert DISTANCE in visitor.get(f"/vehicles?near={CENTRE}", headers).text


@pytest.mark.usefixtures("street")
def test_forget_my_position_forgets(visitor: Visitor) -> None:
    page = visitor.get(f"/vehicles?near={CENTRE}", HINT).text

    forgotten = visitor.get(link(page, "Forget my position"), HINT).text

    assert not any(
        mark in forgotten for mark in ("near=", "from your position", "map-you", DISTANCE)
    )


@pytest.mark.usefixtures("street")
def test_a_position_far_from_the_city_gets_a_message(visitor: Visitor) -> None:
    page = visitor.get("/vehicles?near=48.85,2.35").text

    assert "You are too far from New York" in page
    assert "Sorted by distance from the city centre" in page
    assert 'class="map-you"' not in page


@pytest.mark.usefixtures("street")
def test_a_position_can_be_removed_from_the_search(visitor: Visitor) -> None:
    page = visitor.get(f"/vehicles?type=bike&near={CENTRE}").text

    assert link(page, "Forget my position") == "/vehicles?type=bike"


@pytest.mark.parametrize(
    "query",
    ["near=here", "near=40.7", "near=91,0", "near=nan,nan", "near=40.7,-74.0,1", "type=car",
     "type=BIKE", "type=bike'--", "type=<script>"],
)  # fmt: skip
def test_an_invalid_filter_is_a_404(visitor: Visitor, query: str) -> None:
    assert visitor.get(f"/vehicles?{query}").status_code == 404


def test_page_links_keep_the_filters(movr: MovR, owner: UserKey, short_pages: NewVisitor) -> None:
    for number in range(5):
        stand(movr, owner, "bike", f"Kona{number}", Position(40.70 + number / 100, -74.006))
        stand(movr, owner, "scooter", "Zephyr", SOUTH)
    visitor = short_pages()
    path = "/vehicles?type=bike&near=40.69,-74.006"

    seen = []
    for _ in range(3):
        page = visitor.get(path).text
        seen += brands(page)
        assert re.search(r'value="bike" selected', page)
        assert 'name="near" value="40.69,-74.006">' in page
        path = link(page, "Next page") if "Next page" in page else ""

    assert seen == ["Kona0", "Kona1", "Kona2", "Kona3", "Kona4"]
    assert path == ""
    first = link(page, "First page")
    assert brands(visitor.get(first).text) == ["Kona0", "Kona1"]
    assert "type=bike&near=" in first


@pytest.mark.usefixtures("street")
def test_an_empty_result_links_to_all_vehicles(visitor: Visitor) -> None:
    visitor.post("/city/paris")

    page = visitor.get("/vehicles?type=bike&near=48.86,2.35").text

    assert "No matches." in page
    assert link(page, "Show all") == "/vehicles?near=48.86%2C2.35"


@pytest.mark.usefixtures("street")
def test_the_markers_of_the_map_lead_to_all_cards_of_the_list(visitor: Visitor) -> None:
    page = visitor.get("/vehicles").text

    markers = re.findall(r'<a href="#([^"]+)" class="pin', page)
    cards = re.findall(r'<li class="vehicle-card" id="([^"]+)"', page)
    lists = re.findall(r'<div class="map-list" id="([^"]+)"', page)

    assert len(markers) == 2  # two of the three are at the same place
    assert set(markers) <= {*cards, *lists}
    assert ">2 vehicles, the first a" in page
    assert sorted(re.findall(r'href="#(vehicle-[^"]+)"', page)) == sorted(cards)


def test_an_owner_sees_their_vehicles_on_a_map(visitor: Visitor) -> None:
    vehicle = visitor.register().add_vehicle()

    assert f'<a href="#vehicle-{vehicle}" class="pin' in visitor.get(f"/users/{visitor.id}").text


def test_markup_of_other_users_is_escaped_on_the_map(visitor: Visitor) -> None:
    visitor.register()
    fields = {"type": "bike", "color": "red", "brand": 'K" onload="x', "location": "a & b ' c"}
    place = {"latitude": "40.71", "longitude": "-74.01"}
    assert visitor.post("/vehicles/add", **fields, **place).status_code == 303

    page = visitor.get("/vehicles").text

    assert "K&#34; onload=&#34;x bike at a &amp; b &#39; c" in page
    assert 'K" onload' not in page


@pytest.mark.parametrize("path", ["/vehicles/add", "/rides"])
def test_location_forms_accept_a_position(visitor: Visitor, path: str) -> None:
    visitor.register()
    visitor.start(visitor.add_vehicle())

    page = visitor.get(path).text

    assert 'data-map="picker"' in page
    for name in ("latitude", "longitude"):
        assert re.search(rf'name="{name}" type="hidden" value="">', page)


def test_a_refused_form_keeps_its_position(visitor: Visitor) -> None:
    visitor.register()

    reply = visitor.post("/vehicles/add", type="bike", latitude="40.71", longitude="-74.01")

    assert reply.status_code == 422
    assert 'value="40.71"' in reply.text
    assert 'value="-74.01"' in reply.text


@pytest.mark.usefixtures("many_vehicles")
def test_page_links_do_not_contain_the_position_of_the_load_balancer(
    visitor: Visitor, session_app: Flask
) -> None:
    visitor.register("boston")
    for _ in range(session_app.extensions["settings"].page_size + 1):
        visitor.add_vehicle()
    headers = {"X-City": "boston", "X-City-Lat-Long": "42.3612345,-71.06"}
    page = visitor.get("/vehicles", headers)

    link = next_page(page.text)

    assert "near" not in link
    assert brands(visitor.get(link, headers).text)


def test_a_card_links_to_the_page_of_a_vehicle_if_its_reader_finds_one(
    new_visitor: NewVisitor,
) -> None:
    owner, rider = new_visitor().register(), new_visitor().register()
    link = f'href="/vehicles/new-york/{(vehicle := owner.add_vehicle())}"'
    profile = f"/users/{owner.id}"

    assert link in owner.get(profile).text
    rider.reserve(vehicle)

    assert link in rider.get("/vehicles").text
    assert link not in owner.get(profile).text
