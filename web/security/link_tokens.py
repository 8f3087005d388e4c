"""Signed tokens of links in emails, with the user's key, the link's subject and its expiry time.

The time is passed in as seconds since 1970. itsdangerous could add it to the signature, but refuses
tokens of a server whose clock is ahead.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from movr.results import UserKey

RESET_LIFETIME: Final = 30 * 60  # seconds
EMAIL_LIFETIME: Final = 24 * 60 * 60  # seconds


class LinkTokens:
    """Makes and reads the tokens of one kind of link."""

    def __init__(self, keys: Iterable[str], *, salt: str, lifetime: int) -> None:
        """Accept tokens that any of these keys has signed; the last one signs."""
        self._signer = URLSafeSerializer(keys, salt=salt)
        self._lifetime = lifetime

    def make(self, user: UserKey, subject: int | str | tuple[int, str], now: float) -> str:
        """Return a token that is valid for this user and subject for the lifetime."""
        expires = int(now) + self._lifetime
        return str(self._signer.dumps([user.city, user.id.hex, subject, expires]))

    def read(self, token: str, now: float) -> tuple[UserKey, Any] | None:
        """Return the user and the subject; None if the token is invalid or expired."""
        try:
            city, id_, subject, expires = self._signer.loads(token)
        except BadSignature:
            return None
        return (UserKey(city, UUID(id_)), subject) if now < expires else None


def reset_tokens(keys: Iterable[str]) -> LinkTokens:
    """Return the tokens of password resets. Their subject is the session epoch.

    A token works once because the statement that changes the password also raises the epoch.
    Anything else that raises it invalidates the token, too.
    """
    return LinkTokens(keys, salt="reset", lifetime=RESET_LIFETIME)


def email_tokens(keys: Iterable[str]) -> LinkTokens:
    """Return the tokens that verify an email address, which is their subject."""
    return LinkTokens(keys, salt="email", lifetime=EMAIL_LIFETIME)


def new_email_tokens(keys: Iterable[str]) -> LinkTokens:
    """Return the tokens that change an email address. Their subject is the session epoch and it.

    What ends the sessions invalidates a token, too, as for password resets.
    """
    return LinkTokens(keys, salt="new email", lifetime=EMAIL_LIFETIME)
