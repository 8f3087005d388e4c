"""The clock of an active ride, in a real browser."""

import re

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from tests.browser.input_devices import Mouse
from tests.browser.test_journeys import log_in
from tests.conftest import NewVisitor


def test_the_clock_counts_from_the_start_of_the_ride(
    desk: Page, new_http_visitor: NewVisitor, engine: Engine
) -> None:
    rider = new_http_visitor().register()
    rider.start(rider.add_vehicle())
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET active_ride_start = now() - INTERVAL '1 hour'"))
    desk.goto("/")
    log_in(Mouse(desk), rider.username)

    clock = desk.get_by_role("timer")
    expect(clock).to_have_text(re.compile(r"^1:00:\d\d$"))
    shown = clock.inner_text()
    expect(clock).not_to_have_text(shown)

    desk.get_by_role("link", name="End ride").click()
    expect(desk.get_by_role("button", name="End ride here")).to_be_in_viewport()
