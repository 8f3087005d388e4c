"""Access to the current app's MovR object and settings."""

from typing import Final

from flask import current_app, request

from movr.movr import MovR
from web.config import Settings

API: Final = "/api/"  # the start of the JSON API's paths


def movr() -> MovR:
    """Return the MovR object of the current app."""
    instance: MovR = current_app.extensions["movr"]
    return instance


def settings() -> Settings:
    """Return the settings of the current app."""
    current: Settings = current_app.extensions["settings"]
    return current


def site_url() -> str:
    """Return the start of absolute links: SITE_URL, or else the host of this request.

    Clients can send any host, so links in mail and for shared caches require SITE_URL.
    """
    return settings().site_url or request.host_url.rstrip("/")


def location_headers() -> tuple[str | None, str | None]:
    """Return the visitor's city and position, as the load balancer's headers name them."""
    name = settings().city_header
    return request.headers.get(name), request.headers.get(f"{name}-Lat-Long")


def is_api_request() -> bool:
    """Return True if this request is for the JSON API, even if there is nothing at its path."""
    return request.path.startswith(API)
