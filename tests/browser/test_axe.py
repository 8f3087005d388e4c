"""Accessibility, checked with axe.

Covers each page in each state, on a phone and on a desktop, in light and in dark mode.
"""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, opened
from tests.conftest import NewVisitor
from tests.visitor import PASSWORD, Visitor
from web.forms import PASSWORD_LENGTH

DARK_LABELS = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("@media (prefers-color-scheme: dark) { label { color: #666 !important; } }");
  document.adoptedStyleSheets.push(sheet);
}"""
SIZES: dict[str, dict[str, Any]] = {"phone": PHONE, "desktop": DESK}


FAR_AWAY = "latitude.value = 48.85; longitude.value = 2.35"  # the hidden fields, by their ids


class Inspector:
    """Checks pages with axe and collects the findings."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        self.looked_at = 0

    def look(self, state: str) -> None:
        self.looked_at += 1
        self.found += [f"{state}: {violation}" for violation in violations(self.page)]

    def open(self, path: str, state: str) -> None:
        self.page.goto(path)
        self.look(f"{path} {state}")

    def fill_with_nothing(self, *labels: str) -> None:
        """Fill these fields with text that the browser accepts and MovR refuses."""
        for label in labels:
            self.page.get_by_label(label).fill(" " * PASSWORD_LENGTH[0])

    def follow(self, way: Locator, state: str) -> None:
        """Click a link, and check the next page when its styles are loaded."""
        with self.page.expect_event("load"):
            way.click()
        self.look(state)

    def submit(self, button: str, state: str) -> None:
        form = self.page.get_by_role("main")
        name = re.compile(f"^{button}(?! here)")  # not "End ride here", which sends no words
        self.follow(form.get_by_role("button", name=name).first, state)


def test_colors_are_checked_in_the_dark_too(desk: Page) -> None:
    desk.goto("/login")
    desk.evaluate(DARK_LABELS)

    found = violations(desk)

    assert len(found) == desk.locator("label").count() > 0
    assert all(sentence.startswith("in the dark: color-contrast") for sentence in found)


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_wrong_with_any_page_in_any_state(
    browser: Browser, site: str, new_http_visitor: NewVisitor, size: str
) -> None:
    member = new_http_visitor()
    with opened(browser, site, SIZES[size]) as page:
        inspector = Inspector(page)
        be_a_stranger(inspector)
        member.register()
        log_in(inspector, member)
        have_nothing(inspector, f"/users/{member.id}")
        vehicle = {"type": "bike", "color": "red", "brand": "Kona"}
        for number in range(31):
            member.post("/vehicles/add", **vehicle, location=f"{number} Wall Street")
        own_and_ride(inspector, f"/users/{member.id}")

    assert inspector.found == []
    assert inspector.looked_at >= 25


def be_a_stranger(inspector: Inspector) -> None:
    inspector.open("/", "the city guessed, nothing free")
    inspector.page.get_by_text("change").click()
    inspector.look("the menu of cities")
    information = ("/help", "/prices", "/privacy", "/terms", "/contact", "/offline")
    for path in ("/vehicles", "/register", "/login", "/about/regions", "/nowhere", *information):
        inspector.open(path, "as a stranger")
    inspector.page.goto("/register")
    inspector.fill_with_nothing("First name", "Last name", "Password")
    inspector.page.get_by_label("Email").fill("ada@example.com")
    inspector.page.get_by_label("Username").fill("?")
    inspector.submit("Create my account", "/register refused")
    inspector.page.goto("/login")
    inspector.fill_with_nothing("Username", "Password")
    inspector.submit("Log in", "/login refused")


def log_in(inspector: Inspector, member: Visitor) -> None:
    page = inspector.page
    page.goto("/login")
    page.get_by_label("Username").fill(member.username)
    page.get_by_label("Password").fill(PASSWORD)
    inspector.submit("Log in", "/home, welcomed")


def have_nothing(inspector: Inspector, profile: str) -> None:
    for path in ("/", "/vehicles", "/rides", "/users", "/vehicles/add", profile):
        inspector.open(path, "as a member, empty")
    delete = inspector.page.get_by_role("link", name="Delete my account", exact=True)
    inspector.follow(delete, f"{profile} about to be deleted")
    for form in ("names", "email", "security"):
        inspector.open(f"{profile}/{form}", "as a member")
    inspector.page.goto(f"{profile}/email")
    inspector.page.get_by_label("New email").fill("ada..l@home.example")
    inspector.fill_with_nothing("Current password")
    inspector.submit("Change my email", "a new email address refused")
    inspector.page.goto("/vehicles/add")
    inspector.fill_with_nothing("Color", "Brand", "Where is it?")
    inspector.submit("List my vehicle", "/vehicles/add refused")
    import_vehicles(inspector)
    for path in ("/v/new-york", "/v/new-york?number=1", "/v/new-york/100000"):
        inspector.open(path, "as a member")
    inspector.open("/users/00000000-0000-4000-8000-000000000000", "which is another's")


def import_vehicles(inspector: Inspector) -> None:
    inspector.open("/vehicles/import", "as a member")
    lines = inspector.page.get_by_label("or its lines")
    lines.fill("reference,type,brand,color,location\nA1,bike,Kona,red,1 Wall Street\nA2,tank,,,")
    inspector.submit("Check", "a file with errors")
    lines.fill("reference,type,brand,color,location\nA1,bike,Kona,red,1 Wall Street")
    inspector.submit("Check", "a file without errors")


def own_and_ride(inspector: Inspector, profile: str) -> None:
    for path in ("/", "/vehicles", profile):
        inspector.open(path, "with vehicles")
    manage = inspector.page.get_by_role("link", name=re.compile("^Manage")).first
    inspector.follow(manage, "an own vehicle")
    own = inspector.page.url.rpartition("/")[2]
    for form in ("move", "describe", "remove"):
        inspector.open(f"/vehicles/{form}/{own}", "of an own vehicle")
    inspector.page.goto(f"/vehicles/own/{own}")
    inspector.submit("Pause", "an own vehicle, paused")
    inspector.submit("Resume", "an own vehicle, back in service")
    label = inspector.page.get_by_role("link", name="Label")
    inspector.follow(label, "the label of a vehicle")
    inspector.follow(inspector.page.get_by_role("link", name="/v/"), "the page of a number")
    inspector.page.goto(profile)
    next_page = inspector.page.get_by_role("link", name="Next page").first
    inspector.follow(next_page, f"{profile}, second page")
    inspector.page.goto("/vehicles")
    inspector.submit("Reserve", "the page of a vehicle, reserved")
    inspector.open("/vehicles", "with a reservation")
    inspector.submit("Start ride", "/rides, a ride begun")
    for path in ("/", "/vehicles", "/rides", "/users", "/vehicles/add", profile, "/nowhere"):
        inspector.open(path, "on a ride")
    inspector.page.goto("/rides")
    inspector.page.get_by_text("Enter the place").click()
    inspector.look("/rides, about to be ended in words")
    inspector.fill_with_nothing("Where did you leave it?")
    inspector.submit("End ride", "/rides, the end refused")
    inspector.page.get_by_label("Where did you leave it?").fill("2 Broadway")
    inspector.page.evaluate(FAR_AWAY)
    inspector.submit("End ride", "/rides, the position refused")
    inspector.page.get_by_label("Continue without the position").check()
    inspector.submit("End ride", "a ride ended")
    report_a_problem(inspector, profile)
    inspector.page.goto("/vehicles")
    inspector.submit("Start ride", "/rides, another ride begun")
    undo = inspector.page.get_by_role("button", name="Wrong vehicle? Undo")
    inspector.follow(undo, "a ride undone")
    inspector.open("/rides", "with a history")


def report_a_problem(inspector: Inspector, profile: str) -> None:
    """Report a problem with an own vehicle, from the receipt of the ride that has just ended."""
    page = inspector.page
    inspector.follow(page.get_by_role("link", name="Report a problem"), "the form of a report")
    page.get_by_text("Add where it is").click()
    page.get_by_text("Something else").click()
    page.evaluate(FAR_AWAY)
    inspector.submit("Send report", "a report refused")
    page.get_by_role("button", name="Clear the map").click()
    page.get_by_text("Brakes").click()
    inspector.submit("Send report", "a problem reported")
    page.goto(profile)
    reported = page.get_by_role("link", name="1 report about")
    while not reported.count():  # vehicles are sorted by random ids
        page.get_by_role("link", name="Next page").click()
    inspector.look("a vehicle with a report")
    inspector.follow(reported, "the reports about a vehicle")
    inspector.submit("Mended", "a report closed")
