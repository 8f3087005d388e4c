"""Conversion of database rows to the types of results.py. Columns are read by name."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Row

from movr import results
from movr.cities import Position
from movr.fares import Tariff
from movr.queries import UNKNOWN_DISTANCE
from movr.results import Page
from movr.vehicle_states import VehicleState

MILLIMETRES: Final = 1000  # in a metre

Rows = Sequence[Row[Any]]
Item = TypeVar("Item")

# The fields of a member that are columns.
_MEMBER: Final = [
    field.name
    for field in fields(results.Member)
    if field.name not in {"active_ride", "reservation"}
]


def member(row: Row[Any], now: datetime) -> results.Member:
    """Return a member from the `member_…` columns of queries.py."""
    known = {name: getattr(row, f"member_{name}") for name in _MEMBER}
    for name in ("cities_ridden", "staff_cities"):
        known[name] = tuple(known[name])
    return results.Member(
        **known, active_ride=_active_ride(row), reservation=_reservation(row, now)
    )


def _active_ride(row: Row[Any]) -> results.ActiveRide | None:
    if row.member_active_ride_id is None:
        return None
    latitude, longitude = row.member_active_ride_latitude, row.member_active_ride_longitude
    return results.ActiveRide(
        city=row.member_active_ride_city,
        id=row.member_active_ride_id,
        vehicle_type=row.member_active_ride_type,
        vehicle_brand=row.member_active_ride_brand,
        start_time=row.member_active_ride_start,
        start=None if latitude is None else Position(latitude, longitude),
        tariff=_tariff(row),
    )


def _reservation(row: Row[Any], now: datetime) -> results.Reservation | None:
    """Return the reservation unless it has ended."""
    if row.member_reservation_until is None or row.member_reservation_until <= now:
        return None
    return results.Reservation(
        city=row.member_reservation_city,
        public_id=row.member_reservation_public_id,
        vehicle_type=row.member_reservation_type,
        vehicle_brand=row.member_reservation_brand,
        until=row.member_reservation_until,
    )


def _tariff(row: Row[Any]) -> Tariff | None:
    prices = (
        row.member_active_ride_unlock_fee,
        row.member_active_ride_per_minute,
        row.member_active_ride_daily_cap,
    )
    return None if None in prices else Tariff(*prices)


def named_tuples(kind: type[Item], rows: Rows) -> list[Item]:
    """Convert rows to named tuples by the names of their fields; other columns are ignored."""
    return [kind(*values) for values in _columns(rows, *_fields(kind))]


def whole_list(kind: type[Item], rows: Rows) -> Page[Item]:
    """Convert rows like `named_tuples`; return them as the only page of a list."""
    return Page(tuple(named_tuples(kind, rows)), None)


def nearby_vehicles(rows: Rows) -> list[results.NearbyVehicle]:
    """Return vehicles with their distances in metres; the rows have millimetres."""
    return [
        results.NearbyVehicle(
            vehicle, None if millimetres == UNKNOWN_DISTANCE else millimetres / MILLIMETRES
        )
        for vehicle, (millimetres,) in zip(
            named_tuples(results.Vehicle, rows), _columns(rows, "distance"), strict=True
        )
    ]


def without_numbers(page: Page[results.NearbyVehicle]) -> Page[results.NearbyVehicle]:
    """Return the page as visitors see it."""
    items = tuple(item._replace(vehicle=item.vehicle._replace(number=None)) for item in page.items)
    return Page(items, page.next)


def owned_vehicles(rows: Rows) -> list[results.OwnedVehicle]:
    """Return vehicles with the sums of their rides; zeros for those not ridden."""
    activities = (
        results.MonthlyActivity(rides, time or timedelta(), distance or 0)
        for rides, time, distance in _columns(rows, "rides", "time", "distance")
    )
    owned = _columns(rows, "id", "remove_after_ride", "state", "reports")
    vehicles = named_tuples(results.Vehicle, rows)
    return [
        results.OwnedVehicle(id_, is_leaving, VehicleState(state), vehicle, activity, reports)
        for (id_, is_leaving, state, reports), vehicle, activity in zip(
            owned, vehicles, activities, strict=True
        )
    ]


def managed_vehicle(rows: Rows, size: int) -> results.ManagedVehicle:
    """Return a vehicle from rows that repeat it for each of its events, the oldest first."""
    first = rows[0]
    events = [
        results.VehicleEvent(time, tuple(types), VehicleState(state), expires_at)
        for time, types, state, expires_at in _columns(
            rows, "happened_at", "event_types", "state_then", "expires_at"
        )
        if time  # a vehicle of before migration 0021 has none
    ]
    return results.ManagedVehicle(
        owned=owned_vehicles(rows[:1])[0],
        paused_by=first.paused_by,
        removed_at=first.removed_at,
        earned=sums(first.earned),
        history=page(events[::-1], size, lambda last: last.happened_at.isoformat()),
    )


def ride_totals(found: str | None) -> tuple[results.RideTotal, ...]:
    """Return ride totals from the JSON text of queries.HISTORY; none if `found` is None."""
    return tuple(
        results.RideTotal(date.fromisoformat(begin), rides, timedelta(seconds=seconds), metres)
        for begin, rides, seconds, metres in json.loads(found or "[]")
    )


def sums(found: str | None) -> tuple[results.Sum, ...]:
    """Return sums of months from the JSON text of queries.HISTORY; none if `found` is None."""
    return tuple(
        results.Sum(date.fromisoformat(month), currency, amount)
        for month, currency, amount in json.loads(found or "[]")
    )


def page_of_earnings(rows: Rows, size: int) -> Page[results.Earnings]:
    """Return a page, newest first, whose `next` is `<month>~<vehicle id>` of its last item."""
    newest = sorted(
        named_tuples(results.Earnings, rows),
        key=lambda item: (item.month, item.vehicle_id),
        reverse=True,
    )
    return page(newest, size, lambda last: f"{last.month.isoformat()}~{last.vehicle_id}")


def page_of_vehicles(
    found: Sequence[results.NearbyVehicle], size: int
) -> Page[results.NearbyVehicle]:
    """Return a page whose `next` is `<millimetres>~<public id>` of its last vehicle."""
    return page(found, size, _vehicle_key)


def _vehicle_key(item: results.NearbyVehicle) -> str:
    far = item.distance
    millimetres = UNKNOWN_DISTANCE if far is None else round(far * MILLIMETRES)
    return f"{millimetres}~{item.vehicle.public_id}"


def page_of_rides(rows: Rows, size: int) -> Page[results.Ride]:
    """Return a page whose `next` is `<start time>~<id>` of its last ride."""
    rides = named_tuples(results.Ride, rows)
    return page(rides, size, lambda last: f"{last.start_time.isoformat()}~{last.id}")


def page(found: Sequence[Item], size: int, key: Callable[[Item], str]) -> Page[Item]:
    """Return the first `size` items as a page; a further item means that there is a next page."""
    items = tuple(found[:size])
    return Page(items, key(items[-1]) if len(found) > size else None)


def _fields(kind: type[object]) -> tuple[str, ...]:
    names: tuple[str, ...] = cast("Any", kind)._fields
    return names


def _columns(rows: Rows, *names: str) -> Iterable[list[Any]]:
    """Return the named columns of each row.

    The positions are looked up once, because `row.name` is much slower than `row[position]`.
    """
    if not rows:
        return ()
    places = [rows[0]._fields.index(name) for name in names]
    return ([row[place] for place in places] for row in rows)
