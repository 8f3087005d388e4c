"""A reservation on every page, on each size of screen, with and without JavaScript."""

import re

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from tests.browser.input_devices import Mouse
from tests.browser.test_journeys import log_in
from tests.conftest import NewVisitor


def test_a_rider_reserves_gives_up_and_starts_what_another_page_shows(
    screen: Page, new_http_visitor: NewVisitor
) -> None:
    new_http_visitor().register().add_vehicle("1 Wall Street")
    new_http_visitor().register("paris").add_vehicle("2 Rue de Rivoli")
    screen.goto("/")
    log_in(Mouse(screen), new_http_visitor().register().username)
    banner = screen.get_by_role("complementary", name="Your reservation")
    reserve = screen.get_by_role("button", name="Reserve")

    screen.goto("/vehicles")
    reserve.click()
    expect(banner).to_contain_text(re.compile(r"Kona bike\s+reserved until \d+:\d\d"))
    expect(reserve).to_have_count(0)
    banner.get_by_role("button", name="Cancel").click()
    expect(screen.get_by_role("alert")).to_contain_text("reservation is cancelled")

    screen.set_extra_http_headers({"X-City": "paris"})  # a traveller
    screen.goto("/vehicles")
    reserve.click()
    screen.set_extra_http_headers({})
    screen.goto("/users")
    expect(banner).to_contain_text("Kona bike in Paris")
    expect(screen.get_by_role("main").get_by_role("button", name="Reserve")).to_have_count(0)
    banner.get_by_role("button", name="Start ride").click()
    expect(screen.get_by_role("heading", name="Your ride: Kona bike")).to_be_visible()
    expect(banner).to_have_count(0)


def test_the_countdown_ends_when_the_reservation_does(
    scripted_screen: Page, new_http_visitor: NewVisitor, engine: Engine
) -> None:
    page, rider = scripted_screen, new_http_visitor().register()
    rider.reserve(rider.add_vehicle())
    page.clock.install()
    page.goto("/")
    log_in(Mouse(page), rider.username)
    banner = page.get_by_role("complementary", name="Your reservation")

    expect(banner.get_by_role("timer")).to_have_text(re.compile(r"^9:\d\d$"))
    page.clock.fast_forward("09:30")
    expect(banner.get_by_role("timer")).to_have_text(re.compile(r"^0:\d\d$"))
    page.clock.fast_forward("00:31")
    expect(banner.get_by_role("status")).to_have_text("Your reservation has expired.")
    expect(banner.get_by_role("button")).to_have_count(0)

    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET reservation_until = now()"))
    page.goto("/")
    expect(banner).to_have_count(0)


def test_the_countdown_goes_on_when_a_ride_with_another_vehicle_can_no_longer_be_undone(
    desk: Page, new_http_visitor: NewVisitor
) -> None:
    owner, rider = new_http_visitor().register(), new_http_visitor().register()
    rider.reserve(owner.add_vehicle())
    rider.start(owner.add_vehicle())
    desk.clock.install()
    desk.goto("/")
    log_in(Mouse(desk), rider.username)
    desk.goto("/rides")
    banner = desk.get_by_role("complementary", name="Your reservation")

    desk.clock.fast_forward("03:30")
    expect(desk.get_by_role("button", name="Wrong vehicle? Undo")).to_be_hidden()
    expect(banner.get_by_role("timer")).to_have_text(re.compile(r"^6:\d\d$"))
    desk.clock.fast_forward("06:30")
    expect(banner.get_by_role("status")).to_have_text("Your reservation has expired.")
