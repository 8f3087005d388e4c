"""The cities MovR serves and the regions where their rows are stored.

Region names are those of the database cluster (`--locality=region=gcp-us-east1`) and of the
deployments (`REGION`). No other module lists cities. To add or move a city, see
docs/multi-region.md.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from movr.messages import gettext_noop

US_EAST: Final = "gcp-us-east1"
US_WEST: Final = "gcp-us-west1"
EUROPE_WEST: Final = "gcp-europe-west1"

SERVICE_RADIUS: Final = 30_000  # metres from a city's centre within which its vehicles stay


class Position(NamedTuple):
    """Geographic coordinates in degrees (WGS 84)."""

    latitude: float
    longitude: float


REGIONS: Final = (US_EAST, US_WEST, EUROPE_WEST)


@dataclass(frozen=True, slots=True)
class City:
    """A served city. `name` is its key in all tables; the coordinates are its centre (WGS 84).

    `locale` is used to format numbers and times in English, and for generated names. Its country is
    that of the units. `currency` is that of its prices (ISO 4217).
    """

    name: str
    label: str
    region: str
    latitude: float
    longitude: float
    timezone: ZoneInfo
    locale: str
    currency: str

    @property
    def centre(self) -> Position:
        """The city's centre."""
        return Position(self.latitude, self.longitude)

    @property
    def language(self) -> str:
        """The language of its street names, e.g. `nl`."""
        return self.locale.partition("_")[0]

    @property
    def slug(self) -> str:
        """The city's name in URLs, e.g. `new-york`."""
        return self.name.replace(" ", "-")


# The last fields of cities: time zone, locale and currency.
_EASTERN = (ZoneInfo("America/New_York"), "en_US", "USD")
_PACIFIC = (ZoneInfo("America/Los_Angeles"), "en_US", "USD")
_AMSTERDAM = (ZoneInfo("Europe/Amsterdam"), "nl_NL", "EUR")
_PARIS = (ZoneInfo("Europe/Paris"), "fr_FR", "EUR")
_ROME = (ZoneInfo("Europe/Rome"), "it_IT", "EUR")

CITIES: Final = (
    City("new york", gettext_noop("New York"), US_EAST, 40.7128, -74.0060, *_EASTERN),
    City("boston", gettext_noop("Boston"), US_EAST, 42.3601, -71.0589, *_EASTERN),
    City("washington dc", gettext_noop("Washington DC"), US_EAST, 38.9072, -77.0369, *_EASTERN),
    City("seattle", gettext_noop("Seattle"), US_WEST, 47.6062, -122.3321, *_PACIFIC),
    City("san francisco", gettext_noop("San Francisco"), US_WEST, 37.7749, -122.4194, *_PACIFIC),
    City("los angeles", gettext_noop("Los Angeles"), US_WEST, 34.0522, -118.2437, *_PACIFIC),
    City("amsterdam", gettext_noop("Amsterdam"), EUROPE_WEST, 52.3676, 4.9041, *_AMSTERDAM),
    City("paris", gettext_noop("Paris"), EUROPE_WEST, 48.8566, 2.3522, *_PARIS),
    City("rome", gettext_noop("Rome"), EUROPE_WEST, 41.9028, 12.4964, *_ROME),
)

DEFAULT_CITY: Final = CITIES[0]
CURRENCIES: Final = {city.name: city.currency for city in CITIES}

# Other names of cities and of their parts, as `_folded` returns them.
_ALIASES: Final = {
    "new york": ("new york city", "nyc", "manhattan", "brooklyn", "queens", "bronx", "the bronx",
                 "staten island"),
    "washington dc": ("washington", "dc", "district of columbia"),
    "san francisco": ("sf",),
    "los angeles": ("la",),
    "rome": ("roma",),
}  # fmt: skip

_BY_NAME: Final = {city.name: city for city in CITIES}
_BY_ALIAS: Final = _BY_NAME | {
    alias: _BY_NAME[name] for name, aliases in _ALIASES.items() for alias in aliases
}
_BY_SLUG: Final = {city.slug: city for city in CITIES}
_OF_REGION: Final = {
    region: tuple(city for city in CITIES if city.region == region) for region in REGIONS
}


def find_city(name: str) -> City | None:
    """Return the served city of this name, ignoring case, or None."""
    return _BY_NAME.get(name.casefold())


def served_city(name: str) -> City:
    """Return the city of a row; a CHECK allows no other names."""
    return _BY_NAME[name]


def find_city_by_alias(name: str) -> City | None:
    """Return the served city of this name or alias, as people write it, or None."""
    return _BY_ALIAS.get(_folded(name))


def find_city_by_slug(slug: str) -> City | None:
    """Return the served city with this slug, or None."""
    return _BY_SLUG.get(slug)


def cities_in(region: str) -> tuple[City, ...]:
    """Return the cities of this region, in the order of CITIES."""
    return _OF_REGION.get(region, ())


def _folded(name: str) -> str:
    """Return `washington dc` for `Washington, D.C.`; diacritics are removed too."""
    decomposed = unicodedata.normalize("NFKD", name.replace("-", " ").casefold())
    letters = (char for char in decomposed if char not in ".," and not unicodedata.combining(char))
    return " ".join("".join(letters).split())
