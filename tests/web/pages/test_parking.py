"""Zones: rides end where a city allows it, and the map shows where that is."""

import re
from uuid import UUID

import pytest

from movr.cities import Position
from movr.movr import MovR
from tests.movr.city_data.test_zones import square
from tests.visitor import Visitor, sentences

CITY = Position(40.7128, -74.0060)
PARK = Position(40.7300, -74.0060)
RIVER = Position(40.7128, -74.0300)


@pytest.fixture
def zones(movr: MovR) -> None:
    """New York allows parking around the city hall, except in a park."""
    zones = [
        square("Manhattan", CITY, 0.02, allowed=True),
        square("Washington Park", PARK, 0.001, allowed=False),
    ]
    movr.city_data.replace_zones("new york", zones, begin=zones[0].valid_from)


@pytest.fixture
def riding(visitor: Visitor) -> UUID:
    """The active ride of the visitor, who is a member now."""
    visitor.register()
    visitor.start(visitor.add_vehicle())
    return visitor.active_ride()


def at(position: Position) -> dict[str, str]:
    return {"latitude": str(position.latitude), "longitude": str(position.longitude)}


@pytest.mark.usefixtures("zones")
@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (PARK, "A ride cannot end in this area: Washington Park. Please park outside of it."),
        (RIVER, "A ride cannot end here. Please park in one of the areas for parking on the map."),
    ],
)
def test_a_ride_does_not_end_without_parking_and_the_map_shows_where_it_can(
    visitor: Visitor, riding: UUID, place: Position, sentence: str
) -> None:
    refused = visitor.end(riding, **at(place))

    assert sentences(refused).startswith("422")
    assert sentence in sentences(refused)
    assert "Continue without the position" not in refused.text
    assert 'id="other-place" open' in refused.text
    shapes = re.findall('class="(map-zone[^"]*)" d="(M[^"]+Z)"><title>([^<]+)', refused.text)
    assert [(kind, name) for kind, _, name in shapes] == [
        ("map-zone", "Manhattan"),
        ("map-zone map-no-parking", "Washington Park"),
    ]
    assert 'data-zones="/gbfs/v3/new-york/geofencing_zones.json"' in refused.text
    assert "No parking in red areas: Washington Park." in refused.text
    assert visitor.active_ride() == riding

    assert visitor.end(riding, **at(CITY)).status_code == 303


@pytest.mark.usefixtures("zones")
def test_a_ride_ends_at_a_place_in_words_whose_position_is_not_known(
    visitor: Visitor, riding: UUID
) -> None:
    assert visitor.end(riding, "Washington Park").status_code == 303


def test_a_ride_ends_anywhere_in_a_city_without_zones(
    visitor: Visitor, riding: UUID, movr: MovR
) -> None:
    boston = square("Boston", Position(42.36, -71.06), 0.02, allowed=True)
    movr.city_data.replace_zones("boston", [boston], begin=boston.valid_from)

    page = visitor.get("/rides").text

    assert "map-zone" not in page
    assert "data-zones" not in page
    assert visitor.end(riding, **at(RIVER)).status_code == 303


@pytest.mark.usefixtures("zones")
def test_an_undone_ride_leaves_its_vehicle_where_it_was_even_without_parking_there(
    visitor: Visitor,
) -> None:
    visitor.register()
    visitor.start(visitor.add_vehicle(**at(RIVER)))

    undone = visitor.post(f"/rides/undo/{visitor.active_ride()}", city="new york", **at(RIVER))

    assert undone.status_code == 303
