"""Password reset: a link, sent to the account's email address, valid once and for half an hour.

Responses do not reveal whether an account exists: it is looked up when the letter is sent. See
docs/decisions/0007 for the design of the link.
"""

import time
from http import HTTPStatus
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from movr.errors import ResetLinkExpired
from movr.messages import gettext_noop
from movr.results import Member
from web.context import movr, settings
from web.forms import ForgotPasswordForm, ResetPasswordForm
from web.languages import gettext as _
from web.security import account_log, known_browsers, rate_limits
from web.security.link_tokens import reset_tokens
from web.services import mail, password_links

blueprint = Blueprint("password_reset", __name__)

SENT: Final = gettext_noop(
    "If this account exists, we have sent a link to its email address. It works for 30 minutes."
)

MAX_TOKEN_LENGTH: Final = 500  # characters: valid ones have about 130; a cookie holds 4,000


@blueprint.get("/forgot")
def forgot() -> ResponseReturnValue:
    """Show the form, or a message if no email can be sent."""
    return render_template(
        "auth/forgot.html", form=ForgotPasswordForm() if mail.can_send() else None
    )


@blueprint.post("/forgot")
def send_link() -> ResponseReturnValue:
    """Send a link if the account exists; the response is always the same."""
    form = ForgotPasswordForm()
    if not mail.can_send():
        return redirect(url_for("password_reset.forgot"), HTTPStatus.SEE_OTHER)
    if not form.validate():
        return render_template("auth/forgot.html", form=form), HTTPStatus.UNPROCESSABLE_ENTITY
    password_links.send(str(form.username.data))
    flash(_(SENT), "info")
    return redirect(url_for("password_reset.forgot"), HTTPStatus.SEE_OTHER)


@blueprint.get("/reset")
def form() -> ResponseReturnValue:
    """Show the form for a new password, if the link is valid.

    The token is first moved from the URL to the session, so that no page has it in its URL.
    """
    if token := request.args.get("token"):
        session["reset"] = token[:MAX_TOKEN_LENGTH]
        return redirect(url_for("password_reset.form"), HTTPStatus.SEE_OTHER)
    member = _member_of_link()
    form = ResetPasswordForm(member) if member else None
    return render_template("auth/reset.html", form=form)


@blueprint.post("/reset")
def reset() -> ResponseReturnValue:
    """Change the password by a valid link, end all sessions, and redirect to the login page."""
    member = _member_of_link()
    if not member:
        raise ResetLinkExpired
    form = ResetPasswordForm(member)
    if not form.validate():
        return render_template("auth/reset.html", form=form), HTTPStatus.UNPROCESSABLE_ENTITY
    rate_limits.count_password()
    movr().reset_password(member.key, member.session_epoch, str(form.password.data))
    account_log.record(account_log.PASSWORD_CHANGED, *member.key, member.session_epoch + 1)
    del session["reset"]
    known_browsers.remember_browser(member.username)
    flash(_("Your password has been changed. Please log in with it."), "success")
    return redirect(url_for("auth.login"), HTTPStatus.SEE_OTHER)


def _member_of_link() -> Member | None:
    """Return the member of the link; None if it is missing, invalid, expired or was used."""
    link = reset_tokens(settings().signing_keys).read(session.get("reset", ""), time.time())
    return movr().session_member(*link) if link else None
