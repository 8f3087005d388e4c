"""Reads of a list together with the session's member, in one round trip."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, Row

from movr import results
from movr import rows as rows_to
from movr.database.access import Database
from movr.results import UserKey


def read_with_member(
    database: Database,
    user: UserKey,
    epoch: int,
    statement: Executable,
    *,
    at: datetime,
    **parameters: object,
) -> tuple[results.Member | None, Sequence[Row[Any]]]:
    """Execute a statement built by `queries.with_member`; return the member and the rows.

    `at` is the time by which the member's reservation has ended or not.
    """
    key = {"member_city": user.city, "member_id": user.id, "epoch": epoch}
    rows = database.read(statement, **key, **parameters)
    first = rows[0]  # there is one even if member or list are missing: their columns are NULL
    member = rows_to.member(first, at) if first.member_id else None
    return member, rows if first.is_found else ()
