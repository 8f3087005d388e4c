"""OpenTelemetry tracing of requests and their statements, exported by OTLP over HTTP.

Off unless OpenTelemetry's environment variables set an endpoint (OTEL_EXPORTER_OTLP_ENDPOINT, …).
OpenTelemetry's specification of environment variables describes all of them.
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
EXCLUDED_URLS: Final = "healthz,readyz,metrics,static"  # frequent and never worth a span
# The values of OpenTelemetry's variables that MovR supports; the first is the default.
_SUPPORTED: Final = {
    "OTEL_TRACES_EXPORTER": ("otlp", "none"),
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": ("http/protobuf",),
    "OTEL_EXPORTER_OTLP_PROTOCOL": ("http/protobuf",),
}
# Span attributes, by old and new names, with data that the access log leaves out, too.
_PRIVATE: Final = {
    *("http.target", "http.url", "net.peer.ip", "net.peer.name", "net.peer.port"),
    *("url.path", "url.query", "url.full", "client.address", "client.port"),
}


def init_app(app: Flask) -> None:
    """Set up tracing if an endpoint is configured. Raises SettingsError."""
    if not _is_wanted():
        return
    for name, values in _SUPPORTED.items():
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
    # Imported here because these packages are optional.
    from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: PLC0415
    from opentelemetry.instrumentation import flask, sqlalchemy, utils  # noqa: PLC0415
    from opentelemetry.sdk import resources, trace  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    with app.app_context():
        region = settings().region
    ours = {"service.name": "movr", "service.version": __version__, "cloud.region": region}
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override these values.
    resource = resources.Resource.create(ours).merge(resources.OTELResourceDetector().detect())
    provider = trace.TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(trace_exporter.OTLPSpanExporter()))
    flask.FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]
        app,
        tracer_provider=provider,
        excluded_urls=EXCLUDED_URLS,
        response_hook=_remove_private_attributes,
    )
    sqlalchemy.SQLAlchemyInstrumentor().instrument(
        engines=list(app.extensions["movr"].engines), tracer_provider=provider
    )

    inner = app.wsgi_app

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Suppress tracing of /readyz, where each statement would be a trace of its own."""
        with (
            utils.suppress_instrumentation() if environ["PATH_INFO"] == "/readyz" else nullcontext()
        ):
            return inner(environ, start_response)

    app.wsgi_app = outer  # type: ignore[method-assign]


def _remove_private_attributes(span: Any, _status: str, _headers: object) -> None:  # noqa: ANN401 - OpenTelemetry's
    """Remove the path, query and client address from a span; only its route remains.

    This is a response hook because the instrumentation sets these attributes after request hooks.
    """
    if span and span.is_recording():
        span.set_attributes(dict.fromkeys(_PRIVATE & span.attributes.keys(), ""))
        if not request.url_rule:  # with a rule, the span is named by its route already
            span.update_name(request_logging.route())
