"""Template globals and filters: the current city, and the format of times, numbers and distances.

The language is English on every page. Date order, clock, number separators and units are those of
the city (docs/decisions/0005).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from babel import Locale
from babel.dates import get_time_format
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.units import format_unit
from flask import Flask, request
from markupsafe import Markup, escape

from movr import cities, geo
from movr.cities import City, Position, find_city
from movr.fares import Tariff, minutes_begun
from movr.results import MonthlyActivity, VehicleEvent
from movr.staff.results import HistoryItem
from movr.tax import VAT_PERCENT, included_tax
from movr.vehicle_states import VehicleState
from web.context import site_url
from web.current_city import current_city, offered_city
from web.forms import REPORT_KINDS
from web.rendering import charts
from web.security.redirects import referring_path
from web.security.response_headers import csp_nonce, served_by

REMEMBERED: Final = 10_000  # entries of each cache

_WORDS: Final = "en_US"

# CLDR name and metres of the small unit, the number at which the large one is used, then the large.
_METRIC: Final = ("length-meter", 1.0, 1000, "length-kilometer", 1000.0)
_US: Final = ("length-foot", 0.3048, 1000, "length-mile", 1609.344)

_AT_CENTRE: Final = 10  # metres
_HOURS_ONLY: Final = 48  # durations from this number of hours on have days
_DIRECTIONS: Final = (
    *("north", "northeast", "east", "southeast"),
    *("south", "southwest", "west", "northwest"),
)

# The event types of MDS 2.0 that owners read of.
_EVENTS: Final = {
    "provider_drop_off": "listed",
    "rebalance_pick_up": "picked up",
    "decommissioned": "removed",
    "maintenance": "out of service",
    "reservation_start": "reserved",
    "reservation_cancel": "reservation cancelled",
    "trip_start": "ride started",
    "trip_end": "ride ended",
    "trip_cancel": "ride undone",
    "not_located": "missing",
    "located": "found",
}

_PREFETCH_HEADERS: Final = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")  # of all browsers

_REGION_NAMES: Final = {
    cities.US_EAST: "US East",
    cities.US_WEST: "US West",
    cities.EUROPE_WEST: "Europe",
}


def init_app(app: Flask) -> None:
    """Register the globals and filters of templates."""
    app.jinja_env.globals.update(
        current_city=current_city,
        offered_city=offered_city,
        csp_nonce=csp_nonce,
        served_by=served_by,
        url_for=_cached_url_for(app),
        regions={region: cities.cities_in(region) for region in cities.REGIONS},
        region_name=_REGION_NAMES.__getitem__,
        find_city=find_city,
        day=day,
        month=month,
        query=query,
        referring_path=referring_path,
        shows_messages=shows_messages,
        site_url=site_url,
        rides_a_week=charts.rides_a_week,
        widths=charts.widths,
        today=today,
        report_kinds=REPORT_KINDS,
    )
    app.jinja_env.filters.update(
        local_time=local_time,
        clock=clock,
        since=since,
        seconds_since=seconds_since,
        seconds_until=seconds_until,
        duration=duration,
        activity=activity,
        event_words=event_words,
        distance=distance,
        place_name=place_name,
        milliseconds=milliseconds,
        money=money,
        price=price,
        price_data=price_data,
        counted_minutes=counted_minutes,
        short_price=short_price,
        tax=tax,
        number=number,
        rides=rides,
        time_since=time_since,
        history_words=history_words,
        words=words,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def shows_messages() -> bool:
    """Return False for pages that may not be seen: of HEAD, prefetches and background requests."""
    return (
        request.method != "HEAD"
        and request.headers.get("Sec-Fetch-Dest", "document") == "document"
        and not any(name in request.headers for name in _PREFETCH_HEADERS)
    )


def _cached_url_for(app: Flask) -> Callable[..., Markup]:
    """Return a cached `url_for`; without a cache it takes a third of the time of a list."""

    @lru_cache(REMEMBERED)
    def url_for(endpoint: str, **values: Any) -> Markup:
        return escape(app.url_for(endpoint, **values))

    return url_for


def local_time(moment: datetime, city: str) -> Markup:
    """Return a `<time>` element: the UTC time as attribute, the city's day and time as text."""
    local = moment.astimezone(_place(city).timezone)
    day = _day(local.date(), "yMMMEd", city)
    return _time(moment, f"{day}, {_time_of_day(local, city)}")


def clock(moment: datetime, city: str) -> Markup:
    """Return a `<time>` element with the city's time of day as text."""
    return _time(moment, _time_of_day(moment.astimezone(_place(city).timezone), city))


def since(moment: datetime, city: str) -> Markup:
    """Return the time of day, with the date unless it is today in that city."""
    day = moment.astimezone(_place(city).timezone).date()
    return clock(moment, city) if day == today(city) else local_time(moment, city)


def today(city: str) -> date:
    """Return the current date in this city."""
    return datetime.now(_place(city).timezone).date()


def seconds_since(moment: datetime) -> int:
    """Return the seconds since this moment; at least 0, even if servers' clocks differ."""
    return max(0, int((datetime.now(UTC) - moment).total_seconds()))


def seconds_until(moment: datetime) -> int:
    """Return the seconds until this moment; 0 if it has passed."""
    return max(0, int((moment - datetime.now(UTC)).total_seconds()))


def day(day: date, city: str) -> str:
    """Return a day without its year: `16 Nov`, in New York `Nov 16`."""
    return _day(day, "MMMd", city)


def month(day: date, city: str) -> str:
    """Return the month of this day: `November 2026`."""
    return _day(day, "yMMMM", city)


def distance(metres: float, city: str) -> str:
    """Return a distance in metres or kilometres; in the US, in feet or miles."""
    return _distance(round(metres), _place(city).locale)


def place_name(position: Position, city: City) -> str:
    """Return a position in words: `0.8 mi northeast of the centre of New York`."""
    metres = geo.metres_between(city.centre, position)
    if metres < _AT_CENTRE:
        return f"the centre of {city.label}"
    direction = _DIRECTIONS[round(geo.bearing(city.centre, position) / 45) % len(_DIRECTIONS)]
    return f"{distance(metres, city.name)} {direction} of the centre of {city.label}"


@lru_cache(REMEMBERED)
def number(count: int, city: str) -> str:
    """Return a whole number with the city's digit grouping."""
    return format_decimal(count, locale=_place(city).locale)


def duration(length: timedelta) -> str:
    """Return a duration, rounded to minutes: `1 h 05 min`; after two days, to hours."""
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    if hours >= _HOURS_ONLY:
        days, hours = divmod(round(length / timedelta(hours=1)), 24)
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else "under a minute"


def time_since(moment: datetime) -> str:
    """Return the duration since this moment."""
    return duration(datetime.now(UTC) - moment)


def milliseconds(seconds: float) -> str:
    """Return a short time: `12 ms`."""
    return f"{seconds * 1000:,.0f} ms"


@lru_cache(REMEMBERED)
def money(amount: int, city: str, currency: str = "") -> str:
    """Return an amount of the city's currency, or of another one, as the city writes it."""
    place = _place(city)
    unit = currency or place.currency
    return format_currency(_in_major_units(amount, unit), unit, locale=place.locale)


def major_units(amount: int, currency: str) -> float:
    """Return an amount in the currency's major unit, for JSON: 1.5 for 150 cents."""
    return float(_in_major_units(amount, currency))


def _in_major_units(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def short_price(tariff: Tariff, city: str) -> str:
    """Return the price of a ride without its daily cap: `$1.00 to unlock, $0.20 a minute`."""
    unlock, minute, _ = (money(amount, city) for amount in tariff)
    return f"{unlock} to unlock, {minute} a minute"


def price_data(tariff: Tariff, city: str) -> dict[str, str | int]:
    """Return the data attributes of which clock.js computes the price so far."""
    place = _place(city)
    amounts = {
        f"data-{name.replace('_', '-')}": amount for name, amount in tariff._asdict().items()
    }
    locale = place.locale.replace("_", "-")
    return {**amounts, "data-currency": place.currency, "data-locale": locale}


def price(tariff: Tariff, city: str) -> str:
    """Return the price of a ride: `$1.00 to unlock, $0.20 a minute, at most $18.00 a day`."""
    unlock, minute, day = (money(amount, city) for amount in tariff)
    return f"{unlock} to unlock, {minute} a minute, at most {day} a day"


def tax(amount: int, city: str) -> str:
    """Return the tax that an amount includes: `Includes €0.87 VAT (21%).`, or that there is one."""
    percent = VAT_PERCENT.get(city)
    if percent is None:
        return "Taxes included."
    return f"Includes {money(included_tax(amount, percent), city)} VAT ({percent}%)."


def counted_minutes(length: timedelta, city: str) -> str:
    """Return what a ride of this length is charged for, of which its duration is rounded."""
    minutes = minutes_begun(length)
    many = "1 minute" if minutes == 1 else f"{number(minutes, city)} minutes"
    return f"Every minute that has begun counts: {many}."


def rides(count: int, city: str) -> str:
    """Return a number of rides: `1 ride`, `2 rides`."""
    return "1 ride" if count == 1 else f"{number(count, city)} rides"


def activity(month: MonthlyActivity, city: str) -> str:
    """Return the rides, time and distance of a vehicle in the last 30 days, as a phrase."""
    if not month.rides:
        return "Not ridden in the last 30 days"
    way = f", {distance(month.distance, city)}" if month.distance else ""
    return f"{rides(month.rides, city)}, {duration(month.time)}{way} in the last 30 days"


def event_words(event: VehicleEvent, city: str) -> Markup:
    """Return what happened to a vehicle, for its owner: `Ride ended, out of service`."""
    said = escape(_happened(event.event_types, event.state))
    return said + Markup(" until ") + clock(event.expires_at, city) if event.expires_at else said


def history_words(item: HistoryItem) -> str:
    """Return the same for staff, from an event in a vehicle's history."""
    return _happened(item.word.split(", "), item.words)


def _happened(event_types: Sequence[str], state: str | None) -> str:
    words = [_EVENTS[type_] for type_ in event_types if type_ in _EVENTS]
    if list(event_types) == ["maintenance"] and state == VehicleState.AVAILABLE:
        words = ["back in service"]
    return ", ".join(words).capitalize()


def words(name: str) -> str:
    """Return a name of the data in words: `not there` for `not_there`."""
    return name.replace("_", " ")


def query(link: Mapping[str, str], **changed: str | None) -> str:
    """Return a URL's query string: `query({"type": "bike"}, near=None)` is `?type=bike`.

    Parameters that are empty are left out; without any, the result is empty.
    """
    said = {name: text for name, text in {**link, **changed}.items() if text}
    return f"?{urlencode(said)}" if said else ""


def _place(city: str) -> City:
    return find_city(city) or cities.DEFAULT_CITY


def _time(moment: datetime, words: str) -> Markup:
    instant = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return Markup(f'<time datetime="{instant}Z">{words}</time>')  # noqa: S704 - no user input


def _time_of_day(local: datetime, city: str) -> str:
    """Return the time, with its zone in the hour that the end of daylight saving time repeats."""
    is_repeated = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    zone = f" {local.tzname()}" if is_repeated else ""
    return f"{_clock(local.hour, local.minute, city)}{zone}"


@lru_cache(REMEMBERED)
def _clock(hour: int, minute: int, city: str) -> str:
    return get_time_format("short", _place(city).locale).apply(time(hour, minute), _WORDS)


@lru_cache(REMEMBERED)
def _day(day: date, skeleton: str, city: str) -> str:
    """Format a day by a CLDR skeleton, in the city's order and in English."""
    skeletons = Locale.parse(_place(city).locale).datetime_skeletons
    return str(skeletons[skeleton].apply(day, _WORDS))


@lru_cache(REMEMBERED)
def _distance(metres: int, locale: str) -> str:
    """Round small distances to ten metres or feet, large ones to a tenth of the large unit."""
    small, metres_small, most, large, metres_large = _US if locale.endswith("_US") else _METRIC
    near = round(metres / metres_small / 10) * 10
    if near < most:
        return format_unit(near, small, "short", locale=locale)
    return format_unit(metres / metres_large, large, "short", "#,##0.0", locale=locale)
