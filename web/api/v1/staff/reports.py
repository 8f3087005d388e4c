"""The problems that riders have reported in a city, for its staff."""

from uuid import UUID

from apiflask import APIBlueprint

from movr.cities import City
from movr.errors import ReportNotFound
from web.api.v1.authentication import auth
from web.api.v1.cursors import next_url
from web.api.v1.staff import reads, requests
from web.api.v1.staff.reads import read_page
from web.api.v1.staff.requests import request_of
from web.api.v1.staff.schemas import (
    Done,
    History,
    OutcomeByStaff,
    StaffReport,
    StaffReports,
    StaffReportWithHistory,
    TimePage,
)
from web.context import movr

blueprint = APIBlueprint(
    "api_staff_reports", __name__, url_prefix="/api/v1/staff/<city:city>/reports", tag="Staff"
)


@blueprint.get("")
@blueprint.auth_required(auth)
@blueprint.input(TimePage, location="query", arg_name="wanted")
@blueprint.output(StaffReports)
@blueprint.doc(operation_id="list_staff_reports", responses=reads.ERRORS)
def index(city: City, wanted: TimePage) -> StaffReports:
    """List the open reports, the oldest first."""
    page = read_page(city, movr().staff_lists.open_reports, wanted).page
    items = [StaffReport.model_validate(report) for report in page.items]
    return StaffReports(items=items, next=next_url(page.next))


@blueprint.get("/<uuid:report_id>")
@blueprint.auth_required(auth)
@blueprint.input(TimePage, location="query", arg_name="wanted")
@blueprint.output(StaffReportWithHistory)
@blueprint.doc(operation_id="get_staff_report", responses=reads.ERRORS)
def show(city: City, report_id: UUID, wanted: TimePage) -> StaffReportWithHistory:
    """Return a report, and a page of what staff did about it."""
    found = read_page(city, movr().staff_lists.report, wanted, id_=report_id)
    if found.subject is None:
        raise ReportNotFound
    history = History.of(found.history, city)
    return StaffReportWithHistory(**found.subject._asdict(), history=history)


@blueprint.post("/<uuid:report_id>/close")
@blueprint.auth_required(auth)
@blueprint.input(OutcomeByStaff, arg_name="closed")
@blueprint.output(Done)
@blueprint.doc(operation_id="staff_close_report", responses=requests.ERRORS)
def close(city: City, report_id: UUID, closed: OutcomeByStaff) -> Done:
    """Close a report. Its reporter is told the outcome by email."""
    request = request_of(closed, city)
    return Done(changed=movr().staff.close_report(request, report_id, outcome=closed.outcome))
