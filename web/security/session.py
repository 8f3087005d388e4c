"""Who is asking.

The session is a signed cookie that carries the user's key (city, id), so that even "who is this?"
is a lookup by primary key in the home region, made when somebody needs to know. The cookie also
says which epoch of the account's sessions it is of: raising it on the user's row ends them all.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha1
from http import HTTPStatus
from typing import Final, TypeVar, cast
from uuid import UUID

from flask import Flask, Request, Response, abort, flash, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_login import (
    AnonymousUserMixin,
    LoginManager,
    UserMixin,
    login_user,
    logout_user,
)
from flask_login import (
    current_user as flask_login_user,
)
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.utils import cached_property

from movr.errors import AccountDeleted
from movr.results import Member, MemberAndPage, Page, UserKey
from web.context import movr
from web.security import known_browsers
from web.security.redirects import safe_redirect_path

Item = TypeVar("Item")

COOKIES: Final = 5_000  # known to be genuine, some 5 MB


class _LoginManager(LoginManager):
    """Flask-Login by the session alone: no second cookie, no header, no address of a browser.

    MovR remembers nobody beyond the session, and a rider's address changes as they ride.
    """

    def _load_user(self) -> None:
        """Make known who is asking, from what the cookie keeps."""
        user_id = session.get("_user_id")
        self._update_request_context_with_user(_viewer(user_id) if user_id else None)

    def _update_remember_cookie(self, response: Response) -> Response:
        """Leave the session alone: looking into it would keep every reply out of shared caches."""
        return response


_login_manager: Final = _LoginManager()


class _CachingSessionInterface(SecureCookieSessionInterface):
    """Flask's sessions, for which what stays the same is found out once.

    That is what signs them, and which cookies are genuine: a browser sends the same with every
    request until it is told another.
    """

    digest_method = staticmethod(
        sha1
    )  # Flask's, but by the name by which hmac leaves it to OpenSSL

    def __init__(self, app: Flask) -> None:
        """Sign with this app's key."""
        signer = super().get_signing_serializer(app)
        self._serializer = cast("URLSafeTimedSerializer", signer)  # there is a key
        self._lifetime = app.permanent_session_lifetime.total_seconds()
        self._genuine = lru_cache(COOKIES)(self._read)

    def get_signing_serializer(self, _app: Flask) -> URLSafeTimedSerializer:
        """What signs the cookie and reads it."""
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """What the cookie says; nothing, if it is not genuine or too old."""
        cookie = request.cookies.get(self.get_cookie_name(app))
        if not cookie:
            return self.session_class()
        try:
            said, signed_at = self._genuine(cookie)
        except BadSignature:
            return self.session_class()
        is_old = time.time() - signed_at > self._lifetime
        return self.session_class({} if is_old else self.serializer.loads(said))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie if something in it has changed; else say that the reply is of it."""
        if session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers.add("Vary", "Cookie")  # beside what was said of encodings

    def _read(self, cookie: str) -> tuple[str, float]:
        """What is in it, as text: each request changes its own; and when it was signed."""
        said, signed_at = self._serializer.loads(cookie, return_timestamp=True)
        return self.serializer.dumps(said), signed_at.timestamp()


class SessionUser(UserMixin):
    """Somebody with a session of ours, which may have ended since."""

    is_active = True  # Flask-Login's word for accounts that are not suspended

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
    """Have Flask-Login keep the sessions."""
    app.session_interface = _CachingSessionInterface(app)
    _login_manager.anonymous_user = AnonymousUser
    _login_manager.unauthorized_handler(_ask_to_log_in)
    _login_manager.init_app(app, add_context_processor=False)


def log_in(key: UserKey, username: str, epoch: int = 0) -> None:
    """Log in, in a new session of this epoch, and know the browser again."""
    _renew()
    session["epoch"] = epoch  # beside the key, where code that knows no epochs leaves it alone
    login_user(SessionUser(key, epoch))
    session.pop("_id")  # a long hash of address and browser, which nobody reads
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


def current_user() -> SessionUser | AnonymousUser:
    """Whoever is asking."""
    found: SessionUser | AnonymousUser = flask_login_user._get_current_object()  # noqa: SLF001 - werkzeug's API
    return found


def current_member() -> Member:
    """The member who is asking, in a view that requires login."""
    found = current_user().member
    if found is None:
        raise AccountDeleted
    return found


def read_as_member(read: Callable[[UserKey, int], MemberAndPage[Item]]) -> Page[Item]:
    """What the member who is asking sees, in a view that has this in place of `login_required`.

    Whoever is none is asked to log in, which ends the request.
    """
    asking = current_user()
    page = asking.read(read) if isinstance(asking, SessionUser) else None
    if page is None or asking.member is None:
        abort(_login_manager.unauthorized())
    return page


def own_profile() -> str:
    """The URL of the profile of whoever is asking, or of the login page."""
    key = current_user().key
    return url_for("users.profile", user_id=key.id) if key else url_for("auth.login")


def _viewer(user_id: str) -> SessionUser | None:
    """Whoever the cookie says, without asking the database; None if it makes no sense."""
    city, _, id_ = user_id.rpartition("/")
    try:
        return SessionUser(UserKey(city, UUID(id_)), session.get("epoch", 0))
    except ValueError:
        return None


def _ask_to_log_in() -> ResponseReturnValue:
    """Flask-Login's unauthorized_handler."""
    if current_user().key:
        log_out()  # a session that was ended elsewhere
    flash("Please log in first.", "info")
    return redirect(url_for("auth.login", next=_page_to_return_to()), HTTPStatus.SEE_OTHER)


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
