"""Fares: the tariff that a ride notes at its start, and its amount."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Engine, Interval, column, insert, select, text, update, values

from movr.database import invariants
from movr.fares import Tariff, fare, fare_of
from movr.models import LedgerEntry, Ride
from movr.models import Tariff as TariffRow
from movr.movr import MovR
from movr.results import RideKey, UserKey, VehicleKey
from tests.movr.conftest import MovRAt
from tests.movr.people import start_ride
from tests.visitor import registration

SECOND, MINUTE, HOUR = (timedelta(seconds=n) for n in (1, 60, 3600))
DAY = 24 * HOUR
BIKE = Tariff(unlock_fee=100, per_minute=15, daily_cap=1500)  # in Amsterdam

CAP = st.integers(0, 100_000)
TARIFFS = CAP.flatmap(
    lambda cap: st.builds(Tariff, st.integers(0, cap), st.integers(0, cap), st.just(cap))
)
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=400)) | st.sampled_from(
    [n * unit + more for n in (0, 1, 24, 25) for unit in (MINUTE, HOUR, DAY)
     for more in (timedelta(0), timedelta(microseconds=1), SECOND)]
)  # fmt: skip


class TheClock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> TheClock:
    return TheClock()


@pytest.fixture
def movr(movr_at: MovRAt, engine: Engine, clock: TheClock) -> MovR:  # noqa: ARG001 - emptied
    """Class MovR where rides cost."""
    return movr_at(clock, charges_rides=True)


@pytest.fixture
def rider(movr: MovR) -> UserKey:
    return movr.register(**registration("amsterdam"))


@pytest.fixture
def bike(movr: MovR, rider: UserKey) -> VehicleKey:
    return movr.add_vehicle(rider, type="bike", color="red", brand="Kona", location="Dam 1")


@pytest.fixture
def later_tariff(engine: Engine) -> Iterator[None]:
    """A dearer tariff of bikes in Amsterdam, a minute after the clock starts."""
    row: dict[str, Any] = {"city": "amsterdam", "vehicle_type": "bike"}
    row |= {"valid_from": datetime(2026, 10, 1, 0, 1, tzinfo=UTC)}
    row |= {"unlock_fee": 200, "per_minute": 20, "daily_cap": 3000, "owner_percent": 50}
    with engine.begin() as connection:
        connection.execute(insert(TariffRow), row)
    yield
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM tariffs WHERE valid_from > '2000-01-01'"))


class Noted(NamedTuple):
    unlock_fee: int | None
    per_minute: int | None
    daily_cap: int | None
    owner_percent: int | None
    amount: int | None


def noted(engine: Engine, ride: RideKey) -> Noted:
    columns = (getattr(Ride, name) for name in Noted._fields)
    with engine.connect() as connection:
        row = connection.execute(select(*columns).where(Ride.id == ride.id)).one()
    return Noted(*row)


def ridden(
    movr: MovR, clock: TheClock, bike: VehicleKey, rider: UserKey, length: timedelta
) -> RideKey:
    """Ride for this time and return the ride."""
    ride = start_ride(movr, bike, rider)
    clock.now += length
    movr.end_ride(ride, rider, location="Dam 2")
    return ride


@pytest.mark.parametrize(
    ("length", "amount"),
    [
        (timedelta(0), 100),
        (timedelta(microseconds=1), 115),
        (MINUTE, 115),
        (MINUTE + SECOND, 130),
        (93 * MINUTE, 1495),
        (94 * MINUTE, 1500),
        (DAY, 1500),
        (DAY + SECOND, 1515),
        (25 * HOUR, 2400),
        (3 * DAY, 4500),
    ],
)
def test_a_fare_is_the_unlock_fee_and_the_minutes_up_to_a_cap_each_day(
    length: timedelta, amount: int
) -> None:
    assert fare(BIKE, length) == amount


@settings(deadline=None)
@given(TARIFFS, LENGTHS, LENGTHS)
def test_a_longer_ride_never_costs_less_and_no_day_more_than_its_cap(
    tariff: Tariff, length: timedelta, more: timedelta
) -> None:
    amount = fare(tariff, length)

    assert isinstance(amount, int)
    assert 0 <= amount <= fare(tariff, length + more)
    assert amount <= tariff.daily_cap * max(1, -(-length // DAY))
    assert amount >= min(tariff.unlock_fee, tariff.daily_cap)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TARIFFS, LENGTHS), min_size=20, max_size=100))
def test_the_database_computes_the_same_fare(
    session_engine: Engine, cases: list[tuple[Tariff, timedelta]]
) -> None:
    rows = values(
        column("number", BigInteger),
        *(column(name, BigInteger) for name in Tariff._fields),
        column("length", Interval),
        name="rides",
    ).data([(n, *tariff, length) for n, (tariff, length) in enumerate(cases)])
    fares = select(fare_of(rows.c, rows.c.length)).order_by(rows.c.number)
    with session_engine.connect() as connection:
        found = connection.execute(fares).scalars().all()

    assert found == [fare(tariff, length) for tariff, length in cases]


@pytest.mark.usefixtures("later_tariff")
def test_a_ride_notes_the_tariff_of_its_start_and_its_end_computes_the_amount(
    movr: MovR, engine: Engine, clock: TheClock, rider: UserKey, bike: VehicleKey
) -> None:
    before = start_ride(movr, bike, rider)
    assert noted(engine, before) == (*BIKE, 70, None)
    clock.now += 5 * MINUTE
    movr.end_ride(before, rider, location="Dam 2")

    after = ridden(movr, clock, bike, rider, 5 * MINUTE)

    assert noted(engine, before) == (*BIKE, 70, 175)
    assert noted(engine, after) == (200, 20, 3000, 50, 300)


def test_a_member_s_active_ride_has_its_tariff(
    movr: MovR, clock: TheClock, rider: UserKey, bike: VehicleKey
) -> None:
    ride = start_ride(movr, bike, rider)
    member = movr.session_member(rider)
    assert member
    assert member.active_ride
    assert member.active_ride.tariff == BIKE

    clock.now += MINUTE
    movr.end_ride(ride, rider, location="Dam 2")

    member = movr.session_member(rider)
    assert member
    receipt = movr.ride(member, ride.id)
    assert (receipt.tariff, receipt.amount) == (BIKE, 115)


def test_rides_are_free_of_charge_without_payments(
    movr: MovR, database: str, engine: Engine, clock: TheClock, rider: UserKey, bike: VehicleKey
) -> None:
    without = MovR(database, clock=clock)
    free = ridden(without, clock, bike, rider, HOUR)
    started_with = start_ride(movr, bike, rider)
    clock.now += HOUR
    without.end_ride(started_with, rider, location="Dam 2")
    without.close()

    assert noted(engine, free) == (None, None, None, None, 0)
    assert noted(engine, started_with).amount == 1000, "a ride keeps what held at its start"


def test_the_hour_that_the_clocks_repeat_is_charged_once_and_a_clock_behind_charges_nothing(
    movr: MovR, engine: Engine, clock: TheClock, rider: UserKey, bike: VehicleKey
) -> None:
    clock.now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Amsterdam, summer time
    repeated = ridden(movr, clock, bike, rider, HOUR)
    behind = ridden(movr, clock, bike, rider, -HOUR)

    assert noted(engine, repeated).amount == fare(BIKE, HOUR) == 1000
    assert noted(engine, behind).amount == fare(BIKE, timedelta(0)) == 100


def entries(engine: Engine, ride: RideKey) -> dict[str, tuple[Any, ...]]:
    """Return holder, amount and currency of each account."""
    columns = (LedgerEntry.account, LedgerEntry.holder_id, LedgerEntry.amount, LedgerEntry.currency)
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).where(LedgerEntry.ride_id == ride.id)).all()
    return {account: tuple(rest) for account, *rest in rows}


def test_a_fare_is_charged_to_the_rider_and_shared_by_the_owner_and_movr(
    movr: MovR, engine: Engine, clock: TheClock, rider: UserKey, bike: VehicleKey
) -> None:
    traveller = movr.register(**registration("new york"))

    ride = ridden(movr, clock, bike, traveller, 5 * MINUTE)

    assert entries(engine, ride) == {
        "rider": (traveller.id, -175, "EUR"),
        "owner": (rider.id, 122, "EUR"),  # 70 %, rounded down
        "movr": (None, 53, "EUR"),
    }
    assert not movr.end_ride(ride, traveller, location="Dam 3")
    assert len(entries(engine, ride)) == 3
    assert invariants.find_violations(engine) == []


def test_a_ride_that_is_free_of_charge_has_no_entries(
    database: str, engine: Engine, clock: TheClock, movr: MovR, rider: UserKey, bike: VehicleKey
) -> None:
    without = MovR(database, clock=clock)

    ride = ridden(without, clock, bike, rider, HOUR)
    without.close()

    assert entries(engine, ride) == {}
    assert movr.session_member(rider)
    assert invariants.find_violations(engine) == []


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    tariff=TARIFFS,
    percent=st.integers(0, 100),
    length=LENGTHS,
    skew=st.timedeltas(-2 * DAY, 2 * DAY),
)
def test_the_ledger_of_any_ride_sums_to_zero_whatever_its_tariff_length_and_clocks(
    movr: MovR,
    engine: Engine,
    clock: TheClock,
    rider: UserKey,
    bike: VehicleKey,
    tariff: Tariff,
    percent: int,
    length: timedelta,
    skew: timedelta,
) -> None:
    ride = start_ride(movr, bike, rider)
    prices = {**tariff._asdict(), "owner_percent": percent}
    this = update(Ride).where(Ride.city == ride.city, Ride.id == ride.id)
    with engine.begin() as connection:
        start = connection.execute(this.values(prices).returning(Ride.start_time)).scalar_one()
    clock.now = start + length + skew

    movr.end_ride(ride, rider, location="Dam 2")

    amount = noted(engine, ride).amount
    assert amount == fare(tariff, max(length + skew, timedelta(0)))
    found = {account: of[1] for account, of in entries(engine, ride).items()}
    assert sum(found.values()) == 0
    assert -found.get("rider", 0) == amount
    assert found.get("owner", 0) == amount * percent // 100
