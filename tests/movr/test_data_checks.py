"""The checks of new rows for the metrics: letters that wait, the ledger, the audit."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select, text

from movr.data_checks import AUDIT_PERIOD, LEDGER_PERIOD, DataCheck
from movr.formats import DIRTY, MECHANIC, MENDED, OTHER
from movr.models import Report
from movr.movr import MovR
from movr.outbox import Kind, NewLetter
from movr.reports import Problem, ShownVehicle
from movr.results import RideKey, UserKey, VehicleKey
from movr.staff.permissions import Action, StaffRequest
from tests.movr.conftest import MovRAt
from tests.movr.people import public_id_in, start_ride
from tests.movr.test_fares import TheClock
from tests.movr.test_movr import a_member

CITY, ELSEWHERE = "paris", "boston"
MINUTE = timedelta(minutes=1)
NOTHING = DataCheck(None, 0, 0)


@pytest.fixture
def clock() -> TheClock:
    return TheClock()


@pytest.fixture
def movr(movr_at: MovRAt, engine: Engine, clock: TheClock) -> MovR:  # noqa: ARG001 - emptied
    return movr_at(clock, charges_rides=True)


@pytest.fixture
def owner(movr: MovR) -> UserKey:
    return a_member(movr, CITY)


@pytest.fixture
def vehicle(movr: MovR, owner: UserKey) -> VehicleKey:
    return movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here")


def change(engine: Engine, statement: str, **parameters: object) -> None:
    with engine.begin() as connection:
        assert connection.execute(text(statement), parameters).rowcount == 1


def a_ride(movr: MovR, vehicle: VehicleKey) -> RideKey:
    rider = a_member(movr, CITY)
    ride = start_ride(movr, vehicle, rider)
    movr.end_ride(ride, rider, location="there")
    return ride


def test_the_oldest_letter_that_waits_is_found_unless_the_mail_server_refuses_only_it(
    movr: MovR, engine: Engine, clock: TheClock
) -> None:
    written = clock.now
    movr.outbox.put(NewLetter(a_member(movr, CITY), Kind.EMAIL_CHANGED, {}))
    clock.now += MINUTE
    movr.outbox.put(NewLetter(a_member(movr, CITY), Kind.EMAIL_CHANGED, {}))

    assert movr.data_checks.check([CITY, "rome"]).oldest_letter == written
    assert movr.data_checks.check([ELSEWHERE]) == NOTHING

    refused = "UPDATE outbox SET last_error = 'SMTPRecipientsRefused' WHERE created_at = :at"
    change(engine, refused, at=written)
    assert movr.data_checks.check([CITY]).oldest_letter == written + MINUTE

    letter = movr.outbox.claim([CITY])
    while letter:
        movr.outbox.mark_sent(letter)
        letter = movr.outbox.claim([CITY])
    assert movr.data_checks.check([CITY]) == NOTHING


def test_entries_of_the_last_hour_that_do_not_sum_to_zero_are_counted(
    movr: MovR, engine: Engine, clock: TheClock, vehicle: VehicleKey
) -> None:
    ride = a_ride(movr, vehicle)
    a_ride(movr, vehicle)
    assert movr.data_checks.check([CITY]) == NOTHING

    change(
        engine,
        "UPDATE ledger_entries SET amount = amount - 1 WHERE ride_id = :id AND account = 'rider'",
        id=ride.id,
    )
    assert movr.data_checks.check([CITY]).unbalanced == 1
    assert movr.data_checks.check([ELSEWHERE]) == NOTHING

    clock.now += LEDGER_PERIOD + MINUTE
    assert movr.data_checks.check([CITY]) == NOTHING


def reported(movr: MovR, vehicle: VehicleKey, reporter: UserKey, kind: str) -> UUID:
    """Report a problem of the vehicle, and return the report's id."""
    shown = ShownVehicle(vehicle.city, public_id_in(movr, vehicle))
    movr.reports.report(shown, reporter, 0, Problem(kind=kind))
    with movr.engine.connect() as connection:
        return connection.execute(select(Report.id).where(Report.kind == kind)).scalar_one()


def test_a_role_or_a_closed_report_without_its_row_of_audit_is_counted(
    movr: MovR, engine: Engine, clock: TheClock, owner: UserKey, vehicle: VehicleKey
) -> None:
    mechanic, reporter = a_member(movr, CITY), a_member(movr, CITY)
    movr.staff.grant_role_as_operator(CITY, mechanic, MECHANIC, "A test")
    by_owner, by_staff = (reported(movr, vehicle, reporter, kind) for kind in (DIRTY, OTHER))
    movr.reports.close(by_owner, owner, outcome=MENDED)
    request = StaffRequest(mechanic, 0, CITY, "A test", uuid4().hex)
    movr.staff.close_report(request, by_staff, outcome=MENDED)
    assert movr.data_checks.check([CITY])[1:] == NOTHING[1:]

    for n, action in enumerate((Action.GRANT_ROLE, Action.CLOSE_REPORT), start=1):
        change(engine, "DELETE FROM audit_entries WHERE action = :action", action=action)
        assert movr.data_checks.check([CITY]).unaudited == n
    assert movr.data_checks.check([ELSEWHERE]) == NOTHING

    clock.now += AUDIT_PERIOD + MINUTE
    assert movr.data_checks.check([CITY]).unaudited == 0
