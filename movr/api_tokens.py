"""Tokens of the API: opaque texts `city.user.secret`, stored as hashes in the member's home city.

A program gets a short access token and a refresh token, which it exchanges for a new pair (OAuth's
terms, RFC 6749 and RFC 9700). The secret begins with the id of the row and the epoch of the
member's sessions, and ends with 256 random bits, so that a plain hash of it cannot be reversed.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy import (
    Connection,
    DateTime,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from movr import errors
from movr import rows as rows_to
from movr.cities import find_city_by_slug, served_city
from movr.database.access import Database
from movr.database.execution import run
from movr.idempotency import Repeatable
from movr.member_reads import read_with_member
from movr.models import ApiToken, User
from movr.proofs import Proof
from movr.queries import with_member
from movr.results import AccessToken, ApiDevice, Member, MemberAndPage, TokenPair, UserKey

ACCESS_FOR: Final = timedelta(minutes=15)
REFRESH_FOR: Final = timedelta(days=60)
REPEATABLE_FOR: Final = timedelta(minutes=5)  # after a refresh
MAX_DEVICES: Final = 20  # of a member
_HEX: Final = 32  # digits of an id
_END_OF_EPOCH: Final = "~"  # which random texts do not contain
_LONGEST_EPOCH: Final = 10  # digits, of an integer of the database

_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_IS_USER: Final = (
    User.city == bindparam("member_city", type_=String()),
    User.id == bindparam("member_id", type_=Uuid()),
    User.deleted_at.is_(None),
)
_IS_OF_USER: Final = (
    ApiToken.city == bindparam("member_city", type_=String()),
    ApiToken.holder_id == bindparam("member_id", type_=Uuid()),
)
_IS_TOKEN: Final = (*_IS_OF_USER, ApiToken.id == bindparam("token_id", type_=Uuid()))
_IS_LIVE: Final = (ApiToken.revoked_at.is_(None), ApiToken.refresh_until > _NOW)

_LOCK_USER: Final = select(User.session_epoch).where(*_IS_USER).with_for_update()
_PRESENT_EPOCH: Final = select(User.session_epoch).where(*_IS_USER).scalar_subquery()
_IS_OF_SESSIONS: Final = ApiToken.session_epoch == _PRESENT_EPOCH
_OTHERS: Final = select(func.count()).where(
    *_IS_OF_USER, ApiToken.id != bindparam("token_id", type_=Uuid()), *_IS_LIVE, _IS_OF_SESSIONS
)
_INSERT: Final = insert(ApiToken)
_SECRETS: Final = ("access_hash", "access_until", "refresh_hash", "refresh_until")
_ADD: Final = _INSERT.on_conflict_do_update(
    index_elements=[ApiToken.city, ApiToken.id],
    set_={name: _INSERT.excluded[name] for name in _SECRETS},
    where=and_(
        ApiToken.revoked_at.is_(None), ApiToken.session_epoch == _INSERT.excluded.session_epoch
    ),
).returning(ApiToken.id)
_IS_UNSPENT: Final = ApiToken.refresh_hash == bindparam("hash", type_=String())
# A repeated call, after its reply was lost, finds its own new token.
_IS_PRESENT: Final = or_(
    _IS_UNSPENT,
    and_(
        ApiToken.refresh_hash == bindparam("new_refresh_hash", type_=String()),
        ApiToken.last_used_at > bindparam("repeatable_since", type_=DateTime(timezone=True)),
    ),
)
_REFRESH: Final = (
    update(ApiToken)
    .where(*_IS_TOKEN, *_IS_LIVE, _IS_OF_SESSIONS)
    .values(
        {
            column: case(
                (_IS_PRESENT, bindparam(f"new_{column.name}", type_=column.type)), else_=column
            )
            for column in (ApiToken.__table__.c[name] for name in _SECRETS)
        }
    )
    .values(
        # Repetitions do not count, or the call would be repeatable for ever.
        last_used_at=case((_IS_UNSPENT, _NOW), else_=ApiToken.last_used_at),
        revoked_at=case((~_IS_PRESENT, _NOW)),
    )
    .returning(ApiToken.revoked_at)
)
_REVOKE: Final = (
    update(ApiToken)
    .where(*_IS_TOKEN)
    .values(revoked_at=func.coalesce(ApiToken.revoked_at, _NOW))
    .returning(ApiToken.id)
)
_DEVICES: Final = with_member(
    select(ApiToken.id, ApiToken.device, ApiToken.created_at, ApiToken.last_used_at)
    .where(*_IS_OF_USER, *_IS_LIVE, _IS_OF_SESSIONS)
    .order_by(ApiToken.created_at, ApiToken.id)
    .limit(MAX_DEVICES),
    "created_at",
    "id",
)
_MEMBER: Final = with_member(select(User.id).where(*_IS_USER), "id")


class ApiTokens:
    """The tokens of members."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Keep tokens in this database; `clock` returns the current time in UTC."""
        self._database = database
        self._now = clock

    def create(self, member: Member, device: str, idempotency_key: str = "") -> TokenPair:
        """Return new tokens for this device of a member who has just logged in.

        All calls of the member with the same `idempotency_key` are one device, which has the tokens
        of the last one. Raises SessionEnded, AccountDeleted, TooManyDevices, and TokenInvalid if
        that device was revoked since, or its sessions were ended.
        """
        id_ = uuid5(member.id, f"device {idempotency_key}") if idempotency_key else uuid4()
        tokens = _new_tokens(member.key, id_, member.session_epoch, secrets.token_bytes())
        self._database.write(_create, member, tokens, device=device, now=self._now())
        return tokens

    def refresh(self, refresh_token: str, idempotency_key: str = "") -> TokenPair:
        """Return new tokens in exchange for a refresh token, which is spent then.

        A call that is repeated with its `idempotency_key` within REPEATABLE_FOR returns the same
        tokens. They are made from the key and the token, so that the key must not be guessable for
        those who find a spent token. Raises TokenInvalid. A token that was spent before revokes
        those that replaced it.
        """
        token = parse(refresh_token)
        seed = _seed(refresh_token, idempotency_key)
        tokens = _new_tokens(token.user, token.id, token.epoch, seed)
        if not self._database.write(_refresh, token, tokens, self._now()):
            raise errors.TokenInvalid
        return tokens

    def member(self, token: AccessToken) -> Member | None:
        """Return the member of an access token in one round trip; None if it is not valid."""
        member, _ = read_with_member(self._database, token.user, token, _MEMBER, at=self._now())
        return member

    def devices(self, user: UserKey, proof: Proof) -> MemberAndPage[ApiDevice]:
        """Return the session's member and the devices that have tokens, oldest first."""
        member, rows = read_with_member(
            self._database,
            user,
            proof,
            _DEVICES,
            at=self._now(),
            now=self._now(),
        )
        return MemberAndPage(member, rows_to.whole_list(ApiDevice, rows if member else ()))

    def revoke(self, user: UserKey, token_id: UUID, proof: Proof = 0) -> bool:
        """Revoke the tokens of one of the member's devices; return False if there is none.

        A request whose `proof` has an idempotency key is repeatable.
        """
        now = self._now()
        once = Repeatable(user, proof, now)
        return once.write(self._database, _revoke, user, token_id, now)


def parse(text: str) -> AccessToken:
    """Return the parts of a token, the secret as its hash. Raises TokenInvalid."""
    slug, *rest = text.split(".")
    city = find_city_by_slug(slug)
    try:
        user_id, secret = rest
        ids = UUID(hex=user_id), UUID(hex=secret[:_HEX])
    except ValueError:
        city = None
    if city is None:
        raise errors.TokenInvalid
    return AccessToken(UserKey(city.name, ids[0]), ids[1], _hash(secret), _epoch(secret[_HEX:]))


def _epoch(rest: str) -> int:
    """Return the epoch in a secret; 0 for tokens of earlier releases, which have none."""
    number, separator, _ = rest.partition(_END_OF_EPOCH)
    is_number = number.isdecimal() and len(number) <= _LONGEST_EPOCH
    return int(number) if separator and is_number else 0


def _seed(refresh_token: str, idempotency_key: str) -> bytes:
    """Return the bytes from which the next tokens are made: of a key, the same each time."""
    if not idempotency_key:
        return secrets.token_bytes()
    return hmac.digest(refresh_token.encode(), idempotency_key.encode(), sha256)


def _new_tokens(user: UserKey, token_id: UUID, epoch: int, seed: bytes) -> TokenPair:
    """Return tokens whose secrets are made from a seed of 256 bits."""
    randoms = (hmac.digest(seed, use, sha256) for use in (b"access", b"refresh"))
    texts = (urlsafe_b64encode(random).decode().rstrip("=") for random in randoms)
    access, refresh = (f"{token_id.hex}{epoch}{_END_OF_EPOCH}{text}" for text in texts)
    start = f"{served_city(user.city).slug}.{user.id.hex}"
    return TokenPair(token_id, f"{start}.{access}", f"{start}.{refresh}", ACCESS_FOR)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _columns(tokens: TokenPair, now: datetime) -> dict[str, Any]:
    return {
        "access_hash": parse(tokens.access).hash,
        "refresh_hash": parse(tokens.refresh).hash,
        "access_until": now + ACCESS_FOR,
        "refresh_until": now + REFRESH_FOR,
    }


def _create(
    connection: Connection, member: Member, tokens: TokenPair, *, device: str, now: datetime
) -> None:
    key = {"member_city": member.city, "member_id": member.id}
    epoch = run(connection, _LOCK_USER, **key).scalar()
    if epoch is None:
        raise errors.AccountDeleted
    if epoch != member.session_epoch:
        raise errors.SessionEnded
    if run(connection, _OTHERS, **key, token_id=tokens.id, now=now).scalar_one() >= MAX_DEVICES:
        raise errors.TooManyDevices
    row = {"city": member.city, "id": tokens.id, "holder_id": member.id, "session_epoch": epoch}
    moments = {"created_at": now, "last_used_at": now}
    added = run(connection, _ADD, **row, **moments, device=device, **_columns(tokens, now))
    if added.one_or_none() is None:
        raise errors.TokenInvalid


def _refresh(connection: Connection, token: AccessToken, tokens: TokenPair, now: datetime) -> bool:
    new = {f"new_{name}": value for name, value in _columns(tokens, now).items()}
    row = run(
        connection,
        _REFRESH,
        member_city=token.user.city,
        member_id=token.user.id,
        token_id=token.id,
        hash=token.hash,
        repeatable_since=now - REPEATABLE_FOR,
        **new,
        now=now,
    ).one_or_none()
    return row is not None and row.revoked_at is None


def _revoke(connection: Connection, user: UserKey, token_id: UUID, now: datetime) -> bool:
    key = {"member_city": user.city, "member_id": user.id}
    return run(connection, _REVOKE, **key, token_id=token_id, now=now).one_or_none() is not None
