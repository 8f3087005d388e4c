"""Invariants of MovR's data, which hold after any race, failure or retry.

Each invariant is one SELECT that finds the rows that violate it. A single statement sees one
snapshot, so invariants can be checked while people ride. The statements read all cities; they are
for tests and operators, not for requests.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Engine,
    FromClause,
    FunctionElement,
    Over,
    Select,
    Subquery,
    all_,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import aliased

from movr.cities import CITIES
from movr.database.engine import disable_statement_timeout
from movr.fares import fare_of, owner_share
from movr.formats import AUDIT_DAYS, AVAILABLE, ERASED, FARE, IN_USE, OWNER, RIDER
from movr.models import (
    ApiToken,
    AuditEntry,
    LedgerEntry,
    Report,
    Ride,
    RideTotal,
    StaffRole,
    User,
    Vehicle,
    VehicleEvent,
)
from movr.ride_totals import begin_at, periods
from movr.undo import UNDO_WITHIN
from movr.vehicle_states import VehicleState, state_of

_IS_ACTIVE: Final = Ride.end_time.is_(None)
_IS_OF_VEHICLE: Final = and_(Ride.city == Vehicle.city, Ride.vehicle_id == Vehicle.id)
_IS_OF_RIDER: Final = and_(Ride.rider_city == User.city, Ride.rider_id == User.id)
_IS_RECORDED: Final = and_(User.active_ride_city == Ride.city, User.active_ride_id == Ride.id)
_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_IS_RESERVED: Final = Vehicle.reserved_until > _NOW
_HAS_RESERVATION: Final = User.reservation_until > _NOW
_IS_RESERVED_BY: Final = and_(
    Vehicle.reserved_by_city == User.city, Vehicle.reserved_by_id == User.id
)
_IS_RESERVATION: Final = and_(
    Vehicle.city == User.reservation_city,
    Vehicle.public_id == User.reservation_public_id,
    Vehicle.reserved_until == User.reservation_until,
)
_IS_OF_REPORTER: Final = and_(Report.reporter_city == User.city, Report.reporter_id == User.id)
_IS_OWNED: Final = and_(Vehicle.city == User.city, Vehicle.owner_id == User.id)


def _wrong_totals() -> Select[Any]:
    """Select riders with a total that differs from the sum of their ended rides, not undone.

    The rides are added and the totals subtracted, so the result of each period should be zero.
    """
    by = periods()
    timezone = case({city.name: city.timezone.key for city in CITIES}, value=Ride.rider_city)
    rides = (
        select(
            Ride.rider_city.label("city"),
            Ride.rider_id.label("id"),
            by.c.period,
            begin_at(by.c.period, Ride.start_time, timezone).label("begin"),
            literal(1).label("rides"),
            Ride.length,
            func.coalesce(Ride.distance, 0).label("distance"),
        )
        .join(by, true())
        .where(Ride.end_time.is_not(None), Ride.undone.is_(False))
    )
    totals = select(
        RideTotal.city,
        RideTotal.rider_id,
        RideTotal.period,
        RideTotal.begin,
        -RideTotal.rides,
        -RideTotal.length,
        -RideTotal.distance,
    )
    rest = union_all(rides, totals).subquery("rest").c
    amounts = (rest.rides, rest.length, rest.distance)
    zeros = (literal(0), literal(timedelta()), literal(0))
    return (
        select(rest.city, rest.id)
        .group_by(rest.city, rest.id, rest.period, rest.begin)
        .having(or_(*(func.sum(n) != zero for n, zero in zip(amounts, zeros, strict=True))))
    )


def _wrong_fares() -> Select[Any]:
    """Select rides whose fare in the ledger is not their amount and its owner's share.

    What is expected is added and the entries subtracted, so the result should be zero.
    """
    charge = select(
        Ride.city,
        Ride.id,
        literal(RIDER).label("account"),
        Ride.rider_id,
        (-Ride.amount).label("n"),
    )
    share = select(
        Ride.city,
        Ride.id,
        literal(OWNER),
        Vehicle.owner_id,
        owner_share(Ride.amount, Ride.owner_percent),
    ).join(Vehicle, _IS_OF_VEHICLE)
    entries = select(
        LedgerEntry.city,
        LedgerEntry.ride_id,
        LedgerEntry.account,
        LedgerEntry.holder_id,
        -LedgerEntry.amount,
    ).where(LedgerEntry.kind == FARE, LedgerEntry.account.in_((RIDER, OWNER)))
    expected = (part.where(Ride.amount > 0) for part in (charge, share))
    rest = union_all(*expected, entries).subquery("rest").c
    return (
        select(rest.city, rest.id)
        .group_by(rest.city, rest.id, rest.account, rest.rider_id)
        .having(func.sum(rest.n) != 0)
    )


def _wrong_amounts() -> Select[Any]:
    """Select rides that cost neither what their tariff says nor, if staff ended them, its cap.

    Who has ended a ride is in the audit, which is not kept as long as rides.
    """
    fare = fare_of(Ride, Ride.length)
    costs = (func.coalesce(fare, 0), func.coalesce(func.least(fare, Ride.daily_cap), 0))
    is_right = case((Ride.undone, Ride.amount == 0), else_=Ride.amount.in_(costs))
    return select(Ride.city, Ride.id).where(Ride.amount.is_not(None), or_(_IS_ACTIVE, ~is_right))


def _wrong_repayments() -> Select[Any]:
    """Select rides whose payment or refund is not what the rider or owner had by the fare."""
    fare = aliased(LedgerEntry)
    is_fare = and_(
        fare.city == LedgerEntry.city,
        fare.ride_id == LedgerEntry.ride_id,
        fare.account == LedgerEntry.account,
        fare.kind == FARE,
    )
    is_same = and_(
        fare.holder_id == LedgerEntry.holder_id,
        fare.currency == LedgerEntry.currency,
        fare.amount == -LedgerEntry.amount,
    )
    return (
        select(LedgerEntry.city, LedgerEntry.ride_id.label("id"))
        .outerjoin(fare, is_fare)
        .where(LedgerEntry.kind != FARE, LedgerEntry.account.in_((RIDER, OWNER)))
        .where(or_(fare.amount.is_(None), ~is_same))
    )


def _missing_from_audit() -> Select[Any]:
    """Select members who were suspended, or got a role, without an entry in the audit.

    Entries are removed after AUDIT_DAYS.
    """
    kept = _NOW - timedelta(days=AUDIT_DAYS)

    def is_recorded(action: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(AuditEntry.action == action, *conditions)

    suspension = is_recorded(
        "suspend_account",
        AuditEntry.city == User.city,
        AuditEntry.subject_id == User.id,
        AuditEntry.happened_at >= User.suspended_at,
    )
    grant = is_recorded(
        "grant_role",
        AuditEntry.city == StaffRole.city,
        AuditEntry.subject_id == StaffRole.user_id,
        AuditEntry.happened_at == StaffRole.granted_at,
    )
    suspended = select(User.city, User.id).where(User.suspended_at > kept, ~suspension)
    granted = select(StaffRole.user_city, StaffRole.user_id).where(
        StaffRole.granted_at > kept, ~grant
    )
    missing = union(suspended, granted).subquery("missing").c
    return select(missing.city, missing.id)


def _not_erased() -> Select[Any]:
    """Select deleted accounts that still have a role, or a device or program that is logged in."""
    has_role = exists().where(
        StaffRole.user_city == User.city,
        StaffRole.user_id == User.id,
        StaffRole.revoked_at.is_(None),
    )
    has_device = exists().where(
        ApiToken.city == User.city, ApiToken.holder_id == User.id, ApiToken.revoked_at.is_(None)
    )
    return select(User.city, User.id).where(User.deleted_at.is_not(None), or_(has_role, has_device))


def _wrong_staff_cities() -> Select[Any]:
    """Select members whose row does not name exactly the cities of their roles."""
    is_holder = and_(
        StaffRole.user_city == User.city,
        StaffRole.user_id == User.id,
        StaffRole.revoked_at.is_(None),
    )
    named = func.coalesce(func.array_length(User.staff_cities, 1), 0)
    return (
        select(User.city, User.id)
        .outerjoin(StaffRole, is_holder)
        .group_by(User.city, User.id, User.staff_cities)
        .having(
            or_(
                func.count(StaffRole.city.distinct()) != named,
                func.bool_or(StaffRole.city != all_(User.staff_cities)).filter(
                    StaffRole.city.is_not(None)
                ),
            )
        )
    )


def _overlapping_rides() -> Select[Any]:
    """Select rides that began before an earlier ride of the same vehicle had ended."""
    ends = (
        func.max(Ride.end_time)
        .over(
            partition_by=(Ride.city, Ride.vehicle_id),
            order_by=(Ride.start_time, Ride.id),
            rows=(None, -1),
        )
        .label("last_end")
    )
    rides = select(Ride.city, Ride.id, Ride.start_time, ends).subquery("rides").c
    return select(rides.city, rides.id).where(rides.start_time < rides.last_end)


def _events() -> Subquery:
    """Select each event with the state and time of the one before, and whether it is the last."""
    of_vehicle = (VehicleEvent.city, VehicleEvent.vehicle_id)

    def by_time(function: FunctionElement[Any]) -> Over[Any]:
        return function.over(partition_by=of_vehicle, order_by=VehicleEvent.happened_at)

    return select(
        VehicleEvent,
        by_time(func.lag(VehicleEvent.state)).label("state_before"),
        by_time(func.lag(VehicleEvent.expires_at)).label("expires_before"),
        by_time(func.lead(VehicleEvent.id)).is_(None).label("is_last"),
    ).subquery("events")


def _is_followed_by(
    state: ColumnElement[str],
    expires_at: ColumnElement[datetime],
    next_state: ColumnElement[str],
    time: ColumnElement[datetime],
) -> ColumnElement[bool]:
    """Return a condition: at `time`, the state of an event has become this one by the clock only.

    A reservation expires; afterwards the vehicle is available, or leaves.
    """
    by_clock = next_state.in_((VehicleState.AVAILABLE, VehicleState.REMOVED))
    return case((expires_at <= time, by_clock), else_=state == next_state)


def _broken_chains() -> Select[Any]:
    """Select events that begin in another state than that which the event before has led to."""
    events = _events().c
    follows = _is_followed_by(
        events.state_before, events.expires_before, events.previous_state, events.happened_at
    )
    return select(events.city, events.id).where(events.state_before.is_not(None), ~follows)


def _wrong_states() -> Select[Any]:
    """Select vehicles that are in another state than that which their last event has led to."""
    events = _events()
    is_last = and_(
        events.c.city == Vehicle.city, events.c.vehicle_id == Vehicle.id, events.c.is_last
    )
    state = state_of(Vehicle, _NOW)
    follows = _is_followed_by(events.c.state, events.c.expires_at, state, _NOW)
    return select(Vehicle.city, Vehicle.id).join(events, is_last).where(~follows)


def _uneven_rides() -> Select[Any]:
    """Select rides of which an event is the start, and not one event the end if they have ended."""
    ends = func.count().filter(VehicleEvent.previous_state == VehicleState.ON_TRIP)
    starts = func.count().filter(VehicleEvent.state == VehicleState.ON_TRIP)
    of_ride = and_(
        VehicleEvent.city == Ride.city,
        VehicleEvent.ride_id == Ride.id,
        VehicleEvent.vehicle_id == Ride.vehicle_id,
    )
    return (
        select(Ride.city, Ride.id)
        .join(VehicleEvent, of_ride)
        .group_by(Ride.city, Ride.id, Ride.end_time)
        .having(or_(starts > 1, ends != case((Ride.end_time.is_(None), 0), else_=1)))
    )


# Each invariant as a sentence, with a query for the keys (city, id) that violate it.
INVARIANTS: Final[dict[str, Select[Any]]] = {
    "A vehicle has at most one active ride.": (
        select(Ride.city, Ride.vehicle_id.label("id"))
        .where(_IS_ACTIVE)
        .group_by(Ride.city, Ride.vehicle_id)
        .having(func.count() > 1)
    ),
    "A rider has at most one active ride.": (
        select(Ride.rider_city.label("city"), Ride.rider_id.label("id"))
        .where(_IS_ACTIVE)
        .group_by(Ride.rider_city, Ride.rider_id)
        .having(func.count() > 1)
    ),
    "A vehicle in use has an active ride.": (
        select(Vehicle.city, Vehicle.id).where(
            Vehicle.status == IN_USE, ~exists().where(_IS_OF_VEHICLE, _IS_ACTIVE)
        )
    ),
    "A vehicle with an active ride is in use.": (
        select(Ride.city, Ride.vehicle_id.label("id"))
        .join(Vehicle, _IS_OF_VEHICLE)
        .where(_IS_ACTIVE, or_(Vehicle.status != IN_USE, Vehicle.removed_at.is_not(None)))
    ),
    "An active ride is recorded in its rider's row.": (
        select(Ride.city, Ride.id).where(
            _IS_ACTIVE, ~exists().where(_IS_OF_RIDER, _IS_RECORDED, User.deleted_at.is_(None))
        )
    ),
    "A ride recorded in a user's row is active and belongs to that user.": (
        select(User.city, User.id).where(
            User.active_ride_id.is_not(None),
            ~exists().where(_IS_RECORDED, _IS_OF_RIDER, _IS_ACTIVE),
        )
    ),
    "A rider has at most one reservation.": (
        select(Vehicle.reserved_by_city.label("city"), Vehicle.reserved_by_id.label("id"))
        .where(_IS_RESERVED)
        .group_by(Vehicle.reserved_by_city, Vehicle.reserved_by_id)
        .having(func.count() > 1)
    ),
    "A reserved vehicle is available, and its reservation is in its rider's row.": (
        select(Vehicle.city, Vehicle.id).where(
            _IS_RESERVED,
            or_(Vehicle.status != AVAILABLE, ~exists().where(_IS_RESERVED_BY, _IS_RESERVATION)),
        )
    ),
    "A reservation in a user's row is that of a vehicle, and the account is not deleted.": (
        select(User.city, User.id).where(
            _HAS_RESERVATION,
            or_(User.deleted_at.is_not(None), ~exists().where(_IS_RESERVED_BY, _IS_RESERVATION)),
        )
    ),
    "A user's row names every city where the user has ridden.": (
        select(Ride.city, Ride.id)
        .join(User, _IS_OF_RIDER)
        .where(Ride.city != all_(User.cities_ridden))
    ),
    "A ride begins after its vehicle's last ride has ended.": _overlapping_rides(),
    "A rider's totals are the sums of their ended rides.": _wrong_totals(),
    "A ride costs what its tariff says, and nothing if it was undone.": _wrong_amounts(),
    "A ride that costs is charged once, to its rider and for its vehicle's owner.": _wrong_fares(),
    "The entries of a ride in the ledger sum to zero.": (
        select(LedgerEntry.city, LedgerEntry.ride_id.label("id"))
        .group_by(LedgerEntry.city, LedgerEntry.ride_id, LedgerEntry.kind)
        .having(func.sum(LedgerEntry.amount) != 0)
    ),
    "A payment or refund is of the amount, the currency and the people of its fare.": (
        _wrong_repayments()
    ),
    "An undone ride ended within minutes, where it began.": (
        select(Ride.city, Ride.id).where(
            Ride.undone,
            or_(Ride.length > UNDO_WITHIN, Ride.end_location != Ride.start_location),
        )
    ),
    "The owner of a vehicle that stays in service is marked as owner and has an account.": (
        select(Vehicle.city, Vehicle.id)
        .join(User, _IS_OWNED)
        .where(
            Vehicle.removed_at.is_(None),
            ~Vehicle.remove_after_ride,
            or_(~User.is_owner, User.deleted_at.is_not(None)),
        )
    ),
    "A member's row names the cities of their roles, and no others.": _wrong_staff_cities(),
    "Suspended accounts and given roles are in the audit.": _missing_from_audit(),
    "A deleted account has no role, and no device or program.": _not_erased(),
    "Every vehicle has a number.": select(Vehicle.city, Vehicle.id).where(Vehicle.number.is_(None)),
    "A vehicle that is not ridden is not to be removed after its ride.": (
        select(Vehicle.city, Vehicle.id).where(
            Vehicle.removed_at.is_(None), Vehicle.remove_after_ride, Vehicle.status != IN_USE
        )
    ),
    "An available vehicle is not paused.": select(Vehicle.city, Vehicle.id).where(
        Vehicle.status == AVAILABLE, Vehicle.paused_by.is_not(None)
    ),
    "An event of a vehicle begins in the state to which the one before has led.": _broken_chains(),
    "A vehicle is in the state to which its last event has led.": _wrong_states(),
    "A ride that starts by an event ends by one.": _uneven_rides(),
    "The rides of a deleted account have no places and no words of their rider.": (
        select(Ride.city, Ride.id)
        .join(User, _IS_OF_RIDER)
        .where(User.deleted_at.is_not(None))
        .where(
            or_(
                Ride.start_location != ERASED,
                Ride.end_location != ERASED,
                Ride.undo_reason.is_not(None),
            )
        )
    ),
    "A user's row names every city where the user has reported a problem.": (
        select(Report.city, Report.id)
        .join(User, _IS_OF_REPORTER)
        .where(Report.city != all_(User.cities_reported))
    ),
    "The reports of a deleted account have no words and no place.": (
        select(Report.city, Report.id)
        .join(User, _IS_OF_REPORTER)
        .where(
            User.deleted_at.is_not(None),
            or_(Report.words.is_not(None), Report.latitude.is_not(None)),
        )
    ),
}


def find_violations(engine: Engine, now: datetime | None = None) -> list[str]:
    """Return a sentence for each violated invariant, with the number of rows and one example.

    `now` is the time by which reservations end; by default the present time.
    """
    return [violation for violation in check_each(engine, now) if violation]


def check_each(engine: Engine, now: datetime | None = None) -> Iterator[str]:
    """Check one invariant after the other; yield the sentence of find_violations, or "" for each.

    It takes minutes on a large database.
    """
    with engine.connect() as connection:
        disable_statement_timeout(connection)
        for sentence, breaches in INVARIANTS.items():
            found = _count_with_example(breaches.subquery("breaches"))
            row = connection.execute(found, {"now": now or datetime.now(UTC)}).one_or_none()
            connection.commit()  # ends the snapshot, which would keep removed rows from vacuum
            yield f"{sentence} Broken by {row.number}: {row.city}, {row.id}." if row else ""


def _count_with_example(breaches: FromClause) -> Select[Any]:
    """Select the number of breaches and the first of them; no row if there are none."""
    number = func.count(literal_column("*")).over().label("number")
    keys = (breaches.c.city, breaches.c.id)
    return select(*keys, number).order_by(*keys).limit(1)
