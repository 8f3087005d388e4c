"""What MovR reads: each a single statement that names its city, in pages by key.

Built once, with parameters by name, so that a request only fills them in.
"""

from typing import Final

from sqlalchemy import (
    DateTime,
    Integer,
    Select,
    Uuid,
    and_,
    bindparam,
    literal,
    select,
    true,
    tuple_,
)

from movr.formats import AVAILABLE
from movr.models import Ride, User, Vehicle

_AFTER: Final = bindparam("after", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())

_MEMBER: Final = (
    User.city,
    User.id,
    User.first_name,
    User.last_name,
    User.email,
    User.username,
    User.is_owner,
    User.active_ride_city,
    User.active_ride_id,
    User.cities_ridden,
)
_VEHICLE: Final = (
    Vehicle.city,
    Vehicle.id,
    Vehicle.type,
    Vehicle.color,
    Vehicle.brand,
    Vehicle.status,
    Vehicle.last_location,
)

WHO_IS: Final = select(*_MEMBER).where(
    User.city == bindparam("member_city"),
    User.id == bindparam("member_id"),
    User.deleted_at.is_(None),
)

# Names no city: a username is unique over all of them, and so is this index. Its leaseholder may
# be in another region; logging in is the one read that pays for it.
CREDENTIALS: Final = select(*_MEMBER, User.password_hash).where(
    User.username == bindparam("username")
)

NEIGHBOURS: Final = (
    select(User.id, User.first_name, User.is_owner)
    .where(User.city == bindparam("city"), User.id > _AFTER, User.deleted_at.is_(None))
    .order_by(User.id)
    .limit(_LIMIT)
)

VEHICLES: Final = (
    select(*_VEHICLE)
    .where(Vehicle.city == bindparam("city"), Vehicle.id > _AFTER, Vehicle.removed_at.is_(None))
    .order_by(Vehicle.id)
    .limit(_LIMIT)
)

VEHICLES_OF_OWNER: Final = (
    select(*_VEHICLE)
    .where(
        Vehicle.city == bindparam("city"),
        Vehicle.owner_id == bindparam("owner_id"),
        Vehicle.removed_at.is_(None),
        Vehicle.id > _AFTER,
    )
    .order_by(Vehicle.id)
    .limit(_LIMIT)
)

# The newest first, so that the active ride (a rider's last to start) leads the first page. Rides
# live in their vehicle's city: naming the cities where the rider has ridden keeps this at home
# for whoever never rode abroad (docs/decisions/0001).
RIDES: Final = (
    select(
        Ride.city,
        Ride.id,
        Vehicle.type,
        Vehicle.brand,
        Ride.start_location,
        Ride.end_location,
        Ride.start_time,
        Ride.end_time,
        Ride.length,
    )
    .join(Vehicle, and_(Vehicle.city == Ride.city, Vehicle.id == Ride.vehicle_id))
    .where(
        Ride.rider_city == bindparam("rider_city"),
        Ride.rider_id == bindparam("rider_id"),
        Ride.city.in_(bindparam("cities", expanding=True)),
        Vehicle.city.in_(bindparam("cities", expanding=True)),  # not every planner infers it
        tuple_(Ride.start_time, Ride.id)
        < tuple_(bindparam("before", type_=DateTime(timezone=True)), _AFTER),
    )
    .order_by(Ride.start_time.desc(), Ride.id.desc())
    .limit(_LIMIT)
)


def _home() -> Select[tuple[object, ...]]:
    """Who is looking and what is free, in one round trip: each may be missing."""
    me = WHO_IS.subquery("me")
    free = (
        select(*_VEHICLE)
        .where(
            Vehicle.city == bindparam("city"),
            Vehicle.removed_at.is_(None),
            Vehicle.status == AVAILABLE,
            Vehicle.id > _AFTER,
        )
        .order_by(Vehicle.id)
        .limit(_LIMIT)
        .subquery("free")
    )
    anyway = select(literal(1).label("one")).subquery("anyway")
    return (
        select(*me.c, *free.c)
        .select_from(anyway.outerjoin(me, true()).outerjoin(free, true()))
        .order_by(free.c.id)
    )


HOME: Final = _home()
