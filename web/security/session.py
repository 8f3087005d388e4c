"""Sessions, by Flask-Login.

The session is a signed cookie with the user's key (city, id), so that the member is read by primary
key in the home region, when a view needs it. The cookie also contains the epoch of the account's
sessions: raising the epoch in the user's row ends all of them.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar
from uuid import UUID

import flask_login
from flask import Flask, Response, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.utils import cached_property

from movr.errors import NotYourProfile, Refusal
from movr.messages import gettext_noop
from movr.results import Member, MemberAndPage, Page, UserKey
from web.context import movr
from web.languages import gettext as _
from web.security import known_browsers
from web.security.redirects import address_with_fields, referring_path
from web.security.session_cookie import SessionInterface

RIDE_GOES_ON: Final = gettext_noop("Your ride is still running. Log in again to end it.")
# At a login or logout: the chosen city, its last explanation, the chosen language, and the CSRF
# token of other tabs.
KEPT_IN_SESSION: Final = ("city", "city_reason", "language", "csrf_token")

Item = TypeVar("Item")

login_manager: Final = flask_login.LoginManager()


@dataclass(eq=False)  # UserMixin compares users by their ids
class SessionUser(flask_login.UserMixin):
    """A visitor with a session, which may have been ended, by the signed cookie."""

    key: UserKey
    epoch: int

    def get_id(self) -> str:
        """Return the key as the cookie stores it."""
        return f"{self.key.city}/{self.key.id}"

    @cached_property  # Werkzeug's: before Python 3.12, that of functools has one lock for all users
    def member(self) -> Member | None:
        """The member of this session; None if it was ended or the account is deleted."""
        return movr().session_member(self.key, self.epoch)

    def read(self, read: Callable[[UserKey, int], MemberAndPage[Item]]) -> Page[Item]:
        """Return a page that is read together with the member, in one round trip."""
        result = read(self.key, self.epoch)
        self.member = result.member
        return result.page

    @property
    def is_authenticated(self) -> bool:
        """True for a member; used by Flask-Login's `login_required`."""
        return self.member is not None


class AnonymousUser(flask_login.AnonymousUserMixin):
    """A visitor without a session."""

    key: None = None
    epoch: int = 0
    member: None = None


def init_app(app: Flask) -> None:
    """Set up Flask-Login with the session as the only way to log in."""
    app.session_interface = SessionInterface()
    # Remember-me is off: no cookie can have this name.
    app.config["REMEMBER_COOKIE_NAME"] = "="
    # A rider's address changes during a ride, so the session is not tied to it.
    login_manager.session_protection = None
    login_manager.anonymous_user = AnonymousUser
    app.after_request(_allow_shared_caches)  # runs after Flask-Login's function
    login_manager.init_app(app)


def log_in(key: UserKey, username: str, epoch: int = 0, *, permanent: bool = False) -> None:
    """Start a new session of this epoch, and remember the browser.

    The session ends with the browser unless it is permanent.
    """
    _renew()
    session.permanent = permanent
    session["epoch"] = epoch  # apart from the key, so that older code keeps it
    flask_login.login_user(SessionUser(key, epoch))
    known_browsers.remember_browser(username)


def log_in_again(key: UserKey, username: str, epoch: int) -> None:
    """Log in again after the member's sessions were ended, for as long as before."""
    log_in(key, username, epoch, permanent=session.permanent)


def log_out() -> None:
    """Log out. Riders are told that their ride goes on."""
    is_riding = _is_riding()
    flask_login.logout_user()
    _renew()
    if is_riding:
        flash(_(RIDE_GOES_ON), "warning")


def _is_riding() -> bool:
    """Return True if the member has an active ride; False without an answer of the database."""
    with suppress(Refusal):
        return bool(current_user.member and current_user.member.active_ride)
    return False


def _renew() -> None:
    """Clear the session, except for what KEPT_IN_SESSION names."""
    kept = {name: session[name] for name in KEPT_IN_SESSION if name in session}
    session.clear()
    session.update(kept)


def current_session() -> SessionUser:
    """Return the session of this request, for a view whose statement checks that it goes on.

    Redirects anonymous visitors to the login page, which ends the request.
    """
    if current_user.key is None:
        abort(login_manager.unauthorized())
    user: SessionUser = current_user
    return user


def current_member() -> Member:
    """Return the member who sent the request.

    Redirects other visitors to the login page, which ends the request.
    """
    member: Member | None = current_user.member
    if member is None:
        abort(login_manager.unauthorized())
    return member


def read_as_member(read: Callable[[UserKey, int], MemberAndPage[Item]]) -> Page[Item]:
    """Read a page together with the member, in a view without `login_required`.

    Redirects anonymous visitors to the login page, which ends the request.
    """
    page: Page[Item] | None = current_user.read(read) if current_user.key else None
    if page is None or current_user.member is None:
        abort(login_manager.unauthorized())
    return page


def require_own_profile(user_id: UUID) -> Member:
    """Return the current member, if the URL names this member. Raises NotYourProfile."""
    member = current_member()
    if member.id != user_id:
        raise NotYourProfile
    return member


def page_before() -> str:
    """Return the URL of the page whose button was pressed, or of the member's profile."""
    return referring_path() or own_profile()


def own_profile() -> str:
    """Return the URL of the current user's profile, or of the login page."""
    key = current_user.key
    return url_for("users.profile", user_id=key.id) if key else url_for("auth.login")


@login_manager.user_loader
def load_user(user_id: str) -> SessionUser | None:
    """Return the user of the cookie, without a database statement; None if it is malformed."""
    city, _, id_ = user_id.rpartition("/")
    try:
        return SessionUser(UserKey(city, UUID(id_)), session.get("epoch", 0))
    except ValueError:
        return None


@login_manager.unauthorized_handler
def redirect_to_login() -> ResponseReturnValue:
    """Redirect to the login page, with the requested page in `next`."""
    if current_user.key:
        log_out()  # a session that was ended elsewhere
    flash(_("Please log in first."), "info")
    return redirect(login_page(), HTTPStatus.SEE_OTHER)


def login_page() -> str:
    """Return the URL of the login page, from which the member returns to this page."""
    is_registration = request.endpoint == "auth.create_account"  # of an account deleted since
    return url_for("auth.login", next=None if is_registration else page_of_request())


def _allow_shared_caches(response: Response) -> Response:
    """Keep `Vary: Cookie` off public responses; Flask-Login reads the session of every request."""
    if response.cache_control.public:
        session.accessed = False
    return response


def page_of_request() -> str:
    """Return the requested page, the page of a vehicle's button, or the address of another form.

    The address of a form leads to its page, which is filled in from the address.
    """
    if request.method == "GET":
        return request.full_path.removesuffix("?")
    if request.endpoint not in {"rides.start", "reservations.start", "reservations.give_up"}:
        return address_with_fields()
    return referring_path() or url_for("vehicles.index")
