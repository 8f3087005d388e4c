"""What MovR does, each a function that runs inside one transaction.

A transaction may run more than once: `run_transaction` retries it when it loses against others,
and MovR runs it again when the answer to its COMMIT was lost. So clocks, new ids and password
hashes come in as arguments, and a run that finds its own work done is content.

Whoever decides takes a lock by a conditional UPDATE that names what must be true. That holds at
PostgreSQL's READ COMMITTED as at CockroachDB's SERIALIZABLE, and costs no extra round trip. A
transaction that changes a user's row does so first, and a ride's only rider is the user whose row
it has changed; so no two transactions wait for each other in a ring.
"""

from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Table,
    Update,
    and_,
    any_,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_unless
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from movr import errors
from movr.cities import Position
from movr.formats import AVAILABLE, IN_USE
from movr.geo import band
from movr.models import Base, Ride, User, Vehicle
from movr.results import RideKey, UserKey, VehicleKey

# What a user's row says of the ride under way.
_ACTIVE_RIDE: Final = tuple(
    column.name for column in User.__table__.columns if column.name.startswith("active_ride_")
)


def register(
    session: Session,
    user: UserKey,
    *,
    first_name: str,
    last_name: str,
    email: str,
    username: str,
    password_hash: str,
) -> None:
    """Open an account. Raises UsernameTaken; usernames are kept in lower case."""
    account = {
        "city": user.city,
        "id": user.id,
        "first_name": first_name,
        "last_name": last_name,
        "email": email,
        "username": username.lower(),
        "password_hash": password_hash,
        "is_owner": False,
        "cities_ridden": [],
    }
    opened = insert_unless(User).values(account).on_conflict_do_nothing()
    if not _changes(session, opened.returning(User.id)):
        # Names no city: whoever holds the username may live in any.
        holder = session.scalar(select(User.id).where(User.username == account["username"]))
        if holder != user.id:
            raise errors.UsernameTaken


def set_password(session: Session, user: UserKey, epoch: int, *, password_hash: str) -> str:
    """Change the password and end all sessions of this epoch; the account's username.

    Raises SessionEnded if they ended before, AccountGone.
    """
    changed = _ending_sessions(user, epoch).values(password_hash=password_hash)
    if username := session.scalar(changed.returning(User.username)):
        return username
    found = select(User.username, User.password_hash).where(
        _is(User, user), User.deleted_at.is_(None)
    )
    row = session.execute(found).one_or_none()
    if row is None:
        raise errors.AccountGone
    if row.password_hash != password_hash:  # and so not by an earlier run of this
        raise errors.SessionEnded
    return str(row.username)


def end_sessions(session: Session, user: UserKey, epoch: int) -> None:
    """End all sessions of this epoch; content if they ended before."""
    session.execute(_ending_sessions(user, epoch))


def erase_account(session: Session, user: UserKey, *, now: datetime) -> None:
    """Delete an account: name, email and hash are gone, its vehicles retire, its rides remain.

    Raises StillRiding, VehiclesInUse, or AccountGone if it was erased before.
    """
    erased = (
        _change(User)
        .where(_is(User, user), User.deleted_at.is_(None), User.active_ride_id.is_(None))
        .values(
            first_name=None,
            last_name=None,
            email=None,
            username=None,
            password_hash=None,
            session_epoch=User.session_epoch + 1,
            deleted_at=now,
        )
    )
    if not _changes(session, erased.returning(User.id)):
        _refuse_to_erase(session, user, now)
        return
    owned = and_(
        Vehicle.city == user.city, Vehicle.owner_id == user.id, Vehicle.removed_at.is_(None)
    )
    session.execute(
        _change(Vehicle).where(owned, Vehicle.status == AVAILABLE).values(removed_at=now)
    )
    # Whatever is left was ridden a moment ago, even if its ride has ended since.
    if session.scalar(select(exists().where(owned))):
        raise errors.VehiclesInUse


def add_vehicle(
    session: Session,
    vehicle: VehicleKey,
    owner: UserKey,
    *,
    type: str,
    color: str,
    brand: str,
    location: str,
    position: Position,
    now: datetime,
) -> None:
    """Put a vehicle on the street of its owner's city. Raises AccountGone."""
    makes_owner = (
        _change(User).where(_is(User, owner), User.deleted_at.is_(None)).values(is_owner=True)
    )
    if not _changes(session, makes_owner.returning(User.id)):
        raise errors.AccountGone
    session.execute(
        insert_unless(Vehicle)
        .values(
            city=vehicle.city,
            id=vehicle.id,
            owner_id=owner.id,
            type=type,
            color=color,
            brand=brand,
            last_location=location,
            **_place(position),
            status=AVAILABLE,
            date_added=now,
        )
        .on_conflict_do_nothing(index_elements=["city", "id"])
    )


def remove_vehicle(session: Session, vehicle: VehicleKey, owner: UserKey, *, now: datetime) -> None:
    """Take the owner's vehicle out of service; content if it is.

    Raises VehicleNotFound, NotYourVehicle, or VehicleInUse while somebody rides it.
    """
    removed = (
        _change(Vehicle)
        .where(_is_in_service(vehicle), Vehicle.owner_id == owner.id, Vehicle.status == AVAILABLE)
        .values(removed_at=now)
    )
    if not _changes(session, removed.returning(Vehicle.id)):
        _refuse_to_remove(session, vehicle, owner)


def start_ride(
    session: Session, ride: RideKey, vehicle: VehicleKey, rider: UserKey, *, now: datetime
) -> RideKey:
    """Start a ride: the rider is on no other, the vehicle is free.

    Content with the ride that the rider is on, if it is with this vehicle: what comes back is the
    ride under way. Raises AlreadyRiding, AccountGone, VehicleTaken, VehicleNotFound.
    """
    if not _claim_rider(session, ride, rider):
        return _under_way(session, vehicle, rider)
    taken = (
        _change(Vehicle)
        .where(_is_in_service(vehicle), Vehicle.status == AVAILABLE)
        .values(status=IN_USE)
        .returning(
            Vehicle.type,
            Vehicle.brand,
            Vehicle.last_location,
            Vehicle.latitude,
            Vehicle.longitude,
            literal(rider.id).label("rider_id"),
        )
        .cte("taken")
    )
    noted = _note_what_is_ridden(rider, taken, now)
    started = (
        insert(Ride)
        .from_select(
            [
                *("city", "id", "vehicle_id", "rider_city", "rider_id", "start_time"),
                *("start_location", "start_latitude", "start_longitude"),
            ],
            select(
                literal(ride.city),
                literal(ride.id),
                literal(vehicle.id),
                literal(rider.city),
                literal(rider.id),
                literal(now, Ride.start_time.type),
                taken.c.last_location,
                taken.c.latitude,
                taken.c.longitude,
            ),
        )
        .add_cte(noted)
    )
    if not _changes(session, started.returning(Ride.id)):
        raise _why_not_free(session, vehicle)
    return ride


def end_ride(
    session: Session,
    ride: RideKey,
    rider: UserKey,
    *,
    location: str,
    position: Position | None,
    distance: int | None,
    public_id: UUID,
    now: datetime,
) -> None:
    """End the rider's active ride and free its vehicle where it was left, under a new public name.

    Content with a ride that the rider has ended before. Raises RideNotFound, NotYourRide.
    """
    released = (
        _change(User)
        .where(_is(User, rider), User.active_ride_city == ride.city, User.active_ride_id == ride.id)
        .values(dict.fromkeys(_ACTIVE_RIDE, null()))
    )
    if not _changes(session, released.returning(User.id)):
        _refuse_to_end(session, ride, rider)
        return
    # The clock of the server that started the ride may have been ahead of this one.
    end_time = func.greatest(literal(now, Ride.end_time.type), Ride.start_time)
    ended = (
        _change(Ride)
        .where(_is(Ride, ride), Ride.end_time.is_(None))
        .values(
            end_location=location,
            end_latitude=position and position.latitude,
            end_longitude=position and position.longitude,
            distance=distance,
            end_time=end_time,
            length=end_time - Ride.start_time,
        )
        .returning(Ride.vehicle_id)
        .cte("ended")
    )
    session.execute(
        _change(Vehicle)
        .where(Vehicle.city == ride.city, Vehicle.id.in_(select(ended.c.vehicle_id)))
        .values(
            status=AVAILABLE,
            last_location=location,
            public_id=public_id,
            **(_place(position) if position else {}),
        )
    )


def update_region(session: Session, city: str, region: str) -> None:
    """Have the hidden `crdb_region` of a city's rows say this region.

    For tables that are REGIONAL BY ROW without a computed column, as in CockroachDB's guide "scale
    to multiple regions"; the models do not know that column.
    """
    for table in Base.metadata.sorted_tables:
        statement = text(
            f"UPDATE {table.name} SET crdb_region = :region"  # noqa: S608 - a name of ours
            " WHERE city = :city AND crdb_region <> :region"
        )
        session.execute(statement, {"city": city, "region": region})


def _ending_sessions(user: UserKey, epoch: int) -> Update:
    return (
        _change(User)
        .where(_is(User, user), User.deleted_at.is_(None), User.session_epoch == epoch)
        .values(session_epoch=epoch + 1)
    )


def _claim_rider(session: Session, ride: RideKey, rider: UserKey) -> bool:
    """Note the ride on the rider's row, which has room for one; False if that is taken."""
    claimed = (
        _change(User)
        .where(_is(User, rider), User.deleted_at.is_(None), User.active_ride_id.is_(None))
        .values(
            active_ride_city=ride.city,
            active_ride_id=ride.id,
            cities_ridden=case(
                (literal(ride.city) == any_(User.cities_ridden), User.cities_ridden),
                else_=func.array_append(User.cities_ridden, ride.city),
            ),
        )
    )
    return _changes(session, claimed.returning(User.id))


def _under_way(session: Session, vehicle: VehicleKey, rider: UserKey) -> RideKey:
    """The ride that the rider is on, with this vehicle. Raises AlreadyRiding, AccountGone."""
    noted = _user(session, rider)
    ride = RideKey(noted.active_ride_city, noted.active_ride_id)
    ridden = session.scalar(select(Ride.vehicle_id).where(_is(Ride, ride)))
    if (ride.city, ridden) != vehicle:
        raise errors.AlreadyRiding
    return ride


def _note_what_is_ridden(rider: UserKey, taken: CTE, now: datetime) -> CTE:
    """Have the rider's row say what is ridden, since when and from where."""
    return (
        _change(User)
        .where(_is(User, rider), User.id == taken.c.rider_id)
        .values(
            active_ride_type=taken.c.type,
            active_ride_brand=taken.c.brand,
            active_ride_start=literal(now, User.active_ride_start.type),
            active_ride_latitude=taken.c.latitude,
            active_ride_longitude=taken.c.longitude,
        )
        .cte("noted")
    )


def _place(position: Position) -> dict[str, float]:
    """The columns of a vehicle that say where it stands."""
    return {
        "latitude": position.latitude,
        "longitude": position.longitude,
        "band": band(position.latitude),
    }


def _changes(session: Session, change: ReturningUpdate[Any] | ReturningInsert[Any]) -> bool:
    """Run a change of at most one row; whether there was one to change."""
    return session.execute(change).one_or_none() is not None


def _change(model: type[Base]) -> Update:
    """An UPDATE of the table itself: it need not look for objects in the (empty) session."""
    return update(cast("Table", model.__table__))


def _is_in_service(vehicle: VehicleKey) -> ColumnElement[bool]:
    return and_(_is(Vehicle, vehicle), Vehicle.removed_at.is_(None))


def _is(
    model: type[User | Vehicle | Ride], key: UserKey | VehicleKey | RideKey
) -> ColumnElement[bool]:
    return and_(model.city == key.city, model.id == key.id)


def _user(session: Session, user: UserKey) -> Row[Any]:
    """The user's row, with what decides. Raises AccountGone if there is no such account."""
    found = select(User.active_ride_city, User.active_ride_id, User.deleted_at).where(
        _is(User, user)
    )
    row = session.execute(found).one_or_none()
    if row is None or row.deleted_at:
        raise errors.AccountGone
    return row


def _refuse_to_erase(session: Session, user: UserKey, now: datetime) -> None:
    deleted_at = session.scalar(select(User.deleted_at).where(_is(User, user)))
    if deleted_at != now:  # and so not by an earlier run of this
        _user(session, user)
        raise errors.StillRiding


def _refuse_to_remove(session: Session, vehicle: VehicleKey, owner: UserKey) -> None:
    found = select(Vehicle.owner_id, Vehicle.removed_at).where(_is(Vehicle, vehicle))
    row = session.execute(found).one_or_none()
    if row is None:
        raise errors.VehicleNotFound
    if row.owner_id != owner.id:
        raise errors.VehicleNotFound if row.removed_at else errors.NotYourVehicle
    if not row.removed_at:  # ridden a moment ago, even if the ride has ended since
        raise errors.VehicleInUse


def _why_not_free(session: Session, vehicle: VehicleKey) -> errors.Refusal:
    found = session.scalar(select(Vehicle.id).where(_is_in_service(vehicle)))
    return errors.VehicleTaken() if found else errors.VehicleNotFound()


def _refuse_to_end(session: Session, ride: RideKey, rider: UserKey) -> None:
    found = select(Ride.rider_city, Ride.rider_id).where(_is(Ride, ride))
    row = session.execute(found).one_or_none()
    if row is None:
        raise errors.RideNotFound
    if (row.rider_city, row.rider_id) != rider:
        raise errors.NotYourRide
