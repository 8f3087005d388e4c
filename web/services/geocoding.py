"""Optional geocoding: find the position of a place name with an external service.

If the service is slow, unavailable or wrong, the place has no position; no request fails.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from flask import current_app
from flask_login import current_user
from geopy.adapters import URLLibAdapter
from geopy.geocoders import GoogleV3, Nominatim
from geopy.geocoders.base import Geocoder as Service

from movr import __version__
from movr.cities import City, Position, find_city
from movr.geo import is_within
from movr.results import UserKey
from web.config import Settings
from web.forms import LocationForm
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit

TIMEOUT: Final = 2  # seconds
CACHE_SIZE: Final = 2_000  # cached places per process, 2.5 KB each at most
# At most one request a second: https://operations.osmfoundation.org/policies/nominatim/
NOMINATIM_PAUSE: Final = 1.0
# Google's service costs money, and Nominatim's next request is for one of all members.
LOOKUPS_OF_MEMBER: Final = RateLimit("places looked up by", 30, rate_limits.HOUR)
LOOKUPS_OF_NETWORK: Final = RateLimit("places looked up from", 240, rate_limits.HOUR)

logger = logging.getLogger("movr")


class TooSoonError(Exception):
    """The minimum pause between two requests to the service has not passed."""


class Geocoder:
    """Finds places with a geopy geocoder, and caches results, including "not found"."""

    def __init__(
        self, service: Service, *, pause: float = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Use this service, with at least `pause` seconds between two requests."""
        self.service = service
        self._pause = pause
        self._now = clock
        self._next = clock()
        self._lock = threading.Lock()
        self._find = lru_cache(CACHE_SIZE)(self._ask)  # exceptions are not cached

    def position(self, text: str, city: City) -> Position | None:
        """Return the position of a place; None if it is not in the city or the service fails."""
        try:
            return self._find(" ".join(text.casefold().split()), city)
        except TooSoonError:
            return None
        except Exception as error:  # noqa: BLE001 - an external service may return anything
            # Only the type: the message may contain the query or an API key.
            logger.warning("The geocoder failed: %s", type(error).__name__)
            return None

    def _ask(self, text: str, city: City) -> Position | None:
        """Query the service. Raises TooSoonError and any exception of geopy."""
        with self._lock:
            now = self._now()
            if now < self._next:
                raise TooSoonError
            self._next = now + self._pause
        result = self.service.geocode(f"{text}, {city.label}")
        if result is None:
            return None
        position = Position(result.latitude, result.longitude)
        return position if is_within(city, position) else None


def make_geocoder(settings: Settings) -> Geocoder | None:
    """Return the geocoder that the settings choose; None if they choose none."""
    if settings.geocoder == "nominatim":
        return nominatim(settings.contact_email)
    if settings.geocoder == "google":
        google = GoogleV3(settings.api_key, timeout=TIMEOUT, adapter_factory=URLLibAdapter)
        return Geocoder(google)
    return None


def nominatim(
    contact: str, *, clock: Callable[[], float] = time.monotonic, **server: str
) -> Geocoder:
    """Return a geocoder for Nominatim, whose usage policy requires a contact address.

    `server` may have geopy's `domain` and `scheme` of another server than OpenStreetMap's.
    """
    service = Nominatim(
        user_agent=f"MovR/{__version__} ({contact})",
        timeout=TIMEOUT,
        adapter_factory=URLLibAdapter,  # geopy would choose requests if it is installed
        **server,
    )
    return Geocoder(service, pause=NOMINATIM_PAUSE, clock=clock)


def position_from_form(form: LocationForm, city: str) -> Position | None:
    """Return the position of a valid form: the one submitted, or else its geocoded location.

    None if the member has had too many locations looked up.
    """
    place = find_city(city)
    if form.position or place is None:
        return form.position
    return look_up(form.location.data, place, current_user.key)


def is_available() -> bool:
    """Return True if there is a service that finds places."""
    return current_app.extensions["geocoder"] is not None


def look_up(location: str, city: City, member: UserKey) -> Position | None:
    """Return the position of a location in words; None if it is not found.

    None if the member has had too many locations looked up.
    """
    geocoder: Geocoder | None = current_app.extensions["geocoder"]
    if geocoder is None:
        return None
    attempts = (
        (LOOKUPS_OF_MEMBER, str(member.id)),
        *rate_limits.by_network(LOOKUPS_OF_NETWORK),
    )
    is_allowed = all(rate_limits.try_count(limit, who) for limit, who in attempts)
    return geocoder.position(location, city) if is_allowed else None
