"""`make screenshots`: render the pages for docs/screenshots, and MovR's SVG files as PNGs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

from scenarios import demo
from scenarios.shared.context import Login
from tests import databases
from tests.browser import chromium
from tests.browser.demo_server import demo_world, log_in
from tests.conftest import ROOT

FOLDER: Final = ROOT / "docs" / "screenshots"
STATIC: Final = ROOT / "static"
SHARE: Final = Path(__file__).parent / "drawings" / "share.svg"
ICON: Final = STATIC / "favicon.svg"
# The same with room for the masks of Android, whose circle is 80 % wide.
MASKABLE: Final = Path(__file__).parent / "drawings" / "maskable.svg"
PICTURES: Final = {  # file, width and height in pixels
    "share.png": (SHARE, (1200, 630)),
    "favicon.png": (ICON, (48, 48)),
    "touch-icon.png": (ICON, (180, 180)),
    "icon-192.png": (ICON, (192, 192)),
    "icon-512.png": (ICON, (512, 512)),
    "icon-maskable.png": (MASKABLE, (512, 512)),
}
SCREENS: Final[dict[str, dict[str, Any]]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
    "desktop": {"viewport": {"width": 1280, "height": 900}},
}


def draw(browser: Browser) -> None:
    """Render SVG files as PNGs, for clients that do not support SVG."""
    for name, (drawing, (width, height)) in PICTURES.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(drawing.as_uri())
        page.screenshot(path=STATIC / name, omit_background=True)
        page.close()


def shoot(page: Page, screen: str) -> None:
    """Save a screenshot of each page, `<page>-<screen>.png`."""

    def picture(name: str) -> None:
        page.screenshot(path=FOLDER / f"{name}-{screen}.png")

    page.goto("/login")  # this page shows the default city message
    page.goto("/")
    picture("home")
    page.goto("/vehicles")
    picture("vehicles")
    with logged_in(page, demo.OWNER):
        page.locator(".top-name").click()
        page.wait_for_url("**/users/*")
        picture("profile")
    with logged_in(page, demo.STAFF):
        page.goto("/staff/new-york")
        picture("staff")
    with logged_in(page, demo.RIDER):
        page.goto("/vehicles")
        page.get_by_role("button", name="Start ride").first.click()
        page.wait_for_url("**/rides")
        page.goto("/rides")  # again, without the welcome message
        picture("ride")
        page.get_by_text("Enter the place").click()
        page.get_by_label("Where did you leave it?").fill("1 Broadway")
        page.get_by_role("button", name="End ride", exact=True).click()
        page.wait_for_load_state()


@contextmanager
def logged_in(page: Page, login: Login) -> Iterator[None]:
    """Log in as a member of the demo data."""
    log_in(page, login)
    yield
    page.get_by_role("button", name="Log out").click()


def main() -> None:
    """Make all pictures."""
    path = chromium.needed()
    FOLDER.mkdir(exist_ok=True)
    with chromium.launched(path) as browser:
        draw(browser)
        with databases.server_uri() as server, demo_world(server, DEBUG="1") as site:
            for screen, options in SCREENS.items():
                page = browser.new_page(base_url=site, reduced_motion="reduce", **options)
                shoot(page, screen)
                page.close()


if __name__ == "__main__":
    main()
