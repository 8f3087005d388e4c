"""The last list of each city's vehicles, for the error page while the city's rows are unreachable.

Each process keeps the lists that it has shown. They are those around the city's centre, because a
list around a visitor would tell others where that visitor was.
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from flask import Flask, current_app, request

from movr.cities import City
from movr.results import NearbyVehicle, Page, Vehicle
from movr.search import FIRST_PAGE, Search
from web.current_city import current_city

PAGES: Final = frozenset({"city.home", "vehicles.index"})  # endpoints instead of which it is shown


class EarlierVehicles(NamedTuple):
    """The nearest available vehicles at an earlier time."""

    vehicles: tuple[Vehicle, ...]
    at: datetime


def init_app(app: Flask) -> None:
    """Begin without lists."""
    app.extensions["earlier_vehicles"] = {}


def remember(search: Search, found: Page[NearbyVehicle]) -> None:
    """Keep the vehicles that a search has found, if it was for all around the city's centre.

    Others can't ride the one that the visitor has reserved. The vehicles are kept without their
    numbers, which only members see.
    """
    if (search.origin, search.type, search.after) == (search.city.centre, None, FIRST_PAGE):
        vehicles = tuple(
            item.vehicle._replace(number=None)
            for item in found.items
            if not item.vehicle.is_reserved
        )
        _lists()[search.city] = EarlierVehicles(vehicles, datetime.now(UTC))


def recall() -> EarlierVehicles | None:
    """Return the last list of the city, if this request was for one and there is any."""
    return _lists().get(current_city()) if request.endpoint in PAGES else None


def _lists() -> dict[City, EarlierVehicles]:
    lists: dict[City, EarlierVehicles] = current_app.extensions["earlier_vehicles"]
    return lists
