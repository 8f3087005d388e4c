"""Spans of requests and of their statements, for those who collect them by OpenTelemetry.

Off unless OpenTelemetry's own variables say where to send them (OTEL_EXPORTER_OTLP_ENDPOINT, …);
what they can say is in its specification of environment variables. MovR speaks OTLP over HTTP.
"""

import os
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, request

from movr import __version__
from web.config import SettingsError
from web.context import settings
from web.operations import request_logging

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
QUIET: Final = "healthz,readyz,metrics,static"  # asked all day, and never worth a span
# What OpenTelemetry may say elsewhere, and MovR can do: empty is the first.
_SPOKEN: Final = {
    "OTEL_TRACES_EXPORTER": ("otlp", "none"),
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": ("http/protobuf",),
    "OTEL_EXPORTER_OTLP_PROTOCOL": ("http/protobuf",),
}
# Attributes, by their old and new names, that hold what the log does not tell either.
_PRIVATE: Final = frozenset(
    {
        *("http.target", "http.url", "net.peer.ip", "net.peer.name", "net.peer.port"),
        *("url.path", "url.query", "url.full", "client.address", "client.port"),
    }
)


def init_app(app: Flask) -> None:
    """Trace what this app does, if somebody wants to know. Raises SettingsError."""
    if not _is_wanted():
        return
    for name, values in _SPOKEN.items():
        if os.environ.get(name, values[0]) not in {"", *values}:
            raise SettingsError(f"MovR cannot start: {name} must be {' or '.join(values)}.")
    try:
        _instrument(app)
    except ImportError:
        message = "needs packages for tracing: pipenv sync --categories tracing"
        raise SettingsError(f"MovR cannot start: OTEL_EXPORTER_OTLP_ENDPOINT {message}.") from None


def _is_wanted() -> bool:
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    is_none = os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    return not (is_off or is_none) and any(os.environ.get(name) for name in ENDPOINTS)


def _instrument(app: Flask) -> None:
    # Only here: most deployments do without, and a laptop does not even have them.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.utils import suppress_instrumentation  # noqa: PLC0415
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    with app.app_context():
        region = settings().region
    ours = {"service.name": "movr", "service.version": __version__, "cloud.region": region}
    # What the operator says of this service by OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES wins.
    resource = Resource.create(ours).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]
        app, tracer_provider=provider, excluded_urls=QUIET, response_hook=_withhold
    )
    SQLAlchemyInstrumentor().instrument(
        engines=list(app.extensions["movr"].engines), tracer_provider=provider
    )

    inner = app.wsgi_app

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Without a request's span, the statements of a probe would each be a trace."""
        with suppress_instrumentation() if environ["PATH_INFO"] == "/readyz" else nullcontext():
            return inner(environ, start_response)

    app.wsgi_app = outer  # type: ignore[method-assign]


def _withhold(span: Any, _status: str, _headers: object) -> None:  # noqa: ANN401 - OpenTelemetry's
    """Say where a request went by its route alone, and not whence it came.

    Only now: what a request is made of is noted after any hook that runs before.
    """
    if span and span.is_recording():
        span.set_attributes(dict.fromkeys(_PRIVATE & span.attributes.keys(), ""))
        if not request.url_rule:  # else its route is its name already
            span.update_name(request_logging.route())
