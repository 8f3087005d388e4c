"""Totals of rides: a rider's by month and week, a vehicle's of the last 30 days."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from movr import errors
from movr.database.engine import is_cockroachdb
from movr.movr import MovR
from movr.results import Member, MonthlyActivity, RideKey, RideTotal, UserKey, VehicleKey
from tests.follower_reads import wait_for_follower_reads
from tests.movr.people import a_past_ride, start_ride
from tests.movr.test_movr import a_member, some_vehicles

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday


@contextmanager
def at(moment: datetime, database: str) -> Iterator[MovR]:
    """Return MovR with its clock set to this time."""
    movr = MovR(database, clock=lambda: moment)
    yield movr
    movr.close()


def a_vehicle(movr: MovR, owner: UserKey) -> VehicleKey:
    (vehicle,) = some_vehicles(movr, owner, 1)
    return vehicle


def rode(movr: MovR, rider: UserKey, vehicle: VehicleKey) -> Member:
    """Insert a ride in 2001, outside of all shown periods, and return its rider."""
    with_clock = MovR(
        movr.engine.url.render_as_string(hide_password=False),
        clock=lambda: datetime(2001, 1, 1, tzinfo=UTC),
    )
    with_clock.end_ride(start_ride(with_clock, vehicle, rider), rider, location="here")
    with_clock.close()
    member = movr.session_member(rider)
    assert member
    return member


def add_ride(
    engine: Engine,
    rider: UserKey,
    vehicle: VehicleKey,
    start: datetime,
    *,
    minutes: int = 10,
    metres: int | None = 1000,
) -> UUID:
    """Insert a past ride."""
    length = timedelta(minutes=minutes)
    with engine.begin() as connection:
        return a_past_ride(connection, vehicle, rider, start, length=length, distance=metres).id


def total(begin: str, rides: int, minutes: int, metres: int) -> RideTotal:
    return RideTotal(date.fromisoformat(begin), rides, timedelta(minutes=minutes), metres)


def test_rides_are_added_up_by_month_and_by_week(movr: MovR, engine: Engine, database: str) -> None:
    rider = a_member(movr)
    vehicle = a_vehicle(movr, rider)
    member = rode(movr, rider, vehicle)
    for start, minutes, metres in (
        (datetime(2026, 11, 20, 9, tzinfo=UTC), 10, 1000),
        (datetime(2026, 11, 16, 12, tzinfo=UTC), 90, 2000),  # Monday
        (datetime(2026, 11, 15, 12, tzinfo=UTC), 5, None),  # Sunday
        (datetime(2026, 10, 1, 12, tzinfo=UTC), 7, 300),
    ):
        add_ride(engine, rider, vehicle, start, minutes=minutes, metres=metres)

    with at(NOW, database) as now:
        history = now.history(member, before=None, size=2)

    assert len(history.rides.items) == 2  # totals include all pages
    assert history.months == (total("2026-11-01", 3, 105, 3000), total("2026-10-01", 1, 7, 300))
    assert history.weeks == (
        total("2026-11-16", 2, 100, 3000),
        total("2026-11-09", 1, 5, 0),
        total("2026-09-28", 1, 7, 300),
    )


@pytest.mark.parametrize(
    ("home", "utc", "month", "week"),
    [
        ("new york", "2026-11-01T03:30", "2026-10-01", "2026-10-26"),  # still summer time, UTC-4
        ("new york", "2026-11-01T04:30", "2026-11-01", "2026-10-26"),
        ("new york", "2026-11-02T04:30", "2026-11-01", "2026-10-26"),  # now UTC-5
        ("new york", "2026-11-02T05:30", "2026-11-01", "2026-11-02"),
        ("seattle", "2026-11-01T06:30", "2026-10-01", "2026-10-26"),
        ("rome", "2026-10-31T22:30", "2026-10-01", "2026-10-26"),
        ("rome", "2026-10-31T23:30", "2026-11-01", "2026-10-26"),
        ("rome", "2026-06-30T22:30", "2026-07-01", "2026-06-29"),
    ],
)
def test_a_ride_counts_where_its_rider_s_calendar_has_it(
    movr: MovR, engine: Engine, database: str, home: str, utc: str, month: str, week: str
) -> None:
    rider = a_member(movr, home)
    vehicle = a_vehicle(movr, a_member(movr, "paris"))  # the vehicle's time zone does not matter
    member = rode(movr, rider, vehicle)
    add_ride(engine, rider, vehicle, datetime.fromisoformat(utc).replace(tzinfo=UTC))

    with at(NOW, database) as now:
        history = now.history(member, before=None, size=5)

    assert [month.begin.isoformat() for month in history.months] == [month]
    assert [week.begin.isoformat() for week in history.weeks] == [week]


def test_a_year_of_months_and_half_a_year_of_weeks_and_nothing_older(
    movr: MovR, engine: Engine, database: str
) -> None:
    rider = a_member(movr, "rome")
    vehicle = a_vehicle(movr, rider)
    member = rode(movr, rider, vehicle)
    for start in (
        datetime(2025, 10, 31, 22, 30, tzinfo=UTC),  # 23:30 local time, in October
        datetime(2025, 10, 31, 23, 30, tzinfo=UTC),
        datetime(2026, 5, 24, 21, 30, tzinfo=UTC),  # Sunday 23:30 local time
        datetime(2026, 5, 24, 22, 30, tzinfo=UTC),
    ):
        add_ride(engine, rider, vehicle, start)

    with at(NOW, database) as now:
        history = now.history(member, before=None, size=1)

    assert [(m.begin.isoformat(), m.rides) for m in history.months] == [
        ("2026-05-01", 2),
        ("2025-11-01", 1),
    ]
    assert [(w.begin.isoformat(), w.rides) for w in history.weeks] == [("2026-05-25", 1)]


def test_only_the_first_page_has_totals(movr: MovR, engine: Engine, database: str) -> None:
    rider = a_member(movr)
    vehicle = a_vehicle(movr, rider)
    member = rode(movr, rider, vehicle)
    add_ride(engine, rider, vehicle, NOW - timedelta(days=1))

    with at(NOW, database) as now:
        last = now.history(member, before=None, size=1).rides.items[0]
        second = now.history(member, before=(last.start_time, last.id), size=1)

    assert len(second.rides.items) == 1
    assert (second.months, second.weeks) == ((), ())


def test_a_ride_under_way_and_the_rides_of_others_do_not_count(
    movr: MovR, engine: Engine, database: str
) -> None:
    rider, other = a_member(movr), a_member(movr)
    vehicle = a_vehicle(movr, other)
    add_ride(engine, other, vehicle, NOW - timedelta(days=1))
    with at(NOW, database) as now:
        start_ride(now, vehicle, rider)
        member = now.session_member(rider)
        assert member
        history = now.history(member, before=None, size=5)

    assert [ride.is_active for ride in history.rides.items] == [True]
    assert (history.months, history.weeks) == ((), ())


def test_only_older_rides_of_a_traveller_may_be_stale(
    movr: MovR, engine: Engine, database: str
) -> None:
    rider = a_member(movr, "new york")
    at_home, abroad = a_vehicle(movr, rider), a_vehicle(movr, a_member(movr, "paris"))
    homebody = rode(movr, rider, at_home)
    traveller = rode(movr, rider, abroad)
    days = [NOW - timedelta(days=day) for day in range(1, 7)]
    rides = [add_ride(engine, rider, (at_home, abroad)[n % 2], day) for n, day in enumerate(days)]
    wait_for_follower_reads(engine)

    with at(NOW, database) as now:
        first = now.history(traveller, before=None, size=2)
        last = first.rides.items[-1]
        older = now.history(traveller, before=(last.start_time, last.id), size=3)
        at_home_only = now.history(homebody, before=(last.start_time, last.id), size=3)

    assert [ride.id for ride in first.rides.items] == rides[:2]
    assert [ride.id for ride in older.rides.items] == rides[2:5]
    assert older.rides.next
    assert older.is_stale is is_cockroachdb(engine.url)
    assert not first.is_stale
    assert not at_home_only.is_stale


# One ride


def test_a_rider_sees_their_own_ride_and_no_other(movr: MovR, engine: Engine) -> None:
    rider, other, idle = a_member(movr), a_member(movr), a_member(movr)
    vehicle = a_vehicle(movr, rider)
    member, another = rode(movr, rider, vehicle), rode(movr, other, vehicle)
    nobody = movr.session_member(idle)
    assert nobody
    ride = add_ride(engine, rider, vehicle, NOW, minutes=12, metres=2345)

    seen = movr.ride(member, ride)

    assert (seen.start_location, seen.end_location) == ("here", "there")
    assert (seen.start_time, seen.length, seen.distance) == (NOW, timedelta(minutes=12), 2345)
    assert (seen.vehicle_type, seen.vehicle_brand) == ("bike", "Kona")
    for who, id_ in ((another, ride), (nobody, ride), (member, uuid4())):
        with pytest.raises(errors.RideNotFound):
            movr.ride(who, id_)


def test_a_traveller_s_ride_is_found_where_it_was(movr: MovR, engine: Engine) -> None:
    rider = a_member(movr, "new york")
    vehicle = a_vehicle(movr, a_member(movr, "paris"))
    member = rode(movr, rider, vehicle)

    ride = add_ride(engine, rider, vehicle, NOW)

    assert movr.ride(member, ride).city == "paris"


def test_the_active_ride_says_what_is_ridden_and_since_when(movr: MovR, database: str) -> None:
    rider = a_member(movr)
    vehicle = a_vehicle(movr, a_member(movr, "paris"))
    with at(NOW, database) as now:
        ride = start_ride(now, vehicle, rider)
        riding = now.session_member(rider)
        now.end_ride(ride, rider, location="here")
        after = now.session_member(rider)

    assert riding
    assert riding.active_ride
    active = riding.active_ride
    assert active.key == RideKey("paris", ride.id)
    assert (active.vehicle_type, active.vehicle_brand, active.start_time) == ("bike", "Kona", NOW)
    assert after
    assert after.active_ride is None


# Totals of vehicles


def test_an_owner_sees_what_each_vehicle_did_in_the_last_30_days(
    movr: MovR, engine: Engine, database: str
) -> None:
    owner, rider = a_member(movr), a_member(movr, "rome")
    busy, idle, ridden = sorted(some_vehicles(movr, owner, 3))
    for days, metres in ((29.9, 1000), (1, None), (0.5, 500), (30.1, 9999)):
        add_ride(engine, rider, busy, NOW - timedelta(days=days), metres=metres)
    with at(NOW, database) as now:
        start_ride(now, ridden, rider)
        owned = now.vehicles_of(owner, 0, after=None, size=10).page.items

    none = MonthlyActivity(0, timedelta(), 0)
    assert {item.key: item.month for item in owned} == {
        busy: MonthlyActivity(3, timedelta(minutes=30), 1500),
        idle: none,
        ridden: none,
    }


def test_each_page_of_vehicles_says_what_those_did(
    movr: MovR, engine: Engine, database: str
) -> None:
    owner = a_member(movr)
    vehicles = sorted(some_vehicles(movr, owner, 3))
    for number, vehicle in enumerate(vehicles, start=1):
        for _ in range(number):
            add_ride(engine, owner, vehicle, NOW - timedelta(days=1))

    with at(NOW, database) as now:
        first = now.vehicles_of(owner, 0, after=None, size=2).page
        assert first.next
        second = now.vehicles_of(owner, 0, after=UUID(first.next), size=2).page

    assert [item.month.rides for item in first.items + second.items] == [1, 2, 3]
