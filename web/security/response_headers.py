"""What every reply says: who served it and which city, its cost, what a browser may do with it."""

import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, g

from web.context import settings
from web.operations import request_logging

_Headers = list[tuple[str, str]]
_Write = Callable[[bytes], object]  # what WSGI's start_response returns

# Nothing inline, nothing from elsewhere but a map's tiles; Leaflet empties a tile by a data: image.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data: https://tile.openstreetmap.org;"
    " font-src 'self'; connect-src 'self'; manifest-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With API_KEY, what Google's documentation asks for, but for scripts of whatever host:
# https://developers.google.com/maps/documentation/javascript/content-security-policy
_POLICY_WITH_GOOGLE: Final = (
    "default-src 'none';"
    " script-src 'self' 'nonce-{nonce}' 'unsafe-eval' blob:"
    " https://*.googleapis.com https://*.gstatic.com;"
    " style-src 'self' 'nonce-{nonce}' https://fonts.googleapis.com;"
    " img-src 'self' data: https://*.googleapis.com https://*.gstatic.com https://*.google.com"
    " https://*.googleusercontent.com;"
    " font-src 'self' https://fonts.gstatic.com;"
    " connect-src 'self' data: blob: https://*.googleapis.com https://*.google.com"
    " https://*.gstatic.com;"
    " frame-src https://*.google.com; worker-src blob:; manifest-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),  # frame-ancestors, for browsers that do not know it
    ("Referrer-Policy", "same-origin"),  # Flask-WTF wants a referrer of our own under https
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), payment=(), geolocation=(self)"),
)
_HTML: Final = ("Content-Type", "text/html; charset=utf-8")
_HSTS: Final = "max-age=31536000; includeSubDomains"  # a year


def init_app(app: Flask) -> None:
    """Add the headers to every reply.

    Where headers are a list, last of all: Werkzeug compares each with all that there are.
    """
    with app.app_context():
        always = [*_ALWAYS, *_of_this_deployment()]
    inner: WSGIApplication = app.wsgi_app

    def saying(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: _Headers, *error: Any) -> _Write:
            return start_response(status, [*headers, *always, *_of_this_reply(headers)], *error)

        return inner(environ, start)

    app.wsgi_app = saying  # type: ignore[method-assign]


def served_by() -> str:
    """The region of this deployment."""
    return settings().region or "local"


def csp_nonce() -> str | None:
    """What marks this reply's own scripts and styles to Google Maps; None without API_KEY."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe() if settings().api_key else None
    found: str | None = g.nonce
    return found


def _of_this_deployment() -> Iterable[tuple[str, str]]:
    """What all its replies say."""
    yield "X-Served-By-Region", served_by()
    if not settings().debug:
        yield "Strict-Transport-Security", _HSTS
    if not settings().api_key:
        yield "Content-Security-Policy", _POLICY


def _of_this_reply(headers: _Headers) -> _Headers:
    """What this one says besides, which has these headers already."""
    said = []
    if request_id := g.get("request_id"):  # not if it was refused before anything began
        said.append((request_logging.REQUEST_ID_HEADER, request_id))
    if cost := g.get("query_stats"):
        milliseconds, statements = cost.seconds * 1000, _count(cost.statements)
        said.append(("Server-Timing", f'db;dur={milliseconds:.1f};desc="{statements}"'))
    if source := g.get("city_from"):
        said.append(("X-City-From", source))
    if settings().api_key:
        said.append(("Content-Security-Policy", _POLICY_WITH_GOOGLE.format(nonce=csp_nonce())))
    if _HTML in headers:
        # What a member sees is for no shared screen's Back.
        said.append(("Cache-Control", "no-store"))
    return said


def _count(statements: int) -> str:
    return "1 statement" if statements == 1 else f"{statements} statements"
