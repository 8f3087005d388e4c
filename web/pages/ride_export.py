"""A member's own rides as a CSV file (RFC 4180)."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Final

from babel.numbers import get_currency_precision
from flask import Blueprint, Response
from flask_login import login_required

from movr.cities import DEFAULT_CITY, City, find_city
from movr.results import Ride
from web.context import movr
from web.rendering.csv_files import cell, lines
from web.rendering.downloads import attachment
from web.security import rate_limits, session
from web.security.rate_limit_store import RateLimit

blueprint = Blueprint("ride_export", __name__)

EXPORTS_OF_MEMBER: Final = RateLimit("files of rides of", 10, rate_limits.HOUR)
COLUMNS: Final = (
    *("ride", "city", "vehicle_type", "vehicle_brand", "vehicle_number"),
    *("start_time", "end_time", "start_location", "end_location"),
    *("seconds", "metres", "undone", "amount_minor", "amount", "currency"),
)


@blueprint.get("/rides.csv")
@login_required
def download() -> Response:
    """Send all of the member's rides, newest first.

    The first rides are read before the file begins, so that a failure has its own page.
    """
    member = session.current_member()
    rate_limits.count_attempts((EXPORTS_OF_MEMBER, str(member.id)))
    batches = movr().all_rides(member)
    first = next(batches, ())
    return attachment(_written(chain([first], batches)), "movr-rides.csv", "text/csv")


def _written(batches: Iterator[tuple[Ride, ...]]) -> Iterator[str]:
    """Yield the header, then the rows of each batch."""
    yield lines([COLUMNS])
    for rides in batches:
        yield lines([_cells(ride) for ride in rides])


def _cells(ride: Ride) -> tuple[object, ...]:
    """Return the cells of a ride. Times are those of the city, with its offset (RFC 3339)."""
    return (
        *(ride.id, ride.city, ride.vehicle_type, cell(ride.vehicle_brand), ride.vehicle_number),
        *(_time(ride.start_time, ride.city), ride.end_time and _time(ride.end_time, ride.city)),
        *(cell(ride.start_location), cell(ride.end_location or "")),
        ride.length and round(ride.length.total_seconds()),
        ride.distance,
        "yes" if ride.undone else "no",
        *_money(ride),
    )


def _money(ride: Ride) -> tuple[object, ...]:
    """Return what the ride cost in the minor and the major unit of the city's currency."""
    currency = _place(ride.city).currency
    if ride.amount is None:
        return "", "", currency
    return ride.amount, Decimal(ride.amount).scaleb(-get_currency_precision(currency)), currency


def _time(moment: datetime, city: str) -> str:
    return moment.astimezone(_place(city).timezone).isoformat(timespec="seconds")


def _place(city: str) -> City:
    return find_city(city) or DEFAULT_CITY
