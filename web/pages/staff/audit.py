"""What staff did in a city and why, for its managers: a list, and a CSV file of all of it."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from movr.cities import City
from movr.errors import NotStaff
from movr.staff.lists import Reader
from movr.staff.results import AuditLine, StaffList
from web.context import movr
from web.pages.staff.reads import read, read_page
from web.rendering import csv_files
from web.rendering.downloads import attachment
from web.security import rate_limits, session
from web.security.rate_limit_store import RateLimit

FILES_OF_MEMBER: Final = RateLimit("files of the audit of", 10, rate_limits.HOUR)

blueprint = Blueprint("staff_audit", __name__, url_prefix="/staff/<city:city>")


@blueprint.get("/audit")
def index(city: City) -> ResponseReturnValue:
    """List what staff did, newest first."""
    found = read_page(city, movr().staff_lists.audit)
    return render_template("staff/audit.html", staff=found.staff, audit=found.page)


@blueprint.get("/audit.csv")
def download(city: City) -> Response:
    """Send the whole audit, newest first.

    The first lines are read before the file begins, so that a refusal has its own page.
    """
    user = session.current_session()
    batches = movr().staff_lists.whole_audit(Reader(user.key, user.epoch, city))
    first = read(city, lambda _: next(batches))
    rate_limits.count_attempts((FILES_OF_MEMBER, str(user.key.id)))
    written = _written(chain([first], batches))
    return attachment(written, f"movr-audit-{city.slug}.csv", "text/csv")


def _written(batches: Iterator[StaffList[AuditLine]]) -> Iterator[str]:
    """Yield the header, then the lines of each batch. Raises NotStaff if the role was taken."""
    yield csv_files.lines([AuditLine._fields])
    for batch in batches:
        if not batch.staff.is_permitted:
            raise NotStaff
        yield csv_files.lines(_cells(line) for line in batch.page.items)


def _cells(line: AuditLine) -> tuple[object, ...]:
    """Return the cells of a line. Times are those of UTC (RFC 3339)."""
    cells = line._replace(reason=csv_files.cell(line.reason))
    return (line.happened_at.isoformat(timespec="seconds"), *cells[1:])
