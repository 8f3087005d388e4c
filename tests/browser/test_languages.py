"""A rider's journey in each language, on a phone and with large letters on a narrow one."""

import gettext
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.axe import violations
from tests.browser.conftest import PHONE, opened
from tests.conftest import NewVisitor
from tests.visitor import registration
from web.languages import ENGLISH, FOLDER, LANGUAGES

NARROW: ViewportSize = {"width": 320, "height": 700}
LARGE_TEXT = "size => { document.documentElement.style.fontSize = size; }"
# The last elements beyond the edge, if the page can be moved sideways.
OVERFLOW = """() => {
  const {clientWidth, scrollWidth} = document.documentElement;
  const isBeyond = element => element.getBoundingClientRect().right > clientWidth;
  const found = [...document.querySelectorAll("body *")].filter(isBeyond).slice(-3);
  return scrollWidth > clientWidth ? found.map(element => element.textContent.trim()) : [];
}"""

Say = Callable[[str], str]


class Inspector:
    """Notes what is wrong with pages."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []

    def look(self, state: str) -> None:
        self.found += [f"{state}: {violation}" for violation in violations(self.page)]
        self.page.set_viewport_size(NARROW)
        self.page.evaluate(LARGE_TEXT, "200%")
        self.found += [f"{state}: beyond the edge: {it}" for it in self.page.evaluate(OVERFLOW)]
        self.page.evaluate(LARGE_TEXT, "")
        self.page.set_viewport_size(PHONE["viewport"])


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {ENGLISH}))
def test_a_rider_s_journey_in_another_language(
    browser: Browser, site: str, new_http_visitor: NewVisitor, language: str
) -> None:
    new_http_visitor().register().add_vehicle("1 Wall Street")
    say = gettext.translation("messages", FOLDER, [language]).gettext
    with opened(browser, site, PHONE) as page:
        inspector = Inspector(page)
        page.goto("/")
        page.get_by_role("button", name=LANGUAGES[language]).click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        for step in page.locator(".steps li").all():
            expect(step).to_be_visible()
        inspector.look("home")
        register(page, say)
        find_and_ride(inspector, say)

    assert inspector.found == []


def register(page: Page, say: Say) -> None:
    page.get_by_role("link", name=say("Register"), exact=True).click()
    person = registration()
    for label in ("First name", "Last name", "Email", "Username", "Password"):
        entered = person[label.lower().replace(" ", "_")]
        page.get_by_label(say(label), exact=True).fill(entered)
    page.get_by_role("button", name=say("Create my account")).click()
    welcome = say("Welcome to MovR, %(name)s.") % {"name": "Ada"}
    expect(page.get_by_role("alert")).to_contain_text(welcome)


def find_and_ride(inspector: Inspector, say: Say) -> None:
    page = inspector.page
    page.get_by_role("link", name=say("Vehicles"), exact=True).click()
    title = say("Vehicles in %(city)s") % {"city": say("New York")}
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    inspector.look("vehicles")
    page.locator('[formaction^="/rides/start/"]').click()
    your_ride = say("Your ride: %(brand)s %(type)s") % {"brand": "Kona", "type": say("bike")}
    expect(page.get_by_role("heading", name=your_ride)).to_be_visible()
    inspector.look("ride")
    page.get_by_text(say("Enter the place or mark it on the map")).click()
    page.get_by_label(say("Where did you leave it?")).fill("2 Broadway")
    page.get_by_role("button", name=say("End ride"), exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text(
        say("Your ride has ended. Thank you for riding.")
    )
    expect(page.get_by_role("main")).to_contain_text("2 Broadway")
    inspector.look("receipt")
