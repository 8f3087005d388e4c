"""Proofs that a request is its member's: the epoch of a session, or an access token of the API.

A statement that contains EPOCH checks either, as part of its own round trip.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, DateTime, Integer, String, Uuid, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler

from movr.models import ApiToken
from movr.results import AccessToken, UserKey

Proof = int | AccessToken

# An alias, which no list selects from, so that SQLAlchemy correlates the subquery with none.
_Token: Final = aliased(ApiToken, name="token")
_EPOCH_OF_SESSION: Final = bindparam("epoch", type_=Integer())
_EPOCH_OF_TOKEN: Final = (
    select(_Token.session_epoch)
    .where(
        _Token.city == bindparam("token_city", type_=String()),
        _Token.id == bindparam("token_id", type_=Uuid()),
        _Token.holder_id == bindparam("token_holder", type_=Uuid()),
        _Token.access_hash == bindparam("token_hash", type_=String()),
        _Token.access_until > bindparam("token_at", type_=DateTime(timezone=True)),
        _Token.revoked_at.is_(None),
    )
    .scalar_subquery()
)


class _Epoch(ColumnElement[int]):
    """The epoch of a session, or that of a valid access token, which is NULL for another text.

    The parameters for which the statement is compiled decide which of them it is.
    """

    inherit_cache = True
    type = Integer()


EPOCH: Final = _Epoch()


@compiles(_Epoch)
def _compile(_: _Epoch, compiler: SQLCompiler, **options: Any) -> str:
    is_by_token = "token_id" in (compiler.column_keys or ())
    return compiler.process(_EPOCH_OF_TOKEN if is_by_token else _EPOCH_OF_SESSION, **options)


def parameters(user: UserKey, proof: Proof, at: datetime) -> dict[str, object]:
    """Return the parameters of EPOCH for this user.

    `at` is the time by which a token has ended or not.
    """
    if not isinstance(proof, AccessToken):
        return {"epoch": proof}
    return {
        "token_city": user.city,
        "token_holder": user.id,
        "token_id": proof.id,
        "token_hash": proof.hash,
        "token_at": at,
    }
