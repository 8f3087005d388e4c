"""The clock of an active ride, in a real browser."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from movr.fares import Tariff, fare
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


def test_the_price_so_far_is_the_fare_of_that_time(
    desk: Page, new_http_visitor: NewVisitor, engine: Engine
) -> None:
    """The script computes it, for a day at its cap and the minutes after it."""
    rider = new_http_visitor().register()
    rider.start(rider.add_vehicle())
    length = timedelta(hours=25, seconds=20)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE rides SET start_time = now() - :length"), {"length": length}
        )
    desk.goto("/")
    log_in(Mouse(desk), rider.username)
    expect(desk.get_by_role("timer")).to_be_visible()

    desk.goto("/rides")

    dollars = fare(Tariff(unlock_fee=100, per_minute=20, daily_cap=1800), length) / 100

    price = desk.locator(".ticking[data-currency]")
    expect(price).to_have_text(f"${dollars:.2f}")
