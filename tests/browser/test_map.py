"""The map in a real browser: drawn, with streets, without any; by mouse, finger and keyboard."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from movr.cities import Position
from movr.movr import MovR
from movr.results import UserKey
from tests.browser.conftest import SCREENS, opened
from tests.conftest import NewVisitor
from tests.visitor import PASSWORD, Visitor

TILES = "https://tile.openstreetmap.org/**"
TILE = """<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">
<rect width="256" height="256" fill="#f2efe9"/><path d="M0 0h256v256" stroke="#fff"/></svg>"""

HERE = {"latitude": 40.7033, "longitude": -74.0170}
STREETS = ".map.has-streets .map-streets"


@pytest.fixture
def owner(new_http_visitor: NewVisitor) -> Visitor:
    return new_http_visitor().register()


@pytest.fixture
def street(session_movr: MovR, owner: Visitor) -> UUID:
    """A bike at the Battery, and a scooter a few kilometres to the north of it; the bike's id."""
    north = Position(40.75, -74.0)
    stand(session_movr, owner, "scooter", "Zephyr", north)
    return stand(session_movr, owner, "bike", "Kona", Position(**HERE))


@pytest.fixture
def streets(context: BrowserContext) -> None:
    """Tiles come."""
    context.route(TILES, give_tile)


@pytest.fixture(params=["phone", "desktop"])
def context(request: pytest.FixtureRequest, page: Page) -> BrowserContext:  # noqa: ARG001
    return page.context


@pytest.fixture(params=["phone", "desktop"])
def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(browser, site, SCREENS[request.param]) as page:
        yield page


def give_tile(route: Route) -> None:
    route.fulfill(body=TILE, content_type="image/svg+xml")


def stand(movr: MovR, owner: Visitor, type_: str, brand: str, place: Position) -> UUID:
    key = UserKey("new york", owner.id)
    where = f"{brand} Street"
    vehicle = movr.add_vehicle(key, type=type_, color="red", brand=brand, location=where, position=place)
    return vehicle.id
