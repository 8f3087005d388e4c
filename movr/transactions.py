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
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Executable, Row

from movr import changes, errors, queries
from movr.cities import Position
from movr.database.execution import run
from movr.formats import AVAILABLE
from movr.results import RideKey, UserKey, VehicleKey


def register(
    connection: Connection,
    user: UserKey,
    *,
    first_name: str,
    last_name: str,
    email: str,
    username: str,
    password_hash: str,
) -> None:
    """Open an account. Raises UsernameTaken; usernames are kept in lower case."""
    opened = _is_changed(
        connection,
        changes.OPEN_ACCOUNT,
        city=user.city,
        id=user.id,
        first_name=first_name,
        last_name=last_name,
        email=email,
        username=username.lower(),
        password_hash=password_hash,
        is_owner=False,
        cities_ridden=[],
    )
    if opened:
        return
    holder = run(connection, changes.SELECT_USER_BY_USERNAME, username=username.lower())
    if holder.scalar() != user.id:
        raise errors.UsernameTaken


def set_password(connection: Connection, user: UserKey, epoch: int, *, password_hash: str) -> str:
    """Change the password and end all sessions of this epoch; the account's username.

    Raises SessionEnded if they ended before, AccountDeleted.
    """
    who = _parameters(user=user)
    changed = run(connection, changes.SET_PASSWORD, **who, epoch=epoch, new_hash=password_hash)
    if username := changed.scalar():
        return str(username)
    row = run(connection, queries.PASSWORD_HASH, **who).one_or_none()
    if row is None:
        raise errors.AccountDeleted
    if row.password_hash != password_hash:  # and so not by an earlier run of this
        raise errors.SessionEnded
    return str(row.username)


def end_sessions(connection: Connection, user: UserKey, epoch: int) -> None:
    """End all sessions of this epoch; content if they ended before."""
    run(connection, changes.END_SESSIONS, **_parameters(user=user), epoch=epoch)


def erase_account(connection: Connection, user: UserKey, *, now: datetime) -> None:
    """Delete an account: name, email and hash are gone, its vehicles retire, its rides remain.

    Raises StillRiding, VehiclesInUse, or AccountDeleted if it was erased before.
    """
    who = _parameters(user=user)
    if not _is_changed(connection, changes.ERASE_ACCOUNT, **who, now=now):
        _refuse_to_erase(connection, user, now)
        return
    run(connection, changes.RETIRE_VEHICLES_OF_OWNER, **who, now=now)
    # Whatever is left was ridden a moment ago, even if its ride has ended since.
    if run(connection, changes.SELECT_OWNS_VEHICLES, **who).scalar():
        raise errors.VehiclesInUse


def add_vehicle(
    connection: Connection,
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
    """Put a vehicle on the street of its owner's city. Raises AccountDeleted."""
    if not _is_changed(connection, changes.MAKE_OWNER, **_parameters(user=owner)):
        raise errors.AccountDeleted
    run(
        connection,
        changes.ADD_VEHICLE,
        city=vehicle.city,
        id=vehicle.id,
        owner_id=owner.id,
        type=type,
        color=color,
        brand=brand,
        last_location=location,
        latitude=position.latitude,
        longitude=position.longitude,
        status=AVAILABLE,
        date_added=now,
    )


def remove_vehicle(
    connection: Connection, vehicle: VehicleKey, owner: UserKey, *, now: datetime
) -> None:
    """Take the owner's vehicle out of service; content if it is.

    Raises VehicleNotFound, NotYourVehicle, or VehicleInUse while somebody rides it.
    """
    what = _parameters(vehicle=vehicle)
    if not _is_changed(connection, changes.REMOVE_VEHICLE, **what, user_id=owner.id, now=now):
        _refuse_to_remove(connection, vehicle, owner)


def start_ride(
    connection: Connection, ride: RideKey, vehicle: VehicleKey, rider: UserKey, *, now: datetime
) -> RideKey:
    """Start a ride: the rider is on no other, the vehicle is free.

    Content with the ride that the rider is on, if it is with this vehicle: what comes back is the
    ride under way. Raises AlreadyRiding, AccountDeleted, VehicleTaken, VehicleNotFound.
    """
    claim = _parameters(user=rider, ride=ride)
    if not _is_changed(connection, changes.CLAIM_RIDER, **claim):
        return _under_way(connection, vehicle, rider)
    what = _parameters(vehicle=vehicle)
    if not _is_changed(connection, changes.START_RIDE, **claim, **what, now=now):
        raise _why_not_free(connection, vehicle)
    return ride


def end_ride(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    *,
    location: str,
    position: Position | None,
    distance: int | None,
    public_id: UUID,
    timezone: str,
    now: datetime,
) -> None:
    """End the rider's active ride and free its vehicle where it was left, under a new public name.

    Adds the ride to its rider's totals of the week and month in which it began, in the `timezone`
    of the rider's home city.

    Content with a ride that the rider has ended before. Raises RideNotFound, NotYourRide.
    """
    which = _parameters(ride=ride)
    who = _parameters(user=rider)
    if not _is_changed(connection, changes.RELEASE_RIDER, **who, **which):
        _refuse_to_end(connection, ride, rider)
        return
    run(
        connection,
        changes.END_RIDE,
        **who,
        **which,
        timezone=timezone,
        place=location,
        at_latitude=position and position.latitude,
        at_longitude=position and position.longitude,
        metres=distance,
        new_public_id=public_id,
        now=now,
    )


def update_region(connection: Connection, city: str, region: str) -> None:
    """Have the hidden `crdb_region` of a city's rows say this region."""
    for statement in changes.UPDATE_REGIONS:
        run(connection, statement, city=city, region=region)


def _is_changed(connection: Connection, change: Executable, **parameters: object) -> bool:
    """Run a change of at most one row; whether there was one to change."""
    return run(connection, change, **parameters).one_or_none() is not None


def _parameters(**keys: UserKey | VehicleKey | RideKey) -> dict[str, object]:
    """The keys of what is changed, as statements know them."""
    cities: dict[str, object] = {f"{name}_city": key.city for name, key in keys.items()}
    return cities | {f"{name}_id": key.id for name, key in keys.items()}


def _under_way(connection: Connection, vehicle: VehicleKey, rider: UserKey) -> RideKey:
    """The ride that the rider is on, with this vehicle. Raises AlreadyRiding, AccountDeleted."""
    noted = _user(connection, rider)
    ride = RideKey(noted.active_ride_city, noted.active_ride_id)
    ridden = run(connection, changes.SELECT_VEHICLE_OF_RIDE, **_parameters(ride=ride)).scalar()
    if (ride.city, ridden) != vehicle:
        raise errors.AlreadyRiding
    return ride


def _user(connection: Connection, user: UserKey) -> Row[Any]:
    """The user's row, with what decides. Raises AccountDeleted if there is no such account."""
    row = run(connection, changes.SELECT_USER_STATE, **_parameters(user=user)).one_or_none()
    if row is None or row.deleted_at:
        raise errors.AccountDeleted
    return row


def _refuse_to_erase(connection: Connection, user: UserKey, now: datetime) -> None:
    row = run(connection, changes.SELECT_USER_STATE, **_parameters(user=user)).one_or_none()
    if row is None or row.deleted_at not in {None, now}:
        raise errors.AccountDeleted
    if not row.deleted_at:  # else by an earlier run of this
        raise errors.StillRiding


def _refuse_to_remove(connection: Connection, vehicle: VehicleKey, owner: UserKey) -> None:
    row = run(
        connection, changes.SELECT_VEHICLE_OWNER, **_parameters(vehicle=vehicle)
    ).one_or_none()
    if row is None:
        raise errors.VehicleNotFound
    if row.owner_id != owner.id:
        raise errors.VehicleNotFound if row.removed_at else errors.NotYourVehicle
    if not row.removed_at:  # ridden a moment ago, even if the ride has ended since
        raise errors.VehicleInUse


def _why_not_free(connection: Connection, vehicle: VehicleKey) -> errors.Refusal:
    found = run(
        connection, changes.SELECT_VEHICLE_IN_SERVICE, **_parameters(vehicle=vehicle)
    ).scalar()
    return errors.VehicleTaken() if found else errors.VehicleNotFound()


def _refuse_to_end(connection: Connection, ride: RideKey, rider: UserKey) -> None:
    row = run(connection, changes.SELECT_RIDER_OF_RIDE, **_parameters(ride=ride)).one_or_none()
    if row is None:
        raise errors.RideNotFound
    if (row.rider_city, row.rider_id) != rider:
        raise errors.NotYourRide
