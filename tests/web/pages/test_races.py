"""Concurrent requests over HTTP to several gunicorn workers and threads."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TypeVar

import httpx
import pytest
from sqlalchemy import Engine, text

from movr.database import invariants
from movr.database.engine import is_cockroachdb
from movr.fares import Tariff
from movr.movr import MovR
from movr.results import CityTariff
from tests.cli.test_serve import wait_until
from tests.conftest import UNLIMITED, NewVisitor, plain_client, serving, visitors
from tests.visitor import DELETION, PASSWORD, Visitor, registration
from tests.web.operations.test_waiting import waiters
from tests.web.pages.test_repeated_forms import VEHICLE, key

Who = TypeVar("Who")
RIDERS = 12
NEW = "a wholly other password"


@pytest.fixture(autouse=True)
def everything_holds(engine: Engine) -> Iterator[None]:
    """Assert after each test that all invariants hold."""
    yield
    assert invariants.find_violations(engine) == []


def at_once(act: Callable[[Who], httpx.Response], everyone: Sequence[Who]) -> list[httpx.Response]:
    """Call all functions at the same moment."""
    barrier = Barrier(len(everyone))

    def wait_then_act(who: Who) -> httpx.Response:
        barrier.wait()
        return act(who)

    with ThreadPoolExecutor(len(everyone)) as pool:
        return list(pool.map(wait_then_act, everyone))


def poster(visitor: Visitor, path: str, **fields: str) -> Callable[[], httpx.Response]:
    """Return a function that sends this form."""
    token = visitor.token()
    return lambda: visitor.client.post(path, data={"csrf_token": token, **fields})


def count(engine: Engine, what: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def test_only_one_of_twelve_riders_starts_the_vehicle(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    vehicle = new_http_visitor().register().add_vehicle()
    riders = [new_http_visitor().register() for _ in range(RIDERS)]
    forms = [poster(rider, f"/rides/start/{vehicle}", city="new york") for rider in riders]

    replies = at_once(lambda form: form(), forms)

    assert Counter(reply.status_code for reply in replies) == {303: RIDERS}
    said = [rider.follow(reply) for rider, reply in zip(riders, replies, strict=True)]
    assert sum("Have a good ride" in sentence for sentence in said) == 1
    assert sum("This vehicle has just been taken" in sentence for sentence in said) == 11
    assert count(engine, "rides") == 1
    assert count(engine, "users WHERE active_ride_id IS NOT NULL") == 1


def test_a_rider_who_starts_eleven_vehicles_at_once_rides_one(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    vehicles = [owner.add_vehicle() for _ in range(11)]
    rider = new_http_visitor().register()
    forms = [poster(rider, f"/rides/start/{vehicle}", city="new york") for vehicle in vehicles]

    replies = at_once(lambda form: form(), forms)

    assert Counter(reply.status_code for reply in replies) == {303: 11}
    assert count(engine, "rides WHERE end_time IS NULL") == 1
    assert count(engine, "vehicles WHERE status = 'in_use'") == 1
    assert rider.active_ride()


def test_one_ride_ended_six_times_at_once_ends_once(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    rider = new_http_visitor().register()
    rider.start(rider.add_vehicle())
    ride = rider.active_ride()
    forms = [poster(rider, f"/rides/end/{ride}", location=f"{n} Broadway") for n in range(6)]

    replies = at_once(lambda form: form(), forms)

    assert Counter(reply.status_code for reply in replies) == {303: 6}
    with engine.connect() as connection:
        left_at = connection.execute(text("SELECT end_location FROM rides")).scalar_one()
        stands_at, status = connection.execute(
            text("SELECT last_location, status FROM vehicles")
        ).one()
    assert (stands_at, status) == (left_at, "available")
    assert count(engine, "ride_totals WHERE rides = 1") == 2  # of a week and of a month
    assert count(engine, "ledger_entries WHERE kind = 'fare' AND account = 'rider'") == 1


def test_a_ride_that_starts_while_its_tariff_changes_has_one_of_both(
    new_http_visitor: NewVisitor, engine: Engine, database: str
) -> None:
    owner, movr = new_http_visitor().register(), MovR(database)
    old, new = Tariff(100, 20, 1800), Tariff(300, 30, 3000)
    riders = [new_http_visitor().register() for _ in range(8)]
    forms = [
        poster(rider, f"/rides/start/{owner.add_vehicle()}", city="new york") for rider in riders
    ]

    def change() -> httpx.Response:
        row = CityTariff("bike", datetime.now(UTC), *new, owner_percent=10)
        assert movr.add_tariff("new york", row)
        return httpx.Response(303)

    try:
        replies = at_once(lambda act: act(), [*forms, change])
        with engine.connect() as connection:
            columns = ", ".join(Tariff._fields)
            noted = connection.execute(text(f"SELECT {columns}, owner_percent FROM rides")).all()
    finally:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM tariffs WHERE valid_from > '2000-01-01'"))
        movr.close()

    assert Counter(reply.status_code for reply in replies) == {303: 9}
    assert len(noted) == len(riders)
    assert set(map(tuple, noted)) <= {(*old, 70), (*new, 10)}


@pytest.fixture
def new_charged_visitor(database: str, engine: Engine) -> Iterator[NewVisitor]:  # noqa: ARG001 - emptied
    """Create visitors of a server where rides cost."""
    limit = {"WRITES_PER_MINUTE": str(UNLIMITED)}
    with (
        serving(DB_URI=database, DEBUG="1", PAYMENTS="fake", **limit) as url,
        visitors(lambda: plain_client(url)) as new,
    ):
        yield new


def test_a_ride_ended_and_undone_at_once_is_one_or_the_other_and_charged_at_most_once(
    new_charged_visitor: NewVisitor, engine: Engine
) -> None:
    place = {"city": "new york", "latitude": "40.7128", "longitude": "-74.006"}
    owner = new_charged_visitor().register()
    for _ in range(8):
        rider = new_charged_visitor().register()
        rider.start(owner.add_vehicle())
        ride = rider.active_ride()
        ends = [poster(rider, f"/rides/end/{ride}", **place, location=at) for at in ("A", "B")]
        undo = poster(rider, f"/rides/undo/{ride}", **place)

        replies = at_once(lambda form: form(), [*ends, undo])

        assert Counter(reply.status_code for reply in replies) == {303: 3}
    assert count(engine, "rides WHERE end_time IS NOT NULL") == 8
    counted = count(engine, "ride_totals WHERE period = 'week' AND rides = 1")
    assert counted + count(engine, "rides WHERE undone") == 8
    assert count(engine, "ledger_entries WHERE account = 'rider'") == counted


def test_an_account_is_deleted_after_its_ride_was_ended_or_undone_or_not_at_all(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    place = {"city": "new york", "latitude": "40.7128", "longitude": "-74.006"}
    owner = new_http_visitor().register()
    for n in range(6):
        rider, twin = new_http_visitor().register(), new_http_visitor()
        rider.start(owner.add_vehicle())
        twin.client.cookies.update(rider.client.cookies)
        way, fields = ("end", {"location": "2 Broadway"}) if n % 2 else ("undo", place)
        finish = poster(rider, f"/rides/{way}/{rider.active_ride()}", **fields)
        leave = poster(twin, f"/users/remove/{rider.id}", **DELETION)

        replies = at_once(lambda form: form(), [finish, leave])

        assert [reply.status_code for reply in replies] == [303, 303]
    assert count(engine, "rides WHERE end_time IS NULL") == 0
    assert count(engine, "rides WHERE undone") == 3


def test_one_username_registered_in_six_cities_at_once_is_one_account(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    cities = ["new york", "boston", "seattle", "los angeles", "paris", "rome"]
    spellings = ["grace.hopper", "Grace.Hopper", "GRACE.HOPPER", "gRACE.hOPPER", "grace.Hopper"]
    forms = [
        poster(
            new_http_visitor(),
            "/register",
            **registration(city) | {"username": spelling, "password": PASSWORD},
        )
        for city, spelling in zip(cities, [*spellings, "GRACE.hopper"], strict=True)
    ]

    replies = at_once(lambda form: form(), forms)

    assert Counter(reply.status_code for reply in replies) == {303: 1, 422: 5}
    assert sum("That username is taken" in reply.text for reply in replies) == 5
    assert count(engine, "users") == 1


def test_a_vehicle_is_removed_or_ridden_but_never_both(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    for _ in range(5):
        vehicle = owner.add_vehicle()
        rider = new_http_visitor().register()
        start = poster(rider, f"/rides/start/{vehicle}", city="new york")
        remove = poster(owner, f"/vehicles/remove/{owner.permanent_id(vehicle)}")

        replies = at_once(lambda form: form(), [start, remove])

        assert all(reply.status_code in {303, 404} for reply in replies)
    ridden = count(engine, "vehicles WHERE status = 'in_use'")
    assert ridden == count(engine, "rides WHERE end_time IS NULL")
    assert ridden + count(engine, "vehicles WHERE removed_at IS NOT NULL") == 5


def test_a_paused_vehicle_is_ridden_by_one_at_most_and_out_of_service_afterwards(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    """Whichever comes first, the owner is told the truth, and one event leads out of service."""
    owner = new_http_visitor().register()
    paused = "vehicle_events WHERE state = 'non_operational'"
    for number in range(1, 6):
        vehicle, rider = owner.add_vehicle(), new_http_visitor().register()
        start = poster(rider, f"/rides/start/{vehicle}", city="new york")
        pause = poster(owner, f"/vehicles/pause/{owner.permanent_id(vehicle)}")

        started, told, _ = at_once(lambda form: form(), [start, pause, pause])

        is_riding = says(rider, started, "Have a good ride")
        assert says(owner, told, "will be paused when the ride ends") == is_riding
        if is_riding:
            rider.end(rider.active_ride())
        assert count(engine, paused) == number
    assert count(engine, "vehicles WHERE status = 'non_operational'") == 5


def test_a_vehicle_is_restored_or_its_removal_stays_but_its_events_are_right(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    vehicle = owner.permanent_id(owner.add_vehicle())
    for _ in range(5):
        remove = poster(owner, f"/vehicles/remove/{vehicle}")
        restore = poster(owner, f"/vehicles/restore/{vehicle}")

        replies = at_once(lambda form: form(), [remove, restore, remove, restore])

        assert {reply.status_code for reply in replies} == {303}
        owner.post(f"/vehicles/restore/{vehicle}")
    assert count(engine, "vehicles WHERE removed_at IS NULL") == 1


def test_only_one_of_eight_riders_reserves_the_vehicle(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    vehicle = new_http_visitor().register().add_vehicle()
    riders = [new_http_visitor().register() for _ in range(8)]
    forms = [poster(rider, f"/reservations/start/{vehicle}", city="new york") for rider in riders]

    replies = at_once(lambda form: form(), forms)

    said = [rider.follow(reply) for rider, reply in zip(riders, replies, strict=True)]
    assert sum("It is reserved for you" in sentence for sentence in said) == 1
    assert sum("This vehicle has just been taken" in sentence for sentence in said) == 7
    assert count(engine, "users WHERE reservation_until IS NOT NULL") == 1


def test_a_rider_who_reserves_six_vehicles_at_once_has_one(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner, rider = new_http_visitor().register(), new_http_visitor().register()
    vehicles = [owner.add_vehicle() for _ in range(6)]
    forms = [poster(rider, f"/reservations/start/{each}", city="new york") for each in vehicles]

    replies = at_once(lambda form: form(), forms)

    assert Counter(reply.status_code for reply in replies) == {303: 6}
    assert count(engine, "vehicles WHERE reserved_until IS NOT NULL") == 1


def test_a_vehicle_is_reserved_by_one_or_started_by_another_but_never_both(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    for number in range(1, 6):
        vehicle = owner.add_vehicle()
        starter, reserver = new_http_visitor().register(), new_http_visitor().register()
        start = poster(starter, f"/rides/start/{vehicle}", city="new york")
        reserve = poster(reserver, f"/reservations/start/{vehicle}", city="new york")

        started, reserved = at_once(lambda form: form(), [start, reserve])

        assert says(starter, started, "Have a good ride") != says(reserver, reserved, "for you")
        used = count(engine, "vehicles WHERE status = 'in_use' OR reserved_until IS NOT NULL")
        assert used == number


def test_at_the_second_of_expiry_one_of_two_riders_starts(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    """The one who had it reserved, and another one."""
    owner = new_http_visitor().register()
    for number in range(1, 6):
        vehicle = owner.add_vehicle()
        holder, other = new_http_visitor().register(), new_http_visitor().register()
        holder.reserve(vehicle)
        forms = [
            poster(rider, f"/rides/start/{vehicle}", city="new york") for rider in (holder, other)
        ]
        expire_in(engine, timedelta(milliseconds=20))

        replies = at_once(lambda form: form(), forms)

        assert [reply.status_code for reply in replies] == [303, 303]
        assert count(engine, "rides WHERE end_time IS NULL") == number


def expire_in(engine: Engine, time: timedelta) -> None:
    """Let all reservations that have not ended yet end at this time from now."""
    until = {"until": datetime.now(UTC) + time}
    columns = {
        "vehicles": "reserved_until",
        "users": "reservation_until",
        "vehicle_events": "expires_at",
    }
    with engine.begin() as connection:
        for table, column in columns.items():
            connection.execute(
                text(f"UPDATE {table} SET {column} = :until WHERE {column} > now()"), until
            )


def test_a_reserved_vehicle_is_removed_when_its_rider_is_done(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    """Whichever of the two comes first, the other one is told the truth."""
    owner = new_http_visitor().register()
    for _ in range(5):
        vehicle, rider = owner.add_vehicle(), new_http_visitor().register()
        reserve = poster(rider, f"/reservations/start/{vehicle}", city="new york")
        remove = poster(owner, f"/vehicles/remove/{owner.permanent_id(vehicle)}")

        reserved, removed = at_once(lambda form: form(), [reserve, remove])

        is_reserved = says(rider, reserved, "It is reserved for you")
        assert says(owner, removed, "A rider has your vehicle") == is_reserved
        assert says(rider, rider.start(vehicle), "Have a good ride") == is_reserved
    assert count(engine, "vehicles WHERE removed_at IS NULL AND status = 'available'") == 0


def test_a_vehicle_that_is_paused_as_its_ride_ends_is_paused_once(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    for number in range(1, 6):
        vehicle, rider = owner.add_vehicle(), new_http_visitor().register()
        own = owner.permanent_id(vehicle)
        rider.start(vehicle)
        end = poster(rider, f"/rides/end/{rider.active_ride()}", location="2 Broadway")

        replies = at_once(lambda form: form(), [end, poster(owner, f"/vehicles/pause/{own}")])

        assert [reply.status_code for reply in replies] == [303, 303]
        assert count(engine, "vehicles WHERE status = 'non_operational'") == number
        assert count(engine, "vehicle_events WHERE state = 'non_operational'") == number


def test_an_account_is_deleted_or_riding_but_never_both(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    for _ in range(5):
        vehicle = owner.add_vehicle()
        rider, twin = new_http_visitor().register(), new_http_visitor()
        twin.client.cookies.update(rider.client.cookies)  # the reply to one ends no cookie of both
        start = poster(rider, f"/rides/start/{vehicle}", city="new york")
        leave = poster(twin, f"/users/remove/{rider.id}", **DELETION)

        replies = at_once(lambda form: form(), [start, leave])

        assert [reply.status_code for reply in replies] == [303, 303]
    riding = count(engine, "users WHERE active_ride_id IS NOT NULL")
    assert riding == count(engine, "vehicles WHERE status = 'in_use'")
    assert riding + count(engine, "users WHERE deleted_at IS NOT NULL") == 5


def in_this_order(
    engine: Engine, forms: Sequence[Callable[[], httpx.Response]]
) -> list[httpx.Response]:
    """Send forms that all check their password first, and then change the row in this order."""
    if is_cockroachdb(engine.url):
        pytest.skip("only PostgreSQL shows who waits for a lock")
    with ThreadPoolExecutor(len(forms)) as pool:
        sent = []
        with engine.begin() as connection:
            connection.execute(text("SELECT id FROM users FOR UPDATE"))
            for number, form in enumerate(forms, 1):
                sent.append(pool.submit(form))
                wait_until(lambda number=number: waiters(engine) == number, "a lock")  # type: ignore[misc]
        return [reply.result() for reply in sent]


def says(visitor: Visitor, reply: httpx.Response, sentence: str) -> bool:
    """Return True if a form was accepted, with this sentence."""
    return reply.status_code == 303 and sentence in visitor.follow(reply)


@contextmanager
def twins(new: NewVisitor, number: int) -> Iterator[list[Visitor]]:
    """Yield browsers with the same session, whose sessions must have ended after the block."""
    browsers = [new().register(), *(new() for _ in range(number))]
    for twin in browsers[1:]:
        twin.client.cookies.update(browsers[0].client.cookies)
        twin.username = browsers[0].username
    bystander = browsers.pop()
    assert bystander.get("/users").status_code == 200
    yield browsers
    assert bystander.get("/users").status_code == 303


def test_a_password_that_is_being_changed_deletes_no_account(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    """The old password was right when the form that deletes was checked."""
    with twins(new_http_visitor, 2) as (one, other):
        change = poster(one, f"/users/{one.id}/security", current=PASSWORD, new=NEW)
        delete = poster(other, f"/users/remove/{one.id}", **DELETION)

        changed, refused = in_this_order(engine, [change, delete])

    assert "Your password has been changed" in one.follow(changed)
    assert "logged out" in other.follow(refused)
    assert new_http_visitor().log_in(one.username, NEW).status_code == 303
    assert count(engine, "users WHERE deleted_at IS NOT NULL") == 0


def test_the_password_of_an_account_that_is_being_deleted_is_not_changed(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    with twins(new_http_visitor, 2) as (one, other):
        delete = poster(one, f"/users/remove/{one.id}", **DELETION)
        change = poster(other, f"/users/{one.id}/security", current=PASSWORD, new=NEW)

        deleted, refused = in_this_order(engine, [delete, change])

    assert "Your account has been deleted" in one.follow(deleted)
    assert "changed" not in other.follow(refused)
    for password in (PASSWORD, NEW):
        assert new_http_visitor().log_in(one.username, password).status_code == 422
    assert count(engine, "users WHERE password_hash IS NOT NULL") == 0


def test_an_account_is_deleted_or_its_password_changed_but_never_both(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    for _ in range(5):
        with twins(new_http_visitor, 2) as (one, other):
            delete = poster(one, f"/users/remove/{one.id}", **DELETION)
            change = poster(other, f"/users/{one.id}/security", current=PASSWORD, new=NEW)

            replies = at_once(lambda form: form(), [delete, change])

        is_deleted = says(one, replies[0], "Your account has been deleted")
        assert is_deleted != says(other, replies[1], "Your password has been changed")
        login = new_http_visitor().log_in(one.username, NEW)
        assert (login.status_code == 303) != is_deleted
    assert count(engine, "users") == 5


def test_a_deleted_owner_has_no_vehicle_in_service(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    for _ in range(10):
        owner, rider = new_http_visitor().register(), new_http_visitor().register()
        rider.start(owner.add_vehicle())
        end = poster(rider, f"/rides/end/{rider.active_ride()}", location="here")
        leave = poster(owner, f"/users/remove/{owner.id}", **DELETION)

        at_once(lambda form: form(), [end, leave])

    left = "vehicles JOIN users ON users.city = vehicles.city AND users.id = owner_id"
    assert count(engine, f"{left} WHERE deleted_at IS NOT NULL AND removed_at IS NULL") == 0


def test_a_vehicle_reported_as_removed_is_removed(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    for _ in range(10):
        vehicle, rider = owner.add_vehicle(), new_http_visitor().register()
        remove = poster(owner, f"/vehicles/remove/{owner.permanent_id(vehicle)}")
        rider.start(vehicle)
        end = poster(rider, f"/rides/end/{rider.active_ride()}", location="here")

        _, removed = at_once(lambda form: form(), [end, remove])

        assert re.search("has been removed|will be removed", owner.follow(removed))
    assert count(engine, "vehicles WHERE removed_at IS NOT NULL") == 10


def test_six_concurrent_starts_of_one_rider_are_one_ride(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    rider = new_http_visitor().register()
    start = poster(rider, f"/rides/start/{rider.add_vehicle()}", city="new york")

    replies = at_once(lambda form: form(), [start] * 6)

    assert {(reply.status_code, reply.headers["Location"]) for reply in replies} == {
        (303, "/rides")
    }
    assert "Have a good ride" in rider.follow(replies[0])
    assert count(engine, "rides") == 1


def test_a_vehicle_sent_six_times_at_once_is_one_vehicle(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    form = VEHICLE | {"key": key(owner.get("/vehicles/add"))}

    replies = at_once(lambda send: send(), [poster(owner, "/vehicles/add", **form)] * 6)

    assert Counter(reply.status_code for reply in replies) == {303: 6}
    assert count(engine, "vehicles") == 1


def test_an_account_opened_six_times_at_once_is_one_account(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    visitor = new_http_visitor()
    fields = registration() | {"key": key(visitor.get("/register"))}
    twins = [new_http_visitor() for _ in range(6)]
    for twin in twins:  # the reply to one changes no cookie of another
        twin.client.cookies.update(visitor.client.cookies)
    forms = [poster(twin, "/register", **fields) for twin in twins]

    replies = at_once(lambda send: send(), forms)

    assert Counter(reply.status_code for reply in replies) == {303: 6}
    assert count(engine, "users") == 1


def test_two_riders_who_report_at_once_take_the_vehicle_out_of_service_once(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    """Each sends their form twice."""
    owner = new_http_visitor().register()
    riders = [new_http_visitor().register() for _ in range(2)]
    for number in range(1, 5):
        path = f"/reports/vehicle/new-york/{owner.add_vehicle()}"
        forms = [poster(rider, path, kind="brakes", key=key(rider.get(path))) for rider in riders]

        replies = at_once(lambda form: form(), forms * 2)

        assert Counter(reply.status_code for reply in replies) == {303: 4}
        assert count(engine, "reports") == 2 * number
        assert count(engine, "vehicles WHERE paused_by = 'reports'") == number
        assert count(engine, "vehicle_events WHERE state = 'non_operational'") == number
