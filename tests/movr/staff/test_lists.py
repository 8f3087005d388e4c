"""What staff of a city read: the statements themselves check the reader's role there."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, insert, select, update

from movr import api_tokens
from movr.cities import served_city
from movr.formats import MANAGER, MECHANIC, ROLES, SUPPORT
from movr.models import Letter, Report, Vehicle
from movr.movr import MovR
from movr.results import AccessToken, UserKey, VehicleKey
from movr.staff import lists
from movr.staff.lists import Reader, StaffLists
from movr.staff.permissions import StaffRequest
from movr.staff.results import (
    IDLE,
    MISSING,
    MOST_FOUND,
    OUT_OF_SERVICE,
    Overview,
    StaffList,
    StaffView,
)
from tests.movr.conftest import MovRAt
from tests.movr.people import start_ride
from tests.movr.test_fares import TheClock
from tests.movr.test_movr import a_member
from tests.visitor import PASSWORD, registration

HERE, ELSEWHERE = served_city("new york"), served_city("boston")
VEHICLE: dict[str, Any] = {"type": "bike", "color": "red", "brand": "Kona"}
PAGE: dict[str, Any] = {"after": None, "size": 30}


@pytest.fixture
def clock() -> TheClock:
    return TheClock()


@pytest.fixture
def movr(movr_at: MovRAt, engine: Engine, clock: TheClock) -> MovR:  # noqa: ARG001 - emptied
    """Class MovR where rides cost."""
    return movr_at(clock, charges_rides=True)


class City:
    """New York with one of everything that its staff read, eight days after it was added."""

    def __init__(self, movr: MovR, clock: TheClock) -> None:
        self.movr, self.clock, self.lists = movr, clock, movr.staff_lists
        self.owner, self.rider = (self.member(name) for name in ("owner", "rider_1"))
        self.vehicles = {which: self.vehicle() for which in (IDLE, OUT_OF_SERVICE, MISSING)}
        ridden, in_use = self.vehicle(), self.vehicle()
        clock.now += timedelta(days=8)
        self.paid = start_ride(movr, ridden, self.rider)
        movr.end_ride(self.paid, self.rider, location="2 Broadway")
        self.ride = start_ride(movr, in_use, self.rider)
        self.report = uuid4()
        with movr.engine.begin() as connection:
            self._fill(connection.execute, clock)
        clock.now += timedelta(hours=5)

    def _fill(self, execute: Callable[..., Any], clock: TheClock) -> None:
        for which, status in ((OUT_OF_SERVICE, "non_operational"), (MISSING, "missing")):
            is_it = Vehicle.id == self.vehicles[which].id
            execute(update(Vehicle).where(is_it).values(status=status, paused_by="staff"))
        reported = {"reporter_city": HERE.name, "reporter_id": self.rider.id, "kind": "brakes"}
        vehicle = self.vehicles[IDLE].id
        row = {"city": HERE.name, "id": self.report, "vehicle_id": vehicle, **reported}
        execute(insert(Report).values(row | {"created_at": clock.now}))
        times = {"created_at": clock.now, "due_at": clock.now, "failed_at": clock.now}
        letter = {"city": HERE.name, "id": uuid4(), "user_id": self.rider.id, "kind": "receipt"}
        execute(insert(Letter).values(letter | times | {"attempts": 10, "last_error": "OSError"}))

    def member(self, name: str, home: str = HERE.name) -> UserKey:
        account = registration(home) | {"username": name, "email": f"{name}@example.com"}
        return self.movr.register(account.pop("city"), **account)

    def vehicle(self) -> VehicleKey:
        return self.movr.add_vehicle(self.owner, **VEHICLE, location="1 Wall Street")

    def number(self) -> int:
        with self.movr.engine.connect() as connection:
            is_it = Vehicle.id == self.vehicles[IDLE].id
            return connection.execute(select(Vehicle.number).where(is_it)).scalar_one() or 0

    def today(self) -> date:
        """Return the day of the paid ride."""
        return (self.clock.now - timedelta(hours=5)).astimezone(HERE.timezone).date()

    @cached_property
    def manager(self) -> UserKey:
        return self.staff(MANAGER).user

    def suspend(self, reader: Reader) -> None:
        request = StaffRequest(self.manager, 0, HERE.name, "Rides on pavements", uuid4().hex)
        self.movr.staff.suspend_account(request, reader.user.id)

    def staff(self, *roles: str, of: str = HERE.name, home: str = HERE.name) -> Reader:
        """Return a new member with these roles, as a reader of New York."""
        user = a_member(self.movr, home)
        for role in roles:
            self.movr.staff.grant_role_as_operator(of, user, role, "Hired")
        return Reader(user, 0, HERE)

    def with_token(self, reader: Reader) -> Reader:
        """Return the same reader with an access token of the API, made by their last session."""
        member = self.movr.session_member(reader.user)
        assert member
        token = api_tokens.parse(self.movr.tokens.create(member, "phone").access)
        return reader._replace(proof=token)

    def revoked(self, reader: Reader) -> Reader:
        """Return the reader with a token that they have revoked."""
        former = self.with_token(reader)
        assert isinstance(former.proof, AccessToken)
        self.movr.tokens.revoke(reader.user, former.proof.id)
        return former


@pytest.fixture
def city(movr: MovR, clock: TheClock) -> City:
    return City(movr, clock)


Read = Callable[[City, Reader], StaffList[Any] | StaffView[Any]]
BOTH = frozenset({SUPPORT, MECHANIC})
# Each read, and the roles that permit it beside that of a manager.
READS: Mapping[str, tuple[AbstractSet[str], Read]] = {
    "overview": (BOTH, lambda city, who: city.lists.overview(who)),
    "rides_under_way": ({SUPPORT}, lambda city, who: city.lists.rides_under_way(who, **PAGE)),
    "ride": ({SUPPORT}, lambda city, who: city.lists.ride(who, city.paid.id, **PAGE)),
    "vehicles": ({MECHANIC}, lambda city, who: city.lists.vehicles(who, IDLE, **PAGE)),
    "vehicle": (BOTH, lambda city, who: city.lists.vehicle(who, city.vehicles[IDLE].id, **PAGE)),
    "vehicle_by_number": (BOTH, lambda city, who: city.lists.vehicle_by_number(who, city.number())),
    "open_reports": (BOTH, lambda city, who: city.lists.open_reports(who, **PAGE)),
    "report": (BOTH, lambda city, who: city.lists.report(who, city.report, **PAGE)),
    "search_members": ({SUPPORT}, lambda city, who: city.lists.search_members(who, "rider_1")),
    "member": ({SUPPORT}, lambda city, who: city.lists.member(who, city.rider.id, **PAGE)),
    "sums_of_day": ({SUPPORT}, lambda city, who: city.lists.sums_of_day(who, city.today())),
    "dead_letters": ({SUPPORT}, lambda city, who: city.lists.dead_letters(who, **PAGE)),
    "audit": (set(), lambda city, who: city.lists.audit(who, **PAGE)),
    "whole_audit": (set(), lambda city, who: next(city.lists.whole_audit(who))),
    "grants": (set(), lambda city, who: city.lists.grants(who, **PAGE)),
    "grant": (set(), lambda city, who: city.lists.grant(who, user=city.manager, role=MANAGER)),
}


def is_empty(found: StaffList[Any] | StaffView[Any]) -> bool:
    if isinstance(found, StaffView):
        return found.subject is None and not found.history.items
    return not found.page.items


def test_every_read_has_its_entry_in_the_table() -> None:
    """A new read needs an entry that defines who may use it."""
    assert set(READS) == {name for name in vars(StaffLists) if not name.startswith("_")}


@pytest.mark.parametrize("by_token", [False, True], ids=["by session", "by token"])
def test_a_statement_returns_nothing_without_a_role_that_permits_it(
    city: City, *, by_token: bool
) -> None:
    """Nor to staff of another city, to former staff, and to those who are suspended."""
    readers = {role: city.staff(role) for role in ROLES}
    suspended, former, logged_out = (city.staff(MANAGER) for _ in range(3))
    city.suspend(suspended)
    city.movr.staff.revoke_role_as_operator(HERE.name, former.user, MANAGER, "Left")
    strangers = {
        "a member": city.staff(),
        "staff of another city": city.staff(*ROLES, of=ELSEWHERE.name),
        "suspended": suspended,
        "former staff": former,
    }
    if by_token:
        strangers, readers = (
            {who: city.with_token(reader) for who, reader in each.items()}
            for each in (strangers, readers)
        )
        strangers["a token that was revoked"] = city.revoked(logged_out)
        strangers["another's token"] = logged_out._replace(proof=readers[MANAGER].proof)
    else:
        strangers["a session that has ended"] = logged_out._replace(proof=1)

    found = {
        (name, who): read(city, reader)
        for name, (_, read) in READS.items()
        for who, reader in {**strangers, **readers}.items()
    }

    permitted = {(name, role) for name, (roles, _) in READS.items() for role in {*roles, MANAGER}}
    assert {key for key, each in found.items() if not is_empty(each)} == permitted
    assert {key for key, each in found.items() if each.staff.is_permitted} == permitted


def test_staff_may_live_in_another_city(city: City) -> None:
    reader = city.staff(SUPPORT, home="paris")

    found = city.lists.rides_under_way(reader, **PAGE)

    assert [ride.id for ride in found.page.items] == [city.ride.id]
    assert found.staff.member
    assert found.staff.member.city == "paris"


def test_the_overview_counts_what_the_roles_include(city: City) -> None:
    support, mechanic, manager = (
        city.lists.overview(city.staff(role)).page.items[0] for role in (SUPPORT, MECHANIC, MANAGER)
    )

    everything = Overview(
        under_way=1, overdue=1, idle=1, out_of_service=1, missing=1, reports=1, dead_letters=1
    )
    assert manager == everything
    assert support == everything._replace(idle=0, out_of_service=0, missing=0)
    assert mechanic == everything._replace(under_way=0, overdue=0, dead_letters=0)


@pytest.mark.parametrize("which", [IDLE, OUT_OF_SERVICE, MISSING])
def test_vehicles_are_listed_by_what_is_wrong_with_them(city: City, which: str) -> None:
    found = city.lists.vehicles(city.staff(MECHANIC), which, **PAGE)

    assert [vehicle.id for vehicle in found.page.items] == [city.vehicles[which].id]


def test_the_ride_that_has_lasted_longest_is_the_first(city: City, clock: TheClock) -> None:
    others = []
    for _ in range(2):
        clock.now += timedelta(minutes=1)
        others.append(start_ride(city.movr, city.vehicle(), a_member(city.movr)))
    reader, read = city.staff(SUPPORT), city.lists.rides_under_way

    first = read(reader, after=None, size=2).page
    last = first.items[-1]
    second = read(reader, after=(last.start_time, last.id), size=2).page

    listed = [ride.id for ride in (*first.items, *second.items)]
    assert listed == [city.ride.id, *(ride.id for ride in others)]
    assert first.next == f"{last.start_time.isoformat()}~{last.id}"
    assert second.next is None


def test_members_are_found_by_a_name_or_an_address_in_their_city(city: City) -> None:
    city.member("rider-2")
    city.member("parisian", home="paris")
    city.movr.delete_account(city.member("gone"), 0, password=PASSWORD)
    support = city.staff(SUPPORT)
    wanted = {
        "rider_1": ["rider_1"],
        "Rider_1": ["rider_1"],
        "rider_1@example.com": ["rider_1"],
        "rid": ["rider-2", "rider_1"],
        "rider_": ["rider_1"],  # not any character
        **{key: [] for key in ("rider%", "ider", "ri", "")},
        **{key: [] for key in ("paris", "parisian", "parisian@example.com", "gone")},
    }

    found = {text: city.lists.search_members(support, text).page.items for text in wanted}

    names = {text: sorted(each.username for each in members) for text, members in found.items()}
    assert names == wanted


def test_a_search_finds_a_few_members_at_most(city: City) -> None:
    for number in range(MOST_FOUND + 2):
        city.member(f"many-{number}")

    found = city.lists.search_members(city.staff(SUPPORT), "many")

    assert len(found.page.items) == MOST_FOUND + 1  # of which one says that there are more


def test_the_sums_of_a_day_are_those_of_the_ledger_in_minor_units(city: City) -> None:
    reader = city.staff(SUPPORT)

    sums = city.lists.sums_of_day(reader, city.today()).page.items
    other_days = [
        city.lists.sums_of_day(reader, city.today() + timedelta(days=days)).page.items
        for days in (-1, 1)
    ]

    fare = city.lists.ride(reader, city.paid.id, **PAGE).subject
    assert fare
    assert {(each.kind, each.account) for each in sums} == {
        ("fare", "rider"), ("fare", "owner"), ("fare", "movr"),
    }  # fmt: skip
    assert {each.amount for each in sums if each.account == "rider"} == {-(fare.amount or 0)}
    assert sum(each.amount for each in sums) == 0
    assert {each.currency for each in sums} == {"USD"}
    assert other_days == [(), ()]


def test_staff_learn_nothing_of_rides_in_other_cities(city: City) -> None:
    owner = a_member(city.movr, ELSEWHERE.name)
    elsewhere = city.movr.add_vehicle(owner, **VEHICLE, location="9 Beacon Street")
    city.movr.end_ride(city.ride, city.rider, location="2 Broadway")
    abroad = start_ride(city.movr, elsewhere, city.rider)
    manager = city.staff(MANAGER)

    history = city.lists.member(manager, city.rider.id, **PAGE).history.items
    under_way = city.lists.rides_under_way(manager, **PAGE).page.items

    rides = [item.id for item in history if item.source == "ride"]
    assert set(rides) == {city.paid.id, city.ride.id}
    assert under_way == ()
    assert city.lists.ride(manager, abroad.id, **PAGE).subject is None
    assert city.lists.vehicle(manager, elsewhere.id, **PAGE).subject is None
    assert city.lists.member(manager, owner.id, **PAGE).subject is None


def test_staff_read_the_names_of_people_who_live_in_their_city_only(city: City) -> None:
    """Those of others are in other regions."""
    manager, visitor = city.staff(MANAGER), city.staff(SUPPORT, home="paris")
    abroad = start_ride(city.movr, city.vehicles[IDLE], visitor.user)
    why = StaffRequest(visitor.user, 0, HERE.name, "Rides on pavements", "key")
    city.movr.staff.suspend_account(why, city.rider.id)
    city.movr.staff.restore_account(why._replace(staff=manager.user), city.rider.id)

    rides = [city.lists.ride(manager, ride.id, **PAGE).subject for ride in (city.paid, abroad)]
    grants = city.lists.grants(manager, **PAGE).page.items
    audit = city.lists.audit(manager, **PAGE).page.items

    assert [ride and ride.rider_name for ride in rides] == ["rider_1", None]
    assert {grant.user_city: bool(grant.username) for grant in grants} == {
        "new york": True,
        "paris": False,
    }
    assert {line.actor_city: bool(line.actor_name) for line in audit if line.actor_city} == {
        "new york": True,
        "paris": False,
    }


def test_only_managers_read_in_a_history_what_staff_did(city: City) -> None:
    support, manager = city.staff(SUPPORT), city.staff(MANAGER)
    why = StaffRequest(support.user, 0, HERE.name, "Rides on pavements", "key")
    city.movr.staff.suspend_account(why, city.rider.id)

    def sources(reader: Reader) -> set[str]:
        found = city.lists.member(reader, city.rider.id, **PAGE)
        return {item.source for item in found.history.items}

    assert sources(support) == {"ride", "report"}
    assert sources(manager) == {"ride", "report", "audit"}


def test_a_history_comes_in_pages(city: City) -> None:
    manager, read = city.staff(MANAGER), city.lists.member
    whole = read(manager, city.rider.id, **PAGE).history.items

    first = read(manager, city.rider.id, after=None, size=2).history
    last = first.items[-1]
    second = read(manager, city.rider.id, after=(last.at, last.id), size=2).history

    assert first.items + second.items == whole
    assert all(later.at >= earlier.at for later, earlier in pairwise(whole))


def test_the_whole_audit_comes_in_batches(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "BATCH", 2)
    manager = city.staff(*ROLES)
    city.staff(MECHANIC)

    batches = [batch.page.items for batch in city.lists.whole_audit(manager)]

    whole = city.lists.audit(manager, **PAGE).page.items
    assert [len(batch) for batch in batches] == [2, 2]
    assert tuple(line for batch in batches for line in batch) == whole


def test_the_file_of_the_audit_ends_when_the_role_is_taken(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "BATCH", 1)
    manager = city.staff(*ROLES)
    batches = city.lists.whole_audit(manager)
    assert len(next(batches).page.items) == 1

    city.movr.staff.revoke_role_as_operator(HERE.name, manager.user, MANAGER, "Left")

    assert [len(batch.page.items) for batch in batches] == [0]
