"""All that MovR keeps about a member, as a JSON file (RFC 8259)."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import chain, groupby
from operator import attrgetter
from typing import Final

from flask import Response

from movr.personal_data import Rows
from movr.results import UserKey
from web.context import movr
from web.rendering.downloads import attachment
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit

EXPORTS_OF_MEMBER: Final = RateLimit("files of data of", 10, rate_limits.HOUR)


def of_member(member: UserKey) -> Response:
    """Return all that MovR keeps about the member, as an object with a list for each table.

    The account is read before the file begins, so that a failure has its own response. Raises
    TooManyAttempts.
    """
    rate_limits.count_attempts((EXPORTS_OF_MEMBER, str(member.id)))
    batches = movr().personal_data.of(member)
    account = next(batches)
    return attachment(_written(chain([account], batches)), "movr-data.json", "application/json")


def _written(batches: Iterator[Rows]) -> Iterator[str]:
    """Yield the text of the file; each row is a line."""
    before = "{"
    for part, of_part in groupby(batches, attrgetter("part")):
        yield f'{before}\n"{part}": ['
        separator = "\n"
        for batch in filter(attrgetter("rows"), of_part):
            yield separator + ",\n".join(_line(row) for row in batch.rows)
            separator = ",\n"
        yield "\n]"
        before = ","
    yield "\n}\n"


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, default=_as_text)


def _as_text(value: object) -> str | float:
    """Return times in UTC (RFC 3339), and lengths in seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
