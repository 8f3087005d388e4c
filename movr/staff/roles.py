"""Roles of staff in a city: who has which, and the check in every transaction of staff.

`users.staff_cities` repeats the cities for pages. A transaction locks the actor's roles first, then
rows of people, then their roles.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import (
    ARRAY,
    Connection,
    DateTime,
    Row,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert

from movr import errors, proofs, transactions
from movr import rows as rows_to
from movr.changes import accounts
from movr.database.execution import run
from movr.models import StaffRole, User
from movr.proofs import EPOCH
from movr.results import UserKey
from movr.staff.permissions import StaffGrant, StaffRequest

_roles, _users = (cast("Table", model.__table__) for model in (StaffRole, User))

_CITY: Final = bindparam("staff_city", type_=String())
_HOLDER_CITY: Final = bindparam("holder_city", type_=String())
_HOLDER_ID: Final = bindparam("holder_id", type_=Uuid())
_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_ROLE: Final = bindparam("granted_role", type_=String())

_IS_HOLDER: Final = (
    _roles.c.city == _CITY,
    _roles.c.user_city == _HOLDER_CITY,
    _roles.c.user_id == _HOLDER_ID,
)
_IS_IN_FORCE: Final = _roles.c.revoked_at.is_(None)

# One row for each role that permits the action, if the session goes on.
AUTHORISE: Final = (
    select(_roles.c.role)
    .join(_users, and_(_users.c.city == _HOLDER_CITY, _users.c.id == _HOLDER_ID))
    .where(
        *_IS_HOLDER,
        _IS_IN_FORCE,
        _roles.c.role.in_(bindparam("permitting", expanding=True)),
        _users.c.deleted_at.is_(None),
        _users.c.suspended_at.is_(None),
        _users.c.session_epoch == EPOCH,
    )
    .with_for_update(of=_roles)
)


def _grant() -> ReturningInsert[Any]:
    """Add a role, or put a revoked one in force again; changes nothing that is in force."""
    row = {
        "city": _CITY,
        "user_city": _HOLDER_CITY,
        "user_id": _HOLDER_ID,
        "role": _ROLE,
        "granted_at": _NOW,
        "granted_by_city": bindparam("by_city"),
        "granted_by_id": bindparam("by_id"),
    }
    added = pg_insert(_roles).values(row)
    given = {name: added.excluded[name] for name in row if name.startswith("granted_")}
    return added.on_conflict_do_update(
        index_elements=list(_roles.primary_key),
        set_={**given, "revoked_at": null()},
        where=~_IS_IN_FORCE,
    ).returning(_roles.c.role)


GRANT: Final = _grant()
REVOKE: Final = (
    update(_roles)
    .where(*_IS_HOLDER, _roles.c.role == _ROLE, _IS_IN_FORCE)
    .values(revoked_at=_NOW)
    .returning(_roles.c.role)
)
SELECT_ROLES: Final = select(_roles.c.role).where(*_IS_HOLDER, _IS_IN_FORCE)
SET_STAFF_CITIES: Final = (
    update(_users)
    .where(_users.c.city == _HOLDER_CITY, _users.c.id == _HOLDER_ID)
    .values(staff_cities=bindparam("new_cities", type_=ARRAY(String())))
)
# Names no city of the members: they may live in any.
GRANTS_OF_CITY: Final = (
    select(
        _users.c.username,
        *(_roles.c[name] for name in ("user_city", "user_id", "role", "granted_at")),
    )
    .join(_users, and_(_users.c.city == _roles.c.user_city, _users.c.id == _roles.c.user_id))
    .where(_roles.c.city == _CITY, _IS_IN_FORCE)
    .order_by(_users.c.username, _roles.c.role)
)


def authorise(
    connection: Connection, request: StaffRequest, *permitting: str, now: datetime
) -> None:
    """Check, until the transaction ends, that the request's member has one of these roles.

    Raises NotStaff, AccountSuspended, AccountDeleted, SessionEnded or TokenInvalid.
    """
    staff, proof = request.staff, request.proof
    checked = proofs.parameters(staff, proof, now)
    keys = _keys(request.city, staff)
    if run(connection, AUTHORISE, **keys, **checked, permitting=permitting).all():
        return
    user = {"user_city": staff.city, "user_id": staff.id}
    select = accounts.SELECT_USER_STATE
    row = transactions.with_session(connection, select, staff, proof, at=now, **user)
    raise errors.AccountSuspended if row.suspended_at else errors.NotStaff


def refuse_oneself(request: StaffRequest, member: UserKey) -> None:
    """Check that staff do nothing for themselves. Raises NotForYourself."""
    if member == request.staff:
        raise errors.NotForYourself


def grant(
    connection: Connection,
    city: str,
    user: UserKey,
    role: str,
    *,
    by: UserKey | None,
    now: datetime,
) -> bool:
    """Give the member a role; return False if they have it. Raises MemberNotFound.

    `by` is None for an operator at the command line.
    """
    cities = lock_member(connection, user).staff_cities
    by_city, by_id = by or (None, None)
    given = {"granted_role": role, "by_city": by_city, "by_id": by_id, "now": now}
    if not run(connection, GRANT, **_keys(city, user), **given).all():
        return False
    _set_cities(connection, user, {*cities, city})
    return True


def revoke(connection: Connection, city: str, user: UserKey, role: str, *, now: datetime) -> bool:
    """Take a role from the member; return False if they do not have it. Raises MemberNotFound."""
    cities = lock_member(connection, user).staff_cities
    if not run(connection, REVOKE, **_keys(city, user), granted_role=role, now=now).all():
        return False
    if not run(connection, SELECT_ROLES, **_keys(city, user)).all():
        _set_cities(connection, user, {*cities} - {city})
    return True


def lock_member(connection: Connection, user: UserKey) -> Row[Any]:
    """Lock a member's row and return its state columns. Raises MemberNotFound."""
    keys = {"user_city": user.city, "user_id": user.id}
    row = run(connection, accounts.LOCK_USER, **keys).one_or_none()
    if row is None or row.deleted_at:
        raise errors.MemberNotFound
    return row


def _keys(city: str, user: UserKey) -> dict[str, object]:
    return {"staff_city": city, "holder_city": user.city, "holder_id": user.id}


def _set_cities(connection: Connection, user: UserKey, cities: set[str]) -> None:
    keys = {"holder_city": user.city, "holder_id": user.id}
    run(connection, SET_STAFF_CITIES, **keys, new_cities=sorted(cities))


def grants(rows: Sequence[Row[Any]]) -> list[StaffGrant]:
    """Return the roles of GRANTS_OF_CITY."""
    return rows_to.named_tuples(StaffGrant, rows)
