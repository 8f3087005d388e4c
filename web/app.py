"""The application factory."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from apiflask import APIFlask
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from movr.database import deadline, embedded
from movr.movr import MovR
from web import errors, languages
from web.api import gbfs, mds
from web.api.v1 import api, documentation
from web.config import Settings
from web.current_city import CityConverter
from web.operations import data_metrics, health, metrics, request_logging, tracing
from web.pages import (
    about,
    account,
    auth,
    city,
    data_export,
    earlier_vehicles,
    email_verification,
    fleet,
    information,
    language,
    numbers,
    offline,
    password_reset,
    receipts,
    reports,
    reservations,
    ride_export,
    rides,
    users,
    vehicle_import,
    vehicles,
)
from web.pages.staff import actions as staff_actions
from web.pages.staff import audit as staff_audit
from web.pages.staff import members as staff_members
from web.pages.staff import overview as staff_overview
from web.pages.staff import reports as staff_reports
from web.pages.staff import rides as staff_rides
from web.pages.staff import roles as staff_roles
from web.pages.staff import vehicle_import as staff_import
from web.pages.staff import vehicles as staff_vehicles
from web.rendering import (
    bootstrap,
    compression,
    fragments,
    maps,
    static_files,
    template_filters,
)
from web.security import cors, csrf, rate_limits, request_body, response_headers, session
from web.services import geocoding, payments, prices, zones

ROOT: Final = Path(__file__).parent.parent

SESSION_LIFETIME: Final = timedelta(days=30)  # of those who stay logged in
MAX_FORM_SIZE: Final = 64 * 1024  # bytes


def create_app(settings: Settings) -> Flask:
    """Create the Flask app with these settings."""
    app = APIFlask(
        "movr",
        root_path=str(ROOT),
        static_folder=None,  # type: ignore[arg-type]  # as Flask's, its default is a folder
        static_url_path="/static",
        spec_path=documentation.SPEC_PATH,
        docs_path=None,
        json_errors=False,
    )
    app.url_map.merge_slashes = False  # Werkzeug would redirect to the host that a client names
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        DEBUG=settings.debug,
        MAX_CONTENT_LENGTH=MAX_FORM_SIZE,
        SESSION_COOKIE_NAME=settings.cookie_name("session"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=not settings.debug,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        SESSION_REFRESH_EACH_REQUEST=False,  # open data, which others cache, sets no cookie
    )
    app.extensions["settings"] = settings
    app.extensions["movr"] = MovR(
        settings.db_uri or embedded.start(),
        pool_size=min(settings.pool_size, settings.threads),
        application_name=f"movr-{settings.region or 'local'}",
        only_verified=settings.mail_uri is not None,
        charges_rides=bool(settings.payments),
    )
    if settings.proxy_hops:
        # Flask's documented way to add a middleware.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxy_hops, x_proto=1
        )
    app.extensions["geocoder"] = geocoding.make_geocoder(settings)
    app.url_map.converters["city"] = CityConverter
    # First, because they measure all others.
    for part in (tracing, request_logging, response_headers, cors, metrics):
        part.init_app(app)
    compression.init_app(app)
    app.before_request(deadline.start)
    app.teardown_request(deadline.end)
    app.before_request(request_body.reject_unreadable)
    csrf.init_app(app)
    rate_limits.init_app(
        app,
        file=settings.rate_limit_file,
        uri=settings.rate_limit_uri,
        writes_per_minute=settings.writes_per_minute,
    )
    for part in (
        session,
        errors,
        health,
        languages,
        data_metrics,
        template_filters,
        prices,
        payments,
        zones,
        maps,
        bootstrap,
        fragments,
        gbfs,
        about,
        earlier_vehicles,
    ):
        part.init_app(app)
    static_files.serve_folder(app, "static", ROOT / "static")
    static_files.serve_at_root(
        app, "static", {"robots.txt": "robots.txt", "favicon.ico": "favicon.png"}
    )
    for noun in (
        city,
        language,
        auth,
        account,
        email_verification,
        password_reset,
        vehicles,
        fleet,
        vehicle_import,
        reservations,
        numbers,
        rides,
        receipts,
        reports,
        ride_export,
        data_export,
        users,
        staff_overview,
        staff_actions,
        staff_audit,
        staff_import,
        staff_members,
        staff_reports,
        staff_rides,
        staff_roles,
        staff_vehicles,
        about,
        information,
        offline,
        gbfs,
        mds,
        health,
        metrics,
    ):
        app.register_blueprint(noun.blueprint)
    api.init_app(app)
    return app
