"""Weeks and months, by which a rider's rides are added up: on the clock of the rider's home city.

In Python for what is asked and for rows that are made elsewhere, in SQL for rows of the database.
"""

from datetime import date, datetime, timedelta

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

from movr.formats import MONTH, PERIODS


def begin(period: str, day: date) -> date:
    """The first of the day's month, or the Monday of its week."""
    return day.replace(day=1) if period == MONTH else day - timedelta(days=day.weekday())


def begin_at(
    period: ColumnElement[str], time: SQLColumnExpression[datetime], timezone: ColumnElement[str]
) -> ColumnElement[date]:
    """The same in SQL, for a time of the table and the name of a time zone."""
    return cast(func.date_trunc(period, func.timezone(timezone, time)), Date)


def periods() -> Values:
    """A row for each period in SQL, to join what is added up by each."""
    rows = values(column("period", String()), name="periods")
    return rows.data([(period,) for period in PERIODS])
