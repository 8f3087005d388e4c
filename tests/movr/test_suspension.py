"""A suspended member starts, reserves and adds nothing, and keeps everything else."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from movr import errors
from movr.movr import MovR
from movr.reports import Problem, ShownVehicle
from movr.results import UserKey, VehicleKey
from tests.conftest import NewVisitor
from tests.movr.people import public_id_in, start_ride
from tests.movr.test_movr import a_member
from tests.visitor import DELETION, PASSWORD, sentences

VEHICLE = {"type": "bike", "color": "red", "brand": "Kona", "location": "here"}
BANNER = "Your account is suspended: you can't ride, reserve or add vehicles."


def add(movr: MovR, owner: UserKey) -> VehicleKey:
    return movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here")


def suspend(engine: Engine, user: UserKey | None = None) -> None:
    """Suspend a member, or all."""
    where = f" WHERE city = '{user.city}' AND id = '{user.id}'" if user else ""
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE users SET suspended_at = now(){where}"))


@pytest.mark.parametrize(
    "act",
    [
        start_ride,
        lambda movr, vehicle, rider: movr.reserve(vehicle.city, public_id_in(movr, vehicle), rider),
        lambda movr, _vehicle, rider: add(movr, rider),
        lambda movr, vehicle, rider: movr.reports.report(
            ShownVehicle(vehicle.city, public_id_in(movr, vehicle)), rider, 0, Problem(kind="dirty")
        ),
    ],
    ids=["start", "reserve", "add", "report"],
)
def test_a_suspended_member_rides_reserves_adds_and_reports_nothing(
    movr: MovR, engine: Engine, act: Callable[[MovR, VehicleKey, UserKey], object]
) -> None:
    owner, rider = a_member(movr), a_member(movr)
    vehicle = add(movr, owner)
    suspend(engine, rider)

    with pytest.raises(errors.AccountSuspended):
        act(movr, vehicle, rider)

    start_ride(movr, vehicle, owner)  # it is still available


def test_a_suspended_owner_closes_no_report(movr: MovR, engine: Engine) -> None:
    owner, rider = a_member(movr), a_member(movr)
    vehicle = add(movr, owner)
    about = ShownVehicle(vehicle.city, public_id_in(movr, vehicle))
    movr.reports.report(about, rider, 0, Problem(kind="brakes"))
    (report,) = movr.reports.of_vehicle(owner, 0, vehicle_id=vehicle.id).page.items
    suspend(engine, owner)

    with pytest.raises(errors.AccountSuspended):
        movr.reports.close(report.id, owner, outcome="mended")

    assert movr.reports.of_vehicle(owner, 0, vehicle_id=vehicle.id).page.items


def test_a_suspended_member_logs_in_ends_the_ride_and_deletes_the_account(
    engine: Engine, new_visitor: NewVisitor
) -> None:
    member = new_visitor().register()
    member.start(member.add_vehicle())
    suspend(engine)

    assert member.log_in(member.username, PASSWORD).status_code == 303
    assert BANNER in sentences(member.get("/vehicles"))
    assert BANNER in sentences(member.get("/rides"))
    assert member.end(member.active_ride()).status_code == 303
    refused = member.follow(member.post("/vehicles/add", **VEHICLE))
    assert errors.AccountSuspended.sentence in refused
    assert member.post(f"/users/remove/{member.id}", **DELETION).status_code == 303
    assert BANNER not in sentences(new_visitor().register().get("/vehicles"))
