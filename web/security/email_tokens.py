"""Signed tokens that verify an email address, with the user's key and the address."""

from typing import Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from movr.results import UserKey
from web.context import settings

LIFETIME: Final = 24 * 60 * 60  # seconds


def make_token(user: UserKey, email: str) -> str:
    """Return a token that verifies this address of the user."""
    return str(_serializer().dumps([user.city, user.id.hex, email]))


def read_token(token: str) -> tuple[UserKey, str] | None:
    """Return the user and the address; None if the token is invalid or expired."""
    try:
        city, id_, email = _serializer().loads(token, max_age=LIFETIME)
    except BadSignature:
        return None
    return UserKey(city, UUID(id_)), email


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().signing_keys, salt="email")
