"""Protection against forms of other sites (CSRF): Flask-WTF's tokens, and the origin of a form.

A token belongs to the session. It stays the same when a visitor logs in or out, so that the forms
in their other tabs still work (docs/decisions/0017).
"""

from typing import Final
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask_login import current_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from movr.errors import Refusal
from movr.messages import gettext_noop
from web.config import Settings
from web.context import is_api_request, settings
from web.security import session

# Blueprints
MEMBERS_FORMS: Final = frozenset(
    {
        "fleet",
        "reports",
        "reservations",
        "rides",
        "staff_actions",
        "staff_roles",
        "users",
        "vehicles",
        "vehicle_import",
        "staff_import",
    }
)


class FormRefused(Refusal):
    """A form has no valid token of the session; CSRFError is the cause."""

    sentence = gettext_noop("This form has expired. Please open the page again and try once more.")
    link_text = gettext_noop("Open the page again")

    @property
    def link(self) -> str:
        """The URL of the form's page."""
        return session.page_of_request()


class OriginUnknown(FormRefused):
    """The browser does not say which page the form is from."""

    sentence = gettext_noop(
        "Your browser hides which site this form was sent from, so we cannot accept it."
        " Please check its privacy settings and extensions, or use another browser."
    )


class OtherOrigin(FormRefused):
    """The form is from a page of another site, or a proxy has changed the host of the request."""

    sentence = gettext_noop(
        "This form was sent from another site. Please open the page on MovR and try again."
    )


class CookiesBlocked(FormRefused):
    """The browser sent no cookie, although the form's page set one."""

    sentence = gettext_noop(
        "Your browser sent no cookies, which MovR needs for this form."
        " Please allow cookies for this site and open the page again."
    )


class LoggedOut(FormRefused):
    """The session in which the member opened the form is gone."""

    sentence = gettext_noop("You are no longer logged in. Log in to continue where you were.")
    link_text = gettext_noop("Log in")

    @property
    def link(self) -> str:
        """The URL of the login page, which leads to the form's page."""
        return session.login_page()


REFUSALS: Final = (FormRefused, OriginUnknown, OtherOrigin, CookiesBlocked, LoggedOut)


def init_app(app: Flask) -> None:
    """Check the origin and the token of each form."""
    configured: Settings = app.extensions["settings"]
    app.config.update(
        WTF_CSRF_SECRET_KEY=configured.signing_keys,  # itsdangerous takes a list
        WTF_CSRF_TIME_LIMIT=None,  # a form is valid as long as its session
        WTF_CSRF_SSL_STRICT=False,  # it requires a Referer; refuse_other_origins does not
    )
    app.before_request(refuse_other_origins)
    app.extensions["csrf_protect"] = CSRFProtect(app)


def refuse_other_origins() -> None:
    """Refuse forms of other sites' pages over HTTPS, by the headers that only browsers set.

    Raises OriginUnknown or OtherOrigin.
    """
    if request.method != "POST" or not (request.endpoint and request.is_secure):
        return
    if is_api_request():
        return  # which reads no cookies
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return
    origin = _origin_of_form()
    if not origin:
        raise OriginUnknown from CSRFError("Neither Origin nor Referer names a site.")
    if origin not in _own_origins():
        own = _origin(request.host_url)
        g.is_of_other_origin = True  # for session_cookie.py
        raise OtherOrigin from CSRFError(f"It is from {origin}, and this is {own}.")


def diagnose() -> FormRefused:
    """Return what a visitor can mend: the token itself is only a symptom."""
    if "csrf_token" not in request.form:
        return FormRefused()
    if not request.cookies:
        return CookiesBlocked()
    if current_user.key is None and request.blueprint in MEMBERS_FORMS:
        return LoggedOut()
    return FormRefused()


def _origin_of_form() -> str:
    """Return the origin of the page with the form; "" if the browser does not say.

    A browser sends `Origin: null` for pages that must send no referrer.
    """
    origin = request.headers.get("Origin", "null")
    return _origin(request.referrer or "") if origin == "null" else _origin(origin)


def _own_origins() -> set[str]:
    return {_origin(url) for url in (request.host_url, settings().site_url) if url}


def _origin(url: str) -> str:
    """Return scheme, host and port of a URL; "" if it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
