"""The city's members, and a member's own profile, password and sessions."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.errors import DeviceNotFound
from movr.messages import gettext_noop
from movr.results import MonthlyActivity
from web.context import movr, settings
from web.current_city import current_city
from web.forms import ChangePasswordForm, DeleteAccountForm
from web.languages import gettext as _
from web.pages import pagination
from web.pages.current_password import wrong_password_at
from web.security import account_log, session

blueprint = Blueprint("users", __name__, url_prefix="/users")

CHANGED: Final = gettext_noop(
    "Your password has been changed. All other browsers and all apps are logged out."
)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """List the first names of the city's members; for members only."""
    page = session.read_as_member(
        lambda user, epoch: movr().members_of_city(
            user, epoch, current_city().name, after=pagination.after_id(), size=settings().page_size
        )
    )
    return render_template("users/index.html", members=page)


@blueprint.get("/<uuid:user_id>")
def profile(user_id: UUID) -> ResponseReturnValue:
    """Show the member's own profile and vehicles."""
    page = session.read_as_member(
        lambda user, epoch: movr().vehicles_of(
            user, epoch, after=pagination.after_id(), size=settings().page_size
        )
    )
    member = session.require_own_profile(user_id)
    return render_template(
        "users/profile.html",
        member=member,
        vehicles=page,
        last_month=_sum([owned.month for owned in page.items]),
        is_all=not (page.next or pagination.after_id()),
        must_verify=settings().mail_uri and not member.email_verified_at,
        can_send=settings().mail_uri is not None,
    )


@blueprint.get("/<uuid:user_id>/earnings")
def earnings(user_id: UUID) -> ResponseReturnValue:
    """Show what the member's own vehicles have earned by month."""
    page = session.read_as_member(
        lambda user, epoch: movr().earnings(
            user, epoch, before=pagination.before_month(), size=settings().page_size
        )
    )
    member = session.require_own_profile(user_id)
    return render_template("users/earnings.html", member=member, earnings=page)


@blueprint.get("/remove/<uuid:user_id>")
@login_required
def confirm_removal(user_id: UUID) -> ResponseReturnValue:
    """Show the form that deletes the member's own account."""
    session.require_own_profile(user_id)
    return render_template("users/remove.html", form=DeleteAccountForm())


@blueprint.post("/remove/<uuid:user_id>")
@login_required
def remove(user_id: UUID) -> ResponseReturnValue:
    """Delete the member's own account, after a check of the password."""
    member = session.require_own_profile(user_id)
    form = DeleteAccountForm()
    if form.validate():
        with wrong_password_at(form.password, member):
            movr().delete_account(
                member.key, member.session_epoch, password=str(form.password.data)
            )
            account_log.record(account_log.DELETED, *member.key, member.session_epoch + 1)
            session.log_out()
            flash(_("Your account has been deleted. Thank you for riding with us."), "info")
            return redirect(url_for("city.home"), HTTPStatus.SEE_OTHER)
    return render_template("users/remove.html", form=form), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get("/<uuid:user_id>/security")
def security(user_id: UUID) -> ResponseReturnValue:
    """Show the form that changes the member's own password, and what is logged in."""
    devices = session.read_as_member(movr().tokens.devices)
    form = ChangePasswordForm(session.require_own_profile(user_id))
    return render_template("users/security.html", form=form, devices=devices)


@blueprint.post("/<uuid:user_id>/security")
@login_required
def change_password(user_id: UUID) -> ResponseReturnValue:
    """Change the member's own password and end all other sessions."""
    member = session.require_own_profile(user_id)
    form = ChangePasswordForm(member)
    if form.validate():
        with wrong_password_at(form.current, member):
            epoch = movr().change_password(
                member.key,
                member.session_epoch,
                current=str(form.current.data),
                new=str(form.new.data),
            )
            account_log.record(account_log.PASSWORD_CHANGED, *member.key, epoch)
            session.log_in_again(member.key, member.username, epoch)
            flash(_(CHANGED), "success")
            return redirect(url_for("users.security", user_id=member.id), HTTPStatus.SEE_OTHER)
    devices = session.read_as_member(movr().tokens.devices)
    page = render_template("users/security.html", form=form, devices=devices)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post("/<uuid:user_id>/devices/<uuid:device_id>/logout")
@login_required
def log_out_device(user_id: UUID, device_id: UUID) -> ResponseReturnValue:
    """Log out an app or a program of the member. Raises DeviceNotFound."""
    member = session.require_own_profile(user_id)
    if not movr().tokens.revoke(member.key, device_id):
        raise DeviceNotFound
    flash(_("This app is logged out."), "success")
    return redirect(url_for("users.security", user_id=member.id), HTTPStatus.SEE_OTHER)


@blueprint.post("/<uuid:user_id>/logout")
@login_required
def end_sessions(user_id: UUID) -> ResponseReturnValue:
    """End all sessions of the member, including this one."""
    member = session.require_own_profile(user_id)
    movr().end_sessions(member.key, member.session_epoch)
    session.log_out()
    flash(_("You are logged out everywhere."), "info")
    return redirect(url_for("city.home"), HTTPStatus.SEE_OTHER)


def _sum(months: Sequence[MonthlyActivity]) -> MonthlyActivity:
    """Return the sums of rides, time and distance."""
    time = sum((month.time for month in months), start=timedelta())
    return MonthlyActivity(
        sum(month.rides for month in months), time, sum(month.distance for month in months)
    )
