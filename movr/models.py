"""The tables of people, vehicles, rides and money. Every primary key begins with a city.

The models do not define where rows are stored; movr/placement does. Neither engine creates an
index for a foreign key, so each index is declared here.
"""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Interval,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from movr.cities import CITIES
from movr.formats import (
    ACCOUNTS,
    AREA_LENGTH,
    EMAIL_LENGTH,
    EMAIL_PATTERN,
    ENTRY_KINDS,
    HIGHEST_CAP,
    IN_USE,
    LANGUAGE_LENGTH,
    LOCATION_LENGTH,
    MARKUP_OR_CONTROL,
    NAME_LENGTH,
    NUMBERS,
    OUTCOMES,
    OWNER,
    PERIODS,
    REASON_LENGTH,
    REPORT_KINDS,
    RIDER,
    ROLES,
    SUBJECTS,
    USERNAME_LENGTH,
    USERNAME_PATTERN,
    VEHICLE_TYPES,
    WORD_LENGTH,
)
from movr.geo import BANDS_PER_DEGREE
from movr.vehicle_states import PAUSED_BY, STATUSES, TRANSITIONS, VehicleState

CityName = String(20)

# What deleting an account erases (movr/changes).
PERSONAL: Final = {"personal": True}


def _one_of(column: str, values: tuple[str, ...]) -> str:
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({quoted})"


def _is_plain_text(column: str, *, longest: int) -> str:
    """Return an SQL condition: the text is not blank and has no markup or control characters."""
    return f"length(btrim({column})) BETWEEN 1 AND {longest} AND {column} !~ '{MARKUP_OR_CONTROL}'"


def _check_city() -> CheckConstraint:
    return CheckConstraint(_one_of("city", tuple(city.name for city in CITIES)), name="city")


class Base(DeclarativeBase):
    """Base of all models; it names constraints alike in migrations and on both engines."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True)}


class User(Base):
    """A rider, who may also own vehicles.

    Deleting an account clears its personal data; the row is kept because rides refer to it.
    `cities_reported` names the cities where the member has ever reported a problem.

    `active_ride_*` describes the rider's active ride. Starting and ending a ride both update these
    columns, which ensures that a rider has at most one active ride (docs/decisions/0001). They
    also let every page show the active ride without leaving the rider's home region.

    `email_verified_at` is when the member opened a link that was sent to `email`.

    `language` is what the member reads letters in; NULL where they have not chosen it.

    `reservation_*` describes the rider's last reservation, which ends at `reservation_until`; NULL
    after it was used or given up. Each page shows it from here (docs/decisions/0020).

    `session_epoch` must equal the epoch stored in a session; raising it ends all sessions.

    With `receipts_by_mail`, a verified address gets the receipt of each ride.

    `staff_cities` are those where the member has a role, so that pages know it without reading
    StaffRole. A member who was suspended at `suspended_at` starts no ride and adds no vehicle.
    """

    __tablename__ = "users"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    first_name: Mapped[str | None] = mapped_column(String(NAME_LENGTH), info=PERSONAL)
    last_name: Mapped[str | None] = mapped_column(String(NAME_LENGTH), info=PERSONAL)
    email: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH), info=PERSONAL)
    email_verified_at: Mapped[datetime | None] = mapped_column(info=PERSONAL)
    username: Mapped[str | None] = mapped_column(String(USERNAME_LENGTH), info=PERSONAL)
    password_hash: Mapped[str | None] = mapped_column(String(200), info=PERSONAL)
    is_owner: Mapped[bool]
    active_ride_city: Mapped[str | None] = mapped_column(CityName)
    active_ride_id: Mapped[UUID | None]
    active_ride_type: Mapped[str | None] = mapped_column(String(20))
    active_ride_brand: Mapped[str | None] = mapped_column(String(WORD_LENGTH))
    active_ride_start: Mapped[datetime | None]
    active_ride_latitude: Mapped[float | None]
    active_ride_longitude: Mapped[float | None]
    reservation_city: Mapped[str | None] = mapped_column(CityName, info=PERSONAL)
    reservation_public_id: Mapped[UUID | None] = mapped_column(info=PERSONAL)
    reservation_type: Mapped[str | None] = mapped_column(String(20), info=PERSONAL)
    reservation_brand: Mapped[str | None] = mapped_column(String(WORD_LENGTH), info=PERSONAL)
    reservation_until: Mapped[datetime | None] = mapped_column(info=PERSONAL)
    active_ride_unlock_fee: Mapped[int | None] = mapped_column(BigInteger)
    active_ride_per_minute: Mapped[int | None] = mapped_column(BigInteger)
    active_ride_daily_cap: Mapped[int | None] = mapped_column(BigInteger)
    cities_ridden: Mapped[list[str]] = mapped_column(ARRAY(CityName))
    cities_reported: Mapped[list[str]] = mapped_column(ARRAY(CityName), server_default=text("'{}'"))
    deleted_at: Mapped[datetime | None]
    session_epoch: Mapped[int] = mapped_column(server_default=text("0"))
    receipts_by_mail: Mapped[bool] = mapped_column(server_default=text("false"))
    staff_cities: Mapped[list[str]] = mapped_column(ARRAY(CityName), server_default=text("'{}'"))
    suspended_at: Mapped[datetime | None] = mapped_column(info=PERSONAL)
    language: Mapped[str | None] = mapped_column(String(LANGUAGE_LENGTH), info=PERSONAL)

    __table_args__ = (
        UniqueConstraint("username"),
        Index(None, "city", "deleted_at", "id"),
        # For staff, who search members of their city only; `username` alone is unique elsewhere.
        Index(None, "city", "username"),
        Index(None, "city", "email"),
        _check_city(),
        CheckConstraint(_is_plain_text("first_name", longest=NAME_LENGTH), name="first_name"),
        CheckConstraint(_is_plain_text("last_name", longest=NAME_LENGTH), name="last_name"),
        CheckConstraint(f"username ~ '{USERNAME_PATTERN}'", name="username"),
        CheckConstraint(f"email ~ '{EMAIL_PATTERN}'", name="email"),
        CheckConstraint(
            "(active_ride_city IS NULL) = (active_ride_id IS NULL)", name="active_ride"
        ),
        CheckConstraint(
            "active_ride_id IS NOT NULL OR (active_ride_type IS NULL AND active_ride_brand IS NULL"
            " AND active_ride_start IS NULL AND active_ride_latitude IS NULL"
            " AND active_ride_longitude IS NULL)",
            name="riding",
        ),
        CheckConstraint(
            "(reservation_until IS NULL) = (reservation_public_id IS NULL)"
            " AND (reservation_until IS NULL) = (reservation_city IS NULL)",
            name="reservation",
        ),
        CheckConstraint(
            "(deleted_at IS NULL) = (first_name IS NOT NULL)"
            " AND (deleted_at IS NULL) = (last_name IS NOT NULL)"
            " AND (deleted_at IS NULL) = (email IS NOT NULL)"
            " AND (deleted_at IS NULL) = (username IS NOT NULL)"
            " AND (deleted_at IS NULL) = (password_hash IS NOT NULL)"
            " AND (deleted_at IS NULL OR active_ride_id IS NULL)",
            name="erased",
        ),
    )


class Vehicle(Base):
    """A bike, scooter or skateboard.

    Removing a vehicle sets `removed_at`; the row is kept because rides refer to it. Latitude and
    longitude are in degrees, and NULL while the position is unknown. `latitude_band` is computed
    from the latitude, for the index that finds nearby vehicles (movr/geo.py). `available_since` is
    when the last ride ended; NULL before the first ride. A vehicle that its owner removes during a
    ride is marked `remove_after_ride`, and removed where the ride ends. If it is reserved,
    `removed_at` is when the reservation ends.

    `reserved_until` is when the last reservation ends or has ended, and `reserved_by_*` the rider.

    `paused_by` is who has taken the vehicle out of service: during a ride, from its end on.
    `state_since` is when its last event happened (VehicleEvent); NULL before the first one.

    `public_id` identifies an available vehicle on pages and in the public feed. It changes with
    each ride, so that vehicles can't be tracked over their rides. Only the owner sees `id`.

    `number` stands on the vehicle and never changes; only members see it (docs/decisions/0019). It
    is NULL in rows that code before migration 0015 has added, until `flask db fill-numbers`.
    """

    __tablename__ = "vehicles"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[UUID]
    date_added: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    last_location: Mapped[str] = mapped_column(String(LOCATION_LENGTH))
    color: Mapped[str] = mapped_column(String(WORD_LENGTH))
    brand: Mapped[str] = mapped_column(String(WORD_LENGTH))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    latitude_band: Mapped[int | None] = mapped_column(
        Computed(f"CAST(floor(latitude * {BANDS_PER_DEGREE}) AS INTEGER)", persisted=True)
    )
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    number: Mapped[int | None]
    available_since: Mapped[datetime | None]
    reserved_until: Mapped[datetime | None]
    reserved_by_city: Mapped[str | None] = mapped_column(CityName)
    reserved_by_id: Mapped[UUID | None]
    remove_after_ride: Mapped[bool] = mapped_column(server_default=text("false"))
    removed_at: Mapped[datetime | None]
    paused_by: Mapped[str | None] = mapped_column(String(10))
    state_since: Mapped[datetime | None]

    # Indexes contain `removed_at`, because lists select `removed_at IS NULL`.
    __table_args__ = (
        ForeignKeyConstraint(["city", "owner_id"], ["users.city", "users.id"]),
        Index(None, "city", "owner_id", "status"),
        # A covering index: it includes all columns of a list, which saves the lookup of the row.
        Index(
            "vehicles_available_idx",
            *("city", "removed_at", "status", "latitude_band", "longitude"),
            postgresql_include=[
                *("public_id", "type", "color", "brand", "last_location", "latitude", "number"),
                *("reserved_until", "reserved_by_city", "reserved_by_id"),
            ],
        ),
        Index(None, "city", "public_id"),
        Index(None, "city", "number", unique=True),
        _check_city(),
        CheckConstraint(_one_of("type", VEHICLE_TYPES), name="type"),
        CheckConstraint(_one_of("status", STATUSES), name="status"),
        CheckConstraint(_one_of("paused_by", PAUSED_BY), name="paused_by"),
        CheckConstraint(
            f"status <> '{VehicleState.NON_OPERATIONAL}' OR paused_by IS NOT NULL", name="paused"
        ),
        CheckConstraint(
            _is_plain_text("last_location", longest=LOCATION_LENGTH), name="last_location"
        ),
        CheckConstraint(_is_plain_text("color", longest=WORD_LENGTH), name="color"),
        CheckConstraint(_is_plain_text("brand", longest=WORD_LENGTH), name="brand"),
        CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)"
            " AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name="position",
        ),
        CheckConstraint(f"removed_at IS NULL OR status <> '{IN_USE}'", name="removed"),
        CheckConstraint(f"number BETWEEN {NUMBERS[0]} AND {NUMBERS[-1]}", name="number"),
        CheckConstraint(
            "(reserved_until IS NULL) = (reserved_by_id IS NULL)"
            " AND (reserved_until IS NULL) = (reserved_by_city IS NULL)",
            name="reserved",
        ),
    )


def _is_transition() -> str:
    """Return an SQL condition: the change of state is in the table of transitions."""
    allowed = ", ".join(f"('{before}', '{after}')" for before, after in TRANSITIONS)
    return f"(previous_state, state) IN ({allowed})"


class VehicleEvent(Base):
    """A change of a vehicle's state, in the words of MDS 2.0. Rows are only added.

    `expires_at` is when a reservation ends by the clock, which is no event of its own. The events
    of a vehicle are in the order of `happened_at`, which differs between them.

    The position is rounded like those of a deleted account, because events are never changed; it
    is NULL for an event of a ride, of which the ride has the places.
    """

    __tablename__ = "vehicle_events"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    vehicle_id: Mapped[UUID]
    happened_at: Mapped[datetime]
    event_types: Mapped[list[str]] = mapped_column(ARRAY(String(30)))
    previous_state: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    ride_id: Mapped[UUID | None]
    expires_at: Mapped[datetime | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]

    __table_args__ = (
        Index(None, "city", "happened_at", "id"),
        Index(None, "city", "vehicle_id", "happened_at"),
        _check_city(),
        CheckConstraint(_is_transition(), name="transition"),
        CheckConstraint("array_length(event_types, 1) IS NOT NULL", name="event_types"),
        CheckConstraint(
            f"(ride_id IS NOT NULL) = (previous_state = '{VehicleState.ON_TRIP}'"
            f" OR state = '{VehicleState.ON_TRIP}')",
            name="ride",
        ),
        CheckConstraint(
            f"(expires_at IS NOT NULL) = (state = '{VehicleState.RESERVED}')", name="expires_at"
        ),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="position"),
    )


class Ride(Base):
    """A ride, stored in the vehicle's city. It is active while `end_time` is NULL.

    `distance` is the distance between start and end along the ground, in metres. It is NULL while
    the ride is active, or if the position of its start or end is unknown.

    `unlock_fee`, `per_minute`, `daily_cap` and `owner_percent` are those of the tariff at its
    start; NULL if the ride is free of charge. `amount` is computed once, at its end
    (movr/fares.py), and NULL before and for rides that ended before migration 0017.

    A ride that its rider has `undone` soon after the start ended where it began, without a
    distance; `undo_reason` is what the rider said about it.
    """

    __tablename__ = "rides"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    vehicle_id: Mapped[UUID]
    rider_id: Mapped[UUID]
    rider_city: Mapped[str] = mapped_column(CityName)
    start_location: Mapped[str] = mapped_column(String(LOCATION_LENGTH))
    end_location: Mapped[str | None] = mapped_column(String(LOCATION_LENGTH))
    start_time: Mapped[datetime]
    end_time: Mapped[datetime | None]
    length: Mapped[timedelta | None] = mapped_column(Interval)
    start_latitude: Mapped[float | None]
    start_longitude: Mapped[float | None]
    end_latitude: Mapped[float | None]
    end_longitude: Mapped[float | None]
    distance: Mapped[int | None]
    unlock_fee: Mapped[int | None] = mapped_column(BigInteger)
    per_minute: Mapped[int | None] = mapped_column(BigInteger)
    daily_cap: Mapped[int | None] = mapped_column(BigInteger)
    owner_percent: Mapped[int | None] = mapped_column(BigInteger)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    undone: Mapped[bool] = mapped_column(server_default=text("false"))
    undo_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (
        ForeignKeyConstraint(["rider_city", "rider_id"], ["users.city", "users.id"]),
        ForeignKeyConstraint(["city", "vehicle_id"], ["vehicles.city", "vehicles.id"]),
        Index(None, "rider_city", "rider_id", "start_time", "id"),
        Index(None, "city", "vehicle_id", "start_time"),
        Index(None, "city", "start_time", postgresql_where=text("end_time IS NULL")),
        _check_city(),
        CheckConstraint(
            _is_plain_text("start_location", longest=LOCATION_LENGTH), name="start_location"
        ),
        CheckConstraint(
            _is_plain_text("end_location", longest=LOCATION_LENGTH), name="end_location"
        ),
        CheckConstraint(
            "(end_time IS NULL) = (end_location IS NULL) AND (end_time IS NULL) = (length IS NULL)"
            " AND end_time >= start_time",
            name="ended",
        ),
        CheckConstraint("distance >= 0", name="distance"),
        CheckConstraint(
            "(NOT undone OR end_time IS NOT NULL) AND (undone OR undo_reason IS NULL)",
            name="undone",
        ),
        CheckConstraint(_is_plain_text("undo_reason", longest=REASON_LENGTH), name="undo_reason"),
    )


class RideTotal(Base):
    """Sums of a rider's ended rides in a week or month: number, length and distance in metres.

    Rides that were undone do not count.

    Totals are stored in the rider's home city. `begin` is the first day of the period in that
    city's time zone: a Monday, or the first of a month. The statement that ends a ride updates its
    totals, so that they need not be computed from the rides. Deleting an account keeps its totals
    and rides.
    """

    __tablename__ = "ride_totals"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    rider_id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(5), primary_key=True)
    begin: Mapped[date] = mapped_column(primary_key=True)
    rides: Mapped[int]
    length: Mapped[timedelta] = mapped_column(Interval)
    distance: Mapped[int]

    __table_args__ = (
        ForeignKeyConstraint(["city", "rider_id"], ["users.city", "users.id"]),
        _check_city(),
        CheckConstraint(_one_of("period", PERIODS), name="period"),
        CheckConstraint("rides > 0 AND distance >= 0", name="amounts"),
    )


class Tariff(Base):
    """The prices of a vehicle type in a city from `valid_from` on, until the next row of both.

    Amounts are in the minor unit of the city's currency (movr/cities.py); `owner_percent` is the
    share of the vehicle's owner. Rows are only added.
    """

    __tablename__ = "tariffs"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    vehicle_type: Mapped[str] = mapped_column(String(20), primary_key=True)
    valid_from: Mapped[datetime] = mapped_column(primary_key=True)
    unlock_fee: Mapped[int] = mapped_column(BigInteger)
    per_minute: Mapped[int] = mapped_column(BigInteger)
    daily_cap: Mapped[int] = mapped_column(BigInteger)
    owner_percent: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        _check_city(),
        CheckConstraint(_one_of("vehicle_type", VEHICLE_TYPES), name="vehicle_type"),
        CheckConstraint(
            "unlock_fee BETWEEN 0 AND daily_cap AND per_minute BETWEEN 0 AND daily_cap"
            f" AND daily_cap <= {HIGHEST_CAP} AND owner_percent BETWEEN 0 AND 100",
            name="amounts",
        ),
    )


class LedgerEntry(Base):
    """A change of an account by a ride, in the vehicle's city; the entries of a kind sum to zero.

    A fare is charged to the rider (a negative amount) and shared by the vehicle's owner and MovR; a
    payment balances it by the gateway. Rows are only added. `holder_city` and `holder_id` name the
    rider or owner. They are no foreign keys: to check one to the owner, the end of a ride would
    wait for the owner's row while it has locked the vehicle.
    """

    __tablename__ = "ledger_entries"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    ride_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    account: Mapped[str] = mapped_column(String(10), primary_key=True)
    holder_city: Mapped[str | None] = mapped_column(CityName)
    holder_id: Mapped[UUID | None]
    vehicle_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "city", "holder_id", "created_at"),
        Index(None, "city", "created_at"),
        _check_city(),
        CheckConstraint(_one_of("kind", ENTRY_KINDS), name="kind"),
        CheckConstraint(_one_of("account", ACCOUNTS), name="account"),
        CheckConstraint(
            f"({_one_of('account', (RIDER, OWNER))}) = (holder_id IS NOT NULL)"
            " AND (holder_city IS NULL) = (holder_id IS NULL)",
            name="holder",
        ),
        CheckConstraint("amount <> 0", name="amount"),
    )


class Report(Base):
    """A problem that a rider has reported about a vehicle, in the vehicle's city.

    It is open until the owner or the city's staff closes it with an outcome. `ride_id` is the ride
    during or after which it was reported. Deleting the reporter's account erases the words and the
    position. There are no foreign keys, so that a report locks no row of another region.
    """

    __tablename__ = "reports"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    vehicle_id: Mapped[UUID]
    reporter_city: Mapped[str] = mapped_column(CityName)
    reporter_id: Mapped[UUID]
    ride_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(10))
    words: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_city: Mapped[str | None] = mapped_column(CityName)
    closed_by_id: Mapped[UUID | None]
    outcome: Mapped[str | None] = mapped_column(String(10))

    # Two indexes contain `closed_at`, because lists select `closed_at IS NULL`.
    __table_args__ = (
        Index(None, "city", "closed_at", "created_at", "id"),
        Index(None, "city", "vehicle_id", "closed_at", "created_at"),
        Index(None, "city", "reporter_id", "created_at"),
        _check_city(),
        CheckConstraint(_one_of("kind", REPORT_KINDS), name="kind"),
        CheckConstraint(_is_plain_text("words", longest=REASON_LENGTH), name="words"),
        CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)"
            " AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name="position",
        ),
        CheckConstraint(_one_of("outcome", OUTCOMES), name="outcome"),
        CheckConstraint(
            "(closed_at IS NULL) = (outcome IS NULL)"
            " AND (closed_by_city IS NULL) = (closed_by_id IS NULL)"
            " AND (closed_by_id IS NULL OR closed_at IS NOT NULL)",
            name="closed",
        ),
    )


class StaffRole(Base):
    """What a member may do as staff of a city; the row is kept after it was revoked.

    It is stored in the city of the staff, because what they do there begins with reading it.
    `granted_by_*` are NULL if it was granted at the command line.
    """

    __tablename__ = "staff_roles"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    user_city: Mapped[str] = mapped_column(CityName, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    granted_at: Mapped[datetime]
    granted_by_city: Mapped[str | None] = mapped_column(CityName)
    granted_by_id: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        _check_city(),
        CheckConstraint(_one_of("role", ROLES), name="role"),
        CheckConstraint("(granted_by_city IS NULL) = (granted_by_id IS NULL)", name="granted_by"),
    )


class AuditEntry(Base):
    """What staff did in a city, to what, and why; rows are only added (docs/decisions/0023).

    `before` and `after` are JSON objects of the values that changed, without personal data. The
    actor is NULL for an operator at the command line.
    """

    __tablename__ = "audit_entries"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    happened_at: Mapped[datetime]
    actor_city: Mapped[str | None] = mapped_column(CityName)
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(10))
    subject_city: Mapped[str] = mapped_column(CityName)
    subject_id: Mapped[UUID]
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (
        Index(None, "city", "happened_at", "id"),
        Index(None, "city", "subject_id"),
        _check_city(),
        CheckConstraint("(actor_city IS NULL) = (actor_id IS NULL)", name="actor"),
        CheckConstraint(_one_of("subject_kind", SUBJECTS), name="subject_kind"),
        CheckConstraint(_is_plain_text("reason", longest=REASON_LENGTH), name="reason"),
    )


class Letter(Base):
    """An email that is sent after the transaction that wrote this row (movr/outbox.py).

    It is stored in the recipient's home city. `user_id` is NULL if the recipient is still to be
    found by a name that someone entered. `data` is JSON, what the text needs beyond the account;
    `address` the recipient's if it is not that of the account. Both are erased once it is sent.

    `due_at` is when it is to be sent; while a process sends it, when another process may. `sent_at`
    is when it was sent, or found to be out of date. `failed_at` is when MovR gave up after several
    `attempts`; `last_error` is the type of the last error.
    """

    __tablename__ = "outbox"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(30))
    data: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(50))

    __table_args__ = (
        Index(
            None, "city", "due_at", postgresql_where=text("sent_at IS NULL AND failed_at IS NULL")
        ),
        Index(None, "city", "user_id", "sent_at"),
        Index(None, "city", "failed_at", "id", postgresql_where=text("failed_at IS NOT NULL")),
        _check_city(),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint(
            "sent_at IS NULL OR (failed_at IS NULL AND data IS NULL AND address IS NULL)",
            name="sent",
        ),
    )


class AgencyToken(Base):
    """A token by which an agency, such as a city's department of transport, reads a city's data.

    Only the token's hash is stored (movr/city_data/agencies.py). A name has at most one token that
    is not revoked.
    """

    __tablename__ = "agency_tokens"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "city", "token_hash", unique=True),
        _check_city(),
        CheckConstraint(_is_plain_text("name", longest=NAME_LENGTH), name="name"),
    )


class Zone(Base):
    """An area in which rides may end, or may not, from `valid_from` until `valid_until`.

    `area` is the text of a GeoJSON MultiPolygon. Other zones replace a city's zones by ending them;
    rows are not changed otherwise.
    """

    __tablename__ = "zones"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    area: Mapped[str] = mapped_column(Text)
    ride_end_allowed: Mapped[bool]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]

    __table_args__ = (
        _check_city(),
        CheckConstraint(_is_plain_text("name", longest=NAME_LENGTH), name="name"),
        CheckConstraint(f"length(area) <= {AREA_LENGTH}", name="area"),
        CheckConstraint("valid_until >= valid_from", name="valid"),
    )


class ApiToken(Base):
    """A device or program that uses the API for a member, in the member's home city.

    It has one access token and one refresh token at a time, of which the SHA-256 is kept.
    Refreshing replaces both; a refresh token of this row that is not the present one was spent or
    stolen, and revokes the row (RFC 9700, section 4.14.2). Both tokens end with the member's
    sessions of `session_epoch`.
    """

    __tablename__ = "api_tokens"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    holder_id: Mapped[UUID]
    device: Mapped[str] = mapped_column(String(WORD_LENGTH))
    session_epoch: Mapped[int]
    access_hash: Mapped[str] = mapped_column(String(64))
    access_until: Mapped[datetime]
    refresh_hash: Mapped[str] = mapped_column(String(64))
    refresh_until: Mapped[datetime]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["city", "holder_id"], ["users.city", "users.id"]),
        Index(None, "city", "holder_id", "created_at"),
        _check_city(),
        CheckConstraint(_is_plain_text("device", longest=WORD_LENGTH), name="device"),
    )


class IdempotencyKey(Base):
    """A request that a member's program may repeat, in the member's home city.

    The id is derived from the member and the key, so that the row names neither. The fingerprint is
    the SHA-256 of the request, because another request may not have the same key. The result is
    what a repetition returns, as JSON; rows of before migration 0029 have none.
    """

    __tablename__ = "idempotency_keys"

    city: Mapped[str] = mapped_column(CityName, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    result: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (_check_city(),)
