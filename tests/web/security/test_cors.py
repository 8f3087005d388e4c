"""Calls of the API by scripts of other sites, which a setting allows."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from tests.conftest import NewVisitor, settings_for, visiting
from tests.visitor import Visitor
from web.app import create_app

APP = "https://app.example.com"
CITIES = "/api/v1/cities"


def allowed(reply: httpx.Response) -> str | None:
    origin: str | None = reply.headers.get("Access-Control-Allow-Origin")
    return origin


@pytest.fixture
def with_origin(database: str) -> Iterator[NewVisitor]:
    """Create visitors of MovR whose API scripts of one site may call."""
    with visiting(create_app(replace(settings_for(database), api_origins=(APP,)))) as new:
        yield new


def test_no_other_site_calls_the_api_unless_a_setting_names_it(visitor: Visitor) -> None:
    reply = visitor.get(CITIES, {"Origin": APP})

    assert reply.status_code == 200
    assert allowed(reply) is None


def test_the_named_site_calls_the_api_and_no_other_does(with_origin: NewVisitor) -> None:
    visitor = with_origin()

    assert allowed(visitor.get(CITIES, {"Origin": APP})) == APP
    for origin in ("https://app.example.com.evil.example", "http://app.example.com", "null"):
        reply = visitor.get(CITIES, {"Origin": origin})
        assert allowed(reply) is None
        assert "Origin" in reply.headers["Vary"]
    problem = visitor.get("/api/v1/me", {"Origin": APP})  # which the script can read
    assert (problem.status_code, allowed(problem)) == (401, APP)
    assert "Access-Control-Allow-Credentials" not in problem.headers


def test_a_browser_that_asks_first_may_send_a_token_and_an_idempotency_key(
    with_origin: NewVisitor,
) -> None:
    asked = {"Origin": APP, "Access-Control-Request-Method": "POST"}

    reply = with_origin().client.options("/api/v1/rides", headers=asked)

    assert reply.status_code == 200
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    assert {"Authorization", "Idempotency-Key"} <= set(
        reply.headers["Access-Control-Allow-Headers"].split(", ")
    )


def test_pages_and_open_data_stay_as_they_are(with_origin: NewVisitor) -> None:
    visitor = with_origin()

    for path in ("/", "/login", "/api", "/gbfs/v3/manifest.json"):
        assert allowed(visitor.get(path, {"Origin": APP})) in {None, "*"}
