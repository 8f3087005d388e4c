"""Numbers for Prometheus, added up over all gunicorn workers."""

import os
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

from web import logs

blueprint = Blueprint("metrics", __name__)

# A client can make up methods, but not series.
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST"})

REQUESTS = Counter("movr_requests", "Requests answered.", ["route", "method", "status"])
LATENCY = Histogram("movr_request_seconds", "Time to answer a request.", ["route"])
STATEMENTS = Counter("movr_database_statements", "Statements sent to the database.", ["route"])
DATABASE_SECONDS = Counter("movr_database_seconds", "Time spent waiting for them.", ["route"])


def init_app(app: Flask) -> None:
    """Measure every request."""
    app.after_request(_measure)


@blueprint.get("/metrics")
def show() -> Response:
    """The numbers of all workers. For the inside only: who comes by a proxy finds nothing."""
    if "X-Forwarded-For" in request.headers:
        abort(HTTPStatus.NOT_FOUND)
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for metric in (REQUESTS, LATENCY, STATEMENTS, DATABASE_SECONDS):
            registry.register(metric)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _measure(response: Response) -> Response:
    route = logs.route()
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, response.status_code).inc()
    if "began" in g:
        LATENCY.labels(route).observe(logs.seconds())
    if usage := g.get("usage"):
        STATEMENTS.labels(route).inc(usage.statements)
        DATABASE_SECONDS.labels(route).inc(usage.seconds)
    return response
