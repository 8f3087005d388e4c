"""Zones: where rides may end, and the files that define them."""

import json
import math
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from movr import errors, geo
from movr.cities import Position, find_city
from movr.city_data import zone_files
from movr.city_data.zones import Zone, check_end, coordinates
from movr.movr import MovR

BEGIN = datetime(2020, 5, 1, 12, tzinfo=UTC)
PARIS = find_city("paris")
assert PARIS
CENTRE = PARIS.centre
# A square about Paris with a hole, and an island east of it; the hole runs as edges should.
SQUARE = [[2.3, 48.8], [2.4, 48.8], [2.4, 48.9], [2.3, 48.9], [2.3, 48.8]]
HOLE = [[2.34, 48.84], [2.36, 48.84], [2.36, 48.86], [2.34, 48.86], [2.34, 48.84]]
ISLAND = [[2.5, 48.8], [2.5, 48.9], [2.6, 48.9], [2.6, 48.8], [2.5, 48.8]]
INSIDE, IN_HOLE, ON_ISLAND, OUTSIDE = (
    Position(48.81, 2.31), Position(48.85, 2.35), Position(48.85, 2.55), Position(48.7, 2.31)
)  # fmt: skip


def feature(*polygons: Any, name: object = "Centre", allowed: object = True) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"name": name, "ride_end_allowed": allowed},
        "geometry": {"type": "MultiPolygon", "coordinates": list(polygons)},
    }


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def parse(found: object) -> list[Zone]:
    assert PARIS
    return zone_files.parse(json.dumps(found).encode(), PARIS, begin=BEGIN)


def square(name: str, middle: Position, half: float, *, allowed: bool) -> Zone:
    """Return a square zone that is in force; `half` of its side is in degrees."""
    south, north = middle.latitude - half, middle.latitude + half
    west, east = middle.longitude - half, middle.longitude + half
    corners = ((south, west), (south, east), (north, east), (north, west), (south, west))
    ring = tuple(Position(*corner) for corner in corners)
    return Zone(name, ((ring,),), allowed, BEGIN)


def may_end(zones: list[Zone], position: Position | None) -> bool:
    try:
        check_end(zones, position)
    except errors.NoParking:
        return False
    return True


@pytest.mark.parametrize(
    ("closed", "allowed", "expected"),
    [
        ((), (), "everywhere"),
        ((), ([SQUARE, HOLE], [ISLAND]), "inside, on the island"),
        (([SQUARE],), (), "on the island, outside"),
        (([ISLAND],), ([SQUARE, HOLE], [ISLAND]), "inside"),
        (([HOLE],), ([SQUARE],), "inside"),
    ],
)
def test_a_ride_ends_inside_a_zone_for_parking_and_outside_those_without(
    closed: Any, allowed: Any, expected: str
) -> None:
    features = [
        *([feature(*closed, name="Closed", allowed=False)] if closed else []),
        *([feature(*allowed)] if allowed else []),
    ]
    zones = parse(collection(*features)) if features else []
    places = {
        "inside": INSIDE, "in the hole": IN_HOLE, "on the island": ON_ISLAND, "outside": OUTSIDE
    }  # fmt: skip

    found = ", ".join(name for name, place in places.items() if may_end(zones, place))

    assert found == (", ".join(places) if expected == "everywhere" else expected)
    assert may_end(zones, None)


def test_the_sentence_names_the_zone_without_parking() -> None:
    with pytest.raises(errors.NoParking) as refused:
        check_end(parse(collection(feature([SQUARE], name="Tuileries", allowed=False))), INSIDE)

    assert str(refused.value) == (
        "A ride cannot end in this area: Tuileries. Please park outside of it."
    )


def test_a_circle_of_many_edges_has_the_positions_that_are_near_its_centre() -> None:
    corners = [math.tau * n / 400 for n in range(400)]
    ring = [[CENTRE.longitude + math.cos(a) / 10, CENTRE.latitude + math.sin(a) / 10]
            for a in corners]  # fmt: skip
    (zone,) = parse(collection(feature([[*ring, ring[0]]])))

    for _ in range(1000):
        up, right = (random.uniform(-0.12, 0.12) for _ in range(2))
        far = math.hypot(up, right)
        if not 0.0999 < far < 0.1001:
            place = Position(CENTRE.latitude + up, CENTRE.longitude + right)
            assert geo.is_inside(zone.area, place) == (far < 0.1), place


def test_edges_run_counterclockwise_and_holes_clockwise_as_the_feed_requires() -> None:
    for outer in (SQUARE, SQUARE[::-1]):
        for hole in (HOLE, HOLE[::-1]):
            ((edge, inner),) = parse(collection(feature([outer, hole])))[0].area

            assert geo.signed_area(edge) > 0 > geo.signed_area(inner)


NORMAL = feature([SQUARE])
WITHOUT_PROPERTIES = {**NORMAL, "properties": None}
POINT = {**NORMAL, "geometry": {"type": "Point", "coordinates": [2.3, 48.8]}}
MANY = [[2.3 + n / 1e5, 48.8 + (n % 2) / 10] for n in range(5001)]
SWAPPED = [place[::-1] for place in SQUARE]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([], "It is no GeoJSON FeatureCollection."),
        (NORMAL, "It is no GeoJSON FeatureCollection."),
        (collection(), "It must have 1 to 100 features."),
        (collection(*[NORMAL] * 101), "It must have 1 to 100 features."),
        (collection(NORMAL, 7), "Feature 2: it is no GeoJSON Feature."),
        (collection(WITHOUT_PROPERTIES), "Feature 1: it has no properties."),
        (collection(feature([SQUARE], name="<b>")), "Feature 1: its name must be a text of 1"),
        (collection(feature([SQUARE], name=" ")), "Feature 1: its name must be a text of 1"),
        (collection(feature([SQUARE], name=7)), "Feature 1: its name must be a text of 1"),
        (collection(feature([SQUARE], name="\0")), "Feature 1: its name must be a text of 1"),
        (collection(feature([SQUARE], name="\ud800")), "Feature 1: its name must be a text of 1"),
        (collection(feature([SQUARE], allowed="no")), "its ride_end_allowed must be true or false"),
        (collection({**NORMAL, "geometry": None}), "must be a Polygon or a MultiPolygon."),
        (collection(POINT), "its geometry must be a Polygon or a MultiPolygon."),
        (collection({**NORMAL, "geometry": {"type": []}}), "must be a Polygon or a MultiPolygon."),
        (collection(feature()), "its coordinates must be a list of rings, or of polygons."),
        (collection(feature([])), "its coordinates must be a list of rings, or of polygons."),
        (collection(feature([[]])), "a position must be a longitude and a latitude in degrees."),
        (collection(feature([[["2", "48"]]])), "a position must be a longitude and a latitude"),
        (collection(feature([[[10**400, 48]]])), "a position must be a longitude and a latitude"),
        (collection(feature([[[math.nan, 48]]])), "a position must be a longitude and a latitude"),
        (collection(feature([SQUARE[:4]])), "a ring must have 4 positions or more, and end"),
        (collection(feature([[SQUARE[0]] * 4])), "a ring has no area."),
        (collection(feature([SWAPPED])), "48.8, 2.3 is more than 100 km from Paris. The longitude"),
        (collection(feature([[*MANY, MANY[0]]])), "It has 5002 positions, and may have 5000."),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(found: object, sentence: str) -> None:
    with pytest.raises(zone_files.InvalidZones) as refused:
        parse(found)

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "It is no JSON."),
        (b"\xff\xfe\xfa", "It is no JSON."),
        (b"[" * 100_000, "It is no JSON."),
        (b" " * (zone_files.MAX_SIZE + 1), "It has more than 1 MB."),
    ],
)
def test_a_file_that_is_no_json_is_refused(content: bytes, sentence: str) -> None:
    assert PARIS
    with pytest.raises(zone_files.InvalidZones, match=sentence):
        zone_files.parse(content, PARIS, begin=BEGIN)


def test_other_zones_replace_a_city_s_at_a_moment_and_leave_other_cities_alone(movr: MovR) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    later = now + timedelta(minutes=5)
    first = [zone._replace(valid_from=now) for zone in parse(collection(feature([SQUARE, HOLE])))]
    second = [zone._replace(valid_from=later) for zone in parse(collection(feature([ISLAND])))]
    for city in ("paris", "rome"):
        movr.city_data.replace_zones(city, first, begin=now)

    assert movr.city_data.replace_zones("paris", second, begin=later) == 1

    zones = movr.city_data.zones("paris")
    assert [zone.is_in_force(now) for zone in zones].count(True) == 1
    assert [zone.area for zone in zones if zone.is_in_force(now)] == [first[0].area]
    assert [zone.area for zone in zones if zone.is_in_force(later)] == [second[0].area]
    assert movr.city_data.zones("rome") == tuple(first)
    assert coordinates(first[0].area) == [[SQUARE, HOLE[::-1]]]
    assert movr.city_data.replace_zones("paris", [], begin=later + timedelta(minutes=5)) == 1
    assert not any(
        zone.is_in_force(later + timedelta(minutes=6)) for zone in movr.city_data.zones("paris")
    )


def test_one_of_several_sets_of_zones_given_at_the_same_moment_wins_wholly(movr: MovR) -> None:
    (zone,) = parse(collection(feature([SQUARE])))
    together = Barrier(4)

    def replace(name: str) -> int:
        new = [zone._replace(name=f"{name} {n}") for n in range(3)]
        together.wait()
        return movr.city_data.replace_zones("paris", new, begin=BEGIN)

    with ThreadPoolExecutor(4) as threads:
        ended = list(threads.map(replace, "ABCD"))

    names = [each.name for each in movr.city_data.zones("paris") if each.valid_until is None]
    assert names in [[f"{name} {n}" for n in range(3)] for name in "ABCD"]
    assert sorted(ended) == [0, 3, 3, 3]


def test_an_agency_added_several_times_at_the_same_moment_has_one_token(movr: MovR) -> None:
    together = Barrier(4)

    def add(name: str) -> str | None:
        together.wait()
        return movr.city_data.add_agency("paris", name)

    with ThreadPoolExecutor(4) as threads:
        tokens = list(threads.map(add, ["Voirie"] * 4))

    assert len([token for token in tokens if token]) == 1
    assert len(movr.city_data.agencies("paris")) == 1
