"""A member's names and email address.

A new email address takes effect when its member opens the link that is sent to it; the old one is
told. Where MovR sends no email, it takes effect at once.
"""

import time
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from movr.errors import EmailLinkExpired
from movr.messages import gettext_noop
from movr.results import Member, UserKey
from web.context import movr, settings
from web.forms import EmailForm, NamesForm
from web.languages import gettext as _
from web.pages.current_password import wrong_password_at
from web.security import session
from web.security.link_tokens import new_email_tokens
from web.services import verification

blueprint = Blueprint("account", __name__)

CHANGED: Final = gettext_noop(
    "Your email address has been changed. All other browsers and all apps are logged out."
)


@blueprint.get("/users/<uuid:user_id>/names")
@login_required
def names(user_id: UUID) -> ResponseReturnValue:
    """Show the form that changes the member's own names."""
    form = NamesForm(obj=session.require_own_profile(user_id))
    return render_template("account/names.html", form=form)


@blueprint.post("/users/<uuid:user_id>/names")
@login_required
def change_names(user_id: UUID) -> ResponseReturnValue:
    """Change the member's own names."""
    member = session.require_own_profile(user_id)
    form = NamesForm()
    if not form.validate():
        return render_template("account/names.html", form=form), HTTPStatus.UNPROCESSABLE_ENTITY
    movr().change_names(member.key, member.session_epoch, **form.values())
    flash(_("Your name has been changed."), "success")
    return redirect(session.own_profile(), HTTPStatus.SEE_OTHER)


@blueprint.get("/users/<uuid:user_id>/email")
@login_required
def email(user_id: UUID) -> ResponseReturnValue:
    """Show the form that changes the member's own email address."""
    session.require_own_profile(user_id)
    return _email_page(EmailForm())


@blueprint.post("/users/<uuid:user_id>/email")
@login_required
def change_email(user_id: UUID) -> ResponseReturnValue:
    """Change the member's own email address, or send the link that does, after a password check."""
    member = session.require_own_profile(user_id)
    form = EmailForm()
    if form.validate():
        with wrong_password_at(form.password, member):
            movr().check_password(member.key, str(form.password.data))
            change = _send_link if settings().mail_uri else _change_at_once
            change(member, str(form.email.data))
            return redirect(session.own_profile(), HTTPStatus.SEE_OTHER)
    return _email_page(form), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get("/email")
def link() -> ResponseReturnValue:
    """Show the button that changes the address; programs that check links do not press it."""
    token = request.args.get("token", "")
    return render_template("auth/verify.html", token=token if _read_link(token) else None)


@blueprint.post("/email")
def confirm_email() -> ResponseReturnValue:
    """Change the email address by a valid link, and end all other sessions."""
    found = _read_link(request.form.get("token", ""))
    if found is None:
        raise EmailLinkExpired
    user, (epoch, new_email) = found
    username = movr().confirm_new_email(user, epoch, new_email)
    if (current_user.key, current_user.epoch) == (user, epoch):
        session.log_in_again(user, username, epoch + 1)
    flash(_(CHANGED), "success")
    return redirect(session.own_profile(), HTTPStatus.SEE_OTHER)


def _email_page(form: EmailForm) -> str:
    return render_template("account/email.html", form=form, by_link=settings().mail_uri)


def _change_at_once(member: Member, new_email: str) -> None:
    """Change the email address, and end all other sessions."""
    epoch = movr().change_email(member.key, member.session_epoch, new_email)
    session.log_in_again(member.key, member.username, epoch)
    flash(_(CHANGED), "success")


def _send_link(member: Member, new_email: str) -> None:
    """Send the link to the new address, and tell the old one, if it is verified."""
    verification.confirm_new_address(member, new_email, member.session_epoch)
    sentence = _(
        "We have sent a link to %(email)s. Open it within a day to confirm the change.",
        email=new_email,
    )
    flash(sentence, "info")


def _read_link(token: str) -> tuple[UserKey, Any] | None:
    """Return the user, and the epoch and address of a token; None if it is invalid or expired."""
    return new_email_tokens(settings().signing_keys).read(token, time.time())
