"""Prometheus metrics, summed over all gunicorn workers."""

import os
import platform
from functools import partial
from http import HTTPStatus
from typing import Final

import prometheus_client
from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import Counter, Gauge, Histogram, multiprocess

from movr import __version__
from movr.database import query_stats
from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable
from web.config import Settings
from web.operations import request_logging

blueprint = Blueprint("metrics", __name__)

# Other methods share one label, so that clients cannot create time series.
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST"})

NOT_SHARED: Final = (
    "Each of several workers counts for itself, so these numbers would be wrong."
    " Run gunicorn with `-c web/gunicorn.py`, or with one worker.\n"
)

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
_pool_gauge = partial(Gauge, labelnames=["pool"], multiprocess_mode="livesum")
CONNECTIONS = _pool_gauge("movr_database_connections_in_use", "Connections in use.")
POOL_SIZE = _pool_gauge("movr_database_pool_size", "Maximum number of connections in use.")
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
    # These start at 0, so that rate() counts the first refusal.
    for refusal in (DatabaseUnavailable, DatabaseSlow, DatabaseBusy):
        REFUSALS.labels("/readyz", refusal.__name__)


@blueprint.get("/metrics")
def show() -> Response:
    """Return the metrics of all workers; 404 for requests that come through a proxy.

    503 if there are several workers without the folder in which they share their metrics.
    """
    if "X-Forwarded-For" in request.headers:
        abort(HTTPStatus.NOT_FOUND)
    registry = prometheus_client.REGISTRY
    is_shared = bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
    if request.environ["wsgi.multiprocess"] and not is_shared:
        return Response(NOT_SHARED, HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
    if is_shared:
        registry = prometheus_client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(
        prometheus_client.generate_latest(registry),
        content_type=prometheus_client.CONTENT_TYPE_LATEST,
    )


def _measure(response: Response) -> Response:
    route = request_logging.route()
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, response.status_code).inc()
    stats = g.get("query_stats")
    if not stats:
        return response  # refused before request logging began
    LATENCY.labels(route).observe(request_logging.seconds())
    STATEMENTS.labels(route).inc(stats.statements)
    ROUND_TRIPS.labels(route).inc(stats.round_trips)
    DATABASE_SECONDS.labels(route).inc(stats.seconds)
    RETRIES.labels(route).inc(stats.retries)
    return response
