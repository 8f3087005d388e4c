"""The invariants: they hold after MovR's own transactions, and each violation is found."""

import pytest
from sqlalchemy import Engine, text

from movr import transactions
from movr.database import invariants
from tests.movr.people import NOW, a_member, a_ride, a_vehicle, end

# A statement that violates each invariant on the data of `ridden`.
BREACHES = {
    "A vehicle has at most one active ride.": (
        "INSERT INTO rides (city, id, vehicle_id, rider_city, rider_id, start_location, start_time)"
        " SELECT city, gen_random_uuid(), vehicle_id, rider_city, rider_id, start_location,"
        " start_time FROM rides WHERE end_time IS NULL"
    ),
    "A rider has at most one active ride.": (
        "INSERT INTO rides (city, id, vehicle_id, rider_city, rider_id, start_location, start_time)"
        " SELECT v.city, gen_random_uuid(), v.id, r.rider_city, r.rider_id, v.last_location,"
        " r.start_time FROM rides r, vehicles v"
        " WHERE r.end_time IS NULL AND v.status = 'available' AND v.removed_at IS NULL"
    ),
    "A vehicle in use has an active ride.": (
        "UPDATE vehicles SET status = 'in_use' WHERE removed_at IS NULL"
    ),
    "A vehicle with an active ride is in use.": "UPDATE vehicles SET status = 'available'",
    "An active ride is recorded in its rider's row.": (
        "UPDATE users SET active_ride_city = NULL, active_ride_id = NULL, active_ride_type = NULL,"
        " active_ride_brand = NULL, active_ride_start = NULL, active_ride_latitude = NULL,"
        " active_ride_longitude = NULL"
    ),
    "A ride recorded in a user's row is active and belongs to that user.": (
        "UPDATE users SET active_ride_city = 'paris', active_ride_id = gen_random_uuid()"
        " WHERE deleted_at IS NULL"
    ),
    "A rider has at most one reservation.": (
        "UPDATE vehicles SET reserved_until = now() + INTERVAL '1 minute',"
        " reserved_by_city = 'paris', reserved_by_id = owner_id"
    ),
    "A reserved vehicle is available, and its reservation is in its rider's row.": (
        "UPDATE vehicles SET reserved_until = now() + INTERVAL '1 minute',"
        " reserved_by_city = 'paris', reserved_by_id = owner_id"
    ),
    "A reservation in a user's row is that of a vehicle, and the account is not deleted.": (
        "UPDATE users SET reservation_until = now() + INTERVAL '1 minute',"
        " reservation_city = 'paris', reservation_public_id = gen_random_uuid()"
    ),
    "A user's row names every city where the user has ridden.": (
        "UPDATE users SET cities_ridden = ARRAY['rome', 'new york']"
    ),
    "A ride begins after its vehicle's last ride has ended.": (
        "INSERT INTO rides (city, id, vehicle_id, rider_city, rider_id, start_location, start_time,"
        " end_location, end_time, length) SELECT city, gen_random_uuid(), vehicle_id, rider_city,"
        " rider_id, start_location, start_time - INTERVAL '1 minute', 'there',"
        " start_time + INTERVAL '1 minute', INTERVAL '2 minutes' FROM rides"
    ),
    "A rider's totals are the sums of their ended rides.": (
        "UPDATE ride_totals SET rides = rides + 1 WHERE period = 'week'"
    ),
    "A ride costs what its tariff says, and nothing if it was undone.": (
        "UPDATE rides SET amount = 1 WHERE end_time IS NOT NULL"
    ),
    "A ride that costs is charged once, to its rider and for its vehicle's owner.": (
        "UPDATE ledger_entries SET holder_id = gen_random_uuid() WHERE account = 'owner'"
    ),
    "The entries of a ride in the ledger sum to zero.": (
        "DELETE FROM ledger_entries WHERE account = 'movr'"
    ),
    "A payment or refund is of the amount, the currency and the people of its fare.": (
        "INSERT INTO ledger_entries (city, ride_id, kind, account, holder_city, holder_id,"
        " vehicle_id, amount, currency, created_at) SELECT city, ride_id, 'refund', account,"
        " holder_city, holder_id, vehicle_id, 1 - amount, currency, now() FROM ledger_entries"
    ),
    "An undone ride ended within minutes, where it began.": (
        "UPDATE rides SET undone = true WHERE end_time IS NOT NULL"
    ),
    "The owner of a vehicle that stays in service is marked as owner and has an account.": (
        "UPDATE users SET is_owner = false WHERE deleted_at IS NULL"
    ),
    "A member's row names the cities of their roles, and no others.": (
        "UPDATE users SET staff_cities = ARRAY['rome'] WHERE city = 'paris'"
    ),
    "Suspended accounts and given roles are in the audit.": (
        "UPDATE users SET suspended_at = now() WHERE deleted_at IS NULL"
    ),
    "A deleted account has no role, and no device or program.": (
        "INSERT INTO staff_roles (city, user_city, user_id, role, granted_at) SELECT 'paris', city,"
        " id, 'support', now() FROM users WHERE deleted_at IS NOT NULL"
    ),
    "Every vehicle has a number.": "UPDATE vehicles SET number = NULL",
    "A vehicle that is not ridden is not to be removed after its ride.": (
        "UPDATE vehicles SET remove_after_ride = true"
    ),
    "An available vehicle is not paused.": "UPDATE vehicles SET paused_by = 'staff'",
    "An event of a vehicle begins in the state to which the one before has led.": (
        "DELETE FROM vehicle_events WHERE state = 'on_trip'"
    ),
    "A vehicle is in the state to which its last event has led.": (
        "UPDATE vehicles SET status = 'missing' WHERE status = 'available'"
    ),
    "A ride that starts by an event ends by one.": (
        "DELETE FROM vehicle_events WHERE previous_state = 'on_trip'"
    ),
    "The rides of a deleted account have no places and no words of their rider.": (
        "INSERT INTO rides (city, id, vehicle_id, rider_city, rider_id, start_location, start_time,"
        " end_location, end_time, length) SELECT v.city, gen_random_uuid(), v.id, u.city, u.id,"
        " 'here', v.removed_at, 'there', v.removed_at, INTERVAL '0 minutes'"
        " FROM users u, vehicles v WHERE u.deleted_at IS NOT NULL AND v.removed_at IS NOT NULL"
    ),
    "A user's row names every city where the user has reported a problem.": (
        "INSERT INTO reports (city, id, vehicle_id, reporter_city, reporter_id, kind, created_at)"
        " SELECT city, gen_random_uuid(), gen_random_uuid(), city, id, 'lock', now() FROM users"
    ),
    "The reports of a deleted account have no words and no place.": (
        "INSERT INTO reports (city, id, vehicle_id, reporter_city, reporter_id, kind, created_at,"
        " words) SELECT city, gen_random_uuid(), gen_random_uuid(), city, id, 'lock', now(), 'Odd'"
        " FROM users"
    ),
}


@pytest.fixture
def ridden(engine: Engine) -> Engine:
    """A database where a rider with a past ride at home has an active ride in Paris.

    The past ride has cost the unlock fee. A second vehicle in Paris is available, and one account
    was deleted.
    """
    with engine.begin() as connection:
        owner, gone = a_member(connection, "paris"), a_member(connection, "paris")
        vehicle = a_vehicle(connection, owner)
        a_vehicle(connection, owner)
        a_vehicle(connection, gone)
        transactions.delete_account(connection, gone, 0, now=NOW)
        rider = a_member(connection, "new york")
        ride = a_ride(connection, a_vehicle(connection, rider), rider, is_charged=True)
        end(connection, ride, rider, "2 Broadway")
        a_ride(connection, vehicle, rider)
    return engine


def test_an_empty_database_breaks_nothing(engine: Engine) -> None:
    assert invariants.find_violations(engine) == []


def test_what_movr_does_breaks_nothing(ridden: Engine) -> None:
    assert invariants.find_violations(ridden) == []


@pytest.mark.parametrize("sentence", invariants.INVARIANTS)
def test_a_breach_is_reported_with_its_count_and_an_example(ridden: Engine, sentence: str) -> None:
    with ridden.begin() as connection:
        connection.execute(text(BREACHES[sentence]))

    violations = invariants.find_violations(ridden)

    (violation,) = [found for found in violations if found.startswith(sentence)]
    assert "Broken by " in violation
    assert "paris" in violation or "new york" in violation


def test_a_breach_is_counted(ridden: Engine) -> None:
    with ridden.begin() as connection:
        connection.execute(text("UPDATE users SET is_owner = false"))

    (violation,) = invariants.find_violations(ridden)

    assert violation.startswith("The owner of a vehicle that stays in service")
    assert "Broken by 3: new york, " in violation
