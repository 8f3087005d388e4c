"""Headers of every response: security, caching, region and database time."""

import secrets
from typing import Final

from flask import Flask, Response, g

from web.context import settings
from web.operations import request_logging

# No inline code and no other sites but OpenStreetMap's tiles, which map-leaflet.js shows by blob:
# URLs after checking their status; Leaflet clears tiles by a data: URL.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data: blob:; font-src 'self';"
    " connect-src 'self' https://tile.openstreetmap.org; manifest-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With API_KEY: the policy of Google's documentation, without scripts of arbitrary hosts:
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
    " frame-src https://*.google.com; worker-src 'self' blob:; manifest-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers without frame-ancestors
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), payment=(), geolocation=(self)",
}
# Forms name their origin by it: see csrf.py.
_REFERRER_POLICY: Final = "same-origin"
# Google checks a key that is restricted to websites by the origin, on its loader and whatever that
# requests.
_REFERRER_POLICY_WITH_GOOGLE: Final = "strict-origin-when-cross-origin"
_HSTS: Final = "max-age=31536000; includeSubDomains"  # a year


def init_app(app: Flask) -> None:
    """Add the headers to every response."""
    app.after_request(_add_headers)


def served_by() -> str:
    """Return the region of this deployment, or `local`."""
    return settings().region or "local"


def csp_nonce() -> str | None:
    """Return the nonce of this response's scripts and styles; None without API_KEY."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe() if settings().api_key else None
    nonce: str | None = g.nonce
    return nonce


def _add_headers(response: Response) -> Response:
    headers, nonce = response.headers, csp_nonce()
    headers.update(_ALWAYS)
    headers["Content-Security-Policy"] = (
        _POLICY_WITH_GOOGLE.format(nonce=nonce) if nonce else _POLICY
    )
    headers["Referrer-Policy"] = _REFERRER_POLICY_WITH_GOOGLE if nonce else _REFERRER_POLICY
    headers["X-Served-By-Region"] = served_by()
    if not settings().debug:
        headers["Strict-Transport-Security"] = _HSTS
    if request_id := g.get("request_id"):  # missing if the request was refused early
        headers[request_logging.REQUEST_ID_HEADER] = request_id
    if stats := g.get("query_stats"):
        statements = "1 statement" if stats.statements == 1 else f"{stats.statements} statements"
        headers["Server-Timing"] = f'db;dur={stats.seconds * 1000:.1f};desc="{statements}"'
    if source := g.get("city_from"):
        headers["X-City-From"] = source
    # Responses are not cached unless the view sets Cache-Control.
    headers.setdefault("Cache-Control", "no-store")
    return response
