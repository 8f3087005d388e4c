"""The member who calls: their account, names, receipts and sessions."""

from uuid import UUID

from apiflask import APIBlueprint

from movr.cities import served_city
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.schemas import Me, Names, ReceiptsByMail, Reservation, RideKey
from web.context import movr
from web.services import receipts

blueprint = APIBlueprint("api_me", __name__, url_prefix="/api/v1/me", tag="Me")


@blueprint.get("")
@blueprint.auth_required(auth)
@blueprint.output(Me)
@blueprint.doc(operation_id="get_me", responses=[401])
def show() -> Me:
    """Return the member's account."""
    member = authentication.member()
    ride = member.active_ride
    return Me(
        id=member.id,
        city=served_city(member.city).slug,
        username=member.username,
        first_name=member.first_name,
        last_name=member.last_name,
        email=member.email,
        email_verified=member.email_verified_at is not None,
        receipts_by_mail=member.receipts_by_mail,
        is_owner=member.is_owner,
        suspended_at=member.suspended_at,
        active_ride=ride and RideKey(id=ride.id, city=served_city(ride.city).slug),
        reservation=member.reservation and Reservation.of(member.reservation),
    )


@blueprint.put("/names")
@blueprint.auth_required(auth)
@blueprint.input(Names, arg_name="names")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="change_names", responses=[401, 422])
def change_names(names: Names) -> str:
    """Change the member's names."""
    token = authentication.token()
    movr().change_names(token.user, token, **names.model_dump())
    return ""


@blueprint.put("/receipts")
@blueprint.auth_required(auth)
@blueprint.input(ReceiptsByMail, arg_name="wanted")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="choose_receipts", responses=[401, 422])
def choose_receipts(wanted: ReceiptsByMail) -> str:
    """Choose whether the receipt of each ride is sent to the member by email."""
    token = authentication.token()
    movr().choose_receipts(token.user, token, by_mail=wanted.by_mail)
    return ""


@blueprint.post("/rides/<uuid:ride_id>/receipt")
@blueprint.auth_required(auth)
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="send_receipt", responses=[401, 403, 404, 429])
def send_receipt(ride_id: UUID) -> str:
    """Send the receipt of the member's ride to their verified email address."""
    receipts.send(authentication.member(), ride_id, authentication.token())
    return ""


@blueprint.delete("/sessions")
@blueprint.auth_required(auth)
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="end_sessions", responses=[401])
def end_sessions() -> str:
    """Log the member out everywhere: on all browsers, devices and programs."""
    member = authentication.member()
    movr().end_sessions(member.key, member.session_epoch)
    return ""
