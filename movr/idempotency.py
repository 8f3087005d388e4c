"""Idempotency keys: requests that a program may repeat, and what each of them makes only once."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid5

from sqlalchemy.dialects.postgresql import insert

from movr import errors
from movr.database.access import Database
from movr.models import IdempotencyKey
from movr.results import UserKey

_INSERT: Final = insert(IdempotencyKey)
# A key that is there stays as it is; only a changed row is returned.
CLAIM: Final = _INSERT.on_conflict_do_update(
    index_elements=[IdempotencyKey.city, IdempotencyKey.id],
    set_={"fingerprint": IdempotencyKey.fingerprint},
).returning(IdempotencyKey.fingerprint, IdempotencyKey.created_at)


class IdempotencyKeys:
    """The keys of members, until `flask retention run` removes them."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Keep keys in this database; `clock` returns the current time in UTC."""
        self._database = database
        self._now = clock

    def claim(self, user: UserKey, key: str, fingerprint: str) -> str:
        """Claim a key for the request of this fingerprint, in one round trip.

        Return the `idempotency_key` for class MovR, which is the same for each repetition. It
        differs once the key was removed, so that it cannot name a row of an earlier request.
        Raises IdempotencyKeyReused if the member has claimed the key for another request.
        """
        row = {"city": user.city, "id": uuid5(user.id, key), "fingerprint": fingerprint}
        (claimed,) = self._database.read(CLAIM, **row, created_at=self._now())
        if claimed.fingerprint != fingerprint:
            raise errors.IdempotencyKeyReused
        return f"{key} {claimed.created_at.timestamp()}"
