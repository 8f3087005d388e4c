"""Registration, login and logout."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from movr.errors import UsernameTaken, WrongCredentials
from web.context import movr
from web.current_city import current_city
from web.forms import LoginForm, RegisterForm
from web.languages import (
    LANGUAGES,
    choose_language,
    chosen_language,
    current_language,
    translate,
)
from web.languages import gettext as _
from web.security import login_limits, rate_limits, session
from web.security.redirects import safe_redirect_path
from web.services import verification

blueprint = Blueprint("auth", __name__)


@blueprint.get("/register")
def register() -> ResponseReturnValue:
    """Show the registration form, with the current city as home city."""
    form = RegisterForm(city=current_city().name)
    return render_template("auth/register.html", form=form, next=_next())


@blueprint.post("/register")
def create_account() -> ResponseReturnValue:
    """Create an account, log in, and redirect to the page in `next`."""
    form = RegisterForm()
    if form.validate():
        rate_limits.count_password()
        may_send = verification.may_send_first_link()
        register = movr().register_with_link if may_send else movr().register
        try:
            user = register(
                **form.values(),
                language=current_language(),
                idempotency_key=form.idempotency_key,
            )
        except UsernameTaken as refusal:
            form.username.errors = [translate(refusal.message())]
        else:
            session.log_in(user, str(form.username.data))
            flash(_("Welcome to MovR, %(name)s.", name=form.first_name.data), "success")
            return _redirect_to_next()
    page = render_template("auth/register.html", form=form, next=_next())
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """Show the login form."""
    return render_template("auth/login.html", form=LoginForm(), next=_next())


@blueprint.post("/login")
def create_session() -> ResponseReturnValue:
    """Log in and redirect to the page in `next`."""
    form = LoginForm()
    if form.validate():
        rate_limits.count_password()
        username = str(form.username.data)
        try:
            with login_limits.counting_failed_logins(username):
                member = movr().log_in(**form.values())
        except WrongCredentials as refusal:
            form.password.errors = [translate(refusal.message())]
        else:
            session.log_in(
                member.key,
                member.username,
                member.session_epoch,
                permanent=form.stay_logged_in.data,
            )
            if member.language in LANGUAGES and not chosen_language():
                choose_language(member.language)
            flash(_("Hello, %(name)s.", name=member.first_name), "success")
            return _redirect_to_next()
    page = render_template("auth/login.html", form=form, next=_next())
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """Log out."""
    session.log_out()
    flash(_("You are logged out. See you soon."), "info")
    return redirect(url_for("city.home"), HTTPStatus.SEE_OTHER)


@blueprint.get("/.well-known/change-password")
@login_required
def change_password() -> ResponseReturnValue:
    """Redirect to the form that changes the password, for password managers.

    See https://w3c.github.io/webappsec-change-password-url/.
    """
    return redirect(url_for("users.security", user_id=current_user.key.id), HTTPStatus.SEE_OTHER)


def _redirect_to_next() -> ResponseReturnValue:
    """Redirect to the page in `next`, or to the home page."""
    return redirect(_next() or url_for("city.home"), HTTPStatus.SEE_OTHER)


def _next() -> str | None:
    fields = request.form if request.method == "POST" else request.args
    return safe_redirect_path(fields.get("next"))
