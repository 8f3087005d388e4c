"""Passwords, hashed with argon2id at the library's current default cost (RFC 9106, low memory)."""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher: Final = PasswordHasher()
_DUMMY_HASH: Final = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """A salted hash, with its algorithm and cost in it."""
    return _hasher.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """True if this password made the hash. Without a hash (an unknown name): False, as slowly."""
    try:
        matches = _hasher.verify(password_hash or _DUMMY_HASH, password)
    except (VerifyMismatchError, InvalidHashError):  # a sample account's hash is no hash
        return False
    return matches and bool(password_hash)
