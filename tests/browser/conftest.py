"""A real browser: the system's Chromium, on a phone and on a desk, with JavaScript and without."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)

SCREENS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "without JavaScript": {"viewport": {"width": 390, "height": 844}, "java_script_enabled": False},
}

TILES = "https://tile.openstreetmap.org/**"  # nothing here asks for what others serve
TILE = """<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">
<rect width="256" height="256" fill="#f2efe9"/></svg>"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None and os.environ.get("CI"):
        pytest.fail("CI must have a Chromium: apt-get install chromium")
    if CHROMIUM is None:
        pytest.skip("NO BROWSER TESTS: no Chromium found (Debian: apt-get install chromium)")
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)


@pytest.fixture(params=SCREENS)
def screen(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page on each kind of screen."""
    with opened(browser, site, SCREENS[request.param]) as page:
        yield page


@pytest.fixture
def desk(browser: Browser, site: str) -> Iterator[Page]:
    """A page on a desktop screen."""
    with opened(browser, site, SCREENS["desktop"]) as page:
        yield page


@contextmanager
def opened(browser: Browser, site: str, options: dict[str, Any]) -> Iterator[Page]:
    """A page of the browser, which must not complain on its console."""
    context = browser.new_context(base_url=site, **options)
    context.route(TILES, give_tile)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    # That a form was refused is what a test may be about; Chromium notes every such status.
    assert [text for text in complaints if "status of 422" not in text] == []


def give_tile(route: Route) -> None:
    route.fulfill(body=TILE, content_type="image/svg+xml")
