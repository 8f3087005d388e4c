"""CORS: scripts of the sites in API_ORIGINS may call the API from browsers.

They need no cookies, which the API does not read: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from typing import Final

from flask import Flask, Response, request

from web.context import is_api_request, settings

_ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, Idempotency-Key",
    "Access-Control-Expose-Headers": (
        "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"
    ),
    "Access-Control-Max-Age": "7200",  # two hours, the longest of common browsers
}


def init_app(app: Flask) -> None:
    """Add the headers to the responses of the API, if there are such sites."""
    if app.extensions["settings"].api_origins:
        app.after_request(_allow_origin)


def _allow_origin(response: Response) -> Response:
    if is_api_request():
        response.vary.add("Origin")
        if (origin := request.headers.get("Origin")) in settings().api_origins:
            response.access_control_allow_origin = origin
            response.headers.update(_ALLOWED)
    return response
