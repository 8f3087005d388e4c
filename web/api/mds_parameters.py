"""The parameters of MDS requests: the times that are asked for, and the keys of pages."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from flask import request

from movr.cities import City
from movr.city_data.city_data import Period
from movr.errors import NoOperation, Refusal

AFTER: Final = "page[after]"  # the key of the last item of the page before, as JSON:API names it
TWO_WEEKS: Final = timedelta(weeks=2)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
LONGEST_MONTH: Final = 31  # days
MILLISECONDS: Final = 1000  # of a second
# Until a ride that ended in a period's last second is certainly in the database.
SETTLED: Final = timedelta(minutes=1)


class InvalidParameter(Refusal):
    """A parameter of the query is missing or invalid."""

    sentence = "A parameter is missing or invalid."

    def __init__(self, sentence: str = sentence) -> None:
        """Set the sentence that names the parameter."""
        self.sentence = sentence


def last_id() -> UUID | None:
    """Return the id of the last item of the page before. Raises InvalidParameter."""
    text = request.args.get(AFTER)
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidParameter(f"{AFTER} is invalid.") from None


def last_event() -> tuple[datetime, UUID] | None:
    """Return the time and id of the last event of the page before. Raises InvalidParameter."""
    text = request.args.get(AFTER)
    if not text:
        return None
    time, _, id_ = text.partition("~")
    try:
        return datetime.fromisoformat(time).astimezone(UTC), UUID(id_)
    except (ValueError, OverflowError):
        raise InvalidParameter(f"{AFTER} is invalid.") from None


def recent_period() -> Period:
    """Return the period of a query, in the last two weeks. Raises InvalidParameter."""
    now, times = datetime.now(UTC), []
    for name in ("start_time", "end_time"):
        text = request.args.get(name, "")
        if not re.fullmatch("[0-9]{1,13}", text):
            raise InvalidParameter(f"{name} must be a time in milliseconds since 1970.")
        times.append(datetime.fromtimestamp(int(text) / MILLISECONDS, UTC))
    if min(times) < now - TWO_WEEKS:
        raise InvalidParameter("start_time and end_time must be in the last two weeks.")
    return Period(*times)


def hour(name: str) -> tuple[Period, bool]:
    """Return the hour of a query, and whether its data are complete.

    Raises InvalidParameter, and NoOperation if the hour is not over.
    """
    text, now = request.args.get(name, ""), datetime.now(UTC)
    try:
        since = _parse(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}", "%Y-%m-%dT%H")
        period = Period(since.replace(tzinfo=UTC), since.replace(tzinfo=UTC) + HOUR)
    except (ValueError, OverflowError):
        raise InvalidParameter(f"{name} must be an hour, such as 2026-05-01T07.") from None
    if period.until > now:
        raise NoOperation
    return period, period.until <= now - SETTLED


def days_of_month(text: str, city: City) -> list[Period]:
    """Return the days of a month that is over, in the city's time zone. Raises NoOperation."""
    try:
        begin = _parse(text, "[0-9]{4}-[0-9]{2}", "%Y-%m").replace(tzinfo=city.timezone)
        nights = [begin + n * DAY for n in range(LONGEST_MONTH + 1)]  # by the clock of the city
        end = next(n for n, night in enumerate(nights) if n and night.day == 1)
    except (ValueError, OverflowError):
        raise NoOperation from None
    if nights[end] > datetime.now(UTC) - SETTLED:
        raise NoOperation
    return [Period(nights[n].astimezone(UTC), nights[n + 1].astimezone(UTC)) for n in range(end)]


def _parse(text: str, pattern: str, format_: str) -> datetime:
    """Parse a time. Raises ValueError also if it is written in another way than the pattern."""
    if not re.fullmatch(pattern, text):
        raise ValueError(text)
    return datetime.strptime(text, format_)  # noqa: DTZ007 - the caller knows the time zone
