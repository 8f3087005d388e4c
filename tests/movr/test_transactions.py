"""The transactions' rules, each tested inside a transaction that is rolled back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from movr import errors, transactions
from movr.models import Ride, User, Vehicle
from movr.results import RideKey, UserKey
from tests.movr.people import NOW, a_member, a_ride, a_vehicle, end, public_id


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def start(connection: Connection, city: str, public_id: UUID, rider: UserKey) -> RideKey:
    return transactions.start_ride(connection, RideKey(city, uuid4()), public_id, rider, now=NOW)


def row(connection: Connection, model: type[Any], key: tuple[object, ...]) -> Any:
    return Session(connection).get_one(model, tuple(key))


def test_a_username_is_one_account_whatever_its_letter_case(connection: Connection) -> None:
    a_member(connection, "new york", "grace.hopper")

    with pytest.raises(errors.UsernameTaken):
        a_member(connection, "paris", "Grace.HOPPER")


def test_adding_a_vehicle_makes_an_owner(connection: Connection) -> None:
    member = a_member(connection)

    vehicle = a_vehicle(connection, member)

    assert row(connection, User, member).is_owner
    assert row(connection, Vehicle, vehicle).status == "available"


def test_a_deleted_account_adds_no_vehicle(connection: Connection) -> None:
    member = a_member(connection)
    transactions.delete_account(connection, member, 0, now=NOW)

    with pytest.raises(errors.AccountDeleted):
        a_vehicle(connection, member)


def test_a_ride_starts_where_the_vehicle_stands(connection: Connection) -> None:
    rider = a_member(connection)
    vehicle = a_vehicle(connection, a_member(connection), location="5 Pearl Street")

    ride = a_ride(connection, vehicle, rider)

    started = row(connection, Ride, ride)
    assert started.start_location == "5 Pearl Street"
    assert started.start_time == NOW
    assert row(connection, Vehicle, vehicle).status == "in_use"
    assert row(connection, User, rider).active_ride_id == ride.id


def test_a_rider_of_one_city_rides_in_another(connection: Connection) -> None:
    rider = a_member(connection, "new york")
    vehicle = a_vehicle(connection, a_member(connection, "paris"))

    for _ in range(2):
        ride = a_ride(connection, vehicle, rider)
        end(connection, ride, rider, "Rue Cler 1", now=NOW)

    assert ride.city == "paris"
    assert row(connection, User, rider).cities_ridden == ["paris"]


def test_a_taken_vehicle_is_not_taken_again(connection: Connection) -> None:
    vehicle = a_vehicle(connection, a_member(connection))
    a_ride(connection, vehicle, a_member(connection))

    with pytest.raises(errors.VehicleTaken):
        a_ride(connection, vehicle, a_member(connection))


def test_a_rider_on_a_ride_does_not_start_another(connection: Connection) -> None:
    owner, rider = a_member(connection), a_member(connection)
    a_ride(connection, a_vehicle(connection, owner), rider)

    with pytest.raises(errors.AlreadyRiding):
        a_ride(connection, a_vehicle(connection, owner), rider)


def test_starting_the_active_ride_again_returns_it(connection: Connection) -> None:
    rider = a_member(connection)
    vehicle = a_vehicle(connection, rider)
    ride = a_ride(connection, vehicle, rider)

    again = a_ride(connection, vehicle, rider, now=NOW + timedelta(minutes=1))

    assert again == ride
    assert connection.scalar(select(func.count()).select_from(Ride)) == 1


def test_a_removed_or_unknown_vehicle_is_not_started(connection: Connection) -> None:
    owner, rider = a_member(connection), a_member(connection)
    vehicle = a_vehicle(connection, owner)
    transactions.remove_vehicle(connection, vehicle, owner, now=NOW)

    with connection.begin_nested() as attempt:
        with pytest.raises(errors.VehicleTaken):
            a_ride(connection, vehicle, rider)
        attempt.rollback()
    with pytest.raises(errors.VehicleTaken):
        start(connection, "new york", uuid4(), rider)


def test_a_vehicle_is_not_started_in_another_city(connection: Connection) -> None:
    vehicle = a_vehicle(connection, a_member(connection, "rome"))

    with pytest.raises(errors.VehicleTaken):
        start(connection, "paris", public_id(connection, vehicle), a_member(connection))


def test_a_vehicle_is_not_started_by_its_permanent_id(connection: Connection) -> None:
    vehicle = a_vehicle(connection, a_member(connection))

    with pytest.raises(errors.VehicleTaken):
        start(connection, vehicle.city, vehicle.id, a_member(connection))


def test_a_vehicle_is_not_started_by_the_id_that_it_had_before_its_last_ride(
    connection: Connection,
) -> None:
    rider, vehicle = a_member(connection), a_vehicle(connection, a_member(connection))
    seen = public_id(connection, vehicle)
    end(connection, a_ride(connection, vehicle, rider), rider, "here")

    with pytest.raises(errors.VehicleTaken):
        start(connection, vehicle.city, seen, rider)


def test_an_unknown_user_starts_no_ride(connection: Connection) -> None:
    vehicle = a_vehicle(connection, a_member(connection))

    with pytest.raises(errors.AccountDeleted):
        a_ride(connection, vehicle, UserKey("new york", uuid4()))


def test_a_ride_ends_where_it_is_left_and_frees_both(connection: Connection) -> None:
    rider = a_member(connection)
    vehicle = a_vehicle(connection, rider)
    ride = a_ride(connection, vehicle, rider)

    end(connection, ride, rider, "9 Broadway", now=NOW + timedelta(minutes=12))

    ended = row(connection, Ride, ride)
    assert (ended.end_location, ended.length) == ("9 Broadway", timedelta(minutes=12))
    left = row(connection, Vehicle, vehicle)
    assert (left.status, left.last_location) == ("available", "9 Broadway")
    assert row(connection, User, rider).active_ride_id is None


def test_a_ride_never_ends_before_it_starts_whatever_the_clocks_say(connection: Connection) -> None:
    rider = a_member(connection)
    ride = a_ride(connection, a_vehicle(connection, rider), rider)

    end(connection, ride, rider, "here", now=NOW - timedelta(seconds=3))

    assert row(connection, Ride, ride).length == timedelta(0)


def test_a_ride_starts_no_earlier_than_its_vehicle_s_last_one_ended(
    connection: Connection,
) -> None:
    """The clock of the server that starts it is behind."""
    first, second = a_member(connection), a_member(connection)
    vehicle = a_vehicle(connection, first)
    ended = NOW + timedelta(minutes=12)
    end(connection, a_ride(connection, vehicle, first), first, "here", now=ended)

    ride = a_ride(connection, vehicle, second, now=ended - timedelta(seconds=3))

    assert row(connection, Ride, ride).start_time == ended
    assert row(connection, User, second).active_ride_start == ended
    assert row(connection, Vehicle, vehicle).available_since == ended


def test_a_ride_ends_once(connection: Connection) -> None:
    rider = a_member(connection)
    ride = a_ride(connection, a_vehicle(connection, rider), rider)
    end(connection, ride, rider, "here", now=NOW)

    end(connection, ride, rider, "there", now=NOW + timedelta(minutes=12))

    assert row(connection, Ride, ride).length == timedelta(0)
    assert row(connection, Ride, ride).end_location == "here"


def test_only_its_rider_ends_a_ride(connection: Connection) -> None:
    owner, rider, other = a_member(connection), a_member(connection), a_member(connection)
    ride = a_ride(connection, a_vehicle(connection, owner), rider)
    own = a_ride(connection, a_vehicle(connection, owner), other)

    for key, refusal in (
        (ride, errors.NotYourRide),
        (RideKey("rome", own.id), errors.RideNotFound),
    ):
        with pytest.raises(refusal):
            end(connection, key, other, "here", now=NOW)

    assert row(connection, Ride, ride).end_time is None


def test_only_its_owner_removes_a_vehicle(connection: Connection) -> None:
    owner, other = a_member(connection), a_member(connection)
    vehicle = a_vehicle(connection, owner)

    with pytest.raises(errors.NotYourVehicle):
        transactions.remove_vehicle(connection, vehicle, other, now=NOW)
    for _ in range(2):  # repeating it is harmless
        transactions.remove_vehicle(connection, vehicle, owner, now=NOW)
    with pytest.raises(errors.VehicleNotFound):
        transactions.remove_vehicle(connection, vehicle, other, now=NOW)

    assert row(connection, Vehicle, vehicle).removed_at == NOW


def test_a_deleted_account_keeps_its_rides_and_no_personal_data(connection: Connection) -> None:
    member = a_member(connection, username="forget.me")
    vehicle = a_vehicle(connection, member)
    ride = a_ride(connection, vehicle, member)
    end(connection, ride, member, "here", now=NOW)

    transactions.delete_account(connection, member, 0, now=NOW)

    erased = row(connection, User, member)
    assert erased.deleted_at == NOW
    personal = (erased.first_name, erased.last_name, erased.email, erased.username)
    assert (*personal, erased.password_hash) == (None,) * 5
    assert row(connection, Ride, ride).rider_id == member.id
    assert row(connection, Vehicle, vehicle).removed_at == NOW
    a_member(connection, username="forget.me")  # the name is available again


def test_an_account_is_not_deleted_during_a_ride(connection: Connection) -> None:
    member = a_member(connection)
    a_ride(connection, a_vehicle(connection, member), member)

    with pytest.raises(errors.StillRiding):
        transactions.delete_account(connection, member, 0, now=NOW)


def test_an_account_is_deleted_once(connection: Connection) -> None:
    member = a_member(connection)
    transactions.delete_account(connection, member, 0, now=NOW)

    with pytest.raises(errors.AccountDeleted):
        transactions.delete_account(connection, member, 0, now=NOW + timedelta(minutes=1))


def test_a_repeated_change_of_the_password_succeeds(connection: Connection) -> None:
    """The second run of a transaction whose reply was lost."""
    member = a_member(connection, username="grace.hopper")

    names = {
        transactions.set_password(connection, member, 0, password_hash="$argon2id$new")
        for _ in range(2)
    }

    changed = row(connection, User, member)
    assert names == {"grace.hopper"}
    assert (changed.password_hash, changed.session_epoch) == ("$argon2id$new", 1)


def test_a_repeated_change_of_the_email_address_succeeds(connection: Connection) -> None:
    """The second run of a transaction whose reply was lost."""
    member = a_member(connection, username="grace.hopper")

    names = {
        transactions.change_email(connection, member, 0, "grace@navy.example", verified_at=NOW)
        for _ in range(2)
    }

    changed = row(connection, User, member)
    assert names == {"grace.hopper"}
    assert (changed.email, changed.email_verified_at) == ("grace@navy.example", NOW)
    assert changed.session_epoch == 1


def test_deleting_an_account_erases_names_and_an_address_that_were_changed(
    connection: Connection,
) -> None:
    member = a_member(connection)
    transactions.change_names(
        connection, member, 0, first_name="Augusta", last_name="King", now=NOW
    )
    transactions.change_email(connection, member, 0, "king@home.example", verified_at=NOW)

    transactions.delete_account(connection, member, 1, now=NOW)

    erased = row(connection, User, member)
    personal = (erased.first_name, erased.last_name, erased.email, erased.email_verified_at)
    assert personal == (None,) * 4
