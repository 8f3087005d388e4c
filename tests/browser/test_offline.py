"""The page without a network, in a real browser with MovR's service worker."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, opened
from tests.browser.input_devices import Mouse
from tests.browser.test_journeys import log_in
from tests.conftest import NewVisitor


def wait_for_service_worker(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(({active}) => active.state)")


def test_without_a_network_the_ride_goes_on_with_its_clock(
    browser: Browser, site: str, new_http_visitor: NewVisitor
) -> None:
    rider = new_http_visitor().register()
    rider.add_vehicle()
    options = PHONE | {"service_workers": "allow", "locale": "en-US"}
    with opened(browser, site, options) as page:
        page.goto("/")
        wait_for_service_worker(page)
        log_in(Mouse(page), rider.username)  # its forms go through the service worker
        expect(page.get_by_role("alert")).to_be_visible()
        page.goto("/vehicles")
        page.get_by_role("button", name="Start ride").first.click()
        page.wait_for_url("**/rides")

        page.context.set_offline(True)
        page.goto("/vehicles")
        expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
        ride = page.get_by_label("Your ride")
        expect(ride.get_by_role("timer")).to_have_text(re.compile(r"^0:\d\d$"))
        assert page.title() == "You are offline · MovR"

        page.context.set_offline(False)
        expect(page.get_by_role("heading", name="Vehicles in New York")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("navigation").get_by_role("link", name="Log in")).to_be_visible()
        page.wait_for_load_state()  # the page's script forgets the ride
        page.context.set_offline(True)
        page.goto("/")
        expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
        expect(ride).to_be_hidden()
        keys = page.evaluate(
            "caches.keys().then(async ([name, ...rest]) => [rest.length,"
            " (await (await caches.open(name)).keys()).map(({url}) => new URL(url).pathname)])"
        )
        assert keys[0] == 0
        assert all(path.startswith(("/static/", "/bootstrap/", "/offline")) for path in keys[1])
