"""A tariff as a pricing plan of GBFS, by the rule of movr/fares.py.

GBFS has no daily cap. A plan therefore has segments for the minutes of each day until the cap is
reached, and a last segment that charges the whole price of each further day at its begin.
"""

from collections.abc import Iterator
from typing import Any, Final

from movr.cities import City
from movr.fares import DAY, Tariff
from movr.results import CityTariff
from web.rendering import locales
from web.rendering.template_filters import price

DAYS: Final = 7  # whose minutes a plan describes


def plan(city: City, tariff: CityTariff, language: str) -> dict[str, Any]:
    """Return the plan in this language, the current one. Its id changes with the tariff."""
    prices = tariff.prices

    def localized(text: str) -> list[dict[str, str]]:
        return [{"text": text, "language": language}]

    return {
        "plan_id": plan_id(tariff),
        "name": localized(tariff.vehicle_type.capitalize()),
        "currency": city.currency,
        "price": _major_units(prices.unlock_fee, city.currency),
        "is_taxable": False,
        "description": localized(price(prices, city.name)),
        "per_min_pricing": [
            {**segment, "rate": _major_units(segment["rate"], city.currency)}
            for segment in _segments(prices)
        ],
    }


def plan_id(tariff: CityTariff) -> str:
    """Return the id of a tariff's plan."""
    return f"{tariff.vehicle_type}-{tariff.valid_from:%Y%m%d%H%M%S}"


def _major_units(amount: int, currency: str) -> float:
    """Return an amount in the currency's major unit: 1.5 for 150 cents."""
    return float(locales.in_major_units(amount, currency))


def _segments(prices: Tariff) -> Iterator[dict[str, int]]:
    """Yield the segments with rates in the minor unit."""
    for day in range(DAYS):
        left = prices.daily_cap - (prices.unlock_fee if day == 0 else 0)
        yield from _segments_of_day(day * DAY, prices.per_minute, left)
    whole_day = min(prices.daily_cap, prices.per_minute * DAY)
    yield {"start": DAYS * DAY, "rate": whole_day, "interval": DAY}


def _segments_of_day(start: int, per_minute: int, left: int) -> Iterator[dict[str, int]]:
    """Yield the minutes that cost the full price, then the one that reaches the cap."""
    full = min(DAY, left // per_minute) if per_minute else 0
    if full:
        yield {"start": start, "rate": per_minute, "interval": 1, "end": start + full}
    rest = left - full * per_minute
    if per_minute and full < DAY and rest:
        yield {"start": start + full, "rate": rest, "interval": 0}
