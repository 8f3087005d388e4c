"""Changes of accounts and sessions, and what deleting an account erases."""

from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Integer,
    String,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert

from movr.changes.common import (
    AVAILABLE_STATE,
    HAS_SESSION,
    IS_MEMBER,
    IS_USER,
    NOW,
    ON_TRIP_STATE,
    REMOVED_AT,
    REMOVED_STATE,
    RESERVED_STATE,
    USER_CITY,
    USER_ID,
    USER_STATE,
    api_tokens,
    reports,
    rides,
    staff_roles,
    transition_types,
    users,
    vehicle_by_key,
    vehicles,
)
from movr.formats import ERASED, ROLES
from movr.outbox import erase_letters
from movr.proofs import EPOCH
from movr.vehicle_events import STATE_SINCE, coarse, insert_event
from movr.vehicle_states import state_of

# The parameters have the names of the columns.
CREATE_ACCOUNT: Final = pg_insert(users).on_conflict_do_nothing().returning(users.c.id)

# Names no city: the account with this username may be in any city.
SELECT_USER_BY_USERNAME: Final = select(users.c.id).where(users.c.username == bindparam("username"))

END_SESSIONS: Final = update(users).where(HAS_SESSION).values(session_epoch=EPOCH + 1)
SET_PASSWORD: Final = END_SESSIONS.values(password_hash=bindparam("new_password_hash")).returning(
    users.c.username
)
CHANGE_EMAIL: Final = END_SESSIONS.values(
    email=bindparam("new_email"), email_verified_at=bindparam("verified_at")
).returning(users.c.username)
CHOOSE_RECEIPTS: Final = (
    update(users)
    .where(HAS_SESSION)
    .values(receipts_by_mail=bindparam("by_mail", type_=Boolean()))
    .returning(users.c.id)
)
CHOOSE_LANGUAGE: Final = (
    update(users)
    .where(HAS_SESSION)
    .values(language=bindparam("new_language", type_=String()))
    .returning(users.c.id)
)
CHANGE_NAMES: Final = (
    update(users)
    .where(HAS_SESSION)
    .values(first_name=bindparam("new_first_name"), last_name=bindparam("new_last_name"))
    .returning(users.c.id)
)

_BEHIND: Final = and_(users.c.deleted_at.is_(None), users.c.session_epoch < EPOCH)
LOCK_PASSWORD: Final = (
    update(users)
    .where(IS_USER, _BEHIND)
    .values(password_hash=bindparam("new_hash"))
    .returning(users.c.id)
)
RAISE_SESSION_EPOCHS: Final = (
    update(users)
    .where(
        users.c.city == USER_CITY,
        users.c.id.in_(
            select(users.c.id)
            .where(users.c.city == USER_CITY, users.c.id > bindparam("after", type_=Uuid()))
            .where(_BEHIND)
            .order_by(users.c.id)
            .limit(bindparam("at_most", type_=Integer()))
        ),
    )
    .values(session_epoch=EPOCH)
    .returning(users.c.id)
)

VERIFY_EMAIL: Final = (
    update(users)
    .where(IS_MEMBER, users.c.email == bindparam("verified_email", type_=String()))
    .values(email_verified_at=func.coalesce(users.c.email_verified_at, NOW))
    .returning(users.c.id)
)

DELETE_ACCOUNT: Final = (
    update(users)
    .where(IS_USER)
    .values({column: None for column in users.c if column.info.get("personal")})
    .values(
        receipts_by_mail=False,
        staff_cities=[],
        session_epoch=users.c.session_epoch + 1,
        deleted_at=NOW,
    )
    .add_cte(erase_letters())
)
# Of a member who deletes the account, in these cities.
REVOKE_ROLES: Final = (
    update(staff_roles)
    .where(
        staff_roles.c.city.in_(bindparam("staff_cities", expanding=True)),
        staff_roles.c.user_city == bindparam("holder_city", type_=String()),
        staff_roles.c.user_id == bindparam("holder_id", type_=Uuid()),
        staff_roles.c.role.in_(ROLES),  # all of them; so that it names the whole key
        staff_roles.c.revoked_at.is_(None),
    )
    .values(revoked_at=NOW)
)
_DEVICES: Final = select(api_tokens.c.id).where(
    api_tokens.c.city == USER_CITY, api_tokens.c.holder_id == USER_ID
)
ERASE_DEVICES: Final = (
    update(api_tokens)
    .where(api_tokens.c.city == USER_CITY, api_tokens.c.id.in_(_DEVICES))
    .values(device=ERASED, revoked_at=func.coalesce(api_tokens.c.revoked_at, NOW))
)

SELECT_USER_STATE: Final = select(*USER_STATE).where(IS_USER)
# Changes nothing, but no other transaction can change the row until this one ends.
LOCK_USER: Final = (
    update(users).where(IS_USER).values(is_owner=users.c.is_owner).returning(*USER_STATE)
)

_CITIES: Final[BindParameter[Any]] = bindparam("cities", expanding=True)

# Of removed ones, too, because their places are erased.
SELECT_VEHICLES_OF_OWNER: Final = select(vehicles.c.id).where(
    vehicles.c.city == USER_CITY, vehicles.c.owner_id == USER_ID
)


def _remove_vehicles() -> ReturningInsert[Any]:
    """Remove an owner's vehicles, and erase their places.

    Vehicles in use are removed where their rides end, and reserved ones when the reservation ends.
    """
    locked = (
        select(vehicles.c.id, state_of(vehicles.c, NOW).label("previous_state"))
        .where(
            vehicles.c.city == USER_CITY,
            vehicles.c.id.in_(bindparam("vehicle_ids", expanding=True)),
        )
        .with_for_update()
        .cte("locked")
    )
    leaves = locked.c.previous_state.not_in((RESERVED_STATE, ON_TRIP_STATE, REMOVED_STATE))
    removed = (
        update(vehicles)
        .where(vehicle_by_key(USER_CITY, locked.c.id))
        .values(
            removed_at=func.coalesce(vehicles.c.removed_at, REMOVED_AT),
            remove_after_ride=True,
            last_location=ERASED,
            latitude=coarse(vehicles.c.latitude),
            longitude=coarse(vehicles.c.longitude),
            state_since=case((leaves, STATE_SINCE), else_=vehicles.c.state_since),
        )
        .returning(
            *(vehicles.c[name] for name in ("id", "state_since", "latitude", "longitude")),
            locked.c.previous_state,
            leaves.label("leaves"),
        )
        .cte("removed")
    )
    return insert_event(
        removed,
        USER_CITY,
        removed.c.leaves,
        event_types=transition_types(AVAILABLE_STATE, REMOVED_STATE),
        previous_state=removed.c.previous_state,
        state=literal(REMOVED_STATE),
    )


REMOVE_VEHICLES: Final = _remove_vehicles()

# What erasing the places of a ride changes. Riders choose words, so that a ride whose words are the
# erased ones may have places.
ERASED_PLACES: Final[dict[str, ColumnElement[Any]]] = {
    "start_location": literal(ERASED),
    "end_location": literal(ERASED),
    "undo_reason": null(),
    **{
        name: coarse(rides.c[name])
        for name in ("start_latitude", "start_longitude", "end_latitude", "end_longitude")
    },
}
HAS_PLACES: Final = or_(*(rides.c[name] != erased for name, erased in ERASED_PLACES.items()))


def _erase_places() -> Update:
    """Erase the words of some rides of a rider, and round their positions."""
    page = (
        select(rides.c.city, rides.c.id)
        .where(
            rides.c.city.in_(_CITIES),
            rides.c.rider_city == USER_CITY,
            rides.c.rider_id == USER_ID,
            HAS_PLACES,
        )
        .limit(bindparam("limit", type_=Integer()))
        .subquery("page")
    )
    return (
        update(rides)
        .where(
            rides.c.city.in_(_CITIES),
            rides.c.city == page.c.city,
            rides.c.id == page.c.id,
        )
        .values(ERASED_PLACES)
        .returning(rides.c.id)
    )


ERASE_PLACES: Final = _erase_places()

SELECT_REPORTS_OF_USER: Final = select(reports.c.id).where(
    reports.c.city.in_(_CITIES),
    reports.c.reporter_city == USER_CITY,
    reports.c.reporter_id == USER_ID,
)
ERASE_REPORTS: Final = (
    update(reports)
    .where(reports.c.city.in_(_CITIES), reports.c.id.in_(bindparam("report_ids", expanding=True)))
    .values(words=null(), latitude=null(), longitude=null())
)
