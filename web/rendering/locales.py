"""Times, numbers, amounts and distances in the reader's language, by Unicode's CLDR.

The language and the city are two things (docs/decisions/0005). The currency and the units are
those of the city, as its time zone is. Order and separators are those of the language; English,
which is written in many ways, has those of the city.
"""

from datetime import date, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final, NamedTuple

from babel import Locale, localedata
from babel.dates import get_month_names, get_time_format
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.units import format_unit

from movr.cities import City
from web.languages import ENGLISH, current_language

REMEMBERED: Final = 10_000  # entries of each cache

_ENGLISH_WORDS: Final = "en_US"

# CLDR name and metres of the small unit, the number at which the large one is used, then the large.
_METRIC: Final = ("length-meter", 1.0, 1000, "length-kilometer", 1000.0)
_US: Final = ("length-foot", 0.3048, 1000, "length-mile", 1609.344)


class Locales(NamedTuple):
    """CLDR's names of the locale of patterns, and of that of the names of days and months."""

    patterns: str
    words: str


def locales(city: City) -> Locales:
    """Return the locales for this city in the current language."""
    return _locales(current_language(), city.locale)


def of_scripts(city: City) -> str:
    """Return the locale of numbers as scripts know it (BCP 47): `fr-FR`."""
    return locales(city).patterns.replace("_", "-")


def number(count: int, city: City) -> str:
    """Return a whole number with its digits in groups."""
    return _number(count, locales(city).patterns)


def milliseconds(seconds: float) -> str:
    """Return a short time: `12 ms`."""
    return format_unit(
        round(seconds * 1000), "duration-millisecond", "short", locale=current_language()
    )


def amount(minor: int, currency: str, city: City) -> str:
    """Return an amount of money."""
    return _amount(minor, currency, locales(city).patterns)


def in_major_units(minor: int, currency: str) -> Decimal:
    """Return an amount in the currency's major unit: 1.50 for 150 cents."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def distance(metres: float, city: City) -> str:
    """Return a distance in metres or kilometres; in the US, in feet or miles."""
    units = _US if city.locale.endswith("_US") else _METRIC
    return _distance(round(metres), units, locales(city).patterns)


def time_of_day(hour: int, minute: int, city: City) -> str:
    """Return a time of day: `17:32`, or `5:32 PM`."""
    return _time_of_day(hour, minute, locales(city))


def day(day: date, skeleton: str, city: City) -> str:
    """Return a day by a skeleton of CLDR, which names what is shown of it: `yMMMEd`."""
    return _day(day, skeleton, locales(city))


def month_name(month: int) -> str:
    """Return the short name of a month: `Nov`."""
    return str(get_month_names("abbreviated", locale=current_language())[month])


@cache  # the languages times the cities' locales
def _locales(language: str, of_city: str) -> Locales:
    """Return the city's locale with English words, or that of the language in its country."""
    if language == ENGLISH:
        return Locales(of_city, _ENGLISH_WORDS)
    in_country = f"{language}_{Locale.parse(of_city).territory}"
    locale = in_country if localedata.exists(in_country) else language
    return Locales(locale, locale)


@lru_cache(REMEMBERED)
def _number(count: int, locale: str) -> str:
    return format_decimal(count, locale=locale)


@lru_cache(REMEMBERED)
def _amount(minor: int, currency: str, locale: str) -> str:
    return format_currency(in_major_units(minor, currency), currency, locale=locale)


@lru_cache(REMEMBERED)
def _distance(metres: int, units: tuple[str, float, int, str, float], locale: str) -> str:
    """Round small distances to ten metres or feet, large ones to a tenth of the large unit."""
    small, metres_small, most, large, metres_large = units
    near = round(metres / metres_small / 10) * 10
    if near < most:
        return format_unit(near, small, "short", locale=locale)
    return format_unit(metres / metres_large, large, "short", "#,##0.0", locale=locale)


@lru_cache(REMEMBERED)
def _time_of_day(hour: int, minute: int, locales: Locales) -> str:
    return get_time_format("short", locales.patterns).apply(time(hour, minute), locales.words)


@lru_cache(REMEMBERED)
def _day(day: date, skeleton: str, locales: Locales) -> str:
    skeletons = Locale.parse(locales.patterns).datetime_skeletons
    return str(skeletons[skeleton].apply(day, locales.words))
