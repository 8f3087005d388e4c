"""What a link to a new password carries, signed: whose, while which sessions last, until when.

It works once because using it ends the sessions of its epoch, in the statement that changes the
password; so does whatever else ends them.
"""

from typing import Any, Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from movr.results import UserKey

LIFETIME: Final = 30 * 60  # seconds


class ResetTokens:
    """Makes and reads them; the time is passed in, in seconds since 1970."""

    def __init__(self, secret: str) -> None:
        """Sign with this secret."""
        self._signer = URLSafeSerializer(secret, salt="reset")

    def make(self, user: UserKey, epoch: int, now: float) -> str:
        """A token that lets change this user's password while sessions of this epoch last."""
        return str(self._signer.dumps([user.city, user.id.hex, epoch, int(now) + LIFETIME]))

    def read(self, token: str, now: float) -> tuple[UserKey, int] | None:
        """The user and the epoch; None if we did not make it, or too long ago."""
        try:
            said: Any = self._signer.loads(token)
        except BadSignature:
            return None
        city, id_, epoch, until = said
        return (UserKey(city, UUID(id_)), epoch) if now < until else None
