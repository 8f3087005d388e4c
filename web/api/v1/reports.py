"""Problems with vehicles: riders report them, owners list and close them."""

from uuid import UUID

from apiflask import APIBlueprint

from movr.cities import City
from movr.reports import Problem, ShownVehicle
from movr.results import RideKey
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.schemas import NewReport, Outcome, Report, Reports
from web.context import movr
from web.security import rate_limits

blueprint = APIBlueprint("api_reports", __name__, url_prefix="/api/v1", tag="Reports")


@blueprint.post("/cities/<city:city>/vehicles/<uuid:vehicle_id>/reports")
@blueprint.auth_required(auth)
@blueprint.input(NewReport, arg_name="new")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="report_vehicle", responses=[401, 403, 404, 409, 422, 429])
def report_vehicle(city: City, vehicle_id: UUID, new: NewReport) -> str:
    """Report a problem with a vehicle that the member can ride."""
    return _report(ShownVehicle(city.name, vehicle_id), new)


@blueprint.post("/cities/<city:city>/rides/<uuid:ride_id>/reports")
@blueprint.auth_required(auth)
@blueprint.input(NewReport, arg_name="new")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="report_ride", responses=[401, 403, 404, 409, 422, 429])
def report_ride(city: City, ride_id: UUID, new: NewReport) -> str:
    """Report a problem with the vehicle of the member's ride, until seven days after its end."""
    return _report(RideKey(city.name, ride_id), new)


@blueprint.get("/me/vehicles/<uuid:vehicle_id>/reports")
@blueprint.auth_required(auth)
@blueprint.output(Reports)
@blueprint.doc(operation_id="list_reports", responses=[401, 404])
def of_vehicle(vehicle_id: UUID) -> Reports:
    """List the open reports about the member's vehicle, oldest first. They name nobody."""
    page = authentication.read(movr().reports.of_vehicle, vehicle_id=vehicle_id)
    return Reports(items=[Report.model_validate(report) for report in page.items])


@blueprint.post("/me/reports/<uuid:report_id>/close")
@blueprint.auth_required(auth)
@blueprint.input(Outcome, arg_name="closed")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="close_report", responses=[401, 403, 404, 422])
def close(report_id: UUID, closed: Outcome) -> str:
    """Close a report about the member's vehicle. Its reporter is told the outcome by email."""
    token = authentication.token()
    movr().reports.close(report_id, token.user, token, outcome=closed.outcome)
    return ""


def _report(about: RideKey | ShownVehicle, new: NewReport) -> str:
    token = authentication.token()
    rate_limits.count_report(token.user)
    problem = Problem(kind=new.kind, words=new.words, position=new.position)
    movr().reports.report(about, token.user, token, problem)
    return ""
