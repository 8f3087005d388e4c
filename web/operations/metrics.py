"""Prometheus metrics, summed over all gunicorn workers."""

import math
import os
import platform
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from itertools import product
from threading import Lock
from typing import Final, NamedTuple

import prometheus_client
from cachetools import TTLCache, cached
from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess

from movr import __revision__, __version__
from movr.cities import REGIONS
from movr.database import query_stats
from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable
from web.config import Settings
from web.context import settings
from web.operations import data_metrics, journeys, request_logging
from web.operations.journeys import Journey, Result

TIMES_TTL: Final = 10  # seconds for which the summary of response times is current

blueprint = Blueprint("metrics", __name__)

# Other methods share one label, so that clients cannot create time series.
METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})

NOT_SHARED: Final = (
    "Each of several workers counts for itself, so these numbers would be wrong."
    " Run gunicorn with `-c web/gunicorn.py`, or with one worker.\n"
)

REQUESTS = Counter("movr_requests", "Requests answered.", ["route", "method", "status"])
LATENCY = Histogram("movr_request_seconds", "Time to answer a request.", ["route"])
CITY_LATENCY = Histogram(
    "movr_city_request_seconds",
    "Time to answer a request that asks the database about a city, in this region or another.",
    ["home"],
)
REFUSALS = Counter("movr_refusals", "Refusals, by reason.", ["route", "reason"])
RIDES_STARTED = Counter("movr_rides_started", "Rides started.", ["city"])
RIDES_ENDED = Counter("movr_rides_ended", "Rides ended.", ["city"])
STATEMENTS = Counter("movr_database_statements", "Statements sent to the database.", ["route"])
ROUND_TRIPS = Counter("movr_database_round_trips", "Round trips to the database.", ["route"])
DATABASE_SECONDS = Counter(
    "movr_database_seconds", "Time spent waiting for the database.", ["route"]
)
RETRIES = Counter("movr_database_retries", "Repeated reads and transactions.", ["route"])
JOURNEYS = Counter(
    "movr_journeys",
    "Requests of a rider's journey, by the region of the city and by the result.",
    ["region", "journey", "result"],
)
_pool_gauge = partial(Gauge, labelnames=["pool"], multiprocess_mode="livesum")
CONNECTIONS = _pool_gauge("movr_database_connections_in_use", "Connections in use.")
POOL_SIZE = _pool_gauge("movr_database_pool_size", "Maximum number of connections in use.")
BUILD = Gauge(
    "movr_build_info",
    "Always 1; the labels name the version, the commit and the region.",
    ["version", "revision", "python", "region"],
    multiprocess_mode="livemax",
)


class ResponseTimes(NamedTuple):
    """A number of requests, and the seconds within which half and 95 % of them were answered."""

    requests: int
    p50: float
    p95: float


def init_app(app: Flask) -> None:
    """Measure every request and the connection pools."""
    app.after_request(_measure)
    ours: Settings = app.extensions["settings"]
    BUILD.labels(__version__, __revision__, platform.python_version(), ours.region).set(1)
    for pool, engine in zip(("write", "read"), app.extensions["movr"].engines, strict=True):
        POOL_SIZE.labels(pool).set(min(ours.pool_size, ours.threads))
        in_use = CONNECTIONS.labels(pool)
        query_stats.watch_pool(engine, in_use.inc, in_use.dec)
    # These start at 0, so that rate() counts the first refusal.
    for refusal in (DatabaseUnavailable, DatabaseSlow, DatabaseBusy):
        REFUSALS.labels("/readyz", refusal.__name__)
    for labels in product(REGIONS, Journey, Result):
        JOURNEYS.labels(*labels)


@blueprint.get("/metrics")
def show() -> Response:
    """Return the metrics of all workers; 404 for requests that come through a proxy.

    503 if there are several workers without the folder in which they share their metrics.
    """
    if "X-Forwarded-For" in request.headers:
        abort(HTTPStatus.NOT_FOUND)
    if request.environ["wsgi.multiprocess"] and not _is_shared():
        return Response(NOT_SHARED, HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
    data_metrics.update()
    return Response(
        prometheus_client.generate_latest(_registry()),
        content_type=prometheus_client.CONTENT_TYPE_LATEST,
    )


@cached(TTLCache(1, TIMES_TTL), lock=Lock())
def city_response_times() -> Mapping[str, ResponseTimes]:
    """Return the times of CITY_LATENCY by its label `home`, without those that have no request."""
    buckets: dict[str, list[tuple[float, float]]] = {}
    for family in _registry().collect():
        for sample in family.samples:
            if sample.name == "movr_city_request_seconds_bucket":
                bucket = float(sample.labels["le"]), sample.value
                buckets.setdefault(sample.labels["home"], []).append(bucket)
    return {
        home: ResponseTimes(round(found[-1][1]), quantile(found, 0.5), quantile(found, 0.95))
        for home, found in buckets.items()
        if found[-1][1]
    }


def _is_shared() -> bool:
    return bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))


def _registry() -> CollectorRegistry:
    """Return this process's registry, or one that sums the metrics of all workers."""
    if not _is_shared():
        return prometheus_client.REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float:
    """Estimate a quantile from cumulative buckets, by interpolation, as Prometheus does.

    Each bucket is (upper bound, count); the last bound is infinity.
    """
    rank = share * buckets[-1][1]
    lower = below = 0.0
    for upper, count in buckets:
        if count >= rank:
            break
        lower, below = upper, count
    if upper == math.inf:
        return lower
    return lower + (upper - lower) * (rank - below) / (count - below)


def _measure(response: Response) -> Response:
    route = request_logging.route()
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, response.status_code).inc()
    stats = g.get("query_stats")
    if not stats:
        return response  # refused before request logging began
    seconds, city = request_logging.seconds(), request_logging.requested_city()
    if journey := journeys.of(request.endpoint):
        result = journeys.result(journey, response.status_code, seconds)
        JOURNEYS.labels(journeys.region(journey), journey, result).inc()
    LATENCY.labels(route).observe(seconds)
    if city and stats.round_trips and settings().region:
        home = "yes" if city.region == settings().region else "no"
        CITY_LATENCY.labels(home).observe(seconds)
    STATEMENTS.labels(route).inc(stats.statements)
    ROUND_TRIPS.labels(route).inc(stats.round_trips)
    DATABASE_SECONDS.labels(route).inc(stats.seconds)
    RETRIES.labels(route).inc(stats.retries)
    return response
