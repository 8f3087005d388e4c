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

REQUESTS = Counter("movr_requests", "Requests answered.", ["route", "method", "status"])
LATENCY = Histogram("movr_request_seconds", "Time to answer a request.", ["route"])
REFUSALS = Counter("movr_refusals", "What MovR refused, and why.", ["route", "reason"])
RIDES_STARTED = Counter("movr_rides_started", "Rides started.", ["city"])
RIDES_ENDED = Counter("movr_rides_ended", "Rides ended.", ["city"])
STATEMENTS = Counter("movr_database_statements", "Statements sent to the database.", ["route"])
ROUND_TRIPS = Counter("movr_database_round_trips", "Times its answer was waited for.", ["route"])
DATABASE_SECONDS = Counter("movr_database_seconds", "Time spent waiting for them.", ["route"])
RETRIES = Counter("movr_database_retries", "Reads and transactions run once more.", ["route"])
_pool_gauge = partial(Gauge, labelnames=["pool"], multiprocess_mode="livesum")
CONNECTIONS = _pool_gauge(
    "movr_database_connections_in_use", "Connections that a request holds now."
)
POOL_SIZE = _pool_gauge("movr_database_pool_size", "Connections that requests may hold at once.")
BUILD = Gauge(
    "movr_build_info",
    "Always 1: what is running, and where.",
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
    """Return the metrics of all workers; 404 for requests that come through a proxy."""
    if "X-Forwarded-For" in request.headers:
        abort(HTTPStatus.NOT_FOUND)
    registry = prometheus_client.REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
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
    cost = g.get("query_stats")
    if not cost:
        return response  # refused before request logging began
    LATENCY.labels(route).observe(request_logging.seconds())
    STATEMENTS.labels(route).inc(cost.statements)
    ROUND_TRIPS.labels(route).inc(cost.round_trips)
    DATABASE_SECONDS.labels(route).inc(cost.seconds)
    RETRIES.labels(route).inc(cost.retries)
    return response
