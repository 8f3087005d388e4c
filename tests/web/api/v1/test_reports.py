"""Operations of the API on problems with vehicles."""

from uuid import UUID

import pytest
from sqlalchemy import Engine

from tests.conftest import NewVisitor
from tests.databases import rows_of
from tests.visitor import Visitor
from tests.web.api.v1.client import ApiClient
from web.security import rate_limits

FLAT = {"kind": "tyre", "words": "The front tyre is flat"}
OPEN = {"latitude": 40.72, "longitude": -74.0}


@pytest.fixture
def owner(api: ApiClient, visitor: Visitor) -> ApiClient:  # noqa: ARG001 - the visitor's program
    """The program of a member, who is the visitor and owns the vehicle."""
    return api


@pytest.fixture
def vehicle(visitor: Visitor, owner: ApiClient) -> UUID:  # noqa: ARG001 - registers the visitor
    return visitor.add_vehicle()


@pytest.fixture
def rider(new_visitor: NewVisitor) -> Visitor:
    return new_visitor().register(first_name="Augusta")


@pytest.fixture
def program(owner: ApiClient, rider: Visitor) -> ApiClient:
    """The program of a rider."""
    return ApiClient(owner.client).log_in(rider.username)


def reports_of(owner: ApiClient) -> str:
    """Return the path of the open reports about the owner's only vehicle."""
    (own,) = owner.get("/me/vehicles").json()["items"]
    return f"/me/vehicles/{own['id']}/reports"


def test_a_rider_reports_a_problem_and_the_owner_closes_it_without_learning_who_it_was(
    owner: ApiClient, vehicle: UUID, program: ApiClient, rider: Visitor
) -> None:
    rider.start(vehicle)
    ride = rider.active_ride()
    said = program.call("POST", f"/cities/new-york/rides/{ride}/reports", **FLAT | OPEN)
    assert said.status_code == 204, said.text

    reply = owner.get(reports_of(owner))
    (report,) = reply.json()["items"]

    assert "1 statement" in reply.headers["Server-Timing"]
    assert report.keys() == {"id", "kind", "words", "latitude", "longitude", "created_at"}
    assert (FLAT | OPEN).items() <= report.items()
    assert str(ride) not in reply.text
    assert program.call(*close(report), outcome="mended").status_code == 404
    assert owner.call(*close(report), outcome="fine").status_code == 422
    assert owner.call(*close(report), outcome="mended").status_code == 204
    assert owner.get(reports_of(owner)).json()["items"] == []
    assert program.get(reports_of(owner)).status_code == 404


def close(report: dict[str, str]) -> tuple[str, str]:
    return "POST", f"/me/reports/{report['id']}/close"


def test_a_report_sent_again_with_its_key_is_one_report(
    vehicle: UUID, program: ApiClient, engine: Engine
) -> None:
    program.client.headers["Idempotency-Key"] = "one"

    for _ in range(2):
        assert reported(program, vehicle, **FLAT) == 204

    assert len(rows_of(engine, "reports")) == 1


def reported(program: ApiClient, vehicle: UUID, **problem: object) -> int:
    path = f"/cities/new-york/vehicles/{vehicle}/reports"
    return program.call("POST", path, **problem).status_code


def test_only_what_a_rider_can_ride_or_has_ridden_is_reported(
    vehicle: UUID, program: ApiClient, owner: ApiClient, rider: Visitor, engine: Engine
) -> None:
    rider.start(vehicle)
    ride = f"/cities/new-york/rides/{rider.active_ride()}/reports"
    before = rows_of(engine, "reports")

    assert owner.call("POST", ride, **FLAT).status_code == 404
    assert reported(owner, vehicle, **FLAT) == 404
    far = {"latitude": 48.85, "longitude": 2.35}
    assert reported(program, vehicle, **FLAT | far) == 422
    assert reported(program, vehicle, kind="other") == 422
    assert reported(program, vehicle, kind="other", words="<b>") == 422
    assert reported(program, vehicle, kind="engine") == 422
    assert rows_of(engine, "reports") == before


def test_pages_and_programs_share_the_limit_of_reports(
    vehicle: UUID, program: ApiClient, rider: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = rate_limits.REPORTS_OF_MEMBER._replace(at_most=2)
    monkeypatch.setattr(rate_limits, "REPORTS_OF_MEMBER", few)
    page = f"/reports/vehicle/new-york/{vehicle}"

    assert rider.post(page, **FLAT).status_code == 303
    assert [reported(program, vehicle, **FLAT) for _ in range(2)] == [204, 429]
