"""The page about regions: estimated rows, placement, and response times at home and abroad."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Engine

from movr.cities import CITIES, REGIONS, US_WEST
from movr.placement import change, inspection, last_check
from movr.placement.definitions import Placement
from scenarios import demo
from scenarios.shared.context import ScenarioContext
from tests.conftest import NewVisitor, settings_for, visiting
from tests.databases import rows_of
from tests.movr.placement.test_statistics import analyze
from tests.visitor import Visitor
from tests.web.operations.test_health import statements
from web.app import create_app
from web.operations import metrics

PAGE = "/about/regions"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def current_times() -> None:
    """Summarise response times anew."""
    metrics.city_response_times.cache_clear()


def text_of(visitor: Visitor) -> str:
    """Return the text of the page, with single spaces and without tags."""
    reply = visitor.get(PAGE, {"X-City": "seattle"})
    assert reply.status_code == 200
    main = reply.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.fixture
def west(database: str, engine: Engine) -> Iterator[NewVisitor]:  # noqa: ARG001 - emptied
    """Create visitors of a deployment in the west of the USA."""
    app = create_app(replace(settings_for(database), region=US_WEST))
    with visiting(app) as new:
        yield new


def test_every_page_links_to_the_page_about_regions(visitor: Visitor) -> None:
    assert f'href="{PAGE}"' in visitor.get("/login").text


def test_every_city_is_listed_with_its_region(visitor: Visitor) -> None:
    text = text_of(visitor)

    assert all(region in text for region in REGIONS)
    assert all(city.label in text for city in CITIES)


def test_rows_without_statistics_are_unknown(own_database: str) -> None:
    with visiting(create_app(settings_for(own_database))) as new:
        assert "vehicles unknown" in text_of(new())


def test_estimated_rows_are_shown_by_region(own_database: str, own_engine: Engine) -> None:
    demo.fill(ScenarioContext(own_engine, NOW))
    analyze(own_engine)
    users = rows_of(own_engine, "users")
    regions = {city.name: city.region for city in CITIES}
    with visiting(create_app(settings_for(own_database))) as new:
        text = text_of(new())

    for region in REGIONS:
        number = sum(regions[user["city"]] == region for user in users)
        assert re.search(rf"{region} .*? users about {number} ", text)


def test_the_page_is_read_once_in_so_many_seconds_and_counts_no_row(
    app: Flask, visitor: Visitor
) -> None:
    with statements(app) as sent:
        for _ in range(20):
            visitor.get(PAGE)

    assert 0 < len(sent) < 10
    assert not [sql for sql in sent if "count(" in sql.lower()]


def test_a_database_without_placement_is_said_to_have_none(visitor: Visitor) -> None:
    assert "The database has no placement" in text_of(visitor)


def test_the_placement_in_force_is_shown(own_database: str, postgres: Engine) -> None:
    steps = change.plan(inspection.current_placement(postgres), Placement.POSTGRES_PARTITION)
    list(change.run_steps(postgres, steps, at_once=True))
    with visiting(create_app(settings_for(own_database))) as new:
        assert "The database has the placement “postgres-partition”" in text_of(new())


def test_what_the_last_check_said_is_shown(own_database: str, own_engine: Engine) -> None:
    with visiting(create_app(settings_for(own_database))) as new:
        assert "was not checked on this database" in text_of(new())
    last_check.write(own_engine, "2 statements are not proven to stay at home.", now=NOW)
    with visiting(create_app(settings_for(own_database))) as new:
        assert (
            "The last check that statements stay in their region, 2026-05-01 12:00 UTC:"
            " 2 statements are not proven to stay at home."
        ) in text_of(new())


def test_while_the_database_is_away_the_page_says_so_calmly() -> None:
    with visiting(create_app(settings_for("postgresql://movr@127.0.0.1:1/movr"))) as new:
        text = text_of(new())

    assert "The database does not answer right now" in text
    assert "Amsterdam, Paris, Rome" in text


def test_the_region_that_served_the_page_is_marked(west: NewVisitor) -> None:
    text = text_of(west())

    assert f"{US_WEST}, which served this page" in text
    assert text.count("which served this page") == 1
    assert "this server has none" not in text


def requests_of(visitor: Visitor) -> dict[str, int]:
    """Return the number of requests at home and abroad, as the page shows them."""
    metrics.city_response_times.cache_clear()
    found = re.findall(r"(At home|Abroad) ([\d,]+)", text_of(visitor))
    return {name: int(number.replace(",", "")) for name, number in found}


def test_requests_at_home_are_told_from_those_abroad(west: NewVisitor) -> None:
    visitor = west()
    visitor.get("/", {"X-City": "seattle"})
    visitor.get("/", {"X-City": "paris"})  # so that the page shows both
    before = requests_of(visitor)
    for _ in range(3):
        visitor.get("/vehicles/new-york/00000000-0000-4000-8000-000000000000")
    visitor.get("/vehicles", {"X-City": "los angeles"})
    visitor.get("/login", {"X-City": "los angeles"})  # asks no database
    after = requests_of(visitor)

    assert after["Abroad"] - before["Abroad"] == 3
    assert after["At home"] - before["At home"] == 1


def test_a_ride_counts_for_the_city_of_the_vehicle(west: NewVisitor) -> None:
    owner = west().register("paris")
    vehicle = owner.add_vehicle()
    token = owner.token()
    owner.get("/", {"X-City": "seattle"})
    before = requests_of(owner)
    fields = {"csrf_token": token, "city": "paris"}
    started = owner.client.post(
        f"/rides/start/{vehicle}", data=fields, headers={"X-City": "seattle"}
    )

    assert started.status_code == 303
    assert requests_of(owner)["Abroad"] - before["Abroad"] == 1


def test_a_deployment_without_a_region_cannot_tell_home_from_abroad(visitor: Visitor) -> None:
    before = requests_of(visitor)
    visitor.get("/vehicles")

    assert requests_of(visitor) == before
    assert "this server has none (the setting REGION)" in text_of(visitor)
