"""Signed tokens for password resets, with the user's key, session epoch and expiry time.

A token works once because the statement that changes the password also raises the session epoch.
Anything else that raises the epoch invalidates the token, too.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from movr.results import UserKey

LIFETIME: Final = 30 * 60  # seconds


class ResetTokens:
    """Makes and reads tokens; the current time is passed in as seconds since 1970."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Accept tokens that any of these keys has signed; the last one signs."""
        self._signer = URLSafeSerializer(keys, salt="reset")

    def make(self, user: UserKey, epoch: int, now: float) -> str:
        """Return a token that is valid for this user while this is the session epoch."""
        return str(self._signer.dumps([user.city, user.id.hex, epoch, int(now) + LIFETIME]))

    def read(self, token: str, now: float) -> tuple[UserKey, int] | None:
        """Return the user and the epoch; None if the token is invalid or expired."""
        try:
            payload: Any = self._signer.loads(token)
        except BadSignature:
            return None
        city, id_, epoch, expires = payload
        return (UserKey(city, UUID(id_)), epoch) if now < expires else None
