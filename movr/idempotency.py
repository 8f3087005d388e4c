"""Idempotency keys: requests that a program may repeat, and whose change is made only once.

The row of a key is written by the statement or the transaction that makes the change, and has what
the method of class MovR returns. A repetition finds the row and returns the same. A request that is
refused leaves no row, so that it can be sent again.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Executable,
    String,
    Uuid,
    bindparam,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert

from movr import errors, proofs
from movr.database.access import Database
from movr.database.execution import run
from movr.models import IdempotencyKey, User
from movr.proofs import EPOCH, Proof
from movr.results import AccessToken, KeyedRequest, UserKey

Result = TypeVar("Result")

_CITY: Final = bindparam("key_city", type_=String())
_RESULT: Final = bindparam("key_result", type_=String())
_ROW: Final[dict[str, ColumnElement[Any]]] = {
    "city": _CITY,
    "id": bindparam("key_id", type_=Uuid()),
    "fingerprint": bindparam("key_fingerprint", type_=String()),
    "created_at": bindparam("key_at", type_=DateTime(timezone=True)),
}
_HAS_SESSION: Final = exists().where(
    User.city == _CITY,
    User.id == bindparam("key_holder", type_=Uuid()),
    User.deleted_at.is_(None),
    User.session_epoch == EPOCH,
)
# A key that is there stays as it is; only a changed row is returned. Its result is NULL until the
# transaction that has added it ends.
CLAIM: Final = (
    pg_insert(IdempotencyKey)
    .from_select(list(_ROW), select(*_ROW.values()).where(_HAS_SESSION))
    .on_conflict_do_update(
        index_elements=[IdempotencyKey.city, IdempotencyKey.id],
        set_={"fingerprint": IdempotencyKey.fingerprint},
    )
    .returning(IdempotencyKey.fingerprint, IdempotencyKey.result)
)
NOTE_RESULT: Final = (
    update(IdempotencyKey)
    .where(IdempotencyKey.city == _CITY, IdempotencyKey.id == _ROW["id"])
    .values(result=_RESULT)
)


@cache
def with_key(change: Any) -> ReturningInsert[Any]:  # noqa: ANN401 - a statement that returns rows
    """Return a statement that makes a change and adds the row of the request's key.

    It returns a row if the change does. It fails if the key is there, and so makes no change.
    """
    done = change.cte("done")
    row = _ROW | {"result": _RESULT}
    return (
        insert(IdempotencyKey)
        .from_select(list(row), select(*row.values()).select_from(done))
        .returning(IdempotencyKey.id)
    )


def keyed(
    change: Executable, user: UserKey, proof: Proof, at: datetime
) -> tuple[Executable, dict[str, object]]:
    """Return the statement of a change for a request of this proof, and its parameters."""
    checked = proofs.parameters(user, proof, at)
    if (request := _request(proof)) is None:
        return change, checked
    return with_key(change), checked | _key(user, request, at) | {"key_result": request.result}


def with_result(proof: Proof, result: object) -> Proof:
    """Return the proof of a request; if it has a key, with what a single statement stores."""
    if not isinstance(proof, AccessToken) or proof.request is None:
        return proof
    return proof._replace(request=proof.request._replace(result=_text(result)))


class Repeatable(NamedTuple):
    """A request of a member at this time, which is repeatable if its proof has a key."""

    user: UserKey
    proof: Proof
    at: datetime

    def write(
        self,
        database: Database,
        transaction: Callable[..., Result],
        *arguments: object,
        decode: Callable[[Any], Result] = lambda result: result,
        **named: object,
    ) -> Result:
        """Run a transaction; if the request has a key, a repetition returns what it has returned.

        `decode` converts the result from JSON. Raises TokenInvalid, and IdempotencyKeyReused if the
        key is that of another request.
        """
        request = _request(self.proof)
        if request is None:
            return database.write(transaction, *arguments, **named)

        def once(connection: Connection) -> Result:
            if known := self._claim(connection, request):
                return decode(json.loads(known))
            result = transaction(connection, *arguments, **named)
            row = {"key_city": self.user.city, "key_id": request.id, "key_result": _text(result)}
            run(connection, NOTE_RESULT, **row)
            return result

        return database.write(once)

    def _claim(self, connection: Connection, request: KeyedRequest) -> str | None:
        """Add the row of the key, or return the result if it was there."""
        key = _key(self.user, request, self.at) | {"key_holder": self.user.id}
        claimed = run(connection, CLAIM, **key, **proofs.parameters(*self)).one_or_none()
        if claimed is None:
            raise errors.TokenInvalid
        if claimed.fingerprint != request.fingerprint:
            raise errors.IdempotencyKeyReused
        return None if claimed.result is None else str(claimed.result)


def without_key(proof: Proof) -> Proof:
    """Return the proof for the statements of a transaction of `Repeatable`."""
    return proof._replace(request=None) if isinstance(proof, AccessToken) else proof


def _request(proof: Proof) -> KeyedRequest | None:
    return proof.request if isinstance(proof, AccessToken) else None


def _key(user: UserKey, request: KeyedRequest, at: datetime) -> dict[str, object]:
    return {
        "key_city": user.city,
        "key_id": request.id,
        "key_fingerprint": request.fingerprint,
        "key_at": at,
    }


def _text(result: object) -> str:
    return json.dumps(result, default=str)
