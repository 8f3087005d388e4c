"""A signed cookie that identifies browsers in which a member has logged in, for a year.

It grants no access. It exempts the browser from the limits on failed logins that strangers can use
up (docs/decisions/0007). It contains keyed hashes instead of usernames, so that users of a shared
computer do not learn of each other.
"""

import hmac
import secrets
from collections.abc import Iterator
from typing import Any, Final

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from web.context import is_api_request, settings

COOKIE: Final = "browser"
YEAR: Final = 365 * 24 * 60 * 60  # seconds
MAX_USERNAMES: Final = 8  # members who share a computer


def browser_known_to(username: str) -> str | None:
    """Return the id of this browser if this member has logged in with it before."""
    browser, names = _read()
    return (
        browser if browser and any(name in names for name in _hashes(browser, username)) else None
    )


def remember_browser(username: str) -> None:
    """Set the cookie on this response, with this member added."""
    browser, names = _read()
    browser = browser or secrets.token_urlsafe(16)
    name, *by_older_keys = _hashes(browser, username)
    others = [other for other in names if other not in {name, *by_older_keys}]
    latest = [name, *others][:MAX_USERNAMES]

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            settings().cookie_name(COOKIE),
            _serializer().dumps([browser, latest]),
            max_age=YEAR,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _read() -> tuple[str, list[str]]:
    """Return the browser's id and hashed usernames; both are empty without a valid cookie."""
    if is_api_request():  # which reads no cookies
        return "", []
    try:
        cookie = request.cookies.get(settings().cookie_name(COOKIE), "")
        payload: Any = _serializer().loads(cookie, max_age=YEAR)
    except BadSignature:
        return "", []
    return payload[0], payload[1]


def _hashes(browser: str, username: str) -> Iterator[str]:
    """Yield the hash by the current key, and then those by the older ones."""
    who = f"{browser} {username.lower()}".encode()
    for key in reversed(settings().signing_keys):
        yield hmac.digest(key.encode(), who, "sha256").hex()


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().signing_keys, salt="browser")
