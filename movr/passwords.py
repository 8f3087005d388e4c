"""Passwords, hashed with argon2id at the library's current default cost (RFC 9106, low memory)."""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher: Final = PasswordHasher()
_DUMMY_HASH: Final = _hasher.hash("the password of no account")


def hash_password(password: str) -> str:
    """Return a salted hash. The string contains its algorithm and cost."""
    return _hasher.hash(password)


def check_password(password: str, password_hash: str | None) -> bool:
    """Return True if the password matches the hash.

    `password_hash` is None for an unknown username. The result is then False, and takes as long
    as a real check, so that response times do not reveal which usernames exist.
    """
    try:
        matches = _hasher.verify(password_hash or _DUMMY_HASH, password)
    except (VerifyMismatchError, InvalidHashError):  # sample accounts have an invalid hash
        return False
    return matches and bool(password_hash)
