"""A log of what a restored backup would bring back, which survives when one is restored.

These are deleted accounts, changed passwords and letters that were sent. `flask db settle-restore`
reads it (docs/decisions/0015). An entry has the key of the account or the letter and no name. It is
signed, because other lines of a log may contain text that visitors chose.
"""

import logging
import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from web.context import settings

DELETED: Final = "deleted"
PASSWORD_CHANGED: Final = "password changed"  # noqa: S105 - the name of an event
LETTER_SENT: Final = "letter sent"
MARK: Final = "account-log"

_ENTRY: Final = re.compile(rf"{MARK} ([\w.-]+)", re.ASCII)

logger = logging.getLogger("movr.accounts")


class Event(NamedTuple):
    """What happened to which account or letter, and the epoch of the account's sessions since."""

    what: str
    city: str
    id: UUID
    epoch: int


class Log(NamedTuple):
    """The events of a log, and the number of entries that MovR's keys have not signed."""

    events: list[Event]
    unsigned: int


def record(what: str, city: str, id: UUID, epoch: int = 0) -> None:
    """Write an entry to the log of this process."""
    entry = serializer(settings().signing_keys).dumps([what, city, id.hex, epoch])
    logger.info("%s %s", MARK, entry)


def read(lines: Iterable[str]) -> Log:
    """Find the entries in the lines of a log, whatever else the lines contain."""
    events, unsigned = list[Event](), 0
    signed_by = serializer(settings().signing_keys)
    for entry in (found[1] for line in lines for found in _ENTRY.finditer(line)):
        try:
            what, city, id_, epoch = signed_by.loads(entry)
        except BadSignature:
            unsigned += 1
        else:
            events.append(Event(what, city, UUID(id_), epoch))
    return Log(events, unsigned)


def serializer(keys: Iterable[str]) -> URLSafeSerializer:
    """Return what signs entries with the last of these keys, and reads those of all."""
    return URLSafeSerializer(keys, salt="account-log")
