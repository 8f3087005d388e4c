"""Geocoding, with a substitute for Nominatim on the loopback interface."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from geopy.geocoders import GoogleV3
from sqlalchemy import Engine, text

from movr.cities import City, Position, find_city
from tests.clock import Clock
from tests.conftest import settings_for, visiting
from tests.visitor import Visitor, sentences
from tests.web.api.v1.client import ApiClient
from web.app import create_app
from web.config import Settings, SettingsError, read_settings
from web.services import geocoding
from web.services.geocoding import Geocoder

WALL_STREET = Position(40.7060, -74.0088)
BROADWAY = Position(40.7590, -73.9845)
PHILADELPHIA = Position(39.9526, -75.1652)
PLACES = {
    "1 wall street, New York": WALL_STREET,
    "2 broadway, New York": BROADWAY,
    "liberty bell, New York": PHILADELPHIA,
}


class Service(ThreadingHTTPServer):
    """A substitute for Nominatim that records queries and can simulate failures."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.body: bytes | None = None  # returned instead of the requested place
        self.status = 200
        self.hangs = False
        self.released = threading.Event()

    @property
    def domain(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def fail(self, status: int = 200, body: bytes = b"") -> None:
        self.status, self.body = status, body


class Answer(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        (question,) = parse_qs(urlsplit(self.path).query)["q"]
        self.server.asked.append(question)
        self.server.agents.add(self.headers["User-Agent"])
        if self.server.hangs:
            self.server.released.wait()
            return
        body = self.server.body
        if body is None:
            place = PLACES.get(question)
            found = place and [{"lat": str(place[0]), "lon": str(place[1]), "display_name": "?"}]
            body = json.dumps(found or []).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.01,))
        thread.start()
        yield service
        service.released.set()
        service.shutdown()
        thread.join()


@pytest.fixture
def geocoder(service: Service, clock: Clock) -> Geocoder:
    return at(service, clock)


def at(service: Service, clock: Clock) -> Geocoder:
    return geocoding.nominatim("maps@movr.test", domain=service.domain, scheme="http", clock=clock)


def city(name: str) -> City:
    found = find_city(name)
    assert found
    return found


def position(geocoder: Geocoder, words: str, name: str = "new york") -> Position | None:
    return geocoder.position(words, city(name))


# Results


def test_a_place_name_becomes_a_position(geocoder: Geocoder, service: Service) -> None:
    assert position(geocoder, "1 Wall Street") == WALL_STREET
    assert service.asked == ["1 wall street, New York"]


def test_requests_have_the_contact_address_as_user_agent(
    geocoder: Geocoder, service: Service
) -> None:
    position(geocoder, "1 Wall Street")

    (agent,) = service.agents
    assert agent.startswith("MovR/")
    assert "maps@movr.test" in agent


def test_an_unknown_place_is_not_found(geocoder: Geocoder) -> None:
    assert position(geocoder, "behind the blue door") is None


def test_a_place_outside_of_the_city_is_not_found(geocoder: Geocoder) -> None:
    assert position(geocoder, "Liberty Bell") is None


# Number of requests


@pytest.mark.parametrize("words", ["1 Wall Street", "behind the blue door", "Liberty Bell"])
def test_the_same_place_is_requested_once(
    geocoder: Geocoder, service: Service, clock: Clock, words: str
) -> None:
    answers = set()
    for again in (words, words.upper(), f" {words} ", words.replace(" ", "  ")):
        answers.add(position(geocoder, again))
        clock.now += 10

    assert (len(answers), len(service.asked)) == (1, 1)


def test_the_cache_distinguishes_cities(geocoder: Geocoder, service: Service, clock: Clock) -> None:
    here = position(geocoder, "1 Wall Street")
    clock.now += 1

    assert (here, position(geocoder, "1 Wall Street", "rome")) == (WALL_STREET, None)
    assert service.asked == ["1 wall street, New York", "1 wall street, Rome"]


def test_nominatim_gets_at_most_one_request_a_second(
    geocoder: Geocoder, service: Service, clock: Clock
) -> None:
    assert position(geocoder, "1 Wall Street") == WALL_STREET
    clock.now += 0.9

    assert position(geocoder, "2 Broadway") is None
    assert position(geocoder, "1 Wall Street") == WALL_STREET  # remembered
    assert len(service.asked) == 1

    clock.now += 0.1
    assert position(geocoder, "2 Broadway") == BROADWAY


def test_concurrent_calls_send_one_request_a_second(geocoder: Geocoder, service: Service) -> None:
    threads = [
        threading.Thread(target=position, args=(geocoder, f"{n} Broadway")) for n in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(service.asked) == 1


def test_the_cache_is_bounded(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geocoding, "CACHE_SIZE", 1)
    forgetful = at(service, clock)
    for words in ("1 Wall Street", "2 Broadway", "1 Wall Street"):
        position(forgetful, words)
        clock.now += 1

    assert len(service.asked) == 3


# Failures

FAILURES = {
    "overloaded": (503, b"busy"),
    "blocked": (403, b"no"),
    "too many": (429, b"slow down"),
    "an error": (200, b'{"error": "no such thing"}'),
    "no JSON": (200, b"<html>"),
    "no place": (200, b'[{"name": "here"}]'),
    "no number": (200, b'[{"lat": "north", "lon": "west"}]'),
    "nowhere on earth": (200, b'[{"lat": "NaN", "lon": "Infinity"}]'),
    "beyond the pole": (200, b'[{"lat": "1e9", "lon": "1e9"}]'),
    "another shape": (200, b"[7]"),
    "nothing": (200, b""),
}


@pytest.mark.parametrize(("status", "body"), FAILURES.values(), ids=FAILURES)
def test_a_failure_of_the_service_is_not_cached(
    geocoder: Geocoder, service: Service, clock: Clock, status: int, body: bytes
) -> None:
    service.fail(status, body)
    failed = position(geocoder, "1 Wall Street")
    service.status, service.body = 200, None
    clock.now += 1

    assert (failed, position(geocoder, "1 Wall Street")) == (None, WALL_STREET)


def test_an_unavailable_service_finds_nothing(service: Service, clock: Clock) -> None:
    geocoder = at(service, clock)
    service.server_close()

    assert position(geocoder, "1 Wall Street") is None


def test_a_hanging_service_is_abandoned_after_the_timeout(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geocoding, "TIMEOUT", 0.1)
    service.hangs = True

    assert position(at(service, clock), "1 Wall Street") is None
    assert not service.released.is_set()


def test_the_log_has_the_failure_without_the_query(
    geocoder: Geocoder, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.fail(429)
    position(geocoder, "1 Wall Street")

    assert "The geocoder failed: GeocoderRateLimited" in caplog.text
    assert "wall" not in caplog.text.lower()


# Pages


@pytest.fixture
def rider(database: str, engine: Engine, geocoder: Geocoder) -> Iterator[Visitor]:  # noqa: ARG001 - emptied
    with serving(settings_for(database), geocoder) as rider:
        yield rider


@contextmanager
def serving(settings: Settings, geocoder: Geocoder) -> Iterator[Visitor]:
    app = create_app(settings)
    app.extensions["geocoder"] = geocoder
    with visiting(app) as new:
        yield new().register()


def add(rider: Visitor, location: str, **given: str) -> None:
    fields = {"type": "bike", "color": "red", "brand": "Kona", "location": location, **given}
    reply = rider.post("/vehicles/add", **fields)
    assert reply.status_code == 303, sentences(reply)


def stands(engine: Engine) -> tuple[str, Position | None]:
    """Return the location of the only vehicle and its position, if that is known."""
    with engine.connect() as connection:
        row = connection.execute(text("SELECT last_location, latitude, longitude FROM vehicles"))
        words, latitude, longitude = row.one()
    return words, None if latitude is None else Position(latitude, longitude)


def ride(rider: Visitor, engine: Engine) -> None:
    with engine.connect() as connection:
        vehicle = connection.execute(text("SELECT public_id FROM vehicles")).scalar_one()
    assert rider.start(vehicle).status_code == 303


def test_a_new_vehicle_is_placed_by_its_location(rider: Visitor, engine: Engine) -> None:
    add(rider, "1 Wall Street")

    assert stands(engine) == ("1 Wall Street", WALL_STREET)


def test_a_ride_ends_at_the_position_of_its_location(
    rider: Visitor, engine: Engine, clock: Clock
) -> None:
    add(rider, "1 Wall Street")
    ride(rider, engine)
    clock.now += 1

    rider.end(rider.active_ride(), "2 Broadway")

    assert stands(engine) == ("2 Broadway", BROADWAY)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT distance FROM rides")).scalar_one() > 5000


def test_the_place_that_a_program_sends_is_geocoded(
    rider: Visitor, engine: Engine, clock: Clock, service: Service
) -> None:
    api = ApiClient(rider.client).log_in(rider.username)
    bike = {"type": "bike", "color": "red", "brand": "Kona", "place": "1 Wall Street"}
    path = api.call("POST", "/me/vehicles", **bike).headers["Location"].removeprefix("/api/v1")
    assert stands(engine) == ("1 Wall Street", WALL_STREET)
    clock.now += 1

    for place in ({"place": "2 Broadway"}, {"place": "1 Wall Street", **BROADWAY._asdict()}):
        assert api.call("PUT", f"{path}/place", **place).status_code == 204
        assert stands(engine) == (place["place"], BROADWAY)

    assert len(service.asked) == 2


def test_a_location_with_a_position_is_not_geocoded(
    rider: Visitor, engine: Engine, service: Service
) -> None:
    add(rider, "1 Wall Street", latitude="40.75", longitude="-74")

    assert stands(engine) == ("1 Wall Street", Position(40.75, -74))
    assert service.asked == []


def test_an_invalid_form_is_not_geocoded(rider: Visitor, service: Service) -> None:
    reply = rider.post("/vehicles/add", type="bike", color="", brand="", location="1 Wall Street")

    assert (reply.status_code, service.asked) == (422, [])


@pytest.mark.parametrize("words", ["behind the blue door", "Liberty Bell"])
def test_an_unknown_location_is_kept_as_text(
    rider: Visitor, engine: Engine, clock: Clock, words: str
) -> None:
    add(rider, "1 Wall Street")
    ride(rider, engine)
    clock.now += 1

    rider.end(rider.active_ride(), words)

    assert stands(engine) == (words, None)


def test_a_failing_service_fails_no_request(
    rider: Visitor, engine: Engine, service: Service
) -> None:
    service.fail(503)

    add(rider, "1 Wall Street")

    assert stands(engine) == ("1 Wall Street", None)
    assert service.asked


def end_rides_of_others(rider: Visitor, clock: Clock, number: int) -> None:
    """Ask for this number of different places."""
    for _ in range(number):
        clock.now += 1
        assert rider.end(uuid4(), f"door {clock.now}").status_code == 404


def test_a_member_has_few_places_looked_up_an_hour(
    rider: Visitor, service: Service, clock: Clock
) -> None:
    """Each may cost money, and a second of the service that others wait for."""
    limit = geocoding.LOOKUPS_OF_MEMBER.at_most

    end_rides_of_others(rider, clock, limit + 5)

    assert len(service.asked) == limit
    add(rider, "1 Wall Street")  # which is refused nothing


def test_a_network_has_few_places_looked_up_an_hour(
    rider: Visitor, service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        geocoding, "LOOKUPS_OF_NETWORK", geocoding.LOOKUPS_OF_NETWORK._replace(at_most=5)
    )
    for _ in range(3):
        rider.post("/logout")
        rider.register()
        end_rides_of_others(rider, clock, 3)

    assert len(service.asked) == 5


# Settings


def test_without_the_setting_no_service_is_used() -> None:
    assert geocoding.make_geocoder(read_settings({"DEBUG": "1"})) is None


def test_the_setting_chooses_the_service() -> None:
    nominatim = geocoding.make_geocoder(read_settings({"DEBUG": "1", "GEOCODER": "nominatim"}))
    google = geocoding.make_geocoder(
        read_settings({"DEBUG": "1", "GEOCODER": "google", "API_KEY": "k"})
    )

    assert nominatim is not None
    assert nominatim.service.domain == "nominatim.openstreetmap.org"
    assert nominatim.service.scheme == "https"
    assert google is not None
    assert isinstance(google.service, GoogleV3)
    assert google.service.timeout == nominatim.service.timeout == 2


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"GEOCODER": "magic"}, "GEOCODER must be one of none, nominatim, google."),
        ({"GEOCODER": "google"}, "API_KEY is missing (GEOCODER=google needs it)."),
        (
            {"CONTACT_EMAIL": "nobody"},
            "CONTACT_EMAIL must be an email address (An email address must have an @-sign).",
        ),
    ],
)
def test_an_invalid_geocoder_setting_is_refused(wrong: dict[str, str], complaint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"DEBUG": "1", **wrong})

    assert str(refused.value) == f"MovR cannot start: {complaint}"
