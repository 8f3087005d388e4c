"""Receipts of rides, on a page and by email.

Only verified addresses get them: a member asks for one, or chooses to get that of each ride.
"""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.messages import gettext_noop
from movr.reports import REPORT_WITHIN
from movr.results import Ride
from web.context import movr, settings
from web.forms import UndoReasonForm
from web.languages import gettext as _
from web.security import session
from web.services import receipts

blueprint = Blueprint("receipts", __name__)

BY_MAIL: Final = gettext_noop("We will email you the receipt of each ride.")
NOT_BY_MAIL: Final = gettext_noop("We will not email you the receipt of each ride.")


def page(ride: Ride, form: UndoReasonForm) -> str:
    """Return the page of a ride that has ended, with the form about an undone one."""
    return render_template(
        "rides/receipt.html",
        ride=ride,
        form=form,
        can_send=settings().mail_uri is not None,
        report_seconds=REPORT_WITHIN.total_seconds(),
    )


@blueprint.post("/rides/mail/<uuid:ride_id>")
@login_required
def send(ride_id: UUID) -> ResponseReturnValue:
    """Send the receipt of the member's own ride to their verified address."""
    member = session.current_member()
    receipts.send(member, ride_id)
    flash(_("Your receipt is on its way to %(email)s.", email=member.email), "success")
    return redirect(url_for("rides.receipt", ride_id=ride_id), HTTPStatus.SEE_OTHER)


@blueprint.post("/users/<uuid:user_id>/receipts")
@login_required
def choose(user_id: UUID) -> ResponseReturnValue:
    """Note whether the member wants the receipt of each ride by mail."""
    member = session.require_own_profile(user_id)
    by_mail = request.form.get("by_mail") == "1"
    movr().choose_receipts(member.key, member.session_epoch, by_mail=by_mail)
    flash(_(BY_MAIL if by_mail else NOT_BY_MAIL), "success")
    return redirect(session.own_profile(), HTTPStatus.SEE_OTHER)
