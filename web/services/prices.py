"""The prices of a city's rides, kept for a few seconds by each process.

A page of vehicles shows them without a statement of its own.
"""

from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from flask import Flask, current_app

from movr.cities import City
from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable
from movr.fares import Tariff
from movr.results import CityTariff
from web.background_cache import BackgroundCache
from web.context import movr, settings

# The tariffs in force by vehicle type, as an argument of cached fragments.
Prices: TypeAlias = tuple[tuple[str, Tariff], ...]
_Cache: TypeAlias = BackgroundCache[City, tuple[CityTariff, ...]]


def init_app(app: Flask) -> None:
    """Create the cache of this process, and add the prices to the globals of templates."""
    cache: _Cache = BackgroundCache()
    app.extensions["tariffs"] = cache
    is_charged = bool(app.extensions["settings"].payments)
    app.jinja_env.globals.update(prices=prices, rides_are_charged=is_charged)


def prices(city: City) -> Prices:
    """Return the prices in force; none if rides are free of charge or nothing is known of them."""
    try:
        return tuple((each.vehicle_type, each.prices) for each in tariffs_in_force(city))
    except (DatabaseUnavailable, DatabaseSlow, DatabaseBusy):
        return ()


def tariffs_in_force(city: City) -> tuple[CityTariff, ...]:
    """Return the tariff of each vehicle type that rides note now; none if they are free of charge.

    Raises what BackgroundCache.get raises.
    """
    if not settings().payments:
        return ()
    cache: _Cache = current_app.extensions["tariffs"]
    known = cache.get(city, partial(movr().tariffs, city.name))
    now = datetime.now(UTC)
    # The last of each type wins: they are in the order of time.
    return tuple({each.vehicle_type: each for each in known if each.valid_from <= now}.values())
