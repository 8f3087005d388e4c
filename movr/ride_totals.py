"""The weeks and months of ride totals, in the time zone of the rider's home city.

Computed in Python for query parameters and generated rows, and in SQL for rows in the database.
"""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    SQLColumnExpression,
    String,
    Values,
    cast,
    column,
    func,
    values,
)

from movr.cities import City
from movr.formats import MONTH, PERIODS, WEEK

# What pages show: this month and those of the past year, and half a year of weeks.
YEARS: Final = 1
WEEKS: Final = 26


def begin(period: str, day: date) -> date:
    """Return the first day of the day's month, or the Monday of its week."""
    return day.replace(day=1) if period == MONTH else day - timedelta(days=day.weekday())


def begin_at(
    period: ColumnElement[str], time: SQLColumnExpression[datetime], timezone: ColumnElement[str]
) -> ColumnElement[date]:
    """Return the SQL equivalent of `begin` for a time column and the name of a time zone."""
    return cast(func.date_trunc(period, func.timezone(timezone, time)), Date)


def periods() -> Values:
    """Return an SQL VALUES list with one row for each period, to join rides with."""
    rows = values(column("period", String()), name="periods")
    return rows.data([(period,) for period in PERIODS])


def totals_since(home: City, now: datetime) -> dict[str, Any]:
    """Return the query parameters for the first month and week whose totals are shown."""
    today = now.astimezone(home.timezone).date()
    return {
        "months_since": begin(MONTH, today).replace(year=today.year - YEARS),
        "weeks_since": begin(WEEK, today) - timedelta(weeks=WEEKS - 1),
    }


def money_since(home: City, now: datetime) -> dict[str, Any]:
    """Return the query parameters for the months of which amounts are shown."""
    since = datetime.combine(totals_since(home, now)["months_since"], time(), home.timezone)
    return {"timezone": home.timezone.key, "money_since": since}
