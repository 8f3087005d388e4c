"""Who is asking.

The session is a signed cookie that carries the user's key (city, id), so that even "who is this?"
is a lookup by primary key in the home region, made when somebody needs to know. The cookie also
says which epoch of the account's sessions it is of: raising it on the user's row ends them all.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar
from uuid import UUID

from flask import Flask, Response, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import (
    AnonymousUserMixin,
    LoginManager,
    UserMixin,
    current_user,
    login_user,
    logout_user,
)
from werkzeug.utils import cached_property

from movr.errors import AccountDeleted
from movr.results import Member, MemberAndPage, Page, UserKey
from web.context import movr
from web.security import known_browsers
from web.security.redirects import safe_redirect_path

Item = TypeVar("Item")

login_manager: Final = LoginManager()


class SessionUser(UserMixin):
    """Somebody with a session of ours, which may have ended since."""

    def __init__(self, key: UserKey, epoch: int) -> None:
        """Take both on trust: they were signed."""
        self.key = key
        self.epoch = epoch

    def get_id(self) -> str:
        """The key, as the cookie keeps it."""
        return f"{self.key.city}/{self.key.id}"

    @cached_property  # Werkzeug's: before Python 3.12 functools' held a lock that all viewers share
    def member(self) -> Member | None:
        """The member of this session; None once it was ended or the account is deleted."""
        return movr().session_member(self.key, self.epoch)

    def read(self, read: Callable[[UserKey, int], MemberAndPage[Item]]) -> Page[Item]:
        """What this member asks to see; who they are is asked for in the same round trip."""
        seen = read(self.key, self.epoch)
        self.member = seen.member
        return seen.page

    @property
    def is_authenticated(self) -> bool:
        """True for a member. What Flask-Login's login_required asks."""
        return self.member is not None


class AnonymousUser(AnonymousUserMixin):
    """Somebody without a session of ours."""

    key: None = None
    epoch: int = 0
    member: None = None


def init_app(app: Flask) -> None:
    """Set up Flask-Login: members are known by the session alone."""
    # Remember-me is off. No request has a cookie of this name.
    app.config["REMEMBER_COOKIE_NAME"] = "="
    # A rider's address changes during a ride, so the session is not tied to it.
    login_manager.session_protection = None
    login_manager.anonymous_user = AnonymousUser
    app.after_request(_allow_shared_caches)  # before Flask-Login's own, so that it runs after it
    login_manager.init_app(app)


def log_in(key: UserKey, username: str, epoch: int = 0) -> None:
    """Log in, in a new session of this epoch, and know the browser again."""
    _renew()
    session["epoch"] = epoch  # beside the key, where code that knows no epochs leaves it alone
    login_user(SessionUser(key, epoch))
    known_browsers.remember_browser(username)


def log_out() -> None:
    """Log out."""
    logout_user()
    _renew()


def _renew() -> None:
    """Forget the session but for the city looked at, which is nobody's secret."""
    kept = {name: session[name] for name in ("city", "guessed") if name in session}
    session.clear()
    session.update(kept)


def current_member() -> Member:
    """The member who is asking, in a view that requires login."""
    found: Member | None = current_user.member
    if found is None:
        raise AccountDeleted
    return found


def read_as_member(read: Callable[[UserKey, int], MemberAndPage[Item]]) -> Page[Item]:
    """What the member who is asking sees, in a view that has this in place of `login_required`.

    Whoever is none is asked to log in, which ends the request.
    """
    page: Page[Item] | None = current_user.read(read) if current_user.key else None
    if page is None or current_user.member is None:
        abort(login_manager.unauthorized())
    return page


def own_profile() -> str:
    """The URL of the profile of whoever is asking, or of the login page."""
    key = current_user.key
    return url_for("users.profile", user_id=key.id) if key else url_for("auth.login")


@login_manager.user_loader
def load_user(user_id: str) -> SessionUser | None:
    """Return the user that the cookie names, without a statement; None if it makes no sense."""
    city, _, id_ = user_id.rpartition("/")
    try:
        return SessionUser(UserKey(city, UUID(id_)), session.get("epoch", 0))
    except ValueError:
        return None


@login_manager.unauthorized_handler
def ask_to_log_in() -> ResponseReturnValue:
    """Redirect to the login page, which leads back to the page that was asked for."""
    if current_user.key:
        log_out()  # a session that was ended elsewhere
    flash("Please log in first.", "info")
    return redirect(url_for("auth.login", next=_page_to_return_to()), HTTPStatus.SEE_OTHER)


def _allow_shared_caches(response: Response) -> Response:
    """Keep `Vary: Cookie` off public responses: Flask-Login looks into the session of every one."""
    if response.cache_control.public:
        session.accessed = False
    return response


def _page_to_return_to() -> str | None:
    """The page asked for; that of the button for who wanted to ride; no other form's address."""
    if request.method == "GET":
        return request.full_path.removesuffix("?")
    return _page_of_the_button() if request.endpoint == "rides.start" else None


def _page_of_the_button() -> str:
    """The page that a ride was to start from, with what was looked for there; else the list."""
    came_from = request.referrer or ""
    path = came_from.removeprefix(request.host_url.rstrip("/"))  # whole, if it is not ours
    return safe_redirect_path(path) or url_for("vehicles.index")
