"""From the rows that statements bring to results."""

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, Final, TypeVar

from movr import results
from movr.cities import Position
from movr.results import Page

MILLIMETRES: Final = 1000  # in a metre

Row = Sequence[Any]
Item = TypeVar("Item")

_FIELDS_OF_RIDE: Final = attrgetter(*results.Ride._fields)  # which the columns are called


def member(row: Row) -> results.Member:
    """A member, from queries' columns of one."""
    city, id_, type_, brand, start, latitude, longitude = row[9:]
    position = None if latitude is None else Position(latitude, longitude)
    ride = results.ActiveRide(city, id_, type_, brand, start, position) if id_ else None
    fields = [*row[:8], tuple(row[8]), ride]
    return results.Member(*fields)


def nearby_vehicle(row: Row) -> results.NearbyVehicle:
    """A vehicle and its distance; in metres, while the row has millimetres."""
    return results.NearbyVehicle(results.Vehicle(*row[:-1]), row[-1] / MILLIMETRES)


def owned_vehicle(row: Row) -> results.OwnedVehicle:
    """A vehicle and what it did; nothing, if it was not ridden."""
    rides, time, distance = row[-3:]
    month = results.MonthlyActivity(rides, time or timedelta(), distance or 0)
    return results.OwnedVehicle(results.Vehicle(*row[:-3]), month)


def ride(row: object) -> results.Ride:
    """A ride, from a row that has columns of these names, and perhaps more."""
    return results.Ride(*_FIELDS_OF_RIDE(row))


def ride_totals(found: str | None) -> tuple[results.RideTotal, ...]:
    """What rides add up to, from the JSON that a statement brings them in; None for nothing."""
    return tuple(
        results.RideTotal(date.fromisoformat(begin), rides, timedelta(seconds=seconds), metres)
        for begin, rides, seconds, metres in json.loads(found or "[]")
    )


def page_of_vehicles(
    found: Sequence[results.NearbyVehicle], size: int
) -> Page[results.NearbyVehicle]:
    """The next page begins at a place in the order of distances."""
    return page(found, size, lambda item: f"{round(item.distance * MILLIMETRES)}~{item.vehicle.id}")


def page_of_rides(found: Sequence[object], size: int) -> Page[results.Ride]:
    """The next page begins at a time."""
    rides = [ride(row) for row in found]
    return page(rides, size, lambda last: f"{last.start_time.isoformat()}~{last.id}")


def page(found: Sequence[Item], size: int, key: Callable[[Item], str]) -> Page[Item]:
    """A page out of one item more than fits, which tells whether there is a next."""
    items = tuple(found[:size])
    return Page(items, key(items[-1]) if len(found) > size else None)
