"""Registering, logging in, logging out."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from movr.errors import UsernameTaken, WrongCredentials
from movr.results import Member
from web.context import movr
from web.current_city import current_city
from web.forms import LoginForm, RegisterForm
from web.security import known_browsers, rate_limits, session
from web.security.redirects import safe_redirect_path

blueprint = Blueprint("auth", __name__)


@blueprint.get("/register")
def register() -> ResponseReturnValue:
    """The form, with the city looked at as the home city."""
    form = RegisterForm(city=current_city().name)
    return render_template("auth/register.html", form=form, next=_next())


@blueprint.post("/register")
def open_account() -> ResponseReturnValue:
    """Open an account, log in, and go on to where the visitor wanted to go."""
    form = RegisterForm()
    if form.validate():
        rate_limits.count_attempt(rate_limits.REGISTRATIONS, rate_limits.client_address())
        try:
            user = movr().register(**form.values(), idempotency_key=form.idempotency_key)
        except UsernameTaken as refusal:
            form.username.errors = [refusal.sentence]
        else:
            session.log_in(user, str(form.username.data))
            flash(f"Welcome to MovR, {form.first_name.data}.", "success")
            return _go_on()
    page = render_template("auth/register.html", form=form, next=_next())
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """The form."""
    return render_template("auth/login.html", form=LoginForm(), next=_next())


@blueprint.post("/login")
def open_session() -> ResponseReturnValue:
    """Log in, and go on to where the visitor wanted to go."""
    form = LoginForm()
    if form.validate():
        try:
            member = _credible_member(**form.values())
        except WrongCredentials as refusal:
            form.password.errors = [refusal.sentence]
        else:
            session.log_in(member.key, member.username, member.session_epoch)
            flash(f"Hello, {member.first_name}.", "success")
            return _go_on()
    page = render_template("auth/login.html", form=form, next=_next())
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """Log out."""
    session.log_out()
    flash("You are logged out. See you soon.", "info")
    return redirect(url_for("city.home"), HTTPStatus.SEE_OTHER)


def _credible_member(username: str, password: str) -> Member:
    """The member with these credentials. Failures are limited, in a way that locks nobody out.

    Raises WrongCredentials, TooManyAttempts.
    """
    with rate_limits.counting_failures(*_limits_of(username), failure=WrongCredentials):
        return movr().log_in(username, password)


def _limits_of(username: str) -> list[tuple[rate_limits.RateLimit, str]]:
    """A browser that this member has used has a limit of its own, whatever strangers do."""
    if browser := known_browsers.browser_known_to(username):
        return [(rate_limits.FAILED_LOGINS_OF_BROWSER, f"{browser} {username}")]
    address = rate_limits.client_address()
    return [
        (rate_limits.FAILED_LOGINS_OF_ADDRESS, address),
        (rate_limits.FAILED_LOGINS_OF_NAME_AT_ADDRESS, f"{address} {username}"),
        (rate_limits.FAILED_LOGINS_OF_NAME, username),
    ]


def _go_on() -> ResponseReturnValue:
    """To the page that was wanted."""
    return redirect(_next() or url_for("city.home"), HTTPStatus.SEE_OTHER)


def _next() -> str | None:
    said = request.form if request.method == "POST" else request.args
    return safe_redirect_path(said.get("next"))
