"""Reads of a list together with the session's member, in one round trip."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select

from movr import proofs, results
from movr import rows as rows_to
from movr.database.access import Database
from movr.proofs import Proof
from movr.results import UserKey


def read_with_member(
    database: Database,
    user: UserKey,
    proof: Proof,
    statement: Select[Any],
    *,
    at: datetime,
    **parameters: object,
) -> tuple[results.Member | None, Sequence[Row[Any]]]:
    """Execute a statement built by `queries.with_member`; return the member and the rows.

    `at` is the time by which the member's reservation and an access token have ended or not.
    """
    rows = read_rows(database, user, proof, statement, parameters, now=at)
    first = rows[0]  # there is one even if member or list are missing: their columns are NULL
    member = rows_to.member(first, at) if first.member_id else None
    return member, rows if first.is_found else ()


def read_rows(
    database: Database,
    user: UserKey,
    proof: Proof,
    statement: Select[Any],
    parameters: Mapping[str, object],
    *,
    now: datetime,
) -> Sequence[Row[Any]]:
    """Execute a statement built by `queries.with_member`; return its rows, at least one.

    `now` is the time by which an access token has ended or not.
    """
    key = {"member_city": user.city, "member_id": user.id}
    return database.read(statement, **key, **proofs.parameters(user, proof, now), **parameters)
