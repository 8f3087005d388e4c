"""Charts that are drawn here, as SVG: what to draw where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from movr.movr import WEEKS
from movr.results import RideTotal

STEP: Final = 14  # from one bar to the next, in the drawing's own units
HEIGHT: Final = 90  # of the longest bar

_WEEK: Final = timedelta(weeks=1)


class Bar(NamedTuple):
    """The rides of a week, which is named by its Monday; `month` is written below it, if any."""

    week: date
    rides: int
    x: int
    height: float
    month: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar for each week of half a year, the oldest first, with or without rides."""

    bars: tuple[Bar, ...]

    @property
    def most(self) -> int:
        """The rides of the busiest week."""
        return max(bar.rides for bar in self.bars)

    @property
    def rides(self) -> int:
        """The rides of all weeks."""
        return sum(bar.rides for bar in self.bars)


def rides_a_week(weeks: Sequence[RideTotal], today: date) -> Chart:
    """What to draw for these weeks, the last of which is today's."""
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
