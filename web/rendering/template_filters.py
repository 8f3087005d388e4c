"""Template globals and filters: the current city, and words for times, events and prices.

locales.py formats the numbers and times in them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask, request
from markupsafe import Markup, escape

from movr import cities, geo
from movr.cities import City, Position, find_city
from movr.fares import Tariff, minutes_begun
from movr.messages import gettext_noop
from movr.results import MonthlyActivity, VehicleEvent
from movr.staff.results import HistoryItem
from movr.tax import VAT_PERCENT, included_tax
from movr.vehicle_states import VehicleState
from web.context import site_url
from web.current_city import current_city, offered_city
from web.forms import REPORT_KINDS
from web.languages import gettext as _
from web.languages import in_language, ngettext, translated
from web.rendering import charts, locales
from web.security.redirects import referring_path
from web.security.response_headers import csp_nonce, served_by

_AT_CENTRE: Final = 10  # metres
_HOURS_ONLY: Final = 48  # durations from this number of hours on have days
_DIRECTIONS: Final = (
    gettext_noop("%(distance)s north of the centre of %(city)s"),
    gettext_noop("%(distance)s northeast of the centre of %(city)s"),
    gettext_noop("%(distance)s east of the centre of %(city)s"),
    gettext_noop("%(distance)s southeast of the centre of %(city)s"),
    gettext_noop("%(distance)s south of the centre of %(city)s"),
    gettext_noop("%(distance)s southwest of the centre of %(city)s"),
    gettext_noop("%(distance)s west of the centre of %(city)s"),
    gettext_noop("%(distance)s northwest of the centre of %(city)s"),
)

# The event types of MDS 2.0 that owners read of.
_EVENTS: Final = {
    "provider_drop_off": gettext_noop("listed"),
    "rebalance_pick_up": gettext_noop("picked up"),
    "decommissioned": gettext_noop("removed"),
    "maintenance": gettext_noop("out of service"),
    "reservation_start": gettext_noop("reserved"),
    "reservation_cancel": gettext_noop("reservation cancelled"),
    "trip_start": gettext_noop("ride started"),
    "trip_end": gettext_noop("ride ended"),
    "trip_cancel": gettext_noop("ride undone"),
    "not_located": gettext_noop("missing"),
    "located": gettext_noop("found"),
}

_PREFETCH_HEADERS: Final = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")  # of all browsers

_REGION_NAMES: Final = {
    cities.US_EAST: gettext_noop("US East"),
    cities.US_WEST: gettext_noop("US West"),
    cities.EUROPE_WEST: gettext_noop("Europe"),
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
        region_name=lambda region: _(_REGION_NAMES[region]),
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
        milliseconds=locales.milliseconds,
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
        reason_words=reason_words,
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

    @lru_cache(locales.REMEMBERED)
    def url_for(endpoint: str, **values: Any) -> Markup:
        return escape(app.url_for(endpoint, **values))

    return url_for


def local_time(moment: datetime, city: str) -> Markup:
    """Return a `<time>` element: the UTC time as attribute, the city's day and time as text."""
    place = _place(city)
    local = moment.astimezone(place.timezone)
    day = locales.day(local.date(), "yMMMEd", place)
    return _time(moment, _("%(day)s, %(time)s", day=day, time=_time_of_day(local, place)))


def clock(moment: datetime, city: str) -> Markup:
    """Return a `<time>` element with the city's time of day as text."""
    place = _place(city)
    return _time(moment, _time_of_day(moment.astimezone(place.timezone), place))


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
    return locales.day(day, "MMMd", _place(city))


def month(day: date, city: str) -> str:
    """Return the month of this day: `November 2026`."""
    return locales.day(day, "yMMMM", _place(city))


def distance(metres: float, city: str) -> str:
    """Return a distance in metres or kilometres; in the US, in feet or miles."""
    return locales.distance(metres, _place(city))


def place_name(position: Position, city: City) -> str:
    """Return a position in words: `0.8 mi northeast of the centre of New York`."""
    metres = geo.metres_between(city.centre, position)
    if metres < _AT_CENTRE:
        return _("the centre of %(city)s", city=_(city.label))
    words = _DIRECTIONS[round(geo.bearing(city.centre, position) / 45) % len(_DIRECTIONS)]
    return _(words, distance=locales.distance(metres, city), city=_(city.label))


def stored_place_name(position: Position, city: City) -> str:
    """Return a position in words of the city's language, for a place that all its riders read."""
    with in_language(city.language):
        return place_name(position, city)


def number(count: int, city: str) -> str:
    """Return a whole number with its digits in groups."""
    return locales.number(count, _place(city))


def duration(length: timedelta) -> str:
    """Return a duration, rounded to minutes: `1 h 05 min`; after two days, to hours."""
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    if hours >= _HOURS_ONLY:
        days, hours = divmod(round(length / timedelta(hours=1)), 24)
        return _("%(days)d d %(hours)d h", days=days, hours=hours)
    if hours:
        return _("%(hours)d h %(minutes)02d min", hours=hours, minutes=minutes)
    return _("%(minutes)d min", minutes=minutes) if minutes else _("under a minute")


def time_since(moment: datetime) -> str:
    """Return the duration since this moment."""
    return duration(datetime.now(UTC) - moment)


def money(amount: int, city: str, currency: str = "") -> str:
    """Return an amount of the city's currency, or of another one."""
    place = _place(city)
    return locales.amount(amount, currency or place.currency, place)


def short_price(tariff: Tariff, city: str) -> str:
    """Return the price of a ride without its daily cap: `$1.00 to unlock, $0.20 a minute`."""
    unlock, minute, _day = (money(amount, city) for amount in tariff)
    return _("%(unlock)s to unlock, %(minute)s a minute", unlock=unlock, minute=minute)


def price_data(tariff: Tariff, city: str) -> dict[str, str | int]:
    """Return the data attributes of which clock.js computes the price so far."""
    place = _place(city)
    amounts = {
        f"data-{name.replace('_', '-')}": amount for name, amount in tariff._asdict().items()
    }
    locale = locales.of_scripts(place)
    return {**amounts, "data-currency": place.currency, "data-locale": locale}


def price(tariff: Tariff, city: str) -> str:
    """Return the price of a ride: `$1.00 to unlock, $0.20 a minute, at most $18.00 a day`."""
    unlock, minute, day = (money(amount, city) for amount in tariff)
    return _(
        "%(unlock)s to unlock, %(minute)s a minute, at most %(day)s a day",
        unlock=unlock,
        minute=minute,
        day=day,
    )


def tax(amount: int, city: str) -> str:
    """Return the tax that an amount includes: `Includes €0.87 VAT (21%).`, or that there is one."""
    percent = VAT_PERCENT.get(city)
    if percent is None:
        return _("Taxes included.")
    included = money(included_tax(amount, percent), city)
    return _("Includes %(tax)s VAT (%(percent)d%%).", tax=included, percent=percent)


def counted_minutes(length: timedelta, city: str) -> str:
    """Return what a ride of this length is charged for, of which its duration is rounded."""
    minutes = minutes_begun(length)
    return ngettext(
        "Every minute that has begun counts: %(shown)s minute.",
        "Every minute that has begun counts: %(shown)s minutes.",
        minutes,
        shown=number(minutes, city),
    )


def rides(count: int, city: str) -> str:
    """Return a number of rides: `1 ride`, `2 rides`."""
    return ngettext("%(shown)s ride", "%(shown)s rides", count, shown=number(count, city))


def activity(month: MonthlyActivity, city: str) -> str:
    """Return the rides, time and distance of a vehicle in the last 30 days, as a phrase."""
    if not month.rides:
        return _("Not ridden in the last 30 days")
    facts = {"rides": rides(month.rides, city), "time": duration(month.time)}
    if not month.distance:
        return _("%(rides)s, %(time)s in the last 30 days", **facts)
    way = distance(month.distance, city)
    return _("%(rides)s, %(time)s, %(distance)s in the last 30 days", **facts, distance=way)


def event_words(event: VehicleEvent, city: str) -> Markup:
    """Return what happened to a vehicle, for its owner: `Ride ended, out of service`."""
    said = escape(_happened(event.event_types, event.state))
    if event.expires_at is None:
        return said
    until = clock(event.expires_at, city)
    return Markup(_("%(events)s until %(time)s", events=said, time=until))  # noqa: S704 - escaped


def reason_words(reason: str) -> str:
    """Return why a ride was undone: the reason that was chosen, translated, and the words."""
    chosen, colon, words = reason.partition(": ")
    return f"{translated(chosen)}{colon}{words}"


def history_words(item: HistoryItem) -> str:
    """Return the same for staff, from an event in a vehicle's history."""
    return _happened(item.word.split(", "), item.words)


def _happened(event_types: Sequence[str], state: str | None) -> str:
    words = [_EVENTS[type_] for type_ in event_types if type_ in _EVENTS]
    if list(event_types) == ["maintenance"] and state == VehicleState.AVAILABLE:
        words = [gettext_noop("back in service")]
    said = ", ".join(map(_, words))
    return f"{said[:1].upper()}{said[1:]}"


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


def _time_of_day(local: datetime, place: City) -> str:
    """Return the time, with its zone in the hour that the end of daylight saving time repeats."""
    is_repeated = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    zone = f" {local.tzname()}" if is_repeated else ""
    return f"{locales.time_of_day(local.hour, local.minute, place)}{zone}"
