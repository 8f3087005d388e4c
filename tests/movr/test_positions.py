"""Positions: pages of vehicles by distance, and the distance of rides."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, Float, cast, insert, literal, select, text, update
from sqlalchemy_cockroachdb.psycopg2 import CockroachDBDialect_psycopg2

from movr import errors, geo
from movr.changes import rides
from movr.cities import CITIES, SERVICE_RADIUS, City, Position, find_city
from movr.database import query_stats
from movr.formats import AVAILABLE, IN_USE, VEHICLE_TYPES
from movr.models import Ride, Vehicle
from movr.movr import MovR
from movr.placement import locality
from movr.queries import UNKNOWN_DISTANCE
from movr.results import NearbyVehicle, UserKey, VehicleKey
from movr.search import FIRST_PAGE, MAX_AREAS, Search, SearchRadii
from scenarios.shared.world import analyze
from tests import plans
from tests.follower_reads import wait_for_follower_reads
from tests.movr.people import in_direction, public_id_in, start_ride
from tests.movr.test_movr import a_member, near

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NEW_YORK = CITIES[0].centre
TIMES_SQUARE = Position(40.7580, -73.9855)
WALL_STREET = Position(40.7060, -74.0090)
Crowded = Callable[[str, int], list[dict[str, Any]]]

PARIS = Position(48.8566, 2.3522)
BIKE: Mapping[str, Any] = {
    "type": "bike",
    "color": "red",
    "brand": "Kona",
    "location": "1 Wall Street",
}


# Nearest first, compared with sorting all vehicles


@pytest.fixture
def crowded(movr: MovR, engine: Engine) -> Crowded:
    """Add vehicles to a city, dense at the centre and sparse at the edge."""

    def fill(city: str, number: int) -> list[dict[str, Any]]:
        owner = a_member(movr, city)
        rows = list(vehicles_of(owner, number, random.Random(city)))
        with engine.begin() as connection:
            connection.execute(insert(Vehicle), rows)
        return rows

    return fill


def vehicles_of(owner: UserKey, number: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    place = find_city(owner.city)
    assert place
    north, east = geo.metres_per_degree(place.latitude)
    for n in range(number):
        is_known = n % 15 != 7
        # As many within 1 m as between 1 m and 10 m, and so on; every tenth position is used twice.
        away = 0.0 if n == 0 else 10 ** rng.uniform(0, math.log10(SERVICE_RADIUS))
        angle = rng.uniform(0, 2 * math.pi)
        latitude = place.latitude + away * math.sin(angle) / north
        longitude = place.longitude + away * math.cos(angle) / east
        for _ in range(2 if n % 10 == 0 else 1):
            yield {
                "city": owner.city,
                "id": UUID(int=rng.getrandbits(128)),
                "type": rng.choice(VEHICLE_TYPES),
                "owner_id": owner.id,
                "date_added": NOW,
                "status": rng.choice((AVAILABLE, IN_USE)),
                "last_location": "here",
                "color": "red",
                "brand": "Kona",
                "latitude": latitude if is_known else None,
                "longitude": longitude if is_known else None,
                "public_id": UUID(int=rng.getrandbits(128)),
                "removed_at": None,
            }


def found_ids(movr: MovR, search: Search) -> list[UUID]:
    return [item.vehicle.public_id for item in movr.vehicles(search).items]


def all_pages(movr: MovR, search: Callable[[tuple[int, UUID]], Search]) -> list[NearbyVehicle]:
    """Fetch all pages and return their items."""
    seen: list[NearbyVehicle] = []
    after = FIRST_PAGE
    while True:
        page = movr.vehicles(search(after))
        seen += page.items
        if page.next is None:
            return seen
        millimetres, _, id_ = page.next.partition("~")
        after = int(millimetres), UUID(id_)


def sorted_by_hand(rows: list[dict[str, Any]], origin: Position) -> list[UUID]:
    """Return the public ids of the available vehicles: nearest first, unknown positions last."""
    north, east = geo.metres_per_degree(origin.latitude)

    def away(row: dict[str, Any]) -> tuple[int, UUID]:
        if row["latitude"] is None:
            return UNKNOWN_DISTANCE, row["public_id"]
        up = (row["latitude"] - origin.latitude) * north
        right = (row["longitude"] - origin.longitude) * east
        return math.floor(1000 * math.sqrt(up * up + right * right)), row["public_id"]

    free = (row for row in rows if row["status"] == AVAILABLE)
    return [row["public_id"] for row in sorted(free, key=away)]


@pytest.mark.parametrize("size", [1, 7, 30, 1000])
@pytest.mark.parametrize("city", ["new york", "rome"])
def test_pages_to_the_very_end_are_what_a_sort_of_all_would_be(
    movr: MovR, crowded: Crowded, city: str, size: int
) -> None:
    rows = crowded(city, 60 if size == 1 else 300)
    place = find_city(city)
    assert place

    seen = all_pages(movr, lambda after: near(city, size=size, after=after))

    assert [item.vehicle.public_id for item in seen] == sorted_by_hand(rows, place.centre)
    distances = [item.distance for item in seen]
    known = [distance for distance in distances if distance is not None]
    assert distances == sorted(known) + [None] * (len(seen) - len(known))
    assert len(known) < len(seen)


@pytest.mark.parametrize(
    "origin",
    [
        TIMES_SQUARE,
        in_direction(NEW_YORK, 29.9, 0),
        in_direction(NEW_YORK, 29.9, 135),
        in_direction(NEW_YORK, 90, 270),  # outside of the city, and still with a result
    ],
    ids=["within", "north end", "south-east end", "far away"],
)
@pytest.mark.parametrize("type_", [None, "scooter"])
def test_pages_from_any_origin_and_with_any_filter_are_complete(
    movr: MovR,
    crowded: Crowded,
    origin: Position,
    type_: str | None,
) -> None:
    rows = crowded("new york", 200)
    wanted = [row for row in rows if type_ in {None, row["type"]}]

    def search(after: tuple[int, UUID]) -> Search:
        return near("new york", size=9, after=after, origin=origin, type=type_)

    seen = all_pages(movr, search)

    assert 0 < len(wanted) <= len(rows)
    assert [item.vehicle.public_id for item in seen] == sorted_by_hand(wanted, origin)


def test_a_search_with_and_without_a_member_has_the_same_results(
    movr: MovR, crowded: Crowded
) -> None:
    member = a_member(movr)
    crowded("new york", 200)
    search = near("new york", size=20, origin=TIMES_SQUARE)

    assert movr.vehicles_and_member(member, 0, search).page == movr.vehicles(search)


def test_what_was_removed_and_what_stands_in_another_city_is_not_found(movr: MovR) -> None:
    owner = a_member(movr)
    vehicle = movr.add_vehicle(owner, **BIKE)
    movr.add_vehicle(a_member(movr, "boston"), **BIKE)
    movr.remove_vehicle(vehicle, owner)

    assert movr.vehicles(near("new york")).items == ()


# Few rows are read


def scattered(engine: Engine, owner: UserKey, number: int) -> None:
    """Add vehicles to the owner's city, evenly within 4 km of its centre."""
    place = find_city(owner.city)
    assert place
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO vehicles (city, id, type, owner_id, date_added, status,"
                " last_location, color, brand, latitude, longitude)"
                " SELECT :city, gen_random_uuid(), 'bike', :owner, :now, 'available', 'here',"
                " 'red', 'Kona', CAST(:latitude AS FLOAT) + 0.036 * sqrt(n / :number) * sin(n),"
                " CAST(:longitude AS FLOAT) + 0.048 * sqrt(n / :number) * cos(n)"
                " FROM (SELECT CAST(generate_series(1, :last) AS FLOAT) AS n) AS numbers"
            ),
            {
                "city": owner.city,
                "owner": owner.id,
                "now": NOW,
                "latitude": place.latitude,
                "longitude": place.longitude,
                "number": float(number),
                "last": number,
            },
        )
    analyze(engine)


def rows_read(movr: MovR, engine: Engine, search: Search) -> int:
    """Return the number of rows that the database reads for this page, by its plan."""
    with locality.recording_statements(*movr.engines) as sent:
        movr.vehicles(search)
    (statement,) = sent
    with engine.connect() as connection:
        return plans.rows_read(connection, statement.statement, statement.parameters)


@pytest.mark.parametrize("number", [100, 2_000, 30_000])
def test_the_rows_read_for_a_page_are_few_however_many_vehicles_there_are(
    movr: MovR, engine: Engine, number: int
) -> None:
    scattered(engine, a_member(movr), number)
    for origin in (NEW_YORK, in_direction(NEW_YORK, 2.5, 60)):
        search = near("new york", size=30, origin=origin)
        movr.vehicles(search)  # learns the density of the area

        shown = movr.vehicles(search).items

        assert len(shown) == 30
        assert rows_read(movr, engine, search) <= 4 * 30


def test_the_rows_read_for_a_page_are_few_while_many_vehicles_are_reserved(
    movr: MovR, engine: Engine
) -> None:
    """Half of them are, so that a page needs a box that holds twice as many."""
    owner = a_member(movr)
    scattered(engine, owner, 2_000)
    reserved = {"reserved_until": datetime.now(UTC) + timedelta(minutes=9)}
    with engine.begin() as connection:
        connection.execute(
            update(Vehicle)
            .where(Vehicle.city == "new york", Vehicle.public_id > UUID(int=2**127))
            .values(**reserved, reserved_by_city=owner.city, reserved_by_id=owner.id)
        )
    analyze(engine)
    search = near("new york", size=30)
    movr.vehicles(search)  # learns the density of the area

    assert len(movr.vehicles(search).items) == 30
    assert rows_read(movr, engine, search) <= 8 * 30


def test_after_one_search_of_an_area_one_statement_is_enough(movr: MovR, engine: Engine) -> None:
    scattered(engine, a_member(movr), 2_000)
    search = near("new york", size=30, origin=in_direction(NEW_YORK, 3, 10))
    movr.vehicles(search)

    for wanted in (search, replace(search, origin=in_direction(search.origin, 0.1, 0))):
        cost = query_stats.start()
        movr.vehicles(wanted)
        assert cost.statements == 1


def test_a_new_area_begins_with_the_radius_learned_elsewhere_in_its_city(
    movr: MovR, engine: Engine
) -> None:
    scattered(engine, a_member(movr), 300)  # 500 metres hold less than a page
    movr.vehicles(near("new york", size=30))

    cost = query_stats.start()
    movr.vehicles(near("new york", size=30, origin=in_direction(NEW_YORK, 1.5, 100)))

    assert cost.statements == 1


def test_a_wider_circle_is_searched_when_the_vehicles_have_gone(movr: MovR, engine: Engine) -> None:
    scattered(engine, a_member(movr), 2_000)
    search = near("new york", size=30)
    movr.vehicles(search)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM vehicles WHERE city = 'new york'"))
    kept = movr.add_vehicle(a_member(movr), **BIKE, position=in_direction(NEW_YORK, 29, 200))

    assert found_ids(movr, search) == [public_id_in(movr, kept)]


def test_a_filtered_search_in_a_known_area_finds_all_matches(movr: MovR, engine: Engine) -> None:
    scattered(engine, a_member(movr), 500)
    movr.vehicles(near("new york", size=30))

    assert movr.vehicles(near("new york", size=30, type="scooter")).items == ()
    assert len(movr.vehicles(near("new york", size=30, type="bike")).items) == 30


def test_the_number_of_cached_areas_is_bounded(movr: MovR) -> None:
    movr.add_vehicle(a_member(movr), **BIKE, position=TIMES_SQUARE)
    found = list(movr.vehicles(near("new york")).items)
    radii = SearchRadii()
    for n in range(MAX_AREAS + 10):
        origin = Position(40 + n % 100 / 100, -80 + n // 100 / 100)
        radii.learn(near("new york", size=0, origin=origin), found)

    assert radii.number_of_areas == MAX_AREAS


def test_a_city_with_less_than_a_page_is_searched_at_once_from_anywhere(movr: MovR) -> None:
    movr.vehicles(near("new york"))
    cost = query_stats.start()

    movr.vehicles(near("new york", origin=TIMES_SQUARE, type="bike"))

    assert cost.statements == 1


def test_a_city_that_has_grown_is_no_longer_read_whole_for_a_filter(
    movr: MovR, engine: Engine
) -> None:
    movr.vehicles(near("new york", size=30))  # an empty city
    scattered(engine, a_member(movr), 2_000)
    search = near("new york", size=30, type="bike")
    movr.vehicles(search)

    assert rows_read(movr, engine, search) <= 4 * 30


def test_the_statement_is_short() -> None:
    """Planning takes most of a short page's time on CockroachDB."""
    compiled = near("new york").statement(100).compile(dialect=CockroachDBDialect_psycopg2())

    assert len(str(compiled)) < 1_700


def test_distances_are_those_over_the_ground_within_a_percent(movr: MovR, crowded: Crowded) -> None:
    crowded("new york", 200)

    for item in movr.vehicles(near("new york", size=300)).items:
        if position := item.vehicle.position:
            ground = geo.metres_between(NEW_YORK, position)
            assert item.distance == pytest.approx(ground, rel=0.01, abs=0.01)


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
def test_the_plane_is_within_a_percent_of_the_ground_in_every_city(city: City) -> None:
    for bearing in range(0, 360, 30):
        there = in_direction(city.centre, 30, bearing)
        ground = geo.metres_between(city.centre, there)
        assert geo.planar_metres_between(city.centre, there) == pytest.approx(ground, rel=0.01)


def test_a_distance_that_geopy_s_own_documentation_gives() -> None:
    newport, cleveland = Position(41.49008, -71.312796), Position(41.499498, -81.695391)

    assert geo.metres_between(newport, cleveland) == pytest.approx(
        538.390445368 * 1609.344, abs=0.01
    )
    assert geo.metres_between(newport, newport) == 0


# Positions after a ride


def found(movr: MovR, city: str = "new york") -> NearbyVehicle:
    (only,) = movr.vehicles(near(city)).items
    return only


def band_of(engine: Engine, vehicle: VehicleKey) -> int | None:
    with engine.connect() as connection:
        where = (Vehicle.city == vehicle.city, Vehicle.id == vehicle.id)
        return connection.execute(select(Vehicle.latitude_band).where(*where)).scalar_one()


def test_a_vehicle_added_in_words_has_no_distance_and_comes_after_all_others(movr: MovR) -> None:
    owner = a_member(movr)
    in_words = movr.add_vehicle(owner, **BIKE)
    far_away = movr.add_vehicle(owner, **BIKE, position=in_direction(NEW_YORK, 29.9, 45))

    last = movr.vehicles(near("new york")).items[-1]

    assert found_ids(movr, near("new york"))[0] == public_id_in(movr, far_away)
    assert last.vehicle.public_id == public_id_in(movr, in_words)
    assert (last.vehicle.position, last.distance) == (None, None)


def test_vehicles_of_unknown_position_are_found_from_a_learned_radius(
    movr: MovR, engine: Engine
) -> None:
    owner = a_member(movr)
    scattered(engine, owner, 50)
    in_words = public_id_in(movr, movr.add_vehicle(owner, **BIKE))
    movr.vehicles(near("new york", size=10))  # learns a small radius

    seen = all_pages(movr, lambda after: near("new york", size=10, after=after))

    assert len(seen) == 51
    assert seen[-1].vehicle.public_id == in_words


def test_a_ride_takes_its_vehicle_along_and_says_how_far(movr: MovR, engine: Engine) -> None:
    rider = a_member(movr)
    vehicle = movr.add_vehicle(rider, **BIKE, position=WALL_STREET)
    ride = start_ride(movr, vehicle, rider)
    member = movr.session_member(rider)
    assert member
    assert member.active_ride
    assert member.active_ride.start == WALL_STREET

    movr.end_ride(ride, rider, location="Times Sq", position=TIMES_SQUARE)

    assert found(movr).vehicle.position == TIMES_SQUARE
    assert band_of(engine, vehicle) == 81_516
    assert movr.ride(member, ride.id).distance == round(
        geo.metres_between(WALL_STREET, TIMES_SQUARE)
    )
    with engine.connect() as connection:
        columns = (Ride.start_latitude, Ride.start_longitude, Ride.end_latitude, Ride.end_longitude)
        row = connection.execute(select(*columns).where(Ride.city == ride.city)).one()
    assert tuple(row) == (*WALL_STREET, *TIMES_SQUARE)


def test_the_distance_of_a_ride_is_that_along_the_ground(engine: Engine) -> None:
    """Compared with geopy's geodesic for rides across the whole service area of each city."""
    rng = random.Random(73)
    off = []
    with engine.connect() as connection:
        for city in CITIES * 10:
            start, end = (
                in_direction(city.centre, rng.uniform(0, 30), rng.uniform(0, 360)) for _ in range(2)
            )
            degrees = (cast(literal(degree), Float()) for degree in (*start, *end))
            metres = connection.execute(select(rides.metres_between(*degrees))).scalar_one()
            off.append(abs(metres - geo.metres_between(start, end)))

    assert max(off) < 2


def test_a_ride_ended_in_words_has_no_distance_and_the_next_ride_from_there_neither(
    movr: MovR, engine: Engine
) -> None:
    rider = a_member(movr)
    vehicle = movr.add_vehicle(rider, **BIKE, position=WALL_STREET)
    first = start_ride(movr, vehicle, rider)
    movr.end_ride(first, rider, location="behind the church")
    left = found(movr)

    second = start_ride(movr, vehicle, rider)
    member = movr.session_member(rider)
    assert member
    assert member.active_ride
    start = member.active_ride.start
    movr.end_ride(second, rider, location="Times Sq", position=TIMES_SQUARE)

    assert (left.vehicle.last_location, left.vehicle.position) == ("behind the church", None)
    assert left.distance is None
    assert start is None
    assert [movr.ride(member, ride.id).distance for ride in (first, second)] == [None, None]
    assert found(movr).vehicle.position == TIMES_SQUARE
    with engine.connect() as connection:
        starts = connection.execute(select(Ride.start_latitude).where(Ride.id == second.id)).all()
    assert [tuple(row) for row in starts] == [(None,)]


def test_an_end_of_unknown_start_is_a_place_without_a_distance(movr: MovR) -> None:
    rider = a_member(movr)
    ride = start_ride(movr, movr.add_vehicle(rider, **BIKE), rider)

    movr.end_ride(ride, rider, location="Times Sq", position=TIMES_SQUARE)

    assert found(movr).vehicle.position == TIMES_SQUARE
    member = movr.session_member(rider)
    assert member
    assert movr.ride(member, ride.id).distance is None


def test_a_vehicle_has_a_new_public_name_after_each_ride_and_only_then(movr: MovR) -> None:
    rider = a_member(movr)
    vehicle = movr.add_vehicle(rider, **BIKE)
    names = [public_id_in(movr, vehicle)]

    for _ in range(3):
        ride = start_ride(movr, vehicle, rider)
        assert public_id_in(movr, vehicle) == names[-1]
        movr.end_ride(ride, rider, location="here")
        names.append(public_id_in(movr, vehicle))

    assert len({*names, vehicle.id}) == 5
    assert movr.vehicle("new york", names[-1]).public_id == names[-1]
    for old in (*names[:-1], vehicle.id, uuid4()):
        with pytest.raises(errors.VehicleNotFound):
            movr.vehicle("new york", old)
    with pytest.raises(errors.VehicleNotFound):
        movr.vehicle("boston", names[-1])


def test_other_maps_see_available_vehicles_and_no_permanent_id(movr: MovR) -> None:
    owner = a_member(movr)
    free, ridden, removed = (
        movr.add_vehicle(owner, **BIKE, position=TIMES_SQUARE) for _ in range(3)
    )
    movr.add_vehicle(owner, **BIKE)  # in words
    start_ride(movr, ridden, owner)
    movr.remove_vehicle(removed, owner)

    wait_for_follower_reads(movr.engine)
    ((listed,),) = movr.free_vehicles("new york")

    assert listed.public_id == str(public_id_in(movr, free))
    assert (listed.type, listed.latitude, listed.longitude) == ("bike", *TIMES_SQUARE)
    assert listed.public_id != str(free.id)


# Within 30 km of the city


@pytest.mark.parametrize("bearing", [0, 90, 200])
def test_thirty_kilometres_from_the_centre_is_in_the_city_and_more_is_not(
    movr: MovR, bearing: int
) -> None:
    owner = a_member(movr)
    inside, outside = (in_direction(NEW_YORK, km, bearing) for km in (29.99, 30.01))

    vehicle = movr.add_vehicle(owner, **BIKE, position=inside)
    with pytest.raises(errors.TooFarAway):
        movr.add_vehicle(owner, **BIKE, position=outside)

    assert found(movr).vehicle.public_id == public_id_in(movr, vehicle)


def test_a_ride_does_not_end_too_far_away_and_goes_on(movr: MovR) -> None:
    rider = a_member(movr)
    ride = start_ride(movr, movr.add_vehicle(rider, **BIKE), rider)

    with pytest.raises(errors.TooFarAway):
        movr.end_ride(ride, rider, location="Paris", position=PARIS)
    riding = movr.session_member(rider)
    movr.end_ride(ride, rider, location="here", position=in_direction(NEW_YORK, 29.99, 45))

    assert riding
    assert riding.active_ride
    assert found(movr).vehicle.is_free


def test_the_ride_s_city_counts_not_the_rider_s(movr: MovR) -> None:
    rider = a_member(movr, "new york")
    vehicle = movr.add_vehicle(a_member(movr, "paris"), **BIKE)
    ride = start_ride(movr, vehicle, rider)

    with pytest.raises(errors.TooFarAway):
        movr.end_ride(ride, rider, location="Times Sq", position=TIMES_SQUARE)
    movr.end_ride(ride, rider, location="Notre-Dame", position=PARIS)

    assert found(movr, "paris").vehicle.position == PARIS
