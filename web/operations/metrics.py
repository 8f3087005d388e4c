"""Prometheus metrics, summed over all gunicorn workers."""

import os
import platform
from functools import cache
from http import HTTPStatus
from typing import Final, NamedTuple

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from movr import __version__
from movr.database import query_stats
from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable, Refusal
from web.config import Settings
from web.operations import request_logging

blueprint = Blueprint("metrics", __name__)

# Other methods share one label, so that clients cannot create time series.
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST"})

REQUESTS = Counter("movr_requests", "Requests answered.", ["route", "method", "status"])
LATENCY = Histogram("movr_request_seconds", "Time to answer a request.", ["route"])
REFUSALS = Counter("movr_refusals", "Refusals, by reason.", ["route", "reason"])
RIDES_STARTED = Counter("movr_rides_started", "Rides started.", ["city"])
RIDES_ENDED = Counter("movr_rides_ended", "Rides ended.", ["city"])
STATEMENTS = Counter("movr_database_statements", "Statements sent to the database.", ["route"])
ROUND_TRIPS = Counter("movr_database_round_trips", "Round trips to the database.", ["route"])
DATABASE_SECONDS = Counter(
    "movr_database_seconds", "Time spent waiting for the database.", ["route"]
)
RETRIES = Counter("movr_database_retries", "Repeated reads and transactions.", ["route"])
CONNECTIONS = Gauge(
    "movr_database_connections_in_use",
    "Connections in use.",
    ["pool"],
    multiprocess_mode="livesum",
)
POOL_SIZE = Gauge(
    "movr_database_pool_size",
    "Maximum number of connections in use.",
    ["pool"],
    multiprocess_mode="livesum",
)
BUILD = Gauge(
    "movr_build_info",
    "Always 1; the labels name the version and the region.",
    ["version", "python", "region"],
    multiprocess_mode="livemax",
)


def init_app(app: Flask) -> None:
    """Measure every request and the connection pools."""
    app.after_request(_measure)
    settings: Settings = app.extensions["settings"]
    BUILD.labels(__version__, platform.python_version(), settings.region).set(1)
    for pool, engine in zip(("write", "read"), app.extensions["movr"].engines, strict=True):
        POOL_SIZE.labels(pool).set(min(settings.pool_size, settings.threads))
        in_use = CONNECTIONS.labels(pool)
        query_stats.watch_pool(engine, in_use.inc, in_use.dec)
    for refusal in (
        DatabaseUnavailable,
        DatabaseSlow,
        DatabaseBusy,
    ):  # start at 0, so that rate() counts the first refusal
        REFUSALS.labels("/readyz", refusal.__name__)


def count_refusal(refusal: Refusal) -> None:
    """Count a refusal by route and reason."""
    REFUSALS.labels(request_logging.route(), type(refusal).__name__).inc()


@blueprint.get("/metrics")
def show() -> Response:
    """Return the metrics of all workers; 404 for requests that come through a proxy."""
    if "X-Forwarded-For" in request.headers:
        abort(HTTPStatus.NOT_FOUND)
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _measure(response: Response) -> Response:
    route = request_logging.route()
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, response.status_code).inc()
    stats = g.get("query_stats")
    if not stats:
        return response  # refused before request logging began
    of_route = _of_route(route)
    of_route.latency.observe(request_logging.seconds())
    if stats.round_trips:
        of_route.statements.inc(stats.statements)
        of_route.round_trips.inc(stats.round_trips)
        of_route.database_seconds.inc(stats.seconds)
        if stats.retries:
            of_route.retries.inc(stats.retries)
    return response


class _Route(NamedTuple):
    """The metrics that are labelled by route only."""

    latency: Histogram
    statements: Counter
    round_trips: Counter
    database_seconds: Counter
    retries: Counter


@cache
def _of_route(route: str) -> _Route:
    """Return the metrics of a route; cached because the lookup of labels is slow."""
    return _Route(
        LATENCY.labels(route),
        STATEMENTS.labels(route),
        ROUND_TRIPS.labels(route),
        DATABASE_SECONDS.labels(route),
        RETRIES.labels(route),
    )
