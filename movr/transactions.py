"""The transactions: functions that each run inside one transaction of their caller.

A transaction may run more than once: `run_transaction` retries it after a conflict, and class MovR
repeats it if the reply to COMMIT was lost. Therefore the clock, new ids and password hashes are
arguments, and a run that finds its own changes committed succeeds.

Conditions are checked by a conditional UPDATE, which also locks the row. This is correct both at
PostgreSQL's READ COMMITTED and at CockroachDB's SERIALIZABLE, and costs no additional round trip.
Deadlocks are avoided by lock order: a transaction changes the user's row first, and the vehicle or
ride afterwards.
"""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import Connection, Executable, Row

from movr import changes, errors, queries
from movr.cities import Position
from movr.database.execution import run
from movr.formats import AVAILABLE, UNKNOWN_LOCATION
from movr.results import Account, RideKey, UserKey, VehicleKey


def register(
    connection: Connection,
    user: UserKey,
    account: Account,
    *,
    password_hash: str,
) -> None:
    """Open an account; the username is stored in lower case. Raises UsernameTaken."""
    username = account.username.lower()
    opened = _is_changed(
        connection,
        changes.CREATE_ACCOUNT,
        city=user.city,
        id=user.id,
        **asdict(replace(account, username=username)),
        password_hash=password_hash,
        is_owner=False,
        cities_ridden=[],
    )
    if opened:
        return
    holder = run(connection, changes.SELECT_USER_BY_USERNAME, username=username)
    if holder.scalar() != user.id:
        raise errors.UsernameTaken


def set_password(connection: Connection, user: UserKey, epoch: int, *, password_hash: str) -> str:
    """Change the password, end all sessions of this epoch and return the username.

    Raises SessionEnded if the sessions have ended already, AccountDeleted.
    """
    keys = _parameters(user=user)
    changed = run(connection, changes.SET_PASSWORD, **keys, epoch=epoch, new_hash=password_hash)
    if username := changed.scalar():
        return str(username)
    row = run(connection, queries.PASSWORD_HASH, **keys).one_or_none()
    if row is None:
        raise errors.AccountDeleted
    if row.password_hash != password_hash:  # else an earlier run of this transaction set it
        raise errors.SessionEnded
    return str(row.username)


def end_sessions(connection: Connection, user: UserKey, epoch: int) -> None:
    """End all sessions of this epoch. Does nothing if they have ended already."""
    run(connection, changes.END_SESSIONS, **_parameters(user=user), epoch=epoch)


def delete_account(connection: Connection, user: UserKey, *, now: datetime) -> None:
    """Delete an account: clear the personal data, remove its vehicles from service, keep its rides.

    Raises StillRiding, VehiclesInUse, or AccountDeleted if it was deleted before.
    """
    keys = _parameters(user=user)
    if not _is_changed(connection, changes.DELETE_ACCOUNT, **keys, now=now):
        _refuse_to_delete(connection, user, now)
        return
    run(connection, changes.REMOVE_VEHICLES_OF_OWNER, **keys, now=now)
    # The remaining vehicles were in use at the UPDATE, even if their rides have ended since.
    if run(connection, changes.SELECT_OWNS_VEHICLES, **keys).scalar():
        raise errors.VehiclesInUse


def lock_password(connection: Connection, user: UserKey, epoch: int, *, password_hash: str) -> bool:
    """Replace the password of an account whose sessions are of an earlier epoch."""
    who = _parameters(user=user)
    return _is_changed(
        connection, changes.LOCK_PASSWORD, **who, epoch=epoch, new_hash=password_hash
    )


def raise_session_epochs(
    connection: Connection, city: str, epoch: int, *, after: UUID, at_most: int
) -> UUID | None:
    """End the sessions of the next accounts of a city; return the last one's id, or None."""
    parameters = {"user_city": city, "epoch": epoch, "after": after, "at_most": at_most}
    return max(run(connection, changes.RAISE_SESSION_EPOCHS, **parameters).scalars(), default=None)


def delete_restored_account(
    connection: Connection, user: UserKey, *, public_id: UUID, timezone: str, now: datetime
) -> bool:
    """Delete an account that a restored backup has brought back, and end its ride first.

    Returns False if there is no such account. Raises VehiclesInUse.
    """
    row = run(connection, changes.SELECT_USER_STATE, **_parameters(user=user)).one_or_none()
    if row is None or row.deleted_at not in {None, now}:
        return False
    if row.active_ride_id:
        end_ride(
            connection,
            RideKey(row.active_ride_city, row.active_ride_id),
            user,
            location=UNKNOWN_LOCATION,
            position=None,
            distance=None,
            public_id=public_id,
            timezone=timezone,
            now=now,
        )
    delete_account(connection, user, now=now)
    return True


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
    """Add a vehicle in its owner's city and mark the user as owner. Raises AccountDeleted."""
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
    """Remove the owner's vehicle from service. Does nothing if it was removed before.

    Raises VehicleNotFound, NotYourVehicle, or VehicleInUse while it has an active ride.
    """
    keys = _parameters(vehicle=vehicle)
    if not _is_changed(connection, changes.REMOVE_VEHICLE, **keys, user_id=owner.id, now=now):
        _refuse_to_remove(connection, vehicle, owner)


def start_ride(
    connection: Connection, ride: RideKey, vehicle: VehicleKey, rider: UserKey, *, now: datetime
) -> RideKey:
    """Start a ride with an available vehicle for a rider without an active ride; return its key.

    If the rider's active ride is with this vehicle already, returns that ride instead. Raises
    AlreadyRiding, AccountDeleted, VehicleTaken, VehicleNotFound.
    """
    keys = _parameters(user=rider, ride=ride)
    if not _is_changed(connection, changes.SET_ACTIVE_RIDE, **keys):
        return _active_ride(connection, vehicle, rider)
    keys |= _parameters(vehicle=vehicle)
    if not _is_changed(connection, changes.START_RIDE, **keys, now=now):
        _refuse_to_start(connection, vehicle)
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
    """End the rider's active ride and make its vehicle available there, with a new public id.

    Adds the ride to its rider's totals of the week and month in which it began, in the `timezone`
    of the rider's home city. `distance` is in metres.

    Does nothing if the rider has ended the ride before. Raises RideNotFound, NotYourRide.
    """
    keys = _parameters(user=rider, ride=ride)
    if not _is_changed(connection, changes.CLEAR_ACTIVE_RIDE, **keys):
        _refuse_to_end(connection, ride, rider)
        return
    run(
        connection,
        changes.END_RIDE,
        **keys,
        timezone=timezone,
        place=location,
        at_latitude=position and position.latitude,
        at_longitude=position and position.longitude,
        metres=distance,
        new_public_id=public_id,
        now=now,
    )


def update_region(connection: Connection, city: str, region: str) -> None:
    """Set the hidden `crdb_region` of a city's rows to this region."""
    for statement in changes.UPDATE_REGIONS:
        run(connection, statement, city=city, region=region)


def _is_changed(connection: Connection, change: Executable, **parameters: object) -> bool:
    """Execute a change of at most one row and return True if it changed one."""
    return run(connection, change, **parameters).one_or_none() is not None


def _parameters(**keys: UserKey | VehicleKey | RideKey) -> dict[str, object]:
    """Return the statement parameters for these keys, e.g. `user_city` and `user_id`."""
    cities: dict[str, object] = {f"{name}_city": key.city for name, key in keys.items()}
    return cities | {f"{name}_id": key.id for name, key in keys.items()}


def _active_ride(connection: Connection, vehicle: VehicleKey, rider: UserKey) -> RideKey:
    """Return the rider's active ride with this vehicle. Raises AlreadyRiding, AccountDeleted."""
    user = _user(connection, rider)
    ride = RideKey(user.active_ride_city, user.active_ride_id)
    vehicle_id = run(connection, changes.SELECT_VEHICLE_OF_RIDE, **_parameters(ride=ride)).scalar()
    if (ride.city, vehicle_id) != vehicle:
        raise errors.AlreadyRiding
    return ride


def _user(connection: Connection, user: UserKey) -> Row[Any]:
    """Return the state columns of the user's row. Raises AccountDeleted."""
    row = run(connection, changes.SELECT_USER_STATE, **_parameters(user=user)).one_or_none()
    if row is None or row.deleted_at:
        raise errors.AccountDeleted
    return row


def _refuse_to_delete(connection: Connection, user: UserKey, now: datetime) -> None:
    row = run(connection, changes.SELECT_USER_STATE, **_parameters(user=user)).one_or_none()
    if row is None or row.deleted_at not in {None, now}:
        raise errors.AccountDeleted
    if not row.deleted_at:  # else an earlier run of this transaction deleted it
        raise errors.StillRiding


def _refuse_to_remove(connection: Connection, vehicle: VehicleKey, owner: UserKey) -> None:
    row = run(
        connection, changes.SELECT_VEHICLE_OWNER, **_parameters(vehicle=vehicle)
    ).one_or_none()
    if row is None:
        raise errors.VehicleNotFound
    if row.owner_id != owner.id:
        raise errors.VehicleNotFound if row.removed_at else errors.NotYourVehicle
    if not row.removed_at:  # it was in use at the UPDATE, even if the ride has ended since
        raise errors.VehicleInUse


def _refuse_to_start(connection: Connection, vehicle: VehicleKey) -> NoReturn:
    in_service = run(
        connection, changes.SELECT_VEHICLE_IN_SERVICE, **_parameters(vehicle=vehicle)
    ).scalar()
    raise errors.VehicleTaken if in_service else errors.VehicleNotFound


def _refuse_to_end(connection: Connection, ride: RideKey, rider: UserKey) -> None:
    row = run(connection, changes.SELECT_RIDER_OF_RIDE, **_parameters(ride=ride)).one_or_none()
    if row is None:
        raise errors.RideNotFound
    if (row.rider_city, row.rider_id) != rider:
        raise errors.NotYourRide
