"""Checks of the newest rows of some cities, cheap enough for metrics that are read all the time.

All rows are checked by `movr/database/invariants.py`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    DateTime,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
)

from movr.database.access import Database
from movr.models import AuditEntry, LedgerEntry, Letter, Report, StaffRole, Vehicle
from movr.staff.permissions import Action

# Each scrape of each pod checks them, so it is a period in which a city has thousands of entries.
LEDGER_PERIOD: Final = timedelta(hours=1)
AUDIT_PERIOD: Final = timedelta(days=1)
# Errors by which a mail server refuses one letter. It is no sign that others wait as well.
REFUSED: Final = ("SMTPDataError", "SMTPRecipientsRefused")

_ledger, _letters, _audit, _roles, _reports, _vehicles = (
    cast("Table", model.__table__)
    for model in (LedgerEntry, Letter, AuditEntry, StaffRole, Report, Vehicle)
)
_CITIES: Final[BindParameter[Any]] = bindparam("cities", expanding=True)
_LEDGER_SINCE: Final = bindparam("ledger_since", type_=DateTime(timezone=True))
_AUDIT_SINCE: Final = bindparam("audit_since", type_=DateTime(timezone=True))


class DataCheck(NamedTuple):
    """What was found: when the oldest letter that waits was written, and numbers of faults."""

    oldest_letter: datetime | None
    unbalanced: int  # entries of a ride in the ledger that do not sum to zero
    unaudited: int  # actions of staff without their row of audit


def _oldest_letter() -> Select[Any]:
    return select(func.min(_letters.c.created_at)).where(
        _letters.c.city.in_(_CITIES),
        _letters.c.sent_at.is_(None),
        _letters.c.failed_at.is_(None),
        func.coalesce(_letters.c.last_error, "").not_in(REFUSED),
    )


def _unbalanced() -> Select[Any]:
    """Count the unbalanced kinds of entries; those of a kind have one `created_at`."""
    entries = (
        select(_ledger.c.ride_id)
        .where(_ledger.c.city.in_(_CITIES), _ledger.c.created_at >= _LEDGER_SINCE)
        .group_by(_ledger.c.city, _ledger.c.ride_id, _ledger.c.kind)
        .having(func.sum(_ledger.c.amount) != 0)
        .subquery("unbalanced")
    )
    return select(func.count()).select_from(entries)


def _has_audit(
    row: Table, action: Action, subject: Column[Any], time: Column[Any]
) -> ColumnElement[bool]:
    return exists().where(
        _audit.c.city.in_(_CITIES),
        _audit.c.city == row.c.city,
        _audit.c.subject_id == subject,
        _audit.c.action == action,
        _audit.c.happened_at == time,
    )


def _unaudited() -> Select[Any]:
    """Count what only staff or operators do, and what has no row of audit of the same time.

    Roles that were granted, and reports that were closed by others than the vehicle's owner. Other
    actions of staff leave rows that owners, riders and the clock leave as well.
    """
    role, report, vehicle = _roles.c, _reports.c, _vehicles.c
    roles = select(role.user_id.label("id")).where(
        role.city.in_(_CITIES),
        role.granted_at >= _AUDIT_SINCE,
        ~_has_audit(_roles, Action.GRANT_ROLE, role.user_id, role.granted_at),
    )
    is_of_report = and_(
        vehicle.city.in_(_CITIES),
        vehicle.city == report.city,
        vehicle.id == report.vehicle_id,
    )
    is_not_owner = or_(
        report.closed_by_city != vehicle.city, report.closed_by_id != vehicle.owner_id
    )
    reports = (
        select(report.id)
        .select_from(_reports.join(_vehicles, is_of_report))
        .where(report.city.in_(_CITIES), report.closed_at >= _AUDIT_SINCE, is_not_owner)
        .where(~_has_audit(_reports, Action.CLOSE_REPORT, report.id, report.closed_at))
    )
    return select(func.count()).select_from(union_all(roles, reports).subquery("unaudited"))


CHECK: Final = select(
    _oldest_letter().scalar_subquery().label("oldest_letter"),
    _unbalanced().scalar_subquery().label("unbalanced"),
    _unaudited().scalar_subquery().label("unaudited"),
)


class DataChecks:
    """Checks of data that MovR has just written."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Use this database and clock."""
        self._database = database
        self._now = clock

    def check(self, cities: Iterable[str]) -> DataCheck:
        """Check the newest rows of these cities in one round trip."""
        now = self._now()
        since = {"ledger_since": now - LEDGER_PERIOD, "audit_since": now - AUDIT_PERIOD}
        (row,) = self._database.read(CHECK, cities=list(cities), **since)
        return DataCheck(*row)
