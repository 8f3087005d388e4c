"""The locality checks: every page stays in its region, and violations are detected."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

import pytest
from flask import Flask
from sqlalchemy import Engine

from cli import api_visits, page_visits
from cli.placement import ACCEPTED_EXCEPTIONS, ALL_AT_HOME
from movr import cities
from movr.cities import City
from movr.database.admin import uri_text
from movr.movr import MovR
from movr.placement import change, inspection, last_check, locality
from movr.placement.definitions import Placement
from movr.placement.locality import SentStatement
from scenarios import demo
from scenarios.shared.context import ScenarioContext
from tests.conftest import app_with_commands
from tests.follower_reads import wait_for_follower_reads
from tests.movr.placement.conftest import FARES

NEW_YORK = cities.CITIES[0]
# Routes that `placement check` does not visit: they read no row of a city, or send emails.
NOT_VISITED = {
    "GET /.well-known/change-password",
    "GET /api/v1/docs",
    "GET /api/v1/docs/problems",
    "GET /api/v1/openapi.json",
    "GET /bootstrap/static/<path:filename>",
    "GET /favicon.ico",
    "GET /gbfs/v3/<city:city>/gbfs.json",
    "GET /gbfs/v3/<city:city>/system_information.json",
    "GET /gbfs/v3/<city:city>/system_pricing_plans.json",
    "GET /gbfs/v3/<city:city>/vehicle_types.json",
    "GET /gbfs/v3/manifest.json",
    "GET /healthz",
    "GET /leaflet/<path:filename>",
    "GET /metrics",
    "GET /offline",
    "GET /readyz",
    "GET /robots.txt",
    "GET /service-worker.js",
    "GET /static/<path:filename>",
    "GET /swagger/<path:filename>",
    "POST /api/v1/me/rides/<uuid:ride_id>/receipt",
    "POST /city/<name>",
    "POST /forgot",
    "POST /rides/mail/<uuid:ride_id>",
    "POST /users/<uuid:user_id>/verify",
}


@pytest.fixture
def placed(postgres: Engine) -> Engine:
    """A database with the demo data, placed by region."""
    demo.fill(ScenarioContext(postgres, datetime(2026, 5, 1, tzinfo=UTC)))
    steps = change.plan(inspection.current_placement(postgres), Placement.POSTGRES_PARTITION)
    list(change.run_steps(postgres, steps, at_once=True))
    return postgres


@pytest.fixture
def placed_app(placed: Engine, own_database: str) -> Flask:  # noqa: ARG001 - the same database
    return app_with_commands(own_database)


def test_every_page_of_every_region_stays_home_but_for_the_reasoned_exceptions(
    placed_app: Flask, placed: Engine
) -> None:
    result = placed_app.test_cli_runner().invoke(args=["placement", "check"])

    assert result.exit_code == 0, result.output
    rows = [
        line
        for line in result.output.splitlines()
        if line.startswith(("GET", "POST", "PUT", "DELETE"))
    ]
    assert len(rows) > 80
    away = [row for row in rows if not row.endswith("stays home")]
    assert {row.split("  ")[0] for row in away} == {
        "POST /login",
        "POST /api/v1/tokens",
        "GET /about/regions",
    }
    assert {"POST /login", "POST /register"} < set(ACCEPTED_EXCEPTIONS)
    assert (last_check.read(placed) or "").endswith(f" UTC: {ALL_AT_HOME}")
    placed_app.extensions["movr"].close()


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("SELECT 1 FROM vehicles WHERE id = %(id)s", {"id": "0" * 32, "city": "new york"}),
        ("SELECT 1 FROM rides WHERE city = %(city)s", {"city": "paris"}),
        ("SELECT 1 FROM rides WHERE city IN (%(a)s, %(b)s)", {"a": "new york", "b": "paris"}),
        ("SELECT 1 FROM users WHERE city = 'new york'", {}),
        ("UPDATE vehicles SET color = 'red' WHERE owner_id = %(id)s", {"id": "0" * 32}),
    ],
)
def test_a_statement_that_may_leave_its_region_is_detected(
    placed: Engine, statement: str, parameters: dict[str, str]
) -> None:
    assert judged(placed, NEW_YORK, SentStatement(statement, parameters)).is_violation


def test_a_statement_that_names_its_city_stays_home(placed: Engine) -> None:
    at_home = SentStatement("SELECT 1 FROM rides WHERE city = %(city)s", {"city": "new york"})

    assert not judged(placed, NEW_YORK, at_home).is_violation


def test_the_check_of_a_region_s_data_for_the_metrics_stays_home(placed: Engine) -> None:
    movr = MovR(uri_text(placed.url))
    with locality.recording_statements(*movr.engines) as sent:
        movr.data_checks.check(city.name for city in cities.cities_in(NEW_YORK.region))
        (check,) = sent.copy()
    movr.close()

    assert not judged(placed, NEW_YORK, check).is_violation


@pytest.mark.usefixtures("fares")
@pytest.mark.parametrize(
    ("statement", "is_home"),
    [
        ("SELECT cents FROM fares", True),
        ("SELECT cents FROM fares JOIN rides ON rides.start_location = fares.type", False),
        ("UPDATE rides SET distance = NULL", False),
    ],
)
def test_a_statement_need_not_name_a_city_to_read_global_tables_only(
    placed: Engine, statement: str, *, is_home: bool
) -> None:
    with placed.begin() as connection:
        FARES.create(connection)

    assert judged(placed, NEW_YORK, SentStatement(statement, {})).is_violation is not is_home


def judged(engine: Engine, home: City, sent: SentStatement) -> locality.LocalityCheck:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        return locality.check_locality(connection, "GET /", sent, home, exception=None)


def test_an_unproven_statement_is_a_violation_unless_it_is_an_exception() -> None:
    unproven = locality.LocalityCheck(
        "GET /",
        "SELECT users",
        ("paris",),
        ("gcp-europe-west1",),
        is_home=False,
        unproven=("no plan",),
        exception=None,
    )
    accepted = replace(unproven, exception="a username is unique over all cities")

    assert unproven.is_violation
    assert str(unproven).endswith("not proven: no plan")
    assert not accepted.is_violation
    assert str(accepted).endswith("a username is unique over all cities")


def with_and_without_receipt(sent: SentStatement) -> Iterator[SentStatement]:
    """Yield a statement, and the one of a server that mails receipts: it has another plan."""
    yield sent
    if "mails_receipts" in sent.parameters:
        yield replace(sent, parameters={**sent.parameters, "mails_receipts": True})


@pytest.mark.usefixtures("on_cockroachdb")
def test_cockroachdb_s_own_plans_prove_every_page_at_home(own_database: str) -> None:
    """Its plans contain the cities even without a placement."""
    app = app_with_commands(own_database)
    engine = app.extensions["movr"].engine
    away: dict[str, str] = {}
    wait_for_follower_reads(engine)  # which would see a schema in the middle of its migrations

    with locality.recording_statements(*app.extensions["movr"].engines) as sent:

        def judge_statements(page: str) -> None:
            for statement in chain.from_iterable(map(with_and_without_receipt, sent.copy())):
                proof = judged(engine, NEW_YORK, statement)
                if proof.is_violation:
                    away[page] = proof.verdict
            sent.clear()

        page_visits.visit_every_page(app, NEW_YORK, judge_statements)
        api_visits.call_every_operation(app, NEW_YORK, judge_statements)
        page_visits.visit_page_about_regions(app, NEW_YORK, judge_statements)

    app.extensions["movr"].close()
    assert away.keys() == ACCEPTED_EXCEPTIONS.keys()
    assert all(verdict.startswith("not proven: ") for verdict in away.values())


def test_every_page_is_visited_but_for_those_without_rows_and_with_emails(
    own_database: str,
) -> None:
    app = app_with_commands(own_database)
    visited: set[str] = set()
    wait_for_follower_reads(app.extensions["movr"].engine)

    page_visits.visit_every_page(app, NEW_YORK, visited.add)
    api_visits.call_every_operation(app, NEW_YORK, visited.add)
    page_visits.visit_page_about_regions(app, NEW_YORK, visited.add)

    app.extensions["movr"].close()
    routes = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes - visited == NOT_VISITED
