"""The file of a member's rides."""

import csv
import tracemalloc
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select, text, update

from movr import movr as movr_module
from movr.models import Ride, User, Vehicle
from tests.conftest import NewVisitor
from tests.visitor import Visitor, sentences
from tests.web.pages.test_prices import charging, longer, new_rider  # noqa: F401 - fixtures
from tests.web.pages.test_rides import ended, set_clock

START = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 1:30 in New York, for the first time that day


def rows(visitor: Visitor) -> list[dict[str, str]]:
    reply = visitor.get("/rides.csv")
    assert reply.status_code == 200, sentences(reply)
    return list(csv.DictReader(StringIO(reply.text, newline="")))


def add_rides(engine: Engine, number: int) -> None:
    """Add rides of the only vehicle's owner, a minute apart."""
    with engine.begin() as connection:
        vehicle = connection.execute(select(Vehicle.city, Vehicle.id, Vehicle.owner_id)).one()
        connection.execute(update(User).values(cities_ridden=["new york"]))
        connection.execute(
            insert(Ride),
            [
                {
                    "city": vehicle.city,
                    "id": uuid4(),
                    "vehicle_id": vehicle.id,
                    "rider_city": vehicle.city,
                    "rider_id": vehicle.owner_id,
                    "start_location": f"{n} Broadway",
                    "end_location": "Wall Street",
                    "start_time": START + timedelta(minutes=n),
                    "end_time": START + timedelta(minutes=n, seconds=30),
                    "length": timedelta(seconds=30),
                }
                for n in range(number)
            ],
        )


def test_the_file_has_all_rides_with_the_city_s_times(visitor: Visitor, engine: Engine) -> None:
    ended(visitor.register(), visitor.add_vehicle(), latitude="40.758", longitude="-73.9855")
    set_clock(engine, START, timedelta(hours=1, seconds=5))  # over the end of daylight saving time
    visitor.start(visitor.add_vehicle())

    active, past = rows(visitor)

    reply = visitor.get("/rides.csv")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="movr-rides.csv"'
    assert reply.headers["Cache-Control"] == "no-store"
    assert (past["start_time"], past["end_time"]) == (
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:30:05-05:00",
    )
    assert (past["seconds"], past["metres"], past["undone"]) == ("3605", "5310", "no")
    assert (past["end_location"], past["city"]) == ("2 Broadway", "new york")
    assert (past["amount_minor"], past["amount"], past["currency"]) == ("0", "0.00", "USD")
    assert (active["end_time"], active["end_location"], active["seconds"]) == ("", "", "")


@pytest.mark.parametrize("place", ["=1+1", "+1", "-1", "@SUM(1)", "＝1", '="a",b\'c;d'])  # noqa: RUF001 - meant
def test_no_cell_is_a_formula(visitor: Visitor, place: str) -> None:
    ended(visitor.register(), visitor.add_vehicle(brand=place), location=place)

    (ride,) = rows(visitor)

    assert ride["end_location"] == ride["vehicle_brand"] == f"'{place}"


def test_amounts_are_in_minor_and_major_units(
    new_rider: NewVisitor,  # noqa: F811
    engine: Engine,
) -> None:
    rider = new_rider().register("paris")
    rider.start(rider.add_vehicle(), "paris")
    longer(engine, 2)
    rider.end(rider.active_ride(), city="paris")

    (ride,) = rows(rider)

    assert (ride["amount_minor"], ride["amount"], ride["currency"]) == ("145", "1.45", "EUR")


def test_the_file_is_of_own_rides_in_all_cities_only(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    other = new_visitor().register("paris")
    ended(other, other.add_vehicle("Rue Cler"), "paris")
    ended(visitor.register(), other.add_vehicle("Rue Daru"), "paris")
    ended(visitor, visitor.add_vehicle())

    assert [ride["city"] for ride in rows(visitor)] == ["new york", "paris"]
    assert "Cler" not in visitor.get("/rides.csv").text
    assert rows(new_visitor().register()) == []


def peak_of_download(app: Flask, visitor: Visitor) -> tuple[int, int]:
    """Return the lines of the file, and the peak of the memory that writing it took."""
    cookie = f"session={visitor.client.cookies['session']}"
    client = app.test_client(use_cookies=False)
    tracemalloc.start()
    reply = client.get("/rides.csv", environ_overrides={"HTTP_COOKIE": cookie})
    lines = sum(part.count(b"\r\n") for part in reply.iter_encoded())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return lines, peak


def test_a_long_history_is_complete_and_takes_no_more_memory(
    visitor: Visitor, app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch is forgotten when it is written."""
    monkeypatch.setattr(movr_module, "BATCH", 100)
    visitor.register().add_vehicle()
    add_rides(engine, 200)
    peak_of_download(app, visitor)
    lines, usual = peak_of_download(app, visitor)
    assert lines == 1 + 200

    add_rides(engine, 4_000)
    peak_of_download(app, visitor)  # fills the cache of ids, which is bounded
    lines, peak = peak_of_download(app, visitor)

    assert lines == 1 + 4_200
    assert peak < 1.5 * usual


def test_a_member_downloads_ten_files_an_hour(visitor: Visitor) -> None:
    visitor.register()

    statuses = [visitor.get("/rides.csv").status_code for _ in range(11)]

    assert statuses == [200] * 10 + [429]


def test_a_failure_of_the_database_is_an_error_page(visitor: Visitor, engine: Engine) -> None:
    ended(visitor.register(), visitor.add_vehicle())
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE rides RENAME TO rides_away"))
    try:
        assert visitor.get("/rides.csv").status_code == 503
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE rides_away RENAME TO rides"))
