"""A ride on a phone: what the first screens show, and the ways to end the ride."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from movr.cities import CITIES, Position
from movr.movr import MovR
from movr.results import UserKey
from tests.browser.conftest import PHONE, SCREENS, opened
from tests.conftest import NewVisitor
from tests.visitor import PASSWORD, Visitor

BATTERY = Position(40.7033, -74.0170)
PARIS = Position(48.85, 2.35)
LATE = """navigator.geolocation.getCurrentPosition = (found) => {
  window.answer = () => found({ coords: { latitude: 40.71, longitude: -74.01, accuracy: 5 } });
}"""
VAGUE = """navigator.geolocation.getCurrentPosition = (found) =>
  found({ coords: { latitude: 40.71, longitude: -74.01, accuracy: 3000 } })"""
TIMED_OUT = "navigator.geolocation.getCurrentPosition = (found, failed) => failed({ code: 3 })"
SWITCHED_OFF = "delete Navigator.prototype.geolocation"
WORDS = "Where did you leave it?"


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Page]:
    with opened(browser, site, PHONE) as page:
        yield page


@pytest.fixture
def rider(new_http_visitor: NewVisitor) -> Visitor:
    """A member whose ride has the only vehicle of New York."""
    rider = new_http_visitor().register()
    rider.start(rider.add_vehicle())
    return rider


def log_in(page: Page, visitor: Visitor) -> None:
    page.goto("/login?next=/rides")
    page.get_by_label("Username").fill(visitor.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/rides")


def stand_at(page: Page, place: Position) -> None:
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": place.latitude, "longitude": place.longitude})


def end_here(page: Page) -> Locator:
    return page.get_by_role("button", name="End ride here")


def bottom(element: Locator) -> float:
    """The lower edge of an element, in pixels from the top of the first screen."""
    box: FloatRect | None = element.bounding_box()
    assert box
    return box["y"] + box["height"]


def position(movr: MovR, owner: Visitor) -> Position | None:
    found = movr.vehicles_of(UserKey("new york", owner.id), 0, after=None, size=10).page
    (item,) = found.items
    return item.vehicle.position


def test_the_first_screens_have_a_button_to_start_and_the_ride_its_clock_and_its_end(
    phone: Page, new_http_visitor: NewVisitor
) -> None:
    rider = new_http_visitor().register()
    for _ in range(2):
        rider.add_vehicle()
    log_in(phone, rider)
    phone.goto("/vehicles")
    start = phone.get_by_role("button", name=re.compile("Start ride")).first
    assert bottom(start) < PHONE["viewport"]["height"]

    start.click()

    expect(phone.get_by_role("alert")).to_contain_text("Have a good ride.")
    seen = (phone.get_by_role("heading", name="Your ride:"), phone.get_by_role("timer"))
    assert bottom(seen[0]) < bottom(seen[1]) < bottom(end_here(phone)) < PHONE["viewport"]["height"]


def test_one_tap_ends_the_ride_where_the_rider_is(
    phone: Page, session_movr: MovR, rider: Visitor
) -> None:
    stand_at(phone, BATTERY)
    log_in(phone, rider)

    end_here(phone).click()

    expect(phone.get_by_role("alert")).to_contain_text("Your ride has ended.")
    assert position(session_movr, rider) == BATTERY


def test_one_tap_undoes_a_ride_that_has_just_begun(
    phone: Page, session_movr: MovR, rider: Visitor
) -> None:
    stand_at(phone, CITIES[0].centre)
    log_in(phone, rider)

    phone.get_by_role("button", name="Wrong vehicle? Undo").click()

    expect(phone.get_by_role("alert")).to_contain_text("Your ride is undone.")
    phone.get_by_label("Why did you undo it?").select_option("It is damaged")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("You told us why: It is damaged")).to_be_visible()
    assert position(session_movr, rider) == CITIES[0].centre


def test_undo_without_a_position_says_so_and_leaves_with_its_time(
    phone: Page, rider: Visitor
) -> None:
    phone.clock.install()
    log_in(phone, rider)
    undo = phone.get_by_role("button", name="Wrong vehicle? Undo")

    undo.click()
    expect(phone.get_by_text("does not share your position")).to_be_visible()
    expect(phone.get_by_label(WORDS)).to_be_hidden()
    phone.clock.run_for(180_000)

    expect(undo).to_be_hidden()


def test_one_tap_far_away_says_so_and_offers_the_other_way(phone: Page, rider: Visitor) -> None:
    stand_at(phone, PARIS)
    log_in(phone, rider)

    end_here(phone).click()

    expect(phone.get_by_label("Continue without the position")).to_be_visible()
    expect(phone.get_by_label(WORDS)).to_be_focused()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("", "does not share your position"),
        (SWITCHED_OFF, "does not share your position"),
        (TIMED_OUT, "could not find your position"),
        (VAGUE, "is not exact enough"),
    ],
    ids=["denied", "switched off", "timed out", "vague"],
)
def test_without_a_position_the_other_way_opens(
    phone: Page, rider: Visitor, script: str, sentence: str
) -> None:
    phone.add_init_script(script)
    log_in(phone, rider)
    expect(phone.get_by_label(WORDS)).to_be_hidden()

    end_here(phone).click()

    expect(phone.get_by_text(sentence)).to_be_visible()
    expect(phone.get_by_label(WORDS)).to_be_focused()
    phone.keyboard.type("2 Broadway")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("main")).to_contain_text("Your ride has ended.")
    expect(phone.get_by_role("main")).to_contain_text("2 Broadway")


def test_a_late_position_does_not_end_a_ride_whose_place_is_being_entered(
    phone: Page, rider: Visitor
) -> None:
    phone.add_init_script(LATE)
    log_in(phone, rider)
    end_here(phone).click()
    phone.get_by_text("Enter the place").click()
    phone.get_by_label(WORDS).fill("2 Broad")

    phone.evaluate("answer()")

    expect(phone.get_by_text("Finding your position")).to_be_hidden()
    expect(phone.get_by_label(WORDS)).to_have_value("2 Broad")


def test_without_the_script_the_button_opens_the_other_way(phone: Page, rider: Visitor) -> None:
    script = {"content_type": "text/javascript", "body": "export const choose = null;"}
    phone.route("**/position.js", lambda route: route.fulfill(**script))
    log_in(phone, rider)

    end_here(phone).click()

    expect(phone.get_by_text("Please enter a place.")).to_be_visible()


def test_without_javascript_the_place_is_asked_for_at_once(
    browser: Browser, site: str, rider: Visitor
) -> None:
    with opened(browser, site, SCREENS["without JavaScript"]) as page:
        log_in(page, rider)

        expect(end_here(page)).to_have_count(0)
        end = page.get_by_role("main").get_by_role("button", name="End ride")
        assert bottom(end) < PHONE["viewport"]["height"]


@pytest.mark.parametrize("has_streets", [True, False], ids=["streets", "drawing"])
def test_a_place_on_the_map_can_be_cleared(
    phone: Page, session_movr: MovR, rider: Visitor, has_streets: bool
) -> None:
    if not has_streets:
        phone.add_init_script("Object.defineProperty(navigator, 'onLine', { value: false })")
    log_in(phone, rider)
    phone.get_by_text("Enter the place").click()
    expect(phone.locator(".has-streets" if has_streets else ".map-drawing")).to_be_visible()
    mark = phone.locator(".pin-chosen" if has_streets else "[data-chosen]")
    clear = phone.get_by_role("button", name="Clear the map")
    expect(clear).to_be_hidden()

    phone.locator(".map").click()
    expect(mark).to_be_visible()
    clear.click()

    expect(mark).to_be_hidden()
    expect(clear).to_be_hidden()
    expect(phone.get_by_label(WORDS)).to_be_focused()
    phone.keyboard.type("2 Broadway")
    phone.get_by_role("button", name="End ride", exact=True).click()
    expect(phone.get_by_role("main")).to_contain_text("We do not know the exact place")
    assert position(session_movr, rider) is None


@pytest.mark.parametrize("screen", ["phone", "without JavaScript"])
def test_a_filter_applies_as_it_is_changed_or_by_a_button(
    browser: Browser, site: str, new_http_visitor: NewVisitor, screen: str
) -> None:
    owner = new_http_visitor().register()
    for type_ in ("bike", "scooter"):
        owner.add_vehicle(type=type_)
    with opened(browser, site, SCREENS[screen]) as page:
        page.goto("/vehicles?near=40.7,-74.0")
        filter_ = page.get_by_label("Type")
        expect(page.locator(".vehicle-card")).to_have_count(2)

        filter_.select_option("Scooters")
        if screen == "phone":
            expect(page.get_by_role("button", name="Show")).to_have_count(0)
        else:
            page.get_by_role("button", name="Show").click()

        page.wait_for_url("**/vehicles?type=scooter&near=*")
        expect(page.locator(".vehicle-card")).to_have_count(1)
        expect(filter_).to_have_value("scooter")
        if screen == "phone":
            expect(filter_).to_be_focused()
        assert page.evaluate("scrollY") == 0
