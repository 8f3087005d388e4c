"""The zones of a city where rides may end, or may not, kept by each process.

A page, and the end of a ride, look at them without a statement of their own.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeAlias

from flask import Flask, current_app

from movr.cities import City
from movr.city_data.zones import Zone
from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable
from web.background_cache import BackgroundCache
from web.context import movr

# Zones begin and end at least this long after they were changed, so that every server knows them.
NOTICE: Final = timedelta(minutes=5)
_Cache: TypeAlias = BackgroundCache[City, tuple[Zone, ...]]


def init_app(app: Flask) -> None:
    """Create the cache of this process."""
    # Short of NOTICE by some time for the clocks of servers.
    cache: _Cache = BackgroundCache(max_age=NOTICE.total_seconds() * 0.9)
    app.extensions["zones"] = cache
    app.jinja_env.globals["zones_on_map"] = zones_on_map


def zones_on_map(city: City) -> tuple[Zone, ...]:
    """Return the zones in force; none if nothing is known of them."""
    try:
        return zones_in_force(city)
    except (DatabaseUnavailable, DatabaseSlow, DatabaseBusy):
        return ()


def zones_in_force(city: City) -> tuple[Zone, ...]:
    """Return the zones in force now, those without parking first. Raises like `known_zones`."""
    now = datetime.now(UTC)
    return tuple(zone for zone in known_zones(city) if zone.is_in_force(now))


def known_zones(city: City) -> tuple[Zone, ...]:
    """Return the zones in force and those that will be. Raises what BackgroundCache.get raises."""
    cache: _Cache = current_app.extensions["zones"]
    return cache.get(city, partial(movr().city_data.zones, city.name))
