"""The transactions: functions that each run inside one transaction of their caller.

A transaction may run more than once: `run_transaction` retries it after a conflict, and class
Database repeats it if the reply to COMMIT was lost. Therefore the clock, new ids and password
hashes are arguments, and a run that finds its own changes committed succeeds.

Conditions are checked by a conditional UPDATE, which also locks the row. This is correct both at
PostgreSQL's READ COMMITTED and at CockroachDB's SERIALIZABLE, and costs no additional round trip.
Deadlocks are avoided by lock order: a transaction changes the user's row first, and the vehicle or
ride afterwards.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, CursorResult, Executable, Row, Select, Update

from movr import errors, idempotency, outbox, proofs, queries
from movr.changes import accounts, money, operators, reservations, rides, vehicles
from movr.cities import CURRENCIES, Position
from movr.database.execution import run
from movr.formats import AVAILABLE, UNKNOWN_LOCATION
from movr.models import User
from movr.outbox import Kind
from movr.proofs import EPOCH, Proof
from movr.results import AccessToken, Account, CityTariff, RideKey, UserKey, VehicleKey
from movr.undo import UNDO_RADIUS, UNDO_WITHIN
from movr.vehicle_events import record
from movr.vehicle_states import VehicleState

DAY: Final = timedelta(days=1)
# Bounds for vehicles of an owner, which keep one account from filling the first page of a city.
MAX_ADDED_A_DAY: Final = 20
MAX_WITHOUT_POSITION: Final = 10
RESERVATION: Final = timedelta(minutes=10)
RIDES_AT_ONCE: Final = 1000  # of which the places are erased in one statement


def register(
    connection: Connection,
    user: UserKey,
    account: Account,
    *,
    password_hash: str,
    sends_link: bool = False,
    now: datetime,
) -> None:
    """Open an account; the username is stored in lower case.

    Does nothing if it was opened before. With `sends_link`, writes the letter that verifies the
    email address. Raises UsernameTaken, or AccountDeleted if it was deleted since.
    """
    username = account.username.lower()
    opened = _is_changed(
        connection,
        accounts.CREATE_ACCOUNT,
        city=user.city,
        id=user.id,
        **asdict(replace(account, username=username)),
        password_hash=password_hash,
        is_owner=False,
        cities_ridden=[],
    )
    if opened:
        if sends_link:
            outbox.put(connection, user, Kind.VERIFY_EMAIL, {}, id=user.id, now=now)
        return
    holder = run(connection, accounts.SELECT_USER_BY_USERNAME, username=username).scalar()
    if holder is None:
        raise errors.AccountDeleted  # the account of this form
    if holder != user.id:
        raise errors.UsernameTaken


def set_password(connection: Connection, user: UserKey, epoch: int, *, password_hash: str) -> str:
    """Change the password, end all sessions of this epoch and return the username.

    Raises SessionEnded if the sessions have ended already, AccountDeleted.
    """
    return _end_sessions_with(
        connection,
        accounts.SET_PASSWORD,
        user,
        epoch,
        column="password_hash",
        value=password_hash,
    )


def change_email(
    connection: Connection, user: UserKey, epoch: int, email: str, *, verified_at: datetime | None
) -> str:
    """Change the email address, end all sessions of this epoch and return the username.

    Does nothing if the account has this address already. Raises SessionEnded if the sessions have
    ended already, AccountDeleted.
    """
    return _end_sessions_with(
        connection,
        accounts.CHANGE_EMAIL,
        user,
        epoch,
        column="email",
        value=email,
        verified_at=verified_at,
    )


def change_names(
    connection: Connection,
    user: UserKey,
    proof: Proof,
    *,
    first_name: str,
    last_name: str,
    now: datetime,
) -> None:
    """Change the member's names. Raises AccountDeleted, SessionEnded."""
    names = {"new_first_name": first_name, "new_last_name": last_name}
    _change_account(connection, accounts.CHANGE_NAMES, user, proof, now, **names)


def choose_receipts(
    connection: Connection, user: UserKey, proof: Proof, *, by_mail: bool, now: datetime
) -> None:
    """Note whether the member wants the receipt of each ride by mail.

    Raises AccountDeleted, SessionEnded.
    """
    _change_account(connection, accounts.CHOOSE_RECEIPTS, user, proof, now, by_mail=by_mail)


def try_to_choose_language(
    connection: Connection, user: UserKey, language: str, *, proof: Proof, now: datetime
) -> bool:
    """Note the member's language by one statement; return False if this is not possible."""
    keys, change = _parameters(user=user), accounts.CHOOSE_LANGUAGE
    return _is_changed_by(connection, change, user, proof, at=now, **keys, new_language=language)


def choose_language(
    connection: Connection, user: UserKey, language: str, *, proof: Proof, now: datetime
) -> None:
    """Note the language of the member's letters. Raises AccountDeleted, SessionEnded."""
    if not try_to_choose_language(connection, user, language, proof=proof, now=now):
        _state(connection, user, proof, now)


def end_sessions(connection: Connection, user: UserKey, epoch: int) -> None:
    """End all sessions of this epoch. Does nothing if they have ended already."""
    run(connection, accounts.END_SESSIONS, **_parameters(user=user), epoch=epoch)


def verify_email(connection: Connection, user: UserKey, email: str, *, now: datetime) -> None:
    """Note that the member has this email address. Raises EmailLinkExpired if it has changed."""
    keys = _parameters(user=user)
    if not _is_changed(connection, accounts.VERIFY_EMAIL, **keys, verified_email=email, now=now):
        raise errors.EmailLinkExpired


def delete_account(connection: Connection, user: UserKey, epoch: int, *, now: datetime) -> bool:
    """Delete an account: erase personal data, places and words, remove its vehicles.

    Places are erased of RIDES_AT_ONCE rides first. Return False if there may be more; then call it
    again. Raises StillRiding, SessionEnded if the sessions of this epoch have ended, which a new
    password does, or AccountDeleted if it was deleted before.
    """
    keys = _parameters(user=user)
    state = run(connection, accounts.LOCK_USER, **keys).one_or_none()  # so that no ride begins
    if state is None or state.deleted_at not in {None, now}:
        raise errors.AccountDeleted
    if state.deleted_at:
        return True  # by an earlier run of this transaction
    if state.session_epoch != epoch:
        raise errors.SessionEnded
    if state.active_ride_id:
        raise errors.StillRiding
    wanted = {"cities": state.cities_ridden, "limit": RIDES_AT_ONCE}
    if state.reservation_until and state.reservation_until > now:
        held = (state.reservation_city, state.reservation_public_id)
        try_to_give_up(connection, *held, user, proof=epoch, now=now)
    if state.cities_ridden:
        erased = run(connection, accounts.ERASE_PLACES, **keys, **wanted).all()
        if len(erased) == RIDES_AT_ONCE:
            return False
    _erase_reports(connection, user, state.cities_reported)
    run(connection, accounts.DELETE_ACCOUNT, **keys, now=now)
    run(connection, accounts.ERASE_DEVICES, **keys, now=now)
    if state.staff_cities:
        holder = {"holder_city": user.city, "holder_id": user.id, "now": now}
        run(connection, accounts.REVOKE_ROLES, **holder, staff_cities=state.staff_cities)
    # By their keys: on a prerelease of CockroachDB v22.1 an UPDATE that found its rows by another
    # index lost the end of a ride (docs/multi-region.md).
    vehicles = run(connection, accounts.SELECT_VEHICLES_OF_OWNER, **keys).scalars().all()
    if vehicles:
        run(
            connection,
            accounts.REMOVE_VEHICLES,
            user_city=user.city,
            vehicle_ids=vehicles,
            now=now,
        )
    return True


def _erase_reports(connection: Connection, user: UserKey, cities: Sequence[str]) -> None:
    """Erase what the user has said in reports, and where."""
    if cities:
        wanted = {**_parameters(user=user), "cities": cities}
        reports = run(connection, accounts.SELECT_REPORTS_OF_USER, **wanted).scalars().all()
        run(connection, accounts.ERASE_REPORTS, cities=cities, report_ids=reports)


def lock_password(connection: Connection, user: UserKey, epoch: int, *, password_hash: str) -> bool:
    """Replace the password of an account whose sessions are of an earlier epoch."""
    who = _parameters(user=user)
    return _is_changed(
        connection, accounts.LOCK_PASSWORD, **who, epoch=epoch, new_hash=password_hash
    )


def raise_session_epochs(
    connection: Connection, city: str, epoch: int, *, after: UUID, at_most: int
) -> UUID | None:
    """End the sessions of the next accounts of a city; return the last one's id, or None."""
    parameters = {"user_city": city, "epoch": epoch, "after": after, "at_most": at_most}
    return max(run(connection, accounts.RAISE_SESSION_EPOCHS, **parameters).scalars(), default=None)


def end_restored_ride(
    connection: Connection, user: UserKey, *, public_id: UUID, timezone: str, now: datetime
) -> int:
    """End the ride of an account that a restored backup has brought back, if it has one.

    The ride costs nothing, because it ended after the backup, when is not known. Return the epoch
    of the account's sessions. Raises AccountDeleted.
    """
    state = _user(connection, user)
    if state.active_ride_id:
        ride = RideKey(state.active_ride_city, state.active_ride_id)
        run(connection, rides.WAIVE_FARE, **_parameters(ride=ride))
        end_ride(
            connection,
            ride,
            user,
            proof=state.session_epoch,
            location=UNKNOWN_LOCATION,
            position=None,
            public_id=public_id,
            timezone=timezone,
            now=now,
        )
    return int(state.session_epoch)


def make_owner(
    connection: Connection,
    owner: UserKey,
    proof: Proof,
    *,
    only_verified: bool = False,
    now: datetime,
) -> None:
    """Mark the user as owner and lock their row.

    Raises AccountDeleted, SessionEnded, AccountSuspended, and EmailNotVerified if `only_verified`.
    """
    keys = _parameters(user=owner) | proofs.parameters(owner, proof, now)
    if not _is_changed(connection, vehicles.MAKE_OWNER, **keys, only_verified=only_verified):
        refuse_to_admit(_state(connection, owner, proof, now), only_verified=only_verified)


def add_vehicle(
    connection: Connection,
    vehicle: VehicleKey,
    owner: UserKey,
    proof: Proof = 0,
    *,
    location: str,
    position: Position | None,
    numbers: Sequence[int],
    only_verified: bool = False,
    now: datetime,
    **words: str,
) -> VehicleKey:
    """Add a vehicle in its owner's city, mark the user as owner and return the vehicle's key.

    Its number is one of `numbers` that no other vehicle of the city has; `words` are its type,
    color and brand. Does nothing if it was added before. Raises AccountDeleted, TooManyVehicles,
    VehicleRemoved if it was removed since, AccountSuspended, and EmailNotVerified if
    `only_verified`.
    """
    make_owner(connection, owner, proof, only_verified=only_verified, now=now)
    row = {
        "city": vehicle.city,
        "id": vehicle.id,
        "owner_id": owner.id,
        "last_location": location,
        "latitude": position and position.latitude,
        "longitude": position and position.longitude,
        "status": AVAILABLE,
        "candidates": list(numbers),
        "date_added": now,
        "since": now - DAY,
        "most_added": MAX_ADDED_A_DAY,
        "has_position": position is not None,
        "most_without_position": MAX_WITHOUT_POSITION,
    }
    # Again, if another owner's vehicle took the number meanwhile.
    attempts = (_is_changed(connection, vehicles.ADD_VEHICLE, **row, **words) for _ in range(2))
    if not any(attempts):
        _refuse_to_add(connection, vehicle)
    return vehicle


def remove_vehicle(
    connection: Connection, vehicle: VehicleKey, owner: UserKey, *, now: datetime
) -> bool:
    """Remove the owner's vehicle from service: now, or after its active ride.

    A reserved vehicle is removed at the end of its reservation, or of the ride that it leads to.
    Return True if it is removed now. Does nothing if it was removed before. Raises
    VehicleNotFound, NotYourVehicle.
    """
    keys = _parameters(vehicle=vehicle)
    rows = run(connection, vehicles.REMOVE_VEHICLE, **keys, user_id=owner.id, now=now)
    if row := rows.one_or_none():
        if is_removed := row.removed_at is not None and row.removed_at <= now:
            previous = VehicleState(row.status)
            record(connection, vehicle, previous, VehicleState.REMOVED, now=now)
        return is_removed
    row = _removed_before(connection, vehicle, owner)
    return row.removed_at is not None and row.removed_at <= now


def try_to_reserve(
    connection: Connection,
    city: str,
    public_id: UUID,
    rider: UserKey,
    *,
    proof: Proof,
    only_verified: bool = False,
    now: datetime,
) -> bool:
    """Reserve a vehicle by one statement; return False if this is not possible."""
    return _is_changed_by(
        connection,
        reservations.RESERVE,
        rider,
        proof,
        at=now,
        **_parameters(user=rider),
        vehicle_city=city,
        vehicle_public_id=public_id,
        only_verified=only_verified,
        until=now + RESERVATION,
        again_since=now - RESERVATION,
        now=now,
    )


def reserve(
    connection: Connection,
    city: str,
    public_id: UUID,
    rider: UserKey,
    *,
    proof: Proof = 0,
    now: datetime,
    **reserve: Any,
) -> datetime:
    """Reserve an available vehicle for a rider without a ride or another reservation.

    Return when the reservation ends. Does nothing if the rider has this one already. `reserve` are
    further arguments of `try_to_reserve`.

    Raises AccountDeleted, SessionEnded if the session of this `proof` has ended,
    ReservingDuringRide, AlreadyReserved, ReservedRecently, VehicleTaken, AccountSuspended, and
    EmailNotVerified if `only_verified`.
    """
    if try_to_reserve(connection, city, public_id, rider, proof=proof, now=now, **reserve):
        return now + RESERVATION
    keys = {**_parameters(user=rider), "vehicle_city": city, "vehicle_public_id": public_id}
    select = reservations.SELECT_RIDER_AND_RESERVED_UNTIL
    row = with_session(connection, select, rider, proof, at=now, **keys)
    if row.active_ride_id:
        raise errors.ReservingDuringRide
    until: datetime | None = row.reservation_until
    if until and until > now:
        if row.reservation_public_id == public_id:
            return until
        raise errors.AlreadyReserved
    refuse_to_admit(row, only_verified=reserve.get("only_verified", False))
    if row.reserved_until and row.reserved_until > now - RESERVATION:
        raise errors.ReservedRecently(row.reserved_until + RESERVATION - now)
    raise errors.VehicleTaken


def try_to_give_up(
    connection: Connection,
    city: str,
    public_id: UUID,
    rider: UserKey,
    *,
    proof: Proof,
    now: datetime,
) -> bool:
    """End the rider's reservation by one statement; return False if they do not have it."""
    return _is_changed_by(
        connection,
        reservations.GIVE_UP,
        rider,
        proof,
        at=now,
        **_parameters(user=rider),
        vehicle_city=city,
        vehicle_public_id=public_id,
        now=now,
    )


def give_up(
    connection: Connection,
    city: str,
    public_id: UUID,
    rider: UserKey,
    *,
    proof: Proof = 0,
    now: datetime,
) -> None:
    """End the rider's reservation of this vehicle, which others can ride and reserve then.

    Does nothing if the rider does not have it. Raises AccountDeleted, SessionEnded if the session
    of this `proof` has ended.
    """
    if not try_to_give_up(connection, city, public_id, rider, proof=proof, now=now):
        _state(connection, rider, proof, now)


def try_to_start_ride(
    connection: Connection,
    ride: RideKey,
    public_id: UUID,
    rider: UserKey,
    *,
    proof: Proof,
    only_verified: bool = False,
    is_charged: bool = False,
    now: datetime,
) -> bool:
    """Start a ride by one statement; return False if this is not possible."""
    return _is_changed_by(
        connection,
        rides.START_RIDE,
        rider,
        proof,
        at=now,
        **_parameters(user=rider, ride=ride),
        vehicle_city=ride.city,
        vehicle_public_id=public_id,
        only_verified=only_verified,
        is_charged=is_charged,
        now=now,
    )


def start_ride(
    connection: Connection,
    ride: RideKey,
    public_id: UUID,
    rider: UserKey,
    *,
    proof: Proof = 0,
    now: datetime,
    **start: Any,
) -> RideKey:
    """Start a ride with an available vehicle for a rider without an active ride; return its key.

    If the rider's active ride is with this vehicle already, returns that ride instead. Does nothing
    if this ride was started before, even if it has ended. `start` are further arguments of
    `try_to_start_ride`.

    Raises AccountDeleted, SessionEnded if the session of this `proof` has ended, AlreadyRiding,
    VehicleTaken, AccountSuspended, and EmailNotVerified if `only_verified`.
    """
    if try_to_start_ride(connection, ride, public_id, rider, proof=proof, now=now, **start):
        return ride
    keys = _parameters(user=rider, ride=ride)
    select = rides.SELECT_RIDER_AND_VEHICLE
    user = with_session(connection, select, rider, proof, at=now, **keys)
    if user.is_started:
        return ride
    if user.active_ride_id is None:
        refuse_to_admit(user, only_verified=start.get("only_verified", False))
        raise errors.VehicleTaken
    if user.public_id != public_id:
        raise errors.AlreadyRiding
    return RideKey(user.active_ride_city, user.active_ride_id)


def try_to_end_ride(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    *,
    proof: Proof,
    location: str,
    position: Position | None,
    public_id: UUID,
    timezone: str,
    is_forgotten: bool = False,
    mails_receipts: bool = False,
    now: datetime,
) -> bool:
    """End a ride by one statement; return False if this is not possible.

    A ride that is forgotten costs what a day costs at most.
    """
    return _is_changed_by(
        connection,
        rides.END_RIDE,
        rider,
        proof,
        at=now,
        **_parameters(user=rider, ride=ride),
        timezone=timezone,
        place=location,
        at_latitude=position and position.latitude,
        at_longitude=position and position.longitude,
        new_public_id=public_id,
        is_forgotten=is_forgotten,
        currency=CURRENCIES.get(ride.city),
        **outbox.receipt(ride),
        mails_receipts=mails_receipts,
        now=now,
    )


def end_ride(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    *,
    proof: Proof = 0,
    now: datetime,
    **end: Any,
) -> bool:
    """End the rider's active ride and make its vehicle available there, with a new public id.

    Adds the ride to its rider's totals of the week and month in which it began, in the `timezone`
    of the rider's home city, and its fare to the ledger. Writes its receipt, if `mails_receipts`
    and the rider wants it. `end` are further arguments of `try_to_end_ride`.

    Returns False if the rider has ended the ride before. Raises AccountDeleted, SessionEnded if the
    session of this `proof` has ended, RideNotFound, NotYourRide.
    """
    if try_to_end_ride(connection, ride, rider, proof=proof, now=now, **end):
        return True
    _own_ride(connection, ride, rider, proof, now)
    return False


def try_to_undo_ride(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    *,
    proof: Proof,
    position: Position | None,
    public_id: UUID,
    now: datetime,
) -> bool:
    """Undo a ride by one statement; return False if this is not possible."""
    return _is_changed_by(
        connection,
        rides.UNDO_RIDE,
        rider,
        proof,
        at=now,
        **_parameters(user=rider, ride=ride),
        at_latitude=position and position.latitude,
        at_longitude=position and position.longitude,
        radius=UNDO_RADIUS,
        undo_since=now - UNDO_WITHIN,
        new_public_id=public_id,
        now=now,
    )


def undo_ride(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    *,
    proof: Proof = 0,
    position: Position | None,
    now: datetime,
    **undo: Any,
) -> bool:
    """Undo the rider's active ride and make its vehicle available where it was.

    `undo` are further arguments of `try_to_undo_ride`.

    Returns False if the rider has undone the ride before. Raises AccountDeleted, SessionEnded if
    the session of this `proof` has ended, RideNotFound, NotYourRide, RideEnded, TooLateToUndo,
    TooFarToUndo, and PositionNeeded if only the rider's position is unknown.
    """
    if try_to_undo_ride(connection, ride, rider, proof=proof, position=position, now=now, **undo):
        return True
    row = _own_ride(connection, ride, rider, proof, now)
    if row.undone:
        return False
    if row.end_time:
        raise errors.RideEnded
    if row.start_time < now - UNDO_WITHIN:
        raise errors.TooLateToUndo
    raise errors.TooFarToUndo if position else errors.PositionNeeded


def try_to_explain_undo(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    *,
    proof: Proof,
    reason: str,
    now: datetime,
) -> bool:
    """Note why a ride was undone by one statement; return False if this is not possible."""
    keys = _parameters(user=rider, ride=ride)
    return _is_changed_by(
        connection, rides.EXPLAIN_UNDO, rider, proof, at=now, **keys, reason=reason
    )


def explain_undo(
    connection: Connection,
    ride: RideKey,
    rider: UserKey,
    *,
    proof: Proof,
    reason: str,
    now: datetime,
) -> None:
    """Note why the rider has undone a ride.

    Raises AccountDeleted, SessionEnded, NotYourRide, and RideNotFound also if it was not undone.
    """
    if not try_to_explain_undo(connection, ride, rider, proof=proof, reason=reason, now=now):
        _own_ride(connection, ride, rider, proof, now)
        raise errors.RideNotFound


def add_tariff(connection: Connection, city: str, tariff: CityTariff) -> bool:
    """Add a tariff; return False if the vehicle type has one from this moment on."""
    return _is_changed(connection, money.ADD_TARIFF, city=city, **tariff._asdict())


def book_payment(connection: Connection, ride: RideKey, *, now: datetime) -> bool:
    """Book that a ride's fare is paid; return False if it was before, or if there is no fare."""
    keys = _parameters(ride=ride)
    return bool(run(connection, money.BOOK_PAYMENT, **keys, now=now).all())


def refund_fare(connection: Connection, ride: RideKey, *, now: datetime) -> bool:
    """Take a ride's fare back; return False if this was done before, or if there is no fare."""
    return bool(run(connection, money.REFUND_FARE, **_parameters(ride=ride), now=now).all())


def update_region(connection: Connection, city: str, region: str) -> None:
    """Set the hidden `crdb_region` of a city's rows to this region."""
    for statement in operators.UPDATE_REGIONS:
        run(connection, statement, city=city, region=region)


def _end_sessions_with(
    connection: Connection,
    change: Executable,
    user: UserKey,
    epoch: int,
    *,
    column: str,
    value: str,
    **parameters: object,
) -> str:
    """Set a column, end all sessions of this epoch and return the username.

    Does nothing if the column has this value already, as after an earlier run of this transaction.
    Raises SessionEnded if the sessions have ended already, AccountDeleted.
    """
    keys = _parameters(user=user)
    new = {f"new_{column}": value, **parameters}
    if username := run(connection, change, **keys, epoch=epoch, **new).scalar():
        return str(username)
    row = run(connection, queries.ACCOUNT, **keys).one_or_none()
    if row is None:
        raise errors.AccountDeleted
    if getattr(row, column) != value:
        raise errors.SessionEnded
    return str(row.username)


def refuse_to_admit(user: Row[Any], *, only_verified: bool) -> None:
    """Raise the reason why the member may not ride, reserve or add vehicles, if there is one.

    Raises AccountSuspended, and EmailNotVerified if `only_verified`.
    """
    if user.suspended_at:
        raise errors.AccountSuspended
    if only_verified and user.email_verified_at is None:
        raise errors.EmailNotVerified


def _is_changed(connection: Connection, change: Executable, **parameters: object) -> bool:
    """Execute a change of at most one row and return True if it changed one."""
    return run(connection, change, **parameters).one_or_none() is not None


def _change_account(
    connection: Connection,
    change: Executable,
    user: UserKey,
    proof: Proof,
    now: datetime,
    **parameters: object,
) -> None:
    """Change the row of a member with a session. Raises AccountDeleted, SessionEnded."""
    keys = _parameters(user=user) | proofs.parameters(user, proof, now)
    if not _is_changed(connection, change, **keys, **parameters):
        _state(connection, user, proof, now)


def _state(connection: Connection, user: UserKey, proof: Proof, now: datetime) -> Row[Any]:
    """Return the state columns of a member with a session. Raises AccountDeleted, SessionEnded."""
    keys, select = _parameters(user=user), accounts.SELECT_USER_STATE
    return with_session(connection, select, user, proof, at=now, **keys)


def _is_changed_by(
    connection: Connection,
    change: Executable,
    user: UserKey,
    proof: Proof,
    *,
    at: datetime,
    **parameters: object,
) -> bool:
    """Execute a change of a member with a session, and note it for the key of their request."""
    statement, checked = idempotency.keyed(change, user, proof, at)
    return _is_changed(connection, statement, **checked, **parameters)


def _parameters(**keys: UserKey | VehicleKey | RideKey) -> dict[str, object]:
    """Return the statement parameters for these keys, e.g. `user_city` and `user_id`."""
    cities: dict[str, object] = {f"{name}_city": key.city for name, key in keys.items()}
    return cities | {f"{name}_id": key.id for name, key in keys.items()}


def _user(connection: Connection, user: UserKey) -> Row[Any]:
    """Return the state columns of the user's row. Raises AccountDeleted."""
    return _not_deleted(run(connection, accounts.SELECT_USER_STATE, **_parameters(user=user)))


def with_session(
    connection: Connection,
    statement: Select[Any] | Update,
    user: UserKey,
    proof: Proof,
    *,
    at: datetime,
    **parameters: object,
) -> Row[Any]:
    """Execute a statement that returns the user's row, and return it if their session goes on.

    Raises AccountDeleted, SessionEnded, and TokenInvalid if the `proof` is a token.
    """
    if isinstance(proof, AccessToken):
        checked = proofs.parameters(user, proof, at)
        row = run(connection, _by_token(statement), **checked, **parameters).one_or_none()
        if row is None or row.deleted_at:
            raise errors.TokenInvalid
        return row
    row = _not_deleted(run(connection, statement, **parameters))
    if row.session_epoch != proof:
        raise errors.SessionEnded
    return row


@cache
def _by_token(statement: Select[Any] | Update) -> Select[Any] | Update:
    """Return the statement for a user with this access token."""
    return statement.where(User.session_epoch == EPOCH)


def _own_ride(
    connection: Connection, ride: RideKey, rider: UserKey, proof: Proof, now: datetime
) -> Row[Any]:
    """Return a row of the rider's own ride.

    Raises AccountDeleted, SessionEnded, TokenInvalid, RideNotFound, NotYourRide.
    """
    keys, select = _parameters(user=rider, ride=ride), rides.SELECT_RIDER_AND_RIDE
    row = with_session(connection, select, rider, proof, at=now, **keys)
    if row.rider_id is None:
        raise errors.RideNotFound
    if (row.rider_city, row.rider_id) != rider:
        raise errors.NotYourRide
    return row


def _not_deleted(rows: CursorResult[Any]) -> Row[Any]:
    """Return the row of a user. Raises AccountDeleted."""
    row = rows.one_or_none()
    if row is None or row.deleted_at:
        raise errors.AccountDeleted
    return row


def _refuse_to_add(connection: Connection, vehicle: VehicleKey) -> None:
    """Raise the reason why a vehicle is not added, unless it was added before."""
    keys = _parameters(vehicle=vehicle)
    row = run(connection, vehicles.SELECT_VEHICLE_OWNER, **keys).one_or_none()
    if row is None:
        raise errors.TooManyVehicles
    if row.removed_at or row.remove_after_ride:
        raise errors.VehicleRemoved


def _removed_before(connection: Connection, vehicle: VehicleKey, owner: UserKey) -> Row[Any]:
    """Return a row of a vehicle that its owner has removed before. Raises the reason otherwise."""
    keys = _parameters(vehicle=vehicle)
    row = run(connection, vehicles.SELECT_VEHICLE_OWNER, **keys).one_or_none()
    if row is None:
        raise errors.VehicleNotFound
    if row.owner_id != owner.id:
        raise errors.VehicleNotFound if row.removed_at else errors.NotYourVehicle
    return row
