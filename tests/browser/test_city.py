"""The city of the load balancer's headers in a real browser."""

from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.conftest import NewVisitor

NEW_YORK = {"X-City": "New York City", "X-City-Lat-Long": "40.712775,-74.005973"}
ROME = {"X-City": "Roma", "X-City-Lat-Long": "41.902782,12.496366"}
CHICAGO = {"X-City": "Chicago", "X-City-Lat-Long": "41.878113,-87.629799"}


def test_the_load_balancer_s_position_is_no_pin_of_the_rider(
    scripted_screen: Page, new_http_visitor: NewVisitor
) -> None:
    new_http_visitor().register().add_vehicle()
    page = scripted_screen
    page.set_extra_http_headers(NEW_YORK)

    page.goto("/vehicles")

    expect(page.locator(".pin-centre")).to_have_attribute("title", "The centre of New York")
    expect(page.locator(".pin-you, .map-you, .vehicle-card-distance")).to_have_count(0)


def test_a_place_that_movr_does_not_serve_is_said(screen: Page) -> None:
    screen.set_extra_http_headers(CHICAGO)

    screen.goto("/vehicles")

    expect(screen.get_by_role("alert")).to_contain_text("MovR is not in Chicago yet")
    expect(screen.get_by_role("heading", level=1)).to_have_text("Vehicles in Washington DC")


def test_a_chosen_city_stays_until_the_offer_of_another_is_accepted(screen: Page) -> None:
    screen.set_extra_http_headers(ROME)
    screen.goto("/vehicles")
    heading = screen.get_by_role("heading", level=1)
    offer = screen.get_by_role("button", name="In Rome? Show Rome")
    expect(offer).to_have_count(0)

    choose(screen, "Paris")
    expect(heading).to_have_text("Vehicles in Paris")
    offer.click()

    expect(heading).to_have_text("Vehicles in Rome")
    expect(offer).to_have_count(0)


def test_axe_finds_nothing_wrong_with_messages_and_offers(scripted_screen: Page) -> None:
    page = scripted_screen
    page.set_extra_http_headers(CHICAGO)
    page.goto("/vehicles")
    found = violations(page)
    page.set_extra_http_headers(ROME)
    choose(page, "Paris")
    expect(page.get_by_role("button", name="In Rome?")).to_be_visible()

    assert found + violations(page) == []


def choose(page: Page, city: str) -> None:
    page.get_by_text("change").click()
    page.get_by_role("button", name=city).click()
