"""Receipts of rides, on a page and by email.

Only verified addresses get them: a member asks for one, or chooses to get that of each ride.
"""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.database import deadline
from movr.errors import EmailNotVerified
from movr.results import Ride, UserKey
from web.context import movr, settings
from web.forms import UndoReasonForm
from web.security import rate_limits, session
from web.security.rate_limit_store import RateLimit
from web.services.mail import Email, absolute_url, outbox

blueprint = Blueprint("receipts", __name__)

SUBJECT: Final = "Receipt of your ride"
RECEIPTS_OF_MEMBER: Final = RateLimit("receipts sent to", 20, rate_limits.HOUR)


def page(ride: Ride, form: UndoReasonForm) -> str:
    """Return the page of a ride that has ended, with the form about an undone one."""
    return render_template(
        "rides/receipt.html", ride=ride, form=form, can_send=settings().mail_uri is not None
    )


@blueprint.post("/rides/mail/<uuid:ride_id>")
@login_required
def send(ride_id: UUID) -> ResponseReturnValue:
    """Send the receipt of the member's own ride to their verified address."""
    member = session.current_member()
    if not settings().mail_uri:
        abort(HTTPStatus.NOT_FOUND)
    if not member.email_verified_at:
        raise EmailNotVerified
    ride = movr().ride(member, ride_id)
    rate_limits.count_attempts((RECEIPTS_OF_MEMBER, str(member.id)))
    link = absolute_url("rides.receipt", ride_id=ride_id)
    outbox().put(lambda: _email(member.email, ride, link))
    flash(f"Your receipt is on its way to {member.email}.", "success")
    return redirect(url_for("rides.receipt", ride_id=ride_id), HTTPStatus.SEE_OTHER)


@blueprint.post("/users/<uuid:user_id>/receipts")
@login_required
def choose(user_id: UUID) -> ResponseReturnValue:
    """Note whether the member wants the receipt of each ride by mail."""
    member = session.require_own_profile(user_id)
    by_mail = request.form.get("by_mail") == "1"
    movr().choose_receipts(member.key, by_mail=by_mail)
    will = "will" if by_mail else "will not"
    flash(f"We {will} email you the receipt of each ride.", "success")
    return redirect(session.own_profile(), HTTPStatus.SEE_OTHER)


def send_if_wanted(user: UserKey, epoch: int, ride_id: UUID) -> None:
    """Send the receipt of a ride that has just ended, if MovR can and the member wants it.

    The thread that sends it reads the member, so that the end of a ride takes no longer.
    """
    if settings().mail_uri:
        link = absolute_url("rides.receipt", ride_id=ride_id)
        outbox().put(lambda: _email_if_wanted(user, epoch, ride_id, link))


def _email_if_wanted(user: UserKey, epoch: int, ride_id: UUID, link: str) -> Email | None:
    deadline.start()
    member = movr().session_member(user, epoch)
    if not (member and member.receipts_by_mail and member.email_verified_at):
        return None
    return _email(member.email, movr().ride(member, ride_id), link)


def _email(to: str, ride: Ride, link: str) -> Email:
    text = render_template("rides/receipt.txt", ride=ride, link=link)
    return Email(to, SUBJECT, text)
