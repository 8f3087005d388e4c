"""Spans of requests and of their statements, for those who collect them by OpenTelemetry.

Off unless OpenTelemetry's own variables say where to send them (OTEL_EXPORTER_OTLP_ENDPOINT, …);
what they can say is in its specification of environment variables.
"""

import os
from typing import Final

from flask import Flask

from movr import __version__
from web.config import SettingsError
from web.context import settings

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
QUIET: Final = "healthz,readyz,metrics,static"  # asked all day, and never worth a span


def init_app(app: Flask) -> None:
    """Trace what this app does, if somebody wants to know. Raises SettingsError."""
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if is_off or not any(os.environ.get(name) for name in ENDPOINTS):
        return
    try:
        _instrument(app)
    except ImportError:
        message = "needs packages for tracing: pipenv sync --categories tracing"
        raise SettingsError(f"MovR cannot start: OTEL_EXPORTER_OTLP_ENDPOINT {message}.") from None


def _instrument(app: Flask) -> None:
    # Only here: most deployments do without, and a laptop does not even have them.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor  # noqa: PLC0415
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
        app, tracer_provider=provider, excluded_urls=QUIET
    )
    SQLAlchemyInstrumentor().instrument(
        engines=list(app.extensions["movr"].engines), tracer_provider=provider
    )
