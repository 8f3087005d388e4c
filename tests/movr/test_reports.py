"""Problems that riders report: by whom, about which vehicles, and who sees and closes them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, Row, select

from movr import errors
from movr.cities import Position
from movr.database import invariants
from movr.formats import MENDED, NO_FAULT
from movr.models import Letter, Report, VehicleEvent
from movr.movr import MovR
from movr.reports import MAX_OPEN, REPORT_WITHIN, Problem, ShownVehicle
from movr.results import OpenReport, RideKey, UserKey, VehicleKey
from tests.movr.conftest import MovRAt
from tests.movr.people import HERE, public_id_in, start_ride, suspend
from tests.movr.test_movr import a_member
from tests.movr.test_reservations import Clock
from tests.visitor import PASSWORD

FLAT = Problem(kind="tyre", words="The front tyre is flat", position=HERE)
DIRTY = Problem(kind="dirty")


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
def vehicle(movr: MovR, owner: UserKey) -> VehicleKey:
    return movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="Wall Street")


@pytest.fixture
def rider(movr: MovR) -> UserKey:
    """A rider from another city."""
    return a_member(movr, "rome")


def shown(movr: MovR, vehicle: VehicleKey) -> ShownVehicle:
    return ShownVehicle(vehicle.city, public_id_in(movr, vehicle))


def rows(engine: Engine) -> list[Row[tuple[Report]]]:
    with engine.connect() as connection:
        return list(connection.execute(select(Report.__table__)).all())


def open_reports(movr: MovR, vehicle: VehicleKey, owner: UserKey) -> tuple[OpenReport, ...]:
    return movr.reports.of_vehicle(owner, 0, vehicle_id=vehicle.id).page.items


def test_a_rider_reports_during_the_ride_and_after_it_and_the_owner_sees_it_without_the_rider(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey, clock: Clock, engine: Engine
) -> None:
    ride = start_ride(movr, vehicle, rider)
    movr.reports.report(ride, rider, 0, FLAT)
    clock.now += timedelta(minutes=1)
    movr.end_ride(ride, rider, location="Broadway")
    movr.reports.report(ride, rider, 0, DIRTY)

    flat, dirty = open_reports(movr, vehicle, owner)

    assert (flat.kind, flat.words, flat.position) == ("tyre", "The front tyre is flat", HERE)
    assert (dirty.kind, dirty.words, dirty.position) == ("dirty", None, None)
    assert {str(rider.id), str(ride.id)}.isdisjoint(map(str, (*flat, *dirty)))
    assert {row.ride_id for row in rows(engine)} == {ride.id}
    (owned,) = movr.vehicles_of(owner, 0, after=None, size=9).page.items
    assert owned.reports == 2


def test_a_ride_of_another_member_or_of_long_ago_cannot_be_reported(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey, clock: Clock, engine: Engine
) -> None:
    ride = start_ride(movr, vehicle, rider)
    movr.end_ride(ride, rider, location="Broadway")

    for key in (ride, RideKey("paris", ride.id), RideKey("new york", uuid4())):
        with pytest.raises(errors.RideNotFound):
            movr.reports.report(key, owner, 0, DIRTY)
    clock.now += REPORT_WITHIN + timedelta(seconds=1)
    with pytest.raises(errors.TooLateToReport):
        movr.reports.report(ride, rider, 0, FLAT)

    assert rows(engine) == []


def test_a_vehicle_is_reported_by_its_page_only_while_the_page_shows_it(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey, engine: Engine
) -> None:
    """Otherwise reports would tell strangers whether it is ridden, reserved or gone."""
    page = shown(movr, vehicle)
    movr.reports.report(page, rider, 0, DIRTY)
    movr.reserve(*page, rider)
    movr.reports.report(page, rider, 0, DIRTY)
    for stranger in (owner, a_member(movr, "paris")):
        with pytest.raises(errors.VehicleNotFound):
            movr.reports.report(page, stranger, 0, DIRTY)
    ride = start_ride(movr, vehicle, rider)
    for reporter in (rider, owner):
        with pytest.raises(errors.VehicleNotFound):
            movr.reports.report(page, reporter, 0, DIRTY)
    movr.end_ride(ride, rider, location="Broadway")

    with pytest.raises(errors.VehicleNotFound):
        movr.reports.report(page, rider, 0, DIRTY)

    assert len(rows(engine)) == 2


def test_a_form_that_is_sent_again_is_the_same_report_even_if_its_vehicle_has_left_the_page(
    movr: MovR, vehicle: VehicleKey, rider: UserKey, engine: Engine
) -> None:
    page = shown(movr, vehicle)
    movr.reports.report(page, rider, 0, FLAT, idempotency_key="a form")
    start_ride(movr, vehicle, rider)

    movr.reports.report(page, rider, 0, FLAT, idempotency_key="a form")

    assert len(rows(engine)) == 1


def test_a_member_has_at_most_ten_open_reports_in_a_city(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey
) -> None:
    ride = start_ride(movr, vehicle, rider)
    for _ in range(MAX_OPEN):
        movr.reports.report(ride, rider, 0, DIRTY)
    with pytest.raises(errors.TooManyReports):
        movr.reports.report(ride, rider, 0, DIRTY)

    movr.reports.close(open_reports(movr, vehicle, owner)[0].id, owner, outcome=MENDED)

    movr.reports.report(ride, rider, 0, DIRTY)
    assert len(open_reports(movr, vehicle, owner)) == MAX_OPEN


def test_a_position_outside_of_the_city_is_refused(
    movr: MovR, vehicle: VehicleKey, rider: UserKey, engine: Engine
) -> None:
    problem = Problem(kind="lock", position=Position(48.85, 2.35))
    with pytest.raises(errors.TooFarAway):
        movr.reports.report(shown(movr, vehicle), rider, 0, problem)

    assert rows(engine) == []


def test_a_session_that_has_ended_and_a_deleted_account_report_nothing(
    movr: MovR, vehicle: VehicleKey, rider: UserKey, engine: Engine
) -> None:
    page = shown(movr, vehicle)
    movr.end_sessions(rider, 0)
    with pytest.raises(errors.SessionEnded):
        movr.reports.report(page, rider, 0, FLAT)
    movr.delete_account(rider, 1, password=PASSWORD)
    with pytest.raises(errors.AccountDeleted):
        movr.reports.report(page, rider, 1, FLAT)

    assert rows(engine) == []


def test_reports_need_a_verified_address_where_rides_do(
    database: str, movr: MovR, vehicle: VehicleKey, rider: UserKey
) -> None:
    strict = MovR(database, only_verified=True)
    page = shown(movr, vehicle)
    with pytest.raises(errors.EmailNotVerified):
        strict.reports.report(page, rider, 0, FLAT)
    member = strict.session_member(rider)
    assert member
    strict.verify_email(rider, member.email)

    strict.reports.report(page, rider, 0, FLAT)
    strict.close()


def test_a_suspended_member_reports_nothing(
    movr: MovR, vehicle: VehicleKey, rider: UserKey, engine: Engine
) -> None:
    suspend(movr, rider)

    with pytest.raises(errors.AccountSuspended):
        movr.reports.report(shown(movr, vehicle), rider, 0, FLAT)

    assert rows(engine) == []


def states(engine: Engine, vehicle: VehicleKey) -> list[tuple[str, str]]:
    """Return the changes of the vehicle's state after it was listed."""
    events = select(VehicleEvent.previous_state, VehicleEvent.state).where(
        VehicleEvent.vehicle_id == vehicle.id
    )
    with engine.connect() as connection:
        found = connection.execute(events.order_by(VehicleEvent.happened_at)).all()
    return [(row.previous_state, row.state) for row in found[1:]]


def test_two_open_safety_reports_of_different_members_take_the_vehicle_out_of_service_once(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey, engine: Engine
) -> None:
    first, second = a_member(movr), a_member(movr)
    page = shown(movr, vehicle)
    movr.reports.report(page, first, 0, FLAT)
    movr.reports.close(open_reports(movr, vehicle, owner)[0].id, owner, outcome=MENDED)
    movr.reports.report(page, rider, 0, FLAT)
    movr.reports.report(page, rider, 0, Problem(kind="brakes"))
    movr.reports.report(page, second, 0, DIRTY)
    assert states(engine, vehicle) == []

    movr.reports.report(page, second, 0, Problem(kind="lock"), idempotency_key="a form")
    movr.reports.report(page, second, 0, Problem(kind="lock"), idempotency_key="a form")

    assert states(engine, vehicle) == [("available", "non_operational")]
    with pytest.raises(errors.VehicleTaken):
        movr.start_ride(*page, first)
    with pytest.raises(errors.SafetyReportsOpen):
        movr.fleet.resume(owner, 0, vehicle.id)
    for report in open_reports(movr, vehicle, owner):
        movr.reports.close(report.id, owner, outcome=NO_FAULT)
    movr.fleet.resume(owner, 0, vehicle.id)
    movr.start_ride(*page, first)


def test_safety_reports_during_a_ride_take_effect_at_its_end_and_end_a_reservation_at_once(
    movr: MovR, vehicle: VehicleKey, rider: UserKey, engine: Engine
) -> None:
    first, holder = a_member(movr), a_member(movr, "paris")
    earlier = start_ride(movr, vehicle, first)
    movr.end_ride(earlier, first, location="Broadway", position=HERE)
    ride = start_ride(movr, vehicle, rider)
    movr.reports.report(ride, rider, 0, FLAT)
    movr.end_ride(ride, rider, location="Broadway", position=HERE)
    movr.reserve(*shown(movr, vehicle), holder)
    movr.reports.report(earlier, first, 0, FLAT)

    member = movr.session_member(holder)
    assert member
    assert member.reservation is None
    assert states(engine, vehicle)[-1] == ("reserved", "non_operational")

    other = movr.add_vehicle(first, type="bike", color="red", brand="Kona", location="there")
    page = shown(movr, other)
    movr.reports.report(page, first, 0, FLAT)
    ride = start_ride(movr, other, rider)
    movr.reports.report(ride, rider, 0, FLAT)
    assert states(engine, other)[-1] == ("available", "on_trip")
    movr.end_ride(ride, rider, location="Broadway", position=HERE)
    assert states(engine, other)[-1] == ("on_trip", "non_operational")


def test_a_report_about_a_vehicle_that_was_removed_meanwhile_changes_it_no_more(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey, engine: Engine
) -> None:
    ride = start_ride(movr, vehicle, rider)
    movr.end_ride(ride, rider, location="Broadway")
    movr.reports.report(shown(movr, vehicle), a_member(movr), 0, FLAT)
    movr.remove_vehicle(vehicle, owner)

    movr.reports.report(ride, rider, 0, FLAT)

    assert len(rows(engine)) == 2
    assert states(engine, vehicle)[-1] == ("available", "removed")


def test_the_reporter_and_nobody_else_gets_one_letter_about_a_closed_report(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey, engine: Engine
) -> None:
    for reporter in (rider, owner):
        movr.reports.report(shown(movr, vehicle), reporter, 0, FLAT)
    for report in open_reports(movr, vehicle, owner):
        for _ in range(2):
            movr.reports.close(report.id, owner, outcome=MENDED)

    with engine.connect() as connection:
        (letter,) = connection.execute(select(Letter.__table__)).all()

    assert (letter.city, letter.user_id, letter.kind) == (*rider, "report_closed")
    said = {"color": "red", "brand": "Kona", "type": "bike", "outcome": "mended"}
    assert json.loads(letter.data) == said | {"vehicle": "red Kona bike"}


def test_only_the_owner_sees_the_reports_of_a_vehicle_and_closes_them_once(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey, engine: Engine, clock: Clock
) -> None:
    movr.reports.report(shown(movr, vehicle), rider, 0, FLAT)
    (report,) = open_reports(movr, vehicle, owner)
    for stranger in (rider, a_member(movr)):
        with pytest.raises(errors.VehicleNotFound):
            open_reports(movr, vehicle, stranger)
        with pytest.raises(errors.ReportNotFound):
            movr.reports.close(report.id, stranger, outcome=NO_FAULT)
    with pytest.raises(errors.ReportNotFound):
        movr.reports.close(uuid4(), owner, outcome=MENDED)
    assert movr.reports.of_vehicle(owner, 1, vehicle_id=vehicle.id).page.items == ()

    assert movr.reports.close(report.id, owner, outcome=MENDED)
    assert not movr.reports.close(report.id, owner, outcome=NO_FAULT)

    (row,) = rows(engine)
    assert (row.outcome, row.closed_at, row.closed_by_id) == (MENDED, clock.now, owner.id)
    assert open_reports(movr, vehicle, owner) == ()


def test_deleting_an_account_erases_what_it_said_in_reports_of_all_cities(
    movr: MovR, vehicle: VehicleKey, owner: UserKey, rider: UserKey, engine: Engine
) -> None:
    at_home = movr.add_vehicle(rider, type="bike", color="red", brand="Kona", location="Roma")
    movr.reports.report(shown(movr, vehicle), rider, 0, FLAT)
    movr.reports.report(shown(movr, vehicle), owner, 0, FLAT)
    movr.reports.report(shown(movr, at_home), rider, 0, Problem(kind="other", words="Odd"))

    movr.delete_account(rider, 0, password=PASSWORD)

    said = {(row.reporter_id, row.words, row.latitude) for row in rows(engine)}
    assert said == {(rider.id, None, None), (owner.id, FLAT.words, HERE.latitude)}
