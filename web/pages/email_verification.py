"""Verification of a member's email address, by a link that is sent to it.

If MovR can send email, only members with a verified address may start rides and add vehicles, and
an address gets no other email before.
"""

import time
from contextlib import suppress
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.errors import EmailLinkExpired
from movr.results import UserKey
from web.context import movr, settings
from web.email_addresses import can_be_mailed, mailbox
from web.security import rate_limits, session
from web.security.link_tokens import email_tokens
from web.security.rate_limit_store import RateLimit
from web.services.mail import Email, absolute_url, outbox

blueprint = Blueprint("email_verification", __name__)

SUBJECT: Final = "Please confirm your email address for MovR"
TEXT: Final = """\
A MovR account was created with this email address.

If it is yours, open this link within a day to confirm the address:

{link}

If not, ignore this email. We send no other email to addresses that are not confirmed.

Username: {username}
"""

REQUESTS_OF_ADDRESS: Final = RateLimit("verification emails asked for by", 60, rate_limits.HOUR)
EMAILS_TO_RECIPIENT: Final = RateLimit("verification emails to", 3, rate_limits.HOUR)


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
    flash("Your email address is confirmed. Have a good ride.", "success")
    return redirect(session.own_profile(), HTTPStatus.SEE_OTHER)


@blueprint.post("/users/<uuid:user_id>/verify")
@login_required
def send_again(user_id: UUID) -> ResponseReturnValue:
    """Send the link to the member again."""
    member = session.require_own_profile(user_id)
    if can_be_mailed(member.email):
        send_link(member.key, member.username, member.email)
        flash(f"We have sent a link to {member.email}. It works for a day.", "info")
    else:
        flash(
            f"We cannot send email to {member.email}. Please change your email address.", "warning"
        )
    return redirect(url_for("users.profile", user_id=user_id), HTTPStatus.SEE_OTHER)


def send_first_link(user: UserKey, username: str, email: str) -> None:
    """Send the link to a new member, unless their network has asked for too many.

    They may ask for it again later.
    """
    with suppress(rate_limits.TooManyAttempts):
        send_link(user, username, email)


def send_link(user: UserKey, username: str, email: str) -> None:
    """Send the link, if MovR can send email. Raises TooManyAttempts."""
    if settings().mail_uri:
        rate_limits.count_attempts(*rate_limits.by_network(REQUESTS_OF_ADDRESS))
        url = absolute_url("email_verification.form")
        outbox().put(lambda: write_email(user, username, email, url))


def write_email(user: UserKey, username: str, email: str, url: str) -> Email | None:
    """Compose the email; None if too many were sent to this address."""
    token = email_tokens(settings().signing_keys).make(user, email, time.time())
    text = TEXT.format(link=f"{url}?token={token}", username=username)
    return limit_emails(Email(email, SUBJECT, text))


def limit_emails(email: Email) -> Email | None:
    """Return this email; None if too many were sent to its address, which is not verified."""
    return email if rate_limits.try_count(EMAILS_TO_RECIPIENT, mailbox(email.to)) else None


def _read_link(token: str) -> tuple[UserKey, str] | None:
    """Return the user and address of a token; None if it is invalid or expired."""
    return email_tokens(settings().signing_keys).read(token, time.time())
