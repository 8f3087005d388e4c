"""Reservations: ten minutes, one a rider, and not the same vehicle again for as long."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from movr import errors, results, transactions
from movr.cities import CITIES, Position
from movr.database import invariants
from movr.database.engine import is_cockroachdb
from movr.models import User, Vehicle
from movr.movr import MovR
from movr.results import Page, Reservation, UserKey, VehicleKey
from tests.cli.test_serve import wait_until
from tests.follower_reads import wait_for_follower_reads
from tests.movr.conftest import MovRAt
from tests.movr.database.test_schema import is_waiting
from tests.movr.people import public_id_in
from tests.movr.test_movr import a_member, near
from tests.movr.test_numbers import number_of
from tests.visitor import PASSWORD

NEW_YORK = CITIES[0].centre
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


class Clock:
    """A clock of MovR that tests set."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def movr(movr_at: MovRAt, engine: Engine, clock: Clock) -> Iterator[MovR]:
    """MovR with this clock; all invariants hold after the test."""
    yield movr_at(clock)
    assert invariants.find_violations(engine, clock.now) == []


@pytest.fixture
def owner(movr: MovR) -> UserKey:
    return a_member(movr)


@pytest.fixture
def rider(movr: MovR) -> UserKey:
    return a_member(movr)


@pytest.fixture
def other(movr: MovR) -> UserKey:
    return a_member(movr, "paris")


def add(movr: MovR, owner: UserKey, position: Position | None = NEW_YORK) -> VehicleKey:
    return movr.add_vehicle(
        owner, type="bike", color="red", brand="Kona", location="here", position=position
    )


@pytest.fixture
def vehicle(movr: MovR, owner: UserKey) -> VehicleKey:
    return add(movr, owner)


@pytest.fixture
def bike(movr: MovR, vehicle: VehicleKey) -> UUID:
    """The public id of the vehicle."""
    return public_id_in(movr, vehicle)


def page_of(movr: MovR, viewer: UserKey, vehicle: UUID) -> tuple[results.Vehicle, ...]:
    """Return what the page of this vehicle shows to a member."""
    return movr.vehicle_and_member(viewer, 0, city="new york", public_id=vehicle).page.items


def listed(movr: MovR, member: UserKey | None = None) -> dict[UUID, bool]:
    """Return the public ids that this member finds, and whether they have reserved them."""
    search = near("new york")
    page = movr.vehicles_and_member(member, 0, search).page if member else movr.vehicles(search)
    return {item.vehicle.public_id: item.vehicle.is_reserved for item in page.items}


def reservation(movr: MovR, rider: UserKey) -> Reservation | None:
    member = movr.session_member(rider)
    assert member
    return member.reservation


def removed_at(engine: Engine, vehicle: VehicleKey) -> datetime | None:
    with engine.connect() as connection:
        where = (Vehicle.city == vehicle.city, Vehicle.id == vehicle.id)
        return connection.execute(select(Vehicle.removed_at).where(*where)).scalar_one()


# What riders see of it


def test_a_reserved_vehicle_is_shown_to_its_rider_only(
    movr: MovR, vehicle: VehicleKey, bike: UUID, rider: UserKey, other: UserKey, clock: Clock
) -> None:
    number = number_of(movr.engine, vehicle)
    movr.reserve("new york", bike, rider)

    assert reservation(movr, rider) == Reservation(
        "new york", bike, "bike", "Kona", clock.now + 10 * MINUTE
    )
    assert listed(movr, rider) == {bike: True}
    (shown,) = page_of(movr, rider, bike)
    assert shown.is_reserved
    assert listed(movr, other) == listed(movr) == {}
    assert page_of(movr, other, bike) == ()
    with pytest.raises(errors.VehicleNotFound):
        movr.vehicle("new york", bike)
    by_number = partial(movr.vehicle_by_number_and_member, city="new york", number=number)
    assert [item.public_id for item in by_number(rider, 0).page.items] == [bike]
    assert by_number(other, 0).page == movr.vehicle_by_number("new york", number) == Page((), None)
    for act in (movr.start_ride, movr.reserve):
        with pytest.raises(errors.VehicleTaken):
            act("new york", bike, other)


def test_a_reservation_ends_after_ten_minutes_without_anything_being_run(
    movr: MovR, bike: UUID, rider: UserKey, other: UserKey, clock: Clock
) -> None:
    movr.reserve("new york", bike, rider)

    clock.now += 10 * MINUTE - SECOND
    assert listed(movr, other) == {}
    clock.now += SECOND

    assert reservation(movr, rider) is None
    assert listed(movr, other) == listed(movr) == listed(movr, rider) == {bike: False}
    assert not movr.vehicle("new york", bike).is_reserved
    movr.start_ride("new york", bike, other)


def test_an_expired_reservation_does_not_keep_its_rider_from_the_vehicle(
    movr: MovR, bike: UUID, rider: UserKey, clock: Clock
) -> None:
    movr.reserve("new york", bike, rider)
    clock.now += 10 * MINUTE

    assert movr.start_ride("new york", bike, rider).is_new


def test_the_public_feed_says_which_vehicle_is_reserved(
    movr: MovR, owner: UserKey, bike: UUID, rider: UserKey
) -> None:
    free = public_id_in(movr, add(movr, owner))
    movr.reserve("new york", bike, rider)

    wait_for_follower_reads(movr.engine)
    ((first, second),) = movr.free_vehicles("new york")

    assert {first.public_id: first.is_reserved, second.public_id: second.is_reserved} == {
        str(bike): True,
        str(free): False,
    }


def test_an_owner_sees_that_a_vehicle_is_reserved(
    movr: MovR, owner: UserKey, bike: UUID, rider: UserKey
) -> None:
    movr.reserve("new york", bike, rider)

    (item,) = movr.vehicles_of(owner, 0, after=None, size=10).page.items

    assert item.vehicle.is_reserved


# One a rider, and not again


def test_a_rider_has_one_reservation(
    movr: MovR, owner: UserKey, bike: UUID, rider: UserKey
) -> None:
    second = public_id_in(movr, add(movr, owner))
    movr.reserve("new york", bike, rider)

    with pytest.raises(errors.AlreadyReserved):
        movr.reserve("new york", second, rider)
    movr.reserve("new york", bike, rider)  # the same form again

    assert listed(movr, rider) == {bike: True, second: False}


def test_a_rider_does_not_reserve_during_a_ride(
    movr: MovR, owner: UserKey, bike: UUID, rider: UserKey
) -> None:
    movr.start_ride("new york", public_id_in(movr, add(movr, owner)), rider)

    with pytest.raises(errors.ReservingDuringRide):
        movr.reserve("new york", bike, rider)


@pytest.mark.parametrize("minutes", [10, 4])
def test_a_vehicle_is_not_reserved_again_for_ten_minutes_after(
    movr: MovR, owner: UserKey, bike: UUID, rider: UserKey, clock: Clock, minutes: int
) -> None:
    """After the reservation has expired, or was given up."""
    movr.reserve("new york", bike, rider)
    clock.now += minutes * MINUTE
    movr.give_up_reservation("new york", bike, rider)

    clock.now += 10 * MINUTE - SECOND
    with pytest.raises(errors.ReservedRecently, match="reserve it again in a minute"):
        movr.reserve("new york", bike, rider)
    clock.now -= 3 * MINUTE
    with pytest.raises(errors.ReservedRecently, match="reserve it again in 4 minutes"):
        movr.reserve("new york", bike, rider)
    movr.reserve("new york", public_id_in(movr, add(movr, owner)), rider)

    clock.now += 10 * MINUTE + SECOND
    movr.reserve("new york", bike, rider)


def test_a_ride_undone_or_ended_at_once_does_not_make_a_reservation_longer(
    movr: MovR, vehicle: VehicleKey, bike: UUID, rider: UserKey
) -> None:
    movr.reserve("new york", bike, rider)
    ride = movr.start_ride("new york", bike, rider).key
    movr.end_ride(ride, rider, location="here")

    with pytest.raises(errors.ReservedRecently):
        movr.reserve("new york", public_id_in(movr, vehicle), rider)


def test_a_vehicle_that_was_given_up_is_available_to_others(
    movr: MovR, bike: UUID, rider: UserKey, other: UserKey, clock: Clock
) -> None:
    movr.reserve("new york", bike, rider)
    movr.give_up_reservation("new york", bike, rider)
    movr.give_up_reservation("new york", bike, rider)  # the same form again

    assert reservation(movr, rider) is None
    movr.reserve("new york", bike, other)
    movr.give_up_reservation("new york", bike, rider)  # nor that of the next rider
    assert listed(movr, other) == {bike: True}
    clock.now += SECOND
    with pytest.raises(errors.VehicleTaken):
        movr.start_ride("new york", bike, rider)


def test_a_rider_who_cancels_while_the_reservation_is_made_does_not_hold_the_vehicle(
    movr: MovR, bike: UUID, rider: UserKey, other: UserKey, engine: Engine, clock: Clock
) -> None:
    """The rider's row still has the last reservation of this vehicle, which has expired."""
    if is_cockroachdb(engine.url):
        pytest.skip("CockroachDB's transactions are as if one after the other")
    seen = ("new york", bike, rider)
    movr.reserve(*seen)
    clock.now += 20 * MINUTE
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            assert transactions.try_to_reserve(connection, *seen, proof=0, now=clock.now)
            cancelled = pool.submit(movr.give_up_reservation, *seen)
            wait_until(lambda: is_waiting(engine), "the cancellation waits for the lock")
        cancelled.result()

    assert reservation(movr, rider) is None
    assert listed(movr, other) == {bike: False}


# Starting


def test_a_ride_ends_the_reservation_of_its_vehicle(movr: MovR, bike: UUID, other: UserKey) -> None:
    """The rider is a traveller, whose row is on another continent than the vehicle's."""
    movr.reserve("new york", bike, other)

    movr.start_ride("new york", bike, other)

    member = movr.session_member(other)
    assert member
    assert member.active_ride
    assert member.reservation is None


def test_a_ride_with_another_vehicle_leaves_the_reservation_as_it_is(
    movr: MovR, owner: UserKey, bike: UUID, rider: UserKey, other: UserKey
) -> None:
    movr.reserve("new york", bike, rider)

    movr.start_ride("new york", public_id_in(movr, add(movr, owner)), rider)

    assert reservation(movr, rider)
    with pytest.raises(errors.VehicleTaken):
        movr.start_ride("new york", bike, other)
    movr.give_up_reservation("new york", bike, rider)
    assert movr.start_ride("new york", bike, other).is_new


# Sessions, accounts and removal


def test_an_ended_session_neither_reserves_nor_gives_up(
    movr: MovR, bike: UUID, rider: UserKey
) -> None:
    """The reservation stays: the rider has logged in again."""
    movr.reserve("new york", bike, rider)
    movr.end_sessions(rider, 0)

    for act in (movr.reserve, movr.give_up_reservation):
        with pytest.raises(errors.SessionEnded):
            act("new york", bike, rider, 0)

    member = movr.session_member(rider, 1)
    assert member
    assert member.reservation


def test_an_ended_session_does_not_see_which_vehicle_its_member_has_reserved(
    movr: MovR, vehicle: VehicleKey, bike: UUID, rider: UserKey
) -> None:
    """It may be of a lost phone, whose finder could follow the member to the vehicle."""
    movr.reserve("new york", bike, rider)
    movr.end_sessions(rider, 0)

    assert listed(movr, rider) == {}
    assert page_of(movr, rider, bike) == ()
    number = number_of(movr.engine, vehicle)
    assert movr.vehicle_by_number_and_member(rider, 0, city="new york", number=number).page == Page(
        (), None
    )


@pytest.mark.parametrize("age", [0 * MINUTE, 11 * MINUTE], ids=["active", "expired"])
def test_a_deleted_account_keeps_no_reservation(
    movr: MovR,
    bike: UUID,
    rider: UserKey,
    other: UserKey,
    engine: Engine,
    clock: Clock,
    age: timedelta,
) -> None:
    movr.reserve("new york", bike, rider)
    clock.now += age

    movr.delete_account(rider, 0, password=PASSWORD)

    with engine.connect() as connection:
        where = (User.city == rider.city, User.id == rider.id)
        kept = select(User.reservation_public_id, User.reservation_brand).where(*where)
        assert connection.execute(kept).one() == (None, None)
    assert movr.start_ride("new york", bike, other).is_new


def test_only_a_verified_address_reserves_where_that_is_required(
    database: str, bike: UUID, rider: UserKey
) -> None:
    strict = MovR(database, only_verified=True)

    with pytest.raises(errors.EmailNotVerified):
        strict.reserve("new york", bike, rider)

    strict.close()


def test_a_vehicle_removed_while_reserved_leaves_when_the_reservation_ends(
    movr: MovR, vehicle: VehicleKey, bike: UUID, owner: UserKey, rider: UserKey, engine: Engine
) -> None:
    movr.reserve("new york", bike, rider)
    held = reservation(movr, rider)
    assert held

    for _ in range(2):  # also if the form is sent again
        assert not movr.remove_vehicle(vehicle, owner)

    assert removed_at(engine, vehicle) == held.until
    assert listed(movr) == {}
    (mine,) = movr.vehicles_of(owner, 0, after=None, size=10).page.items
    assert mine.remove_after_ride


def test_its_rider_still_rides_a_vehicle_removed_while_reserved(
    movr: MovR, vehicle: VehicleKey, bike: UUID, owner: UserKey, rider: UserKey, engine: Engine
) -> None:
    movr.reserve("new york", bike, rider)
    movr.remove_vehicle(vehicle, owner)

    assert page_of(movr, rider, bike)
    ride = movr.start_ride("new york", bike, rider).key
    assert removed_at(engine, vehicle) is None
    movr.end_ride(ride, rider, location="there")

    assert removed_at(engine, vehicle) is not None
    assert listed(movr) == {}


@pytest.mark.parametrize("expires", [True, False])
def test_a_vehicle_removed_while_reserved_is_not_ridden_after(
    movr: MovR,
    vehicle: VehicleKey,
    bike: UUID,
    owner: UserKey,
    rider: UserKey,
    clock: Clock,
    *,
    expires: bool,
) -> None:
    movr.reserve("new york", bike, rider)
    movr.remove_vehicle(vehicle, owner)

    if expires:
        clock.now += 10 * MINUTE
    else:
        movr.give_up_reservation("new york", bike, rider)

    (mine,) = movr.vehicles_of(owner, 0, after=None, size=10).page.items
    assert mine.state == "removed"
    for act in (movr.start_ride, movr.reserve):
        with pytest.raises((errors.VehicleTaken, errors.ReservedRecently)):
            act("new york", bike, rider)
