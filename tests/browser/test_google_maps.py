"""Google Maps in a real browser. A script takes Google's place, because it needs a paid key."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect
from sqlalchemy import Engine

from movr.movr import MovR
from tests.browser.conftest import DESK, opened
from tests.browser.test_map import BATTERY, DRAWING, STREETS, stand
from tests.conftest import UNLIMITED, plain_client, serving, visitors
from tests.visitor import Visitor

GOOGLE = "https://maps.googleapis.com"
# Requests a script, a picture and data from Google's host, as Google's does, and then calls back.
SCRIPT = """
const HOST = "https://maps.googleapis.com";
const script = document.createElement("script");
document.head.append(Object.assign(script, { src: `${HOST}/authenticate` }));
new Image().src = `${HOST}/picture`;
fetch(`${HOST}/data`);
class Nothing {
  addListener() {}
  extend() {}
  fitBounds() {}
  setMap() {}
  getZoom() { return 12; }
}
const event = { addListenerOnce: (map, name, act) => act() };
const names = ["LatLngBounds", "InfoWindow", "Map", "OverlayView", "Size"];
const maps = Object.fromEntries(names.map((name) => [name, Nothing]));
window.google = { maps: { ...maps, event } };
window.googleMapsAreThere();
"""


@pytest.fixture(scope="module")
def session_google_site(database: str) -> Iterator[str]:
    settings = {"DB_URI": database, "DEBUG": "1", "API_KEY": "a-key", "WORKERS": "1"}
    with serving(**settings, WRITES_PER_MINUTE=str(UNLIMITED)) as url:
        yield url


@pytest.fixture
def google_site(session_google_site: str, engine: Engine) -> str:  # noqa: ARG001 - which it empties
    """The URL of MovR with API_KEY, on an empty database."""
    return session_google_site


@pytest.fixture
def owner(google_site: str) -> Iterator[Visitor]:
    with visitors(lambda: plain_client(google_site)) as new:
        yield new().register()


@pytest.fixture
def asked() -> list[Request]:
    """The requests to Google."""
    return []


@pytest.fixture
def page(
    browser: Browser, google_site: str, session_movr: MovR, owner: Visitor, asked: list[Request]
) -> Iterator[Page]:
    """A page with a vehicle's map, beside a search from a visitor's position."""
    stand(session_movr, owner, "bike", "Kona", BATTERY)

    def answer(route: Route) -> None:
        asked.append(route.request)
        is_loader = "/maps/api/js" in route.request.url
        route.fulfill(
            body=SCRIPT if is_loader else "",
            content_type="text/javascript",
            headers={"Access-Control-Allow-Origin": "*"},
        )

    with opened(browser, google_site, DESK) as page:
        page.route(f"{GOOGLE}/**", answer)
        page.goto("/vehicles?near=40.7033,-74.0170", wait_until="networkidle")
        yield page


def test_a_key_restricted_to_the_site_works_because_google_sees_the_origin(
    page: Page, asked: list[Request], google_site: str
) -> None:
    """The loader and all that its script requests; none of them tells the visitor's position."""
    paths = {urlsplit(request.url).path for request in asked}
    assert paths == {"/maps/api/js", "/authenticate", "/picture", "/data"}
    assert {request.all_headers().get("referer") for request in asked} == {f"{google_site}/"}
    assert "near" in page.url


def test_google_authorizes_the_key_by_the_origin_and_not_by_the_page(
    page: Page, asked: list[Request]
) -> None:
    parameters = parse_qs(urlsplit(asked[0].url).query)

    assert parameters["key"] == ["a-key"]
    assert parameters["auth_referrer_policy"] == ["origin"]
    expect(page.locator(STREETS)).to_be_visible()


def test_the_drawing_returns_when_google_refuses_the_key(page: Page) -> None:
    """Google checks the key after its map has started."""
    expect(page.locator(STREETS)).to_be_visible()

    page.evaluate("gm_authFailure()")

    expect(page.locator(DRAWING)).to_be_visible()
    expect(page.locator(".map-streets")).to_have_count(0)
