"""What MovR reads: each a single statement that names its city, in pages by key.

Built once, with parameters by name, so that a request only fills them in.
"""

from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    ScalarSelect,
    Select,
    String,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    extract,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from movr.formats import AVAILABLE, MONTH, WEEK
from movr.models import Ride, RideTotal, User, Vehicle

DISTANCE_BEFORE_FIRST: Final = -1  # a distance, in millimetres

_CITY: Final = bindparam("city", type_=String())
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
    User.session_epoch,
    User.cities_ridden,
    User.active_ride_city,
    User.active_ride_id,
    User.active_ride_type,
    User.active_ride_brand,
    User.active_ride_start,
    User.active_ride_latitude,
    User.active_ride_longitude,
)
MEMBER_COLUMNS: Final = len(_MEMBER)
_VEHICLE: Final = (
    Vehicle.city,
    Vehicle.id,
    Vehicle.type,
    Vehicle.color,
    Vehicle.brand,
    Vehicle.status,
    Vehicle.last_location,
    Vehicle.latitude,
    Vehicle.longitude,
)

SESSION_MEMBER: Final = select(*_MEMBER).where(
    User.city == bindparam("member_city"),
    User.id == bindparam("member_id"),
    User.session_epoch == bindparam("epoch", type_=Integer()),
    User.deleted_at.is_(None),
)

# Who changes a password says the present one.
PASSWORD_HASH: Final = select(User.username, User.password_hash).where(
    User.city == bindparam("user_city"),
    User.id == bindparam("user_id"),
    User.deleted_at.is_(None),
)

# Names no city: a username is unique over all of them, and so is this index. Its leaseholder may
# be in another region; logging in and a forgotten password are the reads that pay for it.
MEMBER_BY_USERNAME: Final = select(*_MEMBER).where(User.username == bindparam("username"))
CREDENTIALS: Final = MEMBER_BY_USERNAME.add_columns(User.password_hash)

# Who only has a link from elsewhere knows no other name of it.
VEHICLE_BY_PUBLIC_ID: Final = select(*_VEHICLE).where(
    Vehicle.city == _CITY,
    Vehicle.public_id == bindparam("public_id", type_=Uuid()),
    Vehicle.removed_at.is_(None),
)

# For other maps. Without the id that stays: nobody shall follow a vehicle through its rides.
FREE_VEHICLES: Final = (
    select(Vehicle.public_id, Vehicle.type, Vehicle.latitude, Vehicle.longitude)
    .where(Vehicle.city == _CITY, Vehicle.removed_at.is_(None), Vehicle.status == AVAILABLE)
    .order_by(Vehicle.public_id)
)


def _distance() -> ColumnElement[int]:
    """From the origin to a vehicle, in whole millimetres, on the plane through the origin.

    Within a city that is within a percent of the way over the ground, and cheap to sort by.
    A whole number, so that a page can begin exactly where the last one ended.
    """
    north, east = (
        (column - bindparam(column.key, type_=Float())) * bindparam(f"metres_{to}", type_=Float())
        for column, to in ((Vehicle.latitude, "north"), (Vehicle.longitude, "east"))
    )
    return cast(func.floor(1000 * func.sqrt(north * north + east * east)), BigInteger)


@cache
def nearest(*, only_free: bool, of_type: bool, whole_city: bool) -> Select[Any]:
    """A page of the vehicles within `radius` of the origin, the nearest first.

    Reads the index in the box of bands and longitudes around that circle, or the whole city.
    """
    wanted = [Vehicle.city == _CITY, Vehicle.removed_at.is_(None)]
    if not whole_city:
        west, east = (bindparam(side, type_=Float()) for side in ("west", "east"))
        bands = bindparam("bands", type_=ARRAY(Integer))
        wanted += [Vehicle.latitude_band == any_(bands), Vehicle.longitude.between(west, east)]
    if only_free:
        wanted.append(Vehicle.status == AVAILABLE)
    if of_type:
        wanted.append(Vehicle.type == bindparam("type", type_=String()))
    box = select(*_VEHICLE, _distance().label("distance")).where(*wanted).subquery("box")
    start = tuple_(bindparam("from", type_=BigInteger()), _AFTER)
    return (
        select(box)
        .where(
            box.c.distance <= bindparam("radius", type_=BigInteger()),
            tuple_(box.c.distance, box.c.id) > start,
        )
        .order_by(box.c.distance, box.c.id)
        .limit(_LIMIT)
    )


def _of_owner() -> Select[Any]:
    """A page of the owner's vehicles, each with what it did since a given time."""
    page = (
        select(*_VEHICLE)
        .where(
            Vehicle.city == _CITY,
            Vehicle.owner_id == bindparam("owner_id", type_=Uuid()),
            Vehicle.removed_at.is_(None),
            Vehicle.id > _AFTER,
        )
        .order_by(Vehicle.id)
        .limit(_LIMIT)
        .cte("page")
    )
    ridden = and_(
        Ride.city == _CITY,
        Ride.vehicle_id == page.c.id,
        Ride.start_time > bindparam("since", type_=DateTime(timezone=True)),
        Ride.end_time.is_not(None),
    )
    return (
        select(
            page,
            func.count(Ride.id).label("rides"),
            func.sum(Ride.length).label("time"),
            cast(func.sum(Ride.distance), BigInteger).label("distance"),  # elsewhere a decimal
        )
        .select_from(page.outerjoin(Ride, ridden))
        .group_by(*page.c)
    )


# Rides live in their vehicle's city: naming the cities where the rider has ridden keeps this at
# home for whoever never rode abroad (docs/decisions/0001).
_RIDDEN: Final[BindParameter[Any]] = bindparam("cities", expanding=True)
_RIDER: Final = (
    Ride.rider_city == bindparam("rider_city"),
    Ride.rider_id == bindparam("rider_id"),
    Ride.city.in_(_RIDDEN),
)


def _with_vehicle(rides: Select[Any]) -> Select[Any]:
    """Rides and what was ridden, the newest first.

    Each vehicle is looked for once it is certain whose ride is shown: CockroachDB would otherwise
    join a whole history before it takes a page.
    """
    page = rides.order_by(Ride.start_time.desc(), Ride.id.desc()).limit(_LIMIT).subquery("page").c
    return (
        select(*page, Vehicle.type.label("vehicle_type"), Vehicle.brand.label("vehicle_brand"))
        .join(Vehicle, and_(Vehicle.city == page.city, Vehicle.id == page.vehicle_id))
        .where(Vehicle.city.in_(_RIDDEN))  # not every planner infers it
        .order_by(page.start_time.desc(), page.id.desc())
    )


_RIDE: Final = select(
    Ride.city,
    Ride.id,
    Ride.vehicle_id,
    Ride.start_location,
    Ride.end_location,
    Ride.start_time,
    Ride.end_time,
    Ride.length,
    Ride.distance,
).where(*_RIDER)

RIDE: Final = _with_vehicle(_RIDE.where(Ride.id == bindparam("id", type_=Uuid())))

# The newest first, so that the active ride (a rider's last to start) leads the first page.
RIDES: Final = _with_vehicle(
    _RIDE.where(
        tuple_(Ride.start_time, Ride.id)
        < tuple_(bindparam("before", type_=DateTime(timezone=True)), _AFTER)
    )
)


def _totals(period: str) -> ScalarSelect[Any]:
    """What the rider's rides add up to by `week` or `month`, the newest first: as text in JSON."""
    row = func.json_build_array(
        cast(RideTotal.begin, String),
        RideTotal.rides,
        extract("epoch", RideTotal.length),
        RideTotal.distance,
    )
    listed = func.json_agg(aggregate_order_by(row, RideTotal.begin.desc()))
    return (
        select(cast(listed, String))
        .where(
            RideTotal.city == bindparam("rider_city"),
            RideTotal.rider_id == bindparam("rider_id"),
            RideTotal.period == period,
            RideTotal.begin >= bindparam(f"{period}s_since", type_=Date()),
        )
        .scalar_subquery()
    )


# The first page of a rider's history also says what it adds up to, in every row: as text, so that
# only one is read.
HISTORY: Final = RIDES.add_columns(_totals(MONTH).label("months"), _totals(WEEK).label("weeks"))


def _with_member(found: Select[Any], *order: str) -> Select[Any]:
    """The session's member and a list in one round trip: the member before each row of the list.

    A row at least: without a member, or without a list, the columns of either are NULL.
    """
    me, others = SESSION_MEMBER.subquery("me"), found.subquery("found")
    one = select(literal_column("1").label("one")).subquery("one")
    member = [column.label(f"member_{column.key}") for column in me.c]
    both = one.outerjoin(me, true()).outerjoin(others, true())
    return select(*member, *others.c).select_from(both).order_by(*(others.c[o] for o in order))


@cache
def nearest_with_member(*, only_free: bool, of_type: bool, whole_city: bool) -> Select[Any]:
    """Who is looking, then what `nearest` finds."""
    found = nearest(only_free=only_free, of_type=of_type, whole_city=whole_city)
    return _with_member(found, "distance", "id")


MEMBERS_OF_CITY: Final = _with_member(
    select(User.id, User.first_name, User.is_owner)
    .where(User.city == _CITY, User.id > _AFTER, User.deleted_at.is_(None))
    .order_by(User.id)
    .limit(_LIMIT),
    "id",
)
VEHICLES_OF_OWNER: Final = _with_member(_of_owner(), "id")
