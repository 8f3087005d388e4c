"""Drawings of a city: positions, scale, rings and grouped markers."""

import math
from dataclasses import replace
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movr.cities import CITIES, City, Position, find_city
from movr.geo import metres_between
from movr.results import Vehicle
from web.rendering.maps import (
    HEIGHT,
    MARGIN,
    TOUCHING,
    WIDTH,
    Drawing,
    Frame,
    Point,
    drawing,
    markers,
)

NEW_YORK = CITIES[0]
BATTERY = Position(40.7033, -74.0170)


def city_named(name: str) -> City:
    city = find_city(name)
    assert city
    return city


def vehicle(place: Position, status: str = "available") -> Vehicle:
    return Vehicle(
        city="new york",
        public_id=UUID(int=1),
        type="bike",
        color="red",
        brand="Kona",
        status=status,
        last_location="somewhere",
        latitude=place.latitude,
        longitude=place.longitude,
    )


def drawn(
    *places: Position, visitor: Position | None = None, city: City = NEW_YORK, busy: int = 0
) -> Drawing:
    vehicles = [
        vehicle(place, "in_use" if n < busy else "available") for n, place in enumerate(places)
    ]
    return drawing(vehicles, city, visitor)


def north_of(place: Position, degrees: float) -> Position:
    return place._replace(latitude=place.latitude + degrees)


def test_the_middle_of_the_frame_is_drawn_in_the_middle() -> None:
    frame = Frame(BATTERY, 10)

    assert frame.point(BATTERY) == (WIDTH / 2, HEIGHT / 2)


def test_north_is_up_and_east_is_right() -> None:
    frame = Frame(BATTERY, 10)

    assert frame.point(north_of(BATTERY, 0.001)).y < HEIGHT / 2
    assert frame.point(BATTERY._replace(longitude=-74.016)).x > WIDTH / 2


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
@pytest.mark.parametrize("there", [(0.01, 0), (0, 0.01), (-0.02, 0.03)])
def test_distances_on_the_drawing_are_to_scale(city: City, there: tuple[float, float]) -> None:
    place = Position(city.latitude + there[0], city.longitude + there[1])
    frame = Frame(city.centre, 10)

    units = math.dist(frame.point(city.centre), frame.point(place))

    assert units * 10 == pytest.approx(metres_between(city.centre, place), rel=0.01)


def test_the_frame_shows_the_farthest_places_at_its_margin() -> None:
    north, south = north_of(BATTERY, 0.01), north_of(BATTERY, -0.01)

    frame = Frame.around([south, BATTERY, north])

    assert frame.point(north) == (WIDTH / 2, MARGIN)
    assert frame.point(south) == (WIDTH / 2, HEIGHT - MARGIN)


def test_the_zoom_of_a_single_place_is_limited() -> None:
    frame = Frame.around([BATTERY])

    assert frame.point(BATTERY) == (WIDTH / 2, HEIGHT / 2)
    assert WIDTH * frame.metres == 600


def test_points_that_would_touch_are_one_group_around_the_first() -> None:
    points = [Point(0, 0), Point(100, 0), Point(0, TOUCHING - 1), Point(100, TOUCHING)]

    assert numbers_by_marker(points) == [[0, 2], [1], [3]]


def numbers_by_marker(points: list[Point]) -> list[list[int]]:
    """The vehicles of each marker, by number, if one stands at each of these points."""
    placed = [
        (point, vehicle(BATTERY)._replace(public_id=UUID(int=number)))
        for number, point in enumerate(points)
    ]
    return [[vehicle.public_id.int for vehicle in marker.vehicles] for marker in markers(placed)]


POINTS = st.builds(Point, st.floats(0, WIDTH), st.floats(0, HEIGHT))


@given(st.lists(POINTS, max_size=50))
def test_no_two_groups_overlap_and_nothing_is_lost(points: list[Point]) -> None:
    found = numbers_by_marker(points)

    assert sorted(number for group in found for number in group) == list(range(len(points)))
    firsts = [points[group[0]] for group in found]
    assert all(math.dist(*pair) >= TOUCHING for pair in combinations(firsts, 2))


def test_a_marker_contains_all_vehicles_of_its_place() -> None:
    map_ = drawn(BATTERY, BATTERY, north_of(BATTERY, 0.05))

    assert [len(marker.vehicles) for marker in map_.markers] == [2, 1]


def test_a_marker_is_busy_only_if_all_of_its_vehicles_are() -> None:
    assert [marker.has_free for marker in drawn(BATTERY, BATTERY, busy=1).markers] == [True]
    assert [marker.has_free for marker in drawn(BATTERY, BATTERY, busy=2).markers] == [False]


def test_a_vehicle_of_unknown_position_is_not_drawn() -> None:
    unknown = vehicle(BATTERY)._replace(latitude=None, longitude=None)

    map_ = drawing([unknown, vehicle(BATTERY)], NEW_YORK, None)

    assert [len(marker.vehicles) for marker in map_.markers] == [1]


def test_rings_are_around_the_visitor_or_the_centre() -> None:
    by_visitor, by_centre = drawn(NEW_YORK.centre, visitor=BATTERY), drawn(BATTERY)

    assert by_visitor.origin == by_visitor.frame.point(BATTERY)
    assert by_visitor.from_visitor
    assert by_centre.origin == by_centre.frame.point(NEW_YORK.centre) == by_centre.centre
    assert not by_centre.from_visitor


def test_a_centre_far_from_the_visitor_and_all_vehicles_is_not_drawn() -> None:
    far = north_of(NEW_YORK.centre, 0.2)

    assert drawn(far, visitor=far).centre is None


@pytest.mark.parametrize(
    ("city", "step"), [("paris", 200), ("new york", 0.2 * 1609.344)], ids=["metres", "miles"]
)
def test_rings_are_at_round_distances_in_the_city_s_units(city: str, step: float) -> None:
    place = city_named(city)
    map_ = drawn(place.centre, north_of(place.centre, 0.005), city=place)

    assert [ring.metres for ring in map_.rings[:2]] == pytest.approx([step, 2 * step])


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
@pytest.mark.parametrize("degrees", [0, 0.0001, 0.001, 0.01, 0.1, 0.26])
def test_the_scale_bar_is_to_scale_and_fits(city: City, degrees: float) -> None:
    map_ = drawn(north_of(city.centre, degrees), city=city)

    assert map_.scale.radius * map_.frame.metres == pytest.approx(map_.scale.metres, rel=0.01)
    assert 50 <= map_.scale.radius <= 150


def test_the_scale_bar_is_in_metres_or_miles() -> None:
    with_miles, without = (
        drawn(BATTERY),
        drawn(BATTERY, city=replace(NEW_YORK, region="gcp-europe-west1")),
    )

    assert with_miles.scale.metres != without.scale.metres
