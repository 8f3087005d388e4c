"""Fixtures with a real Chromium: phone and desktop, with and without JavaScript."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route

from tests.browser import chromium

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
SCREENS: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "desktop": DESK,
    "without JavaScript": PHONE | {"java_script_enabled": False},
}

TILES = "https://tile.openstreetmap.org/**"  # no test requests other sites
TILE = """<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">
<rect width="256" height="256" fill="#f2efe9"/></svg>"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None and os.environ.get("CI"):
        pytest.fail(chromium.NO_TESTS)
    if path is None:
        pytest.skip(chromium.NO_TESTS)
    with chromium.launched(path) as browser:
        yield browser


@pytest.fixture(params=SCREENS)
def screen(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page on each size of screen, with and without JavaScript."""
    with opened(browser, site, SCREENS[request.param]) as page:
        yield page


@pytest.fixture(params=["phone", "desktop"])
def scripted_screen(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page on each size of screen, with JavaScript."""
    with opened(browser, site, SCREENS[request.param]) as page:
        yield page


@pytest.fixture
def desk(browser: Browser, site: str) -> Iterator[Page]:
    """A page on a desktop screen."""
    with opened(browser, site, DESK) as page:
        yield page


@contextmanager
def opened(browser: Browser, site: str, options: dict[str, Any]) -> Iterator[Page]:
    """Open a page, and assert that the browser logs no error and no violation of the policy."""
    # Playwright intercepts no request that a service worker sees.
    context = browser.new_context(**{"base_url": site, "service_workers": "block"} | options)
    context.route(TILES, give_tile)
    page = context.new_page()
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.text == "Service Worker registration blocked by Playwright":
            return
        # Chromium logs the status of a refused page, which some tests expect.
        if not (
            "the server responded with" in message.text and message.location["url"] == page.url
        ):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def give_tile(route: Route) -> None:
    """Answer like OpenStreetMap, which lets scripts of all sites read its tiles."""
    give_image(route, 200)


def give_image(route: Route, status: int) -> None:
    headers = {"Access-Control-Allow-Origin": "*"}
    route.fulfill(status=status, body=TILE, content_type="image/svg+xml", headers=headers)
