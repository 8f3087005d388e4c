"""Verification of a member's email address, by a link that is sent to it.

If MovR can send email, only members with a verified address may start rides and add vehicles, and
an address gets no other email before.
"""

import time
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.errors import EmailLinkExpired
from movr.results import UserKey
from web.context import movr, settings
from web.languages import gettext as _
from web.security import session
from web.security.link_tokens import email_tokens
from web.services import verification

blueprint = Blueprint("email_verification", __name__)


@blueprint.get("/verify")
def form() -> ResponseReturnValue:
    """Show the button that verifies the address; programs that check links do not press it."""
    token = request.args.get("token", "")
    is_valid = _read_link(token) is not None
    return render_template("auth/verify.html", token=token if is_valid else None)


@blueprint.post("/verify")
def verify() -> ResponseReturnValue:
    """Verify the address of a valid link."""
    user_and_email = _read_link(request.form.get("token", ""))
    if user_and_email is None:
        raise EmailLinkExpired
    movr().verify_email(*user_and_email)
    flash(_("Your email address is confirmed. Have a good ride."), "success")
    return redirect(session.own_profile(), HTTPStatus.SEE_OTHER)


@blueprint.post("/users/<uuid:user_id>/verify")
@login_required
def send_again(user_id: UUID) -> ResponseReturnValue:
    """Send the link to the member again."""
    member = session.require_own_profile(user_id)
    if verification.send_again(member, member.session_epoch):
        sentence = _("We have sent a link to %(email)s. It works for a day.", email=member.email)
        flash(sentence, "info")
    else:
        sentence = _(
            "We cannot send email to %(email)s. Please change your email address.",
            email=member.email,
        )
        flash(sentence, "warning")
    return redirect(url_for("users.profile", user_id=user_id), HTTPStatus.SEE_OTHER)


def _read_link(token: str) -> tuple[UserKey, str] | None:
    """Return the user and address of a token; None if it is invalid or expired."""
    return email_tokens(settings().signing_keys).read(token, time.time())
