"""Browsers in which a member has logged in before: a signed cookie says so, for a year.

It opens nothing. It spares who has it the limits on failed logins that strangers can use up
(docs/decisions/0007). Names are in it as keyed hashes: whoever finds it on a shared computer does
not learn who else was there.
"""

import hmac
import secrets
from typing import Any, Final

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE: Final = "browser"
YEAR: Final = 365 * 24 * 60 * 60  # seconds
MOST_NAMES: Final = 8  # of a family's computer


def browser_known_to(username: str) -> str | None:
    """The name of this browser, if this member has logged in here before."""
    browser, names = _read()
    return browser if browser and _hash(browser, username) in names else None


def remember_browser(username: str) -> None:
    """Have the reply to this request say that this member has logged in here."""
    browser, names = _read()
    browser = browser or secrets.token_urlsafe(16)
    name = _hash(browser, username)
    latest = [name, *(other for other in names if other != name)][:MOST_NAMES]

    @after_this_request
    def say(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            _serializer().dumps([browser, latest]),
            max_age=YEAR,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _read() -> tuple[str, list[str]]:
    """The name of this browser and the names it knows; none, if it is new here."""
    try:
        read: Any = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=YEAR)
    except BadSignature:
        return "", []
    return read[0], read[1]


def _hash(browser: str, username: str) -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.digest(key, f"{browser} {username.lower()}".encode(), "sha256").hex()


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="browser")
