"""The audit: one row for each action of staff, written by the transaction that acts.

Rows are never changed; the database's role of the app may only add them
(docs/decisions/0023-staff-and-audit.md).
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Connection, String, Table, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert as pg_insert

from movr.database.execution import run
from movr.models import AuditEntry
from movr.results import ReportKey, RideKey, UserKey, VehicleKey

_audit = cast("Table", AuditEntry.__table__)

# The parameters have the names of the columns.
ADD_ENTRY: Final = pg_insert(_audit).on_conflict_do_nothing().returning(_audit.c.id)
SELECT_ENTRY: Final = select(_audit.c.id).where(
    _audit.c.city == bindparam("city", type_=String()), _audit.c.id == bindparam("id", type_=Uuid())
)

VEHICLE, RIDE, ACCOUNT, REPORT, ROLE, FARE = (
    "vehicle",
    "ride",
    "account",
    "report",
    "role",
    "fare",
)

Values = Mapping[str, Any]


class Change(NamedTuple):
    """What an action has changed: the subject, and the values that are different now.

    Values are states, times, amounts and ids, and no personal data, because the row stays.
    """

    kind: str
    subject: UserKey | VehicleKey | RideKey | ReportKey
    before: Values
    after: Values


def is_recorded(connection: Connection, city: str, id: UUID) -> bool:
    """Return True if the audit has this row: the action was done by an earlier request."""
    return run(connection, SELECT_ENTRY, city=city, id=id).one_or_none() is not None


def record(
    connection: Connection,
    change: Change,
    *,
    id: UUID,
    city: str,
    actor: UserKey | None,
    action: str,
    reason: str,
    now: datetime,
) -> None:
    """Add the row of an action that this transaction does. The actor is None for an operator."""
    actor_city, actor_id = actor or (None, None)
    row = {
        "city": city,
        "id": id,
        "happened_at": now,
        "actor_city": actor_city,
        "actor_id": actor_id,
        "action": action,
        "subject_kind": change.kind,
        "subject_city": change.subject.city,
        "subject_id": change.subject.id,
        "before": _text(change.before),
        "after": _text(change.after),
        "reason": reason,
    }
    run(connection, ADD_ENTRY, **row)


def _text(values: Values) -> str | None:
    """Return the values as JSON text, or None if there are none."""
    return json.dumps(values, default=str, sort_keys=True) if values else None
