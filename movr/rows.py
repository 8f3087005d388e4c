"""Conversion of database rows to the types of results.py."""

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
    """Return a member from the member columns of queries.py."""
    city, id_, type_, brand, start, latitude, longitude = row[9:]
    position = None if latitude is None else Position(latitude, longitude)
    ride = results.ActiveRide(city, id_, type_, brand, start, position) if id_ else None
    fields = [*row[:8], tuple(row[8]), ride]
    return results.Member(*fields)


def nearby_vehicle(row: Row) -> results.NearbyVehicle:
    """Return a vehicle with its distance in metres; the row has millimetres."""
    return results.NearbyVehicle(results.Vehicle(*row[:-1]), row[-1] / MILLIMETRES)


def owned_vehicle(row: Row) -> results.OwnedVehicle:
    """Return a vehicle with the sums of its rides; zeros if it was not ridden."""
    rides, time, distance = row[-3:]
    month = results.MonthlyActivity(rides, time or timedelta(), distance or 0)
    return results.OwnedVehicle(results.Vehicle(*row[:-3]), month)


def ride(row: object) -> results.Ride:
    """Return a ride from a row with columns of the same names; other columns are ignored."""
    return results.Ride(*_FIELDS_OF_RIDE(row))


def ride_totals(found: str | None) -> tuple[results.RideTotal, ...]:
    """Return ride totals from the JSON text of queries.HISTORY; none if `found` is None."""
    return tuple(
        results.RideTotal(date.fromisoformat(begin), rides, timedelta(seconds=seconds), metres)
        for begin, rides, seconds, metres in json.loads(found or "[]")
    )


def page_of_vehicles(
    found: Sequence[results.NearbyVehicle], size: int
) -> Page[results.NearbyVehicle]:
    """Return a page whose `next` is `<millimetres>~<id>` of its last vehicle."""
    return page(found, size, lambda item: f"{round(item.distance * MILLIMETRES)}~{item.vehicle.id}")


def page_of_rides(found: Sequence[object], size: int) -> Page[results.Ride]:
    """Return a page whose `next` is `<start time>~<id>` of its last ride."""
    rides = [ride(row) for row in found]
    return page(rides, size, lambda last: f"{last.start_time.isoformat()}~{last.id}")


def page(found: Sequence[Item], size: int, key: Callable[[Item], str]) -> Page[Item]:
    """Return the first `size` items as a page; a further item means that there is a next page."""
    items = tuple(found[:size])
    return Page(items, key(items[-1]) if len(found) > size else None)
