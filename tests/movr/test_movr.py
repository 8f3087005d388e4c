"""Class MovR: it commits, returns the types of results.py, and paginates."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from movr import errors
from movr.cities import Position, find_city
from movr.movr import MovR
from movr.queries import UNKNOWN_DISTANCE
from movr.results import MemberAndPage, NearbyVehicle, Page, UserKey, VehicleKey
from movr.search import FIRST_PAGE, Search
from tests.conftest import free_port
from tests.follower_reads import wait_for_follower_reads
from tests.movr.people import public_id_in, start_ride
from tests.visitor import PASSWORD, registration


def a_member(movr: MovR, city: str = "new york") -> UserKey:
    fields = registration(city)
    return movr.register(fields.pop("city"), **fields)


def near(
    city: str,
    *,
    size: int = 10,
    after: tuple[int, UUID] = FIRST_PAGE,
    origin: Position | None = None,
    **wanted: Any,
) -> Search:
    """Return a search from the city's centre."""
    place = find_city(city)
    assert place
    return Search(city=place, origin=origin or place.centre, size=size, after=after, **wanted)


def some_vehicles(movr: MovR, owner: UserKey, number: int) -> set[VehicleKey]:
    return {
        movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location=f"{n} Wall Street")
        for n in range(number)
    }


def test_a_member_is_known_by_key_and_by_credentials(movr: MovR) -> None:
    fields = registration("rome")
    key = movr.register(**fields)

    member = movr.log_in(fields["username"].upper(), fields["password"])

    assert member == movr.session_member(key)
    assert (member.key, member.full_name, member.cities_ridden) == (key, "Ada Lovelace", ())


@pytest.mark.parametrize(("name", "password"), [("right", "wrong"), ("nobody", "right")])
def test_a_wrong_name_and_a_wrong_password_get_the_same_refusal(
    movr: MovR, name: str, password: str
) -> None:
    fields = registration()
    movr.register(**fields)
    names = {"right": fields["username"], "nobody": "nobody-at-all"}
    passwords = {"right": fields["password"], "wrong": "wrong horse battery"}

    with pytest.raises(errors.WrongCredentials) as refused:
        movr.log_in(names[name], passwords[password])

    assert str(refused.value) == "That username and password do not match."


def test_a_deleted_account_has_no_member(movr: MovR) -> None:
    fields = registration()
    key = movr.register(**fields)

    movr.delete_account(key, 0, password=PASSWORD)

    assert movr.session_member(key) is None
    with pytest.raises(errors.WrongCredentials):
        movr.log_in(fields["username"], fields["password"])


@pytest.mark.parametrize(("number", "pages"), [(0, 1), (1, 1), (4, 2), (5, 3)])
def test_vehicles_come_in_pages_each_once(movr: MovR, number: int, pages: int) -> None:
    owner = a_member(movr)
    added = some_vehicles(movr, owner, number)

    seen: list[NearbyVehicle] = []
    page = movr.vehicles(near("new york", size=2))
    turned = 1
    seen += page.items
    while page.next:
        last = seen[-1].vehicle.public_id
        page = movr.vehicles(near("new york", size=2, after=(UNKNOWN_DISTANCE, last)))
        seen += page.items
        turned += 1

    # None has a position.
    ids = [item.vehicle.public_id for item in seen]
    assert ids == sorted(public_id_in(movr, vehicle) for vehicle in added)
    assert turned == pages


def test_one_read_returns_the_member_and_the_available_vehicles(movr: MovR) -> None:
    owner = a_member(movr)
    free, taken, removed = some_vehicles(movr, owner, 3)
    public_id = public_id_in(movr, free)
    start_ride(movr, taken, owner)
    movr.remove_vehicle(removed, owner)

    seen = movr.vehicles_and_member(owner, 0, near("new york"))

    assert seen.member == movr.session_member(owner)
    assert seen.member
    assert [item.vehicle.public_id for item in seen.page.items] == [public_id]


def test_the_member_is_returned_where_there_are_no_vehicles(movr: MovR) -> None:
    member = a_member(movr)

    seen = movr.vehicles_and_member(member, 0, near("paris"))

    assert seen == MemberAndPage(movr.session_member(member), Page((), None))


def test_vehicles_are_returned_for_an_ended_session(movr: MovR) -> None:
    free, *_ = some_vehicles(movr, a_member(movr), 1)

    seen = movr.vehicles_and_member(UserKey("paris", uuid4()), 0, near("new york"))

    assert seen.member is None
    assert [item.vehicle.public_id for item in seen.page.items] == [public_id_in(movr, free)]


def test_an_owner_sees_their_own_vehicles_in_any_state(movr: MovR) -> None:
    owner, other = a_member(movr), a_member(movr)
    free, taken, removed = some_vehicles(movr, owner, 3)
    some_vehicles(movr, other, 1)
    start_ride(movr, taken, other)
    movr.remove_vehicle(removed, owner)

    seen = movr.vehicles_of(owner, 0, after=None, size=10).page

    assert {o.id: o.state for o in seen.items} == {
        free.id: "available",
        taken.id: "on_trip",
        removed.id: "removed",
    }


def test_history_is_newest_first_the_active_ride_before_all_in_pages(movr: MovR) -> None:
    rider = a_member(movr)
    traveller_vehicle = next(iter(some_vehicles(movr, a_member(movr, "paris"), 1)))
    home_vehicle = next(iter(some_vehicles(movr, rider, 1)))
    rides = []
    for vehicle in (home_vehicle, traveller_vehicle, home_vehicle):
        rides.append(start_ride(movr, vehicle, rider))
        movr.end_ride(rides[-1], rider, location="here")
    rides.append(start_ride(movr, traveller_vehicle, rider))
    member = movr.session_member(rider)
    assert member

    first = movr.history(member, before=None, size=3).rides
    last = first.items[-1]
    wait_for_follower_reads(movr.engine)
    second = movr.history(member, before=(last.start_time, last.id), size=3).rides

    assert [ride.id for ride in first.items + second.items] == [r.id for r in reversed(rides)]
    assert [ride.is_active for ride in first.items] == [True, False, False]
    assert (bool(first.next), second.next) == (True, None)


def test_a_member_without_rides_has_an_empty_history(movr: MovR) -> None:
    member = movr.session_member(a_member(movr))
    assert member

    assert movr.history(member, before=None, size=3).rides == Page((), None)


def test_members_of_a_city_are_those_with_an_account(movr: MovR) -> None:
    stayed, left = a_member(movr, "rome"), a_member(movr, "rome")
    stranger = a_member(movr, "paris")
    movr.delete_account(left, 0, password=PASSWORD)

    seen = movr.members_of_city(stranger, 0, "rome", after=None, size=10)

    assert seen.member == movr.session_member(stranger)
    assert [(n.id, n.first_name) for n in seen.page.items] == [(stayed.id, "Ada")]


def test_an_ended_session_sees_nothing_that_is_for_members(movr: MovR) -> None:
    owner = a_member(movr, "rome")
    some_vehicles(movr, owner, 1)
    movr.end_sessions(owner, 0)

    members = movr.members_of_city(owner, 0, "rome", after=None, size=10)
    vehicles = movr.vehicles_of(owner, 0, after=None, size=10)

    assert (members, vehicles) == (
        MemberAndPage(None, Page((), None)),
        MemberAndPage(None, Page((), None)),
    )


def test_a_ride_s_length_is_what_the_clock_says(movr: MovR, database: str) -> None:
    rider = a_member(movr)
    (vehicle,) = some_vehicles(movr, rider, 1)
    ride = start_ride(movr, vehicle, rider)
    member = movr.session_member(rider)
    assert member
    started = movr.history(member, before=None, size=1).rides.items[0].start_time
    later = MovR(database, clock=lambda: started + timedelta(hours=2))

    later.end_ride(ride, rider, location="far away")
    later.close()

    ended = movr.session_member(rider)
    assert ended
    assert movr.history(ended, before=None, size=1).rides.items[0].length == timedelta(hours=2)


def test_an_unreachable_database_is_a_refusal() -> None:
    nowhere = MovR(f"postgresql://movr@127.0.0.1:{free_port()}/movr")

    with pytest.raises(errors.DatabaseUnavailable):
        nowhere.vehicles(near("rome"))
    with pytest.raises(errors.DatabaseUnavailable):
        nowhere.delete_account(UserKey("rome", uuid4()), 0, password=PASSWORD)
