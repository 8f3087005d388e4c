"""The fare of a ride, by the tariff noted at its start.

Each 24 hours from the start cost the minutes that have begun, and the first also the unlock fee,
but not more than the daily cap. Amounts are integers in the minor unit of the city's currency:
cents.

`fare` computes it in Python and `fare_of` in SQL, for the statement that ends a ride.
"""

from datetime import timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    SQLColumnExpression,
    cast,
    extract,
    func,
)

DAY: Final = 24 * 60  # minutes
_MINUTE: Final = timedelta(minutes=1)


class Tariff(NamedTuple):
    """The prices that a ride notes at its start, in the minor unit of its city's currency."""

    unlock_fee: int
    per_minute: int
    daily_cap: int


def fare(tariff: Tariff, length: timedelta) -> int:
    """Return the fare of a ride of this length."""
    minutes = minutes_begun(length)
    days, rest = divmod(max(minutes - DAY, 0), DAY)
    return (
        _capped(tariff, tariff.unlock_fee, min(minutes, DAY))
        + days * _capped(tariff, 0, DAY)
        + _capped(tariff, 0, rest)
    )


def minutes_begun(length: timedelta) -> int:
    """Return the number of minutes that have begun, which is what a ride is charged for."""
    return -(-length // _MINUTE)  # rounded up


def _capped(tariff: Tariff, unlock_fee: int, minutes: int) -> int:
    return min(tariff.daily_cap, unlock_fee + tariff.per_minute * minutes)


def fare_of(columns: Any, length: SQLColumnExpression[Any]) -> ColumnElement[int]:  # noqa: ANN401 - of any table
    """Return the SQL equivalent of `fare` for a tariff's columns; NULL without a tariff."""
    # Through floats because, of integers, PostgreSQL rounds a quotient and CockroachDB does not.
    minutes = _whole(func.ceil(cast(extract("epoch", length), Float) / 60.0))
    later = func.greatest(minutes - DAY, 0, type_=BigInteger())
    days = _whole(func.floor(cast(later, Float) / float(DAY)))

    def capped(amount: ColumnElement[int]) -> ColumnElement[int]:
        return func.least(columns.daily_cap, amount, type_=BigInteger())

    first = func.least(minutes, DAY, type_=BigInteger())
    return (
        capped(columns.unlock_fee + columns.per_minute * first)
        + days * capped(columns.per_minute * DAY)
        + capped(columns.per_minute * func.mod(later, DAY, type_=BigInteger()))
    )


def owner_share(
    amount: SQLColumnExpression[Any], percent: SQLColumnExpression[Any]
) -> ColumnElement[int]:
    """Return SQL for the owner's share of an amount, rounded down; MovR keeps the rest."""
    return _whole(func.floor(cast(amount * percent, Float) / 100.0))


def _whole(number: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(number, BigInteger)
