"""The pages of staff in a real browser, on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from movr.formats import MANAGER
from movr.movr import MovR
from movr.results import UserKey
from tests.browser.conftest import PHONE, opened
from tests.browser.input_devices import Keyboard
from tests.browser.test_axe import Inspector, log_in
from tests.conftest import NewVisitor
from tests.visitor import Visitor

HOME = "/staff/new-york"


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Page]:
    with opened(browser, site, PHONE) as page:
        yield page


@pytest.fixture
def manager(new_http_visitor: NewVisitor, movr: MovR) -> Visitor:
    """A manager of New York, where a rider is under way and has reported a problem."""
    manager, rider = new_http_visitor().register(), new_http_visitor().register()
    movr.staff.grant_role_as_operator("new york", UserKey("new york", manager.id), MANAGER, "Hired")
    rider.start(new_http_visitor().register().add_vehicle())
    rider.post(f"/reports/ride/{rider.active_ride()}", kind="brakes", words="They do not work")
    return manager


def test_a_manager_closes_a_report_by_keyboard_alone(phone: Page, manager: Visitor) -> None:
    keyboard, main = Keyboard(phone), phone.get_by_role("main")
    log_in(Inspector(phone), manager)

    keyboard.press(phone.get_by_role("link", name="Staff", exact=True))
    keyboard.press(phone.get_by_role("link", name="Reports", exact=True))
    keyboard.press(main.get_by_role("link", name="Brakes"))
    keyboard.press(main.get_by_role("link", name="Close"))
    keyboard.choose(phone.get_by_label("What came of it?"), "Nothing is wrong")
    keyboard.fill(phone.get_by_label("Why?"), "Tried them")
    keyboard.press(main.get_by_role("button", name="Close"))

    expect(phone.get_by_role("alert")).to_contain_text("The report is closed.")
    expect(main).to_contain_text("Tried them")


def test_axe_finds_nothing_wrong_and_no_page_scrolls_sideways(
    phone: Page, manager: Visitor
) -> None:
    inspector = Inspector(phone)
    log_in(inspector, manager)
    wide = []

    def look(path: str) -> None:
        inspector.open(path, "as a manager")
        if phone.evaluate("document.documentElement.scrollWidth") > PHONE["viewport"]["width"]:
            wide.append(path)

    for path in ("", "/vehicles", "/money", "/letters", "/audit", "/roles"):
        look(f"{HOME}{path}")
    look(f"{HOME}/members?q={manager.username[:3]}")
    for noun, action, button, *fields in (
        ("rides", "end-ride", "End the ride", "Where is the vehicle?", "Why?"),
        ("reports", "close-report", "Close", "Why?"),
        ("members", "grant-role", "Give a role", "Why?"),
    ):
        look(f"{HOME}/{noun}?q={manager.username}")
        phone.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
        look(phone.url)
        look(f"{phone.url}/{action}")
        inspector.fill_with_nothing(*fields)
        inspector.submit(button, f"{action} refused")
    phone.goto(f"{HOME}/rides")
    phone.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    phone.locator("dd a").first.click()
    look(phone.url)

    assert inspector.found == []
    assert wide == []
