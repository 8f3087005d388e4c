"""Concurrent requests of pages and of programs for the same thing: one of them wins."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from movr.database import invariants
from tests.conftest import NewVisitor
from tests.visitor import Visitor
from tests.web.api.v1.client import ApiClient
from tests.web.pages.test_races import at_once, count, poster, says

EACH = 6  # riders with a browser, and riders with a program
CITY = "new-york"


@pytest.fixture(autouse=True)
def everything_holds(engine: Engine) -> Iterator[None]:
    """Assert after each test that all invariants hold."""
    yield
    assert invariants.find_violations(engine) == []


def program_of(visitor: Visitor) -> ApiClient:
    return ApiClient(visitor.client).log_in(visitor.username)


def taker(rider: ApiClient, noun: str, vehicle: UUID) -> Callable[[], httpx.Response]:
    """Return a function that reserves this vehicle or starts a ride with it."""
    return partial(rider.call, "POST", f"/{noun}", city=CITY, vehicle_id=str(vehicle))


def test_one_of_six_browsers_and_six_programs_starts_the_vehicle(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    vehicle = new_http_visitor().register().add_vehicle()
    riders = [new_http_visitor().register() for _ in range(2 * EACH)]
    forms = [poster(rider, f"/rides/start/{vehicle}", city="new york") for rider in riders[:EACH]]
    calls = [taker(program_of(rider), "rides", vehicle) for rider in riders[EACH:]]

    replies = at_once(lambda act: act(), [*forms, *calls])

    by_page = sum(
        says(rider, reply, "Have a good ride")
        for rider, reply in zip(riders, replies, strict=False)
    )
    by_program = Counter(reply.status_code for reply in replies[EACH:])
    assert by_page + by_program[201] == 1
    assert by_program[409] == EACH - by_program[201]
    assert count(engine, "rides") == 1


def test_one_rider_takes_one_vehicle_with_a_browser_and_a_program_at_once(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    for number in range(1, 5):
        rider = new_http_visitor().register()
        program, vehicles = program_of(rider), [owner.add_vehicle() for _ in range(3)]
        form = poster(rider, f"/rides/start/{vehicles[0]}", city="new york")
        calls = [taker(program, "rides", vehicles[1]), taker(program, "reservations", vehicles[2])]

        replies = at_once(lambda act: act(), [form, *calls])

        assert replies[0].status_code == 303
        assert {reply.status_code for reply in replies[1:]} <= {201, 409}
        assert count(engine, "rides WHERE end_time IS NULL") == number


def test_a_ride_ended_by_a_browser_and_a_program_at_once_ends_once(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    for number in range(1, 5):
        rider = new_http_visitor().register()
        rider.start(rider.add_vehicle())
        ride, program = rider.active_ride(), program_of(rider)
        path = f"/cities/{CITY}/rides/{ride}/end"
        form = poster(rider, f"/rides/end/{ride}", location="1 Broadway")
        call = partial(program.call, "POST", path, place="2 Broadway")
        twice: list[Callable[[], httpx.Response]] = [form, call] * 2

        replies = at_once(lambda act: act(), twice)

        assert Counter(reply.status_code for reply in replies) == {303: 2, 200: 2}
        assert count(engine, "ledger_entries WHERE kind = 'fare' AND account = 'rider'") == number


def test_a_session_that_ends_on_a_page_starts_no_ride_by_a_program_afterwards(
    new_http_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_http_visitor().register()
    for _ in range(4):
        rider, vehicle = new_http_visitor().register(), owner.add_vehicle()
        program = program_of(rider)
        leave = poster(rider, f"/users/{rider.id}/logout")

        _, started = at_once(lambda act: act(), [leave, taker(program, "rides", vehicle)])

        assert started.status_code in {201, 401}
        assert program.get("/me").status_code == 401
        riding = count(engine, "users WHERE active_ride_id IS NOT NULL")
        assert riding == count(engine, "rides WHERE end_time IS NULL")
