"""What a ride costs: before it, during it, on its receipt, and what owners earn."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from movr.database import invariants
from tests.conftest import AppOf, NewVisitor, settings_for, visitors_of

FREE = "Rides are free of charge until payments are set up."
BIKE = "€ 1,00 to unlock, € 0,15 a minute"  # in Amsterdam
FULL = f"{BIKE}, at most € 15,00 a day"
NO_BREAK = "\N{NO-BREAK SPACE}"


@pytest.fixture
def charging(database: str, app_of: AppOf) -> Flask:
    """MovR where rides cost."""
    return app_of(replace(settings_for(database), payments="fake"))


@pytest.fixture
def new_rider(charging: Flask) -> Iterator[NewVisitor]:
    """Create visitors of the site where rides cost."""
    with visitors_of(charging) as new:
        yield new


def words(page: str) -> str:
    """Return the text of a page's main part, with plain spaces."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).replace(NO_BREAK, " ").split())


def longer(engine: Engine, minutes: int) -> None:
    """Let the active ride have begun some minutes earlier."""
    with engine.begin() as connection:
        for column, table in (("start_time", "rides"), ("active_ride_start", "users")):
            connection.execute(
                text(f"UPDATE {table} SET {column} = {column} - INTERVAL '{minutes} minutes'")
            )


def test_the_price_is_said_before_during_and_after_a_ride_as_the_city_writes_it(
    new_rider: NewVisitor, engine: Engine
) -> None:
    rider = new_rider().register("amsterdam")
    rider.post("/city/amsterdam")
    vehicle = rider.add_vehicle()

    assert BIKE in words(rider.get("/vehicles").text)
    assert f"Bike: {BIKE}" in words(rider.get("/").text)
    assert FULL in words(rider.get(f"/vehicles/amsterdam/{vehicle}").text)

    rider.start(vehicle, "amsterdam")
    longer(engine, minutes=4)
    riding = rider.get("/rides").text
    assert FULL in words(riding)
    assert 'data-unlock-fee="100" data-per-minute="15" data-daily-cap="1500"' in riding
    assert 'data-currency="EUR" data-locale="nl-NL"' in riding

    ended = rider.end(rider.active_ride(), city="amsterdam")
    receipt = words(rider.get(ended.headers["Location"]).text)
    assert "Price € 1,75" in receipt
    assert f"The price when you started: {FULL}." in receipt
    # The duration is rounded: with 4 minutes of it the price would not add up.
    assert "Duration 4 min" in receipt
    assert "Every minute that has begun counts: 5 minutes." in receipt
    history = words(rider.get("/rides").text)
    assert re.search(r"Spent \w+ \d{4} € 1,75", history)
    earnings = words(rider.get(f"/users/{rider.id}/earnings").text)
    assert re.search(r"\w+ \d{4} Kona bike € 1,22", earnings)
    assert invariants.find_violations(engine) == []


def test_the_prices_of_the_current_city_are_on_their_page(new_rider: NewVisitor) -> None:
    visitor = new_rider()
    assert "Bike $1.00 $0.20 $18.00" in words(visitor.get("/prices").text)

    visitor.post("/city/amsterdam")

    assert "Scooter € 1,00 € 0,25 € 20,00" in words(visitor.get("/prices").text)


def test_without_payments_every_page_that_would_have_a_price_says_that_rides_are_free(
    new_visitor: NewVisitor,
) -> None:
    rider = new_visitor().register()
    vehicle = rider.add_vehicle()
    for path in ("/", "/vehicles", "/prices", f"/vehicles/new-york/{vehicle}"):
        assert FREE in words(rider.get(path).text)

    rider.start(vehicle)
    assert "Free of charge" in words(rider.get("/rides").text)

    ended = rider.end(rider.active_ride())
    assert "Price Free of charge" in words(rider.get(ended.headers["Location"]).text)
    assert "Spent" not in words(rider.get("/rides").text)
    assert FREE in words(rider.get(f"/users/{rider.id}/earnings").text)


def test_nobody_else_sees_a_member_s_earnings(new_rider: NewVisitor) -> None:
    owner, other = new_rider().register(), new_rider().register()

    assert other.get(f"/users/{owner.id}/earnings").status_code == 403
    assert new_rider().get(f"/users/{owner.id}/earnings").status_code == 303
