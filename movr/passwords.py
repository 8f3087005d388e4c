"""Passwords, hashed with argon2id at the library's current default cost (RFC 9106, low memory).

A hash takes 64 MiB and four threads, so a process computes one at a time. Keyboards send the same
letter as one character or as several. Passwords are therefore hashed in Unicode's composed form
(NFC).

Accounts adopted from the tutorial's site keep Werkzeug's hash until their password is changed.
"""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from movr.errors import TooManyPasswords

MAX_AT_ONCE: Final = 16  # hashed or waiting, in this process

_hashing: Final = threading.Lock()
_waiting: Final = threading.BoundedSemaphore(MAX_AT_ONCE)
_can_wait: ContextVar[bool] = ContextVar("can_wait", default=True)
_hasher: Final = PasswordHasher()
# Of "the password of no account", at the library's cost. Hashing it at each start would take 0.1 s.
DUMMY_HASH: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$RoBdWuHVb0A+DBK3kZXGvQ$4j7McLqRCVpZc5xdsJ90d9UlU1I5gc8pbZwUojl2Ub8"
)


def never_wait() -> None:
    """Refuse to hash in this thread, from now on, while another thread hashes."""
    _can_wait.set(False)


def hash_password(password: str) -> str:
    """Return a salted hash. The string contains its algorithm and cost.

    Raises TooManyPasswords.
    """
    with _one_at_a_time():
        return _hasher.hash(normalize("NFC", password))


def check_password(password: str, password_hash: str | None) -> bool:
    """Return True if the password matches the hash.

    `password_hash` is None for an unknown username. The result is then False, and takes as long
    as a real check, so that response times do not reveal which usernames exist.

    The password as it was sent is tried after its composed form, for hashes made before passwords
    were normalised. Raises TooManyPasswords.
    """
    spellings = dict.fromkeys((normalize("NFC", password), password))
    with _one_at_a_time():  # for both, so that a guess is checked whole or refused
        matches = any(_matches(spelling, password_hash or DUMMY_HASH) for spelling in spellings)
    return matches and bool(password_hash)


def _matches(password: str, password_hash: str) -> bool:
    try:
        if password_hash.startswith(("pbkdf2:", "scrypt:")):
            return _matches_werkzeug(password, password_hash)
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):  # sample accounts have an invalid hash
        return False


def _matches_werkzeug(password: str, password_hash: str) -> bool:
    """Compare with `pbkdf2:sha256:rounds$salt$digest` or `scrypt:n:r:p$salt$digest`."""
    method, salt, digest = password_hash.split("$")
    secret, salted = password.encode(), salt.encode()
    if method.startswith("scrypt:"):
        n, r, p = map(int, method.split(":")[1:])
        computed = hashlib.scrypt(secret, salt=salted, n=n, r=r, p=p, maxmem=132 * n * r * p)
    else:
        _, algorithm, rounds = method.split(":")
        computed = hashlib.pbkdf2_hmac(algorithm, secret, salted, int(rounds))
    return hmac.compare_digest(computed.hex(), digest)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for the other threads that hash.

    Raises TooManyPasswords if there are too many, or one in a thread that never waits.
    """
    if not _waiting.acquire(blocking=False):
        raise TooManyPasswords
    try:
        if not _hashing.acquire(blocking=_can_wait.get()):
            raise TooManyPasswords
        try:
            yield
        finally:
            _hashing.release()
    finally:
        _waiting.release()
