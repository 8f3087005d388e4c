"""The requests of the objectives: whose journey they are, where they count, and how they ended."""

from dataclasses import replace

import pytest
from flask import Flask

from movr.cities import REGIONS
from tests.conftest import NewVisitor, settings_for, visiting
from tests.visitor import PASSWORD, Visitor
from tests.web.api.v1.client import ApiClient
from tests.web.operations.test_metrics import Numbers, numbers
from web.app import create_app
from web.operations import journeys
from web.operations.journeys import SLOW_AFTER, Journey, Result

EAST, _, EUROPE = REGIONS
LOCAL = ""  # a deployment without REGION
IN_PARIS = {"X-City": "paris"}


def counted(before: Numbers, after: Numbers) -> dict[tuple[str, str, str], float]:
    """Return how many requests of each region, journey and result were counted in between."""
    found = {
        labels: after[name, labels] - before.get((name, labels), 0)
        for name, labels in after
        if name == "movr_journeys_total"
    }
    return {
        (facts["region"], facts["journey"], facts["result"]): number
        for labels, number in found.items()
        if (facts := dict(labels)) and number
    }


def test_pages_and_programs_are_counted_in_the_region_of_the_city(
    new_visitor: NewVisitor, visitor: Visitor
) -> None:
    rider = new_visitor().register("paris")
    vehicle = new_visitor().register("paris").add_vehicle()
    before = numbers(visitor.get("/metrics"))

    rider.get("/vehicles")
    rider.start(vehicle, "paris")
    rider.end(rider.active_ride())
    program = ApiClient(rider.client).log_in(rider.username)
    (found,) = program.get("/cities/paris/vehicles").json()["items"]
    ride = program.call("POST", "/rides", city="paris", vehicle_id=found["id"]).json()
    program.call("POST", f"/cities/paris/rides/{ride['id']}/end", place="Rue Cler")
    rider.client.cookies.clear()
    rider.client.post("/login", data={"csrf_token": visitor.token()}, headers=IN_PARIS)

    after = numbers(visitor.get("/metrics"))
    at_home = {(EUROPE, journey, "good"): 2.0 for journey in ("look", "start", "end")}
    logins = {(EUROPE, "log_in", "good"): 1.0, (LOCAL, "log_in", "good"): 1.0}
    assert counted(before, after) == at_home | logins


def test_a_failure_is_counted_where_the_riders_are_whose_database_does_not_answer() -> None:
    """Another region answers them, because the load balancer has sent them there."""
    away = settings_for("postgresql://movr@127.0.0.1:1/movr")
    with visiting(create_app(replace(away, region=EAST))) as new:
        visitor = new()
        login = {"username": "ada", "password": PASSWORD, "csrf_token": visitor.token()}
        before = numbers(visitor.get("/metrics"))
        for path in ("/vehicles", "/api/v1/cities/rome/vehicles"):
            assert visitor.get(path, IN_PARIS).status_code == 503
        for headers in (IN_PARIS, {}):
            assert visitor.client.post("/login", data=login, headers=headers).status_code == 503
        after = numbers(visitor.get("/metrics"))

    assert counted(before, after) == {
        (EUROPE, "look", "failed"): 2,
        (EUROPE, "log_in", "failed"): 1,
        (EAST, "log_in", "failed"): 1,
    }


@pytest.mark.parametrize("journey", Journey)
def test_a_refusal_is_a_good_answer_and_a_late_one_is_slow(journey: Journey) -> None:
    limit = SLOW_AFTER[journey]

    assert journeys.result(journey, 403, limit) is Result.GOOD
    assert journeys.result(journey, 303, limit + 0.01) is Result.SLOW
    assert journeys.result(journey, 503, 0) is Result.FAILED


def test_each_journey_has_endpoints_that_exist(app: Flask) -> None:
    journeys_of_app = [journeys.of(endpoint) for endpoint in app.view_functions]

    assert {*Journey} == {*journeys_of_app} - {None}
    assert len(journeys.OF_ENDPOINT) == len(journeys_of_app) - journeys_of_app.count(None)
