"""Zones: where rides of a city may end. The rule is here only (docs/decisions/0025).

An area is stored as the coordinates of a GeoJSON MultiPolygon (RFC 7946): longitude first.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Connection, DateTime, String, Table, Uuid, bindparam, func, or_, select
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import insert

from movr import errors, geo
from movr.cities import Position
from movr.database.execution import lock_table, run
from movr.models import Zone as ZoneRow

_zones = cast("Table", ZoneRow.__table__)
_CITY: Final = bindparam("zone_city", type_=String())
_AT: Final = bindparam("at", type_=DateTime(timezone=True))
_IS_NOT_OVER: Final = or_(_zones.c.valid_until.is_(None), _zones.c.valid_until > _AT)

SELECT_ZONES: Final = (
    select(*(_zones.c[name] for name in ("name", "area", "ride_end_allowed")))
    .add_columns(_zones.c.valid_from, _zones.c.valid_until)
    .where(_zones.c.city == _CITY, _IS_NOT_OVER)
    .order_by(_zones.c.ride_end_allowed, _zones.c.name, _zones.c.id)
)
_END: Final = (
    sql_update(_zones)
    .where(
        _zones.c.city == _CITY,
        _IS_NOT_OVER,
        _zones.c.id.not_in(bindparam("new_ids", expanding=True, type_=Uuid())),
    )
    .values(valid_until=func.greatest(_zones.c.valid_from, _AT))
    .returning(_zones.c.id)
)
# The parameters have the names of the columns.
_ADD: Final = insert(_zones).on_conflict_do_nothing().returning(_zones.c.id)


class Zone(NamedTuple):
    """An area in which rides may end, or in which they may not."""

    name: str
    area: geo.Area
    ride_end_allowed: bool
    valid_from: datetime
    valid_until: datetime | None = None

    def is_in_force(self, now: datetime) -> bool:
        """Return True if the zone is valid at this moment."""
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


def check_end(zones: Iterable[Zone], position: Position | None) -> None:
    """Check that a ride may end at this position. Raises NoParking.

    It may not in a zone that does not allow it, nor outside of all zones that do, if there are any.
    An unknown position is allowed: a rider without one could not end the ride at all.
    """
    if position is None:
        return
    allowed = []
    for zone in zones:
        is_inside = geo.is_inside(zone.area, position)
        if is_inside and not zone.ride_end_allowed:
            raise errors.NoParking(zone.name)
        if zone.ride_end_allowed:
            allowed.append(is_inside)
    if allowed and not any(allowed):
        raise errors.NoParking


def coordinates(area: geo.Area) -> list[Any]:
    """Return an area as the coordinates of a GeoJSON MultiPolygon."""
    return [
        [[[each.longitude, each.latitude] for each in ring] for ring in polygon] for polygon in area
    ]


def text_of(area: geo.Area) -> str:
    """Return an area as the database keeps it: a GeoJSON MultiPolygon."""
    found = {"type": "MultiPolygon", "coordinates": coordinates(area)}
    return json.dumps(found, separators=(",", ":"))


def area_of(text: str) -> geo.Area:
    """Return the area of a text in the database."""
    return tuple(
        tuple(
            tuple(Position(latitude, longitude) for longitude, latitude in ring) for ring in polygon
        )
        for polygon in json.loads(text)["coordinates"]
    )


def replace(
    connection: Connection, city: str, new: Mapping[UUID, Zone], *, begin: datetime
) -> Sequence[UUID]:
    """Let a city's zones end at `begin`, and add these, which begin then. Return the ended ones."""
    lock_table(connection, _zones)
    ended = run(connection, _END, zone_city=city, at=begin, new_ids=list(new)).scalars().all()
    for id_, each in new.items():
        row = {**each._asdict(), "area": text_of(each.area)}
        run(connection, _ADD, city=city, id=id_, **row)
    return ended
