"""Reads of a list together with the session's member, in one round trip."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from movr import results
from movr import rows as rows_to
from movr.database.access import Database
from movr.queries import WithMember
from movr.results import AccessToken, UserKey

Proof = int | AccessToken  # that a request is the member's: the epoch of a session, or a token


def read_with_member(
    database: Database,
    user: UserKey,
    proof: Proof,
    statement: WithMember,
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
    statement: WithMember,
    parameters: Mapping[str, object],
    *,
    now: datetime,
) -> Sequence[Row[Any]]:
    """Execute a statement built by `queries.with_member`; return its rows, at least one.

    `now` is the time by which an access token has ended or not.
    """
    key = {"member_city": user.city, "member_id": user.id}
    if isinstance(proof, AccessToken):
        by_token = {"token_id": proof.id, "token_hash": proof.hash, "token_now": now}
        return database.read(statement.by_token, **key, **by_token, **parameters)
    return database.read(statement.by_session, **key, epoch=proof, **parameters)
