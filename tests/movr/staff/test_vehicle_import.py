"""Managers add the vehicles of an owner of their city, with one row of audit."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select

from movr import errors
from movr.database.invariants import find_violations
from movr.formats import MANAGER, MECHANIC
from movr.models import AuditEntry, Vehicle
from movr.movr import MovR
from movr.results import NewVehicle, UserKey
from movr.staff.permissions import StaffRequest
from tests.databases import all_rows
from tests.movr.test_movr import a_member

VEHICLES = [NewVehicle(n, f"A{n}", "bike", "Kona", "red", "here", None) for n in range(25)]


@pytest.fixture
def owner(movr: MovR) -> UserKey:
    return a_member(movr, "paris")


def request_of(movr: MovR, role: str, city: str = "paris") -> StaffRequest:
    """Return a request of a member who has this role in Paris, about this city."""
    member = a_member(movr, "boston")
    movr.staff.grant_role_as_operator("paris", member, role, "A test")
    return StaffRequest(member, 0, city, "A fleet moves", uuid4().hex)


def test_a_manager_adds_more_vehicles_than_an_owner_may_with_one_row_of_audit(
    movr: MovR, engine: Engine, owner: UserKey
) -> None:
    request = request_of(movr, MANAGER)

    assert movr.vehicle_import.plan(owner, VEHICLES, is_bounded=False).errors == []
    assert movr.vehicle_import.add_as_staff(request, owner, VEHICLES)
    assert movr.vehicle_import.add_as_staff(request, owner, VEHICLES)  # sent again
    other_form = request._replace(key=uuid4().hex)
    assert not movr.vehicle_import.add_as_staff(other_form, owner, VEHICLES)

    with engine.connect() as connection:
        assert connection.scalar(select(func.count(Vehicle.id))) == 25
        added = AuditEntry.action == "add_vehicles"
        (row,) = connection.execute(select(AuditEntry.__table__).where(added))
    assert (row.actor_id, row.subject_id, row.reason) == (
        request.staff.id,
        owner.id,
        "A fleet moves",
    )
    assert json.loads(row.after) == {"vehicles_added": 25}
    assert find_violations(engine) == []


def test_others_and_managers_of_other_cities_add_none(
    movr: MovR, engine: Engine, owner: UserKey
) -> None:
    manager = request_of(movr, MANAGER)
    of_rome = a_member(movr, "rome")
    refused = [
        (request_of(movr, MECHANIC), owner, errors.NotStaff),
        (request_of(movr, MANAGER, "rome"), of_rome, errors.NotStaff),
        (manager, of_rome, errors.MemberNotFound),
        (manager._replace(staff=owner), owner, errors.NotStaff),
        (manager._replace(proof=1), owner, errors.SessionEnded),
    ]
    before = all_rows(engine)

    for request, of, refusal in refused:
        with pytest.raises(refusal):
            movr.vehicle_import.add_as_staff(request, of, VEHICLES)

    assert all_rows(engine) == before


def test_a_manager_does_not_use_the_role_for_their_own_vehicles(movr: MovR, owner: UserKey) -> None:
    movr.staff.grant_role_as_operator("paris", owner, MANAGER, "A test")
    request = StaffRequest(owner, 0, "paris", "Mine", uuid4().hex)

    with pytest.raises(errors.NotForYourself):
        movr.vehicle_import.add_as_staff(request, owner, VEHICLES)
