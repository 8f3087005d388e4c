"""The rules, one transaction at a time, each inside a transaction that is rolled back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from movr import errors, transactions
from movr.models import Ride, User, Vehicle
from movr.results import RideKey, UserKey, VehicleKey
from tests.movr.people import NOW, a_member, a_ride, a_vehicle, end


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection, connection.begin() as transaction:
        yield Session(connection, autoflush=False)
        transaction.rollback()


def row(session: Session, model: type[Any], key: tuple[object, ...]) -> Any:
    session.expire_all()
    return session.get_one(model, tuple(key))


def test_a_username_is_one_account_whatever_its_letter_case(session: Session) -> None:
    a_member(session, "new york", "grace.hopper")

    with pytest.raises(errors.UsernameTaken):
        a_member(session, "paris", "Grace.HOPPER")


def test_adding_a_vehicle_makes_an_owner(session: Session) -> None:
    member = a_member(session)

    vehicle = a_vehicle(session, member)

    assert row(session, User, member).is_owner
    assert row(session, Vehicle, vehicle).status == "available"


def test_who_has_left_adds_no_vehicle(session: Session) -> None:
    member = a_member(session)
    transactions.erase_account(session, member, now=NOW)

    with pytest.raises(errors.AccountGone):
        a_vehicle(session, member)


def test_a_ride_starts_where_the_vehicle_stands(session: Session) -> None:
    rider = a_member(session)
    vehicle = a_vehicle(session, a_member(session), location="5 Pearl Street")

    ride = a_ride(session, vehicle, rider)

    started = row(session, Ride, ride)
    assert started.start_location == "5 Pearl Street"
    assert started.start_time == NOW
    assert row(session, Vehicle, vehicle).status == "in_use"
    assert row(session, User, rider).active_ride_id == ride.id


def test_a_rider_of_one_city_rides_in_another(session: Session) -> None:
    rider = a_member(session, "new york")
    vehicle = a_vehicle(session, a_member(session, "paris"))

    for _ in range(2):
        ride = a_ride(session, vehicle, rider)
        end(session, ride, rider, "Rue Cler 1", now=NOW)

    assert ride.city == "paris"
    assert row(session, User, rider).cities_ridden == ["paris"]


def test_a_taken_vehicle_is_not_taken_again(session: Session) -> None:
    vehicle = a_vehicle(session, a_member(session))
    a_ride(session, vehicle, a_member(session))

    with pytest.raises(errors.VehicleTaken):
        a_ride(session, vehicle, a_member(session))


def test_who_rides_does_not_start_another_ride(session: Session) -> None:
    owner, rider = a_member(session), a_member(session)
    a_ride(session, a_vehicle(session, owner), rider)

    with pytest.raises(errors.AlreadyRiding):
        a_ride(session, a_vehicle(session, owner), rider)


def test_who_starts_the_ride_under_way_again_is_on_that_one(session: Session) -> None:
    rider = a_member(session)
    vehicle = a_vehicle(session, rider)
    ride = a_ride(session, vehicle, rider)

    again = transactions.start_ride(
        session, RideKey(vehicle.city, uuid4()), vehicle, rider, now=NOW + timedelta(minutes=1)
    )

    assert again == ride
    assert session.scalar(select(func.count()).select_from(Ride)) == 1


def test_a_removed_or_unknown_vehicle_is_not_found(session: Session) -> None:
    owner, rider = a_member(session), a_member(session)
    vehicle = a_vehicle(session, owner)
    transactions.remove_vehicle(session, vehicle, owner, now=NOW)

    with session.begin_nested() as attempt:
        with pytest.raises(errors.VehicleNotFound):
            a_ride(session, vehicle, rider)
        attempt.rollback()
    with pytest.raises(errors.VehicleNotFound):
        a_ride(session, VehicleKey("new york", uuid4()), rider)


def test_a_vehicle_is_not_found_in_another_city(session: Session) -> None:
    vehicle = a_vehicle(session, a_member(session, "rome"))

    with pytest.raises(errors.VehicleNotFound):
        a_ride(session, VehicleKey("paris", vehicle.id), a_member(session))


def test_a_stranger_to_the_database_starts_no_ride(session: Session) -> None:
    vehicle = a_vehicle(session, a_member(session))

    with pytest.raises(errors.AccountGone):
        a_ride(session, vehicle, UserKey("new york", uuid4()))


def test_a_ride_ends_where_it_is_left_and_frees_both(session: Session) -> None:
    rider = a_member(session)
    vehicle = a_vehicle(session, rider)
    ride = a_ride(session, vehicle, rider)

    end(session, ride, rider, "9 Broadway", now=NOW + timedelta(minutes=12))

    ended = row(session, Ride, ride)
    assert (ended.end_location, ended.length) == ("9 Broadway", timedelta(minutes=12))
    left = row(session, Vehicle, vehicle)
    assert (left.status, left.last_location) == ("available", "9 Broadway")
    assert row(session, User, rider).active_ride_id is None


def test_a_ride_never_ends_before_it_starts_whatever_the_clocks_say(session: Session) -> None:
    rider = a_member(session)
    ride = a_ride(session, a_vehicle(session, rider), rider)

    end(session, ride, rider, "here", now=NOW - timedelta(seconds=3))

    assert row(session, Ride, ride).length == timedelta(0)


def test_a_ride_ends_once(session: Session) -> None:
    rider = a_member(session)
    ride = a_ride(session, a_vehicle(session, rider), rider)
    end(session, ride, rider, "here", now=NOW)

    end(session, ride, rider, "there", now=NOW + timedelta(minutes=12))

    assert row(session, Ride, ride).length == timedelta(0)
    assert row(session, Ride, ride).end_location == "here"


def test_only_its_rider_ends_a_ride(session: Session) -> None:
    owner, rider, other = a_member(session), a_member(session), a_member(session)
    ride = a_ride(session, a_vehicle(session, owner), rider)
    own = a_ride(session, a_vehicle(session, owner), other)

    for key, refusal in (
        (ride, errors.NotYourRide),
        (RideKey("rome", own.id), errors.RideNotFound),
    ):
        with pytest.raises(refusal):
            end(session, key, other, "here", now=NOW)

    assert row(session, Ride, ride).end_time is None


def test_only_its_owner_removes_a_vehicle(session: Session) -> None:
    owner, other = a_member(session), a_member(session)
    vehicle = a_vehicle(session, owner)

    with pytest.raises(errors.NotYourVehicle):
        transactions.remove_vehicle(session, vehicle, other, now=NOW)
    for _ in range(2):  # once more is no harm
        transactions.remove_vehicle(session, vehicle, owner, now=NOW)
    with pytest.raises(errors.VehicleNotFound):
        transactions.remove_vehicle(session, vehicle, other, now=NOW)

    assert row(session, Vehicle, vehicle).removed_at == NOW


def test_a_ridden_vehicle_is_not_removed(session: Session) -> None:
    owner = a_member(session)
    vehicle = a_vehicle(session, owner)
    a_ride(session, vehicle, a_member(session))

    with pytest.raises(errors.VehicleInUse):
        transactions.remove_vehicle(session, vehicle, owner, now=NOW)


def test_an_erased_account_leaves_its_rides_and_nothing_personal(session: Session) -> None:
    member = a_member(session, username="forget.me")
    vehicle = a_vehicle(session, member)
    ride = a_ride(session, vehicle, member)
    end(session, ride, member, "here", now=NOW)

    transactions.erase_account(session, member, now=NOW)

    erased = row(session, User, member)
    assert erased.deleted_at == NOW
    personal = (erased.first_name, erased.last_name, erased.email, erased.username)
    assert (*personal, erased.password_hash) == (None,) * 5
    assert row(session, Ride, ride).rider_id == member.id
    assert row(session, Vehicle, vehicle).removed_at == NOW
    a_member(session, username="forget.me")  # the name is free again


def test_an_account_is_not_erased_during_a_ride(session: Session) -> None:
    member = a_member(session)
    a_ride(session, a_vehicle(session, member), member)

    with pytest.raises(errors.StillRiding):
        transactions.erase_account(session, member, now=NOW)


def test_an_owner_stays_while_one_of_their_vehicles_is_ridden(session: Session) -> None:
    owner = a_member(session)
    a_vehicle(session, owner)
    a_ride(session, a_vehicle(session, owner), a_member(session))

    with pytest.raises(errors.VehiclesInUse):
        transactions.erase_account(session, owner, now=NOW)


def test_an_account_is_erased_once(session: Session) -> None:
    member = a_member(session)
    transactions.erase_account(session, member, now=NOW)

    with pytest.raises(errors.AccountGone):
        transactions.erase_account(session, member, now=NOW + timedelta(minutes=1))


def test_a_password_that_this_very_run_has_set_is_content(session: Session) -> None:
    """The second run of a transaction whose answer was lost."""
    member = a_member(session, username="grace.hopper")

    names = {
        transactions.set_password(session, member, 0, password_hash="$argon2id$new")
        for _ in range(2)
    }

    changed = row(session, User, member)
    assert names == {"grace.hopper"}
    assert (changed.password_hash, changed.session_epoch) == ("$argon2id$new", 1)
