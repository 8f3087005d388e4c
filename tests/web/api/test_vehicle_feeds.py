"""The feed of vehicles, built once for all who ask for it."""

import gzip
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import pytest
from flask import Flask

from movr import movr as data_layer
from movr.cities import CITIES, DEFAULT_CITY
from movr.errors import DatabaseBusy, DatabaseUnavailable
from movr.movr import MovR
from movr.results import PublicVehicle
from tests.cli.test_serve import wait_until
from tests.clock import Clock
from tests.conftest import settings_for, visiting
from tests.follower_reads import wait_for_follower_reads
from tests.movr.test_positions import BIKE
from tests.visitor import Visitor, registration
from tests.web.operations.test_health import statements
from web import background_cache
from web.api.vehicle_feeds import VehicleFeeds
from web.app import create_app
from web.background_cache import MAX_AGE, TTL

pytestmark = pytest.mark.usefixtures("complete_feeds")

STATUS = "/gbfs/v3/new-york/vehicle_status.json"


@pytest.fixture
def feeds(app: Flask, clock: Clock) -> VehicleFeeds:
    """The app's feeds, which believe this clock."""
    feeds = VehicleFeeds(app.extensions["movr"].free_vehicles, clock)
    app.extensions["vehicle_feeds"] = feeds
    return feeds


def number(visitor: Visitor) -> int:
    """Return how many vehicles of New York are listed."""
    return len(visitor.get(STATUS).json()["data"]["vehicles"])


@pytest.mark.usefixtures("feeds")
def test_a_city_is_listed_once_in_so_many_seconds_for_all_who_ask(
    app: Flask, visitor: Visitor, clock: Clock
) -> None:
    visitor.register().add_vehicle()
    with statements(app) as sent:
        first = visitor.get(STATUS)
        for _ in range(20):
            visitor.client.get(STATUS)
        assert len(sent) == 1
        assert first.json()["ttl"] == TTL

        clock.now += TTL + MAX_AGE
        visitor.get(STATUS)
        assert len(sent) == 2


@pytest.mark.usefixtures("feeds")
def test_a_list_that_has_not_changed_is_neither_read_nor_sent_again(
    app: Flask, visitor: Visitor
) -> None:
    tag = visitor.get(STATUS).headers["ETag"]
    with statements(app) as sent:
        again = visitor.get(STATUS, {"If-None-Match": tag})

    assert (again.status_code, again.content, sent) == (304, b"", [])


@pytest.mark.usefixtures("feeds")
def test_the_tag_of_the_same_vehicles_is_the_same_in_the_next_list(
    visitor: Visitor, clock: Clock
) -> None:
    visitor.register().add_vehicle()
    tag = visitor.get(STATUS).headers["ETag"]
    clock.now += MAX_AGE

    assert visitor.get(STATUS, {"If-None-Match": tag}).status_code == 304


@pytest.mark.usefixtures("feeds")
def test_the_last_list_is_sent_while_the_next_one_is_built(visitor: Visitor, clock: Clock) -> None:
    visitor.register()
    assert number(visitor) == 0
    visitor.add_vehicle()

    clock.now += TTL
    assert number(visitor) == 0
    wait_until(lambda: number(visitor) == 1, "the next list")


class Database:
    """Lists a vehicle when it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = Event()

    def __call__(self, _city: str) -> Iterator[list[PublicVehicle]]:
        self.asked += 1
        assert self.answers.wait(10)
        yield [PublicVehicle("1", "bike", 40.0, -74.0, is_reserved=False)]


def render(vehicle: PublicVehicle) -> dict[str, object]:
    return vehicle._asdict()


def test_many_who_ask_at_once_have_one_list_built() -> None:
    database = Database()
    feeds = VehicleFeeds(database)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(feeds.feed, DEFAULT_CITY, render) for _ in range(20)]
        wait_until(lambda: database.asked == 1, "a build")
        database.answers.set()

        assert len({id(future.result()) for future in asked}) == 1
    assert database.asked == 1


def test_one_city_is_built_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_cache, "BUILD_TIMEOUT", 0.01)
    database = Database()
    feeds = VehicleFeeds(database)
    for city in CITIES:
        with pytest.raises(DatabaseBusy):
            feeds.feed(city, render)

    assert database.asked == 1
    database.answers.set()


def test_nobody_waits_for_a_list_that_others_have_waited_for(clock: Clock) -> None:
    """Otherwise all threads would wait for a large city, and riders for them."""
    database = Database()
    feeds = VehicleFeeds(database, clock)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(feeds.feed, DEFAULT_CITY, render)
        wait_until(lambda: database.asked == 1, "a build")
        clock.now += background_cache.BUILD_TIMEOUT
        started = time.monotonic()

        with pytest.raises(DatabaseBusy):
            feeds.feed(DEFAULT_CITY, render)

        assert time.monotonic() - started < background_cache.BUILD_TIMEOUT / 2
        database.answers.set()
        assert first.result().length


def test_a_database_that_fails_is_asked_again_by_the_next_request() -> None:
    replies = iter([DatabaseUnavailable(), None])

    def batches(_city: str) -> Iterator[list[PublicVehicle]]:
        if error := next(replies):
            raise error
        yield []

    feeds = VehicleFeeds(batches)
    with pytest.raises(DatabaseUnavailable):
        feeds.feed(DEFAULT_CITY, render)

    assert feeds.feed(DEFAULT_CITY, render).length


def test_a_city_is_read_in_batches(
    movr: MovR, visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_layer, "BATCH", 2)
    visitor.register()
    for _ in range(5):
        visitor.add_vehicle()

    wait_for_follower_reads(movr.engine)
    batches = list(movr.free_vehicles("new york"))
    listed = visitor.get(STATUS).json()["data"]["vehicles"]

    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert [vehicle["vehicle_id"] for vehicle in listed] == [
        vehicle.public_id for batch in batches for vehicle in batch
    ]
    with statements(app) as sent:
        assert len(list(movr.free_vehicles("boston"))) == 0
    assert len(sent) <= 1


@pytest.mark.parametrize("accepted", ["gzip", "gzip, br;q=0.9", "br", "identity", "gzip;q=0", "*"])
def test_a_list_is_the_same_in_whatever_encoding(visitor: Visitor, accepted: str) -> None:
    visitor.register().add_vehicle()
    feed = visitor.get(STATUS).json()

    reply = visitor.get(STATUS, {"Accept-Encoding": accepted})

    assert reply.json() == feed
    assert "Accept-Encoding" in reply.headers["Vary"]
    assert int(reply.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("site", "linked"), [("", None), ("https://movr.example", "https://movr.example")]
)
def test_nobody_chooses_the_host_of_the_links_in_a_list_that_others_get(
    database: str, movr: MovR, site: str, linked: str | None
) -> None:
    owner = movr.register(**registration())
    movr.add_vehicle(owner, **BIKE, position=DEFAULT_CITY.centre)
    production = create_app(replace(settings_for(database), debug=False, site_url=site))
    with visiting(production, "https://movr.test") as new:
        new().get(STATUS, {"Host": "evil.example"})
        (vehicle,) = new().get(STATUS).json()["data"]["vehicles"]

    page = vehicle.get("rental_uris", {}).get("web")
    assert (page and page.partition("/vehicles/")[0]) == linked


def test_a_large_list_is_small_in_memory() -> None:
    def batches(_city: str) -> Iterator[list[PublicVehicle]]:
        for _ in range(20):
            yield [PublicVehicle("1" * 36, "bike", 40.0, -74.0, is_reserved=False)] * 1000

    feed = VehicleFeeds(batches).feed(DEFAULT_CITY, render)

    text = b"".join(feed.text())
    assert len(text) == feed.length == len(gzip.decompress(feed.gzipped))
    assert len(feed.gzipped) < feed.length / 5
    assert len(json.loads(text)["data"]["vehicles"]) == 20_000
    assert json.loads(text)["last_updated"] <= f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
