"""The list of each city's available vehicles as JSON, built in the background for all requests.

A list of 200,000 vehicles takes seconds, so that a thread of the server, and a statement for each
request, would be too much. Lists are kept compressed: 50 MB of JSON are 8 MB.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from gzip import GzipFile
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from movr.cities import City
from movr.database import deadline
from movr.results import PublicVehicle
from web.background_cache import TTL, BackgroundCache

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

    def text(self) -> Iterator[bytes]:
        """Yield the text in pieces, for clients that do not accept gzip."""
        with GzipFile(fileobj=BytesIO(self.gzipped)) as file:
            yield from iter(partial(file.read, CHUNK_SIZE), b"")


class VehicleFeeds:
    """Keeps the last feed of each city; GBFS allows that it is up to 300 seconds old."""

    def __init__(
        self,
        batches: Callable[[str], Iterable[list[PublicVehicle]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without feeds. `batches` reads the available vehicles of a city."""
        self._batches = batches
        self._cache = BackgroundCache[City, VehicleFeed](clock)

    def feed(self, city: City, render: Render) -> VehicleFeed:
        """Return the feed of this city, whose vehicles are rendered by the first caller's `render`.

        Raises what BackgroundCache.get raises.
        """
        return self._cache.get(city, partial(self._build, city, render))

    def _build(self, city: City, render: Render) -> VehicleFeed:
        file, digest = BytesIO(), sha256()
        with GzipFile(fileobj=file, mode="wb", compresslevel=COMPRESSION, mtime=0) as text:
            text.write(envelope(datetime.now(UTC), TTL).encode())
            for piece in self._pieces(city, render):
                text.write(piece)
                digest.update(piece)
            text.write(b"}")
            length = text.tell()
        return VehicleFeed(file.getvalue(), length, digest.hexdigest())

    def _pieces(self, city: City, render: Render) -> Iterator[bytes]:
        """Yield the feed's data, a batch of vehicles at a time."""
        separator = b""
        yield b'{"vehicles":['
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
