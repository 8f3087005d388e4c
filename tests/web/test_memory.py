"""What a process remembers has an end in bytes, whatever clients send."""

import functools
import gc
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from geopy.geocoders.base import Geocoder as Service
from sqlalchemy import Engine, text

from movr import search
from movr.cities import DEFAULT_CITY, Position
from movr.database.engine import UUID_CACHE_SIZE
from movr.formats import LOCATION_LENGTH
from movr.results import NearbyVehicle
from movr.search import Search, SearchRadii
from tests.visitor import Visitor
from web.rendering import locales, template_filters
from web.services import geocoding
from web.services.geocoding import Geocoder

MAX_BYTES = 8 * 1024 * 1024  # of each cache
# Caches without a size: their keys are combinations of flags, or there is only one entry.
OF_CLOSED_KEYS = {
    *("_catalogue", "_common", "_locales", "nearest", "nearest_with_member"),
    *("_by_token", "with_key"),  # of constant statements
}

LRU_CACHE = type(functools.cache(len))

Fill = Callable[[int], object]  # with the entry of this number


class Nowhere(Service):  # type: ignore[misc]
    """A service that finds nothing."""

    def geocode(self, *_: object, **__: object) -> None:
        return None


def geocoded() -> Fill:
    """Look for places with the longest names that a form takes, the longest once casefolded."""
    geocoder = Geocoder(Nowhere())

    def fill(number: int) -> None:
        words = f"{number}\N{SKATEBOARD}".ljust(
            LOCATION_LENGTH, "\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}"
        )
        geocoder.position(words, DEFAULT_CITY)

    return fill


def searched() -> Fill:
    """Search from a place of its own each time."""
    radii = SearchRadii()

    def fill(number: int) -> None:
        origin = Position(number % 180 - 90 + number / 1e4, number / 1e3 % 180)
        found: Any = NearbyVehicle(None, 1.5)  # type: ignore[arg-type]
        radii.learn(Search(city=DEFAULT_CITY, origin=origin, size=0), [found])

    return fill


FILLED: dict[str, tuple[Callable[[], Fill], int]] = {
    "places": (geocoded, geocoding.CACHE_SIZE),
    "areas": (searched, search.MAX_AREAS),
    "days": (
        lambda: lambda n: template_filters.day(date(1, 1, 1) + timedelta(n), "rome"),
        locales.REMEMBERED,
    ),
    "distances": (
        lambda: lambda n: template_filters.distance(10.0**9 + n, "rome"),
        locales.REMEMBERED,
    ),
    "numbers": (
        lambda: lambda n: template_filters.number(10**12 + n, "rome"),
        locales.REMEMBERED,
    ),
}


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(("make", "entries"), FILLED.values(), ids=FILLED)
def test_a_cache_that_is_filled_takes_no_more_than_8_mb(
    make: Callable[[], Fill], entries: int
) -> None:
    fill = make()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(entries + 100):
        fill(number)
    gc.collect()

    assert tracemalloc.get_traced_memory()[0] - before < MAX_BYTES


@pytest.mark.usefixtures("traced")
def test_ids_that_the_database_returned_take_no_more_than_8_mb(engine: Engine) -> None:
    ids = text(f"SELECT gen_random_uuid() FROM generate_series(1, {UUID_CACHE_SIZE + 100})")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        before = tracemalloc.get_traced_memory()[0]
        assert len(connection.execute(ids).all()) > UUID_CACHE_SIZE
    gc.collect()

    assert tracemalloc.get_traced_memory()[0] - before < MAX_BYTES


def test_every_cache_has_a_size_but_those_of_closed_keys(app: Flask) -> None:
    assert app  # has imported all modules
    ours = [
        cache
        for cache in gc.get_objects()
        if isinstance(cache, LRU_CACHE)
        and str(getattr(cache, "__module__", "")).partition(".")[0] in {"movr", "web"}
    ]

    assert len(ours) > 5
    unbounded = {cache.__name__ for cache in ours if cache.cache_parameters()["maxsize"] is None}
    assert unbounded == OF_CLOSED_KEYS


HOSTILE = [f"{n}%22%3E{'x' * 1000}" for n in range(20)]


def test_urls_in_pages_are_not_remembered_by_what_a_visitor_sends(
    visitor: Visitor, app: Flask
) -> None:
    cache: Any = app.jinja_env.globals["url_for"]

    def ask(words: str) -> None:
        for path in ("/", "/vehicles", "/login", "/register", "/rides", "/forgot", f"/x{words}"):
            visitor.get(
                f"{path}?near={words}&next=/{words}&type={words}&after={words}&free={words}&city={words}",
                {"X-City": words, "X-City-Lat-Long": words, "Referer": f"http://movr.test/{words}"},
            )

    ask("")
    before = cache.cache_info().currsize
    for words in HOSTILE:
        ask(words)

    assert cache.cache_info().currsize == before
