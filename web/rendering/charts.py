"""The layout of SVG charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from movr.movr import WEEKS
from movr.results import RideTotal

STEP: Final = 14  # from one bar to the next, in SVG units
HEIGHT: Final = 90  # of the longest bar

_WEEK: Final = timedelta(weeks=1)


class Bar(NamedTuple):
    """The rides of a week, identified by its Monday; `month` is its label, if not empty."""

    week: date
    rides: int
    x: int
    height: float
    month: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One bar per week of half a year, oldest first, including weeks without rides."""

    bars: tuple[Bar, ...]

    @property
    def most(self) -> int:
        """The highest number of rides in a week."""
        return max(bar.rides for bar in self.bars)

    @property
    def rides(self) -> int:
        """The total number of rides."""
        return sum(bar.rides for bar in self.bars)


def rides_a_week(weeks: Sequence[RideTotal], today: date) -> Chart:
    """Return the chart of these weeks, which ends with the week of today."""
    counted = {week.begin: week.rides for week in weeks}
    monday = today - timedelta(days=today.weekday())
    shown = [monday - _WEEK * back for back in reversed(range(WEEKS))]
    most = max((counted.get(week, 0) for week in shown), default=0) or 1
    return Chart(
        tuple(
            Bar(
                week=week,
                rides=(rides := counted.get(week, 0)),
                x=place * STEP,
                height=round(HEIGHT * rides / most, 1),
                month=f"{week:%b}" if _begins_a_month(week) else "",
            )
            for place, week in enumerate(shown)
        )
    )


def _begins_a_month(week: date) -> bool:
    return week.month != (week - _WEEK).month
