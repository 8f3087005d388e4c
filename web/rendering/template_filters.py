"""What templates know: the city, who is asking, and what times and distances read like there.

The words are English on every page; the order of a date, the clock, the signs in a number and the
units are those of the city (docs/decisions/0005).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from babel import Locale
from babel.dates import get_time_format
from babel.numbers import format_decimal
from babel.units import format_unit
from flask import Flask
from markupsafe import Markup, escape

from movr.cities import (
    DEFAULT_CITY,
    EUROPE_WEST,
    REGIONS,
    US_EAST,
    US_WEST,
    City,
    cities_in,
    find_city,
)
from movr.results import MonthlyActivity
from web.current_city import current_city
from web.rendering import charts
from web.security.response_headers import csp_nonce, served_by

REMEMBERED: Final = 10_000  # phrases of a kind, and URLs

_WORDS: Final = "en_US"

# What a small unit is called (CLDR), its metres, and from how many of it on the large one is used.
_METRIC: Final = ("length-meter", 1.0, 1000, "length-kilometer", 1000.0)
_US: Final = ("length-foot", 0.3048, 1000, "length-mile", 1609.344)

_REGION_NAMES: Final = {US_EAST: "US East", US_WEST: "US West", EUROPE_WEST: "Europe West"}


def init_app(app: Flask) -> None:
    """Give templates their globals and filters."""
    app.jinja_env.globals.update(
        current_city=current_city,
        csp_nonce=csp_nonce,
        served_by=served_by,
        url_for=_cached_url_for(app),
        regions={region: cities_in(region) for region in REGIONS},
        region_name=region_name,
        find_city=find_city,
        day=day,
        month=month,
        query=query,
        rides_a_week=charts.rides_a_week,
        today=today,
    )
    app.jinja_env.filters.update(
        local_time=local_time,
        clock=clock,
        since=since,
        seconds_since=seconds_since,
        duration=duration,
        activity=activity,
        distance=distance,
        number=number,
        rides=rides,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _cached_url_for(app: Flask) -> Callable[..., Markup]:
    """Return `url_for`, which takes a third of the time of a list, with a cache."""

    @lru_cache(REMEMBERED)
    def url_for(endpoint: str, **values: Any) -> Markup:
        return escape(app.url_for(endpoint, **values))

    return url_for


def local_time(moment: datetime, city: str) -> Markup:
    """A `<time>` element: UTC for programs; for people day and time, as this city writes them."""
    place = _place(city)
    local = moment.astimezone(place.timezone)
    day = _day(local.date(), "yMMMEd", place.locale)
    return _time(moment, f"{day}, {_clock(local.hour, local.minute, place.locale)}")


def clock(moment: datetime, city: str) -> Markup:
    """A `<time>` element with the time of day only."""
    place = _place(city)
    local = moment.astimezone(place.timezone)
    return _time(moment, _clock(local.hour, local.minute, place.locale))


def since(moment: datetime, city: str) -> Markup:
    """The time of day; and the day, if that is over there."""
    day = moment.astimezone(_place(city).timezone).date()
    return clock(moment, city) if day == today(city) else local_time(moment, city)


def today(city: str) -> date:
    """The day it is there."""
    return datetime.now(_place(city).timezone).date()


def seconds_since(moment: datetime) -> int:
    """How long ago that was; not less than nothing, whatever two servers' clocks say."""
    return max(0, int((datetime.now(UTC) - moment).total_seconds()))


def day(day: date, city: str) -> str:
    """A day within a year: `16 Nov`, in New York `Nov 16`."""
    return _day(day, "MMMd", _place(city).locale)


def month(day: date, city: str) -> str:
    """The month that this day is in: `November 2026`."""
    return _day(day, "yMMMM", _place(city).locale)


def distance(metres: float, city: str) -> str:
    """A way: metres, then kilometres, as this city writes them; in the US feet, then miles."""
    return _distance(round(metres), _place(city).locale)


def number(count: int, city: str) -> str:
    """A whole number, grouped as this city does."""
    return _number(count, _place(city).locale)


def duration(length: timedelta) -> str:
    """A length of time in words, to the minute: `1 h 05 min`."""
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else "under a minute"


def region_name(region: str) -> str:
    """A region as people call it."""
    return _REGION_NAMES[region]


def rides(count: int, city: str) -> str:
    """So many rides."""
    return "1 ride" if count == 1 else f"{number(count, city)} rides"


def activity(month: MonthlyActivity, city: str) -> str:
    """What a vehicle did in the last 30 days."""
    if not month.rides:
        return "Not ridden in the last 30 days"
    way = f", {distance(month.distance, city)}" if month.distance else ""
    return f"{rides(month.rides, city)}, {duration(month.time)}{way} in the last 30 days"


def query(link: Mapping[str, str], **changed: str | None) -> str:
    """What follows the path of a link: `query({"type": "bike"}, near=None)` is `?type=bike`.

    Empty without anything to say.
    """
    said = {name: text for name, text in {**link, **changed}.items() if text}
    return f"?{urlencode(said)}" if said else ""


def _place(city: str) -> City:
    return find_city(city) or DEFAULT_CITY


def _time(moment: datetime, words: str) -> Markup:
    instant = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return Markup(f'<time datetime="{instant}Z">{words}</time>')  # noqa: S704 - nobody's words


@lru_cache(REMEMBERED)
def _clock(hour: int, minute: int, locale: str) -> str:
    return get_time_format("short", locale).apply(time(hour, minute), _WORDS)


@lru_cache(REMEMBERED)
def _day(day: date, skeleton: str, locale: str) -> str:
    """A day's parts (CLDR's skeleton) in the order of the locale, in English words."""
    words: str = Locale.parse(locale).datetime_skeletons[skeleton].apply(day, _WORDS)
    return words


@lru_cache(REMEMBERED)
def _distance(metres: int, locale: str) -> str:
    """To ten metres or feet, as exactly as anybody knows; to a tenth once that is more."""
    small, metres_small, most, large, metres_large = _US if locale.endswith("_US") else _METRIC
    near = round(metres / metres_small / 10) * 10
    if near < most:
        return format_unit(near, small, "short", locale=locale)
    return format_unit(metres / metres_large, large, "short", "#,##0.0", locale=locale)


@lru_cache(REMEMBERED)
def _number(count: int, locale: str) -> str:
    return format_decimal(count, locale=locale)
