"""From the words for a place to its position, by a service elsewhere, if the deployment wants one.

It may be slow, away or wrong: then words stay words, and no request fails for it.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from flask import current_app
from geopy.adapters import URLLibAdapter
from geopy.geocoders import GoogleV3, Nominatim
from geopy.geocoders.base import Geocoder as Service

from movr import __version__
from movr.cities import City, Position, find_city
from movr.geo import is_within
from web.config import Settings
from web.forms import LocationForm

TIMEOUT: Final = 2  # seconds
REMEMBERED: Final = 10_000  # places of a process
# At most one request a second: https://operations.osmfoundation.org/policies/nominatim/
NOMINATIM_PAUSE: Final = 1.0
NOMINATIM: Final = "nominatim.openstreetmap.org"

logger = logging.getLogger("movr")


class TooSoonError(Exception):
    """The service does not want to be asked again yet."""


class Geocoder:
    """Asks a service of geopy's for places, and remembers what it found and what it did not."""

    def __init__(
        self, service: Service, *, pause: float = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask this service, with at least `pause` seconds from one question to the next."""
        self.service = service
        self._pause = pause
        self._now = clock
        self._next = clock()
        self._lock = threading.Lock()
        self._find = lru_cache(REMEMBERED)(self._ask)  # which remembers no failure

    def position(self, words: str, city: City) -> Position | None:
        """Where that is; None if it is not found in the city, or if nobody says so in time."""
        try:
            return self._find(" ".join(words.casefold().split()), city)
        except TooSoonError:
            return None
        except Exception as error:  # noqa: BLE001 - a service elsewhere may answer anything
            # Its words may hold the question, or a key.
            logger.warning("The geocoder failed: %s", type(error).__name__)
            return None

    def _ask(self, words: str, city: City) -> Position | None:
        """Raises TooSoonError, and whatever the service makes geopy raise."""
        self._take_turn()
        found = self.service.geocode(f"{words}, {city.label}")
        if found is None:
            return None
        position = Position(found.latitude, found.longitude)
        return position if is_within(city, position) else None

    def _take_turn(self) -> None:
        with self._lock:
            now = self._now()
            if now < self._next:
                raise TooSoonError
            self._next = now + self._pause


def make_geocoder(settings: Settings) -> Geocoder | None:
    """The geocoder of this deployment; None without one."""
    if settings.geocoder == "nominatim":
        return nominatim(settings.contact_email)
    if settings.geocoder == "google":
        google = GoogleV3(settings.api_key, timeout=TIMEOUT, adapter_factory=URLLibAdapter)
        return Geocoder(google)
    return None


def nominatim(
    contact: str,
    *,
    domain: str = NOMINATIM,
    scheme: str = "https",
    clock: Callable[[], float] = time.monotonic,
) -> Geocoder:
    """OpenStreetMap's geocoder, which wants to know who asks."""
    service = Nominatim(
        user_agent=f"MovR/{__version__} ({contact})",
        timeout=TIMEOUT,
        domain=domain,
        scheme=scheme,
        adapter_factory=URLLibAdapter,  # the same wherever MovR runs, whatever else is installed
    )
    return Geocoder(service, pause=NOMINATIM_PAUSE, clock=clock)


def position_from_form(form: LocationForm, city: str) -> Position | None:
    """Where a valid form says that something is: by its position, else by its words."""
    geocoder: Geocoder | None = current_app.extensions["geocoder"]
    place = find_city(city)
    if form.position or geocoder is None or place is None:
        return form.position
    return geocoder.position(form.location.data, place)
