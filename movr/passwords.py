"""Passwords, hashed with argon2id at the library's current default cost (RFC 9106, low memory)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """A salted hash, with its algorithm and cost in it."""
    return _hasher.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """True if this password made the hash. Without a hash (an unknown name): False, as slowly."""
    try:
        matches = _hasher.verify(password_hash or _nobodys_hash(), password)
    except VerifyMismatchError:
        return False
    return matches and password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
