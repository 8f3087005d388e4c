"""What staff do in their city: once, with one row of audit, and nowhere else."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import Engine, Row, select, text, update

from movr import errors
from movr.cities import Position
from movr.database import invariants
from movr.database.admin import uri_text
from movr.database.engine import parse_uri
from movr.formats import MANAGER, MECHANIC, MENDED, ROLES, SUPPORT, UNKNOWN_LOCATION
from movr.models import Report, Ride
from movr.movr import MovR
from movr.outbox import STILL_RIDING_AFTER
from movr.reports import Problem, ShownVehicle
from movr.results import Member, RideKey, UserKey, VehicleKey
from movr.staff.actions import Staff
from movr.staff.permissions import Action, StaffRequest, may
from tests.database_proxy import CuttingProxy
from tests.movr.city_data.test_zones import square
from tests.movr.conftest import MovRAt
from tests.movr.people import public_id_in, start_ride
from tests.movr.test_fares import TheClock
from tests.movr.test_movr import a_member
from tests.visitor import PASSWORD

CITY, ELSEWHERE = "paris", "rome"
LOUVRE = Position(48.861, 2.336)
RUE_CLER = Position(48.857, 2.306)
RACES = 5


@pytest.fixture
def clock() -> TheClock:
    return TheClock()


@pytest.fixture
def movr(movr_at: MovRAt, engine: Engine, clock: TheClock) -> Iterator[MovR]:
    """MovR where rides cost; all invariants hold after the test."""
    yield movr_at(clock, charges_rides=True)
    assert invariants.find_violations(engine, clock.now) == []


@pytest.fixture
def proxy(database: str) -> Iterator[CuttingProxy]:
    with CuttingProxy(parse_uri(database)) as proxy:
        yield proxy


@pytest.fixture
def distant(proxy: CuttingProxy, clock: TheClock) -> Iterator[MovR]:
    """MovR, connected through a proxy that can cut the connection."""
    movr = MovR(uri_text(proxy.url), clock=clock)
    yield movr
    movr.close()


class World(NamedTuple):
    """An owner's vehicle in a city, its rider, and the city's staff by role."""

    movr: MovR
    vehicle: VehicleKey
    owner: UserKey
    rider: UserKey
    staff: dict[str, UserKey]

    def by(self, role: str, key: str = "", city: str = CITY) -> StaffRequest:
        """Return a request by the staff of this role."""
        return StaffRequest(self.staff[role], 0, city, "A test", key or uuid4().hex)

    def member(self, user: UserKey) -> Member:
        member = self.movr.session_member(user)
        assert member
        return member

    def ride(self) -> RideKey:
        return start_ride(self.movr, self.vehicle, self.rider)


@pytest.fixture
def world(movr: MovR) -> World:
    owner, rider = a_member(movr, CITY), a_member(movr, CITY)
    vehicle = movr.add_vehicle(
        owner, type="bike", color="red", brand="Kona", location="here", position=LOUVRE
    )
    staff = {role: a_member(movr, "boston") for role in ROLES}
    for role, member in staff.items():
        assert movr.staff.grant_role_as_operator(CITY, member, role, "A test")
    return World(movr, vehicle, owner, rider, staff)


def audit(engine: Engine, *actions: Action) -> list[Row[Any]]:
    """Return the rows of these actions in the audit."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM audit_entries"))
        return [row for row in rows if row.action in actions]


Act = Callable[[Staff, StaffRequest], bool]


def end_ride(world: World) -> Act:
    ride = world.member(world.rider).active_ride or world.ride()
    with world.movr.engine.begin() as connection:
        begun = {"start_time": Ride.start_time - STILL_RIDING_AFTER}
        connection.execute(update(Ride).values(begun))
    return lambda staff, by: staff.end_ride(by, ride.id)


def refund(world: World) -> Act:
    ride = world.ride()
    world.movr.end_ride(ride, world.rider, location="there")
    return lambda staff, by: staff.refund_fare(by, ride.id)


def suspend(world: World) -> Act:
    return lambda staff, by: staff.suspend_account(by, world.rider.id)


def restore(world: World) -> Act:
    world.movr.staff.suspend_account(world.by(SUPPORT), world.rider.id)
    return lambda staff, by: staff.restore_account(by, world.rider.id)


def grant(world: World) -> Act:
    return lambda staff, by: staff.grant_role(by, world.rider, SUPPORT)


def revoke(world: World) -> Act:
    return lambda staff, by: staff.revoke_role(by, world.staff[SUPPORT], SUPPORT)


def move(world: World) -> Act:
    return lambda staff, by: staff.move_vehicle(
        by, world.vehicle.id, location="Rue Cler", position=None
    )


def pause(world: World) -> Act:
    return lambda staff, by: staff.pause_vehicle(by, world.vehicle.id)


def resume(world: World) -> Act:
    world.movr.staff.pause_vehicle(world.by(MECHANIC), world.vehicle.id)
    return lambda staff, by: staff.resume_vehicle(by, world.vehicle.id)


def miss(world: World) -> Act:
    return lambda staff, by: staff.mark_missing(by, world.vehicle.id)


def find(world: World) -> Act:
    world.movr.staff.mark_missing(world.by(MECHANIC), world.vehicle.id)
    return lambda staff, by: staff.mark_found(
        by, world.vehicle.id, location="Rue Cler", position=None
    )


def remove(world: World) -> Act:
    return lambda staff, by: staff.remove_vehicle(by, world.vehicle.id)


def close(world: World) -> Act:
    problem, shown = Problem(kind="dirty"), public_id_in(world.movr, world.vehicle)
    world.movr.reports.report(ShownVehicle(CITY, shown), world.rider, 0, problem)
    with world.movr.engine.connect() as connection:
        report_id = connection.execute(select(Report.id)).scalar_one()
    return lambda staff, by: staff.close_report(by, report_id, outcome=MENDED)


# What is done before an action, and the action.
ACTS: dict[Action, Callable[[World], Act]] = {
    Action.END_RIDE: end_ride,
    Action.REFUND_FARE: refund,
    Action.SUSPEND_ACCOUNT: suspend,
    Action.RESTORE_ACCOUNT: restore,
    Action.MOVE_VEHICLE: move,
    Action.PAUSE_VEHICLE: pause,
    Action.RESUME_VEHICLE: resume,
    Action.MARK_MISSING: miss,
    Action.MARK_FOUND: find,
    Action.REMOVE_VEHICLE: remove,
    Action.CLOSE_REPORT: close,
    Action.GRANT_ROLE: grant,
    Action.REVOKE_ROLE: revoke,
}
each_action = pytest.mark.parametrize("action", ACTS)


@each_action
def test_an_action_needs_its_role_in_the_city_and_leaves_one_row_of_audit(
    world: World, engine: Engine, action: Action
) -> None:
    staff, act = world.movr.staff, ACTS[action](world)
    outsiders = [world.by(role) for role in ROLES if not may({role}, action)]
    outsiders.append(world.by(MANAGER)._replace(staff=world.owner))
    outsiders.append(world.by(MANAGER, city=ELSEWHERE))
    rows = len(audit(engine, *Action))
    for outsider in outsiders:
        with pytest.raises(errors.NotStaff):
            act(staff, outsider)
    with pytest.raises(errors.SessionEnded):
        act(staff, world.by(MANAGER)._replace(proof=1))
    assert len(audit(engine, *Action)) == rows

    request = world.by(next(role for role in ROLES if may({role}, action)))
    assert act(staff, request)
    assert act(staff, request)  # sent twice

    assert len(audit(engine, *Action)) == rows + 1
    (entry,) = (row for row in audit(engine, *Action) if row.id == request.audit_id)
    assert (entry.city, entry.action, entry.reason) == (CITY, action, "A test")
    assert UserKey(entry.actor_city, entry.actor_id) == request.staff
    assert json.loads(entry.before or "{}") != json.loads(entry.after or "{}")


def test_an_action_that_changes_nothing_leaves_no_row(world: World, engine: Engine) -> None:
    staff, ride = world.movr.staff, world.ride()
    world.movr.end_ride(ride, world.rider, location="there")
    staff.refund_fare(world.by(SUPPORT), ride.id)
    rows = len(audit(engine, *Action))

    assert not staff.end_ride(world.by(SUPPORT), ride.id)
    assert not staff.refund_fare(world.by(SUPPORT), ride.id)
    assert not staff.restore_account(world.by(SUPPORT), world.rider.id)
    assert not staff.grant_role(world.by(MANAGER), world.staff[SUPPORT], SUPPORT)
    assert not staff.revoke_role(world.by(MANAGER), world.rider, SUPPORT)

    assert len(audit(engine, *Action)) == rows


def test_a_forgotten_ride_costs_what_a_day_costs_at_most(
    world: World, clock: TheClock, engine: Engine
) -> None:
    ride = world.ride()
    clock.now += timedelta(days=9, hours=1)

    assert world.movr.staff.end_ride(world.by(SUPPORT), ride.id)

    ended = world.movr.ride(world.member(world.rider), ride.id)
    assert (ended.end_location, ended.end_time) == (UNKNOWN_LOCATION, clock.now)
    assert ended.amount == ended.daily_cap
    assert ended.is_capped
    (entry,) = audit(engine, Action.END_RIDE)
    assert json.loads(entry.after)["amount"] == ended.daily_cap
    assert world.member(world.rider).active_ride is None
    assert world.movr.staff.refund_fare(world.by(SUPPORT), ride.id)


def test_only_managers_end_a_ride_before_its_rider_was_reminded(
    world: World, clock: TheClock, engine: Engine
) -> None:
    end, ride = world.movr.staff.end_ride, world.ride()
    clock.now += STILL_RIDING_AFTER - timedelta(seconds=1)
    with pytest.raises(errors.NotForgotten):
        end(world.by(SUPPORT), ride.id)
    assert audit(engine, Action.END_RIDE) == []
    assert end(world.by(MANAGER), ride.id)

    ride = world.ride()
    clock.now += STILL_RIDING_AFTER
    assert end(world.by(SUPPORT), ride.id)


def test_staff_end_no_ride_where_the_city_allows_no_parking(
    world: World, clock: TheClock, engine: Engine
) -> None:
    ride = world.ride()
    garden = square("Champ de Mars", RUE_CLER, 0.005, allowed=False)
    world.movr.city_data.replace_zones(CITY, [garden], begin=clock.now)

    with pytest.raises(errors.NoParking, match="Champ de Mars"):
        world.movr.staff.end_ride(world.by(MANAGER), ride.id, position=RUE_CLER)

    assert audit(engine, Action.END_RIDE) == []
    assert world.movr.staff.end_ride(world.by(MANAGER), ride.id, position=LOUVRE)


def test_a_short_ride_that_staff_end_costs_what_it_would_have_cost(
    world: World, clock: TheClock
) -> None:
    ride = world.ride()
    clock.now += timedelta(minutes=2)

    world.movr.staff.end_ride(world.by(MANAGER), ride.id, location="Rue Cler")

    ended = world.movr.ride(world.member(world.rider), ride.id)
    assert ended.tariff
    assert ended.amount == ended.tariff.unlock_fee + 2 * ended.tariff.per_minute
    assert ended.end_location == "Rue Cler"
    assert not ended.is_capped


@pytest.mark.parametrize(
    "act",
    [
        lambda staff, by, own: staff.end_ride(by, own.id),
        lambda staff, by, own: staff.refund_fare(by, own.id),
        lambda staff, by, _: staff.suspend_account(by, by.staff.id),
        lambda staff, by, _: staff.grant_role(by, by.staff, SUPPORT),
    ],
    ids=["end ride", "refund", "suspend", "grant"],
)
def test_staff_do_nothing_for_themselves(
    world: World, act: Callable[[Any, StaffRequest, RideKey], bool]
) -> None:
    own_home = a_member(world.movr, CITY)
    world.movr.staff.grant_role_as_operator(CITY, own_home, MANAGER, "A test")
    by = StaffRequest(own_home, 0, CITY, "A test", "1")
    own = start_ride(world.movr, world.vehicle, own_home)

    with pytest.raises(errors.NotForYourself):
        act(world.movr.staff, by, own)


def test_an_owner_does_nothing_as_staff_with_their_own_vehicle(world: World) -> None:
    staff = world.movr.staff
    staff.grant_role_as_operator(CITY, world.owner, MECHANIC, "A test")
    staff.pause_vehicle(world.by(MECHANIC), world.vehicle.id)

    with pytest.raises(errors.NotForYourself):
        staff.resume_vehicle(StaffRequest(world.owner, 0, CITY, "A test", "1"), world.vehicle.id)


def test_only_managers_suspend_and_restore_staff(world: World) -> None:
    staff, colleague = world.movr.staff, a_member(world.movr, CITY)
    staff.grant_role_as_operator(CITY, colleague, MANAGER, "A test")

    with pytest.raises(errors.NotStaff):
        staff.suspend_account(world.by(SUPPORT), colleague.id)
    assert staff.suspend_account(world.by(MANAGER), colleague.id)
    with pytest.raises(errors.NotStaff):
        staff.restore_account(world.by(SUPPORT), colleague.id)
    assert staff.restore_account(world.by(MANAGER), colleague.id)


def test_a_suspended_member_of_staff_does_nothing(world: World) -> None:
    colleague = a_member(world.movr, CITY)
    world.movr.staff.grant_role_as_operator(CITY, colleague, SUPPORT, "A test")
    world.movr.staff.suspend_account(world.by(MANAGER), colleague.id)

    with pytest.raises(errors.AccountSuspended):
        suspend(world)(world.movr.staff, StaffRequest(colleague, 0, CITY, "A test", "1"))


def test_members_know_the_cities_where_they_have_a_role(world: World) -> None:
    staff, user = world.movr.staff, world.staff[SUPPORT]
    staff.grant_role_as_operator(ELSEWHERE, user, SUPPORT, "A test")
    staff.grant_role_as_operator(CITY, user, MECHANIC, "A test")
    assert world.member(user).staff_cities == (CITY, ELSEWHERE)

    staff.revoke_role_as_operator(CITY, user, SUPPORT, "A test")
    assert world.member(user).staff_cities == (CITY, ELSEWHERE)
    staff.revoke_role_as_operator(CITY, user, MECHANIC, "A test")
    assert world.member(user).staff_cities == (ELSEWHERE,)
    assert staff.grant_role_as_operator(CITY, user, SUPPORT, "Again")
    assert world.member(user).staff_cities == (CITY, ELSEWHERE)


def test_deleting_an_account_revokes_its_roles(world: World, engine: Engine) -> None:
    user = world.staff[MANAGER]
    world.movr.staff.grant_role_as_operator(ELSEWHERE, user, SUPPORT, "A test")

    world.movr.delete_account(user, 0, password=PASSWORD)

    assert user not in {(each.user_city, each.user_id) for each in world.movr.staff.grants(CITY)}
    assert world.movr.staff.grants(ELSEWHERE) == []
    with engine.connect() as connection:
        left = text("SELECT count(*) FROM staff_roles WHERE revoked_at IS NULL AND user_id = :id")
        assert connection.execute(left, {"id": user.id}).scalar() == 0
    with pytest.raises(errors.AccountDeleted):
        suspend(world)(world.movr.staff, world.by(MANAGER))
    with pytest.raises(errors.MemberNotFound):
        world.movr.staff.grant_role_as_operator(CITY, user, SUPPORT, "A test")


def test_a_missing_vehicle_is_found_in_the_state_in_which_it_was(
    world: World, engine: Engine, clock: TheClock
) -> None:
    staff, vehicle = world.movr.staff, world.vehicle.id
    assert staff.pause_vehicle(world.by(MECHANIC), vehicle)
    assert staff.mark_missing(world.by(MECHANIC), vehicle)
    clock.now += timedelta(days=3)
    assert staff.mark_found(world.by(MECHANIC), vehicle, location="Rue Cler", position=RUE_CLER)
    assert staff.resume_vehicle(world.by(MECHANIC), vehicle)

    started = world.ride()
    ride = world.movr.ride(world.member(world.rider), started.id)
    assert ride.start_location == "Rue Cler"
    (entry,) = audit(engine, Action.MARK_FOUND)
    after = {"state": "non_operational", "latitude": 48.85, "longitude": 2.3}
    assert json.loads(entry.after) == after
    assert json.loads(entry.before)["state"] == "missing"


def test_a_ridden_vehicle_changes_where_its_ride_ends(world: World, engine: Engine) -> None:
    staff, vehicle, ride = world.movr.staff, world.vehicle.id, world.ride()
    with pytest.raises(errors.VehicleInUse):
        staff.move_vehicle(world.by(MECHANIC), vehicle, location="Rue Cler", position=RUE_CLER)
    with pytest.raises(errors.VehicleInUse):
        staff.mark_missing(world.by(MECHANIC), vehicle)
    assert staff.remove_vehicle(world.by(SUPPORT), vehicle)
    assert not staff.remove_vehicle(world.by(SUPPORT), vehicle)

    world.movr.end_ride(ride, world.rider, location="there")

    with pytest.raises(errors.VehicleNotFound):
        staff.pause_vehicle(world.by(MECHANIC), vehicle)
    (entry,) = audit(engine, Action.REMOVE_VEHICLE)
    after = {"state": "on_trip", "remove_after_ride": True, "paused_by": "staff"}
    assert json.loads(entry.after) == after


def test_an_owner_who_restores_what_staff_removed_does_not_put_it_back_into_service(
    world: World, clock: TheClock
) -> None:
    world.movr.staff.remove_vehicle(world.by(SUPPORT), world.vehicle.id)
    clock.now += timedelta(hours=1)
    world.movr.fleet.restore(world.owner, 0, world.vehicle.id)

    with pytest.raises(errors.PausedByStaff):
        world.movr.fleet.resume(world.owner, 0, world.vehicle.id)
    assert world.movr.vehicle_counts(CITY).items == ()


def test_members_are_told_what_staff_did(world: World, engine: Engine) -> None:
    ride = world.ride()
    for _ in range(2):
        world.movr.staff.end_ride(world.by(MANAGER), ride.id)
        world.movr.staff.suspend_account(world.by(SUPPORT), world.rider.id)
    world.movr.staff.restore_account(world.by(SUPPORT), world.rider.id)

    with engine.connect() as connection:
        letters = connection.execute(text("SELECT kind, city, user_id FROM outbox")).all()
    kinds = ("account_restored", "account_suspended", "ride_ended_by_staff")
    assert sorted(map(tuple, letters)) == [(kind, *world.rider) for kind in kinds]


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do all at the same time and return their results; a refusal is one."""

    def outcome(act: Callable[[], object]) -> object:
        try:
            return act()
        except errors.Refusal as refusal:
            return type(refusal)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome, acts))


def test_a_ride_that_staff_and_its_rider_end_at_once_ends_once(
    world: World, engine: Engine, clock: TheClock
) -> None:
    movr, by_staff = world.movr, 0
    for _ in range(RACES):
        ride = world.ride()
        clock.now += STILL_RIDING_AFTER

        results = at_once(
            partial(movr.staff.end_ride, world.by(SUPPORT), ride.id),
            partial(movr.end_ride, ride, world.rider, location="there"),
            partial(movr.staff.end_ride, world.by(MANAGER), ride.id),
        )

        assert sorted(map(str, results)) == ["False", "False", "True"]
        by_staff += results[1] is False
        assert len(audit(engine, Action.END_RIDE)) == by_staff


def test_a_member_is_suspended_before_a_ride_starts_or_after_it(world: World) -> None:
    movr, rider = world.movr, world.rider
    for _ in range(RACES):
        started, suspended = at_once(
            world.ride, partial(movr.staff.suspend_account, world.by(SUPPORT), rider.id)
        )

        assert suspended is True
        is_riding = started is not errors.AccountSuspended
        assert bool(world.member(rider).active_ride) == is_riding
        with pytest.raises(errors.Refusal):
            movr.reserve(CITY, uuid4(), rider)
        if isinstance(started, RideKey):
            movr.end_ride(started, rider, location="there")
        assert movr.staff.restore_account(world.by(SUPPORT), rider.id)


def test_a_role_is_revoked_before_an_action_or_after_it(world: World, engine: Engine) -> None:
    movr, support = world.movr, world.staff[SUPPORT]
    for race in range(RACES):
        acted, revoked = at_once(
            partial(movr.staff.suspend_account, world.by(SUPPORT), world.rider.id),
            partial(movr.staff.revoke_role, world.by(MANAGER), support, SUPPORT),
        )

        assert revoked is True
        assert acted in {True, errors.NotStaff}
        assert bool(world.member(world.rider).suspended_at) == (acted is True)
        assert len(audit(engine, Action.REVOKE_ROLE)) == race + 1
        movr.staff.restore_account(world.by(MANAGER), world.rider.id)
        assert movr.staff.grant_role(world.by(MANAGER), support, SUPPORT)


@each_action
def test_an_action_whose_reply_is_lost_leaves_one_row(
    world: World, distant: MovR, proxy: CuttingProxy, engine: Engine, action: Action
) -> None:
    act, rows = ACTS[action](world), len(audit(engine, *Action))
    proxy.cut_at(b"COMMIT", answer_only=True)

    assert act(distant.staff, world.by(MANAGER))

    assert proxy.has_cut
    assert len(audit(engine, *Action)) == rows + 1
