"""Tokens of agencies. A token is random, so that its plain hash gives nothing away."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    String,
    Table,
    Uuid,
    bindparam,
    exists,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from movr.database.execution import lock_table, run
from movr.models import AgencyToken

_tokens = cast("Table", AgencyToken.__table__)
_CITY: Final = bindparam("agency_city", type_=String())
_NAME: Final = bindparam("agency_name", type_=String())
_HASH: Final = bindparam("hash", type_=String())
_AT: Final = bindparam("at", type_=DateTime(timezone=True))
_IS_VALID: Final = _tokens.c.revoked_at.is_(None)

FIND: Final = select(_tokens.c.id).where(
    _tokens.c.city == _CITY, _tokens.c.token_hash == _HASH, _IS_VALID
)
LIST: Final = (
    select(_tokens.c.name, _tokens.c.created_at, _tokens.c.revoked_at)
    .where(_tokens.c.city == _CITY)
    .order_by(_tokens.c.created_at, _tokens.c.id)
)
REVOKE: Final = (
    update(_tokens)
    .where(_tokens.c.city == _CITY, _tokens.c.name == _NAME, _IS_VALID)
    .values(revoked_at=_AT)
    .returning(_tokens.c.id)
)


def _add() -> ReturningInsert[Any]:
    """Add a token, unless the agency of this name has one that is valid."""
    row: dict[str, ColumnElement[Any]] = {
        "city": _CITY,
        "id": bindparam("new_id", type_=Uuid()),
        "name": _NAME,
        "token_hash": _HASH,
        "created_at": _AT,
    }
    has_one = exists().where(_tokens.c.city == _CITY, _tokens.c.name == _NAME, _IS_VALID)
    return (
        insert(_tokens)
        .from_select(list(row), select(*row.values()).where(~has_one))
        .on_conflict_do_nothing()
        .returning(_tokens.c.id)
    )


ADD: Final = _add()


class Agency(NamedTuple):
    """An agency's token, without the token itself."""

    name: str
    created_at: datetime
    revoked_at: datetime | None


def make_token() -> str:
    """Return a new token of 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return the hash that is stored of a token."""
    return sha256(token.encode()).hexdigest()


def add(
    connection: Connection, city: str, name: str, token: str, *, id_: UUID, now: datetime
) -> bool:
    """Add a token; return False if the agency of this name has one that is not revoked.

    A repeated call with the same id changes nothing and returns True.
    """
    lock_table(connection, _tokens)
    row = {"new_id": id_, "hash": hash_token(token), "at": now}
    if run(connection, ADD, agency_city=city, agency_name=name, **row).all():
        return True
    found = run(connection, FIND, agency_city=city, hash=hash_token(token)).scalars().all()
    return found == [id_]


def revoke(connection: Connection, city: str, name: str, *, now: datetime) -> bool:
    """Revoke the token of an agency; return False if it has none."""
    return bool(run(connection, REVOKE, agency_city=city, agency_name=name, at=now).all())
