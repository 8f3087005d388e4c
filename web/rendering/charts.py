"""The layout of SVG charts."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from movr.results import RideTotal
from movr.ride_totals import WEEKS
from web.rendering import locales

STEP: Final = 14  # from one bar to the next, in SVG units
HEIGHT: Final = 90  # of the longest bar

WIDTH: Final = 330  # of the longest bar of a chart with horizontal bars

_WEEK: Final = timedelta(weeks=1)


class Bar(NamedTuple):
    """The rides of a week, identified by its Monday; `month` is its label, if not empty."""

    week: date
    rides: int
    x: int
    height: float
    month: str


class Chart(NamedTuple):
    """One bar per week of half a year, oldest first, including weeks without rides.

    `most` is the highest number of rides in a week, `rides` the total number.
    """

    bars: tuple[Bar, ...]
    most: int
    rides: int


def rides_a_week(weeks: Sequence[RideTotal], today: date) -> Chart:
    """Return the chart of these weeks, which ends with the week of today."""
    counted = {week.begin: week.rides for week in weeks}
    monday = today - timedelta(days=today.weekday())
    shown = [monday - _WEEK * back for back in reversed(range(WEEKS))]
    rides = [counted.get(week, 0) for week in shown]
    most = max(rides)
    bars = tuple(
        Bar(
            week=week,
            rides=count,
            x=place * STEP,
            height=round(HEIGHT * count / (most or 1), 1),
            month=locales.month_name(week.month) if week.month != (week - _WEEK).month else "",
        )
        for place, (week, count) in enumerate(zip(shown, rides, strict=True))
    )
    return Chart(bars, most, sum(rides))


def widths(numbers: Mapping[str, int]) -> dict[str, float]:
    """Return the width of a horizontal bar for each number."""
    most = max(numbers.values(), default=0)
    return {name: round(WIDTH * number / (most or 1), 1) for name, number in numbers.items()}
