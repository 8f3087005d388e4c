"""The list of each city's available vehicles as JSON, built in the background for all requests.

A list of 200,000 vehicles takes seconds, so that a thread of the server, and a statement for each
request, would be too much. Lists are kept compressed: 50 MB of JSON are 8 MB.
"""

import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from gzip import GzipFile
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from movr.cities import City
from movr.database import deadline
from movr.errors import DatabaseBusy
from movr.results import PublicVehicle

TTL: Final = 10  # seconds for which a list is current
# Seconds for which the last list is sent while the next one is built; GBFS allows 300.
MAX_AGE: Final = 3 * TTL
BUILD_TIMEOUT: Final = 1.0  # seconds that requests wait for a list if there is none to send
COMPRESSION: Final = 3  # less than half of the time of gzip's default, for 11 % more bytes
CHUNK_SIZE: Final = 64 * 1024  # bytes

VERSION: Final = "3.0"  # of GBFS

Render = Callable[[PublicVehicle], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class VehicleFeed:
    """A feed as bytes. The tag does not depend on when it was built."""

    gzipped: bytes
    length: int  # of the text
    tag: str
    built: float  # by the cache's clock

    def text(self) -> Iterator[bytes]:
        """Yield the text in pieces, for clients that do not accept gzip."""
        with GzipFile(fileobj=BytesIO(self.gzipped)) as file:
            yield from iter(partial(file.read, CHUNK_SIZE), b"")


class VehicleFeeds:
    """Keeps the last feed of each city. One thread builds them, one after the other."""

    def __init__(
        self,
        batches: Callable[[str], Iterable[list[PublicVehicle]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without feeds. `batches` reads the available vehicles of a city."""
        self._batches = batches
        self._clock = clock
        self._feeds: dict[City, VehicleFeed] = {}
        self._builds: dict[City, tuple[Future[VehicleFeed], float]] = {}  # and when they began
        self._builder = ThreadPoolExecutor(1)
        self._lock = threading.Lock()

    def feed(self, city: City, render: Render) -> VehicleFeed:
        """Return the feed of this city, whose vehicles are rendered by the first caller's `render`.

        Raises DatabaseBusy if there is none BUILD_TIMEOUT seconds after the build was asked for, so
        that later requests do not wait; and what a build raises.
        """
        last, age = self._last(city)
        if last and age < TTL:
            return last
        build, began = self._start_build(city, render)
        if last and age < MAX_AGE:
            return last
        try:
            return build.result(max(0, began + BUILD_TIMEOUT - self._clock()))
        except TimeoutError:
            raise DatabaseBusy from None

    def _last(self, city: City) -> tuple[VehicleFeed | None, float]:
        last = self._feeds.get(city)
        return last, self._clock() - last.built if last else math.inf

    def _start_build(self, city: City, render: Render) -> "tuple[Future[VehicleFeed], float]":
        with self._lock:
            current = self._builds.get(city)
            if current is None or current[0].done():
                build = self._builder.submit(self._build, city, render)
                current = self._builds[city] = build, self._clock()
            return current

    def _build(self, city: City, render: Render) -> VehicleFeed:
        last, age = self._last(city)
        if last and age < TTL:
            return last  # built since it was asked for
        file, digest = BytesIO(), sha256()
        with GzipFile(fileobj=file, mode="wb", compresslevel=COMPRESSION, mtime=0) as text:
            text.write(envelope(datetime.now(UTC), TTL).encode())
            for piece in self._pieces(city, render):
                text.write(piece)
                digest.update(piece)
            text.write(b"}")
            length = text.tell()
        tag = digest.hexdigest()
        self._feeds[city] = VehicleFeed(file.getvalue(), length, tag, built=self._clock())
        return self._feeds[city]

    def _pieces(self, city: City, render: Render) -> Iterator[bytes]:
        """Yield the feed's data, a batch of vehicles at a time."""
        separator = b""
        yield b'{"vehicles":['
        deadline.start()
        for batch in self._batches(city.name):
            yield separator
            yield json.dumps([*map(render, batch)], separators=(",", ":"))[1:-1].encode()
            separator = b","
            deadline.start()  # each statement has the time of a request
        yield b"]}"


def envelope(updated: datetime, ttl: int) -> str:
    """Return the start of a feed, which ends with its data and a brace."""
    return (
        f'{{"last_updated":"{updated:%Y-%m-%dT%H:%M:%SZ}","ttl":{ttl},"version":"{VERSION}","data":'
    )
