"""The SELECT statements. Each names its city and returns one page, by keyset pagination.

They are built once, at import or first use; a request only supplies the named parameters.
"""

from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    String,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    extract,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from movr.formats import AVAILABLE, FARE, MONTH, OWNER, PAYMENT, REFUND, RIDER, WEEK
from movr.models import (
    LedgerEntry,
    Report,
    Ride,
    RideTotal,
    Tariff,
    User,
    Vehicle,
    VehicleEvent,
)
from movr.proofs import EPOCH
from movr.results import MOST_COUNTED, Member, NumberedVehicle
from movr.ride_totals import begin_at
from movr.vehicle_states import state_of

# Distances in millimetres
BEFORE_FIRST: Final = -1
UNKNOWN_DISTANCE: Final = 10**12

_CITY: Final = bindparam("city", type_=String())
_AFTER: Final = bindparam("after", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())

# A member's columns, labelled `member_…`, so that they can be selected together with those of a
# list.
_MEMBER: Final = tuple(
    column.label(f"member_{column.key}")
    for column in User.__table__.c
    if column.key in Member.__dataclass_fields__
    or column.key.startswith(("active_ride_", "reservation_"))
)
# A vehicle's reservation lasts until `now` (docs/decisions/0020).
_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_IS_RESERVED: Final = func.coalesce(Vehicle.reserved_until > _NOW, literal_column("false"))
# By the member who asks; NULL for a visitor, who has reserved nothing.
_BY_MEMBER: Final = and_(
    Vehicle.reserved_by_city == bindparam("member_city", type_=String()),
    Vehicle.reserved_by_id == bindparam("member_id", type_=Uuid()),
)
_VEHICLE: Final = (
    Vehicle.city,
    Vehicle.public_id,
    Vehicle.type,
    Vehicle.color,
    Vehicle.brand,
    Vehicle.status,
    Vehicle.last_location,
    Vehicle.latitude,
    Vehicle.longitude,
    Vehicle.number,
    _IS_RESERVED.label("is_reserved"),
)

MEMBER: Final = select(*_MEMBER).where(
    User.city == bindparam("member_city"),
    User.id == bindparam("member_id"),
    User.deleted_at.is_(None),
)
SESSION_MEMBER: Final = MEMBER.where(User.session_epoch == EPOCH)

# To check the current password before a change.
ACCOUNT: Final = select(User.username, User.email, User.password_hash).where(
    User.city == bindparam("user_city"),
    User.id == bindparam("user_id"),
    User.deleted_at.is_(None),
)

# Names no city: a username is unique over all cities, so this index is global and its leaseholder
# may be in another region. Only logging in and asking for a password reset use it.
MEMBER_BY_USERNAME: Final = select(*_MEMBER).where(User.username == bindparam("username"))
CREDENTIALS: Final = MEMBER_BY_USERNAME.add_columns(User.password_hash)

# A vehicle that its owner removes during a reservation can still be ridden by the rider who has it.
_IS_AVAILABLE: Final = (
    Vehicle.city == _CITY,
    Vehicle.status == AVAILABLE,
    or_(
        and_(Vehicle.removed_at.is_(None), ~_IS_RESERVED),
        and_(_IS_RESERVED, _BY_MEMBER),
    ),
)
VEHICLE_BY_PUBLIC_ID: Final = select(*_VEHICLE).where(
    Vehicle.public_id == bindparam("public_id", type_=Uuid()), *_IS_AVAILABLE
)
_NUMBERED: Final = select(*(Vehicle.__table__.c[name] for name in NumberedVehicle._fields))
VEHICLE_BY_NUMBER: Final = _NUMBERED.where(
    Vehicle.number == bindparam("number", type_=Integer()), *_IS_AVAILABLE
)


def _follower_read(statement: Select[Any]) -> Select[Any]:
    """Return a statement that CockroachDB's nearest replica answers with rows some 5 s old.

    Only for what may be stale, and outside of transactions. The clause follows FROM, so the rows
    come from a subquery; their order is not guaranteed (docs/decisions/0018-follower-reads.md).
    """
    clause = "AS OF SYSTEM TIME follower_read_timestamp()"
    return select(statement.subquery()).suffix_with(clause, dialect="cockroachdb")


# For other maps, which show vehicles at a position.
FREE_VEHICLES: Final = _follower_read(
    select(
        cast(Vehicle.public_id, String).label("public_id"),
        Vehicle.type,
        Vehicle.latitude,
        Vehicle.longitude,
        _IS_RESERVED.label("is_reserved"),
    )
    .where(
        Vehicle.city == _CITY,
        Vehicle.public_id > bindparam("after", type_=Uuid()),
        Vehicle.removed_at.is_(None),
        Vehicle.status == AVAILABLE,
        Vehicle.latitude.is_not(None),
    )
    .order_by(Vehicle.public_id)
    .limit(bindparam("limit", type_=Integer()))
)


def _distance() -> ColumnElement[int]:
    """Return SQL for the distance from the origin to a vehicle, in whole millimetres.

    It is computed on the plane tangent at the origin: within a city it is accurate to 1 %, and
    cheap to sort by. An integer compares exactly, so a page starts where the previous one ended.
    Vehicles of unknown position have a distance behind all others.
    """
    north, east = (
        (column - bindparam(column.key, type_=Float())) * bindparam(f"metres_{to}", type_=Float())
        for column, to in ((Vehicle.latitude, "north"), (Vehicle.longitude, "east"))
    )
    known = cast(func.floor(1000 * func.sqrt(north * north + east * east)), BigInteger)
    return func.coalesce(known, literal_column(str(UNKNOWN_DISTANCE)))


def _counts() -> Select[Any]:
    """Count a city's available vehicles by type; at most MOST_COUNTED + 1, to bound the cost."""
    counted = (
        select(Vehicle.type)
        .where(
            Vehicle.city == _CITY,
            Vehicle.removed_at.is_(None),
            Vehicle.status == AVAILABLE,
            ~_IS_RESERVED,
        )
        .limit(MOST_COUNTED + 1)
        .subquery("counted")
    )
    return select(counted.c.type, func.count().label("vehicles")).group_by(counted.c.type)


@cache
def nearest(*, of_type: bool, whole_city: bool) -> Select[Any]:
    """Select a page of available vehicles within `radius` millimetres of the origin, nearest first.

    A reserved vehicle is available to the member who has reserved it.

    Scans the index within the box of bands and longitudes around that circle, or the whole city
    with the vehicles of unknown position.
    """
    wanted = [
        Vehicle.city == _CITY,
        Vehicle.removed_at.is_(None),
        Vehicle.status == AVAILABLE,
        or_(~_IS_RESERVED, _BY_MEMBER),
    ]
    if not whole_city:
        west, east = (bindparam(side, type_=Float()) for side in ("west", "east"))
        bands = bindparam("bands", type_=ARRAY(Integer))
        wanted += [Vehicle.latitude_band == any_(bands), Vehicle.longitude.between(west, east)]
    if of_type:
        wanted.append(Vehicle.type == bindparam("type", type_=String()))
    box = select(*_VEHICLE, _distance().label("distance")).where(*wanted).subquery("box")
    start = tuple_(bindparam("from", type_=BigInteger()), _AFTER)
    return (
        select(box)
        .where(
            box.c.distance <= bindparam("radius", type_=BigInteger()),
            tuple_(box.c.distance, box.c.public_id) > start,
        )
        .order_by(box.c.distance, box.c.public_id)
        .limit(_LIMIT)
    )


# The owner's vehicles, also those that they have removed and can restore.
_OWNED: Final = select(
    Vehicle.id,
    Vehicle.remove_after_ride,
    state_of(Vehicle, _NOW).label("state"),
    *_VEHICLE,
).where(
    Vehicle.city == _CITY,
    Vehicle.owner_id == bindparam("owner_id", type_=Uuid()),
    or_(
        Vehicle.removed_at.is_(None),
        Vehicle.removed_at > bindparam("removed_since", type_=DateTime(timezone=True)),
    ),
)


def _with_activity(page: CTE) -> Select[Any]:
    """Select some vehicles, each with its open reports and its rides since a given time."""
    ridden = and_(
        Ride.city == _CITY,
        Ride.vehicle_id == page.c.id,
        Ride.start_time > bindparam("since", type_=DateTime(timezone=True)),
    )
    is_counted = Ride.undone.is_(False)
    reports = select(func.count()).where(
        Report.city == _CITY, Report.vehicle_id == page.c.id, Report.closed_at.is_(None)
    )
    return (
        select(
            page,
            reports.scalar_subquery().label("reports"),
            # Rides in progress have no length. Some plans of CockroachDB v22.1 lose a condition in
            # the join that leaves them out (cockroachdb/cockroach#81968).
            func.count(Ride.length).filter(is_counted).label("rides"),
            func.sum(Ride.length).filter(is_counted).label("time"),
            cast(func.sum(Ride.distance), BigInteger).label("distance"),  # else a decimal
        )
        .select_from(page.outerjoin(Ride, ridden))
        .group_by(*page.c)
    )


def _of_owner() -> Select[Any]:
    """Select a page of the owner's vehicles with the sums of their rides."""
    page = _OWNED.where(Vehicle.id > _AFTER).order_by(Vehicle.id).limit(_LIMIT)
    return _with_activity(page.cte("page"))


# Rides are stored in their vehicle's city. Naming the cities where the rider has ridden keeps the
# query in the home region of a rider who has only ridden there (docs/decisions/0001).
_CITIES_RIDDEN: Final[BindParameter[Any]] = bindparam("cities", expanding=True)
_RIDER: Final = (
    Ride.rider_city == bindparam("rider_city"),
    Ride.rider_id == bindparam("rider_id"),
    Ride.city.in_(_CITIES_RIDDEN),
)


def _with_vehicle(rides: Select[Any]) -> Select[Any]:
    """Select a page of rides with their vehicles, newest first.

    Vehicles are joined after LIMIT; otherwise CockroachDB would join the rider's whole history.
    """
    page = rides.order_by(Ride.start_time.desc(), Ride.id.desc()).limit(_LIMIT).subquery("page").c
    return (
        select(
            *page,
            Vehicle.type.label("vehicle_type"),
            Vehicle.brand.label("vehicle_brand"),
            Vehicle.number.label("vehicle_number"),
        )
        .join(Vehicle, and_(Vehicle.city == page.city, Vehicle.id == page.vehicle_id))
        .where(
            Vehicle.city.in_(_CITIES_RIDDEN)
        )  # implied by the join, but not every planner infers it
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
    Ride.unlock_fee,
    Ride.per_minute,
    Ride.daily_cap,
    Ride.amount,
    Ride.undone,
    Ride.undo_reason,
).where(*_RIDER)

RIDE: Final = _with_vehicle(_RIDE.where(Ride.id == bindparam("id", type_=Uuid())))

# Newest first: the active ride, which started last, is the first of the first page.
RIDES: Final = _with_vehicle(
    _RIDE.where(
        tuple_(Ride.start_time, Ride.id)
        < tuple_(bindparam("before", type_=DateTime(timezone=True)), _AFTER)
    )
)

# The same from the nearest replicas, in any order, for riders who have been in other regions.
OLDER_RIDES: Final = _follower_read(RIDES)


def _totals(period: str) -> ScalarSelect[Any]:
    """Return a subquery for the rider's totals by `week` or `month`, newest first, as JSON text."""
    row = func.json_build_array(
        cast(RideTotal.begin, String),
        RideTotal.rides,
        extract("epoch", RideTotal.length),
        RideTotal.distance,
    )
    rows = func.json_agg(aggregate_order_by(row, RideTotal.begin.desc()))
    return (
        select(cast(rows, String))
        .where(
            RideTotal.city == bindparam("rider_city"),
            RideTotal.rider_id == bindparam("rider_id"),
            RideTotal.period == period,
            RideTotal.begin >= bindparam(f"{period}s_since", type_=Date()),
        )
        .scalar_subquery()
    )


# The first day of the month of an entry, in the time zone of the account's home city.
_MONTH: Final = begin_at(
    literal(MONTH), LedgerEntry.created_at, bindparam("timezone", type_=String())
).label("month")
_IS_FARE: Final = LedgerEntry.kind.in_((FARE, REFUND))
_SINCE: Final = LedgerEntry.created_at >= bindparam("money_since", type_=DateTime(timezone=True))


def _by_month(amount: SQLColumnExpression[int], *of: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Return a subquery for the sums of entries by month and currency, as JSON text."""
    sums = (
        select(_MONTH, LedgerEntry.currency, cast(func.sum(amount), BigInteger).label("amount"))
        .where(*of, _IS_FARE, _SINCE)
        .group_by("month", LedgerEntry.currency)
        .subquery("sums")
    ).c
    row = func.json_build_array(cast(sums.month, String), sums.currency, sums.amount)
    rows = func.json_agg(aggregate_order_by(row, sums.month.desc(), sums.currency))
    return select(cast(rows, String)).scalar_subquery()


_SPENT: Final = _by_month(
    -LedgerEntry.amount,
    LedgerEntry.city.in_(_CITIES_RIDDEN),
    LedgerEntry.holder_city == bindparam("rider_city"),
    LedgerEntry.holder_id == bindparam("rider_id"),
    LedgerEntry.account == RIDER,
)
_EARNED: Final = _by_month(
    LedgerEntry.amount,
    LedgerEntry.city == _CITY,
    LedgerEntry.holder_id == bindparam("owner_id", type_=Uuid()),
    LedgerEntry.account == OWNER,
    LedgerEntry.vehicle_id == bindparam("id", type_=Uuid()),
)


# The first page of a rider's history also has the totals, repeated in every row. They are text
# because text is parsed only once, for the first row.
HISTORY: Final = RIDES.add_columns(
    _totals(MONTH).label("months"), _totals(WEEK).label("weeks"), _SPENT.label("spent")
)

# All of them, because each process keeps them for a while and another one may begin meanwhile.
TARIFFS: Final = (
    select(
        Tariff.vehicle_type,
        Tariff.valid_from,
        Tariff.unlock_fee,
        Tariff.per_minute,
        Tariff.daily_cap,
        Tariff.owner_percent,
    )
    .where(Tariff.city == _CITY)
    .order_by(Tariff.vehicle_type, Tariff.valid_from)
)


_SETTLED: Final = aliased(LedgerEntry)
# Fares that are neither paid nor refunded.
UNPAID_FARES: Final = (
    select(
        LedgerEntry.ride_id,
        LedgerEntry.holder_city.label("rider_city"),
        LedgerEntry.holder_id.label("rider_id"),
        (-LedgerEntry.amount).label("amount"),
        LedgerEntry.currency,
    )
    .where(
        LedgerEntry.city == _CITY,
        LedgerEntry.ride_id > _AFTER,
        LedgerEntry.kind == FARE,
        LedgerEntry.account == RIDER,
        ~exists().where(
            _SETTLED.city == _CITY,
            _SETTLED.ride_id == LedgerEntry.ride_id,
            _SETTLED.kind.in_((PAYMENT, REFUND)),
            _SETTLED.account == RIDER,
        ),
    )
    .order_by(LedgerEntry.ride_id)
    .limit(_LIMIT)
)


def _earnings() -> Select[Any]:
    """Select a page of what each vehicle has earned its owner by month, newest first."""
    earned = (
        select(
            _MONTH,
            LedgerEntry.vehicle_id,
            LedgerEntry.currency,
            cast(func.sum(LedgerEntry.amount), BigInteger).label("amount"),
        )
        .where(
            LedgerEntry.city == _CITY,
            LedgerEntry.holder_id == bindparam("owner_id", type_=Uuid()),
            LedgerEntry.account == OWNER,
            _IS_FARE,
            _SINCE,
        )
        .group_by("month", LedgerEntry.vehicle_id, LedgerEntry.currency)
        .subquery("earned")
    ).c
    last = tuple_(bindparam("before", type_=Date()), _AFTER)
    return (
        select(*earned, Vehicle.type.label("vehicle_type"), Vehicle.brand.label("vehicle_brand"))
        .join(Vehicle, and_(Vehicle.city == _CITY, Vehicle.id == earned.vehicle_id))
        .where(tuple_(earned.month, earned.vehicle_id) < last)
        .order_by(earned.month.desc(), earned.vehicle_id.desc())
        .limit(_LIMIT)
    )


def _managed_vehicle() -> Select[Any]:
    """Select the owner's vehicle with sums, repeated for each of a page of its events."""
    vehicle = (
        _with_activity(
            _OWNED.add_columns(Vehicle.paused_by, Vehicle.removed_at)
            .where(Vehicle.id == bindparam("id", type_=Uuid()))
            .cte("vehicle")
        )
        .add_columns(_EARNED.label("earned"))
        .subquery("managed")
    )
    events = (
        select(
            VehicleEvent.happened_at,
            VehicleEvent.event_types,
            VehicleEvent.state.label("state_then"),
            VehicleEvent.expires_at,
        )
        .where(
            VehicleEvent.city == _CITY,
            VehicleEvent.vehicle_id == bindparam("id", type_=Uuid()),
            VehicleEvent.happened_at < bindparam("before", type_=DateTime(timezone=True)),
        )
        .order_by(VehicleEvent.happened_at.desc())
        .limit(_LIMIT)
        .subquery("events")
    )
    return select(*vehicle.c, *events.c).select_from(vehicle.outerjoin(events, true()))


def with_member(listed: Select[Any], *order: str) -> Select[Any]:
    """Select the request's member and a list in one round trip: each row begins with the member.

    Returns at least one row; the columns of a missing member or of an empty list are NULL, and
    `is_found` is false for an empty list. The last column of `order` is never NULL in the list.
    """
    member, items = SESSION_MEMBER.subquery("member"), listed.subquery("items")
    one = select(literal_column("1").label("one")).subquery("one")
    both = one.outerjoin(member, true()).outerjoin(items, true())
    by = [items.c[name] for name in order]
    is_found = by[-1].is_not(None).label("is_found")
    return select(*member.c, *items.c, is_found).select_from(both).order_by(*by)


@cache
def nearest_with_member(*, of_type: bool, whole_city: bool) -> Select[Any]:
    """Select the session's member together with the result of `nearest`."""
    vehicles = nearest(of_type=of_type, whole_city=whole_city)
    return with_member(vehicles, "distance", "public_id")


VEHICLE_COUNTS: Final = _counts().order_by("type")
VEHICLE_COUNTS_AND_MEMBER: Final = with_member(_counts(), "type")
MEMBERS_OF_CITY: Final = with_member(
    select(User.id, User.first_name, User.is_owner)
    .where(User.city == _CITY, User.id > _AFTER, User.deleted_at.is_(None))
    .order_by(User.id)
    .limit(_LIMIT),
    "id",
)
VEHICLES_OF_OWNER: Final = with_member(_of_owner(), "id")
VEHICLE_OF_OWNER: Final = with_member(
    _NUMBERED.where(
        Vehicle.city == _CITY,
        Vehicle.id == bindparam("id", type_=Uuid()),
        Vehicle.owner_id == bindparam("owner_id", type_=Uuid()),
        Vehicle.removed_at.is_(None),
        Vehicle.number.is_not(None),
    ),
    "public_id",
)
VEHICLE_BY_PUBLIC_ID_WITH_MEMBER: Final = with_member(VEHICLE_BY_PUBLIC_ID, "public_id")
VEHICLE_BY_NUMBER_WITH_MEMBER: Final = with_member(VEHICLE_BY_NUMBER, "public_id")
EARNINGS: Final = with_member(_earnings(), "vehicle_id")
MANAGED_VEHICLE: Final = with_member(_managed_vehicle(), "happened_at", "public_id")
